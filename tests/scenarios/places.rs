//! Where caches are, what somebody else does to them, and defaults that change.

use cache_driver::config::DefaultsApply;
use serde_json::{Value, json};

use crate::harness::{Caller, Server, World};

async fn two_regions() -> (World, Server, Caller) {
    let world = World::with(|config| config.providers.aws.regions = vec!["us-east-1".to_owned()]).await;
    let driver = world.driver().await;
    let resource = world.resource(&driver);
    (world, driver, resource)
}

async fn regions(world: &World) -> Vec<Value> {
    world.caches().await.iter().map(|cache| cache["region"].clone()).collect()
}

#[tokio::test]
async fn a_cache_is_found_in_every_allowed_region_without_the_cookie() {
    let (world, _driver, mut resource) = two_regions().await;
    let made = world.create(&mut resource, &json!({"region": "us-east-1"})).await;
    assert_eq!(regions(&world).await, ["us-east-1"]);
    assert_eq!(resource.forgetful().get().await.is(200).body["resource"], made.body["resource"]);
    // Leaving the region out keeps it where it is.
    assert_eq!(resource.forgetful().put(json!({})).await.is(200).body["resource"], made.body["resource"]);
    resource.forgetful().delete().await.is(202);
    world.minutes(20);
    resource.forgetful().delete().await.is(204);
    assert!(world.caches().await.is_empty());
}

#[tokio::test]
async fn a_move_to_another_region_is_a_replacement() {
    let (world, _driver, mut resource) = two_regions().await;
    let old = world.create(&mut resource, &json!({})).await;
    let before = world.mutating();
    let refused = resource.put(json!({"region": "us-east-1"})).await.refused("RES-106");
    let change = &refused.body["details"]["changes"][0];
    assert_eq!((&change["from"], &change["to"]), (&json!("eu-central-1"), &json!("us-east-1")));
    assert_eq!(world.mutating(), before);
    let wanted = json!({"region": "us-east-1", "allow": [change["id"]]});
    let mut rounds = 0;
    let new = loop {
        let answer = resource.put(wanted.clone()).await;
        if answer.status != 202 {
            break answer.is(200);
        }
        world.minutes(20);
        rounds += 1;
        assert!(rounds < 10, "it never ends");
    };
    assert_ne!(new.password(), old.password());
    assert_eq!(regions(&world).await, ["us-east-1"]);
}

#[tokio::test]
async fn a_name_for_a_region_stands_for_that_of_the_cloud() {
    let world = World::with(|config| {
        let named = serde_json::from_value(json!({"aws": "eu-central-1", "gcp": "europe-west3"})).unwrap();
        config.regions.insert("eu".to_owned(), named);
    })
    .await;
    let driver = world.driver().await;
    let mut resource = world.resource(&driver);
    resource.put(json!({"region": "eu"})).await.is(202);
    assert_eq!(regions(&world).await, ["eu-central-1"]);
}

#[tokio::test]
async fn a_cache_that_somebody_removed_is_made_anew() {
    let world = World::start().await;
    let driver = world.driver().await;
    let mut resource = world.resource(&driver);
    let made = world.create(&mut resource, &json!({})).await;
    world.mutate(json!({"op": "remove_group", "id": made.value("name")})).await;
    resource.get().await.is(404);
    let again = world.create(&mut resource, &json!({})).await;
    assert_ne!(again.password(), made.password());
    world.mutate(json!({"op": "remove_group", "id": made.value("name")})).await;
    resource.delete().await.is(204);
}

#[tokio::test]
async fn a_cache_whose_mark_somebody_wrote_over_is_never_touched_again() {
    // A mark that cannot be read may be this resource's: a look says so rather than that there is nothing.
    for (description, look) in [
        ("my own words", 404),
        ("cache-driver/1 id=somebody-else w=000000000000 t=1", 404),
        ("cache-driver/1 id=x y z", 400),
    ] {
        let world = World::start().await;
        let driver = world.driver().await;
        let mut resource = world.resource(&driver);
        let made = world.create(&mut resource, &json!({})).await;
        let fields = json!({"description": description});
        world.mutate(json!({"op": "set", "id": made.value("name"), "fields": fields})).await;
        let (before, cache) = (world.mutating(), world.only_cache().await);
        resource.put(json!({})).await.refused("RES-105");
        resource.put(json!({"size": "large"})).await.refused("RES-105");
        resource.delete().await.refused("RES-105");
        resource.get().await.is(look);
        assert_eq!((world.mutating(), world.only_cache().await), (before, cache), "{description}");
    }
}

#[tokio::test]
async fn what_somebody_changed_is_changed_back_if_it_was_asked_for_and_else_left_alone() {
    let world = World::start().await;
    let driver = world.driver().await;
    let mut resource = world.resource(&driver);
    let wanted = json!({"backup": {"days": 3}});
    let made = world.create(&mut resource, &wanted).await;
    let fields = json!({"snapshot_retention_limit": 0, "maintenance_window": "mon:03:00-mon:04:00"});
    world.mutate(json!({"op": "set", "id": made.value("name"), "fields": fields})).await;
    resource.put_until_settled(wanted).await.is(200);
    let cache = world.only_cache().await;
    assert_eq!(cache["SnapshotRetentionLimit"], 3);
    assert_eq!(cache["PreferredMaintenanceWindow"], "mon:03:00-mon:04:00");
}

#[tokio::test]
async fn changed_defaults_reach_existing_caches_only_if_they_are_to() {
    for (apply, status) in [(DefaultsApply::Create, 200), (DefaultsApply::Always, 202)] {
        let world = World::start().await;
        let driver = world.driver().await;
        let mut resource = world.resource(&driver);
        world.create(&mut resource, &json!({})).await;
        let mut config = world.config.clone();
        config.lifecycle.defaults_apply = apply;
        config.routes.get_mut("redis").unwrap().defaults.insert("size".to_owned(), "large".into());
        let driver = world.driver_with(config).await;
        resource.at(&driver.url).put(json!({})).await.is(status);
        let mut fresh = world.resource(&driver);
        fresh.put(json!({})).await.is(202);
        let caches = world.caches().await;
        assert!(caches.iter().any(|cache| cache["CacheNodeType"] == "cache.m7g.large"));
    }
}

#[tokio::test]
async fn what_waits_for_the_maintenance_window_is_asked_for_once() {
    let world = World::start().await;
    let driver = world.driver().await;
    let mut resource = world.resource(&driver);
    world.create(&mut resource, &json!({})).await;
    let wanted = json!({"size": "large", "apply": "maintenance_window"});
    resource.put_until_settled(wanted.clone()).await.is(200);
    let cache = world.only_cache().await;
    assert_eq!((&cache["pending_until_window"], &cache["CacheNodeType"]), (&json!(true), &json!("cache.t4g.small")));
    let before = world.mutating();
    for _ in 0..3 {
        world.minutes(10);
        resource.put(wanted.clone()).await.is(200);
    }
    assert_eq!(world.mutating(), before);
    world.mutate(json!({"op": "apply_pending", "id": cache["ReplicationGroupId"]})).await;
    world.minutes(30);
    resource.put_until_settled(wanted).await.is(200);
    assert_eq!(world.only_cache().await["CacheNodeType"], "cache.m7g.large");
}

#[tokio::test]
async fn the_deadline_of_an_operation_stays_the_same_from_poll_to_poll() {
    let world = World::start().await;
    let driver = world.driver().await;
    let another = world.driver().await;
    let mut resource = world.resource(&driver);
    let first = resource.put(json!({})).await.is(202);
    world.minutes(2);
    let second = resource.put(json!({})).await.is(202);
    let looked = resource.get().await.is(202);
    let elsewhere = resource.at(&another.url).forgetful().put(json!({})).await.is(202);
    let second_of = |text: &Value| text.as_str().unwrap()[..19].to_owned();
    for later in [second, looked, elsewhere] {
        assert_eq!(second_of(&later.body["timeout_deadline"]), second_of(&first.body["timeout_deadline"]));
        assert!(later.body["current_time"].as_str() > first.body["current_time"].as_str());
    }
}
