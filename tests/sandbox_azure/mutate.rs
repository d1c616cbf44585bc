//! Changes by another hand.

use serde_json::{Value, json};

use crate::harness::{Cloud, classic, cluster, database};

#[tokio::test]
async fn the_cloud_does_something_by_itself_for_a_while() {
    let cloud = Cloud::start().await;
    cloud.running_database("c").await;
    cloud.mutate(json!({"op": "status", "id": "c", "provisioning_state": "Updating", "seconds": 60})).await;
    assert_eq!(cloud.get(&cluster("c")).await.state(), ("Updating", "Updating"));
    let busy = cloud.patch(&cluster("c"), json!({ "sku": { "name": "Balanced_B1" } })).await;
    assert_eq!(busy.refused(), (409, "Conflict"));
    let tags = cloud.patch(&cluster("c"), json!({ "tags": { "still": "works" } })).await;
    assert_eq!(tags.status, 200, "tags are not the provider's business");
    cloud.seconds(60);
    assert_eq!(cloud.get(&cluster("c")).await.state(), ("Succeeded", "Running"));

    let failed = json!({"op": "status", "id": database("c"), "provisioning_state": "Failed"});
    cloud.mutate(failed).await;
    assert_eq!(cloud.get(&database("c")).await.state(), ("Failed", "UpdateFailed"));
    cloud.mutate(json!({"op": "status", "id": "c", "part": "database", "provisioning_state": "Linking"})).await;
    assert_eq!(cloud.get(&database("c")).await.state(), ("Linking", "Linking"), "any word will do");
}

#[tokio::test]
async fn fields_are_set_and_what_is_on_its_way_keeps_them() {
    let cloud = Cloud::start().await;
    cloud.running_database("c").await;
    cloud.patch(&cluster("c"), json!({ "sku": { "name": "Balanced_B1" } })).await;
    cloud.mutate(json!({"op": "set", "id": "C", "fields": { "tags": { "team": null, "by": "hand" } }})).await;
    cloud.seconds(601);
    let now = cloud.get(&cluster("c")).await;
    assert_eq!((&now.body["tags"], &now.body["sku"]["name"]), (&json!({ "by": "hand" }), &json!("Balanced_B1")));
    let policy = json!({ "properties": { "evictionPolicy": "AllKeysLRU" } });
    cloud.mutate(json!({"op": "set", "id": "c", "part": "database", "fields": policy})).await;
    assert_eq!(cloud.get(&database("c")).await.body["properties"]["evictionPolicy"], "AllKeysLRU");
}

#[tokio::test]
async fn something_is_removed_and_time_is_skipped() {
    let cloud = Cloud::start().await;
    cloud.running_database("c").await;
    cloud.mutate(json!({"op": "remove", "id": "c", "part": "database"})).await;
    assert_eq!(cloud.get(&database("c")).await.refused(), (404, "ResourceNotFound"));
    cloud.mutate(json!({"op": "remove", "id": "c"})).await;
    assert_eq!(cloud.get(&cluster("c")).await.status, 404);
    cloud.put(&classic("k"), crate::harness::standard()).await;
    cloud.mutate(json!({"op": "advance", "seconds": 721})).await;
    assert_eq!(cloud.get(&classic("k")).await.state().0, "Succeeded");
}

#[tokio::test]
async fn what_is_not_understood_or_not_there_is_refused() {
    let cloud = Cloud::start().await;
    let refused = async |change: Value| cloud.running.control().mutate(change).await.unwrap_err();
    assert!(refused(json!({"op": "earthquake"})).await.contains("earthquake"));
    assert_eq!(refused(json!({"op": "remove", "id": "c"})).await, "no cache `c`");
    assert!(refused(json!({"op": "remove", "id": "c", "typo": 1})).await.contains("typo"));
    assert!(refused(json!({"op": "restore", "name": "c"})).await.contains("was not removed"));
    assert!(
        refused(json!({"op": "register_provider", "namespace": "Microsoft.Cache"})).await.contains("is registered")
    );
    assert!(refused(json!({"op": "wrong_secret"})).await.contains("client_id"));
}
