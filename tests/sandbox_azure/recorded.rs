//! Whole answers, with every field that recorded ones of the service have and no other.

use reqwest::Method;
use serde_json::{Value, json};

use crate::harness::{Cloud, SUBSCRIPTION, classic, cluster, database};

#[tokio::test]
async fn a_cluster_and_its_database_have_the_recorded_fields() {
    let cloud = Cloud::start().await;
    let body = json!({
        "location": "southeastasia",
        "identity": { "type": "None" },
        "sku": { "name": "Balanced_B0" },
        "tags": { "environment": "sample" },
        "properties": { "highAvailability": "Enabled", "minimumTlsVersion": "1.2", "publicNetworkAccess": "Enabled" },
    });
    let made = cloud.put(&cluster("sample"), body).await;
    let shown = |provisioning: &str, resource: &str| {
        json!({
            "location": "Southeast Asia",
            "name": "sample",
            "id": cluster("sample"),
            "type": "Microsoft.Cache/redisEnterprise",
            "kind": "v2",
            "tags": { "environment": "sample" },
            "sku": { "name": "Balanced_B0" },
            "properties": {
                "minimumTlsVersion": "1.2",
                "hostName": "sample.southeastasia.redis.azure.net",
                "provisioningState": provisioning,
                "resourceState": resource,
                "privateEndpointConnections": [],
                "highAvailability": "Enabled",
                "redundancyMode": "ZR",
                "publicNetworkAccess": "Enabled",
            },
            "identity": { "type": "None" },
        })
    };
    assert_eq!(made.body, shown("Creating", "Creating"));
    cloud.seconds(361);
    assert_eq!(cloud.get(&cluster("sample")).await.body, shown("Succeeded", "Running"));

    let wanted = json!({ "accessKeysAuthentication": "Disabled", "clusteringPolicy": "OSSCluster" });
    cloud.put(&database("sample"), json!({ "properties": wanted })).await;
    cloud.seconds(8);
    let shown = json!({
        "name": "default",
        "id": database("sample"),
        "type": "Microsoft.Cache/redisEnterprise/databases",
        "properties": {
            "clientProtocol": "Encrypted",
            "port": 10000,
            "provisioningState": "Succeeded",
            "resourceState": "Running",
            "clusteringPolicy": "OSSCluster",
            "evictionPolicy": "VolatileLRU",
            "deferUpgrade": "NotDeferred",
            "redisVersion": "7.4",
            "accessKeysAuthentication": "Disabled",
        },
    });
    assert_eq!(cloud.get(&database("sample")).await.body, shown);

    let path = format!("{}/accessPolicyAssignments/sample", database("sample"));
    let who = json!({ "accessPolicyName": "default", "user": { "objectId": SUBSCRIPTION } });
    let made = cloud.put(&path, json!({ "properties": who })).await;
    let shown = json!({
        "properties": {
            "accessPolicyName": "default",
            "user": { "objectId": SUBSCRIPTION },
            "provisioningState": "Creating",
        },
        "id": path,
        "name": "sample",
        "type": "Microsoft.Cache/redisEnterprise/databases/accessPolicyAssignments",
    });
    assert_eq!(made.body, shown);
}

#[tokio::test]
async fn a_classic_cache_has_the_recorded_fields() {
    let cloud = Cloud::start().await;
    let wanted = json!({
        "enableNonSslPort": false,
        "minimumTlsVersion": "1.2",
        "redisConfiguration": { "maxmemory-delta": "10", "maxmemory-policy": "allkeys-lru" },
        "redisVersion": "6",
        "sku": { "capacity": 1, "family": "P", "name": "Premium" },
    });
    let made = cloud.put(&classic("sample"), json!({ "location": "westus2", "properties": wanted })).await;
    let mut shown = json!({
        "id": classic("sample").replace("/redis/", "/Redis/"),
        "location": "West US 2",
        "name": "sample",
        "type": "Microsoft.Cache/Redis",
        "tags": {},
        "properties": {
            "provisioningState": "Creating",
            "redisVersion": "6.0",
            "sku": { "name": "Premium", "family": "P", "capacity": 1 },
            "enableNonSslPort": false,
            "instances": [
                { "sslPort": 15000, "isMaster": false, "isPrimary": false },
                { "sslPort": 15001, "isMaster": false, "isPrimary": false },
            ],
            "minimumTlsVersion": "1.2",
            "publicNetworkAccess": "Enabled",
            "redisConfiguration": {
                "maxmemory-policy": "allkeys-lru",
                "maxmemory-reserved": "642",
                "maxclients": "7500",
                "maxfragmentationmemory-reserved": "642",
                "maxmemory-delta": "642",
            },
            "accessKeys": made.body["properties"]["accessKeys"],
            "hostName": "sample.redis.cache.windows.net",
            "port": 6379,
            "sslPort": 6380,
            "linkedServers": [],
            "updateChannel": "Stable",
            "zonalAllocationPolicy": "Automatic",
            "disableAccessKeyAuthentication": false,
        },
    });
    assert!(made.body["properties"]["accessKeys"]["secondaryKey"].is_string());
    assert_eq!(made.body, shown);

    cloud.seconds(721);
    let now = &mut shown["properties"];
    now["provisioningState"] = json!("Succeeded");
    now["accessKeys"] = Value::Null;
    now["replicasPerMaster"] = json!(1);
    now["replicasPerPrimary"] = json!(1);
    now["instances"] = json!([
        { "sslPort": 15000, "shardId": 0, "isMaster": true, "isPrimary": true },
        { "sslPort": 15001, "shardId": 0, "isMaster": false, "isPrimary": false },
    ]);
    assert_eq!(cloud.get(&classic("sample")).await.body, shown);
}

#[tokio::test]
async fn an_operation_has_the_recorded_fields() {
    let cloud = Cloud::start().await;
    let made = cloud.put(&cluster("sample"), crate::harness::small()).await;
    cloud.seconds(400);
    let address = made.header("azure-asyncoperation").unwrap();
    let guid = address.split('?').next().unwrap().rsplit('/').next().unwrap();
    let id = format!(
        "/subscriptions/{SUBSCRIPTION}/providers/Microsoft.Cache/locations/West Europe/operationsStatus/{guid}"
    );
    let shown = json!({
        "id": id,
        "name": guid,
        "status": "Succeeded",
        "startTime": "2026-01-05T10:00:00.0000000+00:00",
        "endTime": "2026-01-05T10:06:00.0000000+00:00",
    });
    assert_eq!(cloud.follow(address).await.body, shown);
    // A leniency of the sandbox: what the service does without the signature is not known.
    let bare = address.split('?').next().unwrap().strip_prefix(&cloud.running.url()).unwrap().to_owned();
    assert_eq!(cloud.call(Method::GET, &bare, "2025-07-01", None).await.body, shown);
}
