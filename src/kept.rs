//! What is remembered for a while, and never without end.
//!
//! A handful of entries that are looked up before calls that take a second each: one lock around a map is enough.

use std::borrow::Borrow;
use std::collections::HashMap;
use std::fmt;
use std::hash::Hash;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

/// Values by their keys. Each ends after a time; where there are too many, the one goes whose time is over first.
pub struct Kept<K, V> {
    most: usize,
    time: Duration,
    /// Whether the time begins anew with each use.
    renewed: bool,
    entries: Mutex<HashMap<K, (Instant, V)>>,
}

impl<K, V> fmt::Debug for Kept<K, V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Values may be secrets.
        f.debug_struct("Kept").field("most", &self.most).field("time", &self.time).finish_non_exhaustive()
    }
}

impl<K: Eq + Hash + Clone, V: Clone> Kept<K, V> {
    /// Keeps each value for `time` after it was written.
    #[must_use]
    pub fn written_within(time: Duration, most: usize) -> Self {
        Self { most, time, renewed: false, entries: Mutex::default() }
    }

    /// Keeps each value for `time` after it was last written or asked for.
    #[must_use]
    pub fn used_within(time: Duration, most: usize) -> Self {
        Self { renewed: true, ..Self::written_within(time, most) }
    }

    /// The value of `key`, if its time is not over.
    pub fn get<Q: Eq + Hash + ?Sized>(&self, key: &Q) -> Option<V>
    where
        K: Borrow<Q>,
    {
        self.get_at(key, Instant::now())
    }

    /// The value of `key`, made now if there is none. Of several who ask at once, one makes it.
    pub fn get_with(&self, key: K, make: impl FnOnce() -> V) -> V {
        let now = Instant::now();
        let mut entries = self.entries();
        if let Some(value) = self.find(&mut entries, &key, now) {
            return value;
        }
        let value = make();
        self.put(&mut entries, key, value.clone(), now);
        value
    }

    /// Keeps a value, in place of one that may be there.
    pub fn insert(&self, key: K, value: V) {
        self.insert_at(key, value, Instant::now());
    }

    /// Forgets one.
    pub fn remove(&self, key: &K) {
        self.entries().remove(key);
    }

    /// Forgets all.
    pub fn clear(&self) {
        self.entries().clear();
    }

    fn get_at<Q: Eq + Hash + ?Sized>(&self, key: &Q, now: Instant) -> Option<V>
    where
        K: Borrow<Q>,
    {
        self.find(&mut self.entries(), key, now)
    }

    fn insert_at(&self, key: K, value: V, now: Instant) {
        self.put(&mut self.entries(), key, value, now);
    }

    fn find<Q: Eq + Hash + ?Sized>(&self, entries: &mut HashMap<K, (Instant, V)>, key: &Q, now: Instant) -> Option<V>
    where
        K: Borrow<Q>,
    {
        let (since, value) = entries.get_mut(key).filter(|(since, _)| now.duration_since(*since) < self.time)?;
        if self.renewed {
            *since = now;
        }
        Some(value.clone())
    }

    fn put(&self, entries: &mut HashMap<K, (Instant, V)>, key: K, value: V, now: Instant) {
        entries.retain(|_, (since, _)| now.duration_since(*since) < self.time);
        if entries.len() >= self.most && !entries.contains_key(&key) {
            let oldest = entries.iter().min_by_key(|(_, (since, _))| *since).map(|(key, _)| key.clone());
            oldest.map(|key| entries.remove(&key));
        }
        entries.insert(key, (now, value));
    }

    fn entries(&self) -> MutexGuard<'_, HashMap<K, (Instant, V)>> {
        self.entries.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOUR: Duration = Duration::from_hours(1);
    const MINUTE: Duration = Duration::from_mins(1);

    #[test]
    fn what_was_written_ends_after_its_time_however_often_it_is_used() {
        let (kept, start) = (Kept::written_within(HOUR, 8), Instant::now());
        kept.insert_at("a", 1, start);
        assert_eq!(kept.get_at("a", start + HOUR - MINUTE), Some(1));
        assert_eq!(kept.get_at("a", start + HOUR), None);
        kept.insert_at("a", 2, start + HOUR);
        assert_eq!(kept.get_at("a", start + HOUR + MINUTE), Some(2));
    }

    #[test]
    fn what_is_used_stays() {
        let (kept, start) = (Kept::used_within(HOUR, 8), Instant::now());
        kept.insert_at("a", 1, start);
        assert_eq!(kept.get_at("a", start + HOUR - MINUTE), Some(1));
        assert_eq!(kept.get_at("a", start + HOUR + MINUTE), Some(1));
        assert_eq!(kept.get_at("a", start + 2 * HOUR + MINUTE), None);
    }

    #[test]
    fn where_there_are_too_many_the_one_goes_whose_time_is_over_first() {
        let start = Instant::now();
        for (kept, gone) in [(Kept::written_within(HOUR, 2), "a"), (Kept::used_within(HOUR, 2), "b")] {
            kept.insert_at("a", 1, start);
            kept.insert_at("b", 2, start + MINUTE);
            assert_eq!(kept.get_at("a", start + 2 * MINUTE), Some(1));
            kept.insert_at("c", 3, start + 3 * MINUTE);
            for key in ["a", "b", "c"] {
                assert_eq!(kept.get_at(key, start + 3 * MINUTE).is_none(), key == gone, "{key}");
            }
            // One that is there already takes nobody's place.
            kept.insert_at("c", 4, start + 4 * MINUTE);
            assert_eq!(kept.entries().len(), 2);
        }
    }

    #[test]
    fn what_is_over_is_dropped_when_something_new_comes() {
        let (kept, start) = (Kept::written_within(HOUR, 8), Instant::now());
        let old = std::sync::Arc::new(());
        kept.insert_at("old", old.clone(), start);
        kept.insert_at("new", std::sync::Arc::default(), start + HOUR);
        assert_eq!(std::sync::Arc::strong_count(&old), 1);
    }

    #[test]
    fn a_value_is_made_once_until_it_is_removed() {
        let kept = Kept::used_within(HOUR, 8);
        assert_eq!(kept.get_with("a", || 1), 1);
        assert_eq!(kept.get_with("a", || 2), 1);
        kept.remove(&"a");
        assert_eq!(kept.get_with("a", || 3), 3);
        kept.clear();
        assert_eq!(kept.get("a"), None);
    }

    #[test]
    fn nothing_that_is_kept_is_shown() {
        let kept = Kept::written_within(HOUR, 8);
        kept.insert("key", "canary");
        assert!(!format!("{kept:?}").contains("canary"));
    }
}
