//! What an exchange with Google is told as.

use super::error::{of_answer, unreadable};
use super::http::{Reply, Trouble};
use super::remedy::About;
use super::status::Status;
use crate::backend::{Begun, CallOutcome, Kind};

/// Tells how a try of a call ended.
pub(super) fn end(begun: &Begun, operation: &'static str, about: &About<'_>, answer: &Result<Reply, Trouble>) {
    let Ok(reply) = answer else { return begun.end(without(answer), None) };
    let status = (reply.status >= 300).then(|| Status::of_answer(reply.status, &reply.body)).flatten();
    let told = status.as_ref().and_then(|status| status.request_id.as_deref());
    begun.end(outcome(operation, about, reply, status.as_ref()), told.or(reply.request_id.as_deref()));
}

fn outcome(operation: &'static str, about: &About<'_>, reply: &Reply, status: Option<&Status>) -> CallOutcome {
    match status {
        _ if reply.status < 300 => CallOutcome::Ok,
        None if reply.status == 429 => CallOutcome::Throttled,
        None => unreadable(operation, reply.status).kind.into(),
        Some(status) if status.is_not_found() => CallOutcome::Absent,
        Some(status) => match of_answer(operation, status, about).0 {
            // What is not a quota of resources is one of calls.
            Kind::Unavailable if reply.status == 429 => CallOutcome::Throttled,
            kind => kind.into(),
        },
    }
}

/// Tells how a try to get a token ended. Its answers are OAuth's.
pub(super) fn end_token(begun: &Begun, answer: &Result<Reply, Trouble>) {
    let Ok(reply) = answer else { return begun.end(without(answer), None) };
    let outcome = match reply.status {
        200..300 => CallOutcome::Ok,
        429 => CallOutcome::Throttled,
        400..500 => CallOutcome::Denied,
        _ => CallOutcome::Unavailable,
    };
    begun.end(outcome, reply.request_id.as_deref());
}

fn without(answer: &Result<Reply, Trouble>) -> CallOutcome {
    match answer {
        Err(Trouble::Setup(_)) => CallOutcome::Prerequisite,
        _ => CallOutcome::Unavailable,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::backend::gcp::collection::Collection;

    #[test]
    fn an_answer_is_told_by_what_google_says() {
        let about = About { collection: Collection::Valkey, project: "shop", location: "europe-west3", network: None };
        let rate = json!([{"@type": "type.googleapis.com/google.rpc.ErrorInfo", "reason": "RATE_LIMIT_EXCEEDED"}]);
        let quota = json!([{"@type": "type.googleapis.com/google.rpc.QuotaFailure"}]);
        for (http, word, details, expected) in [
            (404, "NOT_FOUND", json!([]), CallOutcome::Absent),
            (429, "RESOURCE_EXHAUSTED", rate, CallOutcome::Throttled),
            (429, "RESOURCE_EXHAUSTED", quota, CallOutcome::Capacity),
            (403, "PERMISSION_DENIED", json!([]), CallOutcome::Denied),
            (409, "ABORTED", json!([]), CallOutcome::Busy),
            (409, "ALREADY_EXISTS", json!([]), CallOutcome::Taken),
            (400, "INVALID_ARGUMENT", json!([]), CallOutcome::Refused),
            (503, "UNAVAILABLE", json!([]), CallOutcome::Unavailable),
        ] {
            let body = json!({"error": {"code": http, "status": word, "message": "m", "details": details}}).to_string();
            let reply = Reply { status: http, body: body.into_bytes(), request_id: None, retry_after: None };
            let status = Status::of_answer(http, &reply.body);
            let told = outcome("memorystore.instances.get", &about, &reply, status.as_ref());
            assert_eq!(told, expected, "{http} {word}");
        }
        for (status, expected) in
            [(200, CallOutcome::Ok), (429, CallOutcome::Throttled), (502, CallOutcome::Unavailable)]
        {
            let reply = Reply { status, body: b"<html>".to_vec(), request_id: None, retry_after: None };
            assert_eq!(outcome("memorystore.instances.get", &about, &reply, None), expected, "{status}");
        }
    }
}
