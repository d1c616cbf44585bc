//! How many calls a minute are left of Google's quotas, which are per project.
//!
//! Valkey and Redis Cluster allow 60 calls a minute, of which 10 may create or delete (memorystore/docs/{valkey,cluster}/quotas);
//! Redis instances 3000 and 30; of Memcached no number is published, and Redis' are taken. The driver uses half of that
//! and shares its half between its replicas: the other half is left to people and to other tools.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use jiff::Timestamp;

use super::collection::Collection;
use crate::clock::Clock;
use crate::config::Gcp;

const MINUTE: Duration = Duration::from_mins(1);
/// Windows that are kept before idle ones are dropped.
const KEPT: usize = 1024;

/// What a call is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Purpose {
    /// A look at one cache. Looks may use two thirds, so that changes always find room.
    Look,
    /// Making or removing a cache.
    Creation,
    /// Anything else.
    Other,
}

/// Calls per minute.
#[derive(Debug, Clone, Copy)]
struct Limits {
    calls: usize,
    creations: usize,
}

#[derive(Debug, Default)]
struct Window {
    calls: VecDeque<Timestamp>,
    creations: VecDeque<Timestamp>,
}

/// What is left of the quotas.
#[derive(Debug)]
pub(super) struct Budget {
    clock: Arc<dyn Clock>,
    scarce: Limits,
    plenty: Limits,
    windows: Mutex<HashMap<(String, Collection), Window>>,
}

impl Budget {
    pub(super) fn new(config: &Gcp, clock: Arc<dyn Clock>) -> Self {
        let share = |quota: u32| ((quota / 2 / config.replicas.max(1)) as usize).max(1);
        // A quota that was raised is raised for all.
        let (calls, creations) = (config.requests_per_minute.max(3000), config.creations_per_minute.max(30));
        Self {
            clock,
            scarce: Limits { calls: share(config.requests_per_minute), creations: share(config.creations_per_minute) },
            plenty: Limits { calls: share(calls), creations: share(creations) },
            windows: Mutex::default(),
        }
    }

    /// Whether calls to a collection are so few that looks are shared.
    pub(super) const fn is_scarce(collection: Collection) -> bool {
        matches!(collection, Collection::Valkey | Collection::RedisCluster)
    }

    /// How often a list of all caches may be asked for, so that lists use a fifth: every 10 s at 30 calls a minute.
    pub(super) fn interval(&self) -> Duration {
        MINUTE * 5 / u32::try_from(self.scarce.calls).unwrap_or(u32::MAX)
    }

    /// Whether a call would find room.
    pub(super) fn has_room(&self, project: &str, collection: Collection, purpose: Purpose) -> bool {
        self.with(project, collection, |window, limits, _| limits.lacking(window, purpose).is_none())
    }

    /// Takes one call out of the budget. The error tells how many a minute there are in all.
    pub(super) fn take(&self, project: &str, collection: Collection, purpose: Purpose) -> Result<(), usize> {
        self.with(project, collection, |window, limits, now| {
            if let Some(limit) = limits.lacking(window, purpose) {
                return Err(limit);
            }
            window.calls.push_back(now);
            if purpose == Purpose::Creation {
                window.creations.push_back(now);
            }
            Ok(())
        })
    }

    fn with<T>(
        &self,
        project: &str,
        collection: Collection,
        act: impl FnOnce(&mut Window, Limits, Timestamp) -> T,
    ) -> T {
        let now = self.clock.now();
        let mut windows = self.windows.lock().unwrap_or_else(PoisonError::into_inner);
        if windows.len() > KEPT {
            windows.retain(|_, window| window.calls.back().is_some_and(|last| is_recent(*last, now)));
        }
        let window = windows.entry((project.to_owned(), collection)).or_default();
        for times in [&mut window.calls, &mut window.creations] {
            while times.front().is_some_and(|first| !is_recent(*first, now)) {
                times.pop_front();
            }
        }
        act(window, if Self::is_scarce(collection) { self.scarce } else { self.plenty }, now)
    }
}

impl Limits {
    /// The limit that leaves no room, if one does.
    fn lacking(self, window: &Window, purpose: Purpose) -> Option<usize> {
        let calls = if purpose == Purpose::Look { (self.calls * 2 / 3).max(1) } else { self.calls };
        if window.calls.len() >= calls {
            return Some(self.calls);
        }
        (purpose == Purpose::Creation && window.creations.len() >= self.creations).then_some(self.creations)
    }
}

fn is_recent(time: Timestamp, now: Timestamp) -> bool {
    now.duration_since(time).unsigned_abs() < MINUTE
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::ManualClock;

    fn budget(config: &Gcp) -> (ManualClock, Budget) {
        let clock = ManualClock::at(Timestamp::from_second(1_800_000_000).unwrap());
        (clock.clone(), Budget::new(config, Arc::new(clock)))
    }

    fn taken(budget: &Budget, collection: Collection, purpose: Purpose) -> usize {
        (0..5000).take_while(|_| budget.take("p", collection, purpose).is_ok()).count()
    }

    #[test]
    fn half_of_each_quota_is_used_and_looks_leave_room_for_changes() {
        let (_, budget) = budget(&Gcp::default());
        assert_eq!(taken(&budget, Collection::Valkey, Purpose::Look), 20);
        assert_eq!(taken(&budget, Collection::Valkey, Purpose::Creation), 5);
        assert_eq!(taken(&budget, Collection::Valkey, Purpose::Other), 5);
        assert!(!budget.has_room("p", Collection::Valkey, Purpose::Other));
        assert!(budget.has_room("q", Collection::Valkey, Purpose::Look), "another project has its own");
        assert_eq!(taken(&budget, Collection::RedisCluster, Purpose::Other), 30, "so has another API");
        assert_eq!(taken(&budget, Collection::Redis, Purpose::Other), 1500);
        assert_eq!(taken(&budget, Collection::Memcached, Purpose::Creation), 15);
    }

    #[test]
    fn a_raised_quota_is_raised_for_all() {
        let (_, budget) = budget(&Gcp { creations_per_minute: 100, ..Gcp::default() });
        for collection in [Collection::Redis, Collection::Memcached] {
            assert_eq!(taken(&budget, collection, Purpose::Creation), 50);
        }
    }

    #[test]
    fn what_is_a_minute_old_is_forgotten() {
        let (clock, budget) = budget(&Gcp::default());
        assert_eq!(taken(&budget, Collection::Valkey, Purpose::Other), 30);
        clock.advance(Duration::from_secs(59));
        assert_eq!(budget.take("p", Collection::Valkey, Purpose::Other), Err(30));
        clock.advance(Duration::from_secs(1));
        assert_eq!(taken(&budget, Collection::Valkey, Purpose::Other), 30);
    }

    #[test]
    fn replicas_share_and_lists_become_rarer() {
        let (_, alone) = budget(&Gcp::default());
        assert_eq!(alone.interval(), Duration::from_secs(10));
        let (_, third) = budget(&Gcp { replicas: 3, ..Gcp::default() });
        assert_eq!(taken(&third, Collection::Valkey, Purpose::Other), 10);
        assert_eq!(third.interval(), Duration::from_secs(30));
        let (_, least) = budget(&Gcp { requests_per_minute: 1, replicas: 9, ..Gcp::default() });
        assert_eq!(taken(&least, Collection::Valkey, Purpose::Look), 1);
    }
}
