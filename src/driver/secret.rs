//! The keyring, the passwords derived from it, and the seal on the cookie.

use std::fmt;

use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use aws_lc_rs::hkdf::{HKDF_SHA256, KeyType, Salt};
use secrecy::{ExposeSecret, SecretSlice, SecretString};

use crate::cache::{GuResId, Password};
use crate::random::Random;

/// One key of the keyring. At least 32 bytes.
#[derive(Clone)]
pub struct Key {
    id: String,
    bytes: SecretSlice<u8>,
}

impl Key {
    /// The shortest key that is accepted, in bytes.
    pub const MIN_LEN: usize = 32;

    /// A key under the id that marks and cookies name it by.
    #[must_use]
    pub fn new(id: impl Into<String>, bytes: Vec<u8>) -> Self {
        Self { id: id.into(), bytes: bytes.into() }
    }

    /// A key for one purpose, so that no two purposes share one.
    fn derive<const N: usize>(&self, salt: &[u8], info: &[&[u8]]) -> [u8; N] {
        struct Len(usize);
        impl KeyType for Len {
            fn len(&self) -> usize {
                self.0
            }
        }
        let extracted = Salt::new(HKDF_SHA256, salt).extract(self.bytes.expose_secret());
        let mut out = [0; N];
        extracted.expand(info, Len(N)).and_then(|okm| okm.fill(&mut out)).expect("HKDF-SHA256 gives up to 8160 bytes");
        out
    }
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Key").field("id", &self.id).finish_non_exhaustive()
    }
}

/// The driver's keys: the first is active, the others still open and derive what they once sealed and derived.
#[derive(Debug, Clone)]
pub struct Keyring {
    active: Key,
    others: Vec<Key>,
}

/// A key that the keyring no longer holds.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the keyring has no key `{0}`")]
pub struct MissingKey(pub String);

/// A seal that does not open.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the seal is broken")]
pub struct BrokenSeal;

const PASSWORD_LEN: usize = 32;
const ALPHABET: &[u8; 62] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
const SALT_LEN: usize = 16;

impl Keyring {
    /// A keyring whose first key is `active`.
    #[must_use]
    pub fn new(active: Key, others: Vec<Key>) -> Self {
        Self { active, others }
    }

    fn key(&self, id: &str) -> Result<&Key, MissingKey> {
        let mut keys = std::iter::once(&self.active).chain(&self.others);
        keys.find(|key| key.id == id).ok_or_else(|| MissingKey(id.to_owned()))
    }

    /// Id of the active key.
    #[must_use]
    pub fn active_id(&self) -> &str {
        &self.active.id
    }

    /// The first password of a new life: the active key, generation 0, a fresh salt.
    #[must_use]
    pub fn new_password(&self, random: &dyn Random) -> Password {
        let mut bytes = [0; SALT_LEN];
        random.fill(&mut bytes);
        // 32 letters and digits are 5 bits each: 80 random bits per life, in what a label may hold.
        let salt =
            bytes.iter().map(|byte| char::from(b"abcdefghijklmnopqrstuvwxyz234567"[usize::from(byte & 31)])).collect();
        Password { key: self.active.id.clone(), generation: 0, salt }
    }

    /// The password that `how` describes: 32 letters and digits, which every cloud accepts and no URL has to escape.
    pub fn password(&self, id: &GuResId, account: &str, how: &Password) -> Result<SecretString, MissingKey> {
        let key = self.key(&how.key)?;
        let generation = how.generation.to_be_bytes();
        let info: [&[u8]; 5] =
            [b"cache-driver password 1\0", id.as_str().as_bytes(), b"\0", account.as_bytes(), &generation];
        // Bytes past the last multiple of 62 are passed over, or some letters would be likelier than others.
        let stream: [u8; 8 * PASSWORD_LEN] = key.derive(how.salt.as_bytes(), &info);
        let fair = stream.iter().filter(|byte| **byte < 248).take(PASSWORD_LEN);
        let password: String = fair.map(|byte| char::from(ALPHABET[usize::from(byte % 62)])).collect();
        assert_eq!(password.len(), PASSWORD_LEN, "256 bytes give 32 fair ones, but for a chance below 2^-500");
        Ok(SecretString::from(password))
    }

    /// Seals `plain` with the active key. Opens only with the same `context`.
    #[must_use]
    pub fn seal(&self, random: &dyn Random, context: &[u8], plain: &[u8]) -> Vec<u8> {
        let mut nonce = [0; NONCE_LEN];
        random.fill(&mut nonce);
        // A key of its own for each seal: random nonces under one key would be safe for 2^32 cookies only.
        let mut salt = [0; SALT_LEN];
        random.fill(&mut salt);
        let mut sealed = plain.to_vec();
        Self::sealing_key(&self.active, &salt)
            .seal_in_place_append_tag(Nonce::assume_unique_for_key(nonce), Aad::from(context), &mut sealed)
            .expect("a cookie is shorter than what AES-GCM can seal");
        [&salt[..], &nonce[..], &sealed].concat()
    }

    /// Opens what [`Keyring::seal`] sealed with the key `key_id`.
    pub fn open(&self, key_id: &str, context: &[u8], sealed: &[u8]) -> Result<Result<Vec<u8>, BrokenSeal>, MissingKey> {
        let key = self.key(key_id)?;
        Ok(Self::open_with(key, context, sealed))
    }

    fn open_with(key: &Key, context: &[u8], sealed: &[u8]) -> Result<Vec<u8>, BrokenSeal> {
        let (salt, rest) = sealed.split_at_checked(SALT_LEN).ok_or(BrokenSeal)?;
        let (nonce, rest) = rest.split_at_checked(NONCE_LEN).ok_or(BrokenSeal)?;
        let nonce = Nonce::try_assume_unique_for_key(nonce).map_err(|_| BrokenSeal)?;
        let mut rest = rest.to_vec();
        let plain = Self::sealing_key(key, salt).open_in_place(nonce, Aad::from(context), &mut rest);
        plain.map(|plain| plain.to_vec()).map_err(|_| BrokenSeal)
    }

    fn sealing_key(key: &Key, salt: &[u8]) -> LessSafeKey {
        let bytes: [u8; 32] = key.derive(salt, &[b"cache-driver cookie 1"]);
        LessSafeKey::new(UnboundKey::new(&AES_256_GCM, &bytes).expect("AES-256 takes 32 bytes"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::SeededSource;

    fn ring() -> Keyring {
        Keyring::new(Key::new("k2", vec![2; 32]), vec![Key::new("k1", vec![1; 32])])
    }

    fn id() -> GuResId {
        GuResId::parse("3c0a194814284345e330544f88798e83992468e2").unwrap()
    }

    #[test]
    fn a_password_depends_on_every_input_and_repeats() {
        let how = ring().new_password(&SeededSource::new(1));
        let same = ring().password(&id(), "1", &how).unwrap();
        assert_eq!(same.expose_secret(), ring().password(&id(), "1", &how).unwrap().expose_secret());
        assert_eq!(same.expose_secret().len(), 32);
        let other_id = GuResId::parse("other").unwrap();
        let variants = [
            ring().password(&other_id, "1", &how),
            ring().password(&id(), "2", &how),
            ring().password(&id(), "1", &Password { generation: 1, ..how.clone() }),
            ring().password(&id(), "1", &Password { key: "k1".into(), ..how.clone() }),
            ring().password(&id(), "1", &ring().new_password(&SeededSource::new(2))),
        ];
        for variant in variants {
            assert_ne!(variant.unwrap().expose_secret(), same.expose_secret());
        }
    }

    #[test]
    fn a_seal_opens_only_with_its_context_and_key() {
        let sealed = ring().seal(&SeededSource::new(1), b"a", b"plain");
        assert_eq!(ring().open("k2", b"a", &sealed).unwrap().unwrap(), b"plain");
        assert_eq!(ring().open("k2", b"b", &sealed).unwrap(), Err(BrokenSeal));
        assert_eq!(ring().open("k1", b"a", &sealed).unwrap(), Err(BrokenSeal));
        assert_eq!(ring().open("k3", b"a", &sealed), Err(MissingKey("k3".into())));
        for at in 0..sealed.len() {
            let mut tampered = sealed.clone();
            tampered[at] ^= 1;
            assert_eq!(ring().open("k2", b"a", &tampered).unwrap(), Err(BrokenSeal));
            assert!(ring().open("k2", b"a", &sealed[..at]).unwrap().is_err());
        }
    }

    #[test]
    fn a_key_cannot_be_printed() {
        assert!(!format!("{:?}", ring()).contains("[1, 1"));
    }
}
