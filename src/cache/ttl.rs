//! How old a cache may get.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use super::fields::seconds;
use super::spec::duration;

/// How old a cache may get, as a request says it. Not to say it leaves an earlier one as it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ttl {
    /// As old as it likes: an earlier one is lifted.
    Never,
    /// So old, counted from its creation.
    After(Duration),
}

impl Ttl {
    /// The length, if it has one.
    #[must_use]
    pub const fn length(self) -> Option<Duration> {
        match self {
            Self::Never => None,
            Self::After(length) => Some(length),
        }
    }
}

/// Neither a duration nor a word for none.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("neither a duration such as `7d` nor `none`")]
pub struct NoTtl;

impl FromStr for Ttl {
    type Err = NoTtl;

    fn from_str(text: &str) -> Result<Self, NoTtl> {
        match text {
            "none" | "never" => Ok(Self::Never),
            length => seconds(length).map(|length| Self::After(Duration::from_secs(length))).ok_or(NoTtl),
        }
    }
}

impl fmt::Display for Ttl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Never => f.write_str("none"),
            Self::After(length) => f.write_str(&duration(length.as_secs())),
        }
    }
}
