//! A driver's error, as a person reads it: everything that it tells, a line each.

use std::fmt::Write as _;

use serde_json::Value;

use super::caller::Answer;

/// Code and message, then fields, changes, cause, events, warnings, what to do, and the ids to look for in logs.
pub(super) fn in_words(answer: &Answer, has_token: bool) -> String {
    if answer.body["error"].is_null() {
        return in_progress(answer);
    }
    let mut text = format!("{}: {}", answer.text("/error"), answer.text("/message"));
    details(&mut text, &answer.body["details"]);
    if matches!(answer.status, 401 | 403) && !has_token {
        let _ = write!(text, "\n  hint: no token was sent: give --token-file, or set CACHE_DRIVER_TOKEN");
    }
    let _ = write!(text, "\n  request id {}, trace id {}", answer.request_id, answer.trace_id);
    text
}

/// A 409 that nobody waits for.
fn in_progress(answer: &Answer) -> String {
    let (what, left) = super::progress::told(answer);
    format!("{what} ({}); ask again, or leave out --no-wait", super::progress::left_in_words(left))
}

/// The `details` of an error. Members that are not there are not told.
pub(in crate::cli) fn details(text: &mut String, details: &Value) {
    let word = |value: &Value| match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    };
    let list = |key: &str| details[key].as_array().into_iter().flatten();
    for field in list("fields") {
        let (path, expected, got) = (word(&field["path"]), word(&field["expected"]), word(&field["got"]));
        let _ = write!(text, "\n  {path}: expected {expected}, got {got}");
        if let Some(hint) = field["hint"].as_str() {
            let _ = write!(text, " ({hint})");
        }
    }
    for change in list("changes") {
        let (field, class, id) = (word(&change["field"]), word(&change["class"]), word(&change["id"]));
        let _ = write!(text, "\n  change {id}: {field} {} -> {} ({class})", change["from"], change["to"]);
    }
    let at: Vec<String> =
        ["product", "operation"].iter().filter_map(|key| details[key].as_str()).map(str::to_owned).collect();
    if !at.is_empty() {
        let _ = write!(text, "\n  at: {}", at.join(", "));
    }
    if let Some(message) = details["cause"]["message"].as_str() {
        let code = details["cause"]["code"].as_str().map_or_else(String::new, |code| format!("{code}: "));
        let _ = write!(text, "\n  cause: {code}{message}");
        if let Some(id) = details["cause"]["request_id"].as_str() {
            let _ = write!(text, " (the cloud's request id {id})");
        }
    }
    for event in list("events") {
        let _ = write!(text, "\n  event {}: {}", word(&event["at"]), word(&event["message"]));
    }
    for warning in list("warnings") {
        let _ = write!(text, "\n  warning: {}", word(warning));
    }
    if let Some(hint) = details["hint"].as_str() {
        let _ = write!(text, "\n  hint: {hint}");
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use serde_json::json;

    use super::*;

    fn answer(status: u16, body: Value) -> Answer {
        Answer {
            status,
            body,
            retry_after: None,
            cookie: None,
            request_id: "cli-1".into(),
            trace_id: "4bf9".into(),
            took: Duration::ZERO,
            left: None,
        }
    }

    #[test]
    fn everything_that_an_error_tells_is_shown_once() {
        let body = json!({"error": "RES-104", "message": "the cloud refused it", "details": {
            "request_id": "cli-1", "retryable": false, "product": "aws/replication-group", "operation": "CreateReplicationGroup",
            "fields": [{"path": "driver.values.sise", "expected": "a known key", "got": "an unknown key", "hint": "did you mean `size`?"}],
            "changes": [{"id": "engine-1", "field": "engine", "from": "valkey", "to": "redis", "class": "replace"}],
            "cause": {"code": "Denied", "message": "not now", "request_id": "aws-1"},
            "events": [{"at": "2025-06-15T15:06:40Z", "message": "it began"}],
            "warnings": ["mind the gap"], "hint": "do this",
        }});
        let wanted = "RES-104: the cloud refused it\
            \n  driver.values.sise: expected a known key, got an unknown key (did you mean `size`?)\
            \n  change engine-1: engine \"valkey\" -> \"redis\" (replace)\
            \n  at: aws/replication-group, CreateReplicationGroup\
            \n  cause: Denied: not now (the cloud's request id aws-1)\
            \n  event 2025-06-15T15:06:40Z: it began\
            \n  warning: mind the gap\
            \n  hint: do this\
            \n  request id cli-1, trace id 4bf9";
        assert_eq!(in_words(&answer(400, body), true), wanted);
    }

    #[test]
    fn who_sent_no_token_is_told_where_to_put_it() {
        let body = json!({"error": "RES-112", "message": "no", "details": {}});
        assert!(in_words(&answer(401, body.clone()), false).contains("--token-file"));
        assert!(!in_words(&answer(401, body), true).contains("--token-file"));
    }
}
