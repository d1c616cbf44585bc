//! Tells every exchange with the resource manager: without the time that its token took, which is a call of its own.

use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use azure_core::http::policies::{Policy, PolicyResult};
use azure_core::http::{Context, Request};

use super::answer::Answer;
use super::error::{Problem, classify};
use super::place::Situation;
use crate::backend::{Begun, CallOutcome, Calls, Kind};

/// Goes through the pipeline with one exchange. All clones are one.
#[derive(Debug, Clone)]
pub(super) struct Stopwatch(Arc<Watching>);

#[derive(Debug)]
struct Watching {
    calls: Calls,
    name: &'static str,
    begun: Mutex<Option<Begun>>,
}

impl Stopwatch {
    pub(super) fn new(calls: Calls, name: &'static str) -> Self {
        Self(Arc::new(Watching { calls, name, begun: Mutex::default() }))
    }

    fn start(&self) {
        let mut begun = self.0.begun.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(before) = begun.replace(self.0.calls.begin(self.0.name)) {
            // The pipeline sends a second time by itself only after a 401.
            before.end(CallOutcome::Denied, None);
        }
    }

    /// Tells how it ended, if it was sent at all.
    pub(super) fn end(&self, outcome: CallOutcome, request_id: Option<&str>) {
        let begun = self.0.begun.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(begun) = begun.as_ref() {
            begun.end(outcome, request_id);
        }
    }
}

/// The last policy before the transport.
#[derive(Debug)]
pub(super) struct Timed;

#[async_trait]
impl Policy for Timed {
    async fn send(&self, ctx: &Context, request: &mut Request, next: &[Arc<dyn Policy>]) -> PolicyResult {
        if let Some(watch) = ctx.value::<Stopwatch>() {
            watch.start();
        }
        let Some((policy, rest)) = next.split_first() else {
            return Err(azure_core::Error::with_message(azure_core::error::ErrorKind::Other, "a pipeline without end"));
        };
        policy.send(ctx, request, rest).await
    }
}

/// What an answer of the resource manager is told as.
pub(super) fn outcome(answer: &Answer) -> CallOutcome {
    if answer.is_success() {
        return CallOutcome::Ok;
    }
    if answer.is_absent() {
        return CallOutcome::Absent;
    }
    if answer.status == 429 {
        return CallOutcome::Throttled;
    }
    // Only the hints, which nobody reads here, depend on where it is.
    let nowhere = Situation { subscription: "", group: "", location: "", elsewhere: Vec::new(), retired: false };
    let kind = match Problem::read(&answer.body) {
        Some(problem) => {
            classify(problem.code.as_deref().unwrap_or_default(), &problem.message, answer.status, &nowhere).0
        }
        None if matches!(answer.status, 401 | 403) => Kind::Credentials,
        None if answer.status < 500 => Kind::Refused,
        None => Kind::Unavailable,
    };
    kind.into()
}

/// What an answer of Entra, or of a managed identity, is told as.
pub(super) fn token_outcome(status: u16) -> CallOutcome {
    match status {
        200..300 => CallOutcome::Ok,
        429 => CallOutcome::Throttled,
        400..500 => CallOutcome::Denied,
        _ => CallOutcome::Unavailable,
    }
}
