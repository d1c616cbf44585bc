//! How long things take on the real service, and how much faster here.
//!
//! Taken from the run times of public acceptance tests against the service: a create takes about 5 to 10 minutes, a delete
//! 2 to 6, turning on TLS or crossing engines half an hour.

use std::time::Duration;

use super::group::{Change, Settings};
use crate::clock::Timestamp;

/// The real durations divided by a speed.
#[derive(Debug, Clone, Copy)]
pub(super) struct Pace {
    speed: f64,
}

impl Pace {
    /// A speed that is no positive number counts as 1.
    pub(super) fn new(speed: f64) -> Self {
        Self { speed: if speed.is_finite() && speed > 0.0 { speed } else { 1.0 } }
    }

    /// When something that starts at `from` and really takes `seconds` is over.
    pub(super) fn due(self, from: Timestamp, seconds: u64) -> Timestamp {
        let scaled = Duration::try_from_secs_f64(Duration::from_secs(seconds).as_secs_f64() / self.speed);
        from.checked_add(scaled.unwrap_or(Duration::MAX)).unwrap_or(Timestamp::MAX)
    }
}

/// Seconds to create a group.
pub(super) fn create(settings: &Settings) -> u64 {
    (300 + 30 * u64::from(settings.nodes().saturating_sub(1))).min(900)
}

/// Seconds to carry out changes, one after the other.
pub(super) fn modify(changes: &[Change], from: &Settings, to: &Settings) -> u64 {
    changes.iter().map(|change| one(*change, from, to)).sum()
}

fn one(change: Change, from: &Settings, to: &Settings) -> u64 {
    match change {
        Change::Words => 0,
        Change::NodeType => 600 + 60 * u64::from(from.nodes()),
        Change::Version if from.version.engine != to.version.engine => 1200,
        Change::Version => 900,
        Change::Tls => 1200,
        Change::ParameterGroup | Change::SecurityGroups => 30,
        Change::Failover | Change::TokenSet | Change::TokenRotate => 60,
        Change::Replicas => 240 + 30 * u64::from(from.nodes().abs_diff(to.nodes())),
        Change::Shards => 300 + 120 * from.shards.len().abs_diff(to.shards.len()) as u64,
        Change::Tags => 15,
    }
}

/// Seconds to take a snapshot.
pub(super) const SNAPSHOT: u64 = 120;
/// Seconds to copy a snapshot.
pub(super) const COPY: u64 = 60;
/// Seconds to remove a snapshot.
pub(super) const DELETE_SNAPSHOT: u64 = 30;
/// Seconds to delete a single cluster.
pub(super) const DELETE_CLUSTER: u64 = 180;

/// Seconds to delete a group.
pub(super) const fn delete(with_snapshot: bool) -> u64 {
    if with_snapshot { 240 + SNAPSHOT } else { 240 }
}
