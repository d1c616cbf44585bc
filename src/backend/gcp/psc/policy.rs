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
    /// What can be said of the config's network. Whoever may not ask is not told, and that is no failure.
    pub(super) async fn policy(&self, at: &At, project: &str) -> Finding {
        let about = self.shared.api.about(self.dialect.collection, project, &at.place.location, None);
        let (of, network) = about.network();
        let (class, location) = (self.dialect.service_class, &at.place.location);
        let (ok, message) = match self.has_policy(at, &about).await {
            Ok(true) => (true, format!("the network {network} has one of the class {class} in {location}")),
            Ok(false) => {
                let remedy = about.service_connection_policy();
                (false, format!("the network {network} of {of} has none of the class {class} in {location}: {remedy}"))
            }
            Err(error) if error.kind == Kind::Prerequisite => {
                (false, format!("{}; {}", error.message, error.hint.unwrap_or_default()))
            }
            Err(error) => {
                let message = format!(
                    "cannot be asked for ({error}); the network {network} needs one of the class {class} in {location}, or \
                     creations fail and say so"
                );
                (true, message)
            }
        };
        Finding { subject: SUBJECT.to_owned(), ok, message }
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
