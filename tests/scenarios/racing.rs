//! Drivers that race for one resource, and answers that get lost.

use serde_json::{Value, json};
use tokio::task::JoinSet;

use crate::harness::{Caller, Server, Settings, World, eventually, sha256};

/// Sends the same PUT to all drivers at once until each says 200, and gives the passwords.
async fn race(world: &World, urls: &[String]) -> Vec<String> {
    let id = world.id();
    let mut racing = JoinSet::new();
    for url in urls {
        let mut resource = crate::harness::Caller::new(url, &id);
        racing.spawn(async move { resource.put_until_settled(json!({})).await.is(200).password() });
    }
    racing.join_all().await
}

async fn assert_one_cache_with(world: &World, passwords: &[String]) {
    let cache = world.only_cache().await;
    assert!(passwords.iter().all(|password| *password == passwords[0]));
    assert_eq!(cache["auth_token_sha256"], json!([sha256(&passwords[0])]));
}

async fn drivers(world: &World, count: usize) -> Vec<Server> {
    let mut drivers = Vec::new();
    for _ in 0..count {
        drivers.push(world.driver().await);
    }
    drivers
}

#[tokio::test]
async fn eight_drivers_make_one_cache_and_tell_the_same_password() {
    let world = World::fast(300.0).await;
    let drivers = drivers(&world, 8).await;
    let urls: Vec<String> = drivers.iter().map(|driver| driver.url.clone()).collect();
    // All of them find nothing there before the first of them creates.
    world.fault(json!({"kind": "slow", "millis": 300, "action": "CreateReplicationGroup", "times": 8}));
    let passwords = race(&world, &urls).await;
    assert_one_cache_with(&world, &passwords).await;
    assert!(world.count("CreateReplicationGroup") > 1, "nobody raced");
}

#[tokio::test]
async fn two_processes_make_one_cache_and_its_password_works() {
    let world = World::connectable(300.0, |_| {}).await;
    let settings = Settings::over(&world, "[lifecycle]\npoll_interval = \"50ms\"\n");
    let drivers = [settings.start().await, settings.start().await];
    world.fault(json!({"kind": "slow", "millis": 500, "action": "CreateReplicationGroup", "times": 2}));
    let passwords = race(&world, &drivers.each_ref().map(|driver| driver.url.clone())).await;
    assert_one_cache_with(&world, &passwords).await;
    let cache = world.only_cache().await;
    let (host, port): (&Value, &Value) = (&cache["endpoint"]["Address"], &cache["endpoint"]["Port"]);
    let url = format!("rediss://default:{}@{}:{port}", passwords[0], host.as_str().unwrap());
    let root_cert = world.ca.clone().map(String::into_bytes);
    let client = redis::Client::build_with_tls(url, redis::TlsCertificates { client_tls: None, root_cert }).unwrap();
    let mut connection = client.get_multiplexed_async_connection().await.unwrap();
    let answer: String = redis::AsyncCommands::ping(&mut connection).await.unwrap();
    assert_eq!(answer, "PONG");
}

#[tokio::test]
async fn concurrent_puts_at_one_driver_make_one_create_call() {
    let world = World::fast(300.0).await;
    let driver = world.driver().await;
    let urls = vec![driver.url.clone(); 8];
    let passwords = race(&world, &urls).await;
    assert_one_cache_with(&world, &passwords).await;
    assert_eq!(world.count("CreateReplicationGroup"), 1);
}

#[tokio::test]
async fn a_lost_answer_to_the_create_call_loses_nothing() {
    for attempts in [1, 3] {
        let world = World::with(|config| config.providers.aws.max_attempts = attempts).await;
        let driver = world.driver().await;
        let mut resource = world.resource(&driver);
        world.fault(json!({"kind": "drop_after", "action": "CreateReplicationGroup"}));
        resource.put(json!({})).await.is(202);
        let made = world.only_cache().await;
        world.minutes(20);
        // Without the cookie, as if this answer had been lost as well.
        let ready = resource.forgetful().put(json!({})).await.is(200);
        let cache = world.only_cache().await;
        assert_eq!(cache["ReplicationGroupId"], made["ReplicationGroupId"]);
        assert_eq!(cache["ReplicationGroupCreateTime"], made["ReplicationGroupCreateTime"]);
        assert_eq!(cache["auth_token_sha256"], json!([sha256(&ready.password())]));
    }
}

#[tokio::test]
async fn a_lost_answer_to_the_delete_call_loses_nothing() {
    let world = World::start().await;
    let driver = world.driver().await;
    let mut resource = world.resource(&driver);
    world.create(&mut resource, &json!({})).await;
    world.fault(json!({"kind": "drop_after", "action": "DeleteReplicationGroup"}));
    resource.delete().await.is(202);
    world.minutes(20);
    resource.delete().await.is(204);
    assert!(world.caches().await.is_empty());
}

#[tokio::test]
async fn a_stale_read_after_the_create_call_makes_no_second_cache() {
    let world = World::start().await;
    let driver = world.driver().await;
    let mut resource = world.resource(&driver);
    resource.put(json!({})).await.is(202);
    let made = world.only_cache().await;
    world.fault(json!({"kind": "stale_reads", "count": 3, "action": "DescribeReplicationGroups"}));
    resource.put(json!({})).await.is(202);
    world.cloud.control().faults().clear();
    world.minutes(20);
    let ready = resource.put(json!({})).await.is(200);
    let cache = world.only_cache().await;
    assert_eq!(cache["ReplicationGroupCreateTime"], made["ReplicationGroupCreateTime"]);
    assert_eq!(cache["auth_token_sha256"], json!([sha256(&ready.password())]));
}

#[tokio::test]
async fn a_first_password_that_two_drivers_set_at_once_is_the_one_that_both_tell() {
    let world = World::fast(600.0).await;
    let drivers = drivers(&world, 2).await;
    let mut resource = world.resource(&drivers[0]);
    resource.put_until_settled(json!({"auth": "none"})).await.is(200);
    world.fault(json!({"kind": "slow", "millis": 200, "action": "ModifyReplicationGroup", "times": 2}));
    let mut racing = JoinSet::new();
    for driver in &drivers {
        let mut caller = resource.at(&driver.url);
        racing.spawn(async move { caller.put_until_settled(json!({"auth": "password"})).await.is(200).password() });
    }
    let passwords = racing.join_all().await;
    assert_one_cache_with(&world, &passwords).await;
}

#[tokio::test]
async fn callers_that_hang_up_lose_nothing() {
    let world = World::fast(300.0).await;
    let driver = world.driver().await;
    let mut resource = world.resource(&driver);
    world.fault(json!({"kind": "slow", "millis": 300, "action": "CreateReplicationGroup"}));
    let mut impatient = resource.clone();
    let hung_up = tokio::spawn(async move { impatient.put(json!({})).await });
    eventually("the create call", || async { (world.count("CreateReplicationGroup") == 1).then_some(()) }).await;
    hung_up.abort();
    // Nobody asks again, and it is made all the same.
    eventually("the cache", || async { (!world.caches().await.is_empty()).then_some(()) }).await;
    let ready = resource.get_until_settled().await;
    let ready = if ready.status == 200 { ready } else { resource.put_until_settled(json!({})).await.is(200) };
    assert_one_cache_with(&world, &[ready.password()]).await;
    assert_eq!(world.count("CreateReplicationGroup"), 1);
}

/// Lets the background of a driver take its steps.
async fn some_minutes(world: &World, driver: &Server, id: &str) {
    for _ in 0..20 {
        world.minutes(2);
        Caller::new(&driver.url, id).get().await;
    }
}

#[tokio::test]
async fn what_a_driver_goes_on_with_makes_nothing_anew_after_a_delete_at_another_one() {
    let world = World::start().await;
    let (one, other) = (world.driver().await, world.driver().await);
    let mut resource = world.resource(&one);
    resource.put(json!({})).await.is(202);
    world.minutes(20);
    let mut leaving = resource.at(&other.url).forgetful();
    while leaving.delete().await.status == 202 {
        world.minutes(5);
    }
    leaving.delete().await.is(204);
    some_minutes(&world, &one, &resource.id).await;
    assert!(world.caches().await.is_empty());
    assert_eq!(world.count("CreateReplicationGroup"), 1);
}

#[tokio::test]
async fn what_a_driver_goes_on_with_removes_nothing_that_was_made_at_another_one_since() {
    let world = World::start().await;
    let (one, other) = (world.driver().await, world.driver().await);
    let mut resource = world.resource(&one);
    world.create(&mut resource, &json!({})).await;
    resource.delete().await.is(202);
    let mut anew = resource.at(&other.url).forgetful();
    while anew.put(json!({})).await.status == 202 {
        world.minutes(5);
    }
    some_minutes(&world, &one, &resource.id).await;
    assert_eq!(world.caches().await.len(), 1);
    anew.get().await.is(200);
}

#[tokio::test]
async fn what_a_put_takes_back_is_not_removed_by_a_delete_that_another_driver_had_to_put_off() {
    for busy in [false, true] {
        let world = World::start().await;
        let (one, other) = (world.driver().await, world.driver().await);
        let mut resource = world.resource(&one);
        if busy {
            world.create(&mut resource, &json!({})).await;
            let id = world.only_cache().await["ReplicationGroupId"].clone();
            world.mutate(json!({"op": "status", "id": id, "status": "snapshotting", "seconds": 600})).await;
        } else {
            resource.put(json!({})).await.is(202);
        }
        let made = world.only_cache().await["ReplicationGroupCreateTime"].clone();
        resource.delete().await.is(202);
        let mut again = resource.at(&other.url);
        // Nothing can be written on the cache yet, so nobody may be told that it is as wanted.
        again.put(json!({})).await.is(202);
        world.minutes(20);
        again.put_until_settled(json!({})).await.is(200);
        some_minutes(&world, &one, &resource.id).await;
        again.get().await.is(200);
        assert_eq!(world.only_cache().await["ReplicationGroupCreateTime"], made);
        assert_eq!(world.count("DeleteReplicationGroup"), 1, "only the one that was put off");
        // The last call wins all the same.
        again.delete().await.is(202);
        world.minutes(20);
        again.delete().await.is(204);
    }
}

#[tokio::test]
async fn a_delete_that_had_to_be_put_off_comes_to_its_end_while_its_answer_is_held() {
    let world = World::with(|config| config.server.max_wait = std::time::Duration::from_mins(30)).await;
    let driver = world.driver().await;
    let mut resource = world.resource(&driver);
    resource.put(json!({})).await.is(202);
    let id = resource.id.clone();
    let asking = tokio::spawn(async move { resource.delete_waiting("wait=1800").await });
    eventually("the removal that is put off", || async { (world.count("DeleteReplicationGroup") == 1).then_some(()) })
        .await;
    some_minutes(&world, &driver, &id).await;
    asking.await.unwrap().is(204);
    assert!(world.caches().await.is_empty());
}

#[tokio::test]
async fn a_delete_that_had_to_be_put_off_is_done_though_nobody_comes_back() {
    let world = World::start().await;
    let driver = world.driver().await;
    let mut resource = world.resource(&driver);
    resource.put(json!({})).await.is(202);
    resource.delete().await.is(202);
    some_minutes(&world, &driver, &resource.id).await;
    assert!(world.caches().await.is_empty());
}
