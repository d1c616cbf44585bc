//! What goes wrong, and what the driver is told of it.

use cache_driver::backend::{Goal, Kind, Phase};
use cache_driver::cache::Mark;
use serde_json::json;

use crate::harness::{Cloud, backend};

#[tokio::test]
async fn each_failure_of_a_create_is_of_its_kind() {
    let error =
        |code: &str| json!({"kind": "error", "code": code, "message": "so it is", "action": "CreateReplicationGroup"});
    for (fault, kind) in [
        (error("InsufficientCacheClusterCapacity"), Kind::Capacity),
        (error("ClusterQuotaForCustomerExceeded"), Kind::Capacity),
        (error("CacheSubnetGroupNotFoundFault"), Kind::Prerequisite),
        (error("InvalidKMSKeyFault"), Kind::Prerequisite),
        (error("ServiceLinkedRoleNotFoundFault"), Kind::Prerequisite),
        (error("InvalidParameterCombination"), Kind::Refused),
        (error("InvalidReplicationGroupState"), Kind::Busy),
        (json!({"kind": "access_denied", "action": "CreateReplicationGroup"}), Kind::Credentials),
        (json!({"kind": "expired_token", "action": "CreateReplicationGroup"}), Kind::Credentials),
        (json!({"kind": "throttle", "times": 0, "action": "CreateReplicationGroup"}), Kind::Unavailable),
        (json!({"kind": "http", "status": 503, "times": 0, "action": "CreateReplicationGroup"}), Kind::Unavailable),
        (json!({"kind": "drop_before", "times": 0, "action": "CreateReplicationGroup"}), Kind::Unavailable),
    ] {
        let cloud = Cloud::start().await;
        cloud.fault(fault.clone());
        let [step] = cloud.creation(json!({})).try_into().unwrap();
        let failed = cloud.backend.apply(&cloud.at("cache-abc"), &step).await.unwrap_err();
        assert_eq!((failed.kind, failed.operation), (kind, "CreateReplicationGroup"), "{fault}: {failed}");
        assert!(!format!("{failed} {failed:?} {step:?}").contains("CANARY"), "{fault}");
        if fault["kind"] == "error" {
            let cause = failed.cause.unwrap();
            assert_eq!((cause.code.as_deref(), cause.message.as_str()), (fault["code"].as_str(), "so it is"));
            assert!(cause.request_id.is_some());
        }
    }
}

#[tokio::test]
async fn a_missing_prerequisite_is_named_with_its_remedy() {
    for op in [
        json!({"op": "remove_subnet_group", "name": "caches"}),
        json!({"op": "remove_security_group", "id": "sg-0123456789abcdef0"}),
    ] {
        let cloud = Cloud::start().await;
        cloud.mutate(op.clone()).await;
        let [step] = cloud.creation(json!({})).try_into().unwrap();
        let failed = cloud.backend.apply(&cloud.at("cache-abc"), &step).await.unwrap_err();
        assert_eq!(failed.kind, Kind::Prerequisite, "{op}: {failed}");
        assert!(failed.hint.is_some());
    }
}

#[tokio::test]
async fn a_lost_answer_loses_nothing() {
    let cloud = Cloud::start().await;
    cloud.fault(json!({"kind": "drop_after", "times": 1, "action": "CreateReplicationGroup"}));
    let [step] = cloud.creation(json!({})).try_into().unwrap();
    // The SDK asks again by itself, hears that the group exists, and that is success.
    cloud.backend.apply(&cloud.at("cache-abc"), &step).await.unwrap();
    let seen = cloud.observe("cache-abc").await;
    assert_eq!((seen.phase, seen.mark()), (Phase::Creating, Some(&cloud.mark())));
}

#[tokio::test]
async fn elasticaches_own_throttling_is_tried_again() {
    let cloud = Cloud::start().await;
    let code = "APICallRateForCustomerExceeded";
    cloud.fault(json!({"kind": "error", "code": code, "action": "DescribeReplicationGroups", "times": 2}));
    assert_eq!(cloud.observe("cache-abc").await.phase, Phase::Absent);
    assert_eq!(cloud.count("DescribeReplicationGroups"), 3);
}

#[tokio::test]
async fn a_cloud_that_cannot_be_reached_is_unavailable() {
    let cloud = Cloud::start().await;
    let mut config = cloud.config.clone();
    // A port that nobody listens on: that of a listener that is gone.
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    config.endpoint_url = Some(format!("http://127.0.0.1:{port}"));
    config.max_attempts = 1;
    let failed = backend(&config, &cloud.clock).observe(&cloud.at("cache-abc")).await.unwrap_err();
    assert_eq!(failed.kind, Kind::Unavailable);
    assert!(failed.message.contains("cannot be reached"), "{failed}");
}

#[tokio::test]
async fn a_create_that_fails_leaves_a_shell_whose_events_tell_why() {
    let cloud = Cloud::start().await;
    let at = cloud.at("cache-abc");
    cloud.fault(json!({"kind": "create_failed", "message": "insufficient free IP addresses"}));
    cloud.create("cache-abc", json!({})).await;
    cloud.minutes(30);
    let seen = cloud.observe("cache-abc").await;
    assert_eq!((seen.phase, seen.mark()), (Phase::Shell, Some(&cloud.mark())));
    let diagnosis = cloud.backend.diagnose(&at, cloud.mark().since).await.unwrap();
    assert!(diagnosis.cause.as_deref().unwrap().contains("insufficient free IP addresses"), "{diagnosis:?}");
    assert_eq!(diagnosis.kind, Some(Kind::Capacity));

    for step in cloud.backend.steps(&Goal::Removed { final_snapshot: Some("of-nothing".to_owned()) }, &seen) {
        cloud.backend.apply(&at, &step).await.unwrap();
    }
    cloud.minutes(30);
    assert_eq!(cloud.observe("cache-abc").await.phase, Phase::Absent);
    cloud.minutes(1);
    let next_life = cloud.clock_now();
    cloud.ready("cache-abc", json!({})).await;
    let diagnosis = cloud.backend.diagnose(&at, next_life).await.unwrap();
    assert_eq!(diagnosis.cause, None, "the failure belongs to an earlier life");
    assert!(!diagnosis.events.is_empty());
}

#[tokio::test]
async fn a_cache_that_the_cloud_is_busy_with_answers_and_takes_no_changes() {
    let cloud = Cloud::start().await;
    let seen = cloud.ready("cache-abc", json!({})).await;
    cloud.mutate(json!({"op": "status", "id": "cache-abc", "status": "snapshotting", "seconds": 600})).await;
    let busy = cloud.observe("cache-abc").await;
    assert_eq!((busy.phase, busy.endpoint.clone()), (Phase::Busy, seen.endpoint));
    let other = Mark { protected: true, ..cloud.mark() };
    let [step] = cloud.backend.steps(&Goal::Marked { mark: &other }, &busy).try_into().unwrap();
    let failed = cloud.backend.apply(&cloud.at("cache-abc"), &step).await.unwrap_err();
    assert_eq!(failed.kind, Kind::Busy, "{failed}");
}

#[tokio::test]
async fn a_region_without_the_newest_nodes_gets_the_ones_before() {
    let cloud = Cloud::start().await;
    let message = "The parameter CacheNodeType has the invalid value cache.m7g.large.";
    cloud.fault(json!({
        "kind": "error", "code": "InvalidParameterValue", "message": message, "action": "CreateReplicationGroup",
    }));
    let seen = cloud.ready("cache-abc", json!({"size": "large"})).await;
    assert_eq!(seen.fields["node_type"], "cache.m6g.large");
    assert_eq!(cloud.backend.changes(&cloud.resolve(json!({"version": "8.1"})), &seen), []);
}
