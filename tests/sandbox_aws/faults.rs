//! Trouble on request.

use std::time::Duration;

use aws_sdk_elasticache::error::ProvideErrorMetadata as _;
use serde_json::{Value, json};

use crate::harness::{Cloud, refused};

#[tokio::test]
async fn each_refusing_fault_answers_in_the_words_of_aws_once() {
    let cloud = Cloud::start().await;
    let cases = [
        (json!({"kind": "throttle"}), "Throttling", 400),
        (
            json!({"kind": "error", "code": "InvalidVPCNetworkStateFault", "message": "m"}),
            "InvalidVPCNetworkStateFault",
            400,
        ),
        (json!({"kind": "http", "status": 500}), "InternalFailure", 500),
        (json!({"kind": "http", "status": 503}), "ServiceUnavailable", 503),
        (json!({"kind": "capacity"}), "InsufficientCacheClusterCapacity", 400),
        (json!({"kind": "quota"}), "NodeQuotaForCustomerExceeded", 400),
        (json!({"kind": "access_denied"}), "AccessDenied", 403),
        (json!({"kind": "expired_token"}), "ExpiredToken", 403),
    ];
    for (fault, code, status) in cases {
        cloud.fault(json!([fault]));
        assert_eq!(refused(cloud.create("c").send().await), (code.to_owned(), status), "{fault}");
    }
    assert!(cloud.running.control().faults().list().is_empty());
    cloud.create("c").send().await.unwrap();
}

#[tokio::test]
async fn a_connection_dropped_after_the_create_leaves_the_group() {
    let cloud = Cloud::start().await;
    // A connection that is used again must not hide a second attempt of the client either.
    assert_eq!(cloud.status("c").await, "ReplicationGroupNotFoundFault");
    cloud.fault(json!([{"kind": "drop_after", "action": "CreateReplicationGroup"}]));
    let error = cloud.create("c").send().await.unwrap_err();
    assert!(error.raw_response().is_none(), "there was no answer");
    assert!(matches!(error, aws_sdk_elasticache::error::SdkError::DispatchFailure(_)), "{error:?}");
    assert_eq!(cloud.status("c").await, "creating");
    assert_eq!(refused(cloud.create("c").send().await), ("ReplicationGroupAlreadyExists".into(), 400));
    assert_eq!(cloud.count("CreateReplicationGroup"), 2);
}

#[tokio::test]
async fn a_connection_dropped_before_the_create_leaves_nothing() {
    let cloud = Cloud::start().await;
    cloud.fault(json!([{"kind": "drop_before", "action": "CreateReplicationGroup"}]));
    let error = cloud.create("c").send().await.unwrap_err();
    assert!(error.code().is_none() && error.raw_response().is_none(), "{error:?}");
    assert_eq!(cloud.status("c").await, "ReplicationGroupNotFoundFault");
}

#[tokio::test]
async fn a_failed_create_tells_why_in_its_events_and_can_only_be_deleted() {
    let cloud = Cloud::start().await;
    cloud.fault(json!([{"kind": "create_failed", "message": "insufficient free IP addresses"}]));
    cloud.create("c").send().await.unwrap();
    cloud.minutes(10);
    let group = cloud.group("c").await;
    assert_eq!(group.status(), Some("create-failed"));
    assert!(group.node_groups()[0].primary_endpoint().is_none());
    assert_eq!(refused(cloud.create("c").send().await).0, "ReplicationGroupAlreadyExists");
    assert!(cloud.events("c").await[0].contains("insufficient free IP addresses"));
    let change = cloud.cache.modify_replication_group().replication_group_id("c").replication_group_description("x");
    assert_eq!(refused(change.send().await), ("InvalidReplicationGroupState".into(), 400));
    cloud.cache.delete_replication_group().replication_group_id("c").send().await.unwrap();
    let group = cloud.group("c").await;
    assert_eq!(group.status(), Some("deleting"));
    assert!(group.node_groups()[0].primary_endpoint().is_none(), "there never was one");
    cloud.minutes(5);
    assert_eq!(cloud.status("c").await, "ReplicationGroupNotFoundFault");
    cloud.create("c").send().await.unwrap();
    cloud.minutes(10);
    assert_eq!(cloud.status("c").await, "available");
}

#[tokio::test]
async fn a_failing_create_waits_for_one_that_is_accepted() {
    let cloud = Cloud::start().await;
    cloud.fault(json!([{"kind": "create_failed", "message": "no"}]));
    assert_eq!(refused(cloud.create("c").cache_node_type("big").send().await).0, "InvalidParameterValue");
    cloud.create("c").send().await.unwrap();
    cloud.minutes(10);
    assert_eq!(cloud.status("c").await, "create-failed");
    assert!(cloud.running.control().faults().list().is_empty());
}

#[tokio::test]
async fn a_failed_update_rolls_back_and_deletes_nothing() {
    let cloud = Cloud::start().await;
    cloud.available("c").await;
    cloud.fault(json!([{"kind": "update_failed", "message": "no capacity for the new node type"}]));
    let change = cloud.cache.modify_replication_group().replication_group_id("c").apply_immediately(true);
    change.cache_node_type("cache.m7g.large").send().await.unwrap();
    assert_eq!(cloud.status("c").await, "modifying");
    cloud.minutes(30);
    let group = cloud.group("c").await;
    assert_eq!((group.status(), group.cache_node_type()), (Some("available"), Some("cache.t4g.micro")));
    assert!(cloud.events("c").await[0].contains("no capacity for the new node type"));
}

#[tokio::test]
async fn stale_reads_show_what_was_before() {
    let cloud = Cloud::start().await;
    cloud.create("c").send().await.unwrap();
    cloud.fault(json!([{"kind": "stale_reads", "count": 2}]));
    assert_eq!(cloud.status("c").await, "ReplicationGroupNotFoundFault");
    assert_eq!(cloud.status("c").await, "ReplicationGroupNotFoundFault");
    assert_eq!(cloud.status("c").await, "creating");
    cloud.minutes(10);
    cloud.fault(json!([{"kind": "stale_reads", "count": 1}]));
    assert_eq!(cloud.status("c").await, "creating");
    assert_eq!(cloud.status("c").await, "available");
}

#[tokio::test]
async fn a_slow_answer_waits_on_the_clock() {
    let cloud = Cloud::start().await;
    cloud.fault(json!([{"kind": "slow", "millis": 30_000}]));
    let send = cloud.cache.describe_events().send();
    tokio::pin!(send);
    let early = tokio::time::timeout(Duration::from_millis(300), &mut send).await;
    assert!(early.is_err(), "it answered before its time");
    cloud.clock.advance(Duration::from_secs(30));
    send.await.unwrap();
}

#[tokio::test]
async fn faults_calls_and_state_are_on_the_same_port() {
    let cloud = Cloud::start().await;
    let http = reqwest::Client::builder().build().unwrap();
    let url = |path: &str| format!("{}/_sandbox/{path}", cloud.running.url());
    let posted =
        http.post(url("faults")).body(r#"[{"kind": "throttle", "times": 0, "name": "c"}]"#).send().await.unwrap();
    assert_eq!(posted.status(), 200);
    assert_eq!(refused(cloud.create("c").send().await).0, "Throttling");
    assert_eq!(refused(cloud.create("c").send().await).0, "Throttling");
    cloud.create("other").send().await.unwrap();
    let listed: Value = http.get(url("faults")).send().await.unwrap().json().await.unwrap();
    assert_eq!(listed[0]["kind"], "throttle");
    assert_eq!(http.delete(url("faults")).send().await.unwrap().status(), 204);
    cloud.create("c").send().await.unwrap();

    let calls: Value = http.get(url("calls")).send().await.unwrap().json().await.unwrap();
    assert_eq!(calls["counts"]["CreateReplicationGroup"], 4);
    assert_eq!(calls["calls"][0]["name"], "c");
    let state: Value = http.get(url("state")).send().await.unwrap().json().await.unwrap();
    assert_eq!(state["caches"].as_array().unwrap().len(), 2);
    let bad = http.post(url("faults")).body(r#"[{"kind": "earthquake"}]"#).send().await.unwrap();
    assert_eq!(bad.status(), 400);
    assert_eq!(http.post(url("reset")).send().await.unwrap().status(), 204);
    let state: Value = http.get(url("state")).send().await.unwrap().json().await.unwrap();
    assert!(state["caches"].as_array().unwrap().is_empty());
    assert_eq!(cloud.count("CreateReplicationGroup"), 0);
}
