//! From the members of a body to what the driver is asked: shapes, credentials, routing. Every wrong field at once.

use std::sync::Arc;

use secrecy::SecretString;
use serde_json::{Map, Value};

use super::{Asked, route};
use crate::backend::Given;
use crate::cache::{Code, FieldError};
use crate::driver::{Call, Driver, DriverError, Put};

/// The members of a body, of either interface.
#[derive(Debug)]
pub(crate) struct Input {
    pub(crate) resource_type: Option<String>,
    pub(crate) resource: Map<String, Value>,
    pub(crate) values: Map<String, Value>,
    account: Option<Map<String, Value>>,
    adopted_password: Option<SecretString>,
}

/// Takes members out of an object, and remembers which of them are of the wrong kind.
#[derive(Debug, Default)]
pub(crate) struct Members {
    pub(crate) errors: Vec<FieldError>,
}

impl Members {
    /// An object; nothing if it is absent or null.
    pub(crate) fn object(
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
    pub(crate) fn text(&mut self, from: &mut Map<String, Value>, key: &str, path: &str) -> Option<String> {
        match from.remove(key) {
            None | Some(Value::Null) => None,
            Some(Value::String(text)) => Some(text),
            Some(other) => {
                self.errors.push(FieldError::new(path, "text", kind(&other)));
                None
            }
        }
    }

    /// `account` of the secrets. Whoever keeps the key of a service account as one text hands it on as one.
    pub(crate) fn account(&mut self, secrets: &mut Map<String, Value>, path: &str) -> Option<Map<String, Value>> {
        if let Some(Value::String(text)) = secrets.get("account")
            && let Ok(Value::Object(account)) = serde_json::from_str(text)
        {
            secrets.insert("account".to_owned(), Value::Object(account));
        }
        self.object(secrets, "account", &format!("{path}.account"))
    }

    /// `account` and `adopt.password` of the secrets. Other secrets are somebody else's and are passed over.
    pub(crate) fn secrets(
        &mut self,
        mut secrets: Map<String, Value>,
        path: &str,
    ) -> (Option<Map<String, Value>>, Option<SecretString>) {
        let account = self.account(&mut secrets, path);
        let mut adopt = self.object(&mut secrets, "adopt", &format!("{path}.adopt")).unwrap_or_default();
        let password = self.text(&mut adopt, "password", &format!("{path}.adopt.password"));
        (account, password.filter(|password| !password.is_empty()).map(SecretString::from))
    }
}

impl Input {
    /// The members of a PUT of the Driver API. What is of the wrong kind is left out and noted.
    pub(crate) fn of_driver_api(mut body: Map<String, Value>, members: &mut Members) -> Self {
        let resource_type = members.text(&mut body, "type", "type");
        let resource = members.object(&mut body, "resource", "resource").unwrap_or_default();
        let mut driver = members.object(&mut body, "driver", "driver").unwrap_or_default();
        let values = members.object(&mut driver, "values", "driver.values").unwrap_or_default();
        let secrets = members.object(&mut driver, "secrets", "driver.secrets").unwrap_or_default();
        let (account, adopted_password) = members.secrets(secrets, "driver.secrets");
        Self { resource_type, resource, values, account, adopted_password }
    }

    /// The members of a POST of 2020.
    pub(crate) fn of_legacy(mut body: Map<String, Value>, members: &mut Members) -> Self {
        let resource_type = members.text(&mut body, "type", "type");
        let resource = members.object(&mut body, "resource_params", "resource_params").unwrap_or_default();
        let values = members.object(&mut body, "driver_params", "driver_params").unwrap_or_default();
        let secrets = members.object(&mut body, "driver_secrets", "driver_secrets").unwrap_or_default();
        let (account, adopted_password) = members.secrets(secrets, "driver_secrets");
        Self { resource_type, resource, values, account, adopted_password }
    }

    /// Finds route and product, reads the inputs and recognises the credentials. `call` names the route that the request came
    /// in by, if there is one.
    pub(crate) fn put(self, driver: &Driver, call: Call, members: Members) -> Result<Put, DriverError> {
        let mut errors = members.errors;
        let asked = Asked {
            route: call.route.as_deref(),
            resource_type: self.resource_type.as_deref(),
            values: &self.values,
            resource: &self.resource,
        };
        let routed = route(driver.config(), &driver.registry().providers(), &asked).map_err(|more| errors.extend(more));
        let given = self.account.as_ref().map(Given::recognise).transpose();
        let (routed, given) = match (routed, given) {
            (Ok(routed), Ok(given)) if errors.is_empty() => (routed, given),
            (Ok(_), Err(fields)) if errors.is_empty() => {
                let mut error = DriverError::fields(fields);
                error.code = Code::Credentials;
                return Err(error);
            }
            (_, given) => {
                errors.extend(given.err().unwrap_or_default());
                return Err(DriverError::fields(errors));
            }
        };
        let call = Call {
            route: Some(routed.route),
            resource_type: Some(self.resource_type.unwrap_or(routed.resource_type)),
            credentials: given.map(|given| Arc::new(given.completed_by(&routed.spec))),
            ..call
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

/// What a value is, without itself.
pub(crate) fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "true or false",
        Value::Number(_) => "a number",
        Value::String(_) => "text",
        Value::Array(_) => "a list",
        Value::Object(_) => "an object",
    }
}
