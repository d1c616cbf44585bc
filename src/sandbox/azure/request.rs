//! A call, taken apart.

use std::collections::BTreeMap;

use axum::body::{Bytes, to_bytes};
use axum::extract::Request;
use axum::http::header::HOST;
use axum::http::{HeaderMap, Method};

use super::error::ArmError;
use super::resource::Fields;
use super::target::{self, Target, What};

/// Bytes of a request body; ARM itself takes 4 MB.
const BODY: usize = 4 << 20;

/// One call, understood.
#[derive(Debug)]
pub(super) struct Parsed {
    pub(super) method: Method,
    pub(super) target: Target,
    /// Scheme and host as the caller sees them: the beginning of every address in an answer.
    pub(super) base: String,
    /// The path as it came.
    pub(super) path: String,
    pub(super) headers: HeaderMap,
    pub(super) body: Bytes,
    query: BTreeMap<String, String>,
}

impl Parsed {
    pub(super) async fn read(request: Request) -> Result<Self, ArmError> {
        let (parts, body) = request.into_parts();
        let too_large = |_| ArmError::gateway(413, "RequestContentTooLarge", "The request content size exceeds 4 MB.");
        let body = to_bytes(body, BODY).await.map_err(too_large)?;
        let query = form_urlencoded::parse(parts.uri.query().unwrap_or_default().as_bytes());
        let query = query.map(|(name, value)| (name.to_ascii_lowercase(), value.into_owned())).collect();
        let header = |name: &str| parts.headers.get(name).and_then(|value| value.to_str().ok());
        let host = header(HOST.as_str()).or_else(|| parts.uri.authority().map(axum::http::uri::Authority::as_str));
        let scheme = header("x-forwarded-proto").filter(|scheme| *scheme == "https").unwrap_or("http");
        let base = format!("{scheme}://{}", host.unwrap_or("localhost"));
        let target = target::parse(&parts.method, parts.uri.path());
        let path = parts.uri.path().to_owned();
        Ok(Self { method: parts.method, target, base, path, headers: parts.headers, body, query })
    }

    /// A query parameter, whatever the case of its name.
    pub(super) fn query(&self, name: &str) -> Option<&str> {
        self.query.get(name).map(String::as_str)
    }

    pub(super) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    /// The body as a JSON object.
    pub(super) fn object(&self) -> Result<Fields, ArmError> {
        if self.body.is_empty() {
            return Err(ArmError::gateway(400, "MissingRequestBody", "The request body is empty."));
        }
        serde_json::from_slice(&self.body).map_err(|error| ArmError::content(&error.to_string()))
    }

    /// The service and the name of the call, for faults and the record.
    pub(super) fn call(&self) -> (&'static str, String) {
        let what = match &self.target {
            Target::Token { .. } => return ("entra", "entra.token".to_owned()),
            Target::OpenIdConfiguration { .. } | Target::InstanceDiscovery => {
                return ("entra", "entra.discover".to_owned());
            }
            Target::MachineToken => return ("entra", "entra.machineToken".to_owned()),
            Target::Unknown => return ("arm", "unknown".to_owned()),
            Target::Arm { what, .. } => what,
        };
        let verb = match self.method {
            Method::PUT => "create",
            Method::PATCH => "update",
            Method::DELETE => "delete",
            Method::POST => "post",
            _ => "get",
        };
        match what {
            What::Subscription => ("microsoft.resources", format!("subscriptions.{verb}")),
            What::Groups => ("microsoft.resources", "resourceGroups.list".to_owned()),
            What::Group => ("microsoft.resources", format!("resourceGroups.{verb}")),
            What::Provider { .. } => ("microsoft.resources", "providers.get".to_owned()),
            What::Register { .. } => ("microsoft.resources", "providers.register".to_owned()),
            What::CheckName => ("microsoft.cache", "redis.checkNameAvailability".to_owned()),
            What::Permissions => ("microsoft.authorization", "permissions.list".to_owned()),
            What::Operation { .. } | What::Result { .. } => ("microsoft.cache", "operations.get".to_owned()),
            What::List { kind, .. } => (service(kind.namespace()), format!("{}.list", kind.noun())),
            What::Resource(id) => (service(id.kind.namespace()), format!("{}.{verb}", id.kind.noun())),
            What::Action { id, action } => {
                (service(id.kind.namespace()), format!("{}.{}", id.kind.noun(), known_action(action)))
            }
            What::NoSuchType { .. } => ("arm", "unknown".to_owned()),
        }
    }

    /// What the call needs to be allowed, and where.
    pub(super) fn permission(&self) -> Option<String> {
        let Target::Arm { what, .. } = &self.target else { return None };
        let verb = match self.method {
            Method::PUT | Method::PATCH => "write",
            Method::DELETE => "delete",
            Method::POST => "action",
            _ => "read",
        };
        match what {
            What::Subscription => Some(format!("Microsoft.Resources/subscriptions/{verb}")),
            What::Groups | What::Group => Some(format!("Microsoft.Resources/subscriptions/resourceGroups/{verb}")),
            What::Provider { .. } => Some("Microsoft.Resources/subscriptions/providers/read".to_owned()),
            What::Register { namespace } => Some(format!("{namespace}/register/action")),
            What::CheckName => Some("Microsoft.Cache/checknameavailability/action".to_owned()),
            What::Permissions => Some("Microsoft.Authorization/permissions/read".to_owned()),
            What::Operation { namespace, family, .. } => Some(format!("{namespace}/locations/{family}/read")),
            What::List { kind, .. } => Some(format!("{}/read", kind.full_type())),
            What::Resource(id) => Some(format!("{}/{verb}", id.kind.full_type())),
            What::Action { id, action } => Some(format!("{}/{action}/action", id.kind.full_type())),
            What::Result { .. } | What::NoSuchType { .. } => None,
        }
    }
}

fn service(namespace: &str) -> &'static str {
    if namespace == "Microsoft.Network" { "microsoft.network" } else { "microsoft.cache" }
}

/// An action's own spelling; ARM does not mind the case.
pub(super) fn known_action(action: &str) -> &str {
    const KNOWN: [&str; 12] = [
        "listKeys",
        "regenerateKey",
        "listSkusForScaling",
        "upgradeDBRedisVersion",
        "flush",
        "import",
        "export",
        "importData",
        "exportData",
        "forceUnlink",
        "forceLinkToReplicationGroup",
        "forceReboot",
    ];
    KNOWN.into_iter().find(|known| known.eq_ignore_ascii_case(action)).unwrap_or(action)
}
