//! What differs between what was set and what is there, and what each change costs.

use std::cmp::Ordering;

use serde_json::Value;

use super::super::parameter_groups::{self, Made};
use super::convert;
use crate::backend::{Change, Class, Observed, Resolved};
use crate::cache::{Auth, Engine, Mode, Version};

/// Every field that can differ, with what a change of it costs at most. In the order in which changes are told.
pub(super) const FIELDS: &[(&str, Class)] = &[
    ("engine", Class::Replace),
    ("engine_version", Class::Impossible),
    ("mode", Class::Replace),
    ("node_type", Class::Disruptive),
    ("num_node_groups", Class::InPlace),
    ("replicas_per_node_group", Class::InPlace),
    ("multi_az", Class::InPlace),
    ("automatic_failover", Class::InPlace),
    ("tls", Class::Replace),
    ("transit_encryption_mode", Class::Disruptive),
    ("auth", Class::Replace),
    ("at_rest_encryption", Class::Replace),
    ("kms_key_id", Class::Replace),
    ("subnet_group", Class::Replace),
    ("security_group_ids", Class::InPlace),
    ("parameter_group", Class::InPlace),
    ("snapshot_retention_limit", Class::InPlace),
    ("snapshot_window", Class::InPlace),
    ("maintenance_window", Class::InPlace),
    ("auto_minor_version_upgrade", Class::InPlace),
    ("notification_topic_arn", Class::InPlace),
    ("port", Class::Replace),
    ("network_type", Class::Replace),
    ("ip_discovery", Class::InPlace),
    ("data_tiering", Class::Replace),
];

/// Everything that differs.
pub(super) fn changes(wanted: &Resolved, seen: &Observed, prefix: &str) -> Vec<Change> {
    let engine = Upgrade::of(wanted, seen);
    let mut changes: Vec<Change> = Vec::new();
    for &(field, at_most) in FIELDS {
        let (from, to) = (seen.fields.get(field), wanted.fields.get(field));
        let change = match field {
            "parameter_group" => parameter_group(wanted, seen, &engine, prefix),
            "engine_version" if engine.moves_engine => Some((Class::Disruptive, to.cloned().unwrap_or_default())),
            "transit_encryption_mode" => encryption_mode(wanted, seen),
            "replicas_per_node_group" if needs_first_replica(wanted, seen) => {
                Some((Class::InPlace, to.cloned().unwrap_or_default()))
            }
            _ if !wanted.asks_for(field, &["node_type"], seen) => None,
            _ => match (from, to) {
                (Some(from), Some(to)) if !same(field, from, to) => {
                    Some((class(field, from, to, seen, at_most), to.clone()))
                }
                _ => None,
            },
        };
        if let Some((class, to)) = change {
            changes.push(Change { field: field.to_owned(), from: from.cloned().unwrap_or_default(), to, class });
        }
    }
    goes_along(&mut changes);
    changes
}

/// What is made anew gets all else with it: what only follows from that is no change of its own, and what could not be
/// done to the old cache can be done to the new one.
fn goes_along(changes: &mut Vec<Change>) {
    let replaces = |field: &str| changes.iter().any(|change| change.field == field && change.class == Class::Replace);
    let mut follows: Vec<&str> = Vec::new();
    if replaces("mode") {
        let of_the_mode =
            ["num_node_groups", "replicas_per_node_group", "automatic_failover", "multi_az", "parameter_group"];
        follows.extend(of_the_mode);
    }
    if replaces("engine") {
        follows.extend(["engine_version", "parameter_group"]);
    }
    changes.retain(|change| !follows.contains(&change.field.as_str()));
    Change::go_along(changes);
}

fn same(field: &str, from: &Value, to: &Value) -> bool {
    match (from, to) {
        (Value::String(from), Value::String(to)) if field == "engine_version" => is_version(to, from),
        (Value::String(from), Value::String(to)) => from.eq_ignore_ascii_case(to),
        (Value::Array(from), Value::Array(to)) => {
            from.len() == to.len()
                && from.iter().all(|item| to.contains(item))
                && to.iter().all(|item| from.contains(item))
        }
        _ => from == to,
    }
}

/// Whether a node of version `actual` is what was asked for as `wanted`: `7.2` is any 7.2.x, `6.x` is any 6.
fn is_version(wanted: &str, actual: &str) -> bool {
    let Some(version) = Version::parse(wanted) else { return wanted == actual };
    version.covers(actual) || version.compare(actual) == Ordering::Equal
}

fn class(field: &str, from: &Value, to: &Value, seen: &Observed, at_most: Class) -> Class {
    let (from, to) = (from.as_str().unwrap_or_default(), to.as_str().unwrap_or(if *to == true { "true" } else { "" }));
    match field {
        "engine" if from == Engine::Redis.as_str() && to == Engine::Valkey.as_str() => Class::Disruptive,
        "engine_version" => match Version::parse(to).map(|to| to.compare(from)) {
            Some(Ordering::Greater) => Class::Disruptive,
            _ => Class::Impossible,
        },
        "tls" if switches_tls(seen, to == "true") => Class::Disruptive,
        "auth" if from == Auth::None.as_str() && to == Auth::Password.as_str() => Class::Disruptive,
        _ => at_most,
    }
}

/// Whether TLS can be switched on a living group. Since Redis OSS 7.0.5, and with every Valkey; off only while no
/// password is set, because AUTH needs TLS. <https://docs.aws.amazon.com/AmazonElastiCache/latest/dg/in-transit-encryption.html>
fn switches_tls(seen: &Observed, on: bool) -> bool {
    let engine = convert::engine(&seen.fields);
    let version = seen.fields.get("engine_version").and_then(Value::as_str).unwrap_or_default();
    let offers = match engine {
        Some(Engine::Valkey) => true,
        Some(Engine::Redis) => Version::parse("7.0.4").is_some_and(|last| last.compare(version) == Ordering::Less),
        _ => false,
    };
    offers && (on || seen.fields.get("auth").is_some_and(|auth| auth == Auth::None.as_str()))
}

/// High availability asks for a replica, where nobody said how many.
fn needs_first_replica(wanted: &Resolved, seen: &Observed) -> bool {
    let is_asked = |field: &str| wanted.set.contains(field) && wanted.flag(field) == Some(true);
    let has_none = seen.fields.get("replicas_per_node_group") == Some(&0.into());
    has_none && is_asked("multi_az") && !wanted.set.contains("replicas_per_node_group")
}

/// The second half of turning TLS on: who asks for TLS, and not for `preferred`, wants nothing but TLS.
fn encryption_mode(wanted: &Resolved, seen: &Observed) -> Option<(Class, Value)> {
    let asked = wanted.set.contains("transit_encryption_mode") || wanted.set.contains("tls");
    let stays_on = seen.fields.get("tls") == Some(&true.into()) && wanted.flag("tls") == Some(true);
    let from = seen.fields.get("transit_encryption_mode")?;
    let to = wanted.fields.get("transit_encryption_mode")?;
    (asked && stays_on && from != to).then(|| (Class::Disruptive, to.clone()))
}

/// The engine and version that the cache will have.
#[derive(Debug)]
struct Upgrade {
    engine: Option<Engine>,
    version: Option<String>,
    /// Whether the engine itself changes in place, which takes an explicit version.
    moves_engine: bool,
}

impl Upgrade {
    fn of(wanted: &Resolved, seen: &Observed) -> Self {
        let has = convert::engine(&seen.fields);
        let version = seen.fields.get("engine_version").and_then(Value::as_str);
        let asked = wanted.set.contains("engine").then(|| convert::engine(&wanted.fields)).flatten();
        let moves_engine = asked == Some(Engine::Valkey) && has == Some(Engine::Redis);
        let wanted_version = wanted.text("engine_version").filter(|wanted_version| {
            moves_engine
                || wanted.set.contains("engine_version") && version.is_some_and(|has| !is_version(wanted_version, has))
        });
        let engine = if moves_engine { asked } else { has };
        Self { engine, version: wanted_version.or(version).map(str::to_owned), moves_engine }
    }

    fn family(&self) -> Option<String> {
        Some(parameter_groups::family(self.engine?, self.version.as_deref()?))
    }
}

/// The parameter group that the driver has to make for an existing cache: that of the version which it will have, not
/// of the version that a new one would get.
pub(super) fn made(wanted: &Resolved, seen: &Observed, prefix: &str) -> Option<Made> {
    let parameters = parameter_groups::parameters(wanted)?;
    let cluster = is_cluster(seen);
    Some(Made::new(prefix, &Upgrade::of(wanted, seen).family()?, cluster, parameters))
}

fn is_cluster(seen: &Observed) -> bool {
    seen.fields.get("mode").is_some_and(|mode| mode == Mode::Cluster.as_str())
}

fn parameter_group(wanted: &Resolved, seen: &Observed, engine: &Upgrade, prefix: &str) -> Option<(Class, Value)> {
    let has = seen.fields.get("parameter_group")?.as_str()?;
    let family = engine.family()?;
    let name = if wanted.set.contains("parameter_group") {
        match made(wanted, seen, prefix) {
            Some(made) => made.name,
            None => wanted.text("parameter_group")?.to_owned(),
        }
    } else {
        // An upgrade leaves the old family's group behind, whatever is in it.
        let version = seen.fields.get("engine_version")?.as_str()?;
        let leaves = family != parameter_groups::family(convert::engine(&seen.fields)?, version);
        leaves.then(|| parameter_groups::default_name(&family, is_cluster(seen)))?
    };
    (!has.eq_ignore_ascii_case(&name)).then(|| (Class::InPlace, name.into()))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::fixtures::{PREFIX, mark, resolved, seen};
    use super::*;
    use crate::backend::Ownership;

    /// The changes as (field, class).
    #[track_caller]
    fn found(wanted: Value, there: Value) -> Vec<(String, Class)> {
        let found = changes(&resolved(wanted), &seen(there), PREFIX);
        found.into_iter().map(|change| (change.field, change.class)).collect()
    }

    #[test]
    fn a_cache_that_was_made_from_the_same_specification_shows_no_changes() {
        let all = json!({
            "engine": "valkey", "version": "8.1", "mode": "standard", "size": "small", "high_availability": false,
            "replicas": 0, "tls": true, "auth": "password", "backup": {"days": 0, "window": "05:00-06:00"},
            "maintenance_window": "sun:23:00-mon:01:30",
            "aws": {"subnet_group": "Caches", "security_group_ids": ["sg-0123456789abcdef0"], "port": 6379},
        });
        assert_eq!(found(all, json!({})), []);
        assert_eq!(
            found(json!({}), json!({"engine": "redis", "engine_version": "6.2.6", "node_type": "cache.m5.large"})),
            []
        );
    }

    #[test]
    fn each_change_costs_what_it_costs() {
        let off = json!({"tls": false, "transit_encryption_mode": null, "auth": "none"});
        for (wanted, there, expected) in [
            (json!({"version": "8.2"}), json!({}), vec![("engine_version", Class::Disruptive)]),
            (json!({"version": "8.0"}), json!({}), vec![("engine_version", Class::Impossible)]),
            (
                json!({"version": "7.2"}),
                json!({"engine_version": "7.2.6", "parameter_group": "default.valkey7"}),
                vec![],
            ),
            (
                json!({"engine": "redis", "version": "6.x"}),
                json!({"engine": "redis", "engine_version": "6.0.5"}),
                vec![],
            ),
            (
                json!({"version": "9.0"}),
                json!({}),
                vec![("engine_version", Class::Disruptive), ("parameter_group", Class::InPlace)],
            ),
            (
                json!({"engine": "valkey"}),
                json!({"engine": "redis", "engine_version": "7.1.0", "parameter_group": "default.redis7"}),
                vec![
                    ("engine", Class::Disruptive),
                    ("engine_version", Class::Disruptive),
                    ("parameter_group", Class::InPlace),
                ],
            ),
            (json!({"engine": "redis"}), json!({}), vec![("engine", Class::Replace)]),
            (
                json!({"engine": "redis", "version": "7.1", "eviction_policy": "noeviction"}),
                json!({}),
                vec![("engine", Class::Replace)],
            ),
            (
                json!({"version": "8.0", "mode": "cluster"}),
                json!({}),
                vec![("engine_version", Class::Replace), ("mode", Class::Replace)],
            ),
            (
                json!({"mode": "cluster", "shards": 2, "high_availability": true}),
                json!({}),
                vec![("mode", Class::Replace)],
            ),
            (json!({"size": "large"}), json!({}), vec![("node_type", Class::Disruptive)]),
            (json!({"replicas": 2}), json!({}), vec![("replicas_per_node_group", Class::InPlace)]),
            (
                json!({"high_availability": true}),
                json!({}),
                vec![
                    ("replicas_per_node_group", Class::InPlace),
                    ("multi_az", Class::InPlace),
                    ("automatic_failover", Class::InPlace),
                ],
            ),
            (
                json!({"high_availability": true}),
                json!({"replicas_per_node_group": 3, "multi_az": true, "automatic_failover": true}),
                vec![],
            ),
            (json!({"tls": true, "auth": "none"}), off.clone(), vec![("tls", Class::Disruptive)]),
            (
                json!({"tls": true, "auth": "password"}),
                off,
                vec![("tls", Class::Disruptive), ("auth", Class::Disruptive)],
            ),
            (
                json!({"tls": true}),
                json!({"transit_encryption_mode": "preferred"}),
                vec![("transit_encryption_mode", Class::Disruptive)],
            ),
            (json!({"tls": false, "auth": "none"}), json!({"auth": "none"}), vec![("tls", Class::Disruptive)]),
            (json!({"tls": false, "auth": "none"}), json!({}), vec![("tls", Class::Replace), ("auth", Class::Replace)]),
            (json!({"auth": "none"}), json!({}), vec![("auth", Class::Replace)]),
            (
                json!({"encryption_key": "arn:aws:kms:eu-central-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab"}),
                json!({"kms_key_id": "arn:aws:kms:eu-central-1:111122223333:key/other"}),
                vec![("kms_key_id", Class::Replace)],
            ),
            (json!({"aws": {"subnet_group": "others"}}), json!({}), vec![("subnet_group", Class::Replace)]),
            (json!({"aws": {"security_group_ids": "sg-1"}}), json!({}), vec![("security_group_ids", Class::InPlace)]),
            (json!({"eviction_policy": "allkeys-lru"}), json!({}), vec![("parameter_group", Class::InPlace)]),
            (json!({"backup": {"days": 3}}), json!({}), vec![("snapshot_retention_limit", Class::InPlace)]),
            (
                json!({"maintenance_window": "mon:03:00-mon:04:00"}),
                json!({}),
                vec![("maintenance_window", Class::InPlace)],
            ),
        ] {
            let expected: Vec<_> = expected.into_iter().map(|(field, class)| (field.to_owned(), class)).collect();
            assert_eq!(found(wanted.clone(), there), expected, "{wanted}");
        }
    }

    #[test]
    fn what_cannot_be_read_is_not_different() {
        let blind =
            json!({"engine_version": null, "subnet_group": null, "security_group_ids": null, "parameter_group": null});
        let wanted = json!({
            "version": "9.0", "eviction_policy": "allkeys-lru", "aws": {"subnet_group": "x", "security_group_ids": "sg-1"},
        });
        assert_eq!(found(wanted, blind), []);
    }

    #[test]
    fn lists_are_compared_without_their_order() {
        let groups = json!({"aws": {"security_group_ids": "sg-1,sg-2"}});
        assert_eq!(found(groups.clone(), json!({"security_group_ids": ["sg-2", "sg-1"]})), []);
        assert_eq!(found(groups, json!({"security_group_ids": ["sg-2"]})).len(), 1);
    }

    #[test]
    fn a_changed_table_of_sizes_moves_no_existing_cache() {
        let wanted = resolved(json!({"size": "large"}));
        let mut there = seen(json!({"node_type": "cache.m6g.large"}));
        there.ownership =
            Some(Ownership::Marked(Box::new(crate::cache::Mark { capacity: Some("large".to_owned()), ..mark() })));
        assert_eq!(changes(&wanted, &there, PREFIX), []);
        let explicit = resolved(json!({"size": "large", "aws": {"node_type": "cache.m7g.large"}}));
        assert_eq!(changes(&explicit, &there, PREFIX).len(), 1);
    }

    #[test]
    fn the_parameter_group_of_an_existing_cache_is_of_its_own_family() {
        let wanted = resolved(json!({"eviction_policy": "allkeys-lru"}));
        let there = seen(json!({"engine_version": "7.2.6", "parameter_group": "default.valkey7"}));
        let found = changes(&wanted, &there, PREFIX);
        assert!(found[0].to.as_str().unwrap().starts_with("cache-valkey7-"), "{found:?}");
        assert_eq!(
            changes(&wanted, &seen(json!({"engine_version": "7.2.6", "parameter_group": found[0].to})), PREFIX),
            []
        );
    }

    #[test]
    fn tls_can_be_switched_on_since_redis_7_0_5() {
        for (version, class) in [
            ("7.1.0", Class::Disruptive),
            ("7.0.5", Class::Disruptive),
            ("7.0.4", Class::Replace),
            ("6.2.6", Class::Replace),
        ] {
            let there = json!({"engine": "redis", "engine_version": version, "tls": false, "auth": "none", "parameter_group": null});
            assert_eq!(found(json!({"tls": true, "auth": "none"}), there), [("tls".to_owned(), class)], "{version}");
        }
    }
}
