//! Private endpoints and their DNS zones.

use serde_json::{Value, json};

use crate::harness::{Cloud, classic, cluster, group};

fn network(rest: &str) -> String {
    format!("{}/providers/Microsoft.Network/{rest}", group())
}

fn endpoint(target: &str, kind: &str) -> Value {
    json!({
        "location": "westeurope",
        "properties": {
            "subnet": { "id": network("virtualNetworks/net/subnets/caches") },
            "privateLinkServiceConnections": [
                { "name": "link", "properties": { "privateLinkServiceId": target, "groupIds": [kind] } },
            ],
        },
    })
}

#[tokio::test]
async fn an_endpoint_leads_to_a_cluster_which_shows_it() {
    let cloud = Cloud::start().await;
    cloud.running_cluster("c").await;
    let path = network("privateEndpoints/pe");
    let made = cloud.put(&path, endpoint(&cluster("c"), "redisEnterprise")).await;
    assert_eq!((made.status, made.state().0), (201, "Creating"));
    let address = made.header("azure-asyncoperation").unwrap();
    assert!(address.contains("/providers/Microsoft.Network/locations/"));
    assert_eq!(made.header("retry-after"), Some("10"), "the network says when to come back");
    assert_eq!(cloud.follow(address).await.body, json!({ "status": "InProgress" }));
    cloud.seconds(31);
    assert_eq!(cloud.follow(address).await.body, json!({ "status": "Succeeded" }));
    let there = cloud.get(&path).await;
    assert_eq!(there.state().0, "Succeeded");
    assert_eq!(there.body["properties"]["customDnsConfigs"][0]["fqdn"], "c.westeurope.redis.azure.net");
    let link = &there.body["properties"]["privateLinkServiceConnections"][0]["properties"];
    assert_eq!(link["privateLinkServiceConnectionState"]["status"], "Approved");
    let shown = cloud.get(&cluster("c")).await;
    assert_eq!(shown.body["properties"]["privateEndpointConnections"][0]["properties"]["privateEndpoint"]["id"], path);

    let zones = network("privateEndpoints/pe/privateDnsZoneGroups/default");
    let zone = network("privateDnsZones/privatelink.redis.azure.net");
    let body = json!({ "properties": { "privateDnsZoneConfigs": [
        { "name": "redis", "properties": { "privateDnsZoneId": zone } },
    ] } });
    assert_eq!(cloud.put(&zones, body.clone()).await.status, 201);
    cloud.seconds(16);
    assert_eq!(cloud.get(&zones).await.state().0, "Succeeded");
    cloud.mutate(json!({"op": "remove_prerequisite", "name": zone})).await;
    assert_eq!(cloud.put(&zones, body).await.refused(), (400, "InvalidResourceReference"));

    let deleted = cloud.delete(&path).await;
    assert_eq!((deleted.status, deleted.followed()), (202, (true, true)));
    cloud.seconds(31);
    assert_eq!(cloud.get(&path).await.status, 404);
    assert_eq!(cloud.get(&zones).await.status, 404);
    assert_eq!(cloud.get(&cluster("c")).await.body["properties"]["privateEndpointConnections"], json!([]));
}

#[tokio::test]
async fn an_endpoint_needs_a_cache_its_own_group_and_a_subnet() {
    let cloud = Cloud::start().await;
    cloud.running_classic("k").await;
    let path = network("privateEndpoints/pe");
    let nothing = cloud.put(&path, endpoint(&cluster("nobody"), "redisEnterprise")).await;
    assert_eq!(nothing.refused(), (400, "InvalidResourceReference"));
    let wrong = cloud.put(&path, endpoint(&classic("k"), "redisEnterprise")).await;
    assert_eq!(wrong.refused(), (400, "PrivateEndpointUnsupportedGroupId"));
    let subnet = network("virtualNetworks/net/subnets/caches");
    assert_eq!(cloud.get(&subnet).await.status, 200);
    cloud.mutate(json!({"op": "remove_prerequisite", "name": subnet})).await;
    assert_eq!(cloud.get(&subnet).await.status, 404);
    let body = endpoint(&classic("k"), "redisCache");
    assert_eq!(cloud.put(&path, body.clone()).await.refused(), (400, "InvalidResourceReference"));
    cloud.mutate(json!({"op": "restore", "name": subnet})).await;
    assert_eq!(cloud.put(&path, body).await.status, 201);
}
