//! Whether the network has a service connection policy for the product. Without one a cache fails while it is made.

use serde_json::Value;

use super::Psc;
use crate::backend::gcp::budget::Purpose;
use crate::backend::gcp::call::Call;
use crate::backend::gcp::remedy::About;
use crate::backend::{At, Finding, Kind, Result};

const SUBJECT: &str = "service connection policy";
const SERVICE: &str = "networkconnectivity";
const LIST: &str = "networkconnectivity.serviceConnectionPolicies.list";

impl Psc {
    /// What can be said of the network. Whoever may not ask is not told, and that is no failure.
    pub(super) async fn policy(&self, at: &At, about: &About<'_>) -> Finding {
        let (of, network) = about.network();
        let (class, location) = (self.dialect.service_class, &at.place.location);
        match self.has_policy(at, about).await {
            Ok(true) => {
                Finding::ok(SUBJECT, format!("the network {network} has one of the class {class} in {location}"))
            }
            Ok(false) => {
                let seen = format!("the network {network} of {of} has none of the class {class} in {location}");
                Finding::problem(SUBJECT, seen).mend(about.service_connection_policy())
            }
            Err(error) if error.kind == Kind::Prerequisite => Finding::failed(SUBJECT, error),
            Err(error) => {
                let seen = format!(
                    "cannot be asked for ({error}); the network {network} needs one of the class {class} in {location}, or \
                     creations fail and say so"
                );
                Finding::warning(SUBJECT, seen).mend(format!("allow {LIST} in {of}"))
            }
        }
    }

    async fn has_policy(&self, at: &At, about: &About<'_>) -> Result<bool> {
        let (project, network) = about.network();
        let path = format!("projects/{project}/locations/{}/serviceConnectionPolicies", at.place.location);
        let call = Call { service: Some(SERVICE), ..Call::reading(LIST, &path, Purpose::Other) };
        let found = self.shared.api.pages(&at.credentials, about, &call, "serviceConnectionPolicies").await?;
        // The project before it may be spelled as a number.
        let is_ours = |policy: &Value| {
            let text = |field: &str| policy.get(field).and_then(Value::as_str).unwrap_or_default();
            text("network").rsplit('/').next() == Some(network) && text("serviceClass") == self.dialect.service_class
        };
        Ok(found.resources.iter().any(is_ours))
    }
}
