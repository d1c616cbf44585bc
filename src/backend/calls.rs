//! Every call to a cloud, told to whoever watches: for the line about a request, for metrics, for traces.
//!
//! What is told is one exchange: a call that is tried three times is told three times, because each try counts against the
//! cloud's limits, can be throttled by itself, and has a request id of its own. Calls for tokens are told like all others.

use std::borrow::Cow;
use std::fmt::Debug;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use super::Kind;
use crate::cache::Provider;
use crate::cache::product::words;
use crate::clock::{Clock, Timestamp};

words! {
    /// What became of a call.
    CallOutcome, "outcome" {
        /// The cloud did it, or had done it before.
        Ok = "ok",
        /// What it is about is not there.
        Absent = "absent",
        /// The resource is in the middle of something else.
        Busy = "busy",
        /// Too many calls.
        Throttled = "throttled",
        /// Credentials are missing, malformed, expired or not enough.
        Denied = "denied",
        /// Refused for good.
        Refused = "refused",
        /// The name is taken. A creation that is repeated meets its own cache.
        Taken = "taken",
        /// Quota or capacity.
        Capacity = "capacity",
        /// Something that has to be there first is missing.
        Prerequisite = "prerequisite",
        /// A 5xx, a time-out, a broken connection.
        Unavailable = "unavailable",
        /// Nobody waited for the answer any longer: the time for all tries was over, or the caller went away.
        Abandoned = "abandoned",
    }
}

impl From<Kind> for CallOutcome {
    fn from(kind: Kind) -> Self {
        match kind {
            Kind::Credentials => Self::Denied,
            Kind::Refused => Self::Refused,
            Kind::Taken => Self::Taken,
            Kind::Capacity => Self::Capacity,
            Kind::Prerequisite => Self::Prerequisite,
            Kind::Busy => Self::Busy,
            Kind::Unavailable => Self::Unavailable,
        }
    }
}

impl CallOutcome {
    /// Whether the cloud did not do what was asked for, and an operator may want to know.
    #[must_use]
    pub const fn is_failure(self) -> bool {
        !matches!(self, Self::Ok | Self::Absent | Self::Busy | Self::Taken)
    }
}

/// One exchange with a cloud. Holds no secret: a name, a word, an id and two times.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CloudCall {
    /// Which cloud.
    pub provider: Provider,
    /// The call, in the cloud's own name: one of a fixed set.
    pub operation: Cow<'static, str>,
    /// What became of it.
    pub outcome: CallOutcome,
    /// The id under which the cloud's support finds it, if the answer had one.
    pub request_id: Option<String>,
    /// When it was sent.
    pub began: Timestamp,
    /// How long the answer took.
    pub took: Duration,
}

/// Whoever is told of calls.
pub trait Observer: Debug + Send + Sync {
    /// A call has ended.
    fn called(&self, call: &CloudCall);
}

/// Is told, and does nothing.
#[derive(Debug, Clone, Copy, Default)]
pub struct Unobserved;

impl Observer for Unobserved {
    fn called(&self, _: &CloudCall) {}
}

/// Tells the calls to one cloud. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Calls {
    provider: Provider,
    clock: Arc<dyn Clock>,
    observer: Arc<dyn Observer>,
}

impl Calls {
    /// Tells `observer` the calls to `provider`.
    #[must_use]
    pub fn new(provider: Provider, clock: Arc<dyn Clock>, observer: Arc<dyn Observer>) -> Self {
        Self { provider, clock, observer }
    }

    /// A call is about to be sent.
    #[must_use]
    pub fn begin(&self, operation: impl Into<Cow<'static, str>>) -> Begun {
        let began = self.clock.now();
        Begun { calls: self.clone(), operation: operation.into(), began, is_told: AtomicBool::new(false) }
    }
}

/// A call that was sent. Dropped without an end it counts as abandoned.
#[derive(Debug)]
pub struct Begun {
    calls: Calls,
    operation: Cow<'static, str>,
    began: Timestamp,
    is_told: AtomicBool,
}

/// Longer than any cloud's, and short enough for a log line that holds several.
const LONGEST_ID: usize = 100;

impl Begun {
    /// The answer is there. Only the first end counts.
    pub fn end(&self, outcome: CallOutcome, request_id: Option<&str>) {
        if self.is_told.swap(true, Ordering::Relaxed) {
            return;
        }
        let took = self.calls.clock.now().duration_since(self.began);
        // It comes from outside and ends in a log.
        let legal = |id: &&str| (1..=LONGEST_ID).contains(&id.len()) && id.bytes().all(|c| c.is_ascii_graphic());
        self.calls.observer.called(&CloudCall {
            provider: self.calls.provider,
            operation: self.operation.clone(),
            outcome,
            request_id: request_id.filter(legal).map(str::to_owned),
            began: self.began,
            took: Duration::try_from(took).unwrap_or_default(),
        });
    }

    /// It was not sent after all: the answer was known.
    pub fn unsent(&self) {
        self.is_told.store(true, Ordering::Relaxed);
    }
}

impl Drop for Begun {
    fn drop(&mut self) {
        self.end(CallOutcome::Abandoned, None);
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use super::*;
    use crate::clock::ManualClock;

    #[derive(Debug, Default)]
    struct Seen(Mutex<Vec<CloudCall>>);

    impl Observer for Seen {
        fn called(&self, call: &CloudCall) {
            self.0.lock().unwrap().push(call.clone());
        }
    }

    fn told(of: impl FnOnce(&Calls, &ManualClock)) -> Vec<CloudCall> {
        let (seen, clock) = (Arc::new(Seen::default()), ManualClock::at(Timestamp::UNIX_EPOCH));
        of(&Calls::new(Provider::Aws, Arc::new(clock.clone()), seen.clone()), &clock);
        seen.0.lock().unwrap().clone()
    }

    #[test]
    fn a_call_is_told_once_with_its_time() {
        let calls = told(|calls, clock| {
            let begun = calls.begin("DescribeReplicationGroups");
            clock.advance(Duration::from_millis(40));
            begun.end(CallOutcome::Absent, Some("r-1"));
            begun.end(CallOutcome::Ok, Some("r-2"));
        });
        assert_eq!(calls.len(), 1);
        let call = &calls[0];
        assert_eq!((call.outcome, call.request_id.as_deref()), (CallOutcome::Absent, Some("r-1")));
        assert_eq!((call.operation.as_ref(), call.took), ("DescribeReplicationGroups", Duration::from_millis(40)));
    }

    #[test]
    fn a_call_that_nobody_waits_for_is_abandoned() {
        let calls = told(|calls, _| drop(calls.begin("redis.instances.get")));
        assert_eq!((calls.len(), calls[0].outcome), (1, CallOutcome::Abandoned));
    }

    #[test]
    fn an_id_that_is_none_is_left_out() {
        for id in ["", "a b", "a\nb", "ä", &"x".repeat(LONGEST_ID + 1)] {
            let calls = told(|calls, _| calls.begin("x").end(CallOutcome::Ok, Some(id)));
            assert_eq!(calls[0].request_id, None, "{id:?}");
        }
    }
}
