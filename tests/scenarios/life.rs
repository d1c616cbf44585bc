//! The whole life of a cache, and that no request waits for the cloud.

use redis::{AsyncCommands, Client, TlsCertificates};
use serde_json::{Value, json};

use crate::harness::{Answer, World, eventually, sha256};

fn client(answer: &Answer) -> Client {
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let (user, password) = (answer.secret("username"), answer.secret("password"));
    let url = format!("rediss://{user}:{password}@{}:{}", text(answer.value("host")), answer.value("port"));
    assert_eq!(url, answer.secret("url"));
    let root_cert = Some(text(answer.value("ca_cert")).into_bytes());
    Client::build_with_tls(url, TlsCertificates { client_tls: None, root_cert }).unwrap()
}

async fn reads_back_what_it_wrote(answer: &Answer) {
    let mut connection = client(answer).get_multiplexed_async_connection().await.unwrap();
    let () = connection.set("greeting", "hello").await.unwrap();
    let back: String = connection.get("greeting").await.unwrap();
    assert_eq!(back, "hello");
}

#[tokio::test]
async fn a_cache_is_made_connected_to_over_tls_and_removed() {
    let world = World::connectable(600.0, |_| {}).await;
    let driver = world.driver().await;
    let mut resource = world.resource(&driver);
    let first = resource.put(json!({"size": "nano"})).await.is(202);
    assert_eq!(first.body["status"], "creating");
    let ready = resource.put_until_settled(json!({"size": "nano"})).await.is(200);
    assert_eq!(ready.body["id"], resource.id.as_str());
    reads_back_what_it_wrote(&ready).await;
    let seen = resource.get().await.is(200);
    assert_eq!(seen.body["resource"], ready.body["resource"]);

    assert_eq!(resource.delete().await.is(202).body["status"], "deleting");
    resource.delete_until_settled().await.is(204);
    resource.delete().await.is(204);
    resource.get().await.is(404);
    assert!(world.caches().await.is_empty());
}

#[tokio::test]
async fn a_cache_in_cluster_mode_serves_a_cluster_client() {
    let world = World::connectable(600.0, |_| {}).await;
    let driver = world.driver().await;
    let mut resource = world.resource(&driver);
    let ready = resource.put_until_settled(json!({"mode": "cluster"})).await.is(200);
    assert_eq!(*ready.value("cluster_mode"), true);
    let ca = ready.value("ca_cert").as_str().unwrap().as_bytes().to_vec();
    let client = redis::cluster::ClusterClient::builder([ready.secret("url")])
        .certs(TlsCertificates { client_tls: None, root_cert: Some(ca) })
        .build()
        .unwrap();
    let mut connection = client.get_async_connection().await.unwrap();
    let () = connection.set("greeting", "hello").await.unwrap();
    let back: String = connection.get("greeting").await.unwrap();
    assert_eq!(back, "hello");
    resource.delete_until_settled().await.is(204);
}

#[tokio::test]
async fn a_caller_that_only_looks_after_its_first_put_gets_to_200() {
    let world = World::fast(600.0).await;
    let driver = world.driver().await;
    let mut resource = world.resource(&driver);
    resource.put(json!({"parameters": {"maxmemory-policy": "allkeys-lru"}})).await.is(202);
    let ready = resource.get_until_settled().await.is(200);
    let cache = world.only_cache().await;
    assert_eq!(cache["auth_token_sha256"], json!([sha256(&ready.password())]));
}

#[tokio::test]
async fn an_update_is_finished_though_nobody_comes_back() {
    let world = World::fast(600.0).await;
    let driver = world.driver().await;
    let mut resource = world.resource(&driver);
    resource.put_until_settled(json!({})).await.is(200);
    // Two calls one after the other: the replica first, then failover.
    resource.put(json!({"high_availability": true})).await.is(202);
    eventually("failover", || async {
        let cache = world.only_cache().await;
        (cache["AutomaticFailover"] == true && cache["Status"] == "available").then_some(())
    })
    .await;
    resource.put_until_settled(json!({"high_availability": true})).await.is(200);
}

#[tokio::test]
async fn a_removal_is_finished_though_nobody_comes_back() {
    let world = World::start().await;
    let driver = world.driver().await;
    let mut resource = world.resource(&driver);
    resource.put(json!({})).await.is(202);
    // It cannot be removed while it is being made, so the call that removes it is the background's.
    resource.delete().await.is(202);
    let before = world.count("DeleteReplicationGroup");
    world.minutes(20);
    eventually("the removal", || async {
        world.minutes(1);
        world.caches().await.is_empty().then_some(())
    })
    .await;
    assert!(world.count("DeleteReplicationGroup") > before);
    resource.delete().await.is(204);
}

#[tokio::test]
async fn the_interface_of_2020_makes_and_removes_a_cache() {
    let world = World::connectable(600.0, |_| {}).await;
    let driver = world.driver().await;
    let mut resource = world.resource(&driver);
    let made = resource.legacy_post(&json!({"size": "nano"})).await.is(200);
    assert_eq!((&made.body["type"], &made.body["driver_type"]), (&json!("redis"), &json!("aws/replication-group")));
    let data = &made.body["data"];
    let url = data["secrets"]["url"].as_str().unwrap();
    let root_cert = Some(data["values"]["ca_cert"].as_str().unwrap().as_bytes().to_vec());
    let client = Client::build_with_tls(url, TlsCertificates { client_tls: None, root_cert }).unwrap();
    let mut connection = client.get_multiplexed_async_connection().await.unwrap();
    let answer: String = connection.ping().await.unwrap();
    assert_eq!(answer, "PONG");

    resource.legacy_delete().await.is(204);
    assert_eq!(resource.legacy_delete().await.is(404).body["error"], "RES-114");
    assert!(world.caches().await.is_empty());
}

#[tokio::test]
async fn an_interface_of_2020_that_waits_in_vain_says_503_and_continues_when_repeated() {
    let world = World::with(|config| config.server.legacy.wait = std::time::Duration::ZERO).await;
    let driver = world.driver().await;
    let mut resource = world.resource(&driver);
    let waiting = resource.legacy_post(&json!({})).await.is(503);
    assert!(waiting.header("retry-after").parse::<u64>().is_ok_and(|seconds| seconds > 0));
    resource.legacy_post(&json!({})).await.is(503);
    world.minutes(20);
    resource.legacy_post(&json!({})).await.is(200);
    assert_eq!(world.count("CreateReplicationGroup"), 1);
}

#[tokio::test]
async fn no_request_waits_for_the_cloud() {
    let world = World::start().await;
    let driver = world.driver().await;
    let mut resource = world.resource(&driver);
    for _ in 0..3 {
        resource.put(json!({})).await.is(202);
        assert_eq!(world.only_cache().await["Status"], "creating");
        resource.get().await.is(202);
    }
    world.minutes(20);
    resource.put(json!({})).await.is(200);
    resource.put(json!({"size": "large"})).await.is(202);
    assert_eq!(world.only_cache().await["Status"], "modifying");
    world.minutes(40);
    resource.put(json!({"size": "large"})).await.is(200);
    resource.delete().await.is(202);
    assert_eq!(world.only_cache().await["Status"], "deleting");
}

#[tokio::test]
async fn a_caller_that_prefers_to_wait_gets_the_outputs_at_once() {
    let world = World::fast(600.0).await;
    let driver = world.driver().await;
    let mut resource = world.resource(&driver);
    let ready = resource.put_waiting(json!({}), "wait=30").await.is(200);
    assert_eq!(ready.header("preference-applied"), "wait=30");
    assert_eq!(world.count("CreateReplicationGroup"), 1);
}

#[tokio::test]
async fn a_preferred_wait_ends_when_it_is_over() {
    let world = World::with(|config| config.server.max_wait = std::time::Duration::from_mins(1)).await;
    let driver = world.driver().await;
    let mut waiting = world.resource(&driver);
    let asking = tokio::spawn(async move { waiting.put_waiting(json!({}), "wait=900").await });
    eventually("the create call", || async { (world.count("CreateReplicationGroup") == 1).then_some(()) }).await;
    world.minutes(1);
    assert_eq!(asking.await.unwrap().is(202).header("preference-applied"), "wait=60");
    assert_eq!(world.only_cache().await["Status"], "creating");
}

#[tokio::test]
async fn a_delete_tells_what_it_leaves() {
    let world = World::start().await;
    let driver = world.driver().await;
    for (on_delete, left) in [("delete", None), ("hold", Some("held; until=")), ("detach", Some("detached"))] {
        let mut resource = world.resource(&driver);
        world.create(&mut resource, &json!({"on_delete": on_delete})).await;
        // The second time it is read from the mark.
        for _ in 0..2 {
            let mut gone = resource.delete().await;
            if gone.status == 202 {
                world.minutes(20);
                gone = resource.delete().await;
            }
            let told = gone.is(204).headers.get("cache-driver-left").map(|value| value.to_str().unwrap().to_owned());
            assert_eq!(told.is_some(), left.is_some(), "{on_delete}: {told:?}");
            assert!(told.unwrap_or_default().starts_with(left.unwrap_or_default()), "{on_delete}");
        }
    }
}
