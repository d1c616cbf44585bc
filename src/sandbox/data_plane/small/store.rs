//! Keys and values, in memory.

use std::collections::HashMap;
use std::time::Duration;

use crate::clock::Timestamp;

/// Most bytes of keys and values together.
const MOST_BYTES: usize = 64 * 1024 * 1024;
/// What an entry costs beside its key and value.
const OVERHEAD: usize = 96;

#[derive(Debug, Default)]
pub(super) struct Store {
    entries: HashMap<Vec<u8>, Entry>,
    bytes: usize,
}

#[derive(Debug)]
struct Entry {
    value: Vec<u8>,
    /// The first moment at which it is gone.
    until: Option<Timestamp>,
}

impl Entry {
    fn lives(&self, now: Timestamp) -> bool {
        self.until.is_none_or(|until| now < until)
    }
}

/// How long a key will still be there.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum TimeLeft {
    NotThere,
    Unlimited,
    For(Duration),
}

/// There is no room for it.
#[derive(Debug)]
pub(super) struct Full;

impl Store {
    pub(super) fn get(&self, key: &[u8], now: Timestamp) -> Option<&[u8]> {
        self.entries.get(key).filter(|entry| entry.lives(now)).map(|entry| &entry.value[..])
    }

    pub(super) fn time_left(&self, key: &[u8], now: Timestamp) -> TimeLeft {
        match self.entries.get(key).filter(|entry| entry.lives(now)) {
            None => TimeLeft::NotThere,
            Some(Entry { until: None, .. }) => TimeLeft::Unlimited,
            Some(Entry { until: Some(until), .. }) => {
                TimeLeft::For(until.duration_since(now).try_into().unwrap_or_default())
            }
        }
    }

    /// What was there before stays if there is no room.
    pub(super) fn set(
        &mut self,
        key: &[u8],
        value: &[u8],
        until: Option<Timestamp>,
        now: Timestamp,
    ) -> Result<(), Full> {
        let cost = cost(key, value);
        if self.bytes_without(key) + cost > MOST_BYTES {
            self.entries.retain(|_, entry| entry.lives(now));
            self.bytes = self.entries.iter().map(|(key, entry)| self::cost(key, &entry.value)).sum();
        }
        if self.bytes_without(key) + cost > MOST_BYTES {
            return Err(Full);
        }
        self.bytes = self.bytes_without(key) + cost;
        self.entries.insert(key.to_vec(), Entry { value: value.to_vec(), until });
        Ok(())
    }

    fn bytes_without(&self, key: &[u8]) -> usize {
        self.bytes - self.entries.get(key).map_or(0, |entry| cost(key, &entry.value))
    }

    /// Whether it was there.
    pub(super) fn remove(&mut self, key: &[u8], now: Timestamp) -> bool {
        let Some(entry) = self.entries.remove(key) else { return false };
        self.bytes -= cost(key, &entry.value);
        entry.lives(now)
    }
}

fn cost(key: &[u8], value: &[u8]) -> usize {
    key.len() + value.len() + OVERHEAD
}

#[cfg(test)]
mod tests {
    use super::*;

    const START: Timestamp = Timestamp::UNIX_EPOCH;

    #[test]
    fn a_key_is_gone_when_its_time_is_over() {
        let (mut store, later) = (Store::default(), START + Duration::from_secs(5));
        store.set(b"k", b"v", Some(later), START).unwrap();
        assert_eq!(store.time_left(b"k", START), TimeLeft::For(Duration::from_secs(5)));
        assert_eq!(store.get(b"k", START), Some(&b"v"[..]));
        assert_eq!((store.get(b"k", later), store.time_left(b"k", later)), (None, TimeLeft::NotThere));
        assert!(!store.remove(b"k", later));
        assert_eq!(store.bytes, 0);
    }

    #[test]
    fn a_full_store_makes_room_of_what_is_over_and_then_refuses() {
        let (mut store, later) = (Store::default(), START + Duration::from_secs(5));
        let half = vec![0; MOST_BYTES / 2 - OVERHEAD - 1];
        store.set(b"a", &half, Some(later), START).unwrap();
        store.set(b"b", &half, None, START).unwrap();
        assert!(store.set(b"c", b"", None, START).is_err());
        assert!(store.set(b"a", &[half.clone(), half.clone()].concat(), None, START).is_err());
        assert!(store.get(b"a", START).is_some(), "a refused value must not take the old one away");
        store.set(b"a", &half, Some(later), START).unwrap();
        store.set(b"c", b"", None, later).unwrap();
        assert!(store.get(b"b", later).is_some());
    }
}
