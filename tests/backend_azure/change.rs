//! Changes of a cache that lives.

use cache_driver::backend::{Goal, Kind, Phase};
use cache_driver::cache::Mark;
use serde_json::json;

use crate::harness::{Cloud, SUBSCRIPTION};

#[tokio::test]
async fn a_cache_is_scaled_in_place_and_keeps_its_endpoint() {
    let cloud = Cloud::start().await;
    let before = cloud.ready("cache-abc", json!({})).await;
    let (after, calls) = cloud.led("cache-abc", json!({"size": "large"}), &cloud.new_mark()).await;
    assert_eq!(calls, ["redisEnterprise.update"]);
    assert_eq!((&after.fields["sku"], &after.endpoint), (&json!("Balanced_B5"), &before.endpoint));
    assert_eq!(cloud.count("redisEnterprise.listSkusForScaling"), 1, "azure was asked what the cache can become");
}

#[tokio::test]
async fn cluster_and_database_are_changed_one_after_the_other_under_one_mark() {
    let cloud = Cloud::start().await;
    cloud.ready("cache-abc", json!({"tags": {"team": "a"}})).await;
    let mark = cloud.new_mark();
    let values = json!({
        "high_availability": true, "eviction_policy": "noeviction", "persistence": "aof",
        "tags": {"team": "b"}, "azure": {"public_access": true},
    });
    let (after, calls) = cloud.led("cache-abc", values.clone(), &mark).await;
    assert_eq!(calls, ["redisEnterprise.update", "databases.update"]);
    assert_eq!((after.mark(), cloud.backend.changes(&cloud.resolve(values), &after)), (Some(&mark), vec![]));
    assert_eq!(after.fields["tags"], json!({"team": "b"}));
    assert_eq!(after.created_at, Some(cloud.mark().since), "the tag of its birth outlives every change");
}

#[tokio::test]
async fn a_classic_cache_is_changed() {
    let cloud = Cloud::classic().await;
    cloud.ready("cache-abc", json!({})).await;
    let values = json!({"size": "large", "eviction_policy": "noeviction", "tls": false});
    let (after, calls) = cloud.led("cache-abc", values, &cloud.new_mark()).await;
    assert_eq!(calls, ["redis.update", "redis.update"]);
    assert_eq!((&after.fields["sku"], after.endpoint.unwrap().port), (&json!("Basic_C3"), 6379));
}

#[tokio::test]
async fn a_busy_cache_takes_no_changes() {
    let cloud = Cloud::start().await;
    let seen = cloud.ready("cache-abc", json!({})).await;
    let moving = json!({
        "op": "status", "id": "cache-abc", "provisioning_state": "Updating", "resource_state": "Moving", "seconds": 600,
    });
    cloud.mutate(moving).await;
    let busy = cloud.observe("cache-abc").await;
    assert_eq!((busy.phase, &busy.endpoint), (Phase::Busy, &seen.endpoint));
    let steps = cloud.towards(json!({"size": "large"}), &seen, &cloud.new_mark());
    let failed = cloud.backend.apply(&cloud.at("cache-abc"), &steps[0]).await.unwrap_err();
    assert_eq!((failed.kind, failed.operation), (Kind::Busy, "redisEnterprise.update"), "{failed}");
    let steps = cloud.backend.steps(&Goal::Removed { final_snapshot: None }, &seen);
    assert_eq!(cloud.backend.apply(&cloud.at("cache-abc"), &steps[0]).await.unwrap_err().kind, Kind::Busy);
}

#[tokio::test]
async fn a_failed_update_touches_nothing_and_is_no_shell() {
    let cloud = Cloud::start().await;
    cloud.ready("cache-abc", json!({})).await;
    cloud.fault(json!({"kind": "update_failed", "message": "so it is", "action": "redisEnterprise.update"}));
    let mark = cloud.new_mark();
    let (seen, calls) = cloud.led("cache-abc", json!({"size": "large"}), &mark).await;
    assert_eq!((seen.phase, calls.as_slice()), (Phase::Failed, ["redisEnterprise.update"].as_slice()));
    assert_eq!((&seen.fields["sku"], seen.mark()), (&json!("Balanced_B1"), Some(&mark)));
    assert!(seen.endpoint.is_some(), "it answers still");
    let told = cloud.backend.diagnose(&cloud.at("cache-abc"), mark.since).await.unwrap();
    assert!(told.cause.as_deref().unwrap().contains("so it is"), "{told:?}");
    // Another process did not begin the operation, and says what it sees.
    let other = crate::harness::backend(&cloud.config, &cloud.clock, cloud.backend.capabilities().product);
    let told = other.diagnose(&cloud.at("cache-abc"), mark.since).await.unwrap();
    assert!(told.cause.as_deref().unwrap().contains("activity log"), "{told:?}");
}

#[tokio::test]
async fn a_mark_is_written_without_touching_what_others_wrote() {
    let cloud = Cloud::start().await;
    cloud.ready("cache-abc", json!({})).await;
    cloud.mutate(json!({"op": "set", "id": "cache-abc", "fields": {"tags": {"cost": "42"}}})).await;
    let seen = cloud.observe("cache-abc").await;
    let mark = Mark { protected: true, ..cloud.mark() };
    let steps = cloud.backend.steps(&Goal::Marked { mark: &mark }, &seen);
    cloud.run("cache-abc", &steps).await;
    let after = cloud.observe("cache-abc").await;
    assert_eq!((after.mark(), &after.fields["tags"]), (Some(&mark), &json!({"cost": "42"})));
    assert_eq!(after.account, SUBSCRIPTION);
}
