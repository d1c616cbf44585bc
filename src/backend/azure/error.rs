//! What kind of failure an answer of the resource manager is.
//!
//! By code, because the status alone says little (409 is busy, taken, a quota or an unregistered provider). Bodies come in
//! three shapes and more: the gateway's and the provider's `error` object, `application/problem+json`, and the status of a
//! long-running operation, in which `error` may be `null`. Codes: learn.microsoft.com, "Common Azure deployment errors".

use serde_json::Value;

use super::place::Situation;
use crate::backend::{BackendError, Kind};
use crate::cache::Cause;

/// What the cloud says went wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Problem {
    pub(super) code: Option<String>,
    pub(super) message: String,
    pub(super) request_id: Option<String>,
}

impl Problem {
    /// Reads any of the shapes. `None` if the body is none of them.
    pub(super) fn read(body: &Value) -> Option<Self> {
        let inner = body.get("error").filter(|error| error.is_object()).unwrap_or(body);
        let text = |from: &Value, key: &str| {
            from.get(key).and_then(Value::as_str).filter(|text| !text.trim().is_empty()).map(str::to_owned)
        };
        let mut code = text(inner, "code");
        let mut message = text(inner, "message");
        // The reason proper stands in the first detail, below a word such as "DeploymentFailed".
        let details = inner.get("details").and_then(Value::as_array).into_iter().flatten();
        if let Some(detail) = details.into_iter().find(|detail| detail.get("message").is_some_and(Value::is_string)) {
            let (inner_code, inner_message) = (text(detail, "code"), text(detail, "message").unwrap_or_default());
            if message.as_ref().is_none_or(|message| !message.contains(&inner_message)) {
                message = Some(message.map_or(inner_message.clone(), |outer| format!("{outer}: {inner_message}")));
            }
            code = inner_code.or(code);
        }
        if code.is_none() && message.is_none() {
            // RFC 9457: only `title` and `status`.
            message = text(body, "detail").or_else(|| text(body, "title").filter(|_| body.get("status").is_some()));
        }
        if code.is_none() && message.is_none() {
            return None;
        }
        let message = message.or_else(|| code.clone()).unwrap_or_default();
        let (message, request_id) = without_ids(&message);
        Some(Self { code, message, request_id })
    }

    /// Whether the code is one of these.
    pub(super) fn is(&self, codes: &[&str]) -> bool {
        self.code.as_ref().is_some_and(|code| codes.iter().any(|known| known.eq_ignore_ascii_case(code)))
    }

    /// Whether a proxy could have said it just as well.
    pub(super) fn is_anybodys(&self) -> bool {
        self.code.is_none() || self.is(&["NotFound"])
    }

    /// As one text.
    pub(super) fn words(&self) -> String {
        match &self.code {
            Some(code) if !self.message.starts_with(code.as_str()) => format!("{code}: {}", self.message),
            _ => self.message.clone(),
        }
    }

    /// As the error that the driver knows.
    pub(super) fn into_error(self, operation: &'static str, status: u16, situation: &Situation<'_>) -> BackendError {
        let (kind, hint) = classify(self.code.as_deref().unwrap_or_default(), &self.message, status, situation);
        let message = self.words();
        let cause = Cause { code: self.code, message: self.message, request_id: self.request_id };
        let error = BackendError::new(kind, operation, message).cause(cause);
        match hint {
            Some(hint) => error.hint(hint),
            None => error,
        }
    }
}

/// The sentence without the ids that the cache provider writes behind it, and the id.
fn without_ids(message: &str) -> (String, Option<String>) {
    let mut id = None;
    let mut lines = Vec::new();
    for line in message.split(['\r', '\n']).map(str::trim).filter(|line| !line.is_empty()) {
        match line.split_once(['=', ':']) {
            Some((key, value))
                if ["requestid", "correlationid"].contains(&key.trim().to_ascii_lowercase().as_str()) =>
            {
                id.get_or_insert_with(|| value.trim().to_owned());
            }
            _ => lines.push(line),
        }
    }
    (lines.join(" ").trim_end_matches('.').to_owned(), id)
}

const TOO_LITTLE_ROOM: [&str; 7] = [
    "InsufficientCapacity",
    "AllocationFailed",
    "ZonalAllocationFailed",
    "OverconstrainedAllocationRequest",
    "SkuNotAvailable",
    "CapacityNotAvailable",
    "OutOfCapacity",
];

/// The kind of a failure, and what to do about it.
pub(super) fn classify(code: &str, message: &str, status: u16, situation: &Situation<'_>) -> (Kind, Option<String>) {
    let is = |codes: &[&str]| codes.iter().any(|known| known.eq_ignore_ascii_case(code));
    if is(&TOO_LITTLE_ROOM) {
        return (Kind::Capacity, Some(situation.other_room()));
    }
    if code.to_ascii_lowercase().contains("quota") {
        let hint = format!(
            "a quota of subscription {} is used up in {}: remove unused caches, or have it raised with Azure support",
            situation.subscription, situation.location
        );
        return (Kind::Capacity, Some(hint));
    }
    if is(&["MissingSubscriptionRegistration", "NoRegisteredProviderFound", "SubscriptionNotRegistered"]) {
        return (Kind::Prerequisite, Some(situation.registration(provider_in(message))));
    }
    if is(&["ResourceGroupNotFound"]) {
        return (Kind::Prerequisite, Some(situation.make_group()));
    }
    if is(&["AuthorizationFailed", "LinkedAuthorizationFailed", "LinkedAccessCheckFailed", "Forbidden"]) {
        return (Kind::Credentials, Some(grant(message)));
    }
    if is(&["SubscriptionNotFound", "InvalidSubscriptionId"]) {
        let hint = format!(
            "check azure.subscription_id ({}), and that the identity has a role in that subscription",
            situation.subscription
        );
        return (Kind::Credentials, Some(hint));
    }
    if is(&["NameNotAvailable", "NameAlreadyExists", "ResourceNameAlreadyInUse", "InvalidResourceLocation"]) {
        let hint = "somebody has a cache of this name; give the resource another one with `name_salt`";
        return (Kind::Taken, Some(hint.to_owned()));
    }
    if is(&["ScopeLocked"]) {
        let hint = "a management lock forbids it: remove the lock (`az lock list`), then try again";
        return (Kind::Prerequisite, Some(hint.to_owned()));
    }
    if is(&["RequestDisallowedByPolicy"]) {
        let hint = "a policy of the subscription forbids it; the message names the policy";
        return (Kind::Refused, Some(hint.to_owned()));
    }
    if is(&["ReadOnlyDisabledSubscription", "DisabledSubscription"]) {
        let hint = format!("the subscription {} is disabled: have it enabled again", situation.subscription);
        return (Kind::Prerequisite, Some(hint));
    }
    if is(&["InvalidResourceReference", "PrivateEndpointCannotBeCreatedInSubnetThatHasNetworkPoliciesEnabled"]) {
        let hint = "check azure.private_endpoint_subnet_id and azure.private_dns_zone_id: both must exist";
        return (Kind::Prerequisite, Some(hint.to_owned()));
    }
    // The cluster went between the look and the call: the next look tells what to do instead.
    if is(&["ParentResourceNotFound", "ResourceNotFound"]) {
        return (Kind::Busy, None);
    }
    if status == 409 && is_busy(code, message) {
        return (Kind::Busy, None);
    }
    if message.contains("no longer supported") || message.contains("retir") {
        let hint = "azure makes no new caches of this kind: use the product azure/managed-redis";
        return (Kind::Refused, Some(hint.to_owned()));
    }
    match status {
        401 => (Kind::Credentials, Some("the token was refused: check tenant, application and secret".to_owned())),
        403 => (Kind::Credentials, None),
        408 | 429 | 500.. => (Kind::Unavailable, None),
        _ => (Kind::Refused, None),
    }
}

/// Whether a conflict passes by itself.
fn is_busy(code: &str, message: &str) -> bool {
    let message = message.to_ascii_lowercase();
    let codes = ["conflict", "anotheroperationinprogress", "operationinprogress", "resourcenotready"];
    codes.contains(&code.to_ascii_lowercase().as_str())
        || ["busy", "try again", "in progress", "another operation"].iter().any(|words| message.contains(words))
}

/// `The subscription is not registered to use namespace 'Microsoft.Cache'`.
fn provider_in(message: &str) -> &'static str {
    if message.contains("Microsoft.Network") { "Microsoft.Network" } else { "Microsoft.Cache" }
}

/// `… does not have authorization to perform action 'A' over scope 'S' …`.
fn grant(message: &str) -> String {
    let quoted = |after: &str| {
        let rest = &message[message.find(after)? + after.len()..];
        rest.split('\'').nth(1).filter(|text| !text.is_empty())
    };
    match (quoted("action"), quoted("scope")) {
        (Some(action), Some(scope)) => {
            format!(
                "grant the identity the action {action} on the scope {scope}; `cache-driver policy azure` prints all that are needed"
            )
        }
        _ => "grant the identity what `cache-driver policy azure` prints, on the resource group".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn situation() -> Situation<'static> {
        Situation {
            subscription: "sub-1",
            group: "caches",
            location: "westeurope",
            elsewhere: vec!["northeurope"],
            retired: false,
        }
    }

    #[test]
    fn each_shape_of_a_body_is_read() {
        let read = |body: Value| Problem::read(&body);
        let busy =
            "The resource 'r' is busy processing a previous update request.  Please try again later.\r\nRequestID=q-1";
        let problem = read(json!({"error": {"code": "Conflict", "message": busy, "target": null}})).unwrap();
        assert_eq!((problem.code.as_deref(), problem.request_id.as_deref()), (Some("Conflict"), Some("q-1")));
        assert!(problem.message.ends_with("try again later"), "{}", problem.message);
        let details = json!({"error": {"code": "Outer", "message": "see details", "details": [
            {"code": "InsufficientCapacity", "message": "too little"},
        ]}});
        let problem = read(details).unwrap();
        assert_eq!(problem.words(), "InsufficientCapacity: see details: too little");
        let null = json!({"error": {"code": "C", "message": "m", "details": null, "additionalInfo": null}});
        assert_eq!(read(null).unwrap().words(), "C: m");
        let problem = read(json!({"type": "https://x", "title": "Not Found", "status": 404, "traceId": "t"})).unwrap();
        assert_eq!((problem.code, problem.message.as_str()), (None, "Not Found"));
        assert_eq!(read(json!({"code": "C", "message": "m"})).unwrap().words(), "C: m");
        for none in [json!(null), json!({}), json!({"StatusCode": 202}), json!({"error": null, "status": "InProgress"})]
        {
            assert_eq!(read(none.clone()), None, "{none}");
        }
    }

    #[test]
    fn each_code_is_of_its_kind() {
        for (status, code, message, kind) in [
            (409, "Conflict", "is busy processing a previous update request", Kind::Busy),
            (409, "AnotherOperationInProgress", "", Kind::Busy),
            (404, "ParentResourceNotFound", "", Kind::Busy),
            (409, "NameNotAvailable", "", Kind::Taken),
            (409, "InvalidResourceLocation", "already exists in location 'x'", Kind::Taken),
            (400, "InsufficientCapacity", "", Kind::Capacity),
            (409, "AllocationFailed", "", Kind::Capacity),
            (409, "SkuNotAvailable", "", Kind::Capacity),
            (409, "QuotaExceeded", "", Kind::Capacity),
            (409, "MissingSubscriptionRegistration", "", Kind::Prerequisite),
            (404, "NoRegisteredProviderFound", "", Kind::Prerequisite),
            (404, "ResourceGroupNotFound", "", Kind::Prerequisite),
            (409, "ScopeLocked", "", Kind::Prerequisite),
            (403, "AuthorizationFailed", "", Kind::Credentials),
            (403, "LinkedAuthorizationFailed", "", Kind::Credentials),
            (401, "ExpiredAuthenticationToken", "", Kind::Credentials),
            (404, "SubscriptionNotFound", "", Kind::Credentials),
            (403, "RequestDisallowedByPolicy", "", Kind::Refused),
            (400, "BadRequest", "Creation of new resources is no longer supported", Kind::Refused),
            (400, "InvalidAccessPolicyAssignment", "", Kind::Refused),
            (409, "SomethingNew", "a rule forbids it", Kind::Refused),
            (429, "TooManyRequests", "", Kind::Unavailable),
            (504, "GatewayTimeout", "", Kind::Unavailable),
            (500, "", "", Kind::Unavailable),
        ] {
            assert_eq!(classify(code, message, status, &situation()).0, kind, "{status} {code}");
        }
    }

    #[test]
    fn whatever_can_be_mended_comes_with_the_way_to_mend_it() {
        let hint = |code: &str, message: &str| classify(code, message, 409, &situation()).1.unwrap();
        let registration = hint("MissingSubscriptionRegistration", "not registered to use namespace 'Microsoft.Cache'");
        assert!(registration.contains("az provider register --namespace Microsoft.Cache --subscription sub-1"));
        assert!(hint("ResourceGroupNotFound", "").contains("az group create --name caches --location westeurope"));
        assert!(hint("InsufficientCapacity", "").contains("northeurope"));
        let denied = "The client 'c' with object id 'o' does not have authorization to perform action \
                      'Microsoft.Cache/redisEnterprise/write' over scope '/subscriptions/s' or the scope is invalid.";
        let denied = hint("AuthorizationFailed", denied);
        assert!(denied.contains("Microsoft.Cache/redisEnterprise/write") && denied.contains("/subscriptions/s"));
    }
}
