//! The plain data that crosses the trait: what is wanted, what is there, what differs, what to do.

mod capabilities;
mod connection;
mod goal;
mod observed;
mod permission;
mod report;
mod wanted;

use std::collections::BTreeMap;

pub use capabilities::{Capabilities, PasswordMaker, Typical};
pub use connection::{Connection, ConnectionPassword, Endpoint};
pub use goal::{Goal, Pace, Step};
pub use observed::{Observed, Ownership, Phase};
pub use permission::{Access, Feature, Permission};
pub use report::{Diagnosis, Finding, Leftover, Listed, Scope, Verdict};
use serde_json::Value;
pub use wanted::{Change, Class, Resolved};

use super::Credentials;
use crate::cache::Place;

/// A product's own fields by name, as plain data. Names are the product's own (`node_type`, `subnet_group`).
pub type Fields = BTreeMap<String, Value>;

/// Where to act, and with whose rights.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct At {
    /// Where the cache is, or will be.
    pub place: Place,
    /// With whose rights.
    pub credentials: Credentials,
}
