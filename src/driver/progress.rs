//! How far an operation is, and when it will be done.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::operation::Operation;
use crate::backend::{Phase, Typical};
use crate::cache::Product;

/// What the Driver API calls an async progress hint, with two fields beyond it (`message`, `phase`).
///
/// The specification names the deadline `timeout` and shows it as `timeout_deadline` in its example, so both are sent.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Hint {
    /// What is going on.
    pub status: Operation,
    /// When it will be done, as far as can be told. Never in the past.
    #[schema(value_type = String, format = DateTime)]
    pub estimated_completion_time: Timestamp,
    /// When the driver gives it up.
    #[schema(value_type = String, format = DateTime)]
    pub timeout: Timestamp,
    /// The same as `timeout`.
    #[schema(value_type = String, format = DateTime)]
    pub timeout_deadline: Timestamp,
    /// The driver's clock, to correct for a skew.
    #[schema(value_type = String, format = DateTime)]
    pub current_time: Timestamp,
    /// What is happening, in words.
    pub message: String,
    /// In what state the cache was seen.
    pub phase: Phase,
}

/// Learns how long operations take, from those that this process has seen through.
#[derive(Debug, Default)]
pub struct Experience {
    seen: Mutex<HashMap<(Product, Operation), Duration>>,
}

/// How much a new observation weighs against all older ones.
const WEIGHT: f64 = 0.3;

impl Experience {
    /// An operation was seen from its start to its end.
    pub fn learn(&self, product: Product, operation: Operation, took: Duration, typical: &Typical) {
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        let known = seen.entry((product, operation)).or_insert_with(|| usual(typical, operation));
        *known = known.mul_f64(1.0 - WEIGHT) + took.mul_f64(WEIGHT);
    }

    /// How long an operation is expected to take.
    #[must_use]
    pub fn expected(&self, product: Product, operation: Operation, typical: &Typical) -> Duration {
        let seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        seen.get(&(product, operation)).copied().unwrap_or_else(|| usual(typical, operation))
    }
}

fn usual(typical: &Typical, operation: Operation) -> Duration {
    match operation {
        Operation::Creating => typical.create,
        Operation::Updating => typical.update,
        Operation::Deleting => typical.delete,
    }
}

/// When an operation that began at `since` and is expected to take `expected` will be done.
///
/// Late operations get a little more time again and again: a fifth of what they have already taken.
#[must_use]
pub fn estimate(since: Timestamp, expected: Duration, now: Timestamp) -> Timestamp {
    let plain = later(since, expected);
    if plain > now {
        return plain;
    }
    let taken = Duration::try_from(now.duration_since(since)).unwrap_or_default();
    later(now, (taken / 5).max(Duration::from_secs(5)))
}

/// `at` plus `by`, or the end of time.
#[must_use]
pub fn later(at: Timestamp, by: Duration) -> Timestamp {
    at.checked_add(by).unwrap_or(Timestamp::MAX)
}

/// How long to wait before looking again: a tenth of what is left, within bounds.
#[must_use]
pub fn retry_after(hint: &Hint, least: Duration, most: Duration) -> Duration {
    let left = Duration::try_from(hint.estimated_completion_time.duration_since(hint.current_time)).unwrap_or_default();
    (left / 10).clamp(least, most.max(least))
}

#[cfg(test)]
mod tests {
    use super::*;

    const TYPICAL: Typical =
        Typical { create: Duration::from_mins(10), update: Duration::from_mins(15), delete: Duration::from_mins(4) };

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    #[test]
    fn an_estimate_is_never_in_the_past() {
        for now in [0, 1, 599, 600, 601, 5000, 100_000] {
            assert!(estimate(at(0), TYPICAL.create, at(now)) > at(now), "{now}");
        }
        assert_eq!(estimate(at(0), TYPICAL.create, at(10)), at(600));
    }

    #[test]
    fn experience_moves_the_expectation_towards_what_was_seen() {
        let experience = Experience::default();
        let product = Product::AwsReplicationGroup;
        let before = experience.expected(product, Operation::Creating, &TYPICAL);
        for _ in 0..20 {
            experience.learn(product, Operation::Creating, Duration::from_mins(1), &TYPICAL);
        }
        let after = experience.expected(product, Operation::Creating, &TYPICAL);
        assert!(before == TYPICAL.create && after < Duration::from_secs(70), "{after:?}");
        assert_eq!(experience.expected(product, Operation::Deleting, &TYPICAL), TYPICAL.delete);
    }
}
