//! Backups of clusters and Valkey, and policies for their endpoints.

use serde_json::{Value, json};

use crate::harness::{CLUSTER, Cloud, NETWORK, PLACE, Product, VALKEY, cluster, valkey};

async fn collection(cloud: &Cloud, product: &Product, id: &str) -> String {
    let of = cloud.get(&product.path(id)).await.ok();
    format!("{}/v1/{}", product.service, of["backupCollection"].as_str().expect("a collection"))
}

async fn back_up(cloud: &Cloud, product: &Product, id: &str, body: Value) -> Value {
    cloud.post(&format!("{}:backup", product.path(id)), &body).await.ok()
}

#[tokio::test]
async fn a_backup_is_taken_and_outlives_its_source() {
    for (product, body, uid, version) in
        [(VALKEY, valkey(), "instanceUid", "valkey-7.2"), (CLUSTER, cluster(), "clusterUid", "redis-7.2")]
    {
        let cloud = Cloud::start().await;
        let made = cloud.ready(&product, "sample", &body).await;
        assert!(made.get("backupCollection").is_none(), "none before the first");
        let operation = back_up(&cloud, &product, "sample", json!({"backupId": "last-words", "ttl": "86400s"})).await;
        assert_eq!((&operation["metadata"]["verb"], &operation["done"]), (&json!("backup"), &json!(false)));
        let collection = collection(&cloud, &product, "sample").await;
        let backup = format!("{collection}/backups/last-words");
        assert_eq!(cloud.get(&backup).await.ok()["state"], "CREATING");
        cloud.minutes(6);
        let done = cloud.operation(&product, &operation).await;
        assert_eq!(done["response"]["state"], "ACTIVE");
        cloud.delete(&product.path("sample")).await.ok();
        cloud.minutes(20);
        assert_eq!(cloud.get(&product.path("sample")).await.status, 404);

        let kept = cloud.get(&backup).await.ok();
        assert_eq!((&kept["state"], &kept["backupType"]), (&json!("ACTIVE"), &json!("ON_DEMAND")));
        assert_eq!((&kept[uid], &kept["engineVersion"]), (&made["uid"], &json!(version)));
        assert_eq!((&kept["shardCount"], &kept["nodeType"]), (&made["shardCount"], &made["nodeType"]));
        assert_eq!(cloud.get(&collection).await.ok()["totalBackupCount"], "1");
        let collections = format!("{}/v1/{PLACE}/backupCollections", product.service);
        assert_eq!(cloud.get(&collections).await.ok()["backupCollections"].as_array().unwrap().len(), 1);
        assert_eq!(cloud.get(&format!("{collection}/backups")).await.ok()["backups"][0], kept);
        let state = cloud.running.control().state().await;
        assert_eq!((&state["backups"][0]["id"], &state["backups"][0]["of"]), (&json!("last-words"), &json!("sample")));

        // Another life of the name has another collection, and may begin with what is left of the first.
        let mut restored = body.clone();
        restored["managedBackupSource"] = json!({"backup": kept["name"]});
        assert!(cloud.ready(&product, "sample", &restored).await.get("backupCollection").is_none());
        cloud.minutes(24 * 60);
        assert_eq!(cloud.get(&backup).await.error().1, "NOT_FOUND", "it is kept for a day");
        assert_eq!(cloud.post(&product.create("other"), &restored).await.error().1, "NOT_FOUND");
    }
}

#[tokio::test]
async fn a_backup_has_one_name_and_a_source_that_is_ready() {
    let cloud = Cloud::start().await;
    cloud.post(&VALKEY.create("sample"), &valkey()).await.ok();
    let backup = format!("{}:backup", VALKEY.path("sample"));
    assert_eq!(cloud.post(&backup, &json!({})).await.error().1, "FAILED_PRECONDITION");
    cloud.minutes(13);
    for wrong in [json!({"backupId": "Last Words"}), json!({"ttl": "60s"}), json!({"ttl": "a day"})] {
        assert_eq!(cloud.post(&backup, &wrong).await.error().1, "INVALID_ARGUMENT", "{wrong}");
    }
    let named = json!({"backupId": "last-words"});
    cloud.post(&backup, &named).await.ok();
    assert_eq!(cloud.post(&backup, &named).await.error().1, "ALREADY_EXISTS");
    let unnamed = cloud.post(&backup, &json!({})).await.ok();
    cloud.minutes(6);
    assert!(cloud.operation(&VALKEY, &unnamed).await.get("response").is_some());
    let backups = format!("{}/backups", collection(&cloud, &VALKEY, "sample").await);
    let named = format!("{backups}/last-words");
    assert_eq!(cloud.get(&backups).await.ok()["backups"].as_array().unwrap().len(), 2);
    cloud.delete(&named).await.ok();
    assert_eq!(cloud.get(&named).await.ok()["state"], "DELETING");
    cloud.minutes(6);
    assert_eq!(cloud.get(&named).await.status, 404);
}

#[tokio::test]
async fn a_backup_that_is_not_done_goes_with_its_source() {
    let cloud = Cloud::start().await;
    cloud.ready(&VALKEY, "sample", &valkey()).await;
    let operation = back_up(&cloud, &VALKEY, "sample", json!({"backupId": "last-words"})).await;
    let backup = format!("{}/backups/last-words", collection(&cloud, &VALKEY, "sample").await);
    cloud.delete(&VALKEY.path("sample")).await.ok();
    assert_eq!(cloud.get(&backup).await.status, 404);
    assert_eq!(cloud.operation(&VALKEY, &operation).await["error"]["code"], 10);
}

#[tokio::test]
async fn policies_are_listed_until_they_are_removed() {
    let cloud = Cloud::start().await;
    let list = format!("networkconnectivity/v1/{PLACE}/serviceConnectionPolicies");
    let found = cloud.get(&list).await.ok();
    let classes: Vec<_> =
        found["serviceConnectionPolicies"].as_array().unwrap().iter().map(|p| &p["serviceClass"]).collect();
    assert_eq!(classes, ["gcp-memorystore", "gcp-memorystore-redis"]);
    assert_eq!(found["serviceConnectionPolicies"][0]["network"], NETWORK);
    cloud.mutate(json!({"op": "remove_prerequisite", "kind": "service_connection_policy", "network": "default"})).await;
    assert_eq!(cloud.get(&list).await.ok(), json!({}));
    let permission = "networkconnectivity.serviceConnectionPolicies.list";
    cloud.mutate(json!({"op": "deny", "permission": permission})).await;
    assert_eq!(cloud.get(&list).await.error().1, "PERMISSION_DENIED");
    assert_eq!(cloud.count(permission), 3);
}
