//! The database of a Managed Redis cluster.

use reqwest::Method;
use serde_json::{Value, json};

use crate::harness::{Cloud, SUBSCRIPTION, cluster, database, with_keys};

#[tokio::test]
async fn both_keys_are_shown_and_each_is_made_anew() {
    let cloud = Cloud::start().await;
    cloud.running_database("c").await;
    let keys = cloud.call(Method::POST, &format!("{}/listKeys", database("c")), "2025-07-01", None).await;
    assert_eq!(keys.status, 200, "it wants no body");
    let (first, second) = (keys.body["primaryKey"].as_str().unwrap(), keys.body["secondaryKey"].as_str().unwrap());
    assert_eq!((first.len(), second.len()), (44, 44));
    assert_ne!(first, second);
    let path = format!("{}/regenerateKey", database("c"));
    let after = cloud.post(&path, json!({ "keyType": "Primary" })).await;
    assert_eq!((after.status, after.followed()), (200, (false, false)));
    assert_ne!(after.body["primaryKey"], keys.body["primaryKey"]);
    assert_eq!(after.body["secondaryKey"], keys.body["secondaryKey"]);
    assert_eq!(cloud.post(&path, json!({})).await.refused(), (400, "BadRequest"));
    assert_eq!(cloud.count("databases.regenerateKey"), 2);
    let state = cloud.running.control().state().await.to_string();
    assert!(!state.contains(second), "the state tells no secret");
}

#[tokio::test]
async fn keys_are_off_unless_asked_for_since_the_strict_version() {
    let cloud = Cloud::start().await;
    cloud.running_cluster("c").await;
    let body = json!({ "properties": {} });
    let made = cloud.put(&database("c"), body.clone()).await;
    assert_eq!(made.body["properties"]["accessKeysAuthentication"], "Disabled");
    assert_eq!(made.body["properties"]["clusteringPolicy"], "OSSCluster");
    assert_eq!(made.body["properties"]["evictionPolicy"], "VolatileLRU");
    cloud.running_cluster("d").await;
    let made = cloud.call(Method::PUT, &database("d"), "2025-04-01", Some(body)).await;
    assert_eq!(made.body["properties"]["accessKeysAuthentication"], "Enabled");
    let cluster = cloud.call(Method::GET, &cluster("d"), "2025-04-01", None).await;
    assert!(cluster.body["properties"].get("publicNetworkAccess").is_none(), "older versions do not know it");
}

#[tokio::test]
async fn the_clustering_policy_can_only_be_left_from_no_cluster() {
    let cloud = Cloud::start().await;
    cloud.running_database("c").await;
    let to = |policy: &str| json!({ "properties": { "clusteringPolicy": policy } });
    let refused = cloud.patch(&database("c"), to("OSSCluster")).await;
    assert_eq!(refused.refused(), (400, "BadRequest"));
    assert!(refused.message().contains("clusteringPolicy"));
    cloud.delete(&database("c")).await;
    cloud.seconds(21);
    let mut body = with_keys();
    body["properties"]["clusteringPolicy"] = json!("NoCluster");
    assert_eq!(cloud.put(&database("c"), body).await.status, 201);
    cloud.seconds(8);
    let changed = cloud.patch(&database("c"), to("OSSCluster")).await;
    assert_eq!((changed.status, changed.followed()), (202, (true, true)));
    cloud.seconds(6);
    let now = cloud.get(&database("c")).await;
    assert_eq!(now.body["properties"]["clusteringPolicy"], "OSSCluster");
    assert_eq!(now.body["properties"]["accessKeysAuthentication"], "Enabled", "the rest stays");
}

#[tokio::test]
async fn a_database_needs_a_cluster_that_is_idle() {
    let cloud = Cloud::start().await;
    assert_eq!(cloud.put(&database("c"), with_keys()).await.refused(), (404, "ParentResourceNotFound"));
    cloud.put(&cluster("c"), crate::harness::small()).await;
    assert_eq!(cloud.put(&database("c"), with_keys()).await.refused(), (409, "Conflict"));
    let other = database("c").replace("default", "other");
    assert_eq!(cloud.put(&other, with_keys()).await.refused(), (400, "BadRequest"));
}

#[tokio::test]
async fn what_a_database_may_be_is_checked() {
    let cloud = Cloud::start().await;
    cloud.running_cluster("c").await;
    for (name, value) in [
        ("clusteringPolicy", json!("Sharded")),
        ("evictionPolicy", json!("allkeys-lru")),
        ("clientProtocol", json!("TLS")),
        ("port", json!(6379)),
        ("persistence", json!({ "aofEnabled": true, "rdbEnabled": true })),
        ("persistence", json!({ "rdbEnabled": true, "rdbFrequency": "2h" })),
    ] {
        let mut body = with_keys();
        body["properties"][name] = value;
        let refused = cloud.put(&database("c"), body).await;
        assert_eq!(refused.refused(), (400, "BadRequest"), "{name}");
    }
    assert_eq!(cloud.get(&database("c")).await.status, 404, "and nothing is made");
}

#[tokio::test]
async fn access_is_given_to_an_object_id_and_missed_in_its_own_way() {
    let cloud = Cloud::start().await;
    cloud.running_database("c").await;
    let path = format!("{}/accessPolicyAssignments/driver", database("c"));
    let missing = cloud.get(&path).await;
    assert_eq!(
        (missing.status, &missing.body["status"], &missing.body["title"]),
        (404, &json!(404), &json!("Not Found"))
    );
    assert_eq!(missing.header("content-type"), Some("application/problem+json; charset=utf-8"));

    let body = json!({ "properties": { "accessPolicyName": "default", "user": { "objectId": SUBSCRIPTION } } });
    let made = cloud.put(&path, body.clone()).await;
    assert_eq!((made.status, made.state().0, made.followed()), (201, "Creating", (true, true)));
    assert!(made.header("location").unwrap().contains("/accessPolicyAssignments/driver?api-version="));
    cloud.seconds(9);
    let there = cloud.get(&path).await;
    assert_eq!(
        (there.state().0, &there.body["properties"]["user"]),
        ("Succeeded", &json!({ "objectId": SUBSCRIPTION }))
    );
    let deleted = cloud.delete(&path).await;
    assert_eq!((deleted.status, deleted.state().0, deleted.followed()), (202, "Deleting", (true, true)));
    cloud.seconds(9);
    assert_eq!(cloud.delete(&path).await.status, 204);

    let mut wrong = body.clone();
    wrong["properties"]["accessPolicyName"] = json!("owner");
    assert_eq!(cloud.put(&path, wrong).await.refused(), (400, "InvalidAccessPolicyAssignment"));
    assert_eq!(cloud.put(&path.replace("driver", "a-b"), body).await.refused(), (400, "BadRequest"));
}

#[tokio::test]
async fn an_upgrade_is_an_operation_without_a_body_and_a_flush_is_not_there() {
    let cloud = Cloud::start().await;
    cloud.running_database("c").await;
    let upgraded = cloud.post(&format!("{}/upgradeDBRedisVersion", database("c")), json!({})).await;
    assert_eq!((upgraded.status, upgraded.followed(), upgraded.body), (202, (true, true), Value::Null));
    assert_eq!(cloud.post(&format!("{}/flush", database("c")), json!({})).await.refused(), (501, "NotImplemented"));
}
