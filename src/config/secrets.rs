//! `[secrets]`: the keys that passwords are derived from and cookies are sealed with.

use std::fmt;
use std::path::PathBuf;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD, URL_SAFE, URL_SAFE_NO_PAD};
use secrecy::{ExposeSecret, SecretSlice, SecretString};
use serde::ser::{Serialize, Serializer};
use serde::{Deserialize, Serialize as DeriveSerialize};

use super::files;

/// What a secret looks like wherever it would be printed.
pub const REDACTED: &str = "[redacted]";

/// The keys that passwords are derived from and cookies are sealed with.
#[derive(Debug, Clone, Default, DeriveSerialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Secrets {
    /// The first is active; the others still open what they sealed. A new key is added as second, then promoted.
    pub keyring: Vec<Key>,
}

impl Secrets {
    /// The key that seals and derives from now on; `None` with an empty keyring.
    #[must_use]
    pub fn active(&self) -> Option<&Key> {
        self.keyring.first()
    }

    /// The key that is called `id`.
    #[must_use]
    pub fn key(&self, id: &str) -> Option<&Key> {
        self.keyring.iter().find(|key| key.id == id)
    }
}

/// One key of the keyring.
#[derive(Debug, Clone, DeriveSerialize, Deserialize)]
#[serde(try_from = "WrittenKey")]
pub struct Key {
    /// Its name, which stands in marks and cookies: 1 to 16 of `[a-z0-9-]`.
    pub id: String,
    /// The key itself.
    #[serde(rename = "key")]
    pub bytes: KeyBytes,
}

/// At least 32 secret bytes. Prints and serialises as `[redacted]`.
#[derive(Clone)]
pub struct KeyBytes(SecretSlice<u8>);

impl KeyBytes {
    /// The fewest bytes that a key may have.
    pub const MIN_LEN: usize = 32;

    /// Takes bytes as they are, if they are enough.
    pub fn new(bytes: Vec<u8>) -> Result<Self, InvalidKey> {
        if bytes.len() < Self::MIN_LEN {
            return Err(InvalidKey("too short: at least 32 bytes, so 64 hex digits or 43 characters of base64"));
        }
        Ok(Self(bytes.into()))
    }

    /// Reads hex or base64 (standard or URL-safe, padded or not). A text that can be both is hex.
    pub fn decode(text: &str) -> Result<Self, InvalidKey> {
        let text = text.trim();
        if let Some(bytes) = hex(text) {
            return Self::new(bytes);
        }
        let alphabets = [STANDARD, STANDARD_NO_PAD, URL_SAFE, URL_SAFE_NO_PAD];
        let bytes = alphabets.iter().find_map(|alphabet| alphabet.decode(text).ok());
        bytes.map_or(Err(InvalidKey("neither hex nor base64")), Self::new)
    }

    /// The bytes.
    #[must_use]
    pub fn expose(&self) -> &[u8] {
        self.0.expose_secret()
    }
}

impl From<[u8; KeyBytes::MIN_LEN]> for KeyBytes {
    fn from(bytes: [u8; KeyBytes::MIN_LEN]) -> Self {
        Self(bytes.to_vec().into())
    }
}

impl fmt::Debug for KeyBytes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(REDACTED)
    }
}

impl Serialize for KeyBytes {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(REDACTED)
    }
}

/// Why a text is no key. Does not hold the text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct InvalidKey(&'static str);

pub(super) fn hex(text: &str) -> Option<Vec<u8>> {
    if text.is_empty() || !text.len().is_multiple_of(2) || !text.bytes().all(|c| c.is_ascii_hexdigit()) {
        return None;
    }
    (0..text.len()).step_by(2).map(|at| u8::from_str_radix(&text[at..at + 2], 16).ok()).collect()
}

/// A key as it stands in a file.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WrittenKey {
    id: String,
    #[serde(default)]
    key: Option<SecretString>,
    #[serde(default)]
    key_file: Option<PathBuf>,
}

impl TryFrom<WrittenKey> for Key {
    type Error = String;

    fn try_from(written: WrittenKey) -> Result<Self, String> {
        let legal = |c: u8| c.is_ascii_lowercase() || c.is_ascii_digit() || c == b'-';
        if !(1..=16).contains(&written.id.len()) || !written.id.bytes().all(legal) {
            return Err("`id` must be 1 to 16 of the characters a-z, 0-9 and '-'".to_owned());
        }
        let (what, text) = match (written.key, written.key_file) {
            (Some(key), None) => ("key", key),
            (None, Some(path)) => ("key_file", files::read_secret("key_file", &path)?),
            (Some(_), Some(_)) => return Err("has both `key` and `key_file`; one is enough".to_owned()),
            (None, None) => return Err("needs `key` or `key_file`; `openssl rand -hex 32` makes a key".to_owned()),
        };
        let bytes = KeyBytes::decode(text.expose_secret()).map_err(|error| format!("`{what}` is {error}"))?;
        Ok(Self { id: written.id, bytes })
    }
}

/// For `serialize_with` of an optional secret.
#[expect(clippy::ref_option, reason = "serde passes a reference to the field")]
pub(super) fn redacted<S: Serializer>(secret: &Option<SecretString>, serializer: S) -> Result<S::Ok, S::Error> {
    match secret {
        Some(_) => serializer.serialize_some(REDACTED),
        None => serializer.serialize_none(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_read_from_hex_and_from_every_base64() {
        let bytes: Vec<u8> = (200..=255).collect();
        let hexed = bytes.iter().fold(String::new(), |text, byte| text + &format!("{byte:02X}"));
        let texts = [hexed, STANDARD.encode(&bytes), STANDARD_NO_PAD.encode(&bytes), URL_SAFE_NO_PAD.encode(&bytes)];
        for text in texts {
            assert_eq!(KeyBytes::decode(&format!(" {text}\n")).unwrap().expose(), bytes);
        }
    }

    #[test]
    fn a_key_that_is_short_or_no_key_is_refused() {
        assert!(KeyBytes::decode(&"ab".repeat(31)).is_err());
        assert!(KeyBytes::decode(&"ab".repeat(32)).is_ok());
        for bad in ["", "correct horse battery staple correct horse battery"] {
            assert!(KeyBytes::decode(bad).is_err(), "{bad}");
        }
    }
}
