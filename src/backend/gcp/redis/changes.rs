//! What differs between what was set and what is there, and what each change costs.
//!
//! <https://cloud.google.com/memorystore/docs/redis/reference/rest/v1/projects.locations.instances/patch> names less than
//! the method takes; which fields it takes is known from Terraform's provider.

use serde_json::Value;

use super::super::instances::{self, Compared, is_same, same_network, version_class};
use crate::backend::{Change, Class, Observed, Resolved};

/// Every field that can differ, with what a change of it costs at most. In the order in which changes are told.
pub(super) const FIELDS: &[(&str, Class)] = &[
    ("engine_version", Class::Impossible),
    ("tier", Class::Replace),
    ("memory_size_gb", Class::Disruptive),
    ("read_replicas", Class::Impossible),
    ("replica_count", Class::InPlace),
    ("secondary_ip_range", Class::Disruptive),
    ("tls", Class::Replace),
    ("auth", Class::Disruptive),
    ("encryption_key", Class::Replace),
    ("network", Class::Replace),
    ("connect_mode", Class::Replace),
    ("reserved_ip_range", Class::Replace),
    ("zone", Class::Replace),
    ("alternative_zone", Class::Replace),
    ("parameters", Class::InPlace),
    ("persistence", Class::InPlace),
    ("rdb_period", Class::InPlace),
    ("maintenance_window", Class::InPlace),
    ("display_name", Class::InPlace),
    ("labels", Class::InPlace),
];

/// Everything that differs.
pub(super) fn changes(wanted: &Resolved, seen: &Observed) -> Vec<Change> {
    let how = Compared { fields: FIELDS, sized: &["memory_size_gb"], same, class, needed };
    let mut changes = instances::changes(&how, wanted, seen);
    // A new tier brings its replicas with it.
    if changes.iter().any(|change| change.field == "tier") {
        changes
            .retain(|change| !["read_replicas", "replica_count", "alternative_zone"].contains(&change.field.as_str()));
    }
    changes
}

fn same(field: &str, from: &Value, to: &Value) -> bool {
    match (field, from.as_str(), to.as_str()) {
        ("network", ..) => same_network(from, to),
        // Google may add the version that it uses.
        ("encryption_key", Some(from), Some(to)) => {
            from == to || from.strip_prefix(to).is_some_and(|rest| rest.starts_with("/cryptoKeyVersions/"))
        }
        // Asked for by name, a range may be shown by its addresses, and the other way round.
        ("reserved_ip_range" | "secondary_ip_range", Some(from), Some(to)) => {
            from == to || is_cidr(from) != is_cidr(to) || to == super::AUTO
        }
        _ => is_same(from, to),
    }
}

fn is_cidr(range: &str) -> bool {
    range.contains('/')
}

fn class(field: &str, from: &Value, to: &Value, at_most: Class) -> Class {
    match field {
        "engine_version" => version_class(from, to),
        // Once enabled, they stay. Enabling them changes where the nodes are.
        "read_replicas" if *to == true => Class::Disruptive,
        _ => at_most,
    }
}

/// Replicas that answer reads need more memory than the smallest instances have.
fn needed(field: &str, wanted: &Resolved, seen: &Observed) -> bool {
    let has = seen.fields.get("memory_size_gb").and_then(Value::as_i64);
    let enables = wanted.set.contains("read_replicas")
        && wanted.flag("read_replicas") == Some(true)
        && seen.fields.get("read_replicas") == Some(&false.into());
    field == "memory_size_gb" && enables && has.is_some_and(|has| has < super::LEAST_WITH_READS)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::fixtures::{mark, resolved, seen};
    use super::*;
    use crate::backend::Ownership;
    use crate::cache::Mark;

    /// The changes as (field, class).
    #[track_caller]
    fn found(wanted: Value, there: Value) -> Vec<(String, Class)> {
        let found = changes(&resolved(wanted), &seen(there));
        found.into_iter().map(|change| (change.field, change.class)).collect()
    }

    #[test]
    fn an_instance_that_was_made_from_the_same_specification_shows_no_changes() {
        let all = json!({
            "engine": "redis", "version": "7.2", "mode": "standard", "size": "small", "high_availability": false,
            "replicas": 0, "tls": true, "auth": "password", "persistence": "none",
            "gcp": {"network": "caches", "connect_mode": "DIRECT_PEERING", "tier": "BASIC", "zone": "europe-west3-a"},
        });
        assert_eq!(found(all, json!({})), []);
        let other = json!({
            "tier": "STANDARD_HA", "replicaCount": 1, "redisVersion": "REDIS_6_X", "memorySizeGb": 9, "authEnabled": false,
        });
        assert_eq!(found(json!({}), other), [], "nobody asked for anything");
    }

    #[test]
    fn each_change_costs_what_it_costs() {
        let with_reads = || {
            json!({
                "tier": "STANDARD_HA", "replicaCount": 2, "readReplicasMode": "READ_REPLICAS_ENABLED", "memorySizeGb": 5,
            })
        };
        let without_reads = |gb: u32| json!({"tier": "STANDARD_HA", "replicaCount": 1, "memorySizeGb": gb});
        let key = "projects/p/locations/europe-west3/keyRings/r/cryptoKeys/k";
        for (wanted, there, expected) in [
            (
                json!({"version": "7.2"}),
                json!({"redisVersion": "REDIS_7_0"}),
                vec![("engine_version", Class::Disruptive)],
            ),
            (json!({"version": "7.0"}), json!({}), vec![("engine_version", Class::Impossible)]),
            (json!({"size": "large"}), json!({}), vec![("memory_size_gb", Class::Disruptive)]),
            (json!({"high_availability": true}), json!({}), vec![("tier", Class::Replace)]),
            (
                json!({"replicas": 3, "size": "large"}),
                json!({}),
                vec![("tier", Class::Replace), ("memory_size_gb", Class::Disruptive)],
            ),
            (
                json!({"version": "7.0", "high_availability": true}),
                json!({}),
                vec![("engine_version", Class::Replace), ("tier", Class::Replace)],
            ),
            (json!({"high_availability": false}), without_reads(5), vec![("tier", Class::Replace)]),
            (json!({"replicas": 3}), with_reads(), vec![("replica_count", Class::InPlace)]),
            (json!({"replicas": 1}), with_reads(), vec![("replica_count", Class::InPlace)]),
            (json!({"high_availability": true}), with_reads(), vec![]),
            (
                json!({"replicas": 2}),
                without_reads(8),
                vec![("read_replicas", Class::Disruptive), ("replica_count", Class::InPlace)],
            ),
            (
                json!({"replicas": 2}),
                without_reads(1),
                vec![
                    ("memory_size_gb", Class::Disruptive),
                    ("read_replicas", Class::Disruptive),
                    ("replica_count", Class::InPlace),
                ],
            ),
            (
                json!({"replicas": 1, "gcp": {"read_replicas": false}}),
                with_reads(),
                vec![("read_replicas", Class::Impossible), ("replica_count", Class::InPlace)],
            ),
            (json!({"tls": false}), json!({}), vec![("tls", Class::Replace)]),
            (json!({"auth": "none"}), json!({}), vec![("auth", Class::Disruptive)]),
            (json!({"auth": "password"}), json!({"authEnabled": false}), vec![("auth", Class::Disruptive)]),
            (json!({"encryption_key": key}), json!({}), vec![("encryption_key", Class::Replace)]),
            (
                json!({"encryption_key": key}),
                json!({"customerManagedKey": format!("{key}/cryptoKeyVersions/3")}),
                vec![],
            ),
            (json!({"gcp": {"network": "other"}}), json!({}), vec![("network", Class::Replace)]),
            (
                json!({"gcp": {"connect_mode": "PRIVATE_SERVICE_ACCESS"}}),
                json!({}),
                vec![("connect_mode", Class::Replace)],
            ),
            (
                json!({"gcp": {"reserved_ip_range": "10.9.9.0/29"}}),
                json!({}),
                vec![("reserved_ip_range", Class::Replace)],
            ),
            (
                json!({"gcp": {"reserved_ip_range": "psa-range", "connect_mode": "PRIVATE_SERVICE_ACCESS"}}),
                json!({"connectMode": "PRIVATE_SERVICE_ACCESS"}),
                vec![],
            ),
            (json!({"gcp": {"zone": "europe-west3-b"}}), json!({}), vec![("zone", Class::Replace)]),
            (json!({"eviction_policy": "noeviction"}), json!({}), vec![("parameters", Class::InPlace)]),
            (json!({"persistence": "rdb"}), json!({}), vec![("persistence", Class::InPlace)]),
            (
                json!({"persistence": "rdb", "gcp": {"rdb_period": "ONE_HOUR"}}),
                json!({"persistenceConfig": {"persistenceMode": "RDB", "rdbSnapshotPeriod": "SIX_HOURS"}}),
                vec![("rdb_period", Class::InPlace)],
            ),
            (
                json!({"maintenance_window": "sun:03:00-sun:04:00"}),
                json!({}),
                vec![("maintenance_window", Class::InPlace)],
            ),
            (json!({"gcp": {"display_name": "Sessions"}}), json!({}), vec![("display_name", Class::InPlace)]),
            (json!({"tags": {"team": "a"}}), json!({}), vec![("labels", Class::InPlace)]),
            (json!({"tags": {"team": "a"}}), json!({"labels": {"team": "a", "theirs": "x"}}), vec![]),
        ] {
            let expected: Vec<_> = expected.into_iter().map(|(field, class)| (field.to_owned(), class)).collect();
            assert_eq!(found(wanted.clone(), there), expected, "{wanted}");
        }
    }

    #[test]
    fn what_a_map_does_not_mention_is_kept() {
        let wanted = resolved(json!({"eviction_policy": "noeviction", "tags": {"team": "a"}}));
        let there = seen(json!({"redisConfigs": {"activedefrag": "yes"}, "labels": {"theirs": "x"}}));
        let found = changes(&wanted, &there);
        assert_eq!(found[0].to, json!({"activedefrag": "yes", "maxmemory-policy": "noeviction"}));
        assert_eq!(found[1].to, json!({"team": "a", "theirs": "x"}));
    }

    #[test]
    fn what_cannot_be_read_is_not_different() {
        let mut blind = seen(json!({}));
        blind.fields.clear();
        let wanted = resolved(json!({
            "version": "7.0", "size": "large", "high_availability": true, "auth": "none", "tls": false,
            "eviction_policy": "noeviction", "gcp": {"network": "other"}, "tags": {"team": "a"},
        }));
        assert_eq!(changes(&wanted, &blind), []);
        let unheard_of = json!({"redisVersion": "REDIS_NEXT", "transitEncryptionMode": "MUTUAL"});
        assert_eq!(found(json!({"version": "7.2", "tls": true}), unheard_of), []);
    }

    #[test]
    fn a_changed_table_of_sizes_moves_no_existing_instance() {
        let mut there = seen(json!({"memorySizeGb": 4}));
        let marked = Mark { capacity: Some("large".to_owned()), ..mark() };
        there.ownership = Some(Ownership::Marked(Box::new(marked)));
        assert_eq!(changes(&resolved(json!({"size": "large"})), &there), []);
        assert_eq!(changes(&resolved(json!({"size": "medium"})), &there).len(), 1);
        assert_eq!(changes(&resolved(json!({"size": "large", "gcp": {"memory_size_gb": 6}})), &there).len(), 1);
    }

    #[test]
    fn a_network_that_was_wanted_without_a_project_is_that_of_the_instance() {
        let mut wanted = resolved(json!({"gcp": {"network": "caches"}}));
        wanted.fields.insert("network".to_owned(), "global/networks/caches".into());
        assert_eq!(changes(&wanted, &seen(json!({}))), []);
        wanted.fields.insert("network".to_owned(), "global/networks/aches".into());
        assert_eq!(changes(&wanted, &seen(json!({}))).len(), 1);
    }
}
