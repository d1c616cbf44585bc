//! Changes: refused, allowed once, made step by step, or not needed.

use serde_json::{Value, json};

use crate::harness::{Answer, Caller, Server, World, sha256};

async fn made(world: &World, values: &Value) -> (Server, Caller, Answer) {
    let driver = world.driver().await;
    let mut resource = world.resource(&driver);
    let ready = world.create(&mut resource, values).await;
    (driver, resource, ready)
}

fn change_id(refused: &Answer) -> String {
    refused.body["details"]["changes"][0]["id"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn a_replacing_put_is_refused_with_field_old_new_and_id_and_nothing_is_called() {
    let world = World::start().await;
    let (_driver, mut resource, _) = made(&world, &json!({})).await;
    let before = world.mutating();
    let refused = resource.put(json!({"mode": "cluster"})).await.refused("RES-106");
    let change = &refused.body["details"]["changes"][0];
    assert_eq!(
        (&change["field"], &change["from"], &change["to"]),
        (&json!("mode"), &json!("standard"), &json!("cluster"))
    );
    assert_eq!(change["class"], "replace");
    assert!(refused.message().contains("standard") && refused.message().contains("cluster"), "{}", refused.text);
    assert!(refused.hint().contains(&change_id(&refused)), "{}", refused.text);
    assert_eq!(world.mutating(), before);
    resource.put(json!({})).await.is(200);
}

#[tokio::test]
async fn an_allowed_replacement_is_a_new_life_with_a_new_password() {
    let world = World::start().await;
    let (_driver, mut resource, old) = made(&world, &json!({})).await;
    let first = world.only_cache().await;
    let refused = resource.put(json!({"mode": "cluster"})).await.refused("RES-106");
    let wanted = json!({"mode": "cluster", "allow": [change_id(&refused)]});
    resource.put(wanted.clone()).await.is(202);
    world.minutes(20);
    resource.put(wanted.clone()).await.is(202);
    world.minutes(20);
    let new = resource.put(wanted.clone()).await.is(200);
    assert_eq!(*new.value("cluster_mode"), true);
    assert_eq!(new.value("name"), old.value("name"));
    assert_ne!(new.password(), old.password());
    let second = world.only_cache().await;
    assert_ne!(second["ReplicationGroupCreateTime"], first["ReplicationGroupCreateTime"]);
    assert_eq!(second["auth_token_sha256"], json!([sha256(&new.password())]));
    // The id stays in the inputs, and allows nothing more.
    let before = world.mutating();
    resource.put(wanted).await.is(200);
    resource.put(json!({"mode": "standard", "allow": [change_id(&refused)]})).await.refused("RES-106");
    assert_eq!(world.mutating(), before);
}

#[tokio::test]
async fn an_id_allows_neither_another_change_nor_another_resource() {
    let world = World::start().await;
    let (driver, mut resource, _) = made(&world, &json!({})).await;
    let id = change_id(&resource.put(json!({"mode": "cluster"})).await.refused("RES-106"));
    let mut other = world.resource(&driver);
    world.create(&mut other, &json!({})).await;
    let before = world.mutating();
    let subnet = json!({"aws": {"subnet_group": "another"}, "allow": [id.clone()]});
    let refused = resource.put(subnet).await.refused("RES-106");
    assert_eq!(refused.body["details"]["changes"][0]["field"], "subnet_group");
    other.put(json!({"mode": "cluster", "allow": [id]})).await.refused("RES-106");
    assert_eq!(world.mutating(), before);
}

#[tokio::test]
async fn deletion_protection_blocks_an_allowed_replacement() {
    let world = World::start().await;
    let (_driver, mut resource, _) = made(&world, &json!({"deletion_protection": true})).await;
    let refused = resource.put(json!({"mode": "cluster"})).await.refused("RES-106");
    let before = world.mutating();
    resource.put(json!({"mode": "cluster", "allow": [change_id(&refused)]})).await.refused("RES-110");
    assert_eq!(world.mutating(), before);
}

#[tokio::test]
async fn what_the_cloud_cannot_do_is_refused_whatever_is_allowed() {
    let world = World::start().await;
    let (_driver, mut resource, _) = made(&world, &json!({"version": "8.1"})).await;
    let refused = resource.put(json!({"version": "7.2"})).await.refused("RES-106");
    let id = change_id(&refused);
    let again = resource.put(json!({"version": "7.2", "allow": [id]})).await.refused("RES-106");
    assert_eq!(again.body["details"]["changes"][0]["class"], "impossible");
}

#[tokio::test]
async fn an_update_of_several_steps_reaches_every_field() {
    let world = World::start().await;
    let (_driver, mut resource, old) = made(&world, &json!({"size": "small"})).await;
    let wanted = json!({"size": "medium", "high_availability": true, "maintenance_window": "sun:03:00-sun:04:00"});
    let mut calls = 0;
    while resource.put(wanted.clone()).await.status == 202 {
        world.minutes(15);
        calls += 1;
        assert!(calls < 10, "it never ends");
    }
    let cache = world.only_cache().await;
    assert_eq!(cache["CacheNodeType"], "cache.t4g.medium");
    assert_eq!(
        (&cache["AutomaticFailover"], &cache["PreferredMaintenanceWindow"]),
        (&json!(true), &json!("sun:03:00-sun:04:00"))
    );
    let ready = resource.put(wanted.clone()).await.is(200);
    assert_eq!(ready.body["resource"]["secrets"], old.body["resource"]["secrets"]);
    let before = world.mutating();
    resource.put(wanted).await.is(200);
    assert_eq!(world.mutating(), before);
}

#[tokio::test]
async fn a_size_that_goes_back_and_forth_is_followed_each_time() {
    let world = World::start().await;
    let (_driver, mut resource, _) = made(&world, &json!({"size": "small"})).await;
    for (size, node_type) in
        [("medium", "cache.t4g.medium"), ("small", "cache.t4g.small"), ("medium", "cache.t4g.medium")]
    {
        resource.put(json!({"size": size})).await.is(202);
        world.minutes(30);
        resource.put(json!({"size": size})).await.is(200);
        assert_eq!(world.only_cache().await["CacheNodeType"], node_type);
        // Without a size the cache keeps the one that it has.
        resource.put(json!({})).await.is(200);
    }
}

#[tokio::test]
async fn a_put_with_nothing_to_change_is_200_during_the_clouds_own_snapshot() {
    let world = World::start().await;
    let (_driver, mut resource, ready) = made(&world, &json!({"size": "small"})).await;
    let name = ready.value("name");
    world.mutate(json!({"op": "status", "id": name, "status": "snapshotting", "seconds": 3600})).await;
    let before = world.mutating();
    let again = resource.put(json!({"size": "small"})).await.is(200);
    assert_eq!(again.body["resource"], ready.body["resource"]);
    resource.get().await.is(200);
    assert_eq!(world.only_cache().await["Status"], "snapshotting");
    assert_eq!(world.mutating(), before);
}

#[tokio::test]
async fn a_put_with_something_to_change_waits_for_the_clouds_own_snapshot() {
    let world = World::start().await;
    let (_driver, mut resource, ready) = made(&world, &json!({"size": "small"})).await;
    let name = ready.value("name");
    world.mutate(json!({"op": "status", "id": name, "status": "snapshotting", "seconds": 3600})).await;
    let wanted = json!({"size": "small", "backup": {"days": 3}});
    resource.put(wanted.clone()).await.is(202);
    assert_eq!(world.only_cache().await["SnapshotRetentionLimit"], 0);
    world.minutes(61);
    // The background may have been faster than this call.
    resource.put_until_settled(wanted).await.is(200);
    assert_eq!(world.only_cache().await["SnapshotRetentionLimit"], 3);
}

#[tokio::test]
async fn a_put_with_nothing_to_change_is_200_while_somebody_else_modifies_the_cache() {
    let world = World::start().await;
    let (_driver, mut resource, ready) = made(&world, &json!({})).await;
    // Long after everything of ours: it cannot be taken for ours.
    world.minutes(60 * 24);
    world.mutate(json!({"op": "status", "id": ready.value("name"), "status": "modifying", "seconds": 3600})).await;
    let before = world.mutating();
    resource.put(json!({})).await.is(200);
    assert_eq!(world.only_cache().await["Status"], "modifying");
    assert_eq!(world.mutating(), before);
}

#[tokio::test]
async fn a_plan_calls_nothing_that_changes_anything() {
    let world = World::start().await;
    let driver = world.driver().await;
    let mut resource = world.resource(&driver);
    let plan = resource.plan(json!({"size": "small"})).await.is(200);
    assert_eq!(plan.body["action"], "create");
    assert_eq!(world.mutating(), 0);
    world.create(&mut resource, &json!({"size": "small"})).await;
    let before = world.mutating();
    for (values, action) in [
        (json!({"size": "small"}), "none"),
        (json!({"size": "large"}), "update"),
        (json!({"mode": "cluster"}), "refuse"),
    ] {
        let plan = resource.plan(values).await.is(200);
        assert_eq!(plan.body["action"], action, "{}", plan.text);
    }
    assert_eq!(world.mutating(), before);
}
