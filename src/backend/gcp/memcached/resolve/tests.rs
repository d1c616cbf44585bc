use serde_json::{Value, json};

use super::super::fixtures::{config, resolved, try_resolve};
use crate::config::Gcp;

#[track_caller]
fn errors(config: &Gcp, values: Value) -> Vec<String> {
    try_resolve(config, values).unwrap_err().into_iter().map(|error| error.path).collect()
}

#[test]
fn the_defaults_have_neither_tls_nor_a_password_because_there_are_none() {
    let resolved = resolved(json!({}));
    let expected = json!({
        "engine": "memcached", "mode": "standard", "engine_version": "1.6.15", "node_count": 1, "cpu_count": 1,
        "memory_size_mb": 1024, "network": "projects/example-project/global/networks/caches", "tls": false, "auth": "none",
        "node_config_alternatives": [{"cpu_count": 2, "memory_size_mb": 2048}],
    });
    assert_eq!(json!(resolved.fields), expected);
    assert_eq!(resolved.set.iter().collect::<Vec<_>>(), ["engine"]);
    assert_eq!((resolved.capacity, resolved.memory_gb), (None, Some(1.0)));
}

#[test]
fn shards_are_nodes_and_sizes_are_what_each_has() {
    let sized = resolved(json!({"shards": 3, "size": "xlarge"}));
    assert_eq!((sized.number("node_count"), sized.number("cpu_count")), (Some(3), Some(2)));
    assert_eq!((sized.number("memory_size_mb"), sized.memory_gb), (Some(12288), Some(12.0)));
    assert_eq!(sized.capacity.as_deref(), Some("xlarge"));
    assert!(!sized.fields.contains_key("node_config_alternatives"));
    for field in ["node_count", "cpu_count", "memory_size_mb"] {
        assert!(sized.set.contains(field), "{field} of {:?}", sized.set);
    }
    let own = resolved(json!({"shards": 3, "size": "xlarge", "gcp": {"node_count": 5, "memory_size_mb": 20480}}));
    assert_eq!((own.number("node_count"), own.number("memory_size_mb")), (Some(5), Some(20480)));
    assert_eq!((own.capacity.as_deref(), own.memory_gb, own.warnings.len()), (None, Some(20.0), 1));
    let huge = resolved(json!({"memory_gb": 200, "gcp": {"memory_size_mb": 204_800, "cpu_count": 32}}));
    assert_eq!((huge.number("cpu_count"), huge.memory_gb), (Some(32), Some(200.0)));
}

#[test]
fn parameters_windows_and_tags_are_taken_over() {
    let resolved = resolved(json!({
        "version": "1.5", "parameters": {"max-item-size": "2097152"}, "maintenance_window": "sat:22:00-sun:02:00",
        "tags": {"team": "a"}, "gcp": {"zones": "europe-west3-a,europe-west3-b", "reserved_ip_range": "psa-range"},
    }));
    for (field, expected) in [
        ("engine_version", json!("1.5")),
        ("parameters", json!({"max-item-size": "2097152"})),
        ("maintenance_window", json!("sat:22:00-sun:02:00")),
        ("labels", json!({"team": "a"})),
        ("zones", json!(["europe-west3-a", "europe-west3-b"])),
        ("reserved_ip_range", json!("psa-range")),
    ] {
        assert_eq!(resolved.fields.get(field), Some(&expected), "{field}");
        assert!(resolved.set.contains(field), "{field}");
    }
}

#[test]
fn off_and_none_may_be_said_aloud() {
    let resolved = resolved(json!({"tls": false, "auth": "none", "high_availability": false, "replicas": 0}));
    assert!(resolved.set.contains("tls") && resolved.set.contains("auth"));
    assert!(resolved.warnings.is_empty());
}

#[test]
fn what_the_product_cannot_serve_is_named_at_its_path() {
    for (values, path) in [
        (json!({"tls": true}), "tls"),
        (json!({"high_availability": true}), "high_availability"),
        (json!({"encryption_key": "projects/p/locations/l/keyRings/r/cryptoKeys/k"}), "encryption_key"),
        (json!({"rotate": 1}), "rotate"),
        (json!({"apply": "maintenance_window"}), "apply"),
        (json!({"version": "1.7"}), "version"),
        (json!({"shards": 21}), "shards"),
        (json!({"memory_gb": 100}), "memory_gb"),
        (json!({"maintenance_window": "sun:03:00-sun:04:00"}), "maintenance_window"),
        (json!({"gcp": {"cpu_count": 3}}), "gcp.cpu_count"),
        (json!({"gcp": {"display_name": "x".repeat(81)}}), "gcp.display_name"),
        (json!({"gcp": {"zones": "europe-west3-a,europe-west1-b"}}), "gcp.zones"),
        (json!({"gcp": {"reserved_ip_range": "10.0.0.0/29"}}), "gcp.reserved_ip_range"),
        (json!({"gcp": {"connect_mode": "DIRECT_PEERING"}}), "gcp.connect_mode"),
        (json!({"gcp": {"memory_size_gb": 5}}), "gcp.memory_size_gb"),
        (json!({"gcp": {"tier": "BASIC"}}), "gcp.tier"),
        (json!({"gcp": {"zone": "europe-west3-a"}}), "gcp.zone"),
    ] {
        assert_eq!(errors(&config(), values.clone()), [format!("driver.values.{path}")], "{values}");
    }
}

#[test]
fn every_wrong_field_is_reported_at_once() {
    let found =
        errors(&config(), json!({"tls": true, "high_availability": true, "rotate": 1, "gcp": {"tier": "BASIC"}}));
    assert_eq!(found.len(), 4, "{found:?}");
}

#[test]
fn a_network_of_another_project_needs_nothing_more() {
    let shared = json!({"gcp": {"network": "shared", "network_project": "host"}});
    assert_eq!(resolved(shared).text("network"), Some("projects/host/global/networks/shared"));
}
