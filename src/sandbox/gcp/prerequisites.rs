//! What must be there before a cache can be: it all exists until it is removed.

use serde::{Deserialize, Serialize};
use serde_json::json;

use super::error::{ApiError, Failure};
use super::product::{Api, Product};
use super::store::{Key, project_number};

/// What can be missing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Prerequisite {
    /// The project itself.
    Project,
    /// The service is enabled; `service` is its name (`redis.googleapis.com`).
    Api,
    /// A network by this name.
    Network,
    /// The network is peered for private service access.
    PrivateServiceAccess,
    /// The network has a policy for automatic endpoints in the location.
    ServiceConnectionPolicy,
    /// A key of Cloud KMS by its full name.
    Key,
}

/// One thing that is missing; an absent narrowing means everywhere.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Missing {
    pub(super) kind: Prerequisite,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) project: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) location: Option<String>,
    /// The last segment of the network's path.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) network: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) service: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) key: Option<String>,
}

/// A permission that is withheld; `*` at the end matches anything.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Denied {
    pub(super) permission: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) project: Option<String>,
}

/// Everything that is missing or withheld.
#[derive(Debug, Default)]
pub(super) struct Prerequisites {
    pub(super) missing: Vec<Missing>,
    pub(super) denied: Vec<Denied>,
    /// Locations that lists over all locations do not reach.
    pub(super) unreachable: Vec<String>,
}

fn admits(narrowing: Option<&String>, value: &str) -> bool {
    narrowing.is_none_or(|wanted| wanted == value)
}

impl Prerequisites {
    fn lacks(&self, kind: Prerequisite, project: &str, matches: impl Fn(&Missing) -> bool) -> bool {
        let mut missing = self.missing.iter().filter(|missing| missing.kind == kind);
        missing.any(|missing| admits(missing.project.as_ref(), project) && matches(missing))
    }

    /// The project exists and has the service enabled.
    pub(super) fn service(&self, api: Api, project: &str) -> Result<(), ApiError> {
        let service = api.host();
        if self.lacks(Prerequisite::Project, project, |_| true) {
            let metadata = json!({ "service": service, "consumer": format!("projects/{project}") });
            return Err(ApiError::new(
                "PERMISSION_DENIED",
                format!("Permission denied on resource project {project}."),
            )
            .with_help("Google developers console", "https://console.developers.google.com")
            .with_info("CONSUMER_INVALID", &metadata));
        }
        self.enabled(&service, api.title(), project)
    }

    /// Another service than those of caches is enabled.
    pub(super) fn other_service(&self, service: &str, project: &str) -> Result<(), ApiError> {
        self.enabled(service, service, project)
    }

    fn enabled(&self, service: &str, title: &str, project: &str) -> Result<(), ApiError> {
        if !self.lacks(Prerequisite::Api, project, |missing| admits(missing.service.as_ref(), service)) {
            return Ok(());
        }
        let number = project_number(project);
        let url = format!("https://console.developers.google.com/apis/api/{service}/overview?project={number}");
        let message = format!(
            "{title} has not been used in project {number} before or it is disabled. Enable it by visiting {url} then retry. If \
             you enabled this API recently, wait a few minutes for the action to propagate to our systems and retry."
        );
        let metadata = json!({
            "service": service,
            "serviceTitle": title,
            "consumer": format!("projects/{number}"),
            "containerInfo": number.to_string(),
            "activationUrl": url,
        });
        Err(ApiError::new("PERMISSION_DENIED", message)
            .with_info("SERVICE_DISABLED", &metadata)
            .with(json!({
                "@type": "type.googleapis.com/google.rpc.LocalizedMessage",
                "locale": "en-US",
                "message": format!("{title} has not been used in project {number} before or it is disabled."),
            }))
            .with_help("Google developers console API activation", &url))
    }

    /// The caller may let another project pay, and that one has the service enabled too.
    pub(super) fn user_project(&self, api: Api, project: &str) -> Result<(), ApiError> {
        if self.denies("serviceusage.services.use", project) {
            let message = format!(
                "Caller does not have required permission to use project {project}. Grant the caller the \
                 roles/serviceusage.serviceUsageConsumer role, or a custom role with the serviceusage.services.use permission."
            );
            let metadata = json!({ "service": api.host(), "consumer": format!("projects/{project}") });
            return Err(ApiError::new("PERMISSION_DENIED", message).with_info("USER_PROJECT_DENIED", &metadata));
        }
        self.service(api, project)
    }

    fn denies(&self, permission: &str, project: &str) -> bool {
        self.denied.iter().any(|denied| {
            let matches = match denied.permission.strip_suffix('*') {
                Some(prefix) => permission.starts_with(prefix),
                None => denied.permission == permission,
            };
            matches && admits(denied.project.as_ref(), project)
        })
    }

    /// The caller has the permission.
    pub(super) fn permission(&self, permission: &str, project: &str, resource: &str) -> Result<(), ApiError> {
        if self.denies(permission, project) { Err(ApiError::permission(permission, resource)) } else { Ok(()) }
    }

    /// The network exists; `network` is its path.
    pub(super) fn network(&self, network: &str, field: &str) -> Result<(), ApiError> {
        let (project, name) = parts(network);
        if self.lacks(Prerequisite::Network, project, |missing| admits(missing.network.as_ref(), name)) {
            let message = "Network name is not valid. Specify a valid name and try again.";
            return Err(ApiError::field(field, network, message));
        }
        Ok(())
    }

    /// The network is peered for private service access.
    pub(super) fn private_service_access(&self, network: &str) -> Result<(), ApiError> {
        let (project, name) = parts(network);
        if self.lacks(Prerequisite::PrivateServiceAccess, project, |missing| admits(missing.network.as_ref(), name)) {
            return Err(ApiError::precondition(
                "Google private service access is not enabled. Enable private service access and try again. For \
                 information on enabling private service access, see \
                 https://cloud.google.com/service-infrastructure/docs/enabling-private-services-access",
            ));
        }
        Ok(())
    }

    /// There is no such key.
    pub(super) fn lacks_key(&self, key: &str, project: &str) -> bool {
        self.lacks(Prerequisite::Key, project, |missing| admits(missing.key.as_ref(), key))
    }

    /// The network has no service connection policy in the location.
    pub(super) fn lacks_policy(&self, network: &str, location: &str) -> bool {
        let (project, name) = parts(network);
        self.lacks(Prerequisite::ServiceConnectionPolicy, project, |missing| {
            admits(missing.network.as_ref(), name) && admits(missing.location.as_ref(), location)
        })
    }

    /// Every network has a service connection policy in the key's location; told only by the operation.
    pub(super) fn connection_policy<'a>(
        &self,
        key: &Key,
        networks: impl IntoIterator<Item = &'a str>,
    ) -> Option<Failure> {
        let lacking = networks.into_iter().find(|network| self.lacks_policy(network, &key.location))?;
        let class = if key.product == Product::Cluster { "gcp-memorystore-redis" } else { "gcp-memorystore" };
        let message = format!(
            "Invalid resource state for \"{}\": No service connection policy is associated with project: {}, network: \
             {lacking}, region: {}, service class: {class}",
            key.name(),
            key.project,
            key.location
        );
        Some(Failure::new(9, message))
    }
}

/// Project and name of `projects/{project}/global/networks/{name}`.
pub(super) fn parts(network: &str) -> (&str, &str) {
    let mut segments = network.split('/');
    let project = segments.nth(1).unwrap_or_default();
    (project, segments.next_back().unwrap_or_default())
}
