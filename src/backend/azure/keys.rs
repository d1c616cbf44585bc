//! The two keys of a cache: one is in use, the other is there to be made anew.

use std::time::Duration;

use jiff::Timestamp;
use secrecy::SecretString;
use serde_json::{Map, Value};

use super::call::Call;
use super::client::Arm;
use super::place::Situation;
use super::tags;
use crate::backend::{At, BackendError, Kind, Observed, Ownership, Result, Step};
use crate::cache::Mark;

/// The field of a step that writes the mark of a rotation.
const REKEYED: &str = "rekeyed";
/// How far the clocks of replicas may be apart, and what whole seconds cut off.
const CLOCKS: Duration = Duration::from_secs(5);

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

/// Has the call that writes the mark of a rotation say when that was.
pub(super) fn stamp(steps: &mut [Step]) {
    for step in steps.iter_mut().filter(|step| step.mark.is_some()) {
        step.fields.insert(REKEYED.to_owned(), true.into());
    }
}

/// The tags that a call writes for life.
pub(super) fn lasting(step: &Step, lasting: &str, now: Timestamp) -> Map<String, Value> {
    let mut kept = step.fields.get(lasting).and_then(Value::as_object).cloned().unwrap_or_default();
    if step.fields.contains_key(REKEYED) {
        kept.insert(tags::REKEYED.to_owned(), now.as_second().to_string().into());
    }
    kept
}

/// Whether a key may be made anew, by the cache as it is right before: another replica may have rotated since the plan, and
/// then it is in use.
pub(super) fn check_idle(cache: &Value, step: &Step) -> Result<()> {
    let ownership = tags::ownership(&tags::of(cache));
    let mark = if let Ownership::Marked(mark) = &ownership { Some(mark.as_ref()) } else { None };
    let as_planned = step.fields.get("from") == Some(&generation(mark).into());
    if as_planned && step.fields.get("key_type").is_some_and(|key| key != in_use(mark)) {
        return Ok(());
    }
    Err(BackendError::new(Kind::Busy, step.call, "the keys were rotated by somebody else since they were looked at"))
}

/// Whether the key in use may be handed out.
///
/// Azure fences no calls: a replica that looked before the mark told of a rotation may make the new key anew after it.
/// That look and that call end within the patience of a call each, and until then nobody gets the key.
pub(super) fn check_settled(
    seen: &Observed,
    lasting: &str,
    now: Timestamp,
    patience: Duration,
    call: &'static str,
) -> Result<()> {
    let rekeyed = seen.fields.get(lasting).and_then(|lasting| lasting.get(tags::REKEYED)).and_then(Value::as_str);
    let rekeyed = rekeyed.and_then(|at| Timestamp::from_second(at.parse().ok()?).ok());
    let Some(free) = rekeyed.and_then(|at| at.checked_add(2 * patience + CLOCKS).ok()) else { return Ok(()) };
    if now >= free {
        return Ok(());
    }
    let message = "the new key is handed out once no other replica can be making it anew";
    Err(BackendError::new(Kind::Busy, call, message))
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
