//! What the two products of single instances share: Memorystore for Redis and Memorystore for Memcached.
//!
//! Both take several fields in one PATCH, and both have a method of its own for a new version.

mod accepted;
mod body;
mod certificates;
mod compare;
mod network;
mod plan;
mod resolving;
mod tags;
mod version;
mod window;

pub(super) use accepted::Accepted;
pub(super) use body::{entries, mask};
pub(super) use certificates::{TlsCertificate, valid};
pub(super) use compare::{Compared, changes, is_same, same_network, version_class};
pub(super) use network::{complete, network};
pub(super) use plan::{Calls, mark_alone, marked, remove, step};
pub(super) use resolving::{Resolving, Setting, shown};
pub(super) use tags::{labels, others};
pub(super) use version::{from_google, to_google, version};
pub(super) use window::{MaintenancePolicy, policy};

use std::fmt;

use jiff::Timestamp;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::backend::{BackendError, Kind, Result};

/// Reads a resource as Google shows it. Fields that nobody knows are passed over.
pub(super) fn read<T: DeserializeOwned>(operation: &'static str, resource: &Value) -> Result<T> {
    T::deserialize(resource).map_err(|error| {
        let message = "google's answer has another form than its schema says; repeat the request later";
        BackendError::new(Kind::Unavailable, operation, message).source(error)
    })
}

/// A time as Google writes it, with up to nine digits behind the second.
pub(super) fn time(text: Option<&str>) -> Option<Timestamp> {
    text?.parse().ok()
}

/// What is missing for a connection; it comes while the instance is made.
pub(super) fn lacks(operation: &'static str, what: impl fmt::Display) -> BackendError {
    BackendError::new(Kind::Busy, operation, format!("the instance shows no {what} yet"))
}
