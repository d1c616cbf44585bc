//! From nothing to a cache that answers, and back to nothing.

use cache_driver::backend::{ConnectionPassword, Goal, Observed, Ownership, Phase};
use cache_driver::cache::{Auth, Engine, Mark, MarkError, State};
use secrecy::ExposeSecret;
use serde_json::json;

use crate::harness::{Cloud, SUBSCRIPTION, parts};

#[tokio::test]
async fn a_managed_cache_is_created_connected_to_and_removed() {
    let cloud = Cloud::start().await;
    let at = cloud.at("cache-abc");
    let absent = cloud.observe("cache-abc").await;
    assert_eq!((absent.phase, absent.account.as_str()), (Phase::Absent, SUBSCRIPTION));

    cloud.create("cache-abc", json!({"size": "nano"})).await;
    let seen = cloud.observe("cache-abc").await;
    assert_eq!((seen.phase, seen.mark(), &seen.endpoint), (Phase::Creating, Some(&cloud.mark()), &None));
    assert!(seen.missing.is_empty(), "the cluster takes no database yet");
    assert!(cloud.backend.connection(&at, &seen).await.is_err());

    cloud.minutes(10);
    let seen = cloud.observe("cache-abc").await;
    assert_eq!((seen.phase, seen.missing.len(), &seen.endpoint), (Phase::Creating, 1, &None));
    let steps = cloud.towards(json!({"size": "nano"}), &seen, &cloud.mark());
    assert_eq!(cloud.run("cache-abc", &steps).await, ["databases.create"]);
    assert_eq!(cloud.observe("cache-abc").await.missing, []);
    cloud.minutes(1);

    let seen = cloud.observe("cache-abc").await;
    assert_eq!((seen.phase, parts(&seen)), (Phase::Ready, vec!["database"]), "{}", seen.status);
    assert!(seen.resource_id.as_deref().unwrap().ends_with("/redisEnterprise/cache-abc"));
    assert_eq!(seen.created_at, Some(cloud.mark().since));
    let connection = cloud.backend.connection(&at, &seen).await.unwrap();
    assert_eq!(connection.endpoint.host, "cache-abc.westeurope.redis.azure.net");
    assert_eq!((connection.endpoint.port, connection.tls, connection.auth), (10000, true, Auth::Password));
    let ConnectionPassword::Told(key) = &connection.password else { panic!("{:?}", connection.password) };
    assert!(key.expose_secret().len() > 20);
    assert_eq!((connection.engine, connection.memory_gb, connection.cluster_mode), (Engine::Redis, Some(0.5), false));
    assert_eq!((connection.username, connection.ca_cert.is_none()), (None, true));

    let goal = Goal::Removed { final_snapshot: None };
    let steps = cloud.backend.steps(&goal, &seen);
    assert_eq!(cloud.run("cache-abc", &steps).await, ["redisEnterprise.delete"]);
    let seen = cloud.observe("cache-abc").await;
    assert_eq!(seen.phase, Phase::Deleting);
    assert!(cloud.backend.steps(&goal, &seen).is_empty());
    cloud.minutes(10);
    assert_eq!(cloud.observe("cache-abc").await.phase, Phase::Absent);
    assert_eq!((cloud.count("redisEnterprise.create"), cloud.count("databases.create")), (1, 1));
}

#[tokio::test]
async fn a_classic_cache_is_created_connected_to_and_removed() {
    let cloud = Cloud::classic().await;
    let seen = cloud.ready("cache-abc", json!({"size": "small", "high_availability": true})).await;
    assert_eq!((seen.fields["sku"].as_str(), seen.mark()), (Some("Standard_C1"), Some(&cloud.mark())));
    let connection = cloud.backend.connection(&cloud.at("cache-abc"), &seen).await.unwrap();
    assert_eq!(connection.endpoint.host, "cache-abc.redis.cache.windows.net");
    assert_eq!((connection.endpoint.port, connection.tls, connection.memory_gb), (6380, true, Some(1.0)));
    assert!(matches!(connection.password, ConnectionPassword::Told(_)));
    let steps = cloud.backend.steps(&Goal::Removed { final_snapshot: None }, &seen);
    assert_eq!(cloud.run("cache-abc", &steps).await, ["redis.delete"]);
    assert_eq!(cloud.observe("cache-abc").await.phase, Phase::Deleting);
    cloud.minutes(30);
    assert_eq!(cloud.observe("cache-abc").await.phase, Phase::Absent);
}

#[tokio::test]
async fn in_cluster_mode_clients_must_know_the_cluster() {
    let cloud = Cloud::start().await;
    let seen = cloud.ready("cache-abc", json!({"mode": "cluster"})).await;
    assert_eq!(seen.fields["clustering_policy"], "OSSCluster");
    assert!(cloud.backend.connection(&cloud.at("cache-abc"), &seen).await.unwrap().cluster_mode);
}

#[tokio::test]
async fn a_put_never_overwrites_what_is_there() {
    let cloud = Cloud::start().await;
    cloud.create("cache-abc", json!({})).await;
    let other = Mark { want: "ffffffffffff".to_owned(), ..cloud.mark() };
    let steps = cloud.towards(json!({"size": "large"}), &Observed::absent(SUBSCRIPTION), &other);
    cloud.run("cache-abc", &steps).await;
    let seen = cloud.observe("cache-abc").await;
    assert_eq!((seen.mark(), &seen.fields["sku"]), (Some(&cloud.mark()), &json!("Balanced_B1")));
}

#[tokio::test]
async fn the_wire_carries_what_was_resolved() {
    let cloud = Cloud::start().await;
    let seen = cloud
        .ready(
            "cache-abc",
            json!({
                "size": "large", "high_availability": true, "eviction_policy": "allkeys-lfu", "persistence": "rdb",
                "tls": false, "tags": {"team": "a"}, "context": {"env": "dev"},
                "azure": {"port": 10000, "rdb_frequency": "6h", "public_access": true},
            }),
        )
        .await;
    for (field, expected) in [
        ("sku", json!("Balanced_B5")),
        ("high_availability", json!("Enabled")),
        ("public_network_access", json!("Enabled")),
        ("clustering_policy", json!("NoCluster")),
        ("eviction_policy", json!("AllKeysLFU")),
        ("persistence", json!("rdb")),
        ("rdb_frequency", json!("6h")),
        ("tls", json!(false)),
        ("auth", json!("password")),
        ("port", json!(10000)),
        ("tags", json!({"team": "a", "env": "dev"})),
    ] {
        assert_eq!(seen.fields.get(field), Some(&expected), "{field}");
    }
    let state = cloud.state().await.to_string();
    for tag in ["\"managed-by\":\"cache-driver\"", "\"cache-driver-id\":\"res-1\"", "\"minimumTlsVersion\":\"1.2\""] {
        assert!(state.contains(tag), "{tag} in {state}");
    }
}

#[tokio::test]
async fn the_same_name_in_another_location_is_another_place() {
    let cloud = Cloud::start().await;
    cloud.create("cache-abc", json!({})).await;
    let mut elsewhere = cloud.at("cache-abc");
    "northeurope".clone_into(&mut elsewhere.place.location);
    assert_eq!(cloud.backend.observe(&elsewhere).await.unwrap().phase, Phase::Absent);
}

#[tokio::test]
async fn a_cache_of_somebody_else_is_taken_over_by_its_tags_alone() {
    let cloud = Cloud::start().await;
    cloud.ready("theirs", json!({"tags": {"team": "a"}})).await;
    let gone = json!({"cache-driver-id": null, "cache-driver-w": null, "cache-driver-t": null, "cache-driver-d": null,
        "cache-driver-born": null, "managed-by": "hand"});
    cloud.mutate(json!({"op": "set", "id": "theirs", "fields": {"tags": gone}})).await;
    let foreign = cloud.observe("theirs").await;
    assert_eq!(foreign.ownership, Some(Ownership::Foreign(MarkError::Foreign)));
    assert_eq!(foreign.phase, Phase::Ready);
    let mark = Mark { adopted: true, ..cloud.mark() };
    let steps = cloud.backend.steps(&Goal::Marked { mark: &mark }, &foreign);
    assert_eq!(cloud.run("theirs", &steps).await, ["redisEnterprise.update"]);
    let adopted = cloud.observe("theirs").await;
    assert_eq!((adopted.mark(), &adopted.fields["tags"]), (Some(&mark), &json!({"team": "a"})));
    let detached = Mark { state: State::Detached, ..mark };
    let steps = cloud.backend.steps(&Goal::Marked { mark: &detached }, &adopted);
    cloud.run("theirs", &steps).await;
    assert_eq!(cloud.observe("theirs").await.mark(), Some(&detached));
}
