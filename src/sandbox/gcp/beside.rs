//! What of other services tells whether caches can be made: the permissions of a project, a network, a key.
//!
//! * `cloudresourcemanager`: `projects.testIamPermissions`, which answers what is not withheld.
//! * `compute`: `networks.get`, with the peering of private service access.
//! * `cloudkms`: `cryptoKeys.get`.

use std::sync::Arc;

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::{Path, State as Shared};
use axum::http::{HeaderMap, Response};
use axum::routing::{get, post};
use serde_json::{Value, json};

use super::error::{Answer, ApiError};
use super::inner::Inner;
use super::store::{State, project_number};
use super::{response, tokens};
use crate::sandbox::{Call, FaultKind};

/// The routes of these services.
pub(super) fn router() -> Router<Arc<Inner>> {
    Router::new()
        .route("/cloudresourcemanager/v1/projects/{project}", post(permissions))
        .route("/compute/compute/v1/projects/{project}/global/networks/{network}", get(network))
        .route("/cloudkms/v1/{*key}", get(key))
}

/// `projects.testIamPermissions`. It takes no permission.
async fn permissions(
    Shared(inner): Shared<Arc<Inner>>,
    Path(project): Path<String>,
    headers: HeaderMap,
    body: Bytes,
) -> Response<Body> {
    let Some(project) = project.strip_suffix(":testIamPermissions") else {
        return response::failure(&ApiError::new("NOT_FOUND", "Method not found."));
    };
    let asked = Asked { service: "cloudresourcemanager", method: "projects.testIamPermissions", permission: None };
    answer(&inner, &headers, &asked, project, |state| {
        let body: Value =
            serde_json::from_slice(&body).map_err(|_| ApiError::invalid("Invalid JSON payload received."))?;
        let all = body.get("permissions").and_then(Value::as_array).cloned().unwrap_or_default();
        if all.iter().any(|permission| permission.as_str().is_none_or(|name| name.contains('*'))) {
            return Err(ApiError::invalid("Permissions with wildcards are not allowed."));
        }
        let granted = |permission: &Value| {
            let name = permission.as_str().unwrap_or_default();
            state.prerequisites.permission(name, project, project).is_ok()
        };
        let granted: Vec<Value> = all.into_iter().filter(granted).collect();
        Ok(if granted.is_empty() { json!({}) } else { json!({ "permissions": granted }) })
    })
}

/// `networks.get`.
async fn network(
    Shared(inner): Shared<Arc<Inner>>,
    Path((project, network)): Path<(String, String)>,
    headers: HeaderMap,
) -> Response<Body> {
    let asked = Asked { service: "compute", method: "networks.get", permission: Some("compute.networks.get") };
    let path = format!("projects/{project}/global/networks/{network}");
    // Every network exists; one that was looked at is also listed with its policies from now on.
    inner.lock().seen_networks.insert(path.clone());
    answer(&inner, &headers, &asked, &project, |state| {
        if state.prerequisites.network(&path, "network").is_err() {
            return Err(ApiError::new("NOT_FOUND", format!("The resource '{path}' was not found")));
        }
        let mut shown = json!({
            "kind": "compute#network",
            "id": project_number(&path).to_string(),
            "name": network,
            "selfLink": format!("https://www.googleapis.com/compute/v1/{path}"),
            "autoCreateSubnetworks": true,
            "routingConfig": { "routingMode": "REGIONAL" },
        });
        if state.prerequisites.private_service_access(&path).is_ok() {
            shown["peerings"] = json!([{
                "name": "servicenetworking-googleapis-com",
                "network": "https://www.googleapis.com/compute/v1/projects/synthetic-tp/global/networks/servicenetworking",
                "state": "ACTIVE",
                "stateDetails": "[2026-01-01T00:00:00.000-08:00]: Connected.",
            }]);
        }
        Ok(shown)
    })
}

/// `cryptoKeys.get`.
async fn key(Shared(inner): Shared<Arc<Inner>>, Path(key): Path<String>, headers: HeaderMap) -> Response<Body> {
    let project = key.split('/').nth(1).unwrap_or_default().to_owned();
    let asked = Asked { service: "cloudkms", method: "cryptoKeys.get", permission: Some("cloudkms.cryptoKeys.get") };
    answer(&inner, &headers, &asked, &project, |state| {
        if state.prerequisites.lacks_key(&key, &project) {
            return Err(ApiError::new("NOT_FOUND", format!("CryptoKey {key} not found.")));
        }
        let version = json!({ "name": format!("{key}/cryptoKeyVersions/1"), "state": "ENABLED" });
        Ok(json!({ "name": key, "purpose": "ENCRYPT_DECRYPT", "primary": version }))
    })
}

/// A method of another service.
struct Asked {
    service: &'static str,
    method: &'static str,
    permission: Option<&'static str>,
}

/// Records the call, lets the faults have their way, looks at token, service and permission, and answers.
fn answer(
    inner: &Inner,
    headers: &HeaderMap,
    asked: &Asked,
    project: &str,
    found: impl FnOnce(&State) -> Answer,
) -> Response<Body> {
    let at = inner.now(&inner.lock());
    let Asked { service, method, permission } = asked;
    let action = format!("{service}.{method}");
    let (account, region) = (project.to_owned(), "global".to_owned());
    inner.calls.record(Call {
        at,
        service: (*service).to_owned(),
        action: action.clone(),
        name: None,
        account,
        region,
    });
    let host = format!("{service}.googleapis.com");
    let harmful = |kind: &FaultKind| {
        matches!(
            kind,
            FaultKind::DropBefore
                | FaultKind::DropAfter
                | FaultKind::Http { .. }
                | FaultKind::Throttle
                | FaultKind::AccessDenied
                | FaultKind::ExpiredToken
        )
    };
    let resource = format!("projects/{project}");
    if let Some(hit) = inner.faults.take(service, &action, None, harmful).first() {
        return response::failure(&match &hit.kind {
            FaultKind::DropBefore | FaultKind::DropAfter => return response::hang_up(),
            FaultKind::AccessDenied => ApiError::permission(&action, &resource),
            FaultKind::ExpiredToken => ApiError::expired_token(&host),
            _ => ApiError::new("UNAVAILABLE", "The service is currently unavailable."),
        });
    }
    let state = inner.lock();
    let refused = if state.bearers.is_good(tokens::bearer(headers).as_deref()) {
        let on = state.prerequisites.other_service(&host, project);
        on.and_then(|()| permission.map_or(Ok(()), |name| state.prerequisites.permission(name, project, &resource)))
    } else {
        Err(ApiError::expired_token(&host))
    };
    match refused.and_then(|()| found(&state)) {
        Ok(value) => response::json(200, &value),
        Err(error) => response::failure(&error),
    }
}
