//! What differs between what was set and what is there, and what each change costs.

use serde_json::Value;

use super::super::{sku, tags};
use super::parts;
use crate::backend::{Change, Class, Observed, Resolved};
use crate::cache::{Auth, Mode};

const UNCLUSTERED: &str = "NoCluster";

/// Every field that can differ, with what a change of it costs at most. In the order in which changes are told.
pub(super) const FIELDS: &[(&str, Class)] = &[
    ("sku", Class::Disruptive),
    ("high_availability", Class::Disruptive),
    ("mode", Class::Replace),
    ("clustering_policy", Class::Replace),
    ("tls", Class::Disruptive),
    ("auth", Class::Disruptive),
    ("object_ids", Class::InPlace),
    ("public_network_access", Class::Disruptive),
    ("eviction_policy", Class::InPlace),
    ("persistence", Class::InPlace),
    ("rdb_frequency", Class::InPlace),
    ("encryption_key", Class::Replace),
    ("user_assigned_identity_id", Class::InPlace),
    ("private_endpoint_subnet_id", Class::Impossible),
    ("private_dns_zone_id", Class::Impossible),
    ("port", Class::Replace),
    ("modules", Class::Replace),
    ("tags", Class::InPlace),
];

/// Everything that differs.
pub(super) fn changes(wanted: &Resolved, seen: &Observed) -> Vec<Change> {
    let mut changes: Vec<Change> = Vec::new();
    for &(field, at_most) in FIELDS {
        let (Some(from), Some(to)) = (seen.fields.get(field), wanted.fields.get(field)) else { continue };
        let compared = is_compared(wanted, seen, field) || must_cluster(field, &changes, from);
        if compared && !same(field, from, to) {
            let class = class(field, from, to, seen, at_most);
            changes.push(Change { field: field.to_owned(), from: from.clone(), to: to.clone(), class });
        }
    }
    Change::go_along(&mut changes);
    changes
}

/// Whether a field was asked for. A size is asked for only when its word is another than that of the mark: a changed
/// table of sizes moves no existing cache. A part that was wanted at the creation is still wanted.
fn is_compared(wanted: &Resolved, seen: &Observed, field: &str) -> bool {
    match field {
        "object_ids" => wanted.set.contains(field) || was_wanted(seen, parts::ASSIGNMENT),
        "private_endpoint_subnet_id" => wanted.set.contains(field) || was_wanted(seen, parts::ENDPOINT),
        "private_dns_zone_id" => wanted.set.contains(field) || was_wanted(seen, parts::DNS),
        _ => wanted.asks_for(field, &["sku"], seen),
    }
}

fn was_wanted(seen: &Observed, kind: &str) -> bool {
    let tag = seen.fields.get(super::LASTING).and_then(|lasting| lasting.get(tags::PARTS)).and_then(Value::as_str);
    tag.is_some_and(|tag| parts::names(tag, kind))
}

/// A cache without clustering cannot grow beyond 25 GB. The policy comes after the SKU in the order of fields.
fn must_cluster(field: &str, changes: &[Change], from: &Value) -> bool {
    let grows =
        |change: &Change| change.field == "sku" && change.to.as_str().is_some_and(|sku| !sku::fits_unclustered(sku));
    field == "clustering_policy" && *from == UNCLUSTERED && changes.iter().any(grows)
}

fn same(field: &str, from: &Value, to: &Value) -> bool {
    match (from, to) {
        _ if field == "tags" => tags::covered(from, to),
        (Value::String(from), Value::String(to)) => from.eq_ignore_ascii_case(to),
        (Value::Array(from), Value::Array(to)) => {
            let has = |list: &[Value], item: &Value| {
                let text = item.as_str().unwrap_or_default();
                list.iter().any(|other| other.as_str().unwrap_or_default().eq_ignore_ascii_case(text))
            };
            from.len() == to.len() && from.iter().all(|item| has(to, item)) && to.iter().all(|item| has(from, item))
        }
        _ => from == to,
    }
}

fn class(field: &str, from: &Value, to: &Value, seen: &Observed, at_most: Class) -> Class {
    let policy = seen.fields.get("clustering_policy");
    match field {
        // The only policy that can be left without losing the data.
        "mode" | "clustering_policy" if policy.is_some_and(|policy| policy == UNCLUSTERED) => Class::Disruptive,
        "high_availability" | "public_network_access" if to == "Enabled" => Class::InPlace,
        "auth" if to == Auth::Password.as_str() => Class::InPlace,
        // A first one can be added; another one would need the old one to go.
        "private_endpoint_subnet_id" | "private_dns_zone_id" if from == "" => Class::InPlace,
        // From one key of the customer's to another; Azure's own key is chosen at creation.
        "encryption_key" if from != "" => Class::InPlace,
        "encryption_key" => Class::Replace,
        _ => at_most,
    }
}

/// Whether the clustering policy is among what changes.
pub(super) fn changes_policy(changes: &[Change]) -> bool {
    let is_policy = |change: &Change| change.field == "clustering_policy" || change.field == "mode";
    changes.iter().any(|change| is_policy(change) && change.class == Class::Disruptive)
}

/// The mode that a clustering policy means for clients.
pub(super) fn mode_of(policy: &str) -> Mode {
    if policy == "OSSCluster" { Mode::Cluster } else { Mode::Standard }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::fixtures::{resolved, seen};
    use super::*;

    /// The changes as (field, class).
    #[track_caller]
    fn found(wanted: Value, there: Value) -> Vec<(String, Class)> {
        let found = changes(&resolved(wanted), &seen(there));
        found.into_iter().map(|change| (change.field, change.class)).collect()
    }

    #[test]
    fn a_cache_that_was_made_from_the_same_specification_shows_no_changes() {
        let all = json!({
            "engine": "redis", "mode": "standard", "size": "small", "high_availability": false, "replicas": 0,
            "tls": true, "auth": "password", "persistence": "none", "eviction_policy": "volatile-lru",
            "azure": {"port": 10000, "public_access": false, "clustering_policy": "NoCluster"},
        });
        assert_eq!(found(all, json!({})), []);
        assert_eq!(found(json!({}), json!({"sku": "Balanced_B50", "clustering_policy": "OSSCluster"})), []);
    }

    #[test]
    fn each_change_costs_what_it_costs() {
        let enterprise = json!({"clustering_policy": "EnterpriseCluster"});
        let identity = "/subscriptions/s/resourceGroups/g/providers/Microsoft.ManagedIdentity/userAssignedIdentities/i";
        let key = json!({
            "encryption_key": "https://v.vault.azure.net/keys/k/1", "azure": {"user_assigned_identity_id": identity},
        });
        let subnet = "/subscriptions/s/resourceGroups/g/providers/Microsoft.Network/virtualNetworks/v/subnets/s";
        for (wanted, there, expected) in [
            (json!({"size": "large"}), json!({}), vec![("sku", Class::Disruptive)]),
            (
                json!({"azure": {"sku": "Balanced_B50"}}),
                json!({}),
                vec![("sku", Class::Disruptive), ("clustering_policy", Class::Disruptive)],
            ),
            (json!({"azure": {"sku": "Balanced_B50"}}), enterprise.clone(), vec![("sku", Class::Disruptive)]),
            (json!({"high_availability": true}), json!({}), vec![("high_availability", Class::InPlace)]),
            (
                json!({"high_availability": false}),
                json!({"high_availability": "Enabled"}),
                vec![("high_availability", Class::Disruptive)],
            ),
            (json!({"mode": "cluster"}), json!({}), vec![("mode", Class::Disruptive)]),
            (json!({"mode": "cluster"}), enterprise.clone(), vec![("mode", Class::Replace)]),
            (
                json!({"mode": "standard"}),
                json!({"mode": "cluster", "clustering_policy": "OSSCluster"}),
                vec![("mode", Class::Replace)],
            ),
            (
                json!({"azure": {"clustering_policy": "NoCluster"}}),
                enterprise,
                vec![("clustering_policy", Class::Replace)],
            ),
            (json!({"tls": false}), json!({}), vec![("tls", Class::Disruptive)]),
            (json!({"eviction_policy": "allkeys-lru"}), json!({}), vec![("eviction_policy", Class::InPlace)]),
            (json!({"persistence": "rdb"}), json!({}), vec![("persistence", Class::InPlace)]),
            (
                json!({"persistence": "rdb", "azure": {"rdb_frequency": "1h"}}),
                json!({"persistence": "rdb", "rdb_frequency": "12h"}),
                vec![("rdb_frequency", Class::InPlace)],
            ),
            (json!({"azure": {"public_access": true}}), json!({}), vec![("public_network_access", Class::InPlace)]),
            (
                json!({"azure": {"public_access": false}}),
                json!({"public_network_access": "Enabled"}),
                vec![("public_network_access", Class::Disruptive)],
            ),
            (json!({"azure": {"port": 10001}}), json!({}), vec![("port", Class::Replace)]),
            (json!({"azure": {"modules": "RediSearch"}}), json!({}), vec![("modules", Class::Replace)]),
            (key, json!({}), vec![("encryption_key", Class::Replace), ("user_assigned_identity_id", Class::InPlace)]),
            (
                json!({"azure": {"private_endpoint_subnet_id": subnet}}),
                json!({}),
                vec![("private_endpoint_subnet_id", Class::InPlace)],
            ),
            (
                json!({"azure": {"private_endpoint_subnet_id": subnet}}),
                json!({"private_endpoint_subnet_id": "/other"}),
                vec![("private_endpoint_subnet_id", Class::Impossible)],
            ),
            (json!({"tags": {"team": "a"}}), json!({"tags": {"team": "b", "x": "y"}}), vec![("tags", Class::InPlace)]),
            (json!({"tags": {"team": "a"}}), json!({"tags": {"Team": "a", "x": "y"}}), vec![]),
        ] {
            let expected: Vec<(String, Class)> =
                expected.into_iter().map(|(field, class)| (field.to_owned(), class)).collect();
            assert_eq!(found(wanted.clone(), there), expected, "{wanted}");
        }
    }

    #[test]
    fn a_changed_table_of_sizes_moves_no_cache() {
        let mut there = seen(json!({"sku": "MemoryOptimized_M10"}));
        let Some(crate::backend::Ownership::Marked(mark)) = &mut there.ownership else { panic!("marked") };
        mark.capacity = Some("large".to_owned());
        assert_eq!(changes(&resolved(json!({"size": "large"})), &there), []);
        assert_eq!(changes(&resolved(json!({"size": "xlarge"})), &there)[0].field, "sku");
    }

    #[test]
    fn every_change_is_announced_with_no_less_than_it_costs() {
        let all = json!({
            "size": "large", "high_availability": true, "mode": "cluster", "tls": false,
            "eviction_policy": "noeviction", "persistence": "aof", "azure": {"port": 11000},
        });
        for change in changes(&resolved(all), &seen(json!({}))) {
            let most = FIELDS.iter().find(|(field, _)| *field == change.field).unwrap().1;
            assert!(change.class <= most, "{change:?}");
        }
    }
}
