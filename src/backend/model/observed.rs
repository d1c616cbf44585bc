//! What is there.

use jiff::Timestamp;

use super::{Endpoint, Fields};
use crate::cache::product::words;
use crate::cache::{Mark, MarkError};

words! {
    /// What state a cache is in, in words that fit every cloud.
    Phase, "phase" {
        /// There is none.
        Absent = "absent",
        /// It is being made.
        Creating = "creating",
        /// It answers, and nothing runs.
        Ready = "ready",
        /// It answers, and a change runs.
        Changing = "changing",
        /// It answers, and the cloud is busy by itself (a snapshot, maintenance); changes have to wait.
        Busy = "busy",
        /// It is being removed.
        Deleting = "deleting",
        /// Its creation failed for good and it never answered. It holds nothing.
        Shell = "shell",
        /// The cloud calls it failed; it may hold data.
        Failed = "failed",
    }
}

/// Whose cache it is, as its mark says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Ownership {
    /// It bears this mark.
    Marked(Box<Mark>),
    /// It bears no mark of this driver, or one that cannot be read.
    Foreign(MarkError),
}

impl Ownership {
    /// The mark, if there is one.
    #[must_use]
    pub fn mark(&self) -> Option<&Mark> {
        match self {
            Self::Marked(mark) => Some(mark),
            Self::Foreign(_) => None,
        }
    }
}

/// What is there, as one look at the cloud showed it.
#[derive(Debug, Clone, PartialEq)]
pub struct Observed {
    /// What state it is in.
    pub phase: Phase,
    /// The cloud's own word for it (`modifying`).
    pub status: String,
    /// Whose it is. `None` while absent.
    pub ownership: Option<Ownership>,
    /// What can be read of it, under the same names as in [`Resolved::fields`](super::Resolved::fields). What cannot be read is not there.
    pub fields: Fields,
    /// Account id, project or subscription that it was seen in.
    pub account: String,
    /// ARN or full path.
    pub resource_id: Option<String>,
    /// When it was made.
    pub created_at: Option<Timestamp>,
    /// Where clients connect, once that is known.
    pub endpoint: Option<Endpoint>,
    /// Where clients may read, where that is elsewhere.
    pub reader: Option<Endpoint>,
    /// What the cloud has accepted and not yet done, in its own words.
    pub pending: Vec<String>,
    /// Parts beside the cache itself (user, group, database): kind and name.
    pub parts: Vec<(String, String)>,
    /// Parts that a creation still has to make, and can make now: kind and name. While there are some and the phase is
    /// [`Phase::Creating`], the calls that make the first of them are the steps to [`Goal::Present`](super::Goal::Present) without changes.
    pub missing: Vec<(String, String)>,
}

impl Observed {
    /// Nothing is there.
    #[must_use]
    pub fn absent(account: impl Into<String>) -> Self {
        Self {
            phase: Phase::Absent,
            status: String::new(),
            ownership: None,
            fields: Fields::new(),
            account: account.into(),
            resource_id: None,
            created_at: None,
            endpoint: None,
            reader: None,
            pending: Vec::new(),
            parts: Vec::new(),
            missing: Vec::new(),
        }
    }

    /// The mark, if it bears one.
    #[must_use]
    pub fn mark(&self) -> Option<&Mark> {
        self.ownership.as_ref()?.mark()
    }
}
