//! Whether what every product needs is there: identity, project, an API that is on, permissions, network, key.

use reqwest::Method;
use serde_json::{Value, json};

use super::api::Api;
use super::budget::Purpose;
use super::call::Call;
use super::collection::Collection;
use super::remedy::About;
use crate::backend::{At, BackendError, Feature, Fields, Finding, Kind, Permission, Scope};

const PERMISSIONS: &str = "permissions";
const TEST: &str = "cloudresourcemanager.projects.testIamPermissions";
const NETWORK: &str = "compute.networks.get";
const KEY: &str = "cloudkms.cryptoKeys.get";
/// What the peering of private service access is called, whoever made it.
const PEERING: &str = "servicenetworking-googleapis-com";

/// What a product needs.
#[derive(Debug, Clone, Copy)]
pub(super) struct Needs {
    pub(super) collection: Collection,
    pub(super) permissions: &'static [Permission],
    /// Whether the network has to have private service access.
    pub(super) peering: bool,
}

impl Api {
    /// Looks at what every product needs.
    pub(super) async fn prerequisites(&self, at: &At, needs: &Needs, wanted: &Fields) -> Vec<Finding> {
        let mut findings = vec![self.identity(at).await];
        if findings[0].is_problem() {
            return findings;
        }
        let project = match self.project(at).await {
            Ok(project) => project,
            Err(error) => {
                findings.push(Finding::failed("project", error));
                return findings;
            }
        };
        findings.push(Finding::ok("project", format!("{project}, in {}", at.place.location)));
        let collection = needs.collection;
        let scope = Scope {
            account: Some(project.clone()),
            location: at.place.location.clone(),
            credentials: at.credentials.clone(),
        };
        let service = format!("{}.googleapis.com", collection.service());
        match self.list(&scope, collection).await {
            Ok(found) => {
                let seen = format!("it answers: {} {} there", found.len(), collection.noun());
                findings.push(Finding::ok(service, seen));
            }
            Err(error) => {
                findings.push(Finding::failed(service, error));
                return findings;
            }
        }
        let about = self.about_wanted(collection, &project, &at.place.location, wanted);
        findings.push(self.permissions(at, &about, needs.permissions).await);
        findings.extend(self.network(at, &about, needs.peering).await);
        if let Some(key) = wanted.get("encryption_key").and_then(Value::as_str) {
            findings.push(self.key(at, &about, key).await);
        }
        findings
    }

    async fn identity(&self, at: &At) -> Finding {
        let name = match self.identities.name(&at.credentials) {
            Ok(name) => name,
            Err(error) => return Finding::failed("identity", error),
        };
        match self.identities.token(&at.credentials).await {
            Ok(_) => Finding::ok("identity", format!("a token came for {name}")),
            Err(error) => Finding::failed("identity", error),
        }
    }

    /// Asks the project which of the permissions the caller has. Takes none itself.
    /// <https://cloud.google.com/resource-manager/reference/rest/v1/projects/testIamPermissions>
    async fn permissions(&self, at: &At, about: &About<'_>, needed: &[Permission]) -> Finding {
        let needed: Vec<&str> = needed.iter().filter(|one| is_tested(one)).map(|one| one.action).collect();
        let role = about.collection.role();
        let path = format!("projects/{}:testIamPermissions", about.project);
        let body = json!({ "permissions": needed });
        let call = Call {
            service: Some("cloudresourcemanager"),
            method: Method::POST,
            body: Some(&body),
            ..Call::reading(TEST, &path, Purpose::Other)
        };
        let asked = self.call(&at.credentials, about, &call).await.and_then(super::call::Answer::told);
        let granted = match asked {
            Ok(answer) => answer.get("permissions").and_then(Value::as_array).cloned().unwrap_or_default(),
            Err(error) => {
                let seen =
                    format!("could not be asked one by one: {}; {role} has {}", error.message, needed.join(", "));
                let mend = about.enable(Some("cloudresourcemanager.googleapis.com"), None);
                return Finding::warning(PERMISSIONS, seen).mend(mend);
            }
        };
        let lacks = |permission: &&&str| !granted.iter().any(|granted| granted == **permission);
        let missing: Vec<&str> = needed.iter().filter(lacks).copied().collect();
        if missing.is_empty() {
            return Finding::ok(PERMISSIONS, format!("all {} that were asked for are granted", needed.len()));
        }
        Finding::problem(PERMISSIONS, format!("missing in {}: {}", about.project, missing.join(", ")))
            .mend(about.permission(Some(missing[0])))
    }

    /// The network, and its private service access where that is needed.
    async fn network(&self, at: &At, about: &About<'_>, peering: bool) -> Vec<Finding> {
        let (project, name) = about.network();
        let subject = format!("network {name}");
        let path = format!("projects/{project}/global/networks/{name}");
        let network = match self.beside(at, about, "compute", NETWORK, &path).await {
            Ok(Some(network)) => network,
            Ok(None) => {
                let seen = format!("{project} has no network of that name");
                return vec![Finding::problem(subject, seen).mend(about.make_network())];
            }
            Err(error) => {
                let mend = format!("allow {NETWORK} in {project}, where compute.googleapis.com has to be enabled");
                return vec![Finding::unknown(subject, error).mend(mend)];
            }
        };
        let mut findings = vec![Finding::ok(subject, format!("it is there, in {project}"))];
        if peering {
            let peerings = network.get("peerings").and_then(Value::as_array).into_iter().flatten();
            let text = |peering: &Value, key: &str| peering.get(key).and_then(Value::as_str) == Some("ACTIVE");
            let mut of_google = peerings.filter(|peering| peering.get("name").and_then(Value::as_str) == Some(PEERING));
            let subject = "private service access";
            findings.push(match of_google.next() {
                Some(peering) if text(peering, "state") => {
                    Finding::ok(subject, format!("{name} is peered with {PEERING}"))
                }
                Some(_) => Finding::problem(subject, format!("the peering {PEERING} of {name} is not active"))
                    .mend(about.private_service_access()),
                None => Finding::problem(subject, format!("{name} of {project} has no peering {PEERING}"))
                    .mend(about.private_service_access()),
            });
        }
        findings
    }

    async fn key(&self, at: &At, about: &About<'_>, key: &str) -> Finding {
        let subject = format!("key {}", key.rsplit('/').next().unwrap_or(key));
        let answer = match self.beside(at, about, "cloudkms", KEY, key).await {
            Ok(Some(answer)) => answer,
            Ok(None) => {
                let mend = "name an existing key as encryption_key; `gcloud kms keys list --keyring=… --location=…` lists them";
                return Finding::problem(subject, format!("{key} is not there")).mend(mend);
            }
            Err(error) => return Finding::unknown(subject, error).mend(format!("allow {KEY} on it")),
        };
        match answer.pointer("/primary/state").and_then(Value::as_str) {
            Some("ENABLED") => Finding::ok(subject, "its primary version is enabled"),
            state => Finding::problem(subject, format!("its primary version is {}", state.unwrap_or("not there")))
                .mend("run `gcloud kms keys versions enable VERSION --key=… --keyring=… --location=…`"),
        }
    }

    /// Looks at something of another service. `None` if it is not there.
    async fn beside(
        &self,
        at: &At,
        about: &About<'_>,
        service: &'static str,
        operation: &'static str,
        path: &str,
    ) -> Result<Option<Value>, BackendError> {
        let call = Call { service: Some(service), ..Call::reading(operation, path, Purpose::Other) };
        match self.call(&at.credentials, about, &call).await {
            Ok(answer) => Ok(answer.if_there()),
            // A service that is off shows nothing, and says how to switch on another one than ours.
            Err(error) if error.kind == Kind::Prerequisite => {
                Err(BackendError::new(Kind::Unavailable, operation, error.message))
            }
            Err(error) => Err(error),
        }
    }
}

/// What caches need. What only `check` asks for tells by itself whether it may, and of a shared network's project or a key's
/// another project decides.
fn is_tested(permission: &Permission) -> bool {
    !permission.only_check && permission.feature != Some(Feature::EncryptionKey)
}
