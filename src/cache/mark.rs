//! What the driver writes on a cache to know it again.

use std::str::FromStr;

use jiff::Timestamp;

use super::product::words;
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
    /// Whether DELETE is refused.
    pub protected: bool,
    /// Whether it existed before this driver.
    pub adopted: bool,
    /// What is still to be done.
    pub intent: Option<Intent>,
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

const HEAD: &str = "cache-driver/1";

impl Mark {
    /// The longest that [`Mark::to_text`] gives, as AWS allows for a description.
    pub const MAX_TEXT: usize = 255;
    /// The longest route name and key id that still fit. Config refuses longer ones.
    pub const MAX_NAME: usize = 16;

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
            protected: false,
            adopted: false,
            intent: None,
            route: None,
        }
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
        if words.next() != Some(HEAD) {
            return Err(MarkError::Foreign);
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
        let intent = match get("i") {
            None => None,
            Some(text) => Some(intent(text).ok_or(MarkError::Garbled("i"))?),
        };
        Ok(Self {
            id,
            state,
            want,
            since,
            capacity: get("c").map(str::to_owned),
            password,
            on_delete,
            protected: get("p") == Some("1"),
            adopted: get("a") == Some("1"),
            intent,
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

fn intent(text: &str) -> Option<Intent> {
    let (what, at) = text.rsplit_once('-')?;
    let at = seconds(at)?;
    match what {
        "settle" => Some(Intent::Settle(at)),
        "delete" => Some(Intent::DeleteAfter(at)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn any_mark() -> impl Strategy<Value = Mark> {
        let password = ("[a-z0-9-]{1,16}", any::<u16>(), "[a-z2-7]{16}").prop_map(|(key, generation, salt)| Password {
            key,
            generation: generation.into(),
            salt,
        });
        let time = (1_000_000_000_i64..9_999_999_999).prop_map(|s| Timestamp::from_second(s).unwrap());
        let intent = prop_oneof![time.clone().prop_map(Intent::Settle), time.clone().prop_map(Intent::DeleteAfter)];
        (
            ("[a-z0-9-]{3,63}", "[0-9a-f]{12}", time, proptest::option::of("[a-z0-9.]{1,8}")),
            (proptest::option::of(password), 0..4_usize, any::<bool>(), any::<bool>()),
            (proptest::option::of(intent), proptest::option::of("[a-z0-9-]{1,16}"), 0..3_usize),
        )
            .prop_map(
                |((id, want, since, capacity), (password, deletion, protected, adopted), (intent, route, state))| {
                    Mark {
                        id: GuResId::parse(&id).unwrap(),
                        state: State::ALL[state],
                        want,
                        since,
                        capacity,
                        password,
                        on_delete: OnDelete::ALL[deletion],
                        protected,
                        adopted,
                        intent,
                        route,
                    }
                },
            )
    }

    proptest! {
        #[test]
        fn any_mark_fits_a_description_and_reads_back(mark in any_mark()) {
            let text = mark.to_text();
            prop_assert!(text.len() <= Mark::MAX_TEXT, "{} characters", text.len());
            prop_assert_eq!(Mark::from_text(&text), Ok(mark));
        }

        #[test]
        fn any_text_is_read_without_a_panic(text in ".{0,300}") {
            let _ = Mark::from_text(&text);
            let _ = Mark::from_text(&format!("{HEAD} {text}"));
        }
    }

    #[test]
    fn somebody_elses_description_is_foreign_and_a_broken_one_is_garbled() {
        assert_eq!(Mark::from_text("sessions of the shop"), Err(MarkError::Foreign));
        assert_eq!(Mark::from_text("cache-driver/1 id=abc"), Err(MarkError::Garbled("w")));
    }
}
