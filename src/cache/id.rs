//! The orchestrator's id of a resource, and the name that follows from it.

use std::fmt;

use aws_lc_rs::digest;
use serde::{Deserialize, Serialize};

/// The orchestrator's permanent id of a resource: 3 to 63 of `[a-z0-9-]`. Usually 40 hex digits; may start with a digit.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct GuResId(String);

/// A text that cannot be a GUResID.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("a GUResID is 3 to 63 of the characters a-z, 0-9 and '-'")]
pub struct InvalidGuResId;

impl GuResId {
    /// Reads an id as it stands in a path or body.
    pub fn parse(text: &str) -> Result<Self, InvalidGuResId> {
        let legal = |c: u8| c.is_ascii_lowercase() || c.is_ascii_digit() || c == b'-';
        if (3..=63).contains(&text.len()) && text.bytes().all(legal) {
            Ok(Self(text.to_owned()))
        } else {
            Err(InvalidGuResId)
        }
    }

    /// The id as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for GuResId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::str::FromStr for GuResId {
    type Err = InvalidGuResId;

    fn from_str(text: &str) -> Result<Self, InvalidGuResId> {
        Self::parse(text)
    }
}

impl TryFrom<String> for GuResId {
    type Error = InvalidGuResId;

    fn try_from(text: String) -> Result<Self, InvalidGuResId> {
        Self::parse(&text)
    }
}

impl From<GuResId> for String {
    fn from(id: GuResId) -> Self {
        id.0
    }
}

/// What every name that this driver gives begins with: 1 to 19 of `[a-z0-9-]`, first a letter, no double or last hyphen.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Prefix(String);

impl Prefix {
    /// The longest that leaves room for the hash in the 40 characters that ElastiCache and Memorystore allow.
    pub const MAX_LEN: usize = CacheName::MAX_LEN - HASH_LEN - 1;

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for Prefix {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        let legal = |c: u8| c.is_ascii_lowercase() || c.is_ascii_digit() || c == b'-';
        let fits = (1..=Self::MAX_LEN).contains(&text.len())
            && text.bytes().all(legal)
            && text.starts_with(|c: char| c.is_ascii_lowercase())
            && !text.contains("--")
            && !text.ends_with('-');
        if fits {
            Ok(Self(text))
        } else {
            Err(format!(
                "1 to {} of a-z, 0-9 and '-', starting with a letter, without double or trailing '-'",
                Self::MAX_LEN
            ))
        }
    }
}

impl From<Prefix> for String {
    fn from(prefix: Prefix) -> Self {
        prefix.0
    }
}

impl fmt::Display for Prefix {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Characters of the hash in a name: 5 bits each, so 100 bits.
const HASH_LEN: usize = 20;
const BASE32: &[u8; 32] = b"abcdefghijklmnopqrstuvwxyz234567";

/// The name of a cache at its cloud: legal on every product, at most 40 characters.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct CacheName(String);

impl CacheName {
    /// The shortest limit among the products: ElastiCache `ReplicationGroupId` and Memorystore instance ids, 40.
    pub const MAX_LEN: usize = 40;

    /// The name of the resource `id`: the same for the same three inputs, on every cloud, for ever.
    ///
    /// A salt gives a fresh name to the same id, for when the old one cannot be used again.
    #[must_use]
    pub fn derive(prefix: &Prefix, id: &GuResId, salt: Option<&str>) -> Self {
        let mut context = digest::Context::new(&digest::SHA256);
        context.update(b"cache-driver name 1\0");
        context.update(id.as_str().as_bytes());
        if let Some(salt) = salt {
            context.update(b"\0");
            context.update(salt.as_bytes());
        }
        let hash = context.finish();
        let mut name = format!("{prefix}-");
        let mut bits = 0_u32;
        let mut held = 0_u32;
        let mut bytes = hash.as_ref().iter();
        for _ in 0..HASH_LEN {
            if held < 5 {
                bits = (bits << 8) | bytes.next().copied().map_or(0, u32::from);
                held += 8;
            }
            held -= 5;
            name.push(char::from(BASE32[((bits >> held) & 31) as usize]));
        }
        Self(name)
    }

    /// A name that was not derived: an adopted cache's, or one that a cloud listed.
    pub fn existing(name: impl Into<String>) -> Self {
        Self(name.into())
    }

    /// Whether [`CacheName::derive`] gives names of this form with this prefix.
    #[must_use]
    pub fn looks_derived(&self, prefix: &Prefix) -> bool {
        let hash = self.0.strip_prefix(prefix.as_str()).and_then(|rest| rest.strip_prefix('-'));
        hash.is_some_and(|hash| hash.len() == HASH_LEN && hash.bytes().all(|c| BASE32.contains(&c)))
    }

    /// The name as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for CacheName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn prefix(text: &str) -> Prefix {
        Prefix::try_from(text.to_owned()).unwrap()
    }

    proptest! {
        #[test]
        fn any_id_gets_a_name_that_every_product_accepts(
            id in "[a-z0-9-]{3,63}",
            start in "[a-z][a-z0-9]{0,8}(-[a-z0-9]{1,9})?",
            salt in proptest::option::of(".{1,20}"),
        ) {
            let name = CacheName::derive(&prefix(&start), &GuResId::parse(&id).unwrap(), salt.as_deref());
            let name = name.as_str();
            prop_assert!(name.len() <= 40);
            prop_assert!(name.starts_with(|c: char| c.is_ascii_lowercase()));
            prop_assert!(name.bytes().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == b'-'));
            prop_assert!(!name.contains("--") && !name.ends_with('-'));
        }

        #[test]
        fn different_ids_or_salts_never_share_a_name(a in "[a-z0-9-]{3,63}", b in "[a-z0-9-]{3,63}", salt in "[a-z0-9]{1,8}") {
            let p = prefix("cache");
            let (a, b) = (GuResId::parse(&a).unwrap(), GuResId::parse(&b).unwrap());
            let plain = CacheName::derive(&p, &a, None);
            prop_assert_eq!(a == b, plain == CacheName::derive(&p, &b, None));
            prop_assert_ne!(&plain, &CacheName::derive(&p, &a, Some(&salt)));
        }
    }

    #[test]
    fn a_name_never_changes_between_releases() {
        let id = GuResId::parse("3c0a194814284345e330544f88798e83992468e2").unwrap();
        assert_eq!(CacheName::derive(&prefix("cache"), &id, None).as_str().len(), 26);
        assert_eq!(CacheName::derive(&prefix("cache"), &id, None).as_str(), "cache-yvzeoxbyt6jdsxvhajg7");
    }

    #[test]
    fn an_illegal_id_or_prefix_is_refused() {
        for bad in ["", "ab", "Abc", "a_b", "a/b", &"a".repeat(64), "äbc"] {
            assert!(GuResId::parse(bad).is_err(), "{bad}");
        }
        for bad in ["", "1a", "a--b", "a-", "A", "abcdefghijklmnopqrstu"] {
            assert!(Prefix::try_from(bad.to_owned()).is_err(), "{bad}");
        }
    }
}
