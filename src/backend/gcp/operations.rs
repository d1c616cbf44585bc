//! What long-running operations tell of a cache's failures.
//!
//! A cache whose creation failed vanishes: then only its operation knows why, for some hours.

use std::cmp::Reverse;
use std::time::Duration;

use jiff::Timestamp;
use serde::Deserialize;
use serde_json::Value;

use super::error;
use super::remedy::About;
use super::snapshots::key;
use super::status::Status;
use crate::backend::Diagnosis;
use crate::cache::Event;

/// How far Google's clock may be behind ours, and what whole seconds cut off.
const SLACK: Duration = Duration::from_secs(5);
/// Events that are handed on.
const KEPT: usize = 20;

#[derive(Deserialize, Default)]
#[serde(default)]
struct Operation {
    metadata: Metadata,
    done: bool,
    error: Option<Value>,
}

/// The same fields in each API's own type.
#[derive(Deserialize, Default)]
#[serde(default, rename_all = "camelCase")]
struct Metadata {
    create_time: String,
    end_time: Option<String>,
    target: String,
    verb: String,
    status_detail: Option<String>,
}

/// The operations on the cache of this full name since a time, and the newest failure among them as the cause.
pub(super) fn judge(operations: &[Value], name: &str, since: Timestamp, about: &About<'_>) -> Diagnosis {
    let since = since.checked_sub(SLACK).unwrap_or(since);
    let mut told: Vec<(Timestamp, Operation)> = Vec::new();
    for operation in operations {
        let operation = Operation::deserialize(operation).unwrap_or_default();
        let Ok(at) = operation.metadata.create_time.parse::<Timestamp>() else { continue };
        if at >= since && is_about(&operation.metadata.target, name) {
            told.push((at, operation));
        }
    }
    told.sort_by_key(|(at, _)| Reverse(*at));

    let mut diagnosis = Diagnosis::default();
    let mut ended = false;
    for (began, operation) in &told {
        // What came before it was gone belongs to another life.
        ended |= operation.done && operation.error.is_none() && operation.metadata.verb == "delete";
        let failure = operation.error.as_ref().map(Status::of_operation).filter(|_| operation.done);
        if let (Some(status), None, false) = (&failure, &diagnosis.cause, ended) {
            let (kind, hint) = error::of_operation(status, about);
            let words = format!("{}: {}", status.code, status.in_words());
            diagnosis.cause = Some(hint.map_or_else(|| words.clone(), |hint| format!("{words}; {hint}")));
            diagnosis.kind = Some(kind);
        }
        if diagnosis.events.len() < KEPT {
            let ended = operation.metadata.end_time.as_ref().and_then(|end| end.parse().ok());
            let message = sentence(operation, failure.as_ref());
            diagnosis.events.push(Event { at: ended.unwrap_or(*began), message });
        }
    }
    diagnosis
}

/// Whether the target is the cache or a part of it; the project before it may be spelled as a number.
fn is_about(target: &str, name: &str) -> bool {
    let (Some(target), Some(name)) = (key(target), key(name)) else { return false };
    target.strip_prefix(name).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

fn sentence(operation: &Operation, failure: Option<&Status>) -> String {
    let verb = if operation.metadata.verb.is_empty() { "operation" } else { &operation.metadata.verb };
    let mut text = match failure {
        Some(status) => format!("{verb} failed: {}: {}", status.code, status.in_words()),
        None if operation.done => format!("{verb} done"),
        None => format!("{verb} runs"),
    };
    if let Some(detail) = operation.metadata.status_detail.as_deref().filter(|detail| !detail.is_empty()) {
        text = format!("{text} ({detail})");
    }
    text
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::backend::Kind;
    use crate::backend::gcp::collection::Collection;

    const NAME: &str = "projects/p/locations/l/instances/cache-abc";

    fn operation(second: u8, target: &str, verb: &str, error: Option<Value>) -> Value {
        let mut operation = json!({
            "name": "projects/p/locations/l/operations/operation-1",
            "metadata": {
                "@type": "type.googleapis.com/google.cloud.memorystore.v1.OperationMetadata",
                "createTime": format!("2026-01-05T10:00:{second:02}.788252560Z"),
                "endTime": format!("2026-01-05T10:09:{second:02}.000000001Z"),
                "target": target, "verb": verb, "requestedCancellation": false, "apiVersion": "v1",
            },
            "done": true,
        });
        match error {
            Some(error) => operation["error"] = error,
            None => operation["response"] = json!({}),
        }
        operation
    }

    fn judged(operations: &[Value], since: &str) -> Diagnosis {
        let about = About { collection: Collection::Valkey, project: "p", location: "l", network: None };
        judge(operations, NAME, since.parse().unwrap(), &about)
    }

    #[test]
    fn the_newest_failure_is_the_cause_and_all_are_told() {
        let operations = [
            operation(10, NAME, "create", Some(json!({"code": 13, "message": "an internal error has occurred"}))),
            operation(20, NAME, "create", Some(json!({"code": 8, "message": "Unable to create instance.\nstack"}))),
            operation(30, NAME, "update", None),
        ];
        let diagnosis = judged(&operations, "2026-01-05T10:00:00Z");
        assert!(diagnosis.cause.as_deref().unwrap().starts_with("RESOURCE_EXHAUSTED: Unable to create instance; "));
        assert_eq!(diagnosis.kind, Some(Kind::Capacity));
        let messages: Vec<&str> = diagnosis.events.iter().map(|event| event.message.as_str()).collect();
        assert_eq!(
            messages,
            [
                "update done",
                "create failed: RESOURCE_EXHAUSTED: Unable to create instance",
                "create failed: INTERNAL: an internal error has occurred",
            ]
        );
    }

    #[test]
    fn older_operations_belong_to_another_life_but_clocks_may_differ_a_little() {
        let failed = || operation(30, NAME, "create", Some(json!({"code": 8, "message": "m"})));
        for (since, heard) in
            [("2026-01-05T10:00:30Z", true), ("2026-01-05T10:00:35Z", true), ("2026-01-05T10:00:36Z", false)]
        {
            assert_eq!(judged(&[failed()], since).cause.is_some(), heard, "{since}");
        }
    }

    #[test]
    fn only_the_cache_and_its_parts_are_heard() {
        for (target, heard) in [
            (NAME, true),
            ("projects/4711/locations/l/instances/cache-abc", true),
            ("projects/p/locations/l/instances/cache-abc/tokenAuthUsers/default", true),
            ("projects/p/locations/l/instances/cache-abcd", false),
            ("projects/p/locations/m/instances/cache-abc", false),
            ("projects/p/locations/l/clusters/cache-abc", false),
            ("", false),
        ] {
            let failed = operation(30, target, "create", Some(json!({"code": 8, "message": "m"})));
            assert_eq!(judged(&[failed], "2026-01-05T10:00:00Z").events.len(), usize::from(heard), "{target}");
        }
    }

    #[test]
    fn what_runs_and_what_is_unknown_is_no_failure() {
        let mut running = operation(30, NAME, "create", None);
        running["done"] = json!(false);
        let odd = [json!("x"), json!({}), json!({"metadata": {"createTime": 5}})];
        let diagnosis = judged(&[vec![running], odd.to_vec()].concat(), "2026-01-05T10:00:00Z");
        assert_eq!((diagnosis.cause, diagnosis.kind), (None, None));
        assert_eq!(diagnosis.events.len(), 1);
        assert_eq!(diagnosis.events[0].message, "create runs");
    }
}
