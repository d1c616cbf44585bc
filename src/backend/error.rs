//! What a backend says when a cloud call fails.

use std::error::Error as StdError;
use std::fmt;

use crate::cache::{Cause, Code};

/// What kind of failure it is, and thereby what the driver does about it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Kind {
    /// Credentials are missing, malformed, expired or denied.
    Credentials,
    /// The cloud refused for good: the request can never succeed as it is.
    Refused,
    /// The name is taken by something that this driver does not own.
    Taken,
    /// Quota or capacity.
    Capacity,
    /// Something that has to be there first is missing in the account.
    Prerequisite,
    /// The resource is in the middle of something else; the same call succeeds later.
    Busy,
    /// Throttling, 5xx, a time-out, a broken connection: nothing is known, the same call may succeed at once.
    Unavailable,
}

impl Kind {
    /// Whether repeating the same request later can succeed without anybody changing anything.
    #[must_use]
    pub const fn is_transient(self) -> bool {
        matches!(self, Self::Busy | Self::Unavailable)
    }

    /// The code that the caller sees.
    #[must_use]
    pub const fn code(self) -> Code {
        match self {
            Self::Credentials => Code::Credentials,
            Self::Refused | Self::Busy | Self::Unavailable => Code::CloudFailed,
            Self::Taken => Code::NameTaken,
            Self::Capacity => Code::Capacity,
            Self::Prerequisite => Code::Prerequisite,
        }
    }
}

/// A failed cloud call: which one, what kind of failure, the cloud's own words, and what to do.
///
/// `message` is for the caller; `source` is for the log and never reaches an answer.
#[derive(Debug)]
pub struct BackendError {
    /// What kind of failure.
    pub kind: Kind,
    /// The cloud call, in the cloud's own name (`CreateReplicationGroup`).
    pub operation: &'static str,
    /// What went wrong, for the caller: lower case, no final stop, no secret.
    pub message: String,
    /// The cloud's own words, where it said any.
    pub cause: Option<Box<Cause>>,
    /// What to do about it.
    pub hint: Option<String>,
    /// Whether nobody gave the driver an identity there.
    without_identity: bool,
    source: Option<Box<dyn StdError + Send + Sync>>,
}

/// What a call to a backend gives.
pub type Result<T> = std::result::Result<T, BackendError>;

impl BackendError {
    /// A failure of `operation`.
    pub fn new(kind: Kind, operation: &'static str, message: impl Into<String>) -> Self {
        Self {
            kind,
            operation,
            message: message.into(),
            cause: None,
            hint: None,
            without_identity: false,
            source: None,
        }
    }

    /// The same, with the cloud's own words.
    #[must_use]
    pub fn cause(mut self, cause: Cause) -> Self {
        self.cause = Some(Box::new(cause));
        self
    }

    /// The same, with what to do about it.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// The same, because the driver was given no identity of its own there.
    #[must_use]
    pub fn without_identity(mut self) -> Self {
        self.without_identity = true;
        self
    }

    /// Whether the driver was given no identity of its own there: it has made nothing by itself, then.
    #[must_use]
    pub fn lacks_identity(&self) -> bool {
        self.without_identity
    }

    /// The same, with the error that it came from.
    #[must_use]
    pub fn source(mut self, source: impl StdError + Send + Sync + 'static) -> Self {
        self.source = Some(Box::new(source));
        self
    }
}

impl fmt::Display for BackendError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.operation, self.message)
    }
}

impl StdError for BackendError {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.source.as_deref().map(|source| source as _)
    }
}
