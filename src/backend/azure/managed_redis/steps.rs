//! The calls that lead to a goal, in the order that is safe: first the cluster, which bears the mark, then the database,
//! then who may connect, then the way there.

use serde_json::{Map, Value, json};

use super::super::{keys, private_endpoint, tags};
use super::changes::changes_policy;
use super::parts::{self, ASSIGNMENT, DATABASE, DNS, ENDPOINT};
use super::{LASTING, changes};
use crate::backend::{Change, Class, Fields, Goal, Observed, Pace, Phase, Resolved, Step};
use crate::cache::{Auth, Mark};

pub(super) const CREATE: &str = "redisEnterprise.create";
pub(super) const UPDATE: &str = "redisEnterprise.update";
pub(super) const DELETE: &str = "redisEnterprise.delete";
pub(super) const CREATE_DATABASE: &str = "databases.create";
pub(super) const UPDATE_DATABASE: &str = "databases.update";
pub(super) const REGENERATE: &str = "databases.regenerateKey";
pub(super) const ASSIGN: &str = "accessPolicyAssignments.create";
pub(super) const REVOKE: &str = "accessPolicyAssignments.delete";

/// Fields of the cluster that one call changes together. The SKU goes alone: scaling is an operation of its own.
const OF_CLUSTER: [&str; 5] =
    ["high_availability", "public_network_access", "encryption_key", "user_assigned_identity_id", "tags"];

/// Fields of the database that one call changes together.
const OF_DATABASE: [&str; 5] = ["tls", "auth", "eviction_policy", "persistence", "rdb_frequency"];

/// The calls that lead to the goal.
pub(super) fn steps(goal: &Goal<'_>, seen: &Observed) -> Vec<Step> {
    match goal {
        Goal::Present { resolved, mark, .. } if seen.phase == Phase::Absent => vec![create(resolved, mark)],
        Goal::Present { resolved, mark, .. } if seen.phase == Phase::Creating => complete(resolved, mark, seen),
        Goal::Present { resolved, changes, mark, at_maintenance, .. } => {
            update(resolved, changes, mark, seen, *at_maintenance)
        }
        Goal::Marked { mark } => with_mark(Vec::new(), mark, seen),
        Goal::Rotated { mark, .. } if keys::generation(seen.mark()) == keys::generation(Some(mark)) => Vec::new(),
        Goal::Rotated { mark, .. } => {
            let mark = keys::rotated(mark, seen.mark());
            let mut steps = regenerate(&mark, keys::in_use(Some(&mark)), "make a new key beside the one in use", seen);
            keys::stamp(&mut steps);
            steps
        }
        Goal::Settled { mark, .. } => regenerate(mark, keys::idle(Some(mark)), "make the old key invalid", seen),
        Goal::Removed { .. } => remove(seen),
    }
}

fn step(call: &'static str, pace: Pace, why: impl Into<String>, fields: Value) -> Step {
    let fields = match fields {
        Value::Object(fields) => fields.into_iter().collect(),
        _ => Fields::new(),
    };
    Step { call, why: why.into(), pace, fields, mark: None, secret: None }
}

fn create(resolved: &Resolved, mark: &Mark) -> Step {
    let mut lasting = Map::new();
    lasting.insert(tags::BORN.to_owned(), mark.since.as_second().to_string().into());
    let wanted = parts::wanted(resolved);
    if !wanted.is_empty() {
        lasting.insert(tags::PARTS.to_owned(), wanted.into());
    }
    let mut fields = resolved.fields.clone();
    fields.insert(LASTING.to_owned(), Value::Object(lasting));
    Step { fields, mark: Some(mark.clone()), ..step(CREATE, Pace::Long, "there is none", Value::Null) }
}

/// The first part that a creation has still to make.
fn complete(resolved: &Resolved, mark: &Mark, seen: &Observed) -> Vec<Step> {
    let Some((kind, _)) = seen.missing.first() else { return Vec::new() };
    match kind.as_str() {
        DATABASE => {
            let why = "the cluster is ready for its database";
            vec![Step { fields: resolved.fields.clone(), ..step(CREATE_DATABASE, Pace::Long, why, Value::Null) }]
        }
        ASSIGNMENT => assign(&resolved.list("object_ids"), seen).into_iter().take(1).collect(),
        ENDPOINT => vec![endpoint(resolved, mark)],
        DNS => vec![dns(resolved, mark)],
        _ => Vec::new(),
    }
}

/// Lets those objects connect that cannot yet.
fn assign(wanted: &[String], seen: &Observed) -> Vec<Step> {
    let there = object_ids(seen);
    let new = wanted.iter().filter(|id| !there.iter().any(|known| known.eq_ignore_ascii_case(id)));
    new.map(|id| step(ASSIGN, Pace::Long, format!("let {id} connect"), json!({"object_id": id}))).collect()
}

fn object_ids(seen: &Observed) -> Vec<&str> {
    let ids = seen.fields.get("object_ids").and_then(Value::as_array).into_iter().flatten();
    ids.filter_map(Value::as_str).collect()
}

fn endpoint(resolved: &Resolved, mark: &Mark) -> Step {
    let subnet = resolved.fields.get("private_endpoint_subnet_id");
    // The endpoint bears the id alone, so that whoever finds it knows whose it is.
    let fields = json!({"private_endpoint_subnet_id": subnet, "id": mark.id.as_str()});
    step(private_endpoint::CREATE, Pace::Long, "open the way from the subnet", fields)
}

fn dns(resolved: &Resolved, mark: &Mark) -> Step {
    let zone = resolved.fields.get("private_dns_zone_id");
    let fields = json!({"private_dns_zone_id": zone, "id": mark.id.as_str()});
    step(private_endpoint::CREATE_DNS, Pace::Long, "enter it in the private dns zone", fields)
}

/// The key is made before the mark says that it is in use: repeated after a crash, this makes anew what nobody has yet.
fn regenerate(mark: &Mark, key: &str, why: &str, seen: &Observed) -> Vec<Step> {
    if seen.mark() == Some(mark) {
        return Vec::new();
    }
    let mut steps = Vec::new();
    if seen.fields.get("auth").is_none_or(|auth| auth == Auth::Password.as_str()) {
        let (generation, from) = (keys::generation(Some(mark)), keys::generation(seen.mark()));
        let fields = json!({"key_type": key, "generation": generation, "from": from});
        steps.push(step(REGENERATE, Pace::Instant, format!("{why} ({key})"), fields));
    }
    steps.extend(with_mark(Vec::new(), mark, seen));
    steps
}

fn remove(seen: &Observed) -> Vec<Step> {
    if matches!(seen.phase, Phase::Absent | Phase::Deleting) {
        return Vec::new();
    }
    let mut steps = Vec::new();
    // Once the cluster is gone nothing would lead to it any more.
    if seen.parts.iter().any(|(kind, _)| kind == ENDPOINT) {
        let fields = json!({"id": seen.mark().map(|mark| mark.id.as_str())});
        steps.push(step(private_endpoint::DELETE, Pace::Long, "remove its private endpoint first", fields));
    }
    steps.push(step(DELETE, Pace::Long, "remove it, its database included", Value::Null));
    steps
}

/// Writes the mark with the first call to the cluster, or in a call of its own before everything else.
fn with_mark(mut steps: Vec<Step>, mark: &Mark, seen: &Observed) -> Vec<Step> {
    if seen.mark() == Some(mark) {
        return steps;
    }
    if steps.first().is_none_or(|first| first.call != UPDATE) {
        steps.insert(0, step(UPDATE, Pace::Instant, "write the mark", Value::Null));
    }
    let first = &mut steps[0];
    first.mark = Some(mark.clone());
    let tags = first.fields.remove("tags").or_else(|| seen.fields.get("tags").cloned());
    first.fields.insert("tags".to_owned(), tags.unwrap_or_else(|| json!({})));
    let lasting = seen.fields.get(LASTING).cloned();
    first.fields.insert(LASTING.to_owned(), lasting.unwrap_or_else(|| json!({})));
    steps
}

/// The changes of a living cache.
fn update(resolved: &Resolved, changes: &[Change], mark: &Mark, seen: &Observed, later: bool) -> Vec<Step> {
    let waits = |change: &&Change| !(later && change.class == Class::Disruptive);
    let possible = |change: &&Change| matches!(change.class, Class::InPlace | Class::Disruptive);
    let changes: Vec<Change> = changes.iter().filter(possible).filter(waits).cloned().collect();
    let change = |field: &str| changes.iter().find(|change| change.field == field);
    let mut steps = Vec::new();
    // Beyond 25 GB there is no cache without clustering.
    if changes_policy(&changes)
        && let Some(policy) = resolved.fields.get("clustering_policy")
    {
        let mode = changes::mode_of(policy.as_str().unwrap_or_default());
        let fields = json!({"clustering_policy": policy, "mode": mode.as_str()});
        let why = format!("cluster it by {}", policy.as_str().unwrap_or_default());
        steps.push(step(UPDATE_DATABASE, Pace::Long, why, fields));
    }
    if let Some(change) = change("sku") {
        let why = format!("scale {} to {}", shown(&change.from), shown(&change.to));
        steps.push(step(UPDATE, Pace::Long, why, json!({"sku": change.to})));
    }
    steps.extend(together(UPDATE, &OF_CLUSTER, &changes).map(|mut cluster| {
        complete_cluster(&mut cluster, resolved, mark, seen);
        cluster
    }));
    steps.extend(together(UPDATE_DATABASE, &OF_DATABASE, &changes).map(|mut database| {
        if database.fields.contains_key("persistence") || database.fields.contains_key("rdb_frequency") {
            let both = ["persistence", "rdb_frequency"].into_iter();
            database.fields.extend(both.filter_map(|key| Some((key.to_owned(), resolved.fields.get(key)?.clone()))));
        }
        database
    }));
    if change("object_ids").is_some() {
        let wanted = resolved.list("object_ids");
        steps.extend(assign(&wanted, seen));
        let gone = object_ids(seen).into_iter().filter(|id| !wanted.iter().any(|w| w.eq_ignore_ascii_case(id)));
        steps.extend(
            gone.map(|id| step(REVOKE, Pace::Long, format!("let {id} connect no more"), json!({"object_id": id}))),
        );
    }
    steps.extend(change("private_endpoint_subnet_id").map(|_| endpoint(resolved, mark)));
    steps.extend(change("private_dns_zone_id").map(|_| dns(resolved, mark)));
    let mut steps = with_mark(steps, mark, seen);
    // Without the tag a look would not know of an endpoint that is not connected yet.
    if change("private_endpoint_subnet_id").is_some()
        && let Some(Value::Object(lasting)) = steps.first_mut().and_then(|first| first.fields.get_mut(LASTING))
    {
        lasting.insert(tags::PARTS.to_owned(), parts::wanted(resolved).into());
    }
    steps
}

/// One call with those of the fields that change.
fn together(call: &'static str, fields: &[&str], changes: &[Change]) -> Option<Step> {
    let ours: Vec<&Change> = changes.iter().filter(|change| fields.contains(&change.field.as_str())).collect();
    let names: Vec<&str> = ours.iter().map(|change| change.field.as_str()).collect();
    let why = format!("change {}", names.join(", "));
    let fields: Fields = ours.iter().map(|change| (change.field.clone(), change.to.clone())).collect();
    (!fields.is_empty()).then(|| Step { fields, ..step(call, Pace::Long, why, Value::Null) })
}

/// A PATCH replaces tags and encryption as a whole.
fn complete_cluster(cluster: &mut Step, resolved: &Resolved, mark: &Mark, seen: &Observed) {
    if cluster.fields.contains_key("tags") {
        let tags = tags::merged(seen.fields.get("tags"), resolved.fields.get("tags"));
        cluster.fields.insert("tags".to_owned(), Value::Object(tags));
        cluster.fields.insert(LASTING.to_owned(), seen.fields.get(LASTING).cloned().unwrap_or_else(|| json!({})));
        cluster.mark = Some(mark.clone());
    }
    let of_key = ["encryption_key", "user_assigned_identity_id"];
    if of_key.iter().any(|key| cluster.fields.contains_key(*key)) {
        let both = of_key.into_iter();
        cluster.fields.extend(both.filter_map(|key| Some((key.to_owned(), resolved.fields.get(key)?.clone()))));
    }
}

fn shown(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

#[cfg(test)]
mod tests;
