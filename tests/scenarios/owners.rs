//! Whose a cache is: names taken by others, adoption, letting go, protection, and what a removal leaves.

use serde_json::{Value, json};

use crate::harness::{Caller, Server, World};

/// A cache that somebody made by hand, by an ordinary call to the cloud: with or without a password.
async fn made_by_hand(world: &World, name: &str, password: Option<&str>) {
    use aws_sdk_elasticache::config::{BehaviorVersion, Credentials, Region};
    let config = aws_sdk_elasticache::Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new("eu-central-1"))
        .credentials_provider(Credentials::new("AKIASANDBOX000000000000", "synthetic", None, None, "test"))
        .endpoint_url(world.cloud.url())
        .build();
    aws_sdk_elasticache::Client::from_conf(config)
        .create_replication_group()
        .replication_group_id(name)
        .replication_group_description("made by hand")
        .engine("valkey")
        .engine_version("8.0")
        .cache_node_type("cache.t4g.small")
        .transit_encryption_enabled(true)
        .set_auth_token(password.map(str::to_owned))
        .send()
        .await
        .unwrap();
    world.minutes(20);
}

const BY_HAND: &str = "made-by-hand";
const ITS_PASSWORD: &str = "its-own-password-0123456789";

async fn driver_and_resource(world: &World) -> (Server, Caller) {
    let driver = world.driver().await;
    let resource = world.resource(&driver);
    (driver, resource)
}

/// The name that the driver gives a resource.
async fn name_of(resource: &Caller) -> String {
    let plan = resource.clone().plan(json!({})).await.is(200);
    plan.body["name"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn a_name_that_somebody_else_has_is_refused_and_left_alone() {
    let world = World::start().await;
    let (_driver, mut resource) = driver_and_resource(&world).await;
    let name = name_of(&resource).await;
    made_by_hand(&world, &name, None).await;
    let theirs = world.only_cache().await;
    let before = world.mutating();
    let refused = resource.put(json!({})).await.refused("RES-105");
    assert!(refused.message().contains(&name) && !refused.hint().is_empty(), "{}", refused.text);
    resource.delete().await.refused("RES-105");
    resource.get().await.is(404);
    assert_eq!(world.mutating(), before);
    assert_eq!(world.only_cache().await, theirs);
    // Another name for the same resource is a way out.
    resource.put(json!({"name_salt": "b"})).await.is(202);
    assert_eq!(world.caches().await.len(), 2);
}

#[tokio::test]
async fn a_name_that_bears_the_mark_of_another_resource_is_refused() {
    let world = World::start().await;
    let (driver, mut resource) = driver_and_resource(&world).await;
    let mut other = world.resource(&driver);
    world.create(&mut other, &json!({})).await;
    let theirs = world.only_cache().await["ReplicationGroupId"].clone();
    let refused = resource.put(json!({"adopt": theirs})).await.refused("RES-105");
    assert!(refused.message().contains(&other.id), "{}", refused.text);
}

#[tokio::test]
async fn an_adopted_cache_keeps_its_values_and_gives_out_the_password_that_was_told() {
    let world = World::start().await;
    let (_driver, mut resource) = driver_and_resource(&world).await;
    made_by_hand(&world, BY_HAND, Some(ITS_PASSWORD)).await;
    let before = world.only_cache().await;
    resource.adopt_password = Some(ITS_PASSWORD.to_owned());
    let calls = world.mutating();
    let adopted = resource.put(json!({"adopt": BY_HAND})).await.is(200);
    assert_eq!(world.mutating(), calls + 1, "the mark is all that is written");
    assert_eq!((adopted.value("name"), adopted.secret("password")), (&json!(BY_HAND), ITS_PASSWORD));
    let mut after = world.only_cache().await;
    assert!(after["Description"].as_str().unwrap().contains(&resource.id));
    after["Description"] = before["Description"].clone();
    assert_eq!(after, before);
    // The cookie knows the password.
    assert_eq!(resource.get().await.is(200).secret("password"), ITS_PASSWORD);

    // It is let go, not removed, unless told otherwise.
    resource.delete().await.is(204);
    assert_eq!(world.only_cache().await["Status"], "available");
    resource.get().await.is(404);
}

#[tokio::test]
async fn an_adopted_cache_is_found_by_its_mark_when_the_cookie_is_lost() {
    let world = World::start().await;
    let (_driver, mut resource) = driver_and_resource(&world).await;
    made_by_hand(&world, BY_HAND, None).await;
    resource.put(json!({"adopt": BY_HAND, "on_delete": "delete"})).await.is(200);
    let mut forgetful = resource.forgetful();
    assert_eq!(*forgetful.get().await.is(200).value("name"), BY_HAND);
    resource.forgetful().delete().await.is(202);
    world.minutes(20);
    resource.forgetful().delete().await.is(204);
    assert!(world.caches().await.is_empty());
}

#[tokio::test]
async fn a_cache_with_a_password_is_not_adopted_without_it() {
    let world = World::start().await;
    let (_driver, mut resource) = driver_and_resource(&world).await;
    made_by_hand(&world, BY_HAND, Some(ITS_PASSWORD)).await;
    let before = world.mutating();
    let refused = resource.put(json!({"adopt": BY_HAND})).await.refused("RES-101");
    assert_eq!(refused.fields(), ["driver.secrets.adopt.password"]);
    assert_eq!(world.mutating(), before);
}

#[tokio::test]
async fn a_cache_that_would_have_to_be_replaced_is_not_adopted() {
    let world = World::start().await;
    let (_driver, mut resource) = driver_and_resource(&world).await;
    made_by_hand(&world, BY_HAND, None).await;
    let before = world.mutating();
    let refused = resource.put(json!({"adopt": BY_HAND, "mode": "cluster"})).await.refused("RES-106");
    assert_eq!(refused.body["details"]["changes"][0]["field"], "mode");
    assert_eq!(world.mutating(), before);
}

#[tokio::test]
async fn a_cache_that_is_to_be_adopted_and_is_not_there_is_not_made() {
    let world = World::start().await;
    let (_driver, mut resource) = driver_and_resource(&world).await;
    let refused = resource.put(json!({"adopt": "no-such-cache"})).await.is(400);
    assert!(refused.text.contains("no-such-cache"), "{}", refused.text);
    assert!(world.caches().await.is_empty());
}

#[tokio::test]
async fn a_detached_cache_is_left_as_it_is_and_taken_back_by_a_put() {
    let world = World::start().await;
    let (_driver, mut resource) = driver_and_resource(&world).await;
    let made = world.create(&mut resource, &json!({"on_delete": "detach"})).await;
    resource.delete().await.is(204);
    assert_eq!(world.only_cache().await["Status"], "available");
    resource.get().await.is(404);
    resource.delete().await.is(204);
    let back = resource.put(json!({"on_delete": "detach"})).await.is(200);
    assert_eq!(back.body["resource"], made.body["resource"]);
    resource.get().await.is(200);
    assert_eq!(world.count("CreateReplicationGroup"), 1);
}

#[tokio::test]
async fn a_final_snapshot_is_named_by_cache_and_life() {
    let world = World::start().await;
    let (_driver, mut resource) = driver_and_resource(&world).await;
    let mut names = Vec::new();
    for _ in 0..2 {
        let made = world.create(&mut resource, &json!({"on_delete": "snapshot"})).await;
        resource.delete().await.is(202);
        world.minutes(20);
        resource.delete().await.is(204);
        names.push(made.value("name").as_str().unwrap().to_owned());
    }
    assert!(world.caches().await.is_empty());
    let state = world.cloud.control().state().await;
    let snapshots: Vec<&str> = state["snapshots"]
        .as_array()
        .unwrap()
        .iter()
        .filter_map(|snapshot| snapshot["SnapshotName"].as_str())
        .collect();
    assert_eq!(snapshots.len(), 2, "{snapshots:?}");
    assert!(snapshots[0] != snapshots[1]);
    assert!(snapshots.iter().all(|snapshot| snapshot.starts_with(&names[0])), "{snapshots:?}");
}

#[tokio::test]
async fn deletion_protection_holds_until_a_put_lifts_it() {
    let world = World::start().await;
    let (_driver, mut resource) = driver_and_resource(&world).await;
    world.create(&mut resource, &json!({"deletion_protection": true})).await;
    let before = world.mutating();
    let refused = resource.delete().await.refused("RES-110");
    assert!(refused.hint().contains("deletion_protection"), "{}", refused.text);
    // Leaving the key out keeps what there is.
    resource.put(json!({})).await.is(200);
    resource.delete().await.refused("RES-110");
    assert_eq!(world.mutating(), before);
    resource.put(json!({"deletion_protection": false})).await.is(200);
    resource.delete().await.is(202);
    world.minutes(20);
    resource.delete().await.is(204);
}

#[tokio::test]
async fn a_cache_is_found_by_an_earlier_prefix() {
    let world = World::start().await;
    let (_driver, mut resource) = driver_and_resource(&world).await;
    let made = world.create(&mut resource, &json!({})).await;
    let mut config = world.config.clone();
    config.previous_prefixes = vec![config.prefix];
    config.prefix = "other".to_owned().try_into().unwrap();
    let driver = world.driver_with(config).await;
    let mut resource = resource.at(&driver.url).forgetful();
    let found = resource.put(json!({})).await.is(200);
    assert_eq!(found.body["resource"], made.body["resource"]);
    resource.forgetful().delete().await.is(202);
    let mut new = world.resource(&driver);
    new.put(json!({})).await.is(202);
    let names: Vec<Value> = world.caches().await.iter().map(|cache| cache["ReplicationGroupId"].clone()).collect();
    assert!(names.iter().any(|name| name.as_str().unwrap().starts_with("other-")), "{names:?}");
}
