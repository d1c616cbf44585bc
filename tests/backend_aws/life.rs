//! From nothing to a cache that answers, and back to nothing.

use cache_driver::backend::{ConnectionPassword, Goal, Ownership, Phase, Scope};
use cache_driver::cache::{Auth, Engine, Mark, MarkError};
use secrecy::SecretString;
use serde_json::json;

use crate::harness::{Cloud, PASSWORD};

#[tokio::test]
async fn a_cache_is_created_connected_to_and_removed() {
    let cloud = Cloud::start().await;
    let at = cloud.at("cache-abc");
    let absent = cloud.observe("cache-abc").await;
    assert_eq!((absent.phase, absent.account.len()), (Phase::Absent, 12));

    cloud.create("cache-abc", json!({"size": "nano"})).await;
    let seen = cloud.observe("cache-abc").await;
    assert_eq!((seen.phase, seen.mark(), seen.endpoint.as_ref()), (Phase::Creating, Some(&cloud.mark()), None));
    assert!(cloud.backend.connection(&at, &seen).await.is_err());

    cloud.minutes(30);
    let seen = cloud.observe("cache-abc").await;
    assert_eq!(seen.phase, Phase::Ready);
    assert_eq!(seen.account, absent.account);
    assert!(seen.resource_id.as_deref().unwrap().ends_with(":replicationgroup:cache-abc"));
    let connection = cloud.backend.connection(&at, &seen).await.unwrap();
    assert!(connection.endpoint.host.starts_with("master.cache-abc."), "{}", connection.endpoint.host);
    assert_eq!((connection.endpoint.port, connection.tls, connection.auth), (6379, true, Auth::Password));
    assert!(matches!(connection.password, ConnectionPassword::Derived));
    assert_eq!((connection.engine, connection.engine_version.as_deref()), (Engine::Valkey, Some("8.1.0")));
    assert_eq!((connection.memory_gb, connection.cluster_mode, connection.username), (Some(0.5), false, None));
    assert!(connection.reader.is_some() && connection.ca_cert.is_none());

    let goal = Goal::Removed { final_snapshot: Some("last-of-abc".to_owned()) };
    for step in cloud.backend.steps(&goal, &seen) {
        cloud.backend.apply(&at, &step).await.unwrap();
    }
    let seen = cloud.observe("cache-abc").await;
    assert_eq!(seen.phase, Phase::Deleting);
    assert!(cloud.backend.steps(&goal, &seen).is_empty());
    cloud.minutes(30);
    assert_eq!(cloud.observe("cache-abc").await.phase, Phase::Absent);
    assert_eq!(cloud.count("CreateReplicationGroup"), 1);
    assert_eq!(cloud.count("ListTagsForResource"), 0, "tags cannot be read while a group is busy");
}

#[tokio::test]
async fn in_cluster_mode_clients_connect_to_the_configuration_endpoint() {
    let cloud = Cloud::start().await;
    let seen = cloud.ready("cache-abc", json!({"mode": "cluster", "shards": 2, "replicas": 1})).await;
    let connection = cloud.backend.connection(&cloud.at("cache-abc"), &seen).await.unwrap();
    assert!(connection.endpoint.host.starts_with("clustercfg."), "{}", connection.endpoint.host);
    assert!(connection.cluster_mode && connection.reader.is_none());
}

#[tokio::test]
async fn creating_what_exists_and_removing_what_is_absent_succeed() {
    let cloud = Cloud::start().await;
    let values = || json!({"eviction_policy": "allkeys-lru"});
    cloud.create("cache-abc", values()).await;
    cloud.create("cache-abc", values()).await;
    assert_eq!(cloud.count("CreateCacheParameterGroup"), 2);
    assert_eq!(cloud.count("ModifyCacheParameterGroup"), 1, "it is as wanted the second time");
    let there = cloud.observe("cache-abc").await;
    let [remove] = cloud.backend.steps(&Goal::Removed { final_snapshot: None }, &there).try_into().unwrap();
    cloud.backend.apply(&cloud.at("cache-other"), &remove).await.unwrap();
}

#[tokio::test]
async fn the_wire_carries_what_was_resolved() {
    let cloud = Cloud::start().await;
    let seen = cloud
        .ready(
            "cache-abc",
            json!({
                "engine": "redis", "version": "7.1", "size": "large", "high_availability": true, "replicas": 2,
                "backup": {"days": 5, "window": "03:00-04:00"}, "maintenance_window": "sun:05:00-sun:06:00",
                "encryption_key": "arn:aws:kms:eu-central-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab",
                "tags": {"team": "a"}, "context": {"env": "dev"},
                "aws": {"port": 7000, "auto_minor_version_upgrade": false},
            }),
        )
        .await;
    for (field, expected) in [
        ("engine", json!("redis")),
        ("engine_version", json!("7.1.0")),
        ("node_type", json!("cache.m7g.large")),
        ("replicas_per_node_group", json!(2)),
        ("multi_az", json!(true)),
        ("automatic_failover", json!(true)),
        ("tls", json!(true)),
        ("transit_encryption_mode", json!("required")),
        ("auth", json!("password")),
        ("at_rest_encryption", json!(true)),
        ("snapshot_retention_limit", json!(5)),
        ("snapshot_window", json!("03:00-04:00")),
        ("maintenance_window", json!("sun:05:00-sun:06:00")),
        ("subnet_group", json!("caches")),
        ("security_group_ids", json!(["sg-0123456789abcdef0"])),
        ("parameter_group", json!("default.redis7")),
        ("auto_minor_version_upgrade", json!(false)),
        ("port", json!(7000)),
    ] {
        assert_eq!(seen.fields.get(field), Some(&expected), "{field}");
    }
    let state = cloud.running.control().state().await.to_string();
    for tag in ["\"team\":\"a\"", "\"env\":\"dev\"", "\"managed-by\":\"cache-driver\"", "\"cache-driver-id\":\"res-1\""]
    {
        assert!(state.contains(tag), "{tag} in {state}");
    }
}

#[tokio::test]
async fn a_rotation_leaves_both_passwords_and_settling_only_the_newest() {
    let cloud = Cloud::start().await;
    let at = cloud.at("cache-abc");
    let mut seen = cloud.ready("cache-abc", json!({})).await;
    let next = SecretString::from(PASSWORD.replace("CANARY", "SECOND"));
    let marks = ["aaaaaaaaaaaa", "bbbbbbbbbbbb"].map(|want| Mark { want: want.to_owned(), ..cloud.mark() });
    for goal in [Goal::Rotated { mark: &marks[0], password: &next }, Goal::Settled { mark: &marks[1], password: &next }]
    {
        let [step] = cloud.backend.steps(&goal, &seen).try_into().unwrap();
        cloud.backend.apply(&at, &step).await.unwrap();
        let changing = cloud.observe("cache-abc").await;
        assert_eq!(changing.phase, Phase::Changing);
        assert_eq!(changing.mark(), step.mark.as_ref(), "the mark went with it");
        cloud.minutes(30);
        seen = cloud.observe("cache-abc").await;
        assert_eq!(seen.phase, Phase::Ready);
        assert!(cloud.backend.steps(&goal, &seen).is_empty());
    }
}

#[tokio::test]
async fn all_caches_are_listed_with_whose_they_are() {
    let cloud = Cloud::start().await;
    for number in 0..105 {
        cloud.create(&format!("cache-{number}"), json!({})).await;
    }
    cloud.mutate(json!({"op": "set", "id": "cache-7", "fields": {"description": "sessions of the shop"}})).await;
    let scope = |location: &str| Scope {
        account: None,
        location: location.to_owned(),
        credentials: cache_driver::backend::Credentials::Own,
    };
    let listed = cloud.backend.list(&scope("eu-central-1")).await.unwrap();
    let (own, others): (Vec<_>, Vec<_>) = listed.iter().partition(|cache| cache.mark() == Some(&cloud.mark()));
    assert_eq!((own.len(), others.len(), others[0].place.name.as_str()), (104, 1, "cache-7"));
    assert!(cloud.backend.list(&scope("eu-west-1")).await.unwrap().is_empty());
    let foreign = cloud.observe("cache-7").await;
    assert_eq!(foreign.ownership, Some(Ownership::Foreign(MarkError::Foreign)));
}

#[tokio::test]
async fn a_cache_is_filled_from_a_snapshot() {
    let cloud = Cloud::start().await;
    let seen = cloud.ready("cache-abc", json!({})).await;
    let goal = Goal::Removed { final_snapshot: Some("last-of-abc".to_owned()) };
    for step in cloud.backend.steps(&goal, &seen) {
        cloud.backend.apply(&cloud.at("cache-abc"), &step).await.unwrap();
    }
    cloud.minutes(60);
    cloud.ready("cache-def", json!({"restore_from": "last-of-abc"})).await;
}
