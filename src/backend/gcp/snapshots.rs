//! One list instead of many looks, where calls are scarce.

use std::collections::{BTreeSet, HashMap};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use jiff::Timestamp;
use serde_json::Value;

use super::collection::Collection;
use crate::backend::Who;
use crate::kept::Kept;

/// Scopes whose looks are shared.
const KEPT: usize = 256;
/// Changes that are remembered before old ones are dropped.
const CHANGES: usize = 4096;

/// With whose rights, in which project, what is listed.
type Scope = (Who, String, Collection);

/// All caches of a scope, as one list showed them.
#[derive(Debug)]
pub(super) struct Snapshot {
    began: Timestamp,
    /// Its place in the order of lists and changes.
    number: u64,
    items: HashMap<String, Value>,
    unreachable: BTreeSet<String>,
}

impl Snapshot {
    /// `key` is as [`key`] gives it.
    pub(super) fn get(&self, key: &str) -> Option<&Value> {
        let location = key.split('/').next().unwrap_or_default();
        if self.unreachable.contains(location) { None } else { self.items.get(key) }
    }
}

/// What is known of one scope.
#[derive(Debug, Default)]
pub(super) struct Watch {
    state: Mutex<State>,
    /// Held by the one that lists.
    pub(super) listing: tokio::sync::Mutex<()>,
}

#[derive(Debug, Default)]
struct State {
    looked: HashMap<String, Timestamp>,
    last_began: Option<Timestamp>,
    snapshot: Option<Arc<Snapshot>>,
}

/// A list that has begun.
#[derive(Debug, Clone, Copy)]
pub(super) struct Begun {
    at: Timestamp,
    number: u64,
}

/// The snapshots of all scopes, and when this process last changed which cache.
#[derive(Debug)]
pub(super) struct Snapshots {
    interval: Duration,
    watches: Kept<Scope, Arc<Watch>>,
    counter: AtomicU64,
    changes: Mutex<HashMap<String, (u64, Timestamp)>>,
}

/// While it lives a change of a cache is under way; what was listed before its end is not believed of that cache.
#[derive(Debug)]
pub(super) struct Changing<'a> {
    snapshots: &'a Snapshots,
    name: String,
    now: Timestamp,
}

impl Snapshots {
    pub(super) fn new(interval: Duration) -> Self {
        Self {
            interval,
            watches: Kept::used_within(Duration::from_hours(1), KEPT),
            counter: AtomicU64::new(1),
            changes: Mutex::default(),
        }
    }

    pub(super) fn watch(&self, who: Who, project: &str, collection: Collection) -> Arc<Watch> {
        self.watches.get_with((who, project.to_owned(), collection), Arc::default)
    }

    /// A change of the cache of this full name begins.
    pub(super) fn changing(&self, name: String, now: Timestamp) -> Changing<'_> {
        self.note(&name, now);
        Changing { snapshots: self, name, now }
    }

    /// A list begins.
    pub(super) fn begin(&self, watch: &Watch, now: Timestamp) -> Begun {
        watch.state().last_began = Some(now);
        Begun { at: now, number: self.counter.fetch_add(1, Ordering::SeqCst) }
    }

    /// Whether this process has changed the cache since the snapshot's list began.
    pub(super) fn is_outdated(&self, snapshot: &Snapshot, name: &str) -> bool {
        let changes = self.changes.lock().unwrap_or_else(PoisonError::into_inner);
        changes.get(name).is_some_and(|(number, _)| *number > snapshot.number)
    }

    /// How many caches were looked at within the last interval, this one included.
    pub(super) fn crowd(&self, watch: &Watch, key: &str, now: Timestamp) -> usize {
        let mut state = watch.state();
        state.looked.retain(|_, at| self.is_recent(*at, now));
        state.looked.insert(key.to_owned(), now);
        state.looked.len()
    }

    /// A snapshot that is young enough.
    pub(super) fn fresh(&self, watch: &Watch, now: Timestamp) -> Option<Arc<Snapshot>> {
        watch.state().snapshot.clone().filter(|snapshot| self.is_recent(snapshot.began, now))
    }

    /// Whether a list may begin.
    pub(super) fn may_begin(&self, watch: &Watch, now: Timestamp) -> bool {
        watch.state().last_began.is_none_or(|began| !self.is_recent(began, now))
    }

    fn note(&self, name: &str, now: Timestamp) {
        let number = self.counter.fetch_add(1, Ordering::SeqCst);
        let mut changes = self.changes.lock().unwrap_or_else(PoisonError::into_inner);
        if changes.len() >= CHANGES {
            // No snapshot is used for as long as this: whatever list is used began later.
            let long = self.interval * 2;
            changes.retain(|_, (_, at)| now.duration_since(*at).unsigned_abs() < long);
        }
        changes.insert(name.to_owned(), (number, now));
    }

    fn is_recent(&self, time: Timestamp, now: Timestamp) -> bool {
        now.duration_since(time).unsigned_abs() < self.interval
    }
}

impl Drop for Changing<'_> {
    fn drop(&mut self) {
        self.snapshots.note(&self.name, self.now);
    }
}

impl Watch {
    /// Keeps what a list showed.
    pub(super) fn keep(&self, begun: Begun, resources: Vec<Value>, unreachable: BTreeSet<String>) -> Arc<Snapshot> {
        let mut items = HashMap::new();
        for resource in resources {
            if let Some(key) = resource.get("name").and_then(Value::as_str).and_then(key) {
                items.insert(key.to_owned(), resource);
            }
        }
        let snapshot = Arc::new(Snapshot { began: begun.at, number: begun.number, items, unreachable });
        self.state().snapshot = Some(snapshot.clone());
        snapshot
    }

    fn state(&self) -> std::sync::MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What tells caches of one project apart: `{location}/{noun}/{id}`. The project before it may be spelled as a number.
pub(super) fn key(name: &str) -> Option<&str> {
    name.split_once("/locations/").map(|(_, rest)| rest)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const NAME: &str = "projects/p/locations/l/instances/i";

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(1_800_000_000 + second).unwrap()
    }

    fn watch(snapshots: &Snapshots) -> Arc<Watch> {
        snapshots.watch(Who::Own, "p", Collection::Valkey)
    }

    #[tokio::test]
    async fn a_list_that_began_before_the_end_of_a_change_is_not_believed_of_it() {
        let snapshots = Snapshots::new(Duration::from_secs(10));
        let watch = watch(&snapshots);
        let list = || snapshots.begin(&watch, at(0));
        let keep = |begun| watch.keep(begun, vec![json!({"name": NAME})], BTreeSet::new());

        let before = list();
        let changing = snapshots.changing(NAME.to_owned(), at(0));
        let during = list();
        drop(changing);
        let after = list();
        let other = "projects/p/locations/l/instances/j";
        for (begun, outdated) in [(before, true), (during, true), (after, false)] {
            let snapshot = keep(begun);
            assert_eq!(snapshots.is_outdated(&snapshot, NAME), outdated, "{begun:?}");
            assert!(!snapshots.is_outdated(&snapshot, other));
        }
    }

    #[tokio::test]
    async fn a_snapshot_ages_and_a_new_one_may_begin_when_it_has() {
        let snapshots = Snapshots::new(Duration::from_secs(10));
        let watch = watch(&snapshots);
        assert!(snapshots.may_begin(&watch, at(0)) && snapshots.fresh(&watch, at(0)).is_none());
        watch.keep(snapshots.begin(&watch, at(0)), Vec::new(), BTreeSet::new());
        assert!(snapshots.fresh(&watch, at(9)).is_some() && !snapshots.may_begin(&watch, at(9)));
        assert!(snapshots.fresh(&watch, at(10)).is_none() && snapshots.may_begin(&watch, at(10)));
    }

    #[tokio::test]
    async fn caches_are_counted_while_they_are_looked_at() {
        let snapshots = Snapshots::new(Duration::from_secs(10));
        let watch = watch(&snapshots);
        assert_eq!([0, 0, 5].map(|second| snapshots.crowd(&watch, "l/instances/a", at(second))), [1, 1, 1]);
        assert_eq!(snapshots.crowd(&watch, "l/instances/b", at(9)), 2);
        assert_eq!(snapshots.crowd(&watch, "l/instances/c", at(16)), 2);
    }

    #[tokio::test]
    async fn a_location_that_did_not_answer_says_nothing_of_its_caches() {
        let snapshots = Snapshots::new(Duration::from_secs(10));
        let watch = watch(&snapshots);
        let listed = vec![json!({"name": NAME}), json!({"name": "projects/4711/locations/m/instances/i"})];
        let snapshot = watch.keep(snapshots.begin(&watch, at(0)), listed, ["l".to_owned()].into());
        assert!(snapshot.get("l/instances/i").is_none());
        assert!(snapshot.get("m/instances/i").is_some());
    }
}
