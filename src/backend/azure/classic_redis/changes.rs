//! What differs between what was set and what is there, and what each change costs.

use serde_json::Value;

use super::super::{sku, tags};
use crate::backend::{Change, Class, Observed, Resolved};
use crate::cache::Version;

/// Every field that can differ, with what a change of it costs at most. In the order in which changes are told.
pub(super) const FIELDS: &[(&str, Class)] = &[
    ("sku", Class::Replace),
    ("mode", Class::Replace),
    ("shard_count", Class::Disruptive),
    ("replicas_per_primary", Class::Disruptive),
    ("redis_version", Class::Disruptive),
    ("tls", Class::Disruptive),
    ("auth", Class::Disruptive),
    ("public_network_access", Class::Disruptive),
    ("eviction_policy", Class::InPlace),
    ("update_channel", Class::InPlace),
    ("subnet_id", Class::Replace),
    ("static_ip", Class::Replace),
    ("zones", Class::Replace),
    ("zonal_allocation_policy", Class::Replace),
    ("tags", Class::InPlace),
];

/// Everything that differs.
pub(super) fn changes(wanted: &Resolved, seen: &Observed) -> Vec<Change> {
    let mut changes = Vec::new();
    for &(field, at_most) in FIELDS {
        let (Some(from), Some(to)) = (seen.fields.get(field), wanted.fields.get(field)) else { continue };
        if wanted.asks_for(field, &["sku"], seen) && !same(field, from, to) {
            let class = class(field, from, to, at_most);
            changes.push(Change { field: field.to_owned(), from: from.clone(), to: to.clone(), class });
        }
    }
    changes
}

fn same(field: &str, from: &Value, to: &Value) -> bool {
    match (from, to) {
        _ if field == "tags" => tags::covered(from, to),
        // `6` came back as `6.0`.
        (Value::String(from), Value::String(to)) if field == "redis_version" => {
            Version::parse(to).is_some_and(|to| to.covers(from))
        }
        (Value::String(from), Value::String(to)) => from.eq_ignore_ascii_case(to),
        (Value::Array(from), Value::Array(to)) => from.len() == to.len() && from.iter().all(|zone| to.contains(zone)),
        _ => from == to,
    }
}

/// Scaling goes up within a tier and from a tier to a higher one, and down within a tier; never to a lower tier, nor from
/// Basic to Premium at once. learn.microsoft.com, "Scale an Azure Cache for Redis instance".
fn class(field: &str, from: &Value, to: &Value, at_most: Class) -> Class {
    match field {
        "sku" => {
            let rank = |value: &Value| match value.as_str().and_then(sku::parts) {
                Some(("Basic", ..)) => Some(0),
                Some(("Standard", ..)) => Some(1),
                Some(("Premium", ..)) => Some(2),
                _ => None,
            };
            match (rank(from), rank(to)) {
                (Some(from), Some(to)) if to == from || to == from + 1 => Class::Disruptive,
                _ => Class::Replace,
            }
        }
        "public_network_access" if to == "Enabled" => Class::InPlace,
        _ => at_most,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::fixtures::{resolved, seen};
    use super::*;

    #[track_caller]
    fn found(wanted: Value, there: Value) -> Vec<(String, Class)> {
        let found = changes(&resolved(wanted), &seen(there));
        found.into_iter().map(|change| (change.field, change.class)).collect()
    }

    #[test]
    fn a_cache_that_was_made_from_the_same_specification_shows_no_changes() {
        let all = json!({
            "engine": "redis", "version": "6", "mode": "standard", "size": "small", "tls": true, "auth": "password",
            "eviction_policy": "volatile-lru", "azure": {"public_access": false, "update_channel": "Stable"},
        });
        assert_eq!(found(all, json!({})), []);
        assert_eq!(found(json!({}), json!({"sku": "Premium_P4", "redis_version": "4.0"})), []);
    }

    #[test]
    fn each_change_costs_what_it_costs() {
        for (wanted, there, field, class) in [
            (json!({"size": "large"}), json!({}), "sku", Class::Disruptive),
            (json!({"azure": {"sku": "Standard_C1"}}), json!({}), "sku", Class::Disruptive),
            (json!({"azure": {"sku": "Premium_P1"}}), json!({}), "sku", Class::Replace),
            (json!({"azure": {"sku": "Basic_C1"}}), json!({"sku": "Standard_C1"}), "sku", Class::Replace),
            (json!({"version": "6"}), json!({"redis_version": "4.0"}), "redis_version", Class::Disruptive),
            (json!({"tls": false}), json!({}), "tls", Class::Disruptive),
            (json!({"eviction_policy": "noeviction"}), json!({}), "eviction_policy", Class::InPlace),
            (json!({"azure": {"public_access": true}}), json!({}), "public_network_access", Class::InPlace),
            (json!({"azure": {"update_channel": "Preview"}}), json!({}), "update_channel", Class::InPlace),
            (json!({"tags": {"team": "a"}}), json!({}), "tags", Class::InPlace),
        ] {
            assert_eq!(found(wanted.clone(), there), [(field.to_owned(), class)], "{wanted}");
        }
    }
}
