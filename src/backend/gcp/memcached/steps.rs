//! The calls that lead to a goal. All that differs goes in one PATCH, the mark among it; a new version and parameters have
//! methods of their own, which take no labels. Parameters are stored first and then given to the nodes.

use serde_json::Value;

use super::super::instances::{Calls, is_same, mark_alone, marked, remove, step};
use crate::backend::{Change, Class, Fields, Goal, Observed, Phase, Resolved, Step};
use crate::cache::Mark;

pub(super) const CALLS: Calls = Calls {
    create: "memcache.instances.create",
    get: "memcache.instances.get",
    patch: "memcache.instances.patch",
    upgrade: "memcache.instances.upgrade",
    delete: "memcache.instances.delete",
};
pub(super) const UPDATE_PARAMETERS: &str = "memcache.instances.updateParameters";
pub(super) const APPLY_PARAMETERS: &str = "memcache.instances.applyParameters";

/// The calls that lead to the goal.
pub(super) fn steps(goal: &Goal<'_>, seen: &Observed) -> Vec<Step> {
    match goal {
        Goal::Present { resolved, mark, .. } if seen.phase == Phase::Absent => vec![create(resolved, mark)],
        Goal::Present { changes, mark, .. } => update(changes, mark, seen),
        Goal::Marked { mark } => mark_alone(&CALLS, mark, seen).into_iter().collect(),
        // There is no password.
        Goal::Rotated { .. } | Goal::Settled { .. } => Vec::new(),
        Goal::Removed { .. } => remove(&CALLS, seen).into_iter().collect(),
    }
}

fn create(resolved: &Resolved, mark: &Mark) -> Step {
    Step { mark: Some(mark.clone()), ..step(CALLS.create, "there is none", resolved.fields.clone()) }
}

/// Everything that one PATCH takes, the new version, then the parameters, which it may have brought.
fn update(changes: &[Change], mark: &Mark, seen: &Observed) -> Vec<Step> {
    let can_be_made = |change: &&Change| matches!(change.class, Class::InPlace | Class::Disruptive);
    let changes: Vec<&Change> = changes.iter().filter(can_be_made).collect();
    let change = |field: &str| changes.iter().find(|change| change.field == field);
    let mut steps = Vec::new();
    match patch(&changes) {
        Some(patch) if patch.fields.contains_key("labels") || seen.mark() != Some(mark) => {
            steps.push(marked(patch, mark, seen));
        }
        Some(patch) => steps.push(patch),
        None => steps.extend(mark_alone(&CALLS, mark, seen)),
    }
    if let Some(version) = change("engine_version") {
        let word = |value: &Value| value.as_str().unwrap_or("an unknown version").to_owned();
        let why = format!("upgrade from {} to {}", word(&version.from), word(&version.to));
        steps.push(step(CALLS.upgrade, why, Fields::from([(version.field.clone(), version.to.clone())])));
    }
    if let Some(parameters) = change("parameters") {
        let stored = seen.fields.get("stored_parameters");
        if stored.is_none_or(|stored| !is_same(stored, &parameters.to)) {
            let fields = Fields::from([(parameters.field.clone(), parameters.to.clone())]);
            steps.push(step(UPDATE_PARAMETERS, "store the parameters", fields));
        }
        let all = Fields::from([("apply_all".to_owned(), true.into())]);
        steps.push(step(APPLY_PARAMETERS, "give the parameters to the nodes, which restart", all));
    }
    steps
}

fn patch(changes: &[&Change]) -> Option<Step> {
    let ours = changes.iter().filter(|change| change.field != "engine_version" && change.field != "parameters");
    let mut fields = Fields::new();
    fields.extend(ours.map(|change| (change.field.clone(), change.to.clone())));
    let names: Vec<&str> = fields.keys().map(String::as_str).collect();
    let why = format!("change {}", names.join(", "));
    (!fields.is_empty()).then(|| step(CALLS.patch, why, fields))
}

#[cfg(test)]
mod tests;
