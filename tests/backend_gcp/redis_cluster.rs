//! Redis Cluster, from nothing to a cache that answers, and back to nothing.

use cache_driver::backend::{Class, ConnectionPassword, Goal, Phase};
use cache_driver::cache::{Engine, Intent, Mark, Password, Product};
use cache_driver::clock::Timestamp;
use redis::TlsCertificates;
use redis::cluster::ClusterClient;
use secrecy::ExposeSecret;
use serde_json::json;

use crate::valkey_cloud::{Cloud, unused};

async fn start() -> Cloud {
    Cloud::start(Product::GcpRedisCluster, json!({"mode": "cluster"})).await
}

#[tokio::test]
async fn a_cluster_is_created_connected_to_and_removed() {
    let cloud = start().await;
    let at = cloud.at("cache-abc");
    assert_eq!(cloud.create("cache-abc", &json!({"shards": 3, "size": "nano"})).await, ["create"]);
    let seen = cloud.observe("cache-abc").await;
    assert_eq!((seen.phase, seen.mark(), seen.endpoint.as_ref()), (Phase::Creating, Some(&cloud.mark()), None));
    let (seen, calls) = cloud.settle("cache-abc").await;
    assert_eq!(calls, ["addTokenAuthUser", "addAuthToken"]);
    assert_eq!(cloud.backend.changes(&cloud.resolve(&json!({"shards": 3, "size": "nano"})), &seen), []);
    assert_eq!(seen.fields["network"], "projects/my-project/global/networks/default", "though it is not echoed");
    let connection = cloud.backend.connection(&at, &seen).await.unwrap();
    assert!(connection.cluster_mode && connection.tls && connection.reader.is_none());
    assert_eq!((connection.endpoint.port, connection.engine, connection.memory_gb), (6379, Engine::Redis, Some(1.4)));
    assert_eq!(connection.engine_version.as_deref(), Some("7.2"), "the only one there is");
    assert!(matches!(connection.password, ConnectionPassword::Told(_)));
    assert!(connection.ca_cert.unwrap().contains("-----BEGIN CERTIFICATE-----"));
    assert_eq!(cloud.removed("cache-abc").await, ["delete"]);
}

#[tokio::test]
async fn a_client_of_clusters_gets_in() {
    let cloud = Cloud::connectable(Product::GcpRedisCluster, json!({"mode": "cluster"})).await;
    let at = cloud.at("cache-abc");
    let seen = cloud.ready("cache-abc", &json!({})).await;
    let connection = cloud.backend.connection(&at, &seen).await.unwrap();
    let ConnectionPassword::Told(password) = &connection.password else { panic!("{connection:?}") };
    let endpoint = &connection.endpoint;
    let url = format!("rediss://default:{}@{}:{}", password.expose_secret(), endpoint.host, endpoint.port);
    let root_cert = connection.ca_cert.clone().map(String::into_bytes);
    let client = ClusterClient::builder([url]).certs(TlsCertificates { client_tls: None, root_cert }).build().unwrap();
    let mut client = client.get_async_connection().await.unwrap();
    let () = redis::cmd("SET").arg("key").arg("value").query_async(&mut client).await.unwrap();
    let value: String = redis::cmd("GET").arg("key").query_async(&mut client).await.unwrap();
    assert_eq!(value, "value");
}

#[tokio::test]
async fn a_change_of_several_fields_is_as_many_patches() {
    let cloud = start().await;
    cloud.ready("cache-abc", &json!({"shards": 3})).await;
    let values =
        json!({"shards": 5, "replicas": 1, "size": "xlarge", "eviction_policy": "allkeys-lru", "persistence": "aof"});
    let (seen, calls) = cloud.converge("cache-abc", &values).await;
    assert_eq!(calls, ["patch"; 6], "the mark, and one for each field");
    assert_eq!(cloud.backend.changes(&cloud.resolve(&values), &seen), []);
    assert_eq!(
        (&seen.fields["node_type"], &seen.fields["aof_fsync"]),
        (&json!("REDIS_HIGHMEM_MEDIUM"), &json!("everysec"))
    );
    let iam = cloud.resolve(&json!({"auth": "iam"}));
    let changes = cloud.backend.changes(&iam, &seen);
    assert_eq!((changes.len(), changes[0].class), (1, Class::Replace));
}

#[tokio::test]
async fn a_token_is_rotated_and_settled_and_protection_lifted() {
    let cloud = start().await;
    let seen = cloud.ready("cache-abc", &json!({"deletion_protection": true})).await;
    let intent = Some(Intent::Settle(Timestamp::from_second(1_900_000_000).unwrap()));
    let password = Some(Password { key: "k1".to_owned(), generation: 1, salt: "abcdefghijklmnop".to_owned() });
    let rotated = Mark { intent, password, want: "ffffffffffff".to_owned(), ..cloud.mark() };
    let goal = Goal::Rotated { mark: &rotated, password: &unused() };
    let (both, calls) = cloud.led("cache-abc", |seen| cloud.backend.steps(&goal, seen)).await;
    assert_eq!((calls, both.parts.len()), (vec!["addAuthToken", "patch"], seen.parts.len() + 1));
    let settled = Mark { intent: None, ..both.mark().unwrap().clone() };
    let goal = Goal::Settled { mark: &settled, password: &unused() };
    let (one, calls) = cloud.led("cache-abc", |seen| cloud.backend.steps(&goal, seen)).await;
    assert_eq!((calls, one.parts.len()), (vec!["delete", "patch"], seen.parts.len()));
    assert_eq!(cloud.removed("cache-abc").await, ["patch", "delete"]);
}

#[tokio::test]
async fn a_failed_change_is_told_with_its_cause() {
    let cloud = start().await;
    let seen = cloud.ready("cache-abc", &json!({"shards": 3})).await;
    cloud.fault(json!({"kind": "update_failed", "message": "RESOURCE_EXHAUSTED: no room for two more shards"}));
    let wanted = cloud.resolve(&json!({"shards": 5}));
    let changes = cloud.backend.changes(&wanted, &seen);
    cloud.run("cache-abc", cloud.present(&wanted, &changes, &cloud.mark(), &seen)).await;
    let (seen, _) = cloud.settle("cache-abc").await;
    assert_eq!((seen.phase, &seen.fields["shard_count"]), (Phase::Ready, &json!(3)));
    let told = cloud.backend.diagnose(&cloud.at("cache-abc"), cloud.mark().since).await.unwrap();
    assert!(told.cause.unwrap().contains("no room for two more shards"));
}
