//! Operations, and locations.

use serde_json::json;

use crate::harness::{Cloud, PLACE, REDIS, VALKEY, cluster, redis, valkey};

#[tokio::test]
async fn names_look_as_the_real_ones_and_each_service_has_its_own() {
    let cloud = Cloud::start().await;
    let operation = cloud.post(&REDIS.create("sample"), &redis()).await.ok();
    let name = operation["name"].as_str().unwrap();
    let id = name.strip_prefix(&format!("{PLACE}/operations/operation-")).unwrap();
    let lengths: Vec<usize> = id.split('-').map(str::len).collect();
    assert_eq!(lengths, [13, 13, 8, 8]);
    assert_eq!(operation["metadata"]["@type"], "type.googleapis.com/google.cloud.redis.v1.OperationMetadata");
    assert_eq!(operation["metadata"]["apiVersion"], "v1");
    assert_eq!(cloud.get(&format!("memorystore/v1/{name}")).await.error().0, 404);
    // Instances and clusters share a service.
    let operation = cloud.post(&crate::harness::CLUSTER.create("sample"), &cluster()).await.ok();
    let kind = "type.googleapis.com/google.cloud.redis.cluster.v1.OperationMetadata";
    assert_eq!(operation["metadata"]["@type"], kind);
    let listed = cloud.get(&format!("redis/v1/{PLACE}/operations")).await.ok();
    assert_eq!(listed["operations"].as_array().unwrap().len(), 2);
    assert_eq!(cloud.count("redis.operations.list"), 1);
}

#[tokio::test]
async fn operations_are_kept_for_some_hours() {
    let cloud = Cloud::start().await;
    let operation = cloud.post(&VALKEY.create("sample"), &valkey()).await.ok();
    let path = format!("memorystore/v1/{}", operation["name"].as_str().unwrap());
    cloud.minutes(13 + 239 - 2);
    assert_eq!(cloud.get(&path).await.ok()["done"], true);
    cloud.minutes(5);
    assert_eq!(cloud.get(&path).await.error().1, "NOT_FOUND");
    assert_eq!(cloud.get(&VALKEY.path("sample")).await.ok()["state"], "ACTIVE");
}

#[tokio::test]
async fn a_cancel_is_noted_and_a_delete_forgets() {
    let cloud = Cloud::start().await;
    let operation = cloud.post(&VALKEY.create("sample"), &valkey()).await.ok();
    let path = format!("memorystore/v1/{}", operation["name"].as_str().unwrap());
    assert_eq!(cloud.post(&format!("{path}:cancel"), &json!({})).await.ok(), json!({}));
    assert_eq!(cloud.get(&path).await.ok()["metadata"]["requestedCancellation"], true);
    assert_eq!(cloud.delete(&path).await.ok(), json!({}));
    assert_eq!(cloud.get(&path).await.error().0, 404);
    cloud.minutes(13);
    assert_eq!(cloud.get(&VALKEY.path("sample")).await.ok()["state"], "ACTIVE");
}

#[tokio::test]
async fn locations_are_the_regions() {
    let cloud = Cloud::start().await;
    let listed = cloud.get("redis/v1/projects/sample-project/locations").await.ok();
    assert!(listed["locations"].as_array().unwrap().len() > 30);
    let one = cloud.get(&format!("memcache/v1/{PLACE}")).await.ok();
    assert_eq!(one["locationId"], "us-central1");
    assert!(one["metadata"]["availableZones"].get("us-central1-a").is_some());
}
