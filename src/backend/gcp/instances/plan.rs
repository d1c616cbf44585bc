//! Calls that both products make in the same way.

use serde_json::Value;

use crate::backend::{Fields, Observed, Pace, Phase, Step};
use crate::cache::Mark;

/// The names of a product's calls.
#[derive(Debug, Clone, Copy)]
pub(in crate::backend::gcp) struct Calls {
    pub(in crate::backend::gcp) create: &'static str,
    pub(in crate::backend::gcp) get: &'static str,
    pub(in crate::backend::gcp) patch: &'static str,
    pub(in crate::backend::gcp) upgrade: &'static str,
    pub(in crate::backend::gcp) delete: &'static str,
}

/// A call that Google goes on working after: each of them starts an operation.
pub(in crate::backend::gcp) fn step(call: &'static str, why: impl Into<String>, fields: Fields) -> Step {
    Step { call, why: why.into(), pace: Pace::Long, fields, mark: None, secret: None }
}

/// A PATCH that carries the mark. Labels are written as a whole, so that the others go with it.
pub(in crate::backend::gcp) fn marked(mut patch: Step, mark: &Mark, seen: &Observed) -> Step {
    let labels = seen.fields.get("labels").cloned().unwrap_or_else(|| Value::Object(serde_json::Map::new()));
    patch.fields.entry("labels".to_owned()).or_insert(labels);
    patch.mark = Some(mark.clone());
    patch
}

/// The mark in a call of its own, if it is another than the one there.
pub(in crate::backend::gcp) fn mark_alone(calls: &Calls, mark: &Mark, seen: &Observed) -> Option<Step> {
    (seen.mark() != Some(mark)).then(|| marked(step(calls.patch, "write the mark", Fields::new()), mark, seen))
}

/// The removal, unless it runs or is done.
pub(in crate::backend::gcp) fn remove(calls: &Calls, seen: &Observed) -> Option<Step> {
    let is_gone = matches!(seen.phase, Phase::Absent | Phase::Deleting);
    (!is_gone).then(|| step(calls.delete, "remove it", Fields::new()))
}
