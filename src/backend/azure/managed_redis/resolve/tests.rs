use serde_json::{Value, json};

use super::super::fixtures::{resolved, try_resolve};
use crate::cache::Origin;

const IDENTITY: &str = "/subscriptions/s/resourceGroups/g/providers/Microsoft.ManagedIdentity/userAssignedIdentities/i";
const SUBNET: &str = "/subscriptions/s/resourceGroups/g/providers/Microsoft.Network/virtualNetworks/v/subnets/caches";
const ZONE: &str =
    "/subscriptions/s/resourceGroups/g/providers/Microsoft.Network/privateDnsZones/privatelink.redis.azure.net";
const OBJECT: &str = "13476632-c6fe-483b-bf75-729f819e5f1c";

#[track_caller]
fn errors(values: Value) -> Vec<String> {
    let errors = try_resolve(&json!({}), Origin::Request, values).unwrap_err();
    errors.into_iter().map(|error| error.path).collect()
}

#[test]
fn the_defaults_are_safe_and_nothing_of_them_was_asked_for() {
    let resolved = resolved(json!({}));
    for (field, expected) in [
        ("engine", json!("redis")),
        ("mode", json!("standard")),
        ("sku", json!("Balanced_B1")),
        ("high_availability", json!("Disabled")),
        ("clustering_policy", json!("NoCluster")),
        ("tls", json!(true)),
        ("minimum_tls_version", json!("1.2")),
        ("auth", json!("password")),
        ("public_network_access", json!("Disabled")),
        ("eviction_policy", json!("VolatileLRU")),
        ("persistence", json!("none")),
        ("port", json!(10000)),
    ] {
        assert_eq!(resolved.fields.get(field), Some(&expected), "{field}");
    }
    assert!(resolved.set.is_empty() && resolved.by_route.is_empty(), "{:?}", resolved.set);
    assert_eq!((resolved.capacity, resolved.memory_gb), (None, Some(1.0)));
    assert!(resolved.warnings.iter().any(|warning| warning.contains("nothing can connect")));
}

#[test]
fn a_size_is_a_sku_and_an_explicit_sku_wins() {
    let sku = |values| resolved(values).text("sku").unwrap().to_owned();
    assert_eq!(sku(json!({"size": "nano"})), "Balanced_B0");
    assert_eq!(sku(json!({"memory_gb": 4})), "Balanced_B5");
    let explicit = resolved(json!({"size": "nano", "azure": {"sku": "ComputeOptimized_X3"}}));
    assert_eq!((explicit.text("sku"), explicit.capacity.as_deref()), (Some("ComputeOptimized_X3"), None));
    assert!(explicit.warnings.iter().any(|warning| warning.contains("wins over")));
    assert_eq!(errors(json!({"memory_gb": 500})), ["driver.values.memory_gb"]);
}

#[test]
fn how_keys_are_spread_follows_mode_and_size() {
    let policy = |values| resolved(values).text("clustering_policy").unwrap().to_owned();
    assert_eq!(policy(json!({"size": "2xlarge"})), "NoCluster");
    assert_eq!(policy(json!({"mode": "cluster"})), "OSSCluster");
    assert_eq!(policy(json!({"azure": {"sku": "Balanced_B50"}})), "EnterpriseCluster");
    let own = resolved(json!({"azure": {"clustering_policy": "OSSCluster"}}));
    assert_eq!((own.text("mode"), own.set.contains("mode")), (Some("cluster"), false));
    assert_eq!(policy(json!({"azure": {"clustering_policy": "EnterpriseCluster"}})), "EnterpriseCluster");
    let large = resolved(json!({"azure": {"sku": "Balanced_B50"}}));
    assert!(large.warnings.iter().any(|warning| warning.contains("hash slot")));
}

#[test]
fn one_copy_is_high_availability() {
    let available = |values| resolved(values).text("high_availability").unwrap().to_owned();
    assert_eq!(available(json!({"high_availability": true})), "Enabled");
    assert_eq!(available(json!({"replicas": 1})), "Enabled");
    assert_eq!(available(json!({"replicas": 0})), "Disabled");
}

#[test]
fn a_key_a_way_in_and_identities_are_taken_together() {
    let all = resolved(json!({
        "encryption_key": "https://v.vault.azure.net/keys/k/562a4bb76b524a1493a6afe8e536ee78", "auth": "iam",
        "azure": {
            "user_assigned_identity_id": IDENTITY, "object_ids": OBJECT,
            "private_endpoint_subnet_id": SUBNET, "private_dns_zone_id": ZONE,
        },
    }));
    for field in ["encryption_key", "user_assigned_identity_id", "auth", "object_ids", "private_endpoint_subnet_id"] {
        assert!(all.set.contains(field), "{field} of {:?}", all.set);
    }
    assert!(!all.warnings.iter().any(|warning| warning.contains("nothing can connect")));
}

#[test]
fn what_the_product_cannot_serve_is_named_at_its_path() {
    for (values, path) in [
        (json!({"engine": "valkey"}), "engine"),
        (json!({"version": "7.4"}), "version"),
        (json!({"mode": "serverless"}), "mode"),
        (json!({"mode": "cluster", "shards": 3}), "shards"),
        (json!({"replicas": 2}), "replicas"),
        (json!({"auth": "none"}), "auth"),
        (json!({"auth": "iam"}), "azure.object_ids"),
        (json!({"encryption_key": "https://v.vault.azure.net/keys/k"}), "encryption_key"),
        (json!({"encryption_key": "https://v.vault.azure.net/keys/k/1"}), "azure.user_assigned_identity_id"),
        (json!({"azure": {"user_assigned_identity_id": IDENTITY}}), "azure.user_assigned_identity_id"),
        (json!({"parameters": {"timeout": "10"}}), "parameters.timeout"),
        (json!({"parameters": {"maxmemory-policy": "sometimes"}}), "parameters.maxmemory-policy"),
        (json!({"backup": {"days": 3}}), "backup.days"),
        (json!({"maintenance_window": "sun:03:00-sun:04:00"}), "maintenance_window"),
        (json!({"apply": "maintenance_window"}), "apply"),
        (json!({"restore_from": "https://a.blob.core.windows.net/c/dump.rdb"}), "restore_from"),
        (json!({"azure": {"sku": "Enterprise_E10"}}), "azure.sku"),
        (json!({"azure": {"sku": "Balanced_B2"}}), "azure.sku"),
        (json!({"azure": {"sku": "Standard_C1"}}), "azure.sku"),
        (json!({"azure": {"sku": "Balanced_B50", "clustering_policy": "NoCluster"}}), "azure.clustering_policy"),
        (json!({"mode": "cluster", "azure": {"clustering_policy": "NoCluster"}}), "azure.clustering_policy"),
        (json!({"mode": "standard", "azure": {"clustering_policy": "OSSCluster"}}), "azure.clustering_policy"),
        (json!({"azure": {"zones": "1"}}), "azure.zones"),
        (json!({"azure": {"update_channel": "Stable"}}), "azure.update_channel"),
        (json!({"azure": {"rdb_frequency": "1h"}}), "azure.rdb_frequency"),
        (json!({"azure": {"private_endpoint_subnet_id": IDENTITY}}), "azure.private_endpoint_subnet_id"),
        (json!({"azure": {"private_dns_zone_id": ZONE}}), "azure.private_dns_zone_id"),
        (json!({"tags": {"managed-by": "me"}}), "tags.managed-by"),
    ] {
        assert_eq!(errors(values.clone()), [format!("driver.values.{path}")], "{values}");
    }
}

#[test]
fn a_wrong_sku_lists_the_right_ones() {
    let errors = try_resolve(&json!({}), Origin::Request, json!({"azure": {"sku": "Balanced_B2"}})).unwrap_err();
    assert!(errors[0].expected.contains("Balanced_B3") && errors[0].expected.contains("FlashOptimized_A250"));
    let errors = try_resolve(&json!({}), Origin::Request, json!({"azure": {"sku": "Enterprise_E10"}})).unwrap_err();
    assert!(errors[0].hint.as_ref().unwrap().contains("Enterprise"));
}

#[test]
fn the_configs_own_defaults_fill_the_block_and_give_way_to_the_request() {
    let defaults = json!({"public_access": true, "sku": "Balanced_B3"});
    let of = |values| try_resolve(&defaults, Origin::Request, values).unwrap();
    assert_eq!(of(json!({})).text("public_network_access"), Some("Enabled"));
    assert_eq!(of(json!({"azure": {"public_access": false}})).text("public_network_access"), Some("Disabled"));
    assert_eq!(
        (of(json!({})).text("sku"), of(json!({"size": "nano"})).text("sku")),
        (Some("Balanced_B3"), Some("Balanced_B0"))
    );
    assert!(of(json!({})).set.is_empty());
    let by_route = try_resolve(&json!({}), Origin::Route("redis".to_owned()), json!({"size": "large"})).unwrap();
    assert!(by_route.set.is_empty() && by_route.by_route.contains("sku"));
}
