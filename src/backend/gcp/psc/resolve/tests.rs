use serde_json::{Value, json};

use super::super::fixtures::{CLUSTER, VALKEY, config, resolved, spec, try_resolve};
use super::{Setting, resolve};
use crate::cache::{Origin, SizeTable};
use crate::config::Gcp;

#[track_caller]
fn paths(dialect: &super::Dialect, values: &Value) -> Vec<String> {
    let errors = try_resolve(dialect, &config(), values.clone()).expect_err(&values.to_string());
    errors.into_iter().map(|error| error.path.trim_start_matches("driver.values.").to_owned()).collect()
}

#[test]
fn the_defaults_are_safe_and_sent_all() {
    let valkey = resolved(VALKEY, json!({}));
    for (field, expected) in [
        ("engine", json!("valkey")),
        ("engine_version", json!("8.0")),
        ("mode", json!("standard")),
        ("node_type", json!("SHARED_CORE_NANO")),
        ("shard_count", json!(1)),
        ("replica_count", json!(0)),
        ("zone_distribution", json!("MULTI_ZONE")),
        ("tls", json!(true)),
        ("auth", json!("password")),
        ("persistence", json!("none")),
        ("network", json!("projects/my-project/global/networks/default")),
        ("deletion_protection_enabled", json!(false)),
    ] {
        assert_eq!(valkey.fields.get(field), Some(&expected), "{field}");
    }
    assert!(valkey.set.is_empty(), "{:?}", valkey.set);
    assert_eq!((valkey.memory_gb, valkey.capacity.as_deref()), (Some(1.4), None));
    let cluster = resolved(CLUSTER, json!({}));
    assert_eq!((cluster.text("engine"), cluster.text("mode")), (Some("redis"), Some("cluster")));
    assert_eq!(cluster.text("node_type"), Some("REDIS_SHARED_CORE_NANO"));
    assert!(!cluster.fields.contains_key("engine_version"), "there is none to choose");
}

#[test]
fn high_availability_takes_a_replica_and_several_zones() {
    for dialect in [VALKEY, CLUSTER] {
        let available = resolved(dialect, json!({"high_availability": true, "size": "small"}));
        assert_eq!(
            (available.number("replica_count"), available.text("zone_distribution")),
            (Some(1), Some("MULTI_ZONE"))
        );
        assert!(available.text("node_type").unwrap().ends_with("STANDARD_SMALL"), "no service level on the nano node");
        assert!(available.set.contains("high_availability") && available.set.contains("zone_distribution"));
        assert!(!available.set.contains("replica_count"), "how many, it does not say");
        assert_eq!(
            resolved(dialect, json!({"high_availability": true, "replicas": 3})).number("replica_count"),
            Some(3)
        );
    }
}

#[test]
fn zones_are_one_or_many() {
    let single = resolved(VALKEY, json!({"gcp": {"zone": "europe-west3-b"}}));
    assert_eq!((single.text("zone_distribution"), single.text("zone")), (Some("SINGLE_ZONE"), Some("europe-west3-b")));
    assert!(single.set.contains("zone_distribution"));
    let ha = json!({"high_availability": true, "gcp": {"zone": "europe-west3-b"}});
    assert_eq!(paths(VALKEY, &ha), ["gcp.zone"]);
    assert_eq!(paths(VALKEY, &json!({"gcp": {"zone_distribution": "SINGLE_ZONE"}})), ["gcp.zone_distribution"]);
    let both = json!({"gcp": {"zone_distribution": "MULTI_ZONE", "zone": "europe-west3-b"}});
    assert_eq!(paths(VALKEY, &both), ["gcp.zone"]);
    // What the config sets by default gives way.
    let defaults = json!({"zone_distribution": "SINGLE_ZONE", "zone": "europe-west3-a"});
    let config = Gcp { defaults: defaults.as_object().unwrap().clone(), ..config() };
    let available = try_resolve(VALKEY, &config, json!({"high_availability": true})).unwrap();
    assert_eq!((available.text("zone_distribution"), available.text("zone")), (Some("MULTI_ZONE"), None));
    let plain = try_resolve(VALKEY, &config, json!({})).unwrap();
    assert_eq!((plain.text("zone_distribution"), plain.text("zone")), (Some("SINGLE_ZONE"), Some("europe-west3-a")));
    assert!(plain.set.is_empty());
}

#[test]
fn a_version_is_named_as_google_names_it() {
    for (wanted, expected) in
        [("8.0", "8.0"), ("8", "8.0"), ("7", "7.2"), ("9.x", "9.0"), ("10", "10.0"), ("8.1", "8.1")]
    {
        assert_eq!(resolved(VALKEY, json!({"version": wanted})).text("engine_version"), Some(expected), "{wanted}");
    }
    for bad in ["7.0", "6", "8.0.1"] {
        assert_eq!(paths(VALKEY, &json!({"version": bad})), ["version"], "{bad}");
    }
    for good in ["7.2", "7"] {
        assert!(!resolved(CLUSTER, json!({"version": good})).fields.contains_key("engine_version"));
    }
    assert_eq!(paths(CLUSTER, &json!({"version": "8.0"})), ["version"]);
}

#[test]
fn a_size_is_a_node_type_and_the_products_own_name_wins() {
    let sized = resolved(CLUSTER, json!({"size": "xlarge"}));
    assert_eq!((sized.text("node_type"), sized.capacity.as_deref()), (Some("REDIS_HIGHMEM_MEDIUM"), Some("xlarge")));
    let own = resolved(CLUSTER, json!({"size": "xlarge", "gcp": {"node_type": "STANDARD_SMALL"}}));
    assert_eq!(
        (own.text("node_type"), own.memory_gb, own.warnings.len()),
        (Some("REDIS_STANDARD_SMALL"), Some(6.5), 1)
    );
    let custom = json!({"gcp": {"node_type": "CUSTOM_PICO"}});
    assert_eq!(resolved(VALKEY, custom.clone()).text("node_type"), Some("CUSTOM_PICO"));
    assert_eq!(paths(VALKEY, &json!({"mode": "cluster", "gcp": {"node_type": "CUSTOM_PICO"}})), ["gcp.node_type"]);
    assert_eq!(paths(VALKEY, &json!({"memory_gb": 100})), ["memory_gb"]);
}

#[test]
fn what_a_product_cannot_serve_is_named_at_its_own_path() {
    for (dialect, values, expected) in [
        (VALKEY, json!({"engine": "redis"}), vec!["engine"]),
        (VALKEY, json!({"mode": "serverless"}), vec!["mode"]),
        (CLUSTER, json!({"mode": "standard"}), vec!["mode"]),
        (VALKEY, json!({"mode": "cluster", "shards": 200, "replicas": 1}), vec!["shards"]),
        (VALKEY, json!({"apply": "maintenance_window"}), vec!["apply"]),
        (VALKEY, json!({"persistence": "aof", "gcp": {"rdb_period": "ONE_HOUR"}}), vec!["gcp.rdb_period"]),
        (VALKEY, json!({"backup": {"days": 3, "window": "03:30-04:30"}}), vec!["backup.window"]),
        (VALKEY, json!({"maintenance_window": "sun:03:30-sun:04:30"}), vec!["maintenance_window"]),
        (VALKEY, json!({"maintenance_window": "sun:03:00-sun:03:30"}), vec!["maintenance_window"]),
        (VALKEY, json!({"restore_from": "yesterday"}), vec!["restore_from"]),
        (VALKEY, json!({"encryption_key": "projects/p/locations/l/keyRings/r"}), vec!["encryption_key"]),
        (
            VALKEY,
            json!({"encryption_key": "projects/p/locations/us-east1/keyRings/r/cryptoKeys/k"}),
            vec!["encryption_key"],
        ),
        (VALKEY, json!({"gcp": {"network": "projects/p/networks/n"}}), vec!["gcp.network"]),
        (
            VALKEY,
            json!({"gcp": {"network": "projects/p-one/global/networks/n", "network_project": "p-two"}}),
            vec!["gcp.network_project"],
        ),
        (VALKEY, json!({"gcp": {"server_ca_mode": "CUSTOMER_MANAGED_CAS_CA"}}), vec!["gcp.server_ca_mode"]),
        (VALKEY, json!({"gcp": {"server_ca_pool": "pool"}}), vec!["gcp.server_ca_pool"]),
        (
            VALKEY,
            json!({"tls": false, "auth": "none", "gcp": {"server_ca_mode": "GOOGLE_MANAGED_SHARED_CA"}}),
            vec!["gcp.server_ca_mode"],
        ),
        (
            VALKEY,
            json!({"tags": {"managed-by": "me", "cache-driver-w": "x"}}),
            vec!["tags.cache-driver-w", "tags.managed-by"],
        ),
        (
            VALKEY,
            json!({"eviction_policy": "noeviction", "parameters": {"maxmemory-policy": "allkeys-lru"}}),
            vec!["parameters.maxmemory-policy"],
        ),
        (CLUSTER, json!({"gcp": {"tier": "BASIC", "zones": "europe-west3-a"}}), vec!["gcp.tier", "gcp.zones"]),
    ] {
        assert_eq!(paths(dialect, &values), expected, "{values}");
    }
}

#[test]
fn the_network_is_a_full_path_where_its_project_is_known() {
    let network = |config: &Gcp, values: Value| try_resolve(VALKEY, config, values).unwrap().fields["network"].clone();
    let nobodys = Gcp { project: None, ..config() };
    let shared = json!({"gcp": {"network": "main", "network_project": "host-project"}});
    assert_eq!(network(&config(), shared), "projects/host-project/global/networks/main");
    assert_eq!(network(&config(), json!({"gcp": {"network": "main"}})), "projects/my-project/global/networks/main");
    assert_eq!(network(&nobodys, json!({"gcp": {"network": "main"}})), "main", "only the credentials tell");
    let link = "https://www.googleapis.com/compute/v1/projects/p-one/global/networks/n";
    assert_eq!(network(&nobodys, json!({"gcp": {"network": link}})), "projects/p-one/global/networks/n");
}

#[test]
fn less_than_tls_and_auth_is_warned_of() {
    assert_eq!(resolved(VALKEY, json!({})).warnings, [""; 0]);
    assert_eq!(resolved(VALKEY, json!({"tls": false})).warnings.len(), 1, "tokens in the clear");
    assert_eq!(resolved(VALKEY, json!({"tls": false, "auth": "none"})).warnings.len(), 2);
    assert_eq!(resolved(VALKEY, json!({"auth": "iam"})).text("auth"), Some("iam"));
}

#[test]
fn upkeep_is_taken_over() {
    let all = resolved(
        VALKEY,
        json!({
            "persistence": "aof", "backup": {"days": 7, "window": "05:00-06:00"}, "eviction_policy": "allkeys-lru",
            "maintenance_window": "tue:03:00-tue:05:00", "tags": {"team": "shop"}, "context": {"env_type": "dev"},
            "restore_from": "//redis.googleapis.com/projects/p/locations/l/backupCollections/c/backups/b",
            "deletion_protection": true, "gcp": {"aof_fsync": "always"},
        }),
    );
    for (field, expected) in [
        ("persistence", json!("aof")),
        ("aof_fsync", json!("always")),
        ("backup_days", json!(7)),
        ("backup_hour", json!(5)),
        ("parameters", json!({"maxmemory-policy": "allkeys-lru"})),
        ("maintenance_window", json!("tue:03:00-tue:04:00")),
        ("tags", json!({"team": "shop", "env-type": "dev"})),
        ("deletion_protection_enabled", json!(true)),
        ("managed_backup", json!("//redis.googleapis.com/projects/p/locations/l/backupCollections/c/backups/b")),
    ] {
        assert_eq!(all.fields.get(field), Some(&expected), "{field}");
        assert!(all.set.contains(field), "{field}");
    }
    assert!(!all.fields.contains_key("rdb_period"));
    assert_eq!(all.warnings.len(), 1, "google's window is an hour: {:?}", all.warnings);
    let uris = resolved(VALKEY, json!({"restore_from": "gs://bucket/dump.rdb"}));
    assert_eq!(uris.fields["gcs_uris"], json!(["gs://bucket/dump.rdb"]));
}

#[test]
fn what_only_a_route_sets_is_the_routes() {
    let (config, defaults, sizes) =
        (config(), crate::backend::gcp::inputs::read(&serde_json::Map::new()), SizeTable::embedded());
    let setting = Setting { dialect: VALKEY, config: &config, defaults: &defaults, sizes: &sizes };
    let values = json!({"replicas": 1, "size": "large", "parameters": {"maxclients": "100"}, "backup": {"days": 1}});
    let by_route = resolve(setting, &spec(Origin::Route("valkey".to_owned()), values)).unwrap();
    assert!(by_route.set.is_empty());
    let fields = ["replica_count", "node_type", "parameters", "backup_days"].map(str::to_owned);
    assert!(fields.iter().all(|field| by_route.by_route.contains(field)), "{:?}", by_route.by_route);
}
