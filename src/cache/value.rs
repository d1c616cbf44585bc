//! The types of single inputs.

use std::cmp::Ordering;
use std::fmt;
use std::str::FromStr;

use super::product::words;
use super::{DailyWindow, Size, UnknownWord};

words! {
    /// How a client proves who it is.
    Auth, "auth" {
        /// A password.
        Password = "password",
        /// The cloud's own identities.
        Iam = "iam",
        /// Not at all.
        None = "none",
    }
}

words! {
    /// When a change that interrupts is made.
    Apply, "time of change" {
        /// At once.
        Now = "now",
        /// In the next maintenance window.
        MaintenanceWindow = "maintenance_window",
    }
}

words! {
    /// What happens to a cache when the provider for its resource changes.
    OnProviderChange, "policy" {
        /// It stays where it is.
        Keep = "keep",
        /// A new one is made on the new provider, then the old one is removed. Data is not copied.
        Replace = "replace",
        /// The request is refused.
        Reject = "reject",
    }
}

words! {
    /// How the data survives a restart.
    Persistence, "persistence" {
        /// Not at all.
        None = "none",
        /// By periodic snapshots.
        Rdb = "rdb",
        /// By a log of writes.
        Aof = "aof",
    }
}

words! {
    /// Which keys go when memory is full, under the names that Redis and Valkey use in `maxmemory-policy`.
    EvictionPolicy, "eviction policy" {
        /// None: writes fail.
        NoEviction = "noeviction",
        /// The least recently used of all.
        AllKeysLru = "allkeys-lru",
        /// The least often used of all.
        AllKeysLfu = "allkeys-lfu",
        /// Any of all.
        AllKeysRandom = "allkeys-random",
        /// The least recently used of those that expire.
        VolatileLru = "volatile-lru",
        /// The least often used of those that expire.
        VolatileLfu = "volatile-lfu",
        /// Any of those that expire.
        VolatileRandom = "volatile-random",
        /// Those that expire first.
        VolatileTtl = "volatile-ttl",
    }
}

/// How much memory is wanted, per shard.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Capacity {
    /// A word from the sizes table.
    Size(Size),
    /// GiB, to be rounded up to the next offering.
    MemoryGb(f64),
}

impl Capacity {
    /// The GiB that are wanted at least.
    #[must_use]
    pub const fn promised_gb(self) -> f64 {
        match self {
            Self::Size(size) => size.promised_gb(),
            Self::MemoryGb(gb) => gb,
        }
    }
}

impl fmt::Display for Capacity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Size(size) => size.fmt(f),
            Self::MemoryGb(gb) => gb.fmt(f),
        }
    }
}

/// Reads what `Display` wrote: a size word, or GiB as a plain number above 0.
impl FromStr for Capacity {
    type Err = UnknownWord;

    fn from_str(text: &str) -> Result<Self, UnknownWord> {
        let unknown = match text.parse() {
            Ok(size) => return Ok(Self::Size(size)),
            Err(unknown) => unknown,
        };
        match text.parse::<f64>() {
            Ok(gb) if gb.is_finite() && gb > 0.0 => Ok(Self::MemoryGb(gb)),
            _ => Err(unknown),
        }
    }
}

/// Backups that the cloud takes by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Backup {
    /// For how many days they are kept. 0 turns them off.
    pub days: u32,
    /// When they are taken. `None` leaves it to the cloud.
    pub window: Option<DailyWindow>,
}

/// An engine version as the user writes it: `8`, `7.2`, `6.x`, `7.2.4`.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Version(String);

impl Version {
    /// Reads a version: one to three parts, each a number, the second may be `x`.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let digits =
            |part: &str, max: usize| (1..=max).contains(&part.len()) && part.bytes().all(|c| c.is_ascii_digit());
        let parts: Vec<&str> = text.split('.').collect();
        let fits = match parts.as_slice() {
            [major] => digits(major, 2),
            // 17 digits, because that is how long a JSON number can be when it is written out.
            [major, minor] => digits(major, 2) && (*minor == "x" || digits(minor, 17)),
            [major, minor, patch] => digits(major, 2) && digits(minor, 3) && digits(patch, 3),
            _ => false,
        };
        (fits && !text.starts_with('0')).then(|| Self(text.to_owned()))
    }

    /// As it was written.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether a cache that reports `actual` is of this version: every part that was written is the same (`7.2` covers
    /// `7.2.4`, `6.x` covers `6.0.5`, `7` covers `7.1`).
    #[must_use]
    pub fn covers(&self, actual: &str) -> bool {
        let mut actual = actual.split('.');
        self.0.split('.').all(|part| part == "x" || actual.next() == Some(part))
    }

    /// Which of two is newer, part by part, as far as both are written.
    #[must_use]
    pub fn compare(&self, other: &str) -> Ordering {
        let number = |part: &str| part.parse::<u64>().ok();
        for (a, b) in self.0.split('.').zip(other.split('.')) {
            let (Some(a), Some(b)) = (number(a), number(b)) else { break };
            if a != b {
                return a.cmp(&b);
            }
        }
        Ordering::Equal
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_version_covers_what_is_more_exact_and_not_what_is_other() {
        let covers = |wanted: &str, actual: &str| Version::parse(wanted).unwrap().covers(actual);
        assert!(covers("7.2", "7.2.4") && covers("6.x", "6.0.5") && covers("7", "7.1") && covers("8.0", "8.0"));
        assert!(!covers("7.2", "7.20.1") && !covers("7.2.4", "7.2") && !covers("7", "8.0"));
    }

    #[test]
    fn versions_compare_as_numbers_as_far_as_both_are_written() {
        let compare = |a: &str, b: &str| Version::parse(a).unwrap().compare(b);
        assert_eq!(compare("7.10", "7.9"), Ordering::Greater);
        assert_eq!(compare("7.2", "8.0"), Ordering::Less);
        assert_eq!(compare("7", "7.2"), Ordering::Equal);
        assert_eq!(compare("6.x", "6.2.6"), Ordering::Equal);
    }

    #[test]
    fn what_is_no_version_is_refused() {
        for bad in ["", "0.1", "v7", "7.", "7.2.4.1", "latest", "7.2.x", "123", "7.-1"] {
            assert_eq!(Version::parse(bad), None, "{bad}");
        }
    }

    #[test]
    fn a_capacity_reads_back() {
        for text in ["nano", "2xlarge", "1.5", "24"] {
            assert_eq!(text.parse::<Capacity>().unwrap().to_string(), text);
        }
        for bad in ["", "huge", "0", "-1", "inf", "NaN"] {
            assert!(bad.parse::<Capacity>().is_err(), "{bad}");
        }
    }
}
