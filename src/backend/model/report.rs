//! What a look at more than one cache tells.

use std::fmt;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{Fields, Ownership, Phase};
use crate::backend::{BackendError, Credentials, Kind};
use crate::cache::product::words;
use crate::cache::{Event, Mark, Place};

/// Why something failed, as far as the cloud wrote it down.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Diagnosis {
    /// The cause, in one sentence, if one is known.
    pub cause: Option<String>,
    /// What kind of failure the cause is.
    pub kind: Option<Kind>,
    /// What the cloud wrote down, newest first.
    pub events: Vec<Event>,
}

/// Where to list.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Scope {
    /// Account id, project or subscription; `None` is that of the credentials.
    pub account: Option<String>,
    /// Region or location.
    pub location: String,
    /// With whose rights.
    pub credentials: Credentials,
}

/// A cache that a list showed.
#[derive(Debug, Clone, PartialEq)]
pub struct Listed {
    /// Where it is.
    pub place: Place,
    /// Whose it is.
    pub ownership: Ownership,
    /// What state it is in.
    pub phase: Phase,
    /// The cloud's own word for it.
    pub status: String,
    /// When it was made.
    pub created_at: Option<Timestamp>,
    /// What can be read of it, where the list shows as much of the cache itself as a look does. `None`: only a look tells.
    pub fields: Option<Fields>,
}

impl Listed {
    /// The mark, if it bears one.
    #[must_use]
    pub fn mark(&self) -> Option<&Mark> {
        self.ownership.mark()
    }
}

words! {
    /// How it stands with what was looked at.
    Verdict, "verdict" {
        /// In order.
        Ok = "ok",
        /// Nothing that keeps caches from being made, or something that could not be looked at.
        Warning = "warning",
        /// Caches cannot be made, or not all of them.
        Problem = "problem",
    }
}

/// Something that the driver made beside its caches, and that none of them uses any more.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Leftover {
    /// What it is, in words (`parameter group`).
    pub kind: &'static str,
    /// Its name at the cloud.
    pub name: String,
}

/// One thing that a look at the account found.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Finding {
    /// What was looked at.
    pub subject: String,
    /// How it stands.
    pub verdict: Verdict,
    /// What was seen.
    pub message: String,
    /// How to mend it: a command to run, or a key to set.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mend: Option<String>,
}

impl Finding {
    fn new(verdict: Verdict, subject: impl Into<String>, message: impl Into<String>) -> Self {
        Self { subject: subject.into(), verdict, message: message.into(), mend: None }
    }

    /// Something that is in order.
    pub fn ok(subject: impl Into<String>, message: impl Into<String>) -> Self {
        Self::new(Verdict::Ok, subject, message)
    }

    /// Something to know, or that could not be looked at.
    pub fn warning(subject: impl Into<String>, message: impl Into<String>) -> Self {
        Self::new(Verdict::Warning, subject, message)
    }

    /// Something that has to be mended.
    pub fn problem(subject: impl Into<String>, message: impl Into<String>) -> Self {
        Self::new(Verdict::Problem, subject, message)
    }

    /// The failure of a call as a problem, mended as the error says.
    pub fn failed(subject: impl Into<String>, error: BackendError) -> Self {
        Self { mend: error.hint, ..Self::problem(subject, error.message) }
    }

    /// The failure of a call that only `check` makes: what it would have told stays unknown.
    pub fn unknown(subject: impl Into<String>, error: BackendError) -> Self {
        Self { mend: error.hint, ..Self::warning(subject, format!("could not be asked: {}", error.message)) }
    }

    /// The same, with how to mend it.
    #[must_use]
    pub fn mend(mut self, how: impl Into<String>) -> Self {
        self.mend = Some(how.into());
        self
    }

    /// Whether it keeps caches from being made.
    #[must_use]
    pub fn is_problem(&self) -> bool {
        self.verdict == Verdict::Problem
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}: {}", self.subject, self.verdict, self.message)?;
        match &self.mend {
            Some(how) => write!(f, "; {how}"),
            None => Ok(()),
        }
    }
}
