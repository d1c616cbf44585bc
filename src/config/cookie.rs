//! `[cookie]`: what the driver gives the orchestrator to keep.

use serde::{Deserialize, Serialize};

use super::scalar;

/// What the driver gives the orchestrator to keep, and what happens when it comes back unreadable.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Cookie {
    /// Whether the request's credentials travel in the sealed cookie. The orchestrator sends none with DELETE, so
    /// without this the driver's own identity must be able to delete. Default `true`.
    #[serde(deserialize_with = "scalar::read")]
    pub credentials: bool,
    /// What to do with a cookie of this driver that is garbled, tampered with, or of another resource. Default `reject`.
    pub unreadable: Unreadable,
}

/// What to do with a cookie of this driver that cannot be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Unreadable {
    /// Answer RES-102.
    Reject,
    /// Go on as if none had come.
    Ignore,
}

impl Default for Cookie {
    fn default() -> Self {
        Self { credentials: true, unreadable: Unreadable::Reject }
    }
}
