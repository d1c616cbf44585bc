//! What the cloud is doing, as far as this process began it.
//!
//! The address of an operation is told once, by the answer that begins it, and only it tells why the operation failed. It
//! is signed and some 3 kB long, so it goes into no mark and no cookie: whoever did not begin the operation sees only the
//! state of the resource.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use jiff::Timestamp;
use secrecy::SecretString;
use serde_json::Value;

use super::call::Call;
use super::client::Arm;
use super::error::{Problem, classify};
use super::place::Situation;
use crate::backend::{At, Diagnosis, Kind, Result};
use crate::cache::Event;
use crate::kept::Kept;

/// Caches whose operations are remembered.
const CACHES: usize = 2_000;
/// Operations per cache that are remembered.
const PER_CACHE: usize = 6;
/// Operations last for hours at most.
const LIFE: Duration = Duration::from_hours(24);

/// Making a key takes minutes at most.
const KEY_LIFE: Duration = Duration::from_mins(10);

const STATUS: &str = "operations.get";

/// An operation that this process began.
#[derive(Debug, Clone)]
struct Begun {
    call: &'static str,
    url: SecretString,
    at: Timestamp,
}

type Of = Arc<Mutex<VecDeque<Begun>>>;

/// The operations that this process began, by the path of the cache.
#[derive(Debug)]
pub(super) struct Operations {
    known: Kept<String, Of>,
    /// Keys that the cloud is still making.
    made: Kept<String, ()>,
}

impl Operations {
    pub(super) fn new() -> Self {
        Self { known: Kept::written_within(LIFE, CACHES), made: Kept::written_within(KEY_LIFE, CACHES) }
    }

    /// Remembers for a while that something that must be done once was begun.
    pub(super) fn made(&self, what: String) {
        self.made.insert(what, ());
    }

    /// Whether it was begun here a while ago.
    pub(super) fn is_made(&self, what: &str) -> bool {
        self.made.get(what).is_some()
    }

    /// Remembers an operation of a cache.
    pub(super) fn note(&self, cache: &str, call: &'static str, url: SecretString, at: Timestamp) {
        let of = self.known.get_with(cache.to_ascii_lowercase(), Of::default);
        let mut begun = of.lock().unwrap_or_else(PoisonError::into_inner);
        begun.push_front(Begun { call, url, at });
        begun.truncate(PER_CACHE);
    }

    /// What became of the cache's operations since a time, newest first; the newest failure is the cause.
    pub(super) async fn diagnose(
        &self,
        arm: &Arm,
        at: &At,
        situation: &Situation<'_>,
        cache: &str,
        since: Timestamp,
    ) -> Result<Diagnosis> {
        let of = self.known.get(&cache.to_ascii_lowercase());
        let begun: Vec<Begun> =
            of.map_or_else(Vec::new, |of| of.lock().unwrap_or_else(PoisonError::into_inner).iter().cloned().collect());
        let mut diagnosis = Diagnosis::default();
        for operation in begun.into_iter().filter(|operation| operation.at >= since) {
            let answer = arm.send(at, &Call::follow(STATUS, operation.url)).await?;
            if !answer.is_success() {
                // Forgotten by the cloud, or not ours to see: the state of the resource has to do.
                continue;
            }
            let told = told(&answer.body);
            let when = ended(&answer.body).unwrap_or(operation.at).max(since);
            diagnosis.events.push(Event { at: when, message: format!("{}: {}", operation.call, told.words) });
            if let (Some(problem), None) = (told.problem, &diagnosis.cause) {
                let code = problem.code.clone().unwrap_or_default();
                let (kind, hint) = classify(&code, &problem.message, 0, situation);
                let hint = hint.filter(|_| kind == Kind::Capacity).map(|hint| format!(" ({hint})"));
                diagnosis.cause = Some(format!("{}{}", problem.words(), hint.unwrap_or_default()));
                diagnosis.kind = Some(if kind.is_transient() { Kind::Refused } else { kind });
            }
        }
        diagnosis.events.sort_by_key(|event| std::cmp::Reverse(event.at));
        Ok(diagnosis)
    }
}

struct Told {
    words: String,
    /// Why, if it failed.
    problem: Option<Problem>,
}

/// Reads the status of an operation. A failure may come without any reason.
fn told(body: &Value) -> Told {
    let status = body.get("status").and_then(Value::as_str).unwrap_or("unknown");
    if !["failed", "canceled"].contains(&status.to_ascii_lowercase().as_str()) {
        return Told { words: status.to_owned(), problem: None };
    }
    let error = body.get("error").filter(|error| error.is_object());
    let problem = error.and_then(Problem::read).unwrap_or_else(|| Problem {
        code: None,
        message: format!("the operation is `{status}`, and azure does not say why"),
        request_id: None,
    });
    Told { words: format!("{status}: {}", problem.words()), problem: Some(problem) }
}

/// When the operation ended, or began. While it runs, the end is a moving time or the year 1.
fn ended(body: &Value) -> Option<Timestamp> {
    let time = |key: &str| body.get(key)?.as_str()?.parse::<Timestamp>().ok();
    time("endTime").filter(|at| *at > Timestamp::UNIX_EPOCH).or_else(|| time("startTime"))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn an_operation_that_runs_or_went_well_has_no_problem() {
        for body in [
            json!({"status": "Pending", "endTime": "0001-01-01T00:00:00"}),
            json!({"status": "InProgress", "error": null}),
            json!({"status": "Succeeded", "properties": null, "error": null}),
            json!(null),
        ] {
            assert_eq!(told(&body).problem, None, "{body}");
        }
    }

    #[test]
    fn a_failed_operation_tells_why_if_it_knows() {
        let why = json!({"status": "Failed", "error": {"code": "InsufficientCapacity", "message": "too little room."}});
        let problem = told(&why).problem.unwrap();
        assert_eq!(problem.words(), "InsufficientCapacity: too little room");
        let silent = told(&json!({"status": "Failed", "error": null})).problem.unwrap();
        assert!(silent.message.contains("does not say why"));
    }

    #[test]
    fn the_year_one_is_no_end() {
        let at = |body: Value| ended(&body).map(Timestamp::as_second);
        assert_eq!(at(json!({"startTime": "1970-01-01T00:01:00Z", "endTime": "0001-01-01T00:00:00Z"})), Some(60));
        assert_eq!(at(json!({"startTime": "1970-01-01T00:01:00+00:00", "endTime": "1970-01-01T00:02:00Z"})), Some(120));
        assert_eq!(at(json!({"startTime": null})), None);
    }
}
