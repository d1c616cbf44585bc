//! The life of a Memcached instance.

use serde_json::json;

use crate::harness::{Cloud, MEMCACHE, memcache};

#[tokio::test]
async fn an_instance_has_nodes_and_a_discovery_endpoint() {
    let cloud = Cloud::start().await;
    let mut body = memcache();
    body["parameters"] = json!({ "params": { "max-item-size": "524288" } });
    let instance = cloud.ready(&MEMCACHE, "sample", &body).await;
    assert_eq!(instance["memcacheVersion"], "MEMCACHE_1_5");
    assert_eq!(instance["memcacheFullVersion"], "memcached-1.5.16");
    assert!(instance["discoveryEndpoint"].as_str().unwrap().ends_with(":11211"));
    let nodes = instance["memcacheNodes"].as_array().unwrap();
    assert_eq!((&nodes[0]["nodeId"], &nodes[1]["nodeId"]), (&json!("node-a-1"), &json!("node-b-1")));
    assert_eq!(nodes[0]["parameters"]["params"]["max-item-size"], "524288");
    assert_eq!(nodes[0]["parameters"]["id"], instance["parameters"]["id"]);
    assert!(instance["parameters"]["id"].as_str().unwrap().parse::<u32>().is_ok());

    let change = json!({ "nodeCount": 1, "labels": { "size": "smallish" } });
    cloud.patch(&MEMCACHE.update("sample", "labels,nodeCount"), &change).await.ok();
    cloud.minutes(2);
    let updated = cloud.get(&MEMCACHE.path("sample")).await.ok();
    assert_eq!(updated["memcacheNodes"].as_array().unwrap().len(), 1);
    assert_eq!(updated["labels"]["size"], "smallish");
    cloud.delete(&MEMCACHE.path("sample")).await.ok();
    cloud.minutes(3);
    let gone = cloud.get(&MEMCACHE.path("sample")).await;
    assert!(gone.error().2.ends_with("not found"), "{gone:?}");
}

#[tokio::test]
async fn parameters_are_noted_first_and_applied_later() {
    let cloud = Cloud::start().await;
    cloud.ready(&MEMCACHE, "sample", &memcache()).await;
    let path = MEMCACHE.path("sample");
    let body = json!({ "updateMask": "params", "parameters": { "params": { "protocol": "ascii" } } });
    cloud.patch(&format!("{path}:updateParameters"), &body).await.ok();
    cloud.minutes(1);
    let noted = cloud.get(&path).await.ok();
    assert_eq!(noted["parameters"]["params"]["protocol"], "ascii");
    assert!(noted["memcacheNodes"][0].get("parameters").is_none(), "{noted:#}");
    cloud.post(&format!("{path}:applyParameters"), &json!({ "nodeIds": ["node-a-1"] })).await.ok();
    cloud.minutes(3);
    let applied = cloud.get(&path).await.ok();
    assert_eq!(applied["memcacheNodes"][0]["parameters"]["params"]["protocol"], "ascii");
    assert!(applied["memcacheNodes"][1].get("parameters").is_none());
    for bad in [json!({}), json!({ "nodeIds": ["node-z-1"] }), json!({ "applyAll": true, "nodeIds": ["node-a-1"] })] {
        assert_eq!(cloud.post(&format!("{path}:applyParameters"), &bad).await.error().0, 400, "{bad}");
    }
    let unknown = json!({ "updateMask": "params", "parameters": { "params": { "colour": "red" } } });
    assert_eq!(cloud.patch(&format!("{path}:updateParameters"), &unknown).await.error().0, 400);
}

#[tokio::test]
async fn an_upgrade_has_a_state_of_its_own() {
    let cloud = Cloud::start().await;
    cloud.ready(&MEMCACHE, "sample", &memcache()).await;
    let path = MEMCACHE.path("sample");
    cloud.post(&format!("{path}:upgrade"), &json!({ "memcacheVersion": "MEMCACHE_1_6_15" })).await.ok();
    assert_eq!(cloud.get(&path).await.ok()["state"], "MEMCACHE_VERSION_UPGRADING");
    cloud.minutes(11);
    assert_eq!(cloud.get(&path).await.ok()["memcacheNodes"][1]["memcacheFullVersion"], "memcached-1.6.15");
    let back = cloud.post(&format!("{path}:upgrade"), &json!({ "memcacheVersion": "MEMCACHE_1_5" })).await;
    assert_eq!(back.error().1, "INVALID_ARGUMENT");
}
