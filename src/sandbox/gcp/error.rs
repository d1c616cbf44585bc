//! The errors of the emulated services: `google.rpc.Status` in its HTTP clothes.
//!
//! Clients are meant to go by `status` and by the `reason` of an `ErrorInfo`; the texts are those that the services were seen to
//! give, tails and all.

use serde_json::{Value, json};

/// What a method answers: the JSON of its response, or an error.
pub(super) type Answer = Result<Value, ApiError>;

/// An error answer.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct ApiError {
    pub(super) http: u16,
    pub(super) status: String,
    pub(super) message: String,
    pub(super) details: Vec<Value>,
}

/// What fails later, in an operation: a `google.rpc.Status` with the number of the code.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Failure {
    pub(super) code: i64,
    pub(super) message: String,
}

/// The canonical codes: number, word, HTTP status.
const CODES: [(i64, &str, u16); 16] = [
    (1, "CANCELLED", 499),
    (2, "UNKNOWN", 500),
    (3, "INVALID_ARGUMENT", 400),
    (4, "DEADLINE_EXCEEDED", 504),
    (5, "NOT_FOUND", 404),
    (6, "ALREADY_EXISTS", 409),
    (7, "PERMISSION_DENIED", 403),
    (8, "RESOURCE_EXHAUSTED", 429),
    (9, "FAILED_PRECONDITION", 400),
    (10, "ABORTED", 409),
    (11, "OUT_OF_RANGE", 400),
    (12, "UNIMPLEMENTED", 501),
    (13, "INTERNAL", 500),
    (14, "UNAVAILABLE", 503),
    (15, "DATA_LOSS", 500),
    (16, "UNAUTHENTICATED", 401),
];

/// The type URL of a detail of `google.rpc`.
fn rpc(name: &str) -> String {
    format!("type.googleapis.com/google.rpc.{name}")
}

impl ApiError {
    /// An error of one of the canonical codes, with the HTTP status that belongs to it.
    pub(super) fn new(status: &str, message: impl Into<String>) -> Self {
        let http = CODES.iter().find(|(_, word, _)| *word == status).map_or(500, |(_, _, http)| *http);
        Self { http, status: status.to_owned(), message: message.into(), details: Vec::new() }
    }

    pub(super) fn invalid(message: impl Into<String>) -> Self {
        Self::new("INVALID_ARGUMENT", message)
    }

    pub(super) fn precondition(message: impl Into<String>) -> Self {
        Self::new("FAILED_PRECONDITION", message)
    }

    /// The same with one more detail.
    pub(super) fn with(mut self, detail: Value) -> Self {
        self.details.push(detail);
        self
    }

    /// The same with a violation of a field, as `google.rpc.BadRequest`.
    pub(super) fn on_field(self, field: &str, description: impl Into<String>) -> Self {
        let violation = json!({ "field": field, "description": description.into() });
        self.with(json!({ "@type": rpc("BadRequest"), "fieldViolations": [violation] }))
    }

    /// With a `google.rpc.ErrorInfo`.
    pub(super) fn with_info(self, reason: &str, metadata: &Value) -> Self {
        self.with(
            json!({ "@type": rpc("ErrorInfo"), "reason": reason, "domain": "googleapis.com", "metadata": metadata }),
        )
    }

    /// With a `google.rpc.Help` of one link.
    pub(super) fn with_help(self, description: &str, url: &str) -> Self {
        self.with(json!({ "@type": rpc("Help"), "links": [{ "description": description, "url": url }] }))
    }

    /// The JSON does not fit the message: refused before the service proper sees it.
    pub(super) fn json(field: &str, message: String) -> Self {
        Self::invalid(message.clone()).on_field(field, message)
    }

    /// A parameter that the method does not have.
    pub(super) fn unknown_parameter(name: &str) -> Self {
        let message = format!(
            "Invalid JSON payload received. Unknown name \"{name}\": Cannot bind query parameter. Field '{name}' could not be \
             found in request message."
        );
        let violation = json!({ "description": message });
        Self::invalid(message).with(json!({ "@type": rpc("BadRequest"), "fieldViolations": [violation] }))
    }

    /// A bad field in the words of the services written in Java, which show their own name for the error.
    pub(super) fn field(field: &str, value: &str, message: &str) -> Self {
        Self::invalid(with_tail(message)).on_field(field, format!("Invalid value: {value}"))
    }

    pub(super) fn not_found(name: &str) -> Self {
        Self::new("NOT_FOUND", format!("Resource '{name}' was not found")).with(resource_info(name))
    }

    pub(super) fn already_exists(name: &str) -> Self {
        Self::new("ALREADY_EXISTS", format!("Resource '{name}' already exists")).with(resource_info(name))
    }

    pub(super) fn permission(permission: &str, resource: &str) -> Self {
        let message = format!("Permission '{permission}' denied on resource '{resource}' (or it may not exist).");
        Self::new("PERMISSION_DENIED", message)
            .with_info("IAM_PERMISSION_DENIED", &json!({ "permission": permission, "resource": resource }))
    }

    pub(super) fn expired_token(service: &str) -> Self {
        let message = "Request had invalid authentication credentials. Expected OAuth 2 access token, login cookie or \
                       other valid authentication credential. See \
                       https://developers.google.com/identity/sign-in/web/devconsole-project.";
        let metadata = json!({ "service": service, "method": "" });
        Self::new("UNAUTHENTICATED", message).with_info("ACCESS_TOKEN_EXPIRED", &metadata)
    }

    pub(super) fn unimplemented() -> Self {
        Self::new("UNIMPLEMENTED", "Operation is not implemented, or supported, or enabled.")
    }

    /// `{"error": …}`.
    pub(super) fn to_json(&self) -> Value {
        let mut error = json!({ "code": self.http, "message": self.message, "status": self.status });
        if !self.details.is_empty() {
            error["details"] = json!(self.details);
        }
        json!({ "error": error })
    }
}

fn resource_info(name: &str) -> Value {
    json!({ "@type": rpc("ResourceInfo"), "resourceName": name })
}

/// The message with the line that the Java services let slip through.
fn with_tail(message: &str) -> String {
    format!(
        "{message}\ncom.google.apps.framework.request.StatusException: <eye3 title='INVALID_ARGUMENT'/> \
         generic::INVALID_ARGUMENT: {message}"
    )
}

impl Failure {
    pub(super) fn new(code: i64, message: impl Into<String>) -> Self {
        Self { code, message: message.into() }
    }

    /// A cause that may begin with a code's word (`RESOURCE_EXHAUSTED: …`); without one it is `INTERNAL`.
    pub(super) fn from_cause(cause: &str) -> Self {
        if let Some((word, message)) = cause.split_once(": ")
            && let Some((code, ..)) = CODES.iter().find(|(_, known, _)| *known == word)
        {
            return Self::new(*code, message);
        }
        Self::new(13, cause)
    }

    /// No machines are left.
    pub(super) fn capacity(verb: &str) -> Self {
        let message = format!(
            "Unable to {verb} instance. System limit for internal resources has been reached. Please request higher \
             limit for your project"
        );
        Self::new(8, message)
    }

    pub(super) fn to_json(&self) -> Value {
        json!({ "code": self.code, "message": self.message })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cause_may_name_its_code() {
        assert_eq!(Failure::from_cause("FAILED_PRECONDITION: no key"), Failure::new(9, "no key"));
        assert_eq!(Failure::from_cause("odd: no key"), Failure::new(13, "odd: no key"));
    }

    #[test]
    fn a_bad_field_has_the_tail_and_the_violation() {
        let error = ApiError::field("instance.tier", "", "Tier is missing.").to_json();
        assert_eq!(error["error"]["code"], 400);
        assert!(error["error"]["message"].as_str().unwrap().contains("\ncom.google.apps"));
        assert_eq!(error["error"]["details"][0]["fieldViolations"][0]["field"], "instance.tier");
    }
}
