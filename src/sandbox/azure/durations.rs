//! How long things take on the real service, and how much faster here.
//!
//! Taken from recorded calls of public acceptance tests: a Managed Redis cluster takes 333 to 394 seconds, its database 6 to 9, a
//! delete 305; a classic cache 9 to 14 minutes. Updates and scaling were not recorded and are guesses.

use std::time::Duration;

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
        from.checked_add(self.scaled(seconds)).unwrap_or(Timestamp::MAX)
    }

    /// Whole seconds here of real ones, at least one.
    pub(super) fn seconds(self, seconds: u64) -> u64 {
        self.scaled(seconds).as_secs().max(1)
    }

    fn scaled(self, seconds: u64) -> Duration {
        let scaled = Duration::try_from_secs_f64(Duration::from_secs(seconds).as_secs_f64() / self.speed);
        scaled.unwrap_or(Duration::MAX)
    }
}

pub(super) const CLUSTER_CREATE: u64 = 360;
pub(super) const CLUSTER_UPDATE: u64 = 60;
pub(super) const CLUSTER_SCALE: u64 = 600;
pub(super) const CLUSTER_DELETE: u64 = 305;
pub(super) const DATABASE_CREATE: u64 = 7;
pub(super) const DATABASE_UPDATE: u64 = 5;
pub(super) const DATABASE_UPGRADE: u64 = 120;
pub(super) const DATABASE_DELETE: u64 = 20;
pub(super) const ASSIGNMENT: u64 = 8;

pub(super) const CLASSIC_CREATE: u64 = 720;
pub(super) const CLASSIC_UPDATE: u64 = 120;
pub(super) const CLASSIC_SCALE: u64 = 1200;
pub(super) const CLASSIC_DELETE: u64 = 400;
pub(super) const CLASSIC_ASSIGNMENT: u64 = 180;

pub(super) const PRIVATE_ENDPOINT: u64 = 30;
pub(super) const DNS_ZONE_GROUP: u64 = 15;
pub(super) const REGISTER: u64 = 60;

/// How soon a create that finds no machines fails.
pub(super) const NO_CAPACITY: u64 = 42;
/// An operation that is younger says `Pending`.
pub(super) const PENDING: u64 = 1;
/// What a throttled caller is told to wait.
pub(super) const THROTTLED: u64 = 5;
