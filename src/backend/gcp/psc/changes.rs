//! What differs between what was set and what is there, and what each change costs.

use std::cmp::Ordering;

use serde_json::{Map, Value};

use super::{convert, tokens};
use crate::backend::{Change, Class, Observed, Resolved};
use crate::cache::Version;

/// Every field that can differ, with what a change of it costs at most. In the order in which changes are told.
///
/// Scaling in any direction leaves a cache available
/// (<https://cloud.google.com/memorystore/docs/valkey/about-scaling-instance-capacity>). What is replaced is immutable in
/// `memorystore/v1` and not among the paths that a PATCH takes in either API.
pub(super) const FIELDS: &[(&str, Class)] = &[
    ("mode", Class::Replace),
    ("engine_version", Class::Impossible),
    ("node_type", Class::InPlace),
    ("shard_count", Class::InPlace),
    ("replica_count", Class::InPlace),
    ("zone_distribution", Class::Replace),
    ("zone", Class::Replace),
    ("tls", Class::Replace),
    ("auth", Class::Replace),
    ("server_ca_mode", Class::Replace),
    ("server_ca_pool", Class::Replace),
    ("encryption_key", Class::Replace),
    ("network", Class::Replace),
    ("parameters", Class::InPlace),
    ("persistence", Class::InPlace),
    ("rdb_period", Class::InPlace),
    ("aof_fsync", Class::InPlace),
    ("backup_days", Class::InPlace),
    ("backup_hour", Class::InPlace),
    ("maintenance_window", Class::InPlace),
    ("deletion_protection_enabled", Class::InPlace),
    (tokens::LOST, Class::InPlace),
];

/// Everything that differs.
pub(super) fn changes(wanted: &Resolved, seen: &Observed) -> Vec<Change> {
    let mut changes: Vec<Change> = Vec::new();
    for &(field, at_most) in FIELDS {
        let asked = wanted.asks_for(field, &["node_type"], seen)
            || field == "replica_count" && needs_first_replica(wanted, seen);
        let (Some(from), Some(to)) = (seen.fields.get(field), wanted.fields.get(field).filter(|_| asked)) else {
            continue;
        };
        let to = match field {
            "parameters" => with_others(from, to),
            "network" => convert::network(to.as_str().unwrap_or_default(), &seen.account).into(),
            _ => to.clone(),
        };
        if !same(field, from, &to) {
            let class = class(field, from, &to, at_most);
            changes.push(Change { field: field.to_owned(), from: from.clone(), to, class });
        }
    }
    // Nobody asks for a token, and nobody gets in without one.
    if let Some(lost) = seen.fields.get(tokens::LOST) {
        let (field, to) = (tokens::LOST.to_owned(), tokens::USER.into());
        changes.push(Change { field, from: lost.clone(), to, class: Class::InPlace });
    }
    goes_along(&mut changes);
    changes
}

/// What is made anew gets all else with it: what only follows from that is no change of its own, and what could not be
/// done to the old cache can be done to the new one.
fn goes_along(changes: &mut Vec<Change>) {
    let is_replaced = |field: &str| changes.iter().any(|c| c.field == field && c.class == Class::Replace);
    let follows: Vec<&str> = [("zone_distribution", "zone"), ("mode", "shard_count")]
        .iter()
        .filter(|(cause, _)| is_replaced(cause))
        .map(|(_, field)| *field)
        .collect();
    changes.retain(|change| !follows.contains(&change.field.as_str()));
    Change::go_along(changes);
}

/// High availability asks for a replica, where nobody said how many.
fn needs_first_replica(wanted: &Resolved, seen: &Observed) -> bool {
    let is_asked = wanted.set.contains("high_availability") && wanted.flag("high_availability") == Some(true);
    is_asked && seen.fields.get("replica_count") == Some(&0.into())
}

/// The parameters that are there, with those that are wanted over them: Google takes them all at once.
fn with_others(there: &Value, wanted: &Value) -> Value {
    let mut all: Map<String, Value> = there.as_object().cloned().unwrap_or_default();
    all.extend(wanted.as_object().cloned().unwrap_or_default());
    Value::Object(all)
}

fn same(field: &str, from: &Value, to: &Value) -> bool {
    match (from, to) {
        (Value::String(from), Value::String(to)) if field == "engine_version" => {
            Version::parse(to).is_some_and(|to| to.covers(from))
        }
        _ => from == to,
    }
}

fn class(field: &str, from: &Value, to: &Value, at_most: Class) -> Class {
    if field != "engine_version" {
        return at_most;
    }
    let (from, to) = (from.as_str().unwrap_or_default(), to.as_str().unwrap_or_default());
    match Version::parse(to).map(|to| to.compare(from)) {
        // Google promises no more than that its own maintenance interrupts nothing.
        Some(Ordering::Greater) => Class::Disruptive,
        _ => at_most,
    }
}

#[cfg(test)]
mod tests;
