//! The errors of the emulated services: wire code, HTTP status, message.
//!
//! Codes and statuses are those of the `ElastiCache` API, version 2015-02-02. They are irregular (some end in `Fault`, some do not;
//! not every "not found" is a 404) and must stay so.

use std::borrow::Cow;

/// An error answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct AwsError {
    pub(super) code: Cow<'static, str>,
    pub(super) status: u16,
    pub(super) message: String,
}

/// What an action answers: the content of its result element, or an error.
pub(super) type Answer = Result<Vec<u8>, AwsError>;

impl AwsError {
    pub(super) fn new(code: impl Into<Cow<'static, str>>, status: u16, message: impl Into<String>) -> Self {
        Self { code: code.into(), status, message: message.into() }
    }

    /// A value is not allowed by itself.
    pub(super) fn value(message: impl Into<String>) -> Self {
        Self::new("InvalidParameterValue", 400, message)
    }

    /// Values are not allowed together.
    pub(super) fn combination(message: impl Into<String>) -> Self {
        Self::new("InvalidParameterCombination", 400, message)
    }

    /// A required parameter is absent or blank.
    pub(super) fn missing(parameter: &str) -> Self {
        Self::value(format!("The parameter {parameter} must be provided and must not be blank."))
    }

    pub(super) fn group_not_found(id: &str) -> Self {
        Self::new("ReplicationGroupNotFoundFault", 404, format!("ReplicationGroup {id} not found."))
    }

    pub(super) fn cluster_not_found(id: &str) -> Self {
        Self::new("CacheClusterNotFound", 404, format!("CacheCluster not found: {id}"))
    }

    pub(super) fn snapshot_not_found(name: &str) -> Self {
        Self::new("SnapshotNotFoundFault", 404, format!("Snapshot {name} not found."))
    }

    /// 400 and not 404: so it is in the API.
    pub(super) fn subnet_group_not_found(name: &str) -> Self {
        Self::new("CacheSubnetGroupNotFoundFault", 400, format!("Cache subnet group {name} does not exist."))
    }

    pub(super) fn parameter_group_not_found(name: &str) -> Self {
        Self::new("CacheParameterGroupNotFound", 404, format!("CacheParameterGroup {name} not found."))
    }

    /// The group is busy or dead.
    pub(super) fn group_state(id: &str, status: &str, wanted: &str) -> Self {
        let message = format!("Replication group {id} is {status}; it must be available to {wanted}.");
        Self::new("InvalidReplicationGroupState", 400, message)
    }
}
