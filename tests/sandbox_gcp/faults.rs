//! Trouble on request.

use std::time::Duration;

use reqwest::Method;
use serde_json::json;

use crate::harness::{Cloud, MEMCACHE, REDIS, VALKEY, memcache, redis, valkey};

#[tokio::test]
async fn each_refusing_fault_answers_in_the_words_of_google_once() {
    let cloud = Cloud::start().await;
    let cases = [
        (json!({ "kind": "throttle" }), 429, "RESOURCE_EXHAUSTED"),
        (json!({ "kind": "quota" }), 429, "RESOURCE_EXHAUSTED"),
        (json!({ "kind": "access_denied" }), 403, "PERMISSION_DENIED"),
        (json!({ "kind": "expired_token" }), 401, "UNAUTHENTICATED"),
        (json!({ "kind": "http", "status": 500 }), 500, "INTERNAL"),
        (json!({ "kind": "http", "status": 503 }), 503, "UNAVAILABLE"),
        (json!({ "kind": "error", "code": "ABORTED", "status": 409, "message": "m" }), 409, "ABORTED"),
    ];
    for (fault, status, word) in cases {
        cloud.fault(json!([fault]));
        let answer = cloud.post(&REDIS.create("sample"), &redis()).await;
        assert_eq!((answer.error().0, answer.error().1), (status, word), "{fault}");
    }
    cloud.fault(json!([{ "kind": "http", "status": 502 }]));
    assert_eq!(cloud.post(&REDIS.create("sample"), &redis()).await.status, 502);
    assert!(cloud.running.control().faults().list().is_empty());
    cloud.post(&REDIS.create("sample"), &redis()).await.ok();
}

#[tokio::test]
async fn a_lost_answer_leaves_the_instance_and_a_lost_request_does_not() {
    let cloud = Cloud::start().await;
    assert_eq!(cloud.get(&REDIS.path("sample")).await.status, 404);
    cloud.fault(json!([{ "kind": "drop_before", "action": "redis.instances.create" }]));
    assert!(cloud.try_send(Method::POST, &REDIS.create("sample"), Some(&redis())).await.is_none());
    assert_eq!(cloud.get(&REDIS.path("sample")).await.status, 404);
    cloud.fault(json!([{ "kind": "drop_after", "action": "redis.instances.create", "name": "sample" }]));
    assert!(cloud.try_send(Method::POST, &REDIS.create("sample"), Some(&redis())).await.is_none());
    assert_eq!(cloud.get(&REDIS.path("sample")).await.ok()["state"], "CREATING");
    assert_eq!(cloud.count("redis.instances.create"), 2);
}

#[tokio::test]
async fn a_failed_create_vanishes_and_its_operation_tells_why() {
    let cloud = Cloud::start().await;
    let cases = [
        (
            json!({ "kind": "create_failed", "message": "an internal error has occurred" }),
            13,
            "an internal error has occurred",
        ),
        (json!({ "kind": "create_failed", "message": "FAILED_PRECONDITION: no key" }), 9, "no key"),
        (json!({ "kind": "capacity" }), 8, "Unable to create instance. System limit for internal resources"),
    ];
    for (fault, code, message) in cases {
        cloud.fault(json!([fault]));
        let operation = cloud.post(&MEMCACHE.create("sample"), &memcache()).await.ok();
        assert_eq!(cloud.get(&MEMCACHE.path("sample")).await.ok()["state"], "CREATING");
        cloud.minutes(5);
        let done = cloud.operation(&MEMCACHE, &operation).await;
        assert_eq!(done["error"]["code"], code);
        assert!(done["error"]["message"].as_str().unwrap().starts_with(message), "{done:#}");
        assert_eq!(cloud.get(&MEMCACHE.path("sample")).await.status, 404);
    }
}

#[tokio::test]
async fn a_failing_create_waits_for_one_that_is_accepted() {
    let cloud = Cloud::start().await;
    cloud.fault(json!([{ "kind": "create_failed", "message": "no" }]));
    assert_eq!(cloud.post(&REDIS.create("sample"), &json!({})).await.status, 400);
    let operation = cloud.post(&REDIS.create("sample"), &redis()).await.ok();
    cloud.minutes(5);
    assert_eq!(cloud.operation(&REDIS, &operation).await["error"]["message"], "no");
}

#[tokio::test]
async fn a_failed_update_leaves_everything_as_it_was() {
    let cloud = Cloud::start().await;
    cloud.ready(&VALKEY, "sample", &valkey()).await;
    cloud.fault(json!([{ "kind": "update_failed", "message": "RESOURCE_EXHAUSTED: no nodes" }]));
    let operation = cloud.patch(&VALKEY.update("sample", "shardCount"), &json!({ "shardCount": 2 })).await.ok();
    assert_eq!(cloud.get(&VALKEY.path("sample")).await.ok()["state"], "UPDATING");
    cloud.minutes(11);
    assert_eq!(cloud.operation(&VALKEY, &operation).await["error"], json!({ "code": 8, "message": "no nodes" }));
    let instance = cloud.get(&VALKEY.path("sample")).await.ok();
    assert_eq!((&instance["state"], &instance["shardCount"]), (&json!("ACTIVE"), &json!(1)));
}

#[tokio::test]
async fn stale_reads_show_what_was_before() {
    let cloud = Cloud::start().await;
    cloud.post(&REDIS.create("sample"), &redis()).await.ok();
    cloud.fault(json!([{ "kind": "stale_reads", "count": 2 }]));
    assert_eq!(cloud.get(&REDIS.path("sample")).await.status, 404);
    assert_eq!(cloud.get(&REDIS.collection()).await.ok(), json!({}));
    assert_eq!(cloud.get(&REDIS.path("sample")).await.ok()["state"], "CREATING");
}

#[tokio::test]
async fn a_slow_answer_waits_on_the_clock() {
    let cloud = Cloud::start().await;
    cloud.fault(json!([{ "kind": "slow", "millis": 30_000 }]));
    let path = REDIS.collection();
    let get = cloud.get(&path);
    tokio::pin!(get);
    assert!(tokio::time::timeout(Duration::from_millis(300), &mut get).await.is_err(), "it answered before its time");
    cloud.clock.advance(Duration::from_secs(30));
    get.await.ok();
}

#[tokio::test]
async fn state_shows_everything_but_secrets_and_a_reset_forgets() {
    let cloud = Cloud::start().await;
    let body = json!({ "tier": "BASIC", "memorySizeGb": 1, "authEnabled": true });
    cloud.ready(&REDIS, "sample", &body).await;
    let secret = cloud.get(&format!("{}/authString", REDIS.path("sample"))).await.ok();
    let control = cloud.running.control();
    let state = control.state().await;
    assert_eq!(state["caches"][0]["auth_string_set"], true);
    assert_eq!(
        state["caches"][0]["resource"]["name"],
        "projects/sample-project/locations/us-central1/instances/sample"
    );
    assert!(!state.to_string().contains(secret["authString"].as_str().unwrap()));
    control.reset().await;
    assert_eq!(cloud.get(&REDIS.path("sample")).await.status, 404);
    assert_eq!(cloud.count("redis.instances.create"), 0);
}
