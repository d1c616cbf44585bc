//! What kind of failure an answer of Google is.
//!
//! By the code's word and `ErrorInfo.reason` (`google/rpc/code.proto`, `google/api/error_reason.proto`), never by a text, but for
//! those in [`super::signs`].

use super::http::Trouble;
use super::remedy::About;
use super::signs::sign;
use super::status::Status;
use crate::backend::{BackendError, Kind};
use crate::cache::Cause;

const IDENTITY: &str = "send valid credentials with the request, name an account, or check the driver's own identity";
const QUOTA: &str = "a quota of the project is used up: remove unused caches, or have it raised in the console";

/// The error that the driver knows.
pub(super) fn refused(
    operation: &'static str,
    status: &Status,
    about: &About<'_>,
    request_id: Option<String>,
) -> BackendError {
    let (kind, hint) = of_answer(operation, status, about);
    let cause = Cause {
        code: Some(status.full_code()),
        message: status.in_words(),
        request_id: status.request_id.clone().or(request_id),
    };
    let message = format!("{}: {}", status.code, status.in_words());
    let error = BackendError::new(kind, operation, message).cause(cause);
    match hint {
        Some(hint) => error.hint(hint),
        None => error,
    }
}

/// An answer that Google did not write: a proxy, a load balancer, or nothing that can be read.
pub(super) fn unreadable(operation: &'static str, http: u16) -> BackendError {
    let kind = match http {
        401 | 403 => Kind::Credentials,
        400 | 404 | 405 | 413 | 422 => Kind::Refused,
        _ => Kind::Unavailable,
    };
    BackendError::new(kind, operation, format!("the answer (http status {http}) is none of google"))
}

/// No answer at all.
pub(super) fn unanswered(operation: &'static str, trouble: &Trouble) -> BackendError {
    let kind = if matches!(trouble, Trouble::Setup(_)) { Kind::Prerequisite } else { Kind::Unavailable };
    BackendError::new(kind, operation, trouble.to_string())
}

pub(super) fn of_answer(operation: &str, status: &Status, about: &About<'_>) -> (Kind, Option<String>) {
    if let Some(judged) = of_reason(status, about) {
        return judged;
    }
    if let Some(sign) = sign(&status.message) {
        return (sign.kind(), sign.hint(about));
    }
    let creates = operation.ends_with(".create");
    match status.code.as_str() {
        "UNAUTHENTICATED" => (Kind::Credentials, Some(IDENTITY.to_owned())),
        "PERMISSION_DENIED" => (Kind::Credentials, Some(about.permission(permission(status).as_deref()))),
        "ALREADY_EXISTS" => (Kind::Taken, None),
        "NOT_FOUND" if creates => {
            let hint = "project, network and key must exist; check gcp.project, gcp.network and encryption_key";
            (Kind::Prerequisite, Some(hint.to_owned()))
        }
        // What is not there yet cannot be busy.
        "FAILED_PRECONDITION" if creates => (Kind::Refused, None),
        // Gone between the look and the call: the next look tells what to do instead.
        "NOT_FOUND" if status.http == 404 && !reads(operation) => (Kind::Busy, None),
        "FAILED_PRECONDITION" | "ABORTED" => (Kind::Busy, None),
        // A quota of calls per minute has its own reason.
        "RESOURCE_EXHAUSTED" if status.exceeds_quota => (Kind::Capacity, Some(QUOTA.to_owned())),
        "RESOURCE_EXHAUSTED" | "UNAVAILABLE" | "DEADLINE_EXCEEDED" | "INTERNAL" | "UNKNOWN" | "CANCELLED" => {
            (Kind::Unavailable, None)
        }
        _ if status.http >= 500 && status.code != "UNIMPLEMENTED" => (Kind::Unavailable, None),
        _ => (Kind::Refused, None),
    }
}

/// What kind of failure the error of an operation is: it has failed for good, whatever its code would mean of a call.
pub(super) fn of_operation(status: &Status, about: &About<'_>) -> (Kind, Option<String>) {
    if let Some(judged) = of_reason(status, about) {
        return judged;
    }
    if let Some(sign) = sign(&status.message) {
        let kind = if sign.kind() == Kind::Busy { Kind::Refused } else { sign.kind() };
        return (kind, sign.hint(about));
    }
    match status.code.as_str() {
        "UNAUTHENTICATED" | "PERMISSION_DENIED" => {
            (Kind::Credentials, Some(about.permission(permission(status).as_deref())))
        }
        "RESOURCE_EXHAUSTED" => {
            let hint = "google has too little capacity or quota there: try again later or in another region, or choose \
                        another size";
            (Kind::Capacity, Some(hint.to_owned()))
        }
        "ALREADY_EXISTS" => (Kind::Taken, None),
        _ => (Kind::Refused, None),
    }
}

fn of_reason(status: &Status, about: &About<'_>) -> Option<(Kind, Option<String>)> {
    let metadata = |key: &str| status.metadata.get(key).map(String::as_str);
    let judged = match status.reason.as_deref()? {
        "SERVICE_DISABLED" => {
            let url = metadata("activationUrl").or(status.links.first().map(String::as_str));
            (Kind::Prerequisite, Some(enable(status, about, url)))
        }
        "BILLING_DISABLED" => (Kind::Prerequisite, Some(about.billing())),
        "IAM_PERMISSION_DENIED" => (Kind::Credentials, Some(about.permission(permission(status).as_deref()))),
        "ACCESS_TOKEN_EXPIRED" | "CREDENTIALS_MISSING" | "ACCOUNT_STATE_INVALID" | "ACCESS_TOKEN_TYPE_UNSUPPORTED" => {
            (Kind::Credentials, Some(IDENTITY.to_owned()))
        }
        "ACCESS_TOKEN_SCOPE_INSUFFICIENT" => {
            let hint = "the access token must be made for the scope https://www.googleapis.com/auth/cloud-platform";
            (Kind::Credentials, Some(hint.to_owned()))
        }
        "USER_PROJECT_DENIED" => {
            let project =
                metadata("consumer").map_or(about.project, |consumer| consumer.trim_start_matches("projects/"));
            let hint = format!(
                "the identity needs roles/serviceusage.serviceUsageConsumer in {project}; check providers.gcp.quota_project"
            );
            (Kind::Credentials, Some(hint))
        }
        "CONSUMER_INVALID" | "CONSUMER_SUSPENDED" | "RESOURCE_PROJECT_INVALID" => {
            let hint = format!("check that the project {} exists and is active", about.project);
            (Kind::Credentials, Some(hint))
        }
        "RATE_LIMIT_EXCEEDED" => (Kind::Unavailable, None),
        "RESOURCE_QUOTA_EXCEEDED" | "QUOTA_EXCEEDED" => (Kind::Capacity, Some(QUOTA.to_owned())),
        "LOCATION_POLICY_VIOLATED" | "ORG_RESTRICTION_VIOLATION" | "RESOURCE_USAGE_RESTRICTION_VIOLATED" => {
            let hint =
                "a policy of the organization forbids it: choose another region, or ask whoever keeps the policy";
            (Kind::Refused, Some(hint.to_owned()))
        }
        _ => return None,
    };
    Some(judged)
}

/// The API may be off in another project than the cache's: that of the credentials.
fn enable(status: &Status, about: &About<'_>, url: Option<&str>) -> String {
    let consumer = status.metadata.get("consumer").map(|consumer| consumer.trim_start_matches("projects/"));
    let about = About { project: consumer.unwrap_or(about.project), ..about.clone() };
    about.enable(status.metadata.get("service").map(String::as_str), url)
}

/// The permission that is lacking: from the details, else between the quotes of `Permission 'x' denied`.
fn permission(status: &Status) -> Option<String> {
    if let Some(permission) = status.metadata.get("permission") {
        return Some(permission.clone());
    }
    let quoted = status.message.strip_prefix("Permission '")?.split('\'').next()?;
    Some(quoted.to_owned())
}

fn reads(operation: &str) -> bool {
    let method = operation.rsplit('.').next().unwrap_or_default();
    method == "list" || method.starts_with("get")
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::backend::gcp::collection::Collection;

    fn about() -> About<'static> {
        About { collection: Collection::Valkey, project: "shop", location: "europe-west3", network: None }
    }

    fn answer(http: u16, status: &str, message: &str, details: &Value) -> Status {
        let body = json!({"error": {"code": http, "status": status, "message": message, "details": details}});
        Status::of_answer(http, body.to_string().as_bytes()).unwrap()
    }

    fn info(reason: &str, metadata: &Value) -> Value {
        json!([{"@type": "type.googleapis.com/google.rpc.ErrorInfo", "reason": reason, "metadata": metadata}])
    }

    #[test]
    fn each_answer_is_of_its_kind() {
        let none = || json!([]);
        for (operation, status, kind) in [
            ("patch", answer(400, "FAILED_PRECONDITION", "Instance is not READY", &none()), Kind::Busy),
            ("create", answer(400, "FAILED_PRECONDITION", "Some rule", &none()), Kind::Refused),
            ("patch", answer(400, "INVALID_ARGUMENT", "there is an ongoing update request with", &none()), Kind::Busy),
            ("patch", answer(400, "INVALID_ARGUMENT", "exactly 1 update_mask field", &none()), Kind::Refused),
            ("patch", answer(400, "OUT_OF_RANGE", "m", &none()), Kind::Refused),
            ("patch", answer(404, "NOT_FOUND", "Resource 'x' was not found", &none()), Kind::Busy),
            ("list", answer(404, "NOT_FOUND", "Location x", &none()), Kind::Refused),
            ("create", answer(404, "NOT_FOUND", "network x", &none()), Kind::Prerequisite),
            ("create", answer(409, "ALREADY_EXISTS", "m", &none()), Kind::Taken),
            ("patch", answer(409, "ABORTED", "m", &none()), Kind::Busy),
            ("get", answer(401, "UNAUTHENTICATED", "m", &none()), Kind::Credentials),
            ("get", answer(401, "UNAUTHENTICATED", "m", &info("ACCESS_TOKEN_EXPIRED", &json!({}))), Kind::Credentials),
            (
                "get",
                answer(403, "PERMISSION_DENIED", "The caller does not have permission", &none()),
                Kind::Credentials,
            ),
            ("get", answer(403, "PERMISSION_DENIED", "m", &info("SERVICE_DISABLED", &json!({}))), Kind::Prerequisite),
            ("get", answer(403, "PERMISSION_DENIED", "m", &info("BILLING_DISABLED", &json!({}))), Kind::Prerequisite),
            (
                "get",
                answer(429, "RESOURCE_EXHAUSTED", "m", &info("RATE_LIMIT_EXCEEDED", &json!({}))),
                Kind::Unavailable,
            ),
            ("get", answer(429, "RESOURCE_EXHAUSTED", "m", &none()), Kind::Unavailable),
            (
                "create",
                answer(429, "RESOURCE_EXHAUSTED", "m", &info("RESOURCE_QUOTA_EXCEEDED", &json!({}))),
                Kind::Capacity,
            ),
            (
                "create",
                answer(
                    429,
                    "RESOURCE_EXHAUSTED",
                    "m",
                    &json!([{"@type": "type.googleapis.com/google.rpc.QuotaFailure"}]),
                ),
                Kind::Capacity,
            ),
            ("get", answer(500, "INTERNAL", "m", &none()), Kind::Unavailable),
            ("get", answer(503, "UNAVAILABLE", "m", &none()), Kind::Unavailable),
            ("get", answer(504, "DEADLINE_EXCEEDED", "m", &none()), Kind::Unavailable),
            ("get", answer(501, "UNIMPLEMENTED", "m", &none()), Kind::Refused),
            ("get", answer(400, "SOMETHING_NEW", "m", &none()), Kind::Refused),
            ("get", answer(599, "SOMETHING_NEW", "m", &none()), Kind::Unavailable),
        ] {
            let operation = format!("memorystore.instances.{operation}");
            assert_eq!(of_answer(&operation, &status, &about()).0, kind, "{operation} {status:?}");
        }
    }

    #[test]
    fn a_failed_operation_is_failed_for_good() {
        for (code, message, kind) in [
            (8, "m", Kind::Capacity),
            (9, "Invalid resource state: No service connection policy is associated", Kind::Prerequisite),
            (9, "Google private service access is not enabled.", Kind::Prerequisite),
            (9, "Unable to delegate the access of CMEK.", Kind::Prerequisite),
            (9, "m", Kind::Refused),
            (13, "an internal error has occurred", Kind::Refused),
            (7, "Permission 'compute.x' denied", Kind::Credentials),
            (3, "m", Kind::Refused),
        ] {
            let status = Status::of_operation(&json!({"code": code, "message": message}));
            assert_eq!(of_operation(&status, &about()).0, kind, "{code} {message}");
        }
    }

    #[test]
    fn whoever_can_mend_it_is_told_how() {
        let hint =
            |status: Status| refused("memorystore.instances.get", &status, &about(), None).hint.unwrap_or_default();
        let off = json!({"service": "memorystore.googleapis.com", "consumer": "projects/4711",
                         "activationUrl": "https://console.example/apis"});
        let off = hint(answer(403, "PERMISSION_DENIED", "API has not been used", &info("SERVICE_DISABLED", &off)));
        assert!(off.contains("gcloud services enable memorystore.googleapis.com --project=4711"), "{off}");
        assert!(off.contains("https://console.example/apis"), "{off}");
        for status in [
            answer(
                403,
                "PERMISSION_DENIED",
                "Permission 'memorystore.instances.get' denied on resource 'x'",
                &json!([]),
            ),
            answer(
                403,
                "PERMISSION_DENIED",
                "m",
                &info("IAM_PERMISSION_DENIED", &json!({"permission": "memorystore.instances.get"})),
            ),
        ] {
            assert!(hint(status).contains("lacks memorystore.instances.get"));
        }
    }

    #[test]
    fn fields_are_named_and_stack_traces_are_not() {
        let details = json!([{"@type": "type.googleapis.com/google.rpc.BadRequest", "fieldViolations": [
            {"field": "instance.node_type", "description": "Invalid value: HUGE"}]}]);
        let message = "Invalid instance.\ncom.google.apps.framework.request.StatusException: CANARY";
        let status = answer(400, "INVALID_ARGUMENT", message, &details);
        let error = refused("memorystore.instances.create", &status, &about(), Some("id-1".to_owned()));
        assert_eq!(error.message, "INVALID_ARGUMENT: Invalid instance (instance.node_type: Invalid value: HUGE)");
        let cause = error.cause.unwrap();
        assert_eq!((cause.code.as_deref(), cause.request_id.as_deref()), (Some("INVALID_ARGUMENT"), Some("id-1")));
        assert!(!cause.message.contains("CANARY"));
    }

    #[test]
    fn a_body_that_is_not_of_google_is_judged_by_its_status() {
        for (status, kind) in [
            (502, Kind::Unavailable),
            (429, Kind::Unavailable),
            (200, Kind::Unavailable),
            (403, Kind::Credentials),
            (404, Kind::Refused),
        ] {
            assert_eq!(unreadable("x", status).kind, kind, "{status}");
        }
    }
}
