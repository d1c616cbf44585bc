use serde_json::{Value, json};

use super::super::fixtures::{config, resolve_from, resolved, try_resolve};
use crate::cache::Origin;
use crate::config::Gcp;

#[track_caller]
fn errors(config: &Gcp, values: Value) -> Vec<String> {
    try_resolve(config, values).unwrap_err().into_iter().map(|error| error.path).collect()
}

#[test]
fn the_defaults_are_safe_and_nothing_of_them_was_asked_for() {
    let resolved = resolved(json!({}));
    let expected = json!({
        "engine": "redis", "mode": "standard", "engine_version": "7.2", "tier": "BASIC", "memory_size_gb": 1,
        "read_replicas": false, "replica_count": 0, "network": "projects/example-project/global/networks/caches",
        "connect_mode": "DIRECT_PEERING", "tls": true, "auth": "password", "persistence": "none",
    });
    assert_eq!(json!(resolved.fields), expected);
    assert!(resolved.set.is_empty() && resolved.by_route.is_empty(), "{:?}", resolved.set);
    assert_eq!((resolved.capacity, resolved.memory_gb), (None, Some(1.0)));
    assert!(resolved.warnings.is_empty(), "{:?}", resolved.warnings);
}

#[test]
fn what_was_set_is_listed_as_set_and_what_a_route_set_as_the_routes() {
    let values = || json!({"size": "large", "eviction_policy": "noeviction", "gcp": {"zone": "europe-west3-a"}});
    let resolved = resolved(values());
    for field in ["memory_size_gb", "parameters", "zone"] {
        assert!(resolved.set.contains(field), "{field} of {:?}", resolved.set);
    }
    assert_eq!((resolved.set.len(), resolved.capacity.as_deref()), (3, Some("large")));
    let by_route = resolve_from(&config(), Origin::Route("redis".to_owned()), values()).unwrap();
    assert_eq!((by_route.set.len(), by_route.by_route.len()), (0, 3));
}

#[test]
fn replicas_choose_the_tier_and_whether_they_answer_reads() {
    for (values, tier, reads, replicas) in [
        (json!({"high_availability": true}), "STANDARD_HA", false, 1),
        (json!({"replicas": 1}), "STANDARD_HA", false, 1),
        (json!({"replicas": 3, "size": "large"}), "STANDARD_HA", true, 3),
        (json!({"gcp": {"read_replicas": true, "memory_size_gb": 5}}), "STANDARD_HA", true, 1),
        (json!({"gcp": {"tier": "STANDARD_HA"}}), "STANDARD_HA", false, 1),
        (json!({"high_availability": false, "replicas": 0}), "BASIC", false, 0),
    ] {
        let resolved = resolved(values.clone());
        assert_eq!(resolved.text("tier"), Some(tier), "{values}");
        assert_eq!((resolved.flag("read_replicas"), resolved.number("replica_count")), (Some(reads), Some(replicas)));
        assert!(resolved.set.contains("tier"), "{values}");
    }
    let set = resolved(json!({"high_availability": true})).set;
    assert!(!set.contains("replica_count") && !set.contains("read_replicas"), "{set:?}");
    let set = resolved(json!({"replicas": 2, "size": "large"})).set;
    assert!(set.contains("replica_count") && set.contains("read_replicas"), "{set:?}");
}

#[test]
fn replicas_that_answer_reads_have_5_gb_at_least() {
    let rounded = resolved(json!({"replicas": 2, "size": "small"}));
    assert_eq!((rounded.number("memory_size_gb"), rounded.memory_gb), (Some(5), Some(5.0)));
    assert_eq!(rounded.capacity.as_deref(), Some("small"));
    assert!(rounded.warnings.iter().any(|warning| warning.contains("5 GB")), "{:?}", rounded.warnings);
    let explicit = json!({"replicas": 2, "gcp": {"memory_size_gb": 3}});
    assert_eq!(errors(&config(), explicit), ["driver.values.gcp.memory_size_gb"]);
    assert_eq!(resolved(json!({"replicas": 1, "size": "small"})).number("memory_size_gb"), Some(1));
}

#[test]
fn a_size_is_a_memory_and_an_explicit_memory_wins() {
    assert_eq!(resolved(json!({"size": "nano"})).number("memory_size_gb"), Some(1));
    assert_eq!(resolved(json!({"memory_gb": 5})).number("memory_size_gb"), Some(6));
    let explicit = resolved(json!({"size": "nano", "gcp": {"memory_size_gb": 40}}));
    assert_eq!((explicit.number("memory_size_gb"), explicit.capacity.as_deref()), (Some(40), None));
    assert!(explicit.warnings.iter().any(|warning| warning.contains("wins over")));
    assert_eq!(errors(&config(), json!({"memory_gb": 500})), ["driver.values.memory_gb"]);
}

#[test]
fn versions_are_those_that_google_offers() {
    let version = |wanted: &str| resolved(json!({"version": wanted})).text("engine_version").unwrap().to_owned();
    for (wanted, offered) in
        [("7.2", "7.2"), ("7", "7.2"), ("7.0", "7.0"), ("6.x", "6.x"), ("6.2", "6.x"), ("5", "5.0")]
    {
        assert_eq!(version(wanted), offered, "{wanted}");
    }
    assert_eq!(resolved(json!({"version": "7.2.4"})).warnings.len(), 1, "google chooses the release");
    assert_eq!(errors(&config(), json!({"version": "8.0"})), ["driver.values.version"]);
}

#[test]
fn a_network_is_a_full_path_of_whoever_owns_it() {
    let network = |values: Value| resolved(values).text("network").unwrap().to_owned();
    assert_eq!(network(json!({"gcp": {"network": "own"}})), "projects/example-project/global/networks/own");
    let path = "projects/host/global/networks/shared";
    let shared = |extra: Value| {
        let mut block = json!({"network": path, "connect_mode": "PRIVATE_SERVICE_ACCESS"});
        block.as_object_mut().unwrap().extend(extra.as_object().unwrap().clone());
        json!({"gcp": block})
    };
    assert_eq!(network(shared(json!({}))), path);
    assert_eq!(network(shared(json!({"network": "shared", "network_project": "host"}))), path);
    let url = format!("https://www.googleapis.com/compute/v1/{path}");
    assert_eq!(network(shared(json!({"network": url}))), path);
    assert_eq!(errors(&config(), shared(json!({"network_project": "other"}))), ["driver.values.gcp.network_project"]);
    assert_eq!(errors(&config(), json!({"gcp": {"network": "regions/x"}})), ["driver.values.gcp.network"]);
    let bare = try_resolve(&Gcp::default(), json!({})).unwrap();
    assert_eq!(bare.text("network"), Some("global/networks/default"), "the project is that of the credentials");
    let broken = Gcp { network: Some("regions/x".to_owned()), ..config() };
    assert_eq!(errors(&broken, json!({})), ["providers.gcp.network"]);
}

#[test]
fn a_shared_vpc_network_needs_private_service_access() {
    let direct = json!({"gcp": {"network": "projects/host/global/networks/shared"}});
    let found = try_resolve(&config(), direct).unwrap_err();
    assert_eq!(found[0].path, "driver.values.gcp.network");
    assert!(found[0].hint.as_ref().unwrap().contains("PRIVATE_SERVICE_ACCESS"));
    let by_project = json!({"gcp": {"network_project": "host"}});
    assert_eq!(errors(&config(), by_project), ["driver.values.gcp.network_project"]);
}

#[test]
fn parameters_and_persistence_are_googles_own() {
    let both = resolved(json!({"eviction_policy": "allkeys-lru", "parameters": {"activedefrag": "yes"}}));
    assert_eq!(both.fields["parameters"], json!({"maxmemory-policy": "allkeys-lru", "activedefrag": "yes"}));
    let rdb = resolved(json!({"persistence": "rdb"}));
    assert_eq!((rdb.text("persistence"), rdb.text("rdb_period")), (Some("rdb"), Some("TWENTY_FOUR_HOURS")));
    let often = resolved(json!({"persistence": "rdb", "gcp": {"rdb_period": "ONE_HOUR"}}));
    assert!(often.set.contains("rdb_period") && often.text("rdb_period") == Some("ONE_HOUR"));
}

#[test]
fn tags_become_labels() {
    let resolved = resolved(json!({"tags": {"Team": "Shop (EU)"}, "context": {"env_type": "dev"}}));
    assert_eq!(resolved.fields["labels"], json!({"team": "shop__eu_", "env-type": "dev"}));
    for reserved in ["managed-by", "cache-driver-id"] {
        let mut tags = serde_json::Map::new();
        tags.insert(reserved.to_owned(), "x".into());
        assert_eq!(errors(&config(), json!({"tags": tags})), [format!("driver.values.tags.{reserved}")]);
    }
}

#[test]
fn what_is_turned_off_is_said_aloud() {
    let open = resolved(json!({"tls": false, "auth": "none"}));
    assert_eq!((open.flag("tls"), open.text("auth")), (Some(false), Some("none")));
    assert_eq!(open.warnings.len(), 2);
    let plain = resolved(json!({"tls": false}));
    assert_eq!(plain.text("auth"), Some("password"), "google has one without the other");
}

#[test]
fn what_the_product_cannot_serve_is_named_at_its_path() {
    let foreign_key = "projects/p/locations/us-east1/keyRings/r/cryptoKeys/k";
    for (values, path) in [
        (json!({"auth": "iam"}), "auth"),
        (json!({"persistence": "aof"}), "persistence"),
        (json!({"mode": "cluster"}), "mode"),
        (json!({"engine": "valkey"}), "engine"),
        (json!({"rotate": 1}), "rotate"),
        (json!({"apply": "maintenance_window"}), "apply"),
        (json!({"backup": {"days": 3}}), "backup.days"),
        (json!({"restore_from": "gs://bucket/file.rdb"}), "restore_from"),
        (json!({"maintenance_window": "sun:03:00-sun:05:00"}), "maintenance_window"),
        (json!({"encryption_key": "arn:aws:kms:x"}), "encryption_key"),
        (json!({"encryption_key": foreign_key}), "encryption_key"),
        (
            json!({"eviction_policy": "noeviction", "parameters": {"maxmemory-policy": "allkeys-lru"}}),
            "parameters.maxmemory-policy",
        ),
        (json!({"high_availability": true, "gcp": {"tier": "BASIC"}}), "gcp.tier"),
        (json!({"replicas": 0, "gcp": {"tier": "STANDARD_HA"}}), "replicas"),
        (json!({"replicas": 2, "gcp": {"read_replicas": false}}), "gcp.read_replicas"),
        (json!({"gcp": {"tier": "BASIC", "read_replicas": true, "memory_size_gb": 5}}), "gcp.read_replicas"),
        (json!({"replicas": 2, "version": "4.0"}), "version"),
        (json!({"gcp": {"rdb_period": "ONE_HOUR"}}), "gcp.rdb_period"),
        (json!({"gcp": {"alternative_zone": "europe-west3-b"}}), "gcp.alternative_zone"),
        (
            json!({"high_availability": true, "gcp": {"zone": "europe-west3-b", "alternative_zone": "europe-west3-b"}}),
            "gcp.alternative_zone",
        ),
        (json!({"gcp": {"zone": "europe-west1-b"}}), "gcp.zone"),
        (json!({"gcp": {"reserved_ip_range": "psa-range"}}), "gcp.reserved_ip_range"),
        (json!({"gcp": {"secondary_ip_range": "auto"}}), "gcp.secondary_ip_range"),
        (json!({"gcp": {"node_type": "STANDARD_SMALL"}}), "gcp.node_type"),
        (json!({"gcp": {"server_ca_mode": "GOOGLE_MANAGED_SHARED_CA"}}), "gcp.server_ca_mode"),
        (json!({"gcp": {"aof_fsync": "always"}}), "gcp.aof_fsync"),
        (json!({"gcp": {"zones": ["europe-west3-b"]}}), "gcp.zones"),
    ] {
        assert_eq!(errors(&config(), values.clone()), [format!("driver.values.{path}")], "{values}");
    }
}

#[test]
fn every_wrong_field_is_reported_at_once() {
    let found = errors(&config(), json!({"persistence": "aof", "auth": "iam", "rotate": 2, "backup": {"days": 9}}));
    assert_eq!(found.len(), 4, "{found:?}");
}

#[test]
fn the_configs_own_defaults_fill_the_block_and_give_way_to_the_request() {
    let defaults = json!({"memory_size_gb": 8, "tier": "STANDARD_HA", "connect_mode": "PRIVATE_SERVICE_ACCESS"});
    let config = Gcp { defaults: serde_json::from_value(defaults).unwrap(), ..config() };
    let bare = try_resolve(&config, json!({})).unwrap();
    assert_eq!((bare.number("memory_size_gb"), bare.text("tier")), (Some(8), Some("STANDARD_HA")));
    assert!(bare.set.is_empty(), "{:?}", bare.set);
    let asked = try_resolve(&config, json!({"size": "medium", "high_availability": false})).unwrap();
    assert_eq!((asked.number("memory_size_gb"), asked.text("tier")), (Some(3), Some("BASIC")));
}
