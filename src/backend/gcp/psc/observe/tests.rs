use serde_json::{Value, json};

use super::super::fixtures::{CLUSTER, VALKEY, cluster, instance, now};
use super::*;

#[track_caller]
fn look(dialect: &Dialect, resource: Value, tokens: Option<&Standing>) -> Observed {
    observed(dialect, &serde_json::from_value(resource).unwrap(), tokens, "my-project".to_owned(), now())
}

fn complete() -> Standing {
    Standing::Complete { tokens: vec!["t1".to_owned(), "t2".to_owned()], changing: false }
}

#[test]
fn each_state_is_a_phase_and_an_unknown_one_is_busy() {
    for (state, expected) in [
        ("CREATING", Phase::Creating),
        ("ACTIVE", Phase::Ready),
        ("UPDATING", Phase::Changing),
        ("DELETING", Phase::Deleting),
        ("MIGRATING", Phase::Busy),
        ("ENCHANTED", Phase::Busy),
        ("", Phase::Busy),
    ] {
        assert_eq!(phase(state), expected, "{state}");
    }
}

#[test]
fn an_instance_is_described_in_the_drivers_words() {
    let seen = look(VALKEY, instance(json!({})), Some(&complete()));
    assert_eq!((seen.phase, seen.status.as_str(), seen.account.as_str()), (Phase::Ready, "ACTIVE", "my-project"));
    assert_eq!(seen.resource_id.as_deref(), Some("projects/my-project/locations/europe-west3/instances/cache-a"));
    assert!(seen.created_at.is_some(), "nanoseconds and all");
    for (field, expected) in [
        ("engine", json!("valkey")),
        ("engine_version", json!("8.0")),
        ("mode", json!("standard")),
        ("node_type", json!("SHARED_CORE_NANO")),
        ("memory_gb", json!(1.4)),
        ("shard_count", json!(1)),
        ("replica_count", json!(0)),
        ("auth", json!("password")),
        ("tls", json!(true)),
        ("server_ca_mode", json!("GOOGLE_MANAGED_PER_INSTANCE_CA")),
        ("network", json!("projects/my-project/global/networks/default")),
        ("zone_distribution", json!("MULTI_ZONE")),
        ("persistence", json!("none")),
        ("parameters", json!({})),
        ("backup_days", json!(0)),
        ("maintenance_window", json!("")),
        ("deletion_protection_enabled", json!(false)),
    ] {
        assert_eq!(seen.fields.get(field), Some(&expected), "{field}");
    }
    let parts: Vec<&str> = seen.parts.iter().map(|(_, name)| name.as_str()).collect();
    assert_eq!(parts, ["default", "t1", "t2"]);
}

#[test]
fn clients_connect_by_the_kind_of_connection_and_not_by_its_place() {
    let host = |endpoint: &Option<Endpoint>| endpoint.as_ref().map(|e| format!("{}:{}", e.host, e.port));
    let standard = look(VALKEY, instance(json!({})), None);
    assert_eq!(host(&standard.endpoint).as_deref(), Some("10.128.0.8:6379"), "the reader stands first");
    assert_eq!(host(&standard.reader).as_deref(), Some("10.128.0.13:6379"));

    let untyped = json!({"pscAutoConnection": {"ipAddress": "10.128.0.3"}});
    let discovery = json!({"pscAutoConnection": {"ipAddress": "10.128.0.2", "connectionType": DISCOVERY}});
    let endpoints = json!([{"connections": [untyped, discovery]}]);
    let cluster_mode = look(VALKEY, instance(json!({"mode": "CLUSTER", "endpoints": endpoints})), None);
    assert_eq!(host(&cluster_mode.endpoint).as_deref(), Some("10.128.0.2:6379"), "since 2026-03 without a port");
    assert_eq!(cluster_mode.reader, None);

    let registered =
        json!([{"connections": [{"pscConnection": {"ipAddress": "10.0.0.250", "connectionType": PRIMARY}}]}]);
    let registered = look(VALKEY, instance(json!({ "endpoints": registered })), None);
    assert_eq!(host(&registered.endpoint).as_deref(), Some("10.0.0.250:6379"));

    let redis = look(CLUSTER, cluster(json!({})), None);
    assert_eq!(host(&redis.endpoint).as_deref(), Some("10.11.12.13:6379"));
    let none = look(VALKEY, instance(json!({ "endpoints": null })), None);
    assert_eq!((none.endpoint, none.phase), (None, Phase::Ready), "made without endpoints");
    assert_eq!(look(VALKEY, instance(json!({"state": "DELETING"})), None).endpoint, None);
}

#[test]
fn a_cluster_shows_its_network_and_memory_elsewhere() {
    let seen = look(CLUSTER, cluster(json!({"redisConfigs": {"maxmemory-policy": "noeviction"}})), None);
    assert_eq!(seen.fields["network"], "projects/my-project/global/networks/default");
    assert_eq!(seen.fields["memory_gb"], 1.5, "4.5 of three shards");
    assert_eq!(seen.fields["server_ca_mode"], "GOOGLE_MANAGED_PER_INSTANCE_CA");
    assert_eq!(seen.fields["mode"], "cluster");
    assert_eq!(seen.fields["parameters"], json!({"maxmemory-policy": "noeviction"}));
    assert!(!seen.fields.contains_key("engine_version"));
}

#[test]
fn without_a_user_and_a_token_it_is_still_being_made() {
    for (standing, missing) in [(Standing::NoUser, 2), (Standing::NoToken, 1), (Standing::Coming, 0)] {
        let seen = look(VALKEY, instance(json!({})), Some(&standing));
        assert_eq!(
            (seen.phase, seen.missing.len(), seen.endpoint, seen.reader),
            (Phase::Creating, missing, None, None)
        );
        let updating = look(VALKEY, instance(json!({"state": "UPDATING"})), Some(&standing));
        assert_eq!((updating.phase, updating.missing.len()), (Phase::Creating, 0), "nothing can be made now");
    }
}

#[test]
fn an_old_cache_that_lost_its_tokens_is_changed_and_not_made() {
    let old = json!({"createTime": "2026-03-20T11:39:00Z"});
    for (standing, phase, lost) in [
        (Standing::NoUser, Phase::Ready, Some("no user")),
        (Standing::NoToken, Phase::Ready, Some("no token")),
        (Standing::Coming, Phase::Changing, None),
    ] {
        let seen = look(VALKEY, instance(old.clone()), Some(&standing));
        assert_eq!((seen.phase, seen.missing.len(), seen.endpoint.is_some()), (phase, 0, true), "{standing:?}");
        assert_eq!(seen.fields.get("token").and_then(Value::as_str), lost, "{standing:?}");
    }
}

#[test]
fn while_a_token_comes_or_goes_it_is_changing_and_answers() {
    let standing = Standing::Complete { tokens: vec!["t1".to_owned()], changing: true };
    let seen = look(VALKEY, instance(json!({})), Some(&standing));
    assert_eq!((seen.phase, seen.endpoint.is_some(), seen.status.as_str()), (Phase::Changing, true, "ACTIVE"));
    assert_eq!(look(VALKEY, instance(json!({"state": "ENCHANTED"})), Some(&standing)).phase, Phase::Busy);
}

#[test]
fn upkeep_is_read_back() {
    let seen = look(
        VALKEY,
        instance(json!({
            "persistenceConfig": {"mode": "AOF", "aofConfig": {"appendFsync": "EVERY_SEC"}},
            "automatedBackupConfig": {
                "automatedBackupMode": "ENABLED", "fixedFrequencySchedule": {"startTime": {"hours": 2}},
                "retention": "259200s",
            },
            "maintenancePolicy": {"weeklyMaintenanceWindow": [{"day": "SUNDAY", "startTime": {"hours": 23}}]},
            "state": "UPDATING", "stateInfo": {"updateInfo": {"targetShardCount": 3, "targetNodeType": "HIGHMEM_MEDIUM"}},
        })),
        Some(&complete()),
    );
    assert_eq!(
        (seen.fields["persistence"].as_str(), seen.fields["aof_fsync"].as_str()),
        (Some("aof"), Some("everysec"))
    );
    assert_eq!((seen.fields["backup_days"].as_u64(), seen.fields["backup_hour"].as_u64()), (Some(3), Some(2)));
    assert_eq!(seen.fields["maintenance_window"], "sun:23:00-mon:00:00");
    assert_eq!(seen.pending, ["shard_count=3", "node_type=HIGHMEM_MEDIUM"]);
    assert!(seen.endpoint.is_some() && seen.phase == Phase::Changing);
}

#[test]
fn anything_that_is_an_object_can_be_read() {
    for odd in [json!({}), json!({"state": "ACTIVE"}), json!({"name": "x", "endpoints": [{}, {"connections": [{}]}]})] {
        for dialect in [VALKEY, CLUSTER] {
            assert_eq!(look(dialect, odd.clone(), None).endpoint, None);
        }
    }
}

/// An answer as it was recorded, by the name of its file.
#[track_caller]
fn recorded(name: &str) -> Value {
    let path = format!("{}/tests/fixtures/gcp/{name}.json", env!("CARGO_MANIFEST_DIR"));
    let mut answer: Value = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
    answer["body"].take()
}

#[test]
fn recorded_answers_are_read() {
    let (discovery, primary) = (recorded("valkey_cluster_active"), recorded("valkey_cluster_disabled_active"));
    let cluster_mode = look(VALKEY, discovery, None);
    assert_eq!(cluster_mode.endpoint.unwrap().host, "10.20.50.2", "not the one without a type");
    assert_eq!((cluster_mode.phase, cluster_mode.reader), (Phase::Ready, None));
    for (field, expected) in [
        ("mode", json!("cluster")),
        ("engine_version", json!("7.2")),
        ("node_type", json!("HIGHMEM_MEDIUM")),
        ("memory_gb", json!(13.0)),
        ("auth", json!("none")),
        ("tls", json!(false)),
        ("backup_days", json!(0)),
    ] {
        assert_eq!(cluster_mode.fields.get(field), Some(&expected), "{field}");
    }
    assert!(!cluster_mode.fields.contains_key("server_ca_mode"), "unspecified without tls");
    let standard = look(VALKEY, primary, None);
    assert_eq!(standard.fields["mode"], "standard");
    assert!(standard.endpoint.is_some() && standard.reader.is_some());
    assert_eq!(look(VALKEY, recorded("valkey_no_endpoints"), None).endpoint, None);
    let redis = look(CLUSTER, recorded("redis_cluster_active"), None);
    assert_eq!((redis.endpoint.unwrap().host.as_str(), &redis.fields["memory_gb"]), ("10.20.40.2", &json!(13.0)));
    let done = look(VALKEY, recorded("valkey_operation_done_still_updating")["response"].take(), None);
    assert_eq!(done.phase, Phase::Changing, "done is not ready");
}
