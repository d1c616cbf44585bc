//! Where to get to, and the calls that lead there.

use secrecy::SecretString;
use serde::{Deserialize, Serialize};

use super::{Change, Fields, Resolved};
use crate::cache::Mark;

/// Where to get to.
#[derive(Debug, Clone)]
pub enum Goal<'a> {
    /// The cache exists as resolved. From absent: create it. Else: make exactly these changes.
    Present {
        /// What is wanted.
        resolved: &'a Resolved,
        /// What differs and may be changed now. Empty when creating.
        changes: &'a [Change],
        /// The mark to write with or before the first change.
        mark: &'a Mark,
        /// The password to create it with, where the driver makes it.
        password: Option<&'a SecretString>,
        /// Tags that say what never changes: (key, value).
        tags: &'a [(String, String)],
        /// Whether interrupting changes wait for the maintenance window.
        at_maintenance: bool,
    },
    /// Only the mark is rewritten: adopted, detached, protected, retired.
    Marked {
        /// The mark to write.
        mark: &'a Mark,
    },
    /// The password of the mark's generation is valid beside the previous one.
    Rotated {
        /// The mark to write.
        mark: &'a Mark,
        /// The new password.
        password: &'a SecretString,
    },
    /// Only the password of the mark's generation is valid.
    Settled {
        /// The mark to write.
        mark: &'a Mark,
        /// The password that stays.
        password: &'a SecretString,
    },
    /// It is gone, with everything that belongs to it.
    Removed {
        /// Name of the snapshot to take first.
        final_snapshot: Option<String>,
    },
}

/// Whether a call ends before the cloud has done what it asks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Pace {
    /// Done when the call returns.
    Instant,
    /// The cloud goes on working; nothing else can be asked of the cache meanwhile.
    Long,
}

/// One call to the cloud.
#[derive(Debug, Clone)]
pub struct Step {
    /// The call, in the cloud's own name (`ModifyReplicationGroup`).
    pub call: &'static str,
    /// Why, in words for the plan.
    pub why: String,
    /// Whether the cloud goes on working after it.
    pub pace: Pace,
    /// What to send, in the product's own names.
    pub fields: Fields,
    /// The mark to write with it.
    pub mark: Option<Mark>,
    /// The secret to send with it.
    pub secret: Option<SecretString>,
}
