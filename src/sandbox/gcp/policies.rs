//! Service connection policies of Network Connectivity: only the list, which tells whether automatic endpoints can be made.

use std::collections::BTreeSet;
use std::sync::Arc;

use axum::body::Body;
use axum::extract::{Path, State as Shared};
use axum::http::{HeaderMap, Response};
use serde_json::{Value, json};

use super::error::{Answer, ApiError};
use super::inner::Inner;
use super::operation::time;
use super::product::Product;
use super::store::State;
use super::{cluster, psc, response, tokens};
use crate::clock::Timestamp;
use crate::sandbox::{Call, FaultKind};

pub(super) const PATH: &str =
    "/networkconnectivity/v1/projects/{project}/locations/{location}/serviceConnectionPolicies";

const SERVICE: &str = "networkconnectivity";
const ACTION: &str = "networkconnectivity.serviceConnectionPolicies.list";

/// `serviceConnectionPolicies.list`.
pub(super) async fn list(
    Shared(inner): Shared<Arc<Inner>>,
    Path((project, location)): Path<(String, String)>,
    headers: HeaderMap,
) -> Response<Body> {
    let at = inner.now(&inner.lock());
    let (service, action) = (SERVICE.to_owned(), ACTION.to_owned());
    inner.calls.record(Call { at, service, action, name: None, account: project.clone(), region: location.clone() });
    let hits = inner.faults.take(SERVICE, ACTION, None, |kind| {
        matches!(
            kind,
            FaultKind::DropBefore
                | FaultKind::DropAfter
                | FaultKind::Http { .. }
                | FaultKind::Throttle
                | FaultKind::AccessDenied
                | FaultKind::ExpiredToken
        )
    });
    let place = format!("projects/{project}/locations/{location}");
    if let Some(hit) = hits.first() {
        return response::failure(&match &hit.kind {
            FaultKind::DropBefore | FaultKind::DropAfter => return response::hang_up(),
            FaultKind::AccessDenied => ApiError::permission(ACTION, &place),
            FaultKind::ExpiredToken => ApiError::expired_token(&format!("{SERVICE}.googleapis.com")),
            _ => ApiError::new("UNAVAILABLE", "The service is currently unavailable."),
        });
    }
    match policies(&inner.lock(), &project, &location, tokens::bearer(&headers).as_deref(), at) {
        Ok(value) => response::json(200, &value),
        Err(error) => response::failure(&error),
    }
}

fn policies(state: &State, project: &str, location: &str, bearer: Option<&str>, now: Timestamp) -> Answer {
    if !state.bearers.is_good(bearer) {
        return Err(ApiError::expired_token(&format!("{SERVICE}.googleapis.com")));
    }
    let parent = format!("projects/{project}/locations/{location}");
    state.prerequisites.permission(ACTION, project, &parent)?;
    let mut found = Vec::new();
    for network in networks(state, project) {
        if state.prerequisites.lacks_policy(&network, location) {
            continue;
        }
        let name = network.rsplit('/').next().unwrap_or_default().to_owned();
        for class in ["gcp-memorystore", "gcp-memorystore-redis"] {
            found.push(json!({
                "name": format!("{parent}/serviceConnectionPolicies/{class}-{name}"),
                "createTime": time(now),
                "updateTime": time(now),
                "network": network,
                "serviceClass": class,
                "infrastructure": "PSC",
                "pscConfig": { "subnetworks": [format!("projects/{project}/regions/{location}/subnetworks/{name}")] },
            }));
        }
    }
    Ok(if found.is_empty() { json!({}) } else { json!({ "serviceConnectionPolicies": Value::from(found) }) })
}

/// The networks of a project that anybody has heard of: the default one, those that something is in, those that were looked at.
fn networks(state: &State, project: &str) -> BTreeSet<String> {
    let mut networks = BTreeSet::from([format!("projects/{project}/global/networks/default")]);
    networks.extend(state.seen_networks.iter().cloned());
    for (key, resource) in &state.resources {
        let used = match key.product {
            Product::Cluster => cluster::networks(&resource.fields, key),
            Product::Valkey => psc::networks(&resource.fields, psc::endpoints(key.product)),
            Product::Redis | Product::Memcache => continue,
        };
        networks.extend(used.into_iter().map(|network| network.path));
    }
    networks.retain(|network| super::prerequisites::parts(network).0 == project);
    networks
}
