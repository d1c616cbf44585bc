//! Changes of a living cache.

use cache_driver::backend::{Goal, Phase};
use secrecy::SecretString;
use serde_json::{Value, json};

use crate::harness::{Cloud, PASSWORD, tags};

#[tokio::test]
async fn a_cache_that_was_made_from_the_same_specification_shows_no_changes() {
    for values in [
        json!({"engine": "valkey", "version": "8.1", "size": "small", "tls": true, "auth": "password", "replicas": 0}),
        json!({"engine": "redis", "version": "6.x", "mode": "standard", "high_availability": true}),
        json!({"mode": "cluster", "shards": 3, "replicas": 1, "eviction_policy": "noeviction", "version": "7.2"}),
        json!({"tls": false, "auth": "none", "parameters": {"timeout": "20"}}),
        json!({
            "backup": {"days": 2, "window": "01:00-02:00"}, "maintenance_window": "mon:03:00-mon:04:30",
            "encryption_key": "arn:aws:kms:eu-central-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab",
            "aws": {
                "subnet_group": "Caches", "security_group_ids": "sg-0123456789abcdef0,sg-0123456789abcdef1",
                "node_type": "cache.r7g.large", "port": 7000, "network_type": "ipv4", "auto_minor_version_upgrade": true,
            },
        }),
    ] {
        let cloud = Cloud::start().await;
        let seen = cloud.ready("cache-abc", values.clone()).await;
        assert_eq!(cloud.backend.changes(&cloud.resolve(values.clone()), &seen), [], "{values}");
    }
}

#[track_caller]
fn field<'a>(seen: &'a cache_driver::backend::Observed, field: &str) -> &'a Value {
    seen.fields.get(field).unwrap_or_else(|| panic!("no {field}"))
}

#[tokio::test]
async fn a_small_cache_grows_into_a_highly_available_one() {
    let cloud = Cloud::start().await;
    cloud.ready("cache-abc", json!({"size": "nano"})).await;
    let wanted = json!({
        "size": "large", "high_availability": true, "version": "9.0", "eviction_policy": "allkeys-lru",
        "backup": {"days": 7}, "maintenance_window": "mon:03:00-mon:04:30",
    });
    cloud.converge("cache-abc", wanted).await;
    let seen = cloud.observe("cache-abc").await;
    assert_eq!(*field(&seen, "node_type"), "cache.m7g.large");
    assert_eq!(*field(&seen, "engine_version"), "9.0.0");
    assert_eq!((field(&seen, "multi_az"), field(&seen, "automatic_failover")), (&json!(true), &json!(true)));
    assert_eq!(*field(&seen, "snapshot_retention_limit"), 7);
    assert!(field(&seen, "parameter_group").as_str().unwrap().starts_with("cache-driver-valkey9-"));
    cloud.converge("cache-abc", json!({"high_availability": false, "replicas": 0})).await;
    assert_eq!(*field(&cloud.observe("cache-abc").await, "replicas_per_node_group"), 0);
}

#[tokio::test]
async fn shards_come_and_go() {
    let cloud = Cloud::start().await;
    cloud.ready("cache-abc", json!({"mode": "cluster", "shards": 2, "high_availability": true})).await;
    let calls = cloud.converge("cache-abc", json!({"mode": "cluster", "shards": 4, "replicas": 2})).await;
    assert_eq!(calls, ["ModifyReplicationGroup", "ModifyReplicationGroupShardConfiguration", "IncreaseReplicaCount"]);
    let calls = cloud.converge("cache-abc", json!({"mode": "cluster", "shards": 1, "replicas": 1})).await;
    assert_eq!(calls, ["ModifyReplicationGroupShardConfiguration", "DecreaseReplicaCount"]);
    let seen = cloud.observe("cache-abc").await;
    assert_eq!((field(&seen, "num_node_groups"), field(&seen, "replicas_per_node_group")), (&json!(1), &json!(1)));
}

#[tokio::test]
async fn tls_and_a_password_come_to_an_open_cache() {
    let cloud = Cloud::start().await;
    cloud.ready("cache-abc", json!({"tls": false, "auth": "none"})).await;
    cloud.converge("cache-abc", json!({"tls": true, "auth": "password"})).await;
    let seen = cloud.observe("cache-abc").await;
    assert_eq!(*field(&seen, "transit_encryption_mode"), "required");
    assert_eq!(*field(&seen, "auth"), "password");
}

#[tokio::test]
async fn tls_goes_where_there_is_no_password() {
    let cloud = Cloud::start().await;
    cloud.ready("cache-abc", json!({"auth": "none"})).await;
    cloud.converge("cache-abc", json!({"tls": false, "auth": "none"})).await;
    assert_eq!(*field(&cloud.observe("cache-abc").await, "tls"), false);
}

#[tokio::test]
async fn redis_becomes_valkey_in_place() {
    let cloud = Cloud::start().await;
    for (name, values) in [("plain", json!({})), ("own", json!({"eviction_policy": "allkeys-lru"}))] {
        let with = |engine: &str| {
            let mut with = values.clone();
            with["engine"] = engine.into();
            with
        };
        cloud.ready(name, with("redis")).await;
        cloud.converge(name, with("valkey")).await;
        let seen = cloud.observe(name).await;
        assert_eq!((field(&seen, "engine"), field(&seen, "engine_version")), (&json!("valkey"), &json!("8.1.0")));
    }
}

#[tokio::test]
async fn an_upgrade_waits_for_the_window_if_told_so() {
    let cloud = Cloud::start().await;
    let seen = cloud.ready("cache-abc", json!({"version": "8.0"})).await;
    let (resolved, mark, tags) = (cloud.resolve(json!({"version": "8.1"})), cloud.mark(), tags());
    let password = SecretString::from(PASSWORD);
    let changes = cloud.backend.changes(&resolved, &seen);
    let goal = Goal::Present {
        resolved: &resolved,
        changes: &changes,
        mark: &mark,
        password: Some(&password),
        tags: &tags,
        at_maintenance: true,
    };
    let [step] = cloud.backend.steps(&goal, &seen).try_into().unwrap();
    cloud.backend.apply(&cloud.at("cache-abc"), &step).await.unwrap();
    let waiting = cloud.observe("cache-abc").await;
    assert_eq!((waiting.phase, field(&waiting, "engine_version")), (Phase::Ready, &json!("8.0.1")));
    assert_eq!(waiting.pending, ["engine_version=8.1.0"]);
    assert!(cloud.backend.steps(&goal, &waiting).is_empty());

    let other = cache_driver::cache::Mark { protected: true, ..mark.clone() };
    for step in cloud.backend.steps(&Goal::Marked { mark: &other }, &waiting) {
        cloud.backend.apply(&cloud.at("cache-abc"), &step).await.unwrap();
    }
    let still = cloud.observe("cache-abc").await;
    assert_eq!((still.pending.len(), still.mark()), (1, Some(&other)), "a mark hurries nothing");
    cloud.mutate(json!({"op": "apply_pending", "id": "cache-abc"})).await;
    cloud.minutes(90);
    assert_eq!(*field(&cloud.observe("cache-abc").await, "engine_version"), "8.1.0");
}

#[tokio::test]
async fn a_modification_that_changes_nothing_succeeds() {
    let cloud = Cloud::start().await;
    let seen = cloud.ready("cache-abc", json!({})).await;
    let other = cache_driver::cache::Mark { protected: true, ..cloud.mark() };
    let [step] = cloud.backend.steps(&Goal::Marked { mark: &other }, &seen).try_into().unwrap();
    for _ in 0..2 {
        cloud.backend.apply(&cloud.at("cache-abc"), &step).await.unwrap();
    }
    assert_eq!(cloud.observe("cache-abc").await.mark(), Some(&other));
}
