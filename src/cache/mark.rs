//! What the driver writes on a cache to know it again.

use std::str::FromStr;
use std::time::Duration;

use jiff::Timestamp;

use super::fields::seconds as length;
use super::product::words;
use super::spec::duration;
use super::{GuResId, UnknownWord};

words! {
    /// What a DELETE does to the cache.
    OnDelete, "deletion" {
        /// Remove it and its data.
        Delete = "delete",
        /// Take a final snapshot, then remove it.
        Snapshot = "snapshot",
        /// Keep it for some hours, then remove it.
        Hold = "hold",
        /// Leave it as it is and forget it.
        Detach = "detach",
    }
}

words! {
    /// Whether the driver still answers for a marked cache.
    State, "state" {
        /// It does.
        Owned = "owned",
        /// It let go: GET is 404, DELETE is 204, a PUT takes it back.
        Detached = "detached",
        /// Deleted by its caller and kept for some hours: GET is 404, DELETE is 204, a PUT takes it back, and a sweep removes
        /// it when its time has come.
        Held = "held",
        /// Replaced by a cache elsewhere, to be removed after a grace time.
        Retired = "retired",
    }
}

/// Something that is still to be done, and when.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Intent {
    /// End a rotation: from then on only the newest password is valid.
    Settle(Timestamp),
    /// Remove the cache (a held or retired one).
    DeleteAfter(Timestamp),
}

/// Which password a cache has, without being able to tell it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Password {
    /// Id of the key in the keyring that it is derived from.
    pub key: String,
    /// Counts rotations, from 0.
    pub generation: u32,
    /// Random, new for each life of the cache.
    pub salt: String,
}

/// What the driver writes on a cache: that it is ours and whose it is, what was wanted and since when, and how its
/// password is made. Holds no secret. Fits into 255 characters of ASCII: see [`Mark::to_text`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mark {
    /// The resource that the cache serves.
    pub id: GuResId,
    /// Whether the driver still answers for it.
    pub state: State,
    /// Hash of the specification that was wanted last: 12 hex digits.
    pub want: String,
    /// Start of the operation that led there, to the second.
    pub since: Timestamp,
    /// The size as it was asked for (`small`, or GiB as a number): a node type is only changed when this does.
    pub capacity: Option<String>,
    /// How the password is made; `None` where the cache has none, or the cloud makes it, or it was adopted with one.
    pub password: Option<Password>,
    /// What a DELETE does.
    pub on_delete: OnDelete,
    /// For how long [`OnDelete::Hold`] keeps it; `None` is [`Mark::HOLD_HOURS`]. Written with `hold` only.
    pub hold_hours: Option<u32>,
    /// Whether DELETE is refused.
    pub protected: bool,
    /// Whether it existed before this driver.
    pub adopted: bool,
    /// What is still to be done.
    pub intent: Option<Intent>,
    /// How old it may get. A field of its own beside the intent, because a cache can be in the middle of a rotation too.
    pub ttl: Option<Duration>,
    /// Name of the route that made it.
    pub route: Option<String>,
}

/// Why a text is no mark.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum MarkError {
    /// It does not claim to be one.
    #[error("no mark of this driver")]
    Foreign,
    /// It claims to be one, and cannot be read.
    #[error("a mark of this driver that cannot be read: `{0}`")]
    Garbled(&'static str),
}

const DRIVER: &str = "cache-driver/";
const HEAD: &str = "cache-driver/1";

impl Mark {
    /// The longest that [`Mark::to_text`] gives, as AWS allows for a description.
    pub const MAX_TEXT: usize = 255;
    /// The longest route name and key id that still fit. Config refuses longer ones.
    pub const MAX_NAME: usize = 16;
    /// For how many hours a cache is held, where nobody said.
    pub const HOLD_HOURS: u32 = 72;

    /// The mark of a cache that nothing has happened to yet.
    #[must_use]
    pub fn new(id: GuResId, want: String, since: Timestamp) -> Self {
        Self {
            id,
            state: State::Owned,
            want,
            since,
            capacity: None,
            password: None,
            on_delete: OnDelete::Delete,
            hold_hours: None,
            protected: false,
            adopted: false,
            intent: None,
            ttl: None,
            route: None,
        }
    }

    /// Until when a cache that is deleted at `now` is held.
    #[must_use]
    pub fn held_until(&self, now: Timestamp) -> Timestamp {
        let hours = self.hold_hours.unwrap_or(Self::HOLD_HOURS);
        now.checked_add(Duration::from_hours(hours.into())).unwrap_or(Timestamp::MAX)
    }

    /// When it gets too old, if it was made at `born`. `None` without a `ttl`, and after the end of time.
    #[must_use]
    pub fn expires(&self, born: Timestamp) -> Option<Timestamp> {
        born.checked_add(self.ttl?).ok()
    }

    /// The mark as short keys and values, each value of `[a-z0-9._-]` only: what fits into labels and tags too.
    #[must_use]
    pub fn to_pairs(&self) -> Vec<(&'static str, String)> {
        let mut pairs = vec![
            ("id", self.id.to_string()),
            ("w", self.want.clone()),
            ("t", self.since.as_second().to_string()),
            ("d", self.on_delete.to_string()),
        ];
        if self.state != State::Owned {
            pairs.push(("st", self.state.to_string()));
        }
        if let Some(hours) = self.hold_hours.filter(|_| self.on_delete == OnDelete::Hold) {
            pairs.push(("h", hours.to_string()));
        }
        if let Some(capacity) = &self.capacity {
            pairs.push(("c", capacity.clone()));
        }
        if let Some(password) = &self.password {
            pairs.push(("k", password.key.clone()));
            pairs.push(("g", password.generation.to_string()));
            pairs.push(("s", password.salt.clone()));
        }
        if self.protected {
            pairs.push(("p", "1".to_owned()));
        }
        if self.adopted {
            pairs.push(("a", "1".to_owned()));
        }
        match self.intent {
            Some(Intent::Settle(at)) => pairs.push(("i", format!("settle-{}", at.as_second()))),
            Some(Intent::DeleteAfter(at)) => pairs.push(("i", format!("delete-{}", at.as_second()))),
            None => {}
        }
        if let Some(ttl) = self.ttl {
            pairs.push(("e", duration(ttl.as_secs())));
        }
        if let Some(route) = &self.route {
            pairs.push(("r", route.clone()));
        }
        pairs
    }

    /// The mark as one line of text, at most [`Mark::MAX_TEXT`] characters.
    #[must_use]
    pub fn to_text(&self) -> String {
        let pairs = self.to_pairs();
        let words = pairs.iter().map(|(key, value)| format!("{key}={value}"));
        std::iter::once(HEAD.to_owned()).chain(words).collect::<Vec<_>>().join(" ")
    }

    /// Reads what [`Mark::to_text`] wrote. Keys that a later version added are passed over.
    pub fn from_text(text: &str) -> Result<Self, MarkError> {
        let mut words = text.split_ascii_whitespace();
        match words.next() {
            Some(HEAD) => {}
            Some(other) if other.starts_with(DRIVER) => return Err(MarkError::Garbled("version")),
            _ => return Err(MarkError::Foreign),
        }
        let pairs: Vec<(&str, &str)> = words.filter_map(|word| word.split_once('=')).collect();
        Self::from_pairs(|key| pairs.iter().find(|(k, _)| *k == key).map(|(_, value)| *value))
    }

    /// Reads what [`Mark::to_pairs`] wrote, from wherever the cloud keeps it.
    pub fn from_pairs<'a>(get: impl Fn(&str) -> Option<&'a str>) -> Result<Self, MarkError> {
        let id = get("id").ok_or(MarkError::Foreign)?;
        let id = GuResId::parse(id).map_err(|_| MarkError::Garbled("id"))?;
        let want = get("w").ok_or(MarkError::Garbled("w"))?.to_owned();
        let since = get("t").and_then(seconds).ok_or(MarkError::Garbled("t"))?;
        let on_delete = word_or(get("d"), OnDelete::Delete).map_err(|_| MarkError::Garbled("d"))?;
        let state = word_or(get("st"), State::Owned).map_err(|_| MarkError::Garbled("st"))?;
        let password = match (get("k"), get("g"), get("s")) {
            (Some(key), Some(generation), Some(salt)) => Some(Password {
                key: key.to_owned(),
                generation: generation.parse().map_err(|_| MarkError::Garbled("g"))?,
                salt: salt.to_owned(),
            }),
            (None, None, None) => None,
            _ => return Err(MarkError::Garbled("k")),
        };
        let intent = get("i").map_or(Ok(None), intent)?;
        let hours = get("h").map(str::parse).transpose().map_err(|_| MarkError::Garbled("h"))?;
        let ttl = get("e").map(|text| length(text).ok_or(MarkError::Garbled("e"))).transpose()?;
        Ok(Self {
            id,
            state,
            want,
            since,
            capacity: get("c").map(str::to_owned),
            password,
            on_delete,
            hold_hours: hours.filter(|_| on_delete == OnDelete::Hold),
            protected: get("p") == Some("1"),
            adopted: get("a") == Some("1"),
            intent,
            ttl: ttl.map(Duration::from_secs),
            route: get("r").map(str::to_owned),
        })
    }
}

fn word_or<T: FromStr<Err = UnknownWord>>(text: Option<&str>, default: T) -> Result<T, UnknownWord> {
    text.map_or(Ok(default), str::parse)
}

fn seconds(text: &str) -> Option<Timestamp> {
    Timestamp::from_second(text.parse().ok()?).ok()
}

/// An intent that a later version added is passed over: it is not for this one to carry out.
fn intent(text: &str) -> Result<Option<Intent>, MarkError> {
    let garbled = MarkError::Garbled("i");
    let (what, at) = text.rsplit_once('-').ok_or(garbled.clone())?;
    let at = seconds(at);
    match what {
        "settle" => Ok(Some(Intent::Settle(at.ok_or(garbled)?))),
        "delete" => Ok(Some(Intent::DeleteAfter(at.ok_or(garbled)?))),
        _ => Ok(None),
    }
}

#[cfg(test)]
mod tests;
