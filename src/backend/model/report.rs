//! What a look at more than one cache tells.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::Phase;
use crate::backend::{Credentials, Kind};
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

/// A marked cache that a list showed.
#[derive(Debug, Clone, PartialEq)]
pub struct Owned {
    /// Where it is.
    pub place: Place,
    /// Its mark.
    pub mark: Mark,
    /// What state it is in.
    pub phase: Phase,
    /// The cloud's own word for it.
    pub status: String,
    /// When it was made.
    pub created_at: Option<Timestamp>,
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
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Finding {
    /// What was looked at.
    pub subject: String,
    /// Whether it is in order.
    pub ok: bool,
    /// What was seen, and how to mend it.
    pub message: String,
}
