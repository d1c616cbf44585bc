//! Failures for good, failures that pass, and operations that take too long.

use serde_json::json;

use crate::harness::World;

const NO_IP: &str = "Subnet subnet-0 has not enough free IP addresses";

#[tokio::test]
async fn a_failed_creation_is_told_once_with_its_cause_then_cleared_away_and_made_anew() {
    let world = World::start().await;
    let driver = world.driver().await;
    let mut resource = world.resource(&driver);
    world.fault(json!({"kind": "create_failed", "message": NO_IP}));
    resource.put(json!({})).await.is(202);
    world.minutes(20);
    let failed = resource.put(json!({})).await.is(400);
    assert!(failed.message().contains(NO_IP), "{}", failed.text);
    assert!(!failed.body["details"]["events"].as_array().unwrap().is_empty());
    assert_eq!(world.only_cache().await["Status"], "deleting");
    resource.put(json!({})).await.is(202);
    world.minutes(20);
    resource.put(json!({})).await.is(202);
    assert_eq!(world.only_cache().await["Status"], "creating");
    world.minutes(20);
    resource.put(json!({})).await.is(200);
    assert_eq!(world.count("CreateReplicationGroup"), 2);
}

#[tokio::test]
async fn the_cause_of_an_earlier_life_is_never_told_for_a_later_one() {
    let world = World::start().await;
    let driver = world.driver().await;
    let mut resource = world.resource(&driver);
    for cause in [NO_IP, "The KMS key cannot be used"] {
        world.fault(json!({"kind": "create_failed", "message": cause}));
        resource.put(json!({})).await.is(202);
        world.minutes(20);
        let failed = resource.put(json!({})).await.is(400);
        assert!(failed.message().contains(cause), "{}", failed.text);
        assert_eq!(failed.text.contains(NO_IP), cause == NO_IP, "{}", failed.text);
        world.minutes(20);
    }
}

#[tokio::test]
async fn a_look_at_a_failed_creation_tells_the_cause_and_touches_nothing() {
    let world = World::start().await;
    let driver = world.driver().await;
    let mut resource = world.resource(&driver);
    world.fault(json!({"kind": "create_failed", "message": NO_IP}));
    resource.put(json!({})).await.is(202);
    world.minutes(20);
    let before = world.mutating();
    for _ in 0..2 {
        let failed = resource.get().await.is(400);
        assert!(failed.message().contains(NO_IP), "{}", failed.text);
    }
    assert_eq!(world.mutating(), before);
    assert_eq!(world.only_cache().await["Status"], "create-failed");
    resource.delete().await.is(202);
    world.minutes(20);
    resource.delete().await.is(204);
}

#[tokio::test]
async fn a_failed_update_is_told_once_deletes_nothing_and_is_tried_again() {
    for (wanted, done) in [
        (json!({"size": "large"}), json!({"CacheNodeType": "cache.m7g.large"})),
        (json!({"aws": {"security_group_ids": ["sg-00000001"]}}), json!({"SecurityGroupIds": ["sg-00000001"]})),
        (json!({"replicas": 1}), json!({"NodeGroups": [{"NodeGroupId": "0001", "ReplicaCount": 1}]})),
    ] {
        let world = World::start().await;
        let driver = world.driver().await;
        let mut resource = world.resource(&driver);
        let made = world.create(&mut resource, &json!({})).await;
        world.minutes(60);
        world.fault(json!({"kind": "update_failed", "message": "no capacity for the new node"}));
        resource.put(wanted.clone()).await.is(202);
        world.minutes(30);
        let failed = resource.put(wanted.clone()).await.is(400);
        assert!(failed.message().contains("no capacity for the new node"), "{}", failed.text);
        assert_eq!(world.count("DeleteReplicationGroup"), 0);
        resource.put(wanted.clone()).await.is(202);
        world.minutes(30);
        let ready = resource.put(wanted).await.is(200);
        assert_eq!(ready.password(), made.password());
        let cache = world.only_cache().await;
        for (field, value) in done.as_object().unwrap() {
            assert_eq!(cache[field], *value);
        }
    }
}

#[tokio::test]
async fn transient_trouble_is_never_an_error() {
    for trouble in [json!({"kind": "throttle"}), json!({"kind": "http", "status": 503}), json!({"kind": "drop_before"})]
    {
        let world = World::start().await;
        let driver = world.driver().await;
        let mut resource = world.resource(&driver);
        let mut all = trouble.clone();
        all["times"] = json!(0);
        world.fault(all.clone());
        let put_off = resource.put(json!({})).await.is(202);
        assert_eq!(put_off.body["status"], "creating");
        resource.get().await.is(202);
        resource.delete().await.is(202);
        world.cloud.control().faults().clear();
        resource.put(json!({})).await.is(202);
        world.fault(all);
        resource.put(json!({})).await.is(202);
        resource.get().await.is(202);
        world.cloud.control().faults().clear();
        world.minutes(20);
        resource.put(json!({})).await.is(200);
        assert_eq!(world.caches().await.len(), 1);
    }
}

#[tokio::test]
async fn a_throttled_removal_is_put_off_and_then_done() {
    let world = World::start().await;
    let driver = world.driver().await;
    let mut resource = world.resource(&driver);
    world.create(&mut resource, &json!({})).await;
    world.fault(json!({"kind": "throttle", "action": "DeleteReplicationGroup"}));
    resource.delete().await.is(202);
    resource.delete().await.is(202);
    world.minutes(20);
    resource.delete().await.is(204);
}

#[tokio::test]
async fn a_creation_past_its_deadline_is_told_with_the_events_and_left_for_inspection() {
    let world = World::with(|config| {
        let product = cache_driver::cache::Product::AwsReplicationGroup;
        config.lifecycle.deadlines.get_mut(&product).unwrap().create = std::time::Duration::from_mins(2);
    })
    .await;
    let driver = world.driver().await;
    let mut resource = world.resource(&driver);
    resource.put(json!({})).await.is(202);
    let name = world.only_cache().await["ReplicationGroupId"].clone();
    world.minutes(1);
    world.mutate(json!({"op": "event", "id": name, "message": "waiting for a node"})).await;
    world.minutes(2);
    let before = world.mutating();
    for late in [resource.put(json!({})).await, resource.get().await] {
        let late = late.refused("RES-108");
        assert_eq!(late.body["details"]["events"][0]["message"], "waiting for a node", "{}", late.text);
    }
    assert_eq!(world.mutating(), before);
    assert_eq!(world.only_cache().await["Status"], "creating");
    // It came after all.
    world.minutes(20);
    resource.put(json!({})).await.is(200);
}

#[tokio::test]
async fn a_cloud_that_stays_silent_past_the_deadline_is_an_error() {
    let world = World::start().await;
    let driver = world.driver().await;
    let mut resource = world.resource(&driver);
    world.fault(json!({"kind": "throttle", "times": 0}));
    resource.put(json!({})).await.is(202);
    world.minutes(61);
    resource.put(json!({})).await.refused("RES-108");
}

#[tokio::test]
async fn a_missing_subnet_group_is_a_prerequisite_with_a_way_to_mend_it() {
    let world = World::start().await;
    let driver = world.driver().await;
    let mut resource = world.resource(&driver);
    world.mutate(json!({"op": "remove_subnet_group", "name": "sandbox"})).await;
    let missing = resource.put(json!({})).await.refused("RES-111");
    assert!(missing.hint().contains("subnet group"), "{}", missing.text);
    assert!(world.caches().await.is_empty());
    world.mutate(json!({"op": "restore", "name": "sandbox"})).await;
    resource.put(json!({})).await.is(202);
}

#[tokio::test]
async fn a_used_up_quota_and_a_lack_of_machines_are_capacity() {
    for kind in ["quota", "capacity"] {
        let world = World::start().await;
        let driver = world.driver().await;
        let mut resource = world.resource(&driver);
        world.fault(json!({"kind": kind, "action": "CreateReplicationGroup"}));
        let refused = resource.put(json!({})).await.refused("RES-107");
        assert!(!refused.hint().is_empty());
        assert!(refused.body["details"]["cause"]["request_id"].is_string(), "{}", refused.text);
        resource.put(json!({})).await.is(202);
    }
}

#[tokio::test]
async fn a_cause_that_cannot_be_fetched_now_is_not_lost() {
    let world = World::start().await;
    let driver = world.driver().await;
    let mut resource = world.resource(&driver);
    world.fault(json!({"kind": "create_failed", "message": NO_IP}));
    resource.put(json!({})).await.is(202);
    world.fault(json!({"kind": "throttle", "action": "DescribeEvents", "times": 0}));
    world.minutes(20);
    resource.put(json!({})).await.is(202);
    assert_eq!(world.only_cache().await["Status"], "create-failed");
    world.cloud.control().faults().clear();
    let failed = resource.put(json!({})).await.is(400);
    assert!(failed.message().contains(NO_IP), "{}", failed.text);
}

#[tokio::test]
async fn a_removal_past_its_deadline_is_told_and_goes_on_at_the_cloud() {
    let world = World::start().await;
    let driver = world.driver().await;
    let mut resource = world.resource(&driver);
    let made = world.create(&mut resource, &json!({})).await;
    world.mutate(json!({"op": "status", "id": made.value("name"), "status": "deleting", "seconds": 7200})).await;
    resource.delete().await.is(202);
    world.minutes(30);
    resource.delete().await.is(202);
    world.minutes(16);
    resource.delete().await.refused("RES-108");
    world.only_cache().await;
}

#[tokio::test]
async fn an_update_past_its_deadline_is_told_and_the_cache_is_left_alone() {
    let world = World::with(|config| {
        let product = cache_driver::cache::Product::AwsReplicationGroup;
        config.lifecycle.deadlines.get_mut(&product).unwrap().update = std::time::Duration::from_mins(2);
    })
    .await;
    let driver = world.driver().await;
    let mut resource = world.resource(&driver);
    world.create(&mut resource, &json!({})).await;
    resource.put(json!({"replicas": 1})).await.is(202);
    world.minutes(3);
    let before = world.mutating();
    resource.put(json!({"replicas": 1})).await.refused("RES-108");
    assert_eq!(world.mutating(), before);
    world.minutes(20);
    resource.put_until_settled(json!({"replicas": 1})).await.is(200);
}

#[tokio::test]
async fn a_removal_during_the_clouds_own_snapshot_waits_for_it() {
    let world = World::start().await;
    let driver = world.driver().await;
    let mut resource = world.resource(&driver);
    let made = world.create(&mut resource, &json!({})).await;
    world.mutate(json!({"op": "status", "id": made.value("name"), "status": "snapshotting", "seconds": 600})).await;
    resource.delete().await.is(202);
    assert_eq!(world.only_cache().await["Status"], "snapshotting");
    world.minutes(11);
    resource.delete().await.is(202);
    assert_eq!(world.only_cache().await["Status"], "deleting");
    world.minutes(20);
    resource.delete().await.is(204);
}

#[tokio::test]
async fn a_failed_creation_with_a_final_snapshot_asked_for_is_cleared_away_without_one() {
    let world = World::start().await;
    let driver = world.driver().await;
    let mut resource = world.resource(&driver);
    let wanted = json!({"on_delete": "snapshot", "deletion_protection": true});
    world.fault(json!({"kind": "create_failed", "message": NO_IP}));
    resource.put(wanted.clone()).await.is(202);
    world.minutes(20);
    resource.put(wanted.clone()).await.is(400);
    world.minutes(20);
    world.create(&mut resource, &wanted).await;
    assert_eq!(world.cloud.control().state().await["snapshots"], json!([]));
}
