//! Requests that meet an operation that runs: the last call wins, where the cloud lets it.

use serde_json::json;

use crate::harness::{World, sha256};

#[tokio::test]
async fn another_put_while_it_is_being_made_is_a_conflict_with_the_hint_of_the_creation() {
    let world = World::start().await;
    let driver = world.driver().await;
    let mut resource = world.resource(&driver);
    resource.put(json!({"size": "small"})).await.is(202);
    let before = world.mutating();
    let conflict = resource.put(json!({"size": "large"})).await.is(409);
    assert_eq!(conflict.body["status"], "creating");
    assert_eq!(world.mutating(), before);
    // The one that runs is not disturbed, and the other is made once it is done.
    resource.put(json!({"size": "small"})).await.is(202);
    world.minutes(20);
    resource.put(json!({"size": "large"})).await.is(202);
    world.minutes(30);
    resource.put(json!({"size": "large"})).await.is(200);
    assert_eq!(world.only_cache().await["CacheNodeType"], "cache.m7g.large");
}

#[tokio::test]
async fn another_put_while_an_update_runs_is_a_conflict_with_the_hint_of_the_update() {
    let world = World::start().await;
    let driver = world.driver().await;
    let mut resource = world.resource(&driver);
    world.create(&mut resource, &json!({})).await;
    resource.put(json!({"replicas": 1})).await.is(202);
    let conflict = resource.put(json!({"replicas": 2})).await.is(409);
    assert_eq!(conflict.body["status"], "updating");
    world.minutes(20);
    resource.put(json!({"replicas": 2})).await.is(202);
    world.minutes(20);
    resource.put(json!({"replicas": 2})).await.is(200);
    assert_eq!(world.only_cache().await["NodeGroups"][0]["ReplicaCount"], 2);
}

#[tokio::test]
async fn a_delete_while_it_is_being_made_is_accepted_and_done_as_soon_as_possible() {
    let world = World::start().await;
    let driver = world.driver().await;
    let mut resource = world.resource(&driver);
    resource.put(json!({})).await.is(202);
    for _ in 0..2 {
        assert_eq!(resource.delete().await.is(202).body["status"], "deleting");
    }
    assert_eq!(world.only_cache().await["Status"], "creating");
    world.minutes(20);
    resource.delete().await.is(202);
    assert_eq!(world.only_cache().await["Status"], "deleting");
    world.minutes(20);
    resource.delete().await.is(204);
    assert!(world.caches().await.is_empty());
}

#[tokio::test]
async fn a_delete_while_an_update_runs_is_accepted_and_done_as_soon_as_possible() {
    let world = World::start().await;
    let driver = world.driver().await;
    let mut resource = world.resource(&driver);
    world.create(&mut resource, &json!({})).await;
    resource.put(json!({"replicas": 1})).await.is(202);
    assert_eq!(resource.delete().await.is(202).body["status"], "deleting");
    world.minutes(20);
    resource.delete().await.is(202);
    world.minutes(20);
    resource.delete().await.is(204);
    assert!(world.caches().await.is_empty());
}

#[tokio::test]
async fn a_put_right_after_a_delete_makes_it_anew() {
    let world = World::start().await;
    let driver = world.driver().await;
    let mut resource = world.resource(&driver);
    let first = world.create(&mut resource, &json!({})).await;
    resource.delete().await.is(202);
    let put = resource.put(json!({})).await.is(202);
    assert_eq!(put.body["status"], "creating");
    assert_eq!(world.only_cache().await["Status"], "deleting");
    world.minutes(20);
    resource.put(json!({})).await.is(202);
    world.minutes(20);
    let second = resource.put(json!({})).await.is(200);
    assert_ne!(second.password(), first.password());
    assert_eq!(world.only_cache().await["auth_token_sha256"], json!([sha256(&second.password())]));
}

#[tokio::test]
async fn a_put_that_overtakes_a_delete_of_something_still_being_made_keeps_it() {
    let world = World::start().await;
    let driver = world.driver().await;
    let mut resource = world.resource(&driver);
    resource.put(json!({})).await.is(202);
    resource.delete().await.is(202);
    resource.put(json!({})).await.is(202);
    world.minutes(20);
    resource.put(json!({})).await.is(200);
    world.minutes(60);
    resource.put(json!({})).await.is(200);
    assert_eq!(
        (world.count("CreateReplicationGroup"), world.only_cache().await["Status"].clone()),
        (1, json!("available"))
    );
}

#[tokio::test]
async fn two_callers_that_want_different_things_get_there_one_after_the_other() {
    let world = World::fast(600.0).await;
    let drivers = [world.driver().await, world.driver().await];
    let mut resource = world.resource(&drivers[0]);
    resource.put_until_settled(json!({})).await.is(200);
    let mut callers = tokio::task::JoinSet::new();
    for (driver, replicas) in drivers.iter().zip([1, 2]) {
        let mut caller = resource.at(&driver.url);
        callers.spawn(async move {
            let caller = std::sync::Arc::new(tokio::sync::Mutex::new(&mut caller));
            crate::harness::eventually("a PUT that gets through", || async {
                let answer = caller.lock().await.put(json!({"replicas": replicas})).await;
                assert!(matches!(answer.status, 200 | 202 | 409), "{}", answer.text);
                (answer.status == 200).then_some(())
            })
            .await;
        });
    }
    callers.join_all().await;
    assert_eq!(world.count("DeleteReplicationGroup"), 0);
    world.only_cache().await;
}

#[tokio::test]
async fn a_rotation_that_two_drivers_begin_at_once_gives_one_new_password() {
    let world = World::fast(600.0).await;
    let drivers = [world.driver().await, world.driver().await];
    let mut resource = world.resource(&drivers[0]);
    let old = resource.put_until_settled(json!({})).await.is(200).password();
    world.fault(json!({"kind": "slow", "millis": 200, "action": "ModifyReplicationGroup", "times": 2}));
    let mut callers = tokio::task::JoinSet::new();
    for driver in &drivers {
        let mut caller = resource.at(&driver.url);
        callers.spawn(async move { caller.put_until_settled(json!({"rotate": 1})).await.is(200).password() });
    }
    let new = callers.join_all().await;
    assert_eq!(new[0], new[1]);
    assert_ne!(new[0], old);
    assert_eq!(world.only_cache().await["auth_token_sha256"], json!([sha256(&new[0]), sha256(&old)]));
}
