//! The body of a PUT, for the commands that ask the driver without HTTP.

use std::sync::Arc;

use secrecy::SecretString;
use serde_json::{Map, Value};

use super::start::enabled;
use crate::backend::Given;
use crate::cache::{Code, FieldError, GuResId};
use crate::driver::{Call, Driver, DriverError, Put};
use crate::routing;

/// Who asks, and for what, beside the body.
#[derive(Debug, Clone)]
pub(super) struct Asking<'a> {
    pub(super) id: GuResId,
    pub(super) route: Option<&'a str>,
    /// What the log calls the request.
    pub(super) request_id: &'a str,
}

/// Reads a body as the server does: every wrong member and every wrong input at once.
pub(super) fn put(driver: &Driver, asking: &Asking<'_>, body: &Map<String, Value>) -> Result<Put, DriverError> {
    let mut members = Members::default();
    let resource_type = members.text(body, "type", "type");
    let resource = members.object(body, "resource", "resource");
    let inner = members.object(body, "driver", "driver");
    let values = members.object(&inner, "values", "driver.values");
    let secrets = members.object(&inner, "secrets", "driver.secrets");
    let account = account(&secrets).unwrap_or_else(|error| {
        members.errors.push(error);
        None
    });
    let adopt = members.object(&secrets, "adopt", "driver.secrets.adopt");
    let password = members.text(&adopt, "password", "driver.secrets.adopt.password");

    let mut errors = members.errors;
    let asked = routing::Asked {
        route: asking.route,
        resource_type: resource_type.as_deref(),
        values: &values,
        resource: &resource,
    };
    let routed = routing::route(driver.config(), &enabled(driver), &asked).map_err(|more| errors.extend(more));
    let given = account.as_ref().map(Given::recognise).transpose();
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
        id: asking.id.clone(),
        route: Some(routed.route),
        resource_type: Some(resource_type.unwrap_or(routed.resource_type)),
        cookie: None,
        credentials: given.map(|given| Arc::new(given.completed_by(&routed.spec))),
        request_id: asking.request_id.to_owned(),
        who: "command line".to_owned(),
    };
    Ok(Put {
        call,
        spec: routed.spec,
        product: routed.product,
        adopted_password: password.filter(|password| !password.is_empty()).map(SecretString::from),
        warnings: routed.warnings,
    })
}

/// The account of the request, if there is one. Whoever keeps the key of a service account as one text hands it on as one.
pub(super) fn account(secrets: &Map<String, Value>) -> Result<Option<Map<String, Value>>, FieldError> {
    let object = match secrets.get("account") {
        None | Some(Value::Null) => return Ok(None),
        Some(Value::Object(object)) => Some(object.clone()),
        Some(Value::String(text)) => serde_json::from_str(text).ok(),
        Some(_) => None,
    };
    let wrong = || FieldError::new("driver.secrets.account", "an object", "something else");
    object.map(Some).ok_or_else(wrong)
}

/// Reads members, and remembers which of them are of the wrong kind.
#[derive(Debug, Default)]
struct Members {
    errors: Vec<FieldError>,
}

impl Members {
    fn object(&mut self, from: &Map<String, Value>, key: &str, path: &str) -> Map<String, Value> {
        match from.get(key) {
            None | Some(Value::Null) => Map::new(),
            Some(Value::Object(object)) => object.clone(),
            Some(_) => {
                self.errors.push(FieldError::new(path, "an object", "something else"));
                Map::new()
            }
        }
    }

    fn text(&mut self, from: &Map<String, Value>, key: &str, path: &str) -> Option<String> {
        match from.get(key) {
            None | Some(Value::Null) => None,
            Some(Value::String(text)) => Some(text.clone()),
            Some(_) => {
                self.errors.push(FieldError::new(path, "text", "something else"));
                None
            }
        }
    }
}
