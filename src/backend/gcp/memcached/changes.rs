//! What differs between what was set and what is there, and what each change costs.
//!
//! New parameters restart the nodes and a new version empties them, so both interrupt; another number of nodes moves keys.

use serde_json::Value;

use super::super::instances::{self, Compared, is_same, same_network, version_class};
use crate::backend::{Change, Class, Observed, Resolved};

/// Every field that can differ, with what a change of it costs at most. In the order in which changes are told.
pub(super) const FIELDS: &[(&str, Class)] = &[
    ("engine_version", Class::Impossible),
    ("node_count", Class::Disruptive),
    ("cpu_count", Class::Replace),
    ("memory_size_mb", Class::Replace),
    ("network", Class::Replace),
    ("reserved_ip_range", Class::Replace),
    ("zones", Class::Replace),
    ("parameters", Class::Disruptive),
    ("maintenance_window", Class::InPlace),
    ("display_name", Class::InPlace),
    ("labels", Class::InPlace),
];

/// Everything that differs.
pub(super) fn changes(wanted: &Resolved, seen: &Observed) -> Vec<Change> {
    let sized = &["cpu_count", "memory_size_mb"];
    instances::changes(&Compared { fields: FIELDS, sized, same, class, needed: |_, _, _| false }, wanted, seen)
}

fn same(field: &str, from: &Value, to: &Value) -> bool {
    if field == "network" { same_network(from, to) } else { is_same(from, to) }
}

fn class(field: &str, from: &Value, to: &Value, at_most: Class) -> Class {
    match field {
        "engine_version" => version_class(from, to),
        // What the nodes hold that go is lost.
        "node_count" if from.as_u64() < to.as_u64() => Class::InPlace,
        _ => at_most,
    }
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
            "version": "1.6.15", "mode": "standard", "size": "small", "shards": 1, "tls": false, "auth": "none",
            "gcp": {"network": "caches", "zones": "europe-west3-c,europe-west3-a"},
        });
        assert_eq!(found(all, json!({})), []);
        assert_eq!(found(json!({}), json!({"nodeCount": 9, "memcacheVersion": "MEMCACHE_1_5"})), []);
    }

    #[test]
    fn each_change_costs_what_it_costs() {
        let old = || json!({"memcacheVersion": "MEMCACHE_1_5"});
        for (wanted, there, expected) in [
            (json!({"version": "1.6.15"}), old(), vec![("engine_version", Class::Disruptive)]),
            (json!({"version": "1.6"}), json!({}), vec![]),
            (json!({"version": "1.5"}), json!({}), vec![("engine_version", Class::Impossible)]),
            (json!({"shards": 3}), json!({}), vec![("node_count", Class::InPlace)]),
            (json!({"shards": 1}), json!({"nodeCount": 3}), vec![("node_count", Class::Disruptive)]),
            (json!({"size": "large"}), json!({}), vec![("memory_size_mb", Class::Replace)]),
            (
                json!({"size": "xlarge", "version": "1.5"}),
                json!({}),
                vec![
                    ("engine_version", Class::Replace),
                    ("cpu_count", Class::Replace),
                    ("memory_size_mb", Class::Replace),
                ],
            ),
            (json!({"gcp": {"network": "other"}}), json!({}), vec![("network", Class::Replace)]),
            (json!({"gcp": {"zones": "europe-west3-a"}}), json!({}), vec![("zones", Class::Replace)]),
            (json!({"parameters": {"max-item-size": "1048576"}}), json!({}), vec![("parameters", Class::Disruptive)]),
            (
                json!({"maintenance_window": "sun:03:00-sun:06:00"}),
                json!({}),
                vec![("maintenance_window", Class::InPlace)],
            ),
            (json!({"gcp": {"display_name": "Sessions"}}), json!({}), vec![("display_name", Class::InPlace)]),
            (json!({"tags": {"team": "a"}}), json!({}), vec![("labels", Class::InPlace)]),
        ] {
            let expected: Vec<_> = expected.into_iter().map(|(field, class)| (field.to_owned(), class)).collect();
            assert_eq!(found(wanted.clone(), there), expected, "{wanted}");
        }
    }

    #[test]
    fn what_cannot_be_read_is_not_different() {
        let mut blind = seen(json!({}));
        blind.fields.clear();
        let wanted = resolved(json!({
            "version": "1.5", "shards": 4, "size": "large", "parameters": {"max-item-size": "1"},
            "gcp": {"network": "other"}, "tags": {"team": "a"},
        }));
        assert_eq!(changes(&wanted, &blind), []);
    }

    #[test]
    fn a_changed_table_of_sizes_moves_no_existing_instance() {
        let mut there = seen(json!({"nodeConfig": {"cpuCount": 2, "memorySizeMb": 2048}}));
        let marked = Mark { capacity: Some("small".to_owned()), ..mark() };
        there.ownership = Some(Ownership::Marked(Box::new(marked)));
        assert_eq!(changes(&resolved(json!({"size": "small"})), &there), []);
        assert_eq!(changes(&resolved(json!({"size": "large"})), &there).len(), 2);
    }
}
