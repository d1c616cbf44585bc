//! What is left of a cache that is gone, and what a new one needs before it is made.

use std::time::Duration;

use cache_driver::backend::{Goal, Kind, Phase};
use cache_driver::cache::Product;
use serde_json::{Value, json};

use crate::valkey_cloud::Cloud;

const NAME: &str = "cache-abc";

async fn start(product: Product) -> Cloud {
    Cloud::start(product, json!({ "mode": "cluster" })).await
}

async fn backups(cloud: &Cloud) -> Vec<Value> {
    let state = cloud.running.control().state().await;
    state["backups"].as_array().unwrap().clone()
}

#[tokio::test]
async fn a_cache_goes_only_once_its_final_backup_is_taken_and_can_be_restored() {
    for product in [Product::GcpValkey, Product::GcpRedisCluster] {
        let cloud = start(product).await;
        let seen = cloud.ready(NAME, &json!({})).await;
        let goal = Goal::Removed { final_snapshot: Some("last-words".to_owned()) };
        let steps = cloud.backend.steps(&goal, &seen);
        let [backup, delete] = steps.as_slice() else { panic!("{steps:?}") };
        cloud.backend.apply(&cloud.at(NAME), backup).await.unwrap();
        for _ in 0..2 {
            let early = cloud.backend.apply(&cloud.at(NAME), delete).await.unwrap_err();
            assert_eq!(early.kind, Kind::Busy, "{early}");
            assert!(early.message.contains("last-words"), "{early}");
            cloud.backend.apply(&cloud.at(NAME), backup).await.unwrap();
        }
        assert_eq!(cloud.observe(NAME).await.phase, Phase::Ready, "it answers meanwhile");
        cloud.pass(Duration::from_mins(6)).await;
        cloud.run(NAME, cloud.backend.steps(&goal, &cloud.observe(NAME).await)).await;
        assert_eq!(cloud.settle(NAME).await.0.phase, Phase::Absent);

        let left = backups(&cloud).await;
        let [left] = left.as_slice() else { panic!("{left:?}") };
        assert_eq!((&left["id"], &left["state"]), (&json!("last-words"), &json!("ACTIVE")));
        cloud.ready("cache-def", &json!({ "restore_from": left["backup"]["name"] })).await;
        let gone = json!({ "restore_from": format!("{}-too", left["backup"]["name"].as_str().unwrap()) });
        let steps = cloud.present(&cloud.resolve(&gone), &[], &cloud.mark(), &cloud.observe("cache-ghi").await);
        let refused = cloud.backend.apply(&cloud.at("cache-ghi"), &steps[0]).await.unwrap_err();
        assert_eq!(refused.kind, Kind::Prerequisite, "{refused}");
    }
}

#[tokio::test]
async fn a_missing_policy_is_found_and_whoever_may_not_ask_is_not_told() {
    for (product, class) in
        [(Product::GcpValkey, "gcp-memorystore "), (Product::GcpRedisCluster, "gcp-memorystore-redis ")]
    {
        let cloud = start(product).await;
        let at = cloud.at(NAME);
        let permission = "networkconnectivity.serviceConnectionPolicies.list";
        cloud.mutate(json!({ "op": "remove_prerequisite", "kind": "service_connection_policy" })).await;
        let findings = cloud.backend.preflight(&at, &[].into()).await;
        let bad: Vec<_> = findings.iter().filter(|finding| finding.is_problem()).collect();
        let [bad] = bad.as_slice() else { panic!("{findings:?}") };
        assert!(bad.to_string().contains(&format!("--service-class={class}")), "{bad:?}");
        cloud.mutate(json!({ "op": "deny", "permission": permission })).await;
        let findings = cloud.backend.preflight(&at, &[].into()).await;
        assert!(findings.iter().all(|finding| !finding.is_problem()), "{findings:?}");
        assert!(findings.iter().any(|finding| finding.message.contains("cannot be asked for")), "{findings:?}");
        assert_eq!(cloud.count(permission), 2);
    }
}
