use serde_json::{Value, json};

use super::super::fixtures::{CLUSTER, VALKEY, cluster, found, instance, mark, resolved, seen};
use super::*;
use crate::backend::Ownership;
use crate::cache::Mark;

#[test]
fn a_cache_that_was_made_from_the_same_specification_shows_no_changes() {
    let valkey = json!({
        "engine": "valkey", "version": "8.0", "mode": "standard", "size": "small", "high_availability": false,
        "shards": 1, "replicas": 0, "tls": true, "auth": "password", "persistence": "none", "backup": {"days": 0},
        "deletion_protection": false,
        "gcp": {"network": "default", "zone_distribution": "MULTI_ZONE", "server_ca_mode": "GOOGLE_MANAGED_PER_INSTANCE_CA"},
    });
    assert_eq!(found(VALKEY, valkey.clone(), instance(json!({}))), []);
    let mut redis = valkey;
    redis["engine"] = "redis".into();
    redis["version"] = "7.2".into();
    redis["mode"] = "cluster".into();
    redis["shards"] = 3.into();
    assert_eq!(found(CLUSTER, redis, cluster(json!({}))), []);
    let other =
        json!({"engineVersion": "VALKEY_7_2", "nodeType": "HIGHMEM_XLARGE", "mode": "CLUSTER", "replicaCount": 2});
    assert_eq!(found(VALKEY, json!({}), instance(other)), [], "what nobody set is not compared");
}

#[test]
fn each_change_costs_what_it_costs() {
    let here = Class::InPlace;
    let anew = Class::Replace;
    for (wanted, there, expected) in [
        (json!({"version": "9.0"}), json!({}), vec![("engine_version", Class::Disruptive)]),
        (json!({"version": "8"}), json!({}), vec![]),
        (json!({"version": "7.2"}), json!({}), vec![("engine_version", Class::Impossible)]),
        (json!({"version": "7.2", "auth": "iam"}), json!({}), vec![("engine_version", anew), ("auth", anew)]),
        (json!({"size": "xlarge"}), json!({}), vec![("node_type", here)]),
        (json!({"replicas": 2}), json!({}), vec![("replica_count", here)]),
        (json!({"replicas": 0}), json!({"replicaCount": 2}), vec![("replica_count", here)]),
        (json!({"high_availability": true}), json!({}), vec![("replica_count", here)]),
        (json!({"high_availability": true}), json!({"replicaCount": 3}), vec![]),
        (
            json!({"high_availability": true}),
            json!({"zoneDistributionConfig": {"mode": "SINGLE_ZONE", "zone": "europe-west3-b"}}),
            vec![("replica_count", here), ("zone_distribution", anew)],
        ),
        (json!({"mode": "cluster", "shards": 3}), json!({}), vec![("mode", anew)]),
        (json!({"mode": "cluster", "shards": 3}), json!({"mode": "CLUSTER"}), vec![("shard_count", here)]),
        (json!({"tls": false}), json!({}), vec![("tls", anew)]),
        (json!({"auth": "none"}), json!({}), vec![("auth", anew)]),
        (json!({"auth": "password"}), json!({"authorizationMode": "AUTH_DISABLED"}), vec![("auth", anew)]),
        (json!({"gcp": {"server_ca_mode": "GOOGLE_MANAGED_SHARED_CA"}}), json!({}), vec![("server_ca_mode", anew)]),
        (
            json!({"gcp": {"server_ca_mode": "GOOGLE_MANAGED_SHARED_CA"}}),
            json!({"serverCaMode": "SERVER_CA_MODE_UNSPECIFIED"}),
            vec![],
        ),
        (json!({"gcp": {"network": "other"}}), json!({}), vec![("network", anew)]),
        (json!({"gcp": {"zone": "europe-west3-a"}}), json!({}), vec![("zone_distribution", anew)]),
        (
            json!({"encryption_key": "projects/p/locations/europe-west3/keyRings/r/cryptoKeys/k"}),
            json!({"kmsKey": "projects/p/locations/europe-west3/keyRings/r/cryptoKeys/other"}),
            vec![("encryption_key", anew)],
        ),
        (json!({"eviction_policy": "allkeys-lru"}), json!({}), vec![("parameters", here)]),
        (
            json!({"eviction_policy": "allkeys-lru"}),
            json!({"engineConfigs": {"maxmemory-policy": "allkeys-lru", "maxclients": "10000"}}),
            vec![],
        ),
        (json!({"persistence": "rdb"}), json!({}), vec![("persistence", here)]),
        (
            json!({"persistence": "rdb", "gcp": {"rdb_period": "ONE_HOUR"}}),
            json!({"persistenceConfig": {"mode": "RDB", "rdbConfig": {"rdbSnapshotPeriod": "SIX_HOURS"}}}),
            vec![("rdb_period", here)],
        ),
        (
            json!({"persistence": "aof", "gcp": {"aof_fsync": "everysec"}}),
            json!({"persistenceConfig": {"mode": "AOF", "aofConfig": {"appendFsync": "EVERY_SEC"}}}),
            vec![],
        ),
        (json!({"backup": {"days": 3}}), json!({}), vec![("backup_days", here)]),
        (
            json!({"backup": {"days": 1, "window": "02:00-03:00"}}),
            json!({"automatedBackupConfig": {
                "automatedBackupMode": "ENABLED", "fixedFrequencySchedule": {"startTime": {"hours": 2}},
                "retention": "86500s",
            }}),
            vec![],
        ),
        (json!({"maintenance_window": "mon:01:00-mon:02:00"}), json!({}), vec![("maintenance_window", here)]),
        (
            json!({"maintenance_window": "mon:00:00-mon:01:00"}),
            json!({"maintenancePolicy": {"weeklyMaintenanceWindow": [{"day": "MONDAY", "startTime": {}}]}}),
            vec![],
        ),
        (json!({"deletion_protection": true}), json!({}), vec![("deletion_protection_enabled", here)]),
    ] {
        let expected: Vec<_> = expected.into_iter().map(|(field, class)| (field.to_owned(), class)).collect();
        assert_eq!(found(VALKEY, wanted.clone(), instance(there.clone())), expected, "{wanted} over {there}");
    }
}

#[test]
fn every_field_of_a_change_is_announced_with_the_most_it_costs() {
    let announced = |field: &str| FIELDS.iter().find(|(known, _)| *known == field).map(|(_, class)| *class);
    let wanted = json!({
        "version": "9.0", "size": "xlarge", "replicas": 1, "tls": false, "auth": "iam", "persistence": "rdb",
        "backup": {"days": 3}, "deletion_protection": true, "gcp": {"network": "other"},
    });
    let found = found(VALKEY, wanted, instance(json!({})));
    assert_eq!(found.len(), 9, "{found:?}");
    assert!(found.iter().all(|(field, class)| announced(field).is_some_and(|most| *class <= most)), "{found:?}");
}

#[test]
fn what_cannot_be_read_is_not_different() {
    let blind = json!({
        "authorizationMode": "AUTHORIZATION_MODE_OF_TOMORROW", "transitEncryptionMode": null, "endpoints": [],
        "nodeType": null, "engineVersion": "REDIS_9", "zoneDistributionConfig": null, "mode": "MESH",
        "persistenceConfig": {"mode": "TAPE"}, "automatedBackupConfig": {"automatedBackupMode": "SOMETIMES"},
    });
    let wanted = json!({
        "auth": "none", "tls": false, "version": "9.0", "size": "xlarge", "mode": "cluster", "persistence": "aof",
        "backup": {"days": 3}, "gcp": {"network": "other", "zone_distribution": "MULTI_ZONE"},
    });
    assert_eq!(found(VALKEY, wanted, instance(blind)), []);
}

#[test]
fn parameters_of_others_stay() {
    let wanted = resolved(VALKEY, json!({"parameters": {"maxclients": "500"}}));
    let there =
        seen(VALKEY, instance(json!({"engineConfigs": {"maxclients": "10000", "notify-keyspace-events": "Ex"}})));
    let [change] = changes(&wanted, &there).try_into().unwrap();
    assert_eq!(change.to, json!({"maxclients": "500", "notify-keyspace-events": "Ex"}));
}

#[test]
fn a_network_that_only_its_name_tells_is_of_the_caches_project() {
    let mut wanted = resolved(CLUSTER, json!({"gcp": {"network": "default"}}));
    wanted.fields.insert("network".to_owned(), Value::from("default"));
    assert_eq!(changes(&wanted, &seen(CLUSTER, cluster(json!({})))), []);
}

#[test]
fn a_changed_table_of_sizes_moves_no_existing_cache() {
    let wanted = resolved(VALKEY, json!({"size": "large"}));
    let mut there = seen(VALKEY, instance(json!({"nodeType": "HIGHMEM_MEDIUM"})));
    let sized = Mark { capacity: Some("large".to_owned()), ..mark() };
    there.ownership = Some(Ownership::Marked(Box::new(sized)));
    assert_eq!(changes(&wanted, &there), []);
    let explicit = resolved(VALKEY, json!({"size": "large", "gcp": {"node_type": "STANDARD_SMALL"}}));
    assert_eq!(changes(&explicit, &there).len(), 1);
}
