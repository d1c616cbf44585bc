//! `google.rpc.Status`: how Google's APIs tell of a failure, in answers and in operations.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::Deserialize;
use serde_json::Value;

/// The longest message that is handed on.
const LONGEST: usize = 500;

/// A failure in Google's words.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Status {
    /// HTTP status; 0 for that of an operation.
    pub(super) http: u16,
    /// The name of the gRPC code (`FAILED_PRECONDITION`).
    pub(super) code: String,
    /// The first line: what follows in some answers is a stack trace.
    pub(super) message: String,
    /// `ErrorInfo.reason`.
    pub(super) reason: Option<String>,
    /// `ErrorInfo.metadata`.
    pub(super) metadata: BTreeMap<String, String>,
    /// `BadRequest.fieldViolations`: field and description.
    pub(super) violations: Vec<(String, String)>,
    /// `Help.links`.
    pub(super) links: Vec<String>,
    /// `ResourceInfo.resourceName`.
    pub(super) resource: Option<String>,
    /// `RetryInfo.retryDelay`.
    pub(super) retry_delay: Option<Duration>,
    /// There is a `QuotaFailure`.
    pub(super) exceeds_quota: bool,
    /// `RequestInfo.requestId`.
    pub(super) request_id: Option<String>,
}

#[derive(Deserialize, Default)]
#[serde(default, rename_all = "camelCase")]
struct Raw {
    code: i64,
    message: String,
    status: String,
    details: Vec<Value>,
}

#[derive(Deserialize, Default)]
#[serde(default, rename_all = "camelCase")]
struct Detail {
    reason: Option<String>,
    metadata: BTreeMap<String, Value>,
    field_violations: Vec<Violation>,
    links: Vec<Link>,
    resource_name: Option<String>,
    retry_delay: Option<String>,
    request_id: Option<String>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Violation {
    field: String,
    description: String,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Link {
    url: String,
}

impl Status {
    /// Reads the body of an answer. `None`: Google did not write it.
    pub(super) fn of_answer(http: u16, body: &[u8]) -> Option<Self> {
        #[derive(Deserialize)]
        struct Envelope {
            error: Value,
        }
        let envelope: Envelope = serde_json::from_slice(body).ok()?;
        let raw = Raw::deserialize(&envelope.error).ok()?;
        // An older form of error has no word: its number is the HTTP status.
        let code = if raw.status.is_empty() { of_http(raw.code).to_owned() } else { raw.status.clone() };
        (raw.code != 0).then(|| Self::new(http, code, &raw))
    }

    /// Reads the `error` of an operation, whose code is a number of gRPC.
    pub(super) fn of_operation(error: &Value) -> Self {
        let raw = Raw::deserialize(error).unwrap_or_default();
        Self::new(0, of_grpc(raw.code).to_owned(), &raw)
    }

    fn new(http: u16, code: String, raw: &Raw) -> Self {
        let mut status = Self { http, code, message: first_line(&raw.message), ..Self::default() };
        for detail in &raw.details {
            let kind = detail.get("@type").and_then(Value::as_str).unwrap_or_default();
            let kind = kind.rsplit('.').next().unwrap_or_default();
            let detail = Detail::deserialize(detail).unwrap_or_default();
            match kind {
                "ErrorInfo" => {
                    status.reason = detail.reason;
                    let texts = detail.metadata.into_iter();
                    status.metadata =
                        texts.filter_map(|(key, value)| Some((key, value.as_str()?.to_owned()))).collect();
                }
                "BadRequest" => {
                    let violations = detail.field_violations.into_iter();
                    status.violations = violations.map(|v| (v.field, first_line(&v.description))).collect();
                }
                "Help" => status.links = detail.links.into_iter().map(|link| link.url).collect(),
                "ResourceInfo" => status.resource = detail.resource_name,
                "RetryInfo" => status.retry_delay = detail.retry_delay.as_deref().and_then(duration),
                "QuotaFailure" => status.exceeds_quota = true,
                "RequestInfo" => status.request_id = detail.request_id,
                _ => {}
            }
        }
        status
    }

    /// The message, with what is wrong about which field.
    pub(super) fn in_words(&self) -> String {
        let mut text = self.message.clone();
        for (field, description) in &self.violations {
            let told = description.is_empty() || text.contains(description.as_str());
            let new = if told { field.clone() } else { format!("{field}: {description}") };
            if !new.is_empty() && !text.contains(&new) {
                text = if text.is_empty() { new } else { format!("{text} ({new})") };
            }
        }
        if text.is_empty() { self.code.clone() } else { text }
    }

    /// The code, with the reason where there is one.
    pub(super) fn full_code(&self) -> String {
        match &self.reason {
            Some(reason) if *reason != self.code => format!("{}/{reason}", self.code),
            _ => self.code.clone(),
        }
    }

    pub(super) fn is_not_found(&self) -> bool {
        self.http == 404 && self.code == "NOT_FOUND"
    }
}

/// `4s`, `0.5s`.
fn duration(text: &str) -> Option<Duration> {
    let seconds: f64 = text.strip_suffix('s')?.parse().ok()?;
    Duration::try_from_secs_f64(seconds).ok()
}

fn first_line(text: &str) -> String {
    let line = text.trim().lines().next().unwrap_or_default().trim();
    let mut short: String = line.chars().take(LONGEST).collect();
    if short.len() < line.len() {
        short.push('…');
    }
    short.truncate(short.trim_end_matches('.').len());
    short
}

/// The word of a gRPC code: google/rpc/code.proto.
fn of_grpc(code: i64) -> &'static str {
    const WORDS: [&str; 17] = [
        "OK",
        "CANCELLED",
        "UNKNOWN",
        "INVALID_ARGUMENT",
        "DEADLINE_EXCEEDED",
        "NOT_FOUND",
        "ALREADY_EXISTS",
        "PERMISSION_DENIED",
        "RESOURCE_EXHAUSTED",
        "FAILED_PRECONDITION",
        "ABORTED",
        "OUT_OF_RANGE",
        "UNIMPLEMENTED",
        "INTERNAL",
        "UNAVAILABLE",
        "DATA_LOSS",
        "UNAUTHENTICATED",
    ];
    usize::try_from(code).ok().and_then(|code| WORDS.get(code)).copied().unwrap_or("UNKNOWN")
}

fn of_http(status: i64) -> &'static str {
    match status {
        400 => "INVALID_ARGUMENT",
        401 => "UNAUTHENTICATED",
        403 => "PERMISSION_DENIED",
        404 => "NOT_FOUND",
        409 => "ALREADY_EXISTS",
        429 => "RESOURCE_EXHAUSTED",
        501 => "UNIMPLEMENTED",
        503 => "UNAVAILABLE",
        504 => "DEADLINE_EXCEEDED",
        500.. => "INTERNAL",
        _ => "UNKNOWN",
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn every_detail_is_read_and_unknown_ones_are_passed_over() {
        let body = json!({"error": {
            "code": 400, "status": "INVALID_ARGUMENT",
            "message": "Update mask is empty.\ncom.google.apps.framework.request.StatusException: <eye3 title='x'/>",
            "details": [
                {"@type": "type.googleapis.com/google.rpc.BadRequest", "fieldViolations": [
                    {"field": "update_mask", "description": "Invalid value: {}\nat Something.java"},
                ]},
                {"@type": "type.googleapis.com/google.rpc.ErrorInfo", "reason": "R", "domain": "googleapis.com",
                 "metadata": {"service": "redis.googleapis.com", "number": 5}},
                {"@type": "type.googleapis.com/google.rpc.Help", "links": [{"description": "d", "url": "https://u"}]},
                {"@type": "type.googleapis.com/google.rpc.ResourceInfo", "resourceName": "projects/p"},
                {"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": "1.5s"},
                {"@type": "type.googleapis.com/google.rpc.RequestInfo", "requestId": "id-1"},
                {"@type": "type.googleapis.com/google.rpc.DebugInfo", "detail": "secret stack"},
                "no object",
            ],
        }});
        let status = Status::of_answer(400, body.to_string().as_bytes()).unwrap();
        assert_eq!(status.in_words(), "Update mask is empty (update_mask: Invalid value: {})");
        assert_eq!(status.full_code(), "INVALID_ARGUMENT/R");
        assert_eq!(status.metadata["service"], "redis.googleapis.com");
        assert_eq!(status.links, ["https://u"]);
        assert_eq!(status.resource.as_deref(), Some("projects/p"));
        assert_eq!(status.retry_delay, Some(Duration::from_millis(1500)));
        assert_eq!(status.request_id.as_deref(), Some("id-1"));
    }

    #[test]
    fn only_googles_own_404_says_that_nothing_is_there() {
        let own = json!({"error": {"code": 404, "message": "Resource 'x' was not found", "status": "NOT_FOUND"}});
        assert!(Status::of_answer(404, own.to_string().as_bytes()).unwrap().is_not_found());
        let older = json!({"error": {"code": 404, "message": "The resource was not found", "errors": []}});
        assert!(Status::of_answer(404, older.to_string().as_bytes()).unwrap().is_not_found());
        for other in ["", "<html>404</html>", "{}", "{\"error\": \"not_found\"}", "{\"error\": {}}"] {
            assert_eq!(Status::of_answer(404, other.as_bytes()), None, "{other}");
        }
    }

    #[test]
    fn an_operation_counts_its_codes_as_grpc_does() {
        for (code, word) in [(8, "RESOURCE_EXHAUSTED"), (9, "FAILED_PRECONDITION"), (13, "INTERNAL"), (99, "UNKNOWN")] {
            let status = Status::of_operation(&json!({"code": code, "message": "m"}));
            assert_eq!((status.code.as_str(), status.http), (word, 0));
        }
    }

    #[test]
    fn a_message_is_one_line_and_never_long() {
        let long = "ä".repeat(2000);
        assert_eq!(first_line(&long).chars().count(), LONGEST + 1);
        assert_eq!(first_line("\n first.\nsecond"), "first");
    }
}
