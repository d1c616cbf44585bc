//! What is known of single caches and costs calls to learn anew. An API that allows 60 requests a minute to a whole
//! project cannot be asked the same thing at every look.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use jiff::Timestamp;
use secrecy::SecretString;

/// How many caches are remembered. Beyond that all is learned anew.
const MOST: usize = 10_000;
/// For how long a password is remembered: another replica may have changed it.
const SECRET_FOR: Duration = Duration::from_mins(2);
/// For how long certificates are remembered: Google adds a new one long before the old one expires.
const AUTHORITY_FOR: Duration = Duration::from_hours(1);

/// What is known, by the full name of the cache.
#[derive(Debug, Default)]
pub(super) struct Memory {
    known: Mutex<HashMap<String, Known>>,
}

#[derive(Debug, Default)]
struct Known {
    /// Another life of the same name has another.
    uid: String,
    tokens: Option<(String, Vec<String>)>,
    secret: Option<(Timestamp, SecretString)>,
    authority: Option<(Timestamp, String)>,
}

impl Memory {
    fn lock(&self) -> MutexGuard<'_, HashMap<String, Known>> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn read<T>(&self, name: &str, uid: &str, read: impl FnOnce(&Known) -> Option<T>) -> Option<T> {
        self.lock().get(name).filter(|known| known.uid == uid).and_then(read)
    }

    fn write(&self, name: &str, uid: &str, write: impl FnOnce(&mut Known)) {
        let mut all = self.lock();
        if all.len() >= MOST && !all.contains_key(name) {
            all.clear();
        }
        let known = all.entry(name.to_owned()).or_default();
        if known.uid != uid {
            *known = Known { uid: uid.to_owned(), ..Known::default() };
        }
        write(known);
    }

    /// The tokens of a cache that was seen with a user and a token, oldest first. `stage` is how far a rotation has come:
    /// at another stage there are others.
    pub(super) fn tokens(&self, name: &str, uid: &str, stage: &str) -> Option<Vec<String>> {
        self.read(name, uid, |known| {
            known.tokens.as_ref().filter(|(at, _)| at == stage).map(|(_, tokens)| tokens.clone())
        })
    }

    pub(super) fn set_tokens(&self, name: &str, uid: &str, stage: String, tokens: Vec<String>) {
        self.write(name, uid, |known| known.tokens = Some((stage, tokens)));
    }

    pub(super) fn secret(&self, name: &str, uid: &str, now: Timestamp) -> Option<SecretString> {
        self.read(name, uid, |known| fresh(known.secret.as_ref(), now, SECRET_FOR))
    }

    pub(super) fn set_secret(&self, name: &str, uid: &str, now: Timestamp, secret: SecretString) {
        self.write(name, uid, |known| known.secret = Some((now, secret)));
    }

    pub(super) fn authority(&self, name: &str, uid: &str, now: Timestamp) -> Option<String> {
        self.read(name, uid, |known| fresh(known.authority.as_ref(), now, AUTHORITY_FOR))
    }

    pub(super) fn set_authority(&self, name: &str, uid: &str, now: Timestamp, authority: String) {
        self.write(name, uid, |known| known.authority = Some((now, authority)));
    }

    /// Its tokens change.
    pub(super) fn forget(&self, name: &str) {
        self.lock().remove(name);
    }
}

fn fresh<T: Clone>(known: Option<&(Timestamp, T)>, now: Timestamp, lasts: Duration) -> Option<T> {
    let (since, value) = known?;
    let until = since.checked_add(lasts).ok()?;
    (*since <= now && now < until).then(|| value.clone())
}

#[cfg(test)]
mod tests {
    use secrecy::ExposeSecret;

    use super::*;

    const NAME: &str = "projects/p/locations/l/instances/cache-a";

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(1_800_000_000 + second).unwrap()
    }

    #[test]
    fn tokens_are_remembered_for_one_life_and_one_stage() {
        let memory = Memory::default();
        memory.set_tokens(NAME, "u1", "0".to_owned(), vec!["t1".to_owned()]);
        assert_eq!(memory.tokens(NAME, "u1", "0"), Some(vec!["t1".to_owned()]));
        assert_eq!(memory.tokens(NAME, "u1", "1"), None, "a rotation has gone on");
        assert_eq!(memory.tokens(NAME, "u2", "0"), None, "another life of the name");
        memory.forget(NAME);
        assert_eq!(memory.tokens(NAME, "u1", "0"), None);
    }

    #[test]
    fn a_secret_is_remembered_for_minutes_and_never_shown() {
        let memory = Memory::default();
        memory.set_secret(NAME, "u1", at(0), SecretString::from("canary"));
        assert_eq!(memory.secret(NAME, "u1", at(119)).unwrap().expose_secret(), "canary");
        assert!(memory.secret(NAME, "u1", at(120)).is_none());
        assert!(!format!("{memory:?}").contains("canary"));
    }

    #[test]
    fn it_does_not_grow_without_end() {
        let memory = Memory::default();
        for number in 0..=MOST {
            memory.set_authority(&number.to_string(), "u", at(0), "pem".to_owned());
        }
        assert!(memory.lock().len() <= MOST);
    }
}
