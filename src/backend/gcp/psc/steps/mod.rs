//! The calls that lead to a goal. A PATCH changes one path, and the next one is only taken when it is done: the labels with
//! the mark first, then what grows, what neither grows nor shrinks, what shrinks.

use serde_json::{Value, json};

use super::convert::{PATHS, Path};
use super::dialect::Dialect;
use super::tokens;
use crate::backend::gcp::instances::entries;
use crate::backend::gcp::labels::{Labels, labels};
use crate::backend::{Change, Class, Fields, Goal, Observed, Pace, Phase, Resolved, Step};
use crate::cache::{Intent, Mark};

/// Node types from the smallest on, without the prefix of Redis Cluster's.
const NODE_TYPES: [&str; 10] = [
    "SHARED_CORE_NANO",
    "CUSTOM_PICO",
    "CUSTOM_MICRO",
    "CUSTOM_MINI",
    "STANDARD_SMALL",
    "HIGHCPU_MEDIUM",
    "STANDARD_LARGE",
    "HIGHMEM_MEDIUM",
    "HIGHMEM_XLARGE",
    "HIGHMEM_2XLARGE",
];

/// Fields of a resolved cache that a creation does not send as they are.
const NOT_SENT: [&str; 3] = ["engine", "high_availability", "tags"];

/// The calls that lead to the goal.
pub(super) fn steps(dialect: &Dialect, goal: &Goal<'_>, seen: &Observed) -> Vec<Step> {
    let plan = Plan { dialect, seen };
    match goal {
        Goal::Present { resolved, mark, tags, .. } if seen.phase == Phase::Absent => {
            vec![plan.create(resolved, mark, tags)]
        }
        Goal::Present { .. } if seen.phase == Phase::Creating => plan.missing().into_iter().collect(),
        Goal::Present { resolved, changes, mark, tags, .. } => plan.update(resolved, changes, mark, tags),
        Goal::Marked { mark } => plan.mark(mark, &[]).into_iter().collect(),
        Goal::Rotated { mark, .. } => plan.rotate(mark),
        Goal::Settled { mark, .. } => plan.settle(mark),
        Goal::Removed { final_snapshot } => plan.remove(final_snapshot.as_deref()),
    }
}

#[derive(Debug, Clone, Copy)]
struct Plan<'a> {
    dialect: &'a Dialect,
    seen: &'a Observed,
}

fn step(call: &'static str, why: impl Into<String>, fields: Value) -> Step {
    let mut given = Fields::new();
    if let Value::Object(fields) = fields {
        given.extend(fields);
    }
    Step { call, why: why.into(), pace: Pace::Long, fields: given, mark: None, secret: None }
}

impl Plan<'_> {
    fn create(&self, resolved: &Resolved, mark: &Mark, tags: &[(String, String)]) -> Step {
        let mut fields = resolved.fields.clone();
        fields.retain(|field, _| !NOT_SENT.contains(&field.as_str()));
        let labels = labels(mark, &all_tags(resolved, tags), &Labels::new());
        fields.insert("labels".to_owned(), json!(labels));
        let create = step(self.dialect.calls.create, "there is none", Value::Null);
        Step { fields, mark: Some(mark.clone()), ..create }
    }

    /// The first part that a new cache lacks: with `TOKEN_AUTH` clients need a user and a token.
    fn missing(&self) -> Option<Step> {
        let (kind, name) = self.seen.missing.first()?;
        Some(match kind.as_str() {
            tokens::USER_KIND => self.add_user(name),
            _ => self.add_token("clients need a token"),
        })
    }

    fn add_user(&self, name: &str) -> Step {
        let why = format!("clients authenticate as the user {name}");
        step(self.dialect.calls.add_user, why, json!({ "user": name }))
    }

    /// The first part of what an old cache has lost.
    fn restore(&self, changes: &[Change]) -> Option<Step> {
        let lost = changes.iter().find(|change| change.field == tokens::LOST)?;
        if lost.from == tokens::NO_USER {
            return Some(self.add_user(tokens::USER));
        }
        Some(self.add_token("somebody took the tokens away, and clients need one"))
    }

    /// A further token of the user. `known` are those there are: when another is there by then, it was made already.
    fn add_token(&self, why: &str) -> Step {
        let fields = json!({ "user": tokens::USER, "known": tokens::valid(self.seen) });
        step(self.dialect.calls.add_token, why, fields)
    }

    fn delete_token(&self, token: &str) -> Step {
        let fields = json!({ "user": tokens::USER, "token": token });
        step(self.dialect.calls.delete_token, "make the old token invalid", fields)
    }

    /// The call that writes the mark, unless it is written.
    fn mark(&self, mark: &Mark, tags: &[(String, String)]) -> Option<Step> {
        if self.seen.mark() == Some(mark) {
            return None;
        }
        let others = entries(self.seen.fields.get("labels"));
        let fields = json!({ "labels": labels(mark, tags, &others) });
        Some(Step { mark: Some(mark.clone()), ..step(self.dialect.calls.patch, "write the mark", fields) })
    }

    fn update(&self, resolved: &Resolved, changes: &[Change], mark: &Mark, tags: &[(String, String)]) -> Vec<Step> {
        let mut patches: Vec<(u8, Step)> =
            PATHS.iter().filter_map(|path| self.patch(path, resolved, changes)).collect();
        patches.sort_by_key(|(rank, _)| *rank);
        let mut mark = mark.clone();
        if patches.iter().any(|(_, step)| step.fields.contains_key("node_type")) {
            // Noted before the cache has that size, it would say that there is nothing to change.
            mark.capacity = self.seen.mark().and_then(|old| old.capacity.clone());
        }
        let mark = self.mark(&mark, &all_tags(resolved, tags));
        // First of all, because nobody gets in without it.
        mark.into_iter().chain(self.restore(changes)).chain(patches.into_iter().map(|(_, step)| step)).collect()
    }

    /// The change of one path, with all that the path holds: what does not change is sent as it is.
    fn patch(&self, path: &Path, resolved: &Resolved, changes: &[Change]) -> Option<(u8, Step)> {
        let can_be_made = |change: &&Change| matches!(change.class, Class::InPlace | Class::Disruptive);
        let of_path = |change: &&Change| path.fields.contains(&change.field.as_str());
        let changes: Vec<&Change> = changes.iter().filter(can_be_made).filter(of_path).collect();
        let rank = changes.iter().map(|change| rank(change)).max()?;
        let mut fields = Fields::new();
        for field in path.fields {
            let wanted = changes.iter().find(|change| change.field == *field).map(|change| &change.to);
            let value = wanted.or_else(|| self.seen.fields.get(*field)).or_else(|| resolved.fields.get(*field));
            if let Some(value) = value {
                fields.insert((*field).to_owned(), value.clone());
            }
        }
        let names: Vec<&str> = changes.iter().map(|change| change.field.as_str()).collect();
        let call = step(self.dialect.calls.patch, format!("change {}", names.join(", ")), Value::Null);
        Some((rank, Step { fields, ..call }))
    }

    /// The token comes before the mark, because the mark is what names it. A user has two at most: what an earlier
    /// rotation left open is ended first.
    ///
    /// Of several that replicas made at once it is the oldest, so that all name the same; settling removes the others.
    fn rotate(&self, mark: &Mark) -> Vec<Step> {
        let Some(old) = self.seen.mark() else { return Vec::new() };
        let generation = |mark: &Mark| mark.password.as_ref().map_or(0, |password| password.generation);
        if generation(old) >= generation(mark) {
            return Vec::new();
        }
        if matches!(old.intent, Some(Intent::Settle(_))) {
            return self.settle(&Mark { intent: None, ..old.clone() });
        }
        let valid = tokens::valid(self.seen);
        let (before, after) = valid.split_at(tokens::in_use(Some(old), &valid).unwrap_or_default().min(valid.len()));
        match (before, after.get(1)) {
            (_, Some(next)) => self.mark(&tokens::naming(mark, next), &[]).into_iter().collect(),
            ([], None) => vec![self.add_token("make a new token beside the old one")],
            // Left by somebody: there has to be room for a new one.
            (left, None) => left.iter().map(|token| self.delete_token(token)).collect(),
        }
    }

    fn settle(&self, mark: &Mark) -> Vec<Step> {
        if self.seen.mark() == Some(mark) {
            return Vec::new();
        }
        let valid = tokens::valid(self.seen);
        let kept = tokens::in_use(Some(mark), &valid);
        let others = valid.iter().enumerate().filter(|(index, _)| Some(*index) != kept);
        others.map(|(_, token)| self.delete_token(token)).chain(self.mark(mark, &[])).collect()
    }

    fn remove(&self, final_snapshot: Option<&str>) -> Vec<Step> {
        if matches!(self.seen.phase, Phase::Absent | Phase::Deleting) {
            return Vec::new();
        }
        let mut steps = Vec::new();
        if self.seen.fields.get("deletion_protection_enabled") == Some(&true.into()) {
            let fields = json!({ "deletion_protection_enabled": false });
            steps.push(step(self.dialect.calls.patch, "lift google's deletion protection", fields));
        }
        let Some(name) = final_snapshot.filter(|_| self.seen.phase != Phase::Shell) else {
            steps.push(step(self.dialect.calls.delete, "remove it", Value::Null));
            return steps;
        };
        let fields = json!({ "final_snapshot": name });
        let backup = step(self.dialect.calls.backup, format!("take the backup {name}"), fields.clone());
        // Asked for once, however often it is sent; the removal waits for it.
        steps.push(Step { pace: Pace::Instant, ..backup });
        steps.push(step(self.dialect.calls.delete, format!("remove it once the backup {name} is taken"), fields));
        steps
    }
}

/// The request's own tags, and the driver's.
fn all_tags(resolved: &Resolved, tags: &[(String, String)]) -> Vec<(String, String)> {
    let own = resolved.fields.get("tags").and_then(Value::as_object).into_iter().flatten();
    let own = own.filter_map(|(key, value)| Some((key.clone(), value.as_str()?.to_owned())));
    own.chain(tags.iter().cloned()).collect()
}

/// When a change is safe: protection on, growth, the rest, shrinking, protection off.
fn rank(change: &Change) -> u8 {
    let grows = match change.field.as_str() {
        "deletion_protection_enabled" => return if change.to == true { 0 } else { 8 },
        "node_type" => size(&change.to) >= size(&change.from),
        "shard_count" | "replica_count" => change.to.as_u64() > change.from.as_u64(),
        _ => return 4,
    };
    match (change.field.as_str(), grows) {
        ("node_type", true) => 1,
        ("shard_count", true) => 2,
        ("replica_count", true) => 3,
        ("replica_count", false) => 5,
        ("shard_count", false) => 6,
        _ => 7,
    }
}

/// Where a node type stands among the others; one that nobody has heard of is a large one.
fn size(node_type: &Value) -> usize {
    let name = node_type.as_str().unwrap_or_default();
    let name = name.strip_prefix("REDIS_").unwrap_or(name);
    NODE_TYPES.iter().position(|known| *known == name).unwrap_or(NODE_TYPES.len())
}

#[cfg(test)]
mod tests;
