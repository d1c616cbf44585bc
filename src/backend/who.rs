//! Whose credentials, as the key of what is kept for them.

use std::fmt;

use super::Credentials;

/// Tells one set of credentials from another without holding them.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Who {
    /// The driver's own.
    Own,
    /// An account that the config names.
    Named(String),
    /// The fingerprint of what came with a request.
    Given([u8; 32]),
}

impl From<&Credentials> for Who {
    fn from(credentials: &Credentials) -> Self {
        match credentials {
            Credentials::Own => Self::Own,
            Credentials::Named(name) => Self::Named(name.clone()),
            Credentials::Given(given) => Self::Given(given.fingerprint()),
        }
    }
}

impl fmt::Display for Who {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Own => f.write_str("own"),
            Self::Named(name) => write!(f, "account-{name}"),
            Self::Given(fingerprint) => fingerprint[..8].iter().try_for_each(|byte| write!(f, "{byte:02x}")),
        }
    }
}
