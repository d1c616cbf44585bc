//! The two keys of a cache: one is in use, the other is there to be made anew.

use secrecy::SecretString;
use serde_json::Value;

use super::client::{Arm, Call};
use super::place::Situation;
use crate::backend::{At, BackendError, Kind, Result};
use crate::cache::Mark;

pub(super) const PRIMARY: &str = "Primary";
pub(super) const SECONDARY: &str = "Secondary";

/// Which of the two keys is handed out. The mark tells it in the place of a salt, which keys of Azure's making do not
/// need: a generation may skip numbers.
pub(super) fn in_use(mark: Option<&Mark>) -> &'static str {
    let told = mark.and_then(|mark| mark.password.as_ref()).map(|password| password.salt.as_str());
    if told == Some("secondary") { SECONDARY } else { PRIMARY }
}

/// The mark of a rotation: the key that is idle now becomes the one in use.
pub(super) fn rotated(mark: &Mark, seen: Option<&Mark>) -> Mark {
    let mut mark = mark.clone();
    if let Some(password) = &mut mark.password {
        password.salt = idle(seen).to_lowercase();
    }
    mark
}

/// Which of the two keys is not handed out.
pub(super) fn idle(mark: Option<&Mark>) -> &'static str {
    if in_use(mark) == PRIMARY { SECONDARY } else { PRIMARY }
}

/// How often the key was changed.
pub(super) fn generation(mark: Option<&Mark>) -> u32 {
    mark.and_then(|mark| mark.password.as_ref()).map_or(0, |password| password.generation)
}

/// Reads one of the keys.
pub(super) async fn read(
    arm: &Arm,
    at: &At,
    situation: &Situation<'_>,
    call: &Call,
    which: &str,
) -> Result<SecretString> {
    let body = arm.send(at, call).await?.done(call.name, situation)?.body;
    let field = if which == PRIMARY { "primaryKey" } else { "secondaryKey" };
    let key = body.get(field).and_then(Value::as_str).filter(|key| !key.is_empty());
    let missing = || BackendError::new(Kind::Unavailable, call.name, "the answer holds no key");
    key.map(SecretString::from).ok_or_else(missing)
}
