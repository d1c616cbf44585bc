//! The calls that lead to a goal. All that differs goes in one PATCH, the mark among it; only a new version has a method of
//! its own, which takes no labels.

use serde_json::Value;

use super::super::instances::{Calls, mark_alone, marked, remove, step};
use super::AUTO;
use crate::backend::{Change, Class, Fields, Goal, Observed, Ownership, Phase, Resolved, Step};
use crate::cache::Mark;

pub(super) const CALLS: Calls = Calls {
    create: "redis.instances.create",
    get: "redis.instances.get",
    patch: "redis.instances.patch",
    upgrade: "redis.instances.upgrade",
    delete: "redis.instances.delete",
};

/// The calls that lead to the goal.
pub(super) fn steps(goal: &Goal<'_>, seen: &Observed) -> Vec<Step> {
    match goal {
        Goal::Present { resolved, mark, .. } if seen.phase == Phase::Absent => vec![create(resolved, mark)],
        Goal::Present { resolved, changes, mark, .. } => update(resolved, changes, mark, seen),
        Goal::Marked { mark } => mark_alone(&CALLS, mark, seen).into_iter().collect(),
        // Google makes the password; nobody rotates it.
        Goal::Rotated { .. } | Goal::Settled { .. } => Vec::new(),
        Goal::Removed { .. } => remove(&CALLS, seen).into_iter().collect(),
    }
}

fn create(resolved: &Resolved, mark: &Mark) -> Step {
    let mut fields = resolved.fields.clone();
    if resolved.flag("read_replicas") != Some(true) {
        // Google refuses a count where replicas answer no reads, even the only one that there can be.
        fields.remove("replica_count");
    }
    // A second range is for instances that were made without read replicas.
    if resolved.text("secondary_ip_range") == Some(AUTO) {
        fields.remove("secondary_ip_range");
    }
    Step { mark: Some(mark.clone()), ..step(CALLS.create, "there is none", fields) }
}

fn update(resolved: &Resolved, changes: &[Change], mark: &Mark, seen: &Observed) -> Vec<Step> {
    let can_be_made = |change: &&Change| matches!(change.class, Class::InPlace | Class::Disruptive);
    let is_version = |change: &&Change| change.field == "engine_version";
    let (upgrade, others): (Vec<&Change>, Vec<&Change>) = changes.iter().filter(can_be_made).partition(is_version);
    let mut steps = Vec::new();
    let Some(upgrade) = upgrade.first() else {
        let patch = patch(resolved, &others, seen).map(|patch| with_mark(patch, mark, seen));
        steps.extend(patch.or_else(|| mark_alone(&CALLS, mark, seen)));
        return steps;
    };
    // The others after it, since they may need the new version.
    steps.extend(mark_alone(&CALLS, mark, seen));
    let why = format!("upgrade from {} to {}", text(&upgrade.from), text(&upgrade.to));
    let version = Fields::from([(upgrade.field.clone(), upgrade.to.clone())]);
    steps.push(step(CALLS.upgrade, why, version));
    let marked = Observed { ownership: Some(Ownership::Marked(Box::new(mark.clone()))), ..seen.clone() };
    steps.extend(patch(resolved, &others, seen).map(|patch| with_mark(patch, mark, &marked)));
    steps
}

/// Labels are written as a whole: whoever writes any writes the mark too.
fn with_mark(patch: Step, mark: &Mark, seen: &Observed) -> Step {
    let writes_labels = patch.fields.contains_key("labels");
    if writes_labels || seen.mark() != Some(mark) { marked(patch, mark, seen) } else { patch }
}

fn patch(resolved: &Resolved, changes: &[&Change], seen: &Observed) -> Option<Step> {
    if changes.is_empty() {
        return None;
    }
    let names: Vec<&str> = changes.iter().map(|change| change.field.as_str()).collect();
    let mut fields = Fields::new();
    fields.extend(changes.iter().map(|change| (change.field.clone(), change.to.clone())));
    let mut also = |field: &str| {
        let value = resolved.fields.get(field).or_else(|| seen.fields.get(field));
        if let Some(value) = value {
            fields.entry(field.to_owned()).or_insert_with(|| value.clone());
        }
    };
    if names.contains(&"read_replicas") {
        // Enabling them takes the count with it, and a second range for the nodes to come.
        also("replica_count");
        also("secondary_ip_range");
    }
    if names.contains(&"persistence") || names.contains(&"rdb_period") {
        also("persistence");
        also("rdb_period");
    }
    Some(step(CALLS.patch, format!("change {}", names.join(", ")), fields))
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or("an unknown version")
}

#[cfg(test)]
mod tests;
