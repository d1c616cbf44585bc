//! What an emulated cloud was asked to do, so that a test can say "this was called once" and "nothing was called".

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use serde::Serialize;
use serde_json::{Value, json};

use crate::clock::Timestamp;

/// Calls beyond this many are counted but no longer listed.
const LISTED: usize = 10_000;

/// One call that arrived, whatever became of it.
#[derive(Debug, Clone, Serialize)]
pub struct Call {
    /// When, on the sandbox's clock.
    pub at: Timestamp,
    /// The service, in lower case (`elasticache`, `sts`).
    pub service: String,
    /// The action or method.
    pub action: String,
    /// The name of the resource that it was about, if it named one.
    pub name: Option<String>,
    /// The account or project that it was made in.
    pub account: String,
    /// The region or location.
    pub region: String,
}

/// Every call since the start or the last reset.
#[derive(Debug, Default)]
pub struct Calls {
    seen: Mutex<Seen>,
}

#[derive(Debug, Default)]
struct Seen {
    listed: Vec<Call>,
    counts: BTreeMap<String, u64>,
}

impl Calls {
    /// Notes a call.
    pub fn record(&self, call: Call) {
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        *seen.counts.entry(call.action.clone()).or_default() += 1;
        if seen.listed.len() < LISTED {
            seen.listed.push(call);
        }
    }

    /// How often an action was called.
    #[must_use]
    pub fn count(&self, action: &str) -> u64 {
        let seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        seen.counts.get(action).copied().unwrap_or_default()
    }

    /// Forgets everything.
    pub fn clear(&self) {
        *self.seen.lock().unwrap_or_else(PoisonError::into_inner) = Seen::default();
    }

    /// `{"total", "counts": {action: n}, "calls": [..]}`.
    #[must_use]
    pub fn to_json(&self) -> Value {
        let seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        let total: u64 = seen.counts.values().sum();
        json!({ "total": total, "counts": seen.counts, "calls": seen.listed })
    }
}
