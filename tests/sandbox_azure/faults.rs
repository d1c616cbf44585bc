//! Trouble on request.

use std::time::Duration;

use reqwest::Method;
use serde_json::{Value, json};

use crate::harness::{Cloud, MANAGED, classic, cluster, database, small, standard, with_keys};

#[tokio::test]
async fn each_refusing_fault_answers_in_the_words_of_azure_once() {
    let cloud = Cloud::start().await;
    let cases = [
        (json!({"kind": "throttle"}), 429, "TooManyRequests"),
        (json!({"kind": "error", "code": "SkuNotAvailable", "status": 409, "message": "m"}), 409, "SkuNotAvailable"),
        (json!({"kind": "http", "status": 500}), 500, "InternalServerError"),
        (json!({"kind": "http", "status": 503}), 503, "ServiceUnavailable"),
        (json!({"kind": "quota"}), 409, "QuotaExceeded"),
        (json!({"kind": "access_denied"}), 403, "AuthorizationFailed"),
        (json!({"kind": "expired_token"}), 401, "ExpiredAuthenticationToken"),
    ];
    for (fault, status, code) in cases {
        cloud.fault(json!([fault]));
        let refused = cloud.put(&cluster("c"), small()).await;
        assert_eq!(refused.refused(), (status, code), "{fault}");
        assert_eq!(refused.header("retry-after"), (status == 429).then_some("5"), "{fault}");
        assert_eq!(refused.header("www-authenticate").is_some(), status == 401, "{fault}");
        if status == 429 {
            assert_eq!(refused.header("x-ms-ratelimit-remaining-subscription-global-writes"), Some("0"));
        }
    }
    assert!(cloud.running.control().faults().list().is_empty());
    assert_eq!(cloud.put(&cluster("c"), small()).await.status, 201);
}

#[tokio::test]
async fn a_connection_dropped_after_the_create_leaves_the_cluster() {
    let cloud = Cloud::start().await;
    cloud.fault(json!([{"kind": "drop_after", "action": "redisEnterprise.create"}]));
    let request = cloud.request(Method::PUT, &format!("{}?api-version={MANAGED}", cluster("c"))).json(&small());
    assert!(request.send().await.is_err(), "there was no answer");
    assert_eq!(cloud.get(&cluster("c")).await.state(), ("Creating", "Creating"));
    cloud.fault(json!([{"kind": "drop_before", "action": "redisEnterprise.create"}]));
    let request = cloud.request(Method::PUT, &format!("{}?api-version={MANAGED}", cluster("d"))).json(&small());
    assert!(request.send().await.is_err());
    assert_eq!(cloud.get(&cluster("d")).await.status, 404);
}

#[tokio::test]
async fn a_gateway_that_gave_up_did_not_stop_what_it_waited_for() {
    let cloud = Cloud::start().await;
    cloud.fault(json!([{"kind": "http", "status": 504, "action": "redisEnterprise.create"}]));
    assert_eq!(cloud.put(&cluster("c"), small()).await.refused(), (504, "GatewayTimeout"));
    assert_eq!(cloud.get(&cluster("c")).await.state(), ("Creating", "Creating"));
}

#[tokio::test]
async fn without_capacity_the_operation_fails_and_a_shell_with_a_host_name_stays() {
    let cloud = Cloud::start().await;
    cloud.fault(json!([{"kind": "capacity"}]));
    let made = cloud.put(&cluster("c"), small()).await;
    assert_eq!(made.status, 201, "it is accepted first");
    let address = made.header("azure-asyncoperation").unwrap();
    cloud.seconds(41);
    assert_eq!(cloud.follow(address).await.body["status"], "InProgress");
    cloud.seconds(1);
    let failed = cloud.follow(address).await;
    assert_eq!((failed.status, &failed.body["status"]), (200, &json!("Failed")));
    assert_eq!(failed.body["error"]["code"], "InsufficientCapacity");
    let shell = cloud.get(&cluster("c")).await;
    assert_eq!(shell.state(), ("Failed", "CreateFailed"));
    assert_eq!(shell.body["properties"]["hostName"], "c.westeurope.redis.azure.net", "it looks healthy");
    assert_eq!(cloud.put(&cluster("c"), small()).await.refused(), (400, "BadRequest"));
    assert_eq!(cloud.put(&database("c"), with_keys()).await.status, 400);
    assert_eq!(cloud.delete(&cluster("c")).await.status, 202);
    cloud.seconds(306);
    cloud.running_cluster("c").await;

    cloud.fault(json!([{"kind": "capacity"}]));
    let made = cloud.put(&classic("k"), standard()).await;
    cloud.seconds(43);
    let failed = cloud.follow(made.header("azure-asyncoperation").unwrap()).await;
    assert_eq!(failed.body["error"]["code"], "AllocationFailed");
    assert_eq!(cloud.get(&classic("k")).await.state().0, "Failed");
}

#[tokio::test]
async fn an_operation_can_fail_without_a_word() {
    let cloud = Cloud::start().await;
    cloud.fault(json!([{"kind": "create_failed", "message": ""}]));
    let made = cloud.put(&cluster("c"), small()).await;
    cloud.seconds(361);
    let failed = cloud.follow(made.header("azure-asyncoperation").unwrap()).await;
    assert_eq!(failed.body["status"], "Failed");
    assert!(failed.body.get("error").is_none());

    cloud.fault(json!([{"kind": "create_failed", "message": "no address left"}]));
    let made = cloud.put(&classic("k"), standard()).await;
    cloud.seconds(721);
    let failed = cloud.follow(made.header("azure-asyncoperation").unwrap()).await;
    assert_eq!(failed.body["error"]["code"], "AzureCacheForRedisLongRunningOperationFailure");
    assert!(failed.body["error"]["message"].as_str().unwrap().contains("no address left"));
}

#[tokio::test]
async fn a_failing_create_waits_for_one_that_is_accepted() {
    let cloud = Cloud::start().await;
    cloud.running_cluster("c").await;
    cloud.fault(json!([{"kind": "create_failed", "message": "no"}]));
    assert_eq!(cloud.put(&cluster("c"), small()).await.status, 200, "that one is no create");
    let mut wrong = small();
    wrong["sku"]["name"] = json!("big");
    assert_eq!(cloud.put(&cluster("d"), wrong).await.status, 400);
    assert_eq!(cloud.running.control().faults().list().len(), 1);
    cloud.put(&cluster("d"), small()).await;
    assert!(cloud.running.control().faults().list().is_empty());
    cloud.seconds(361);
    assert_eq!(cloud.get(&cluster("d")).await.state(), ("Failed", "CreateFailed"));
}

#[tokio::test]
async fn a_failed_update_keeps_everything_and_can_be_tried_again() {
    let cloud = Cloud::start().await;
    cloud.running_database("c").await;
    cloud.fault(json!([{"kind": "update_failed", "message": "no", "action": "redisEnterprise.update"}]));
    let change = json!({ "sku": { "name": "Balanced_B3" } });
    cloud.patch(&cluster("c"), change.clone()).await;
    cloud.seconds(601);
    let failed = cloud.get(&cluster("c")).await;
    assert_eq!(failed.state(), ("Failed", "UpdateFailed"));
    assert_eq!(failed.body["sku"]["name"], "Balanced_B0");
    assert_eq!(cloud.get(&database("c")).await.state(), ("Succeeded", "Running"));
    assert_eq!(cloud.patch(&cluster("c"), change).await.status, 202);
    cloud.seconds(601);
    assert_eq!(cloud.get(&cluster("c")).await.state(), ("Succeeded", "Running"));
}

#[tokio::test]
async fn stale_reads_show_what_was_before() {
    let cloud = Cloud::start().await;
    cloud.put(&cluster("c"), small()).await;
    cloud.fault(json!([{"kind": "stale_reads", "count": 2}]));
    assert_eq!(cloud.get(&cluster("c")).await.status, 404);
    assert_eq!(cloud.get(&cluster("c")).await.status, 404);
    assert_eq!(cloud.get(&cluster("c")).await.state().0, "Creating");
    cloud.seconds(361);
    cloud.fault(json!([{"kind": "stale_reads", "count": 1}]));
    assert_eq!(cloud.get(&cluster("c")).await.state().0, "Creating");
    assert_eq!(cloud.get(&cluster("c")).await.state().0, "Succeeded");
}

#[tokio::test]
async fn a_slow_answer_waits_on_the_clock() {
    let cloud = Cloud::start().await;
    cloud.fault(json!([{"kind": "slow", "millis": 30_000}]));
    let path = cluster("c");
    let get = cloud.get(&path);
    tokio::pin!(get);
    let early = tokio::time::timeout(Duration::from_millis(300), &mut get).await;
    assert!(early.is_err(), "it answered before its time");
    cloud.clock.advance(Duration::from_secs(30));
    assert_eq!(get.await.status, 404);
}

#[tokio::test]
async fn faults_calls_and_state_are_on_the_same_port() {
    let cloud = Cloud::start().await;
    let read =
        async |path: &str| -> Value { cloud.request(Method::GET, path).send().await.unwrap().json().await.unwrap() };
    let fault = r#"[{"kind": "throttle", "times": 0, "name": "c", "service": "microsoft.cache"}]"#;
    let posted = cloud.request(Method::POST, "/_sandbox/faults").body(fault).send().await.unwrap();
    assert_eq!(posted.status(), 200);
    assert_eq!(cloud.put(&cluster("c"), small()).await.status, 429);
    assert_eq!(cloud.get(&database("c")).await.status, 429, "a part goes by the name of its cache");
    assert_eq!(cloud.put(&cluster("d"), small()).await.status, 201);
    assert_eq!(cloud.request(Method::DELETE, "/_sandbox/faults").send().await.unwrap().status(), 204);
    assert_eq!(cloud.put(&cluster("c"), small()).await.status, 201);
    let calls = read("/_sandbox/calls").await;
    assert_eq!(calls["counts"]["redisEnterprise.create"], 3);
    assert_eq!(calls["calls"][0]["name"], "c");
    let state = read("/_sandbox/state").await;
    assert_eq!(state["caches"].as_array().unwrap().len(), 2);
    assert_eq!(state["caches"][0]["properties"]["provisioningState"], "Creating");
    assert_eq!(cloud.request(Method::POST, "/_sandbox/reset").send().await.unwrap().status(), 204);
    assert_eq!(read("/_sandbox/state").await["caches"], json!([]));
}
