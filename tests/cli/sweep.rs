//! `sweep` and `release`.

use serde_json::{Value, json};

use crate::clouds::Clouds;

#[tokio::test]
async fn an_expired_cache_is_told_by_a_dry_run_and_gone_after_a_sweep_that_waits() {
    let clouds = Clouds::start().await;
    clouds.make("preview", &json!({"ttl": "1s"})).await;
    clouds.make("keeper", &json!({})).await;
    tokio::time::timeout(std::time::Duration::from_secs(30), async {
        loop {
            let dry = clouds.run(&["sweep", "--dry-run", "--output", "json"], "").await;
            assert_eq!(dry.code, 0, "{}", dry.err);
            let report: Value = serde_json::from_str(&dry.out).unwrap();
            if let Some(action) = report["actions"].get(0) {
                assert_eq!((&action["id"], &action["task"]), (&json!("preview"), &json!("expire")));
                assert_eq!((&action["outcome"], &report["dry_run"]), (&json!("would"), &json!(true)));
                break;
            }
        }
    })
    .await
    .unwrap();
    assert_eq!((clouds.caches().await.len(), clouds.count("DeleteReplicationGroup").await), (2, 0));

    let swept = clouds.run(&["sweep", "--wait", "30s"], "").await;
    assert_eq!(swept.code, 0, "{}", swept.err);
    assert!(
        swept.out.contains("done expire aws/replication-group") && swept.out.contains("(preview)"),
        "{}",
        swept.out
    );
    assert!(swept.out.contains("1 done; 2 caches in 1 place"), "{}", swept.out);
    // Who did what stands in the audit log.
    assert!(swept.err.contains("DeleteReplicationGroup") && swept.err.contains("audit"), "{}", swept.err);
    assert_eq!(clouds.caches().await.len(), 1);
    let idle = clouds.run(&["sweep"], "").await;
    assert_eq!((idle.code, idle.out.trim()), (0, "nothing was due; 1 cache in 1 place"));
}

#[tokio::test]
async fn what_is_protected_is_told_by_each_sweep_until_it_is_released() {
    let clouds = Clouds::start().await;
    clouds.make("preview", &json!({"ttl": "15s"})).await;
    clouds.make("preview", &json!({"deletion_protection": true})).await;
    let refused = tokio::time::timeout(std::time::Duration::from_mins(1), async {
        loop {
            let ended = clouds.run(&["sweep"], "").await;
            if !ended.out.contains("nothing was due") {
                return ended;
            }
        }
    })
    .await
    .unwrap();
    assert_eq!((refused.code, refused.out.lines().next().unwrap().split(' ').next()), (0, Some("protected")));
    assert!(refused.out.contains("RES-110") && refused.out.contains("cache-driver release preview"), "{}", refused.out);
    assert!(refused.out.contains("1 protected; 1 cache in 1 place"), "{}", refused.out);

    let planned = clouds.run(&["release", "preview", "--dry-run", "--output", "json"], "").await;
    let planned: Value = serde_json::from_str(&planned.out).unwrap();
    let cache = &planned["caches"][0];
    assert_eq!((&cache["was_protected"], &cache["is_protected"]), (&json!(true), &json!(true)), "{planned}");
    let planned = clouds.run(&["release", "preview", "--dry-run"], "").await;
    assert_eq!(planned.code, 0, "{}", planned.err);
    assert!(planned.out.contains("it would be lifted by ModifyReplicationGroup"), "{}", planned.out);
    assert!(clouds.run(&["sweep"], "").await.out.contains("1 protected"), "a dry run lifts nothing");
    let released = clouds.run(&["release", "preview"], "").await;
    assert_eq!(released.code, 0, "{}", released.err);
    assert!(released.out.contains("is no longer protected"), "{}", released.out);
    let again = clouds.run(&["release", "preview", "--output", "json"], "").await;
    let again: Value = serde_json::from_str(&again.out).unwrap();
    let cache = &again["caches"][0];
    assert_eq!((&cache["was_protected"], &cache["is_protected"]), (&json!(false), &json!(false)), "{again}");
    let swept = clouds.run(&["sweep", "--wait", "30s"], "").await;
    assert_eq!(swept.code, 0, "{} {}", swept.out, swept.err);
    assert!(clouds.caches().await.is_empty());

    let nobody = clouds.run(&["release", "no-such-resource"], "").await;
    assert_eq!(nobody.code, 1);
    assert!(nobody.err.contains("RES-114") && nobody.err.contains("cache-driver list"), "{}", nobody.err);
}

#[tokio::test]
async fn it_can_be_tried_out_without_any_cloud() {
    for args in [["list", "--sandbox"], ["sweep", "--sandbox"]] {
        let ended = crate::run(&args, &[], "").await;
        assert_eq!(ended.code, 0, "{args:?}: {}", ended.err);
        assert!(ended.out.contains("caches in"), "{args:?}: {}", ended.out);
    }
}
