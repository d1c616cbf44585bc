//! From the members of a body to what the driver is asked: shapes, credentials, routing. Every wrong field at once.

use std::sync::Arc;

use secrecy::SecretString;
use serde_json::{Map, Value};

use super::App;
use super::body::kind;
use super::error::ApiError;
use super::extract::Entry;
use crate::backend::Given;
use crate::cache::{Code, FieldError, GuResId};
use crate::driver::{Call, DriverError, Put};
use crate::routing::{self, Asked};

/// The members of a body, of either interface.
#[derive(Debug)]
pub(super) struct Input {
    pub(super) resource_type: Option<String>,
    pub(super) resource: Map<String, Value>,
    pub(super) values: Map<String, Value>,
    account: Option<Map<String, Value>>,
    adopted_password: Option<SecretString>,
}

/// Takes members out of an object, and remembers which of them are of the wrong kind.
#[derive(Debug, Default)]
pub(super) struct Members {
    pub(super) errors: Vec<FieldError>,
}

impl Members {
    /// An object; nothing if it is absent or null.
    pub(super) fn object(
        &mut self,
        from: &mut Map<String, Value>,
        key: &str,
        path: &str,
    ) -> Option<Map<String, Value>> {
        match from.remove(key) {
            None | Some(Value::Null) => None,
            Some(Value::Object(object)) => Some(object),
            Some(other) => {
                self.errors.push(FieldError::new(path, "an object", kind(&other)));
                None
            }
        }
    }

    /// Text; nothing if it is absent or null.
    pub(super) fn text(&mut self, from: &mut Map<String, Value>, key: &str, path: &str) -> Option<String> {
        match from.remove(key) {
            None | Some(Value::Null) => None,
            Some(Value::String(text)) => Some(text),
            Some(other) => {
                self.errors.push(FieldError::new(path, "text", kind(&other)));
                None
            }
        }
    }

    /// `account` and `adopt.password` of the secrets. Other secrets are somebody else's and are passed over.
    pub(super) fn secrets(
        &mut self,
        mut secrets: Map<String, Value>,
        path: &str,
    ) -> (Option<Map<String, Value>>, Option<SecretString>) {
        // Whoever keeps the key of a service account as one text hands it on as one.
        if let Some(Value::String(text)) = secrets.get("account")
            && let Ok(Value::Object(account)) = serde_json::from_str(text)
        {
            secrets.insert("account".to_owned(), Value::Object(account));
        }
        let account = self.object(&mut secrets, "account", &format!("{path}.account"));
        let mut adopt = self.object(&mut secrets, "adopt", &format!("{path}.adopt")).unwrap_or_default();
        let password = self.text(&mut adopt, "password", &format!("{path}.adopt.password"));
        (account, password.filter(|password| !password.is_empty()).map(SecretString::from))
    }
}

impl Input {
    /// The members of a PUT of the Driver API. What is of the wrong kind is left out and noted.
    pub(super) fn of_driver_api(mut body: Map<String, Value>, members: &mut Members) -> Self {
        let resource_type = members.text(&mut body, "type", "type");
        let resource = members.object(&mut body, "resource", "resource").unwrap_or_default();
        let mut driver = members.object(&mut body, "driver", "driver").unwrap_or_default();
        let values = members.object(&mut driver, "values", "driver.values").unwrap_or_default();
        let secrets = members.object(&mut driver, "secrets", "driver.secrets").unwrap_or_default();
        let (account, adopted_password) = members.secrets(secrets, "driver.secrets");
        Self { resource_type, resource, values, account, adopted_password }
    }

    /// The members of a POST of 2020.
    pub(super) fn of_legacy(mut body: Map<String, Value>, members: &mut Members) -> Self {
        let resource_type = members.text(&mut body, "type", "type");
        let resource = members.object(&mut body, "resource_params", "resource_params").unwrap_or_default();
        let values = members.object(&mut body, "driver_params", "driver_params").unwrap_or_default();
        let secrets = members.object(&mut body, "driver_secrets", "driver_secrets").unwrap_or_default();
        let (account, adopted_password) = members.secrets(secrets, "driver_secrets");
        Self { resource_type, resource, values, account, adopted_password }
    }

    /// Finds route and product, reads the inputs and recognises the credentials.
    pub(super) fn put(
        self,
        app: &App,
        entry: &Entry,
        id: GuResId,
        cookie: Option<String>,
        members: Members,
    ) -> Result<Put, ApiError> {
        let mut errors = members.errors;
        let asked = Asked {
            route: entry.route.as_deref(),
            resource_type: self.resource_type.as_deref(),
            values: &self.values,
            resource: &self.resource,
        };
        let enabled = app.driver().registry().providers();
        let routed = routing::route(app.config(), &enabled, &asked).map_err(|more| errors.extend(more));
        let given = self.account.as_ref().map(Given::recognise).transpose();
        let (routed, given) = match (routed, given) {
            (Ok(routed), Ok(given)) if errors.is_empty() => (routed, given),
            (Ok(_), Err(fields)) if errors.is_empty() => {
                let mut error = DriverError::fields(fields);
                error.code = Code::Credentials;
                return Err(error.into());
            }
            (_, given) => {
                errors.extend(given.err().unwrap_or_default());
                return Err(DriverError::fields(errors).into());
            }
        };
        let call = Call {
            id,
            route: Some(routed.route),
            resource_type: Some(self.resource_type.unwrap_or(routed.resource_type)),
            cookie,
            credentials: given.map(|given| Arc::new(given.completed_by(&routed.spec))),
            request_id: entry.request_id.clone(),
            who: entry.who.clone(),
        };
        Ok(Put {
            call,
            spec: routed.spec,
            product: routed.product,
            adopted_password: self.adopted_password,
            warnings: routed.warnings,
        })
    }
}
