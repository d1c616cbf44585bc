//! Clusters and Valkey.

use serde_json::{Value, json};

use crate::harness::{CLUSTER, Cloud, NETWORK, PLACE, VALKEY, cluster, valkey};

fn autos(instance: &Value, list: &str) -> Vec<Value> {
    let endpoints = instance[list].as_array().unwrap();
    let connections = endpoints.iter().flat_map(|endpoint| endpoint["connections"].as_array().unwrap());
    connections.filter_map(|connection| connection.get("pscAutoConnection")).cloned().collect()
}

#[tokio::test]
async fn a_valkey_cluster_has_a_discovery_connection_and_one_of_no_kind() {
    let cloud = Cloud::start().await;
    let mut body = valkey();
    body["shardCount"] = 3.into();
    let operation = cloud.post(&VALKEY.create("sample"), &body).await.ok();
    assert_eq!(operation["metadata"]["requestedCancellation"], false);
    let creating = cloud.get(&VALKEY.path("sample")).await.ok();
    assert_eq!(creating["state"], "CREATING");
    assert!(autos(&creating, "endpoints")[0].get("ipAddress").is_none());
    cloud.minutes(13);
    let done = cloud.operation(&VALKEY, &operation).await;
    assert_eq!(done["response"]["@type"], "type.googleapis.com/google.cloud.memorystore.v1.Instance");
    let instance = cloud.get(&VALKEY.path("sample")).await.ok();
    for (field, value) in [
        ("state", json!("ACTIVE")),
        ("mode", json!("CLUSTER")),
        ("engineVersion", json!("VALKEY_7_2")),
        ("nodeType", json!("HIGHMEM_MEDIUM")),
        ("authorizationMode", json!("AUTH_DISABLED")),
        ("transitEncryptionMode", json!("TRANSIT_ENCRYPTION_DISABLED")),
        ("replicaCount", json!(0)),
        ("deletionProtectionEnabled", json!(false)),
        ("nodeConfig", json!({ "sizeGb": 13.0 })),
        ("zoneDistributionConfig", json!({ "mode": "MULTI_ZONE" })),
        ("serverCaMode", json!("SERVER_CA_MODE_UNSPECIFIED")),
    ] {
        assert_eq!(instance[field], value, "{field}");
    }
    let autos = autos(&instance, "endpoints");
    assert_eq!(autos.len(), 2);
    assert_eq!(autos[0]["connectionType"], "CONNECTION_TYPE_DISCOVERY");
    assert_eq!(autos[0]["port"], 6379);
    assert!(autos[1].get("connectionType").is_none() && autos[1].get("port").is_none());
    assert_eq!(autos[0]["network"], NETWORK);
    assert!(autos[0].get("pscConnectionStatus").is_none());
}

#[tokio::test]
async fn valkey_without_cluster_mode_has_a_primary_and_a_reader() {
    let cloud = Cloud::start().await;
    let mut body = valkey();
    body["mode"] = "CLUSTER_DISABLED".into();
    body["replicaCount"] = 1.into();
    let instance = cloud.ready(&VALKEY, "sample", &body).await;
    let kinds: Vec<Value> = autos(&instance, "endpoints").iter().map(|auto| auto["connectionType"].clone()).collect();
    assert_eq!(kinds, ["CONNECTION_TYPE_PRIMARY", "CONNECTION_TYPE_READER"]);
    body["shardCount"] = 2.into();
    assert_eq!(cloud.post(&VALKEY.create("other"), &body).await.error().1, "INVALID_ARGUMENT");
}

#[tokio::test]
async fn valkey_without_endpoints_is_active_and_unreachable() {
    let cloud = Cloud::start().await;
    let instance = cloud.ready(&VALKEY, "sample", &json!({ "shardCount": 3 })).await;
    assert_eq!(instance["state"], "ACTIVE");
    assert!(instance.get("endpoints").is_none());
}

#[tokio::test]
async fn a_cluster_shows_what_came_of_its_psc_configs() {
    let cloud = Cloud::start().await;
    let instance = cloud.ready(&CLUSTER, "sample", &cluster()).await;
    assert!(instance.get("pscConfigs").is_none());
    assert_eq!(instance["discoveryEndpoints"][0]["port"], 6379);
    assert_eq!(instance["discoveryEndpoints"][0]["pscConfig"]["network"], NETWORK);
    assert_eq!((&instance["sizeGb"], &instance["preciseSizeGb"]), (&json!(39), &json!(39.0)));
    assert_eq!(instance["authorizationMode"], "AUTH_MODE_DISABLED");
    let autos = autos(&instance, "clusterEndpoints");
    assert_eq!(autos[0]["pscConnectionStatus"], "PSC_CONNECTION_STATUS_ACTIVE");
    assert_eq!(instance["discoveryEndpoints"][0]["address"], autos[0]["address"]);
    assert_eq!(instance["pscConnections"].as_array().unwrap().len(), 2);
    let numbers = cloud.get(&format!("{}?$alt=json;enum-encoding=int", CLUSTER.path("sample"))).await.ok();
    assert_eq!((&numbers["state"], &numbers["serverCaMode"], &numbers["nodeType"]), (&json!(2), &json!(0), &json!(2)));
}

#[tokio::test]
async fn one_update_names_exactly_one_path() {
    let cloud = Cloud::start().await;
    cloud.ready(&VALKEY, "sample", &valkey()).await;
    cloud.ready(&CLUSTER, "sample", &cluster()).await;
    for product in [&VALKEY, &CLUSTER] {
        for mask in ["shardCount,replicaCount", ""] {
            let answer = cloud.patch(&product.update("sample", mask), &json!({ "shardCount": 4 })).await;
            let wanted = "exactly 1 update_mask field must be specified per update request";
            assert_eq!(answer.error(), (400, "INVALID_ARGUMENT", wanted));
        }
    }
    let answer = cloud.patch(&VALKEY.update("sample", "mode"), &json!({ "mode": "CLUSTER_DISABLED" })).await;
    assert!(answer.error().2.starts_with("unsupported path in fieldMask: mode. Allowed values are engine_version, "));
    let updating = cloud.patch(&CLUSTER.update("sample", "shard_count"), &json!({ "shardCount": 10 })).await.ok();
    let instance = cloud.get(&CLUSTER.path("sample")).await.ok();
    assert_eq!(instance["state"], "UPDATING");
    assert_eq!(instance["stateInfo"], json!({ "updateInfo": { "targetShardCount": 10 } }));
    cloud.minutes(11);
    let done = cloud.operation(&CLUSTER, &updating).await;
    assert_eq!((&done["response"]["shardCount"], &done["response"]["sizeGb"]), (&json!(10), &json!(130)));
}

#[tokio::test]
async fn an_operation_that_is_done_does_not_mean_ready() {
    let cloud = Cloud::start().await;
    cloud.ready(&VALKEY, "sample", &valkey()).await;
    let policy = json!({ "maintenancePolicy": { "weeklyMaintenanceWindow": [{ "day": "MONDAY", "startTime": { "hours": 1 } }] } });
    let operation = cloud.patch(&VALKEY.update("sample", "maintenancePolicy"), &policy).await.ok();
    cloud.clock.advance(std::time::Duration::from_secs(30));
    let done = cloud.operation(&VALKEY, &operation).await;
    assert_eq!((&done["done"], &done["response"]["state"]), (&json!(true), &json!("UPDATING")));
    assert_eq!(done["response"]["stateInfo"], json!({ "updateInfo": {} }));
    let answer = cloud.patch(&VALKEY.update("sample", "labels"), &json!({ "labels": { "a": "b" } })).await;
    let wanted = "there is an ongoing update request with updateMasks = [maintenance_policy], new update request can only be \
                  accepted if it specifies these exact update masks";
    assert_eq!(answer.error(), (400, "INVALID_ARGUMENT", wanted));
    cloud.patch(&VALKEY.update("sample", "maintenance_policy"), &policy).await.ok();
    cloud.minutes(2);
    assert_eq!(cloud.get(&VALKEY.path("sample")).await.ok()["state"], "ACTIVE");
}

#[tokio::test]
async fn a_delete_is_accepted_while_updating_but_not_under_protection() {
    let cloud = Cloud::start().await;
    let mut body = valkey();
    body["deletionProtectionEnabled"] = true.into();
    cloud.ready(&VALKEY, "sample", &body).await;
    let answer = cloud.delete(&VALKEY.path("sample")).await;
    assert_eq!((answer.error().0, answer.error().1), (400, "FAILED_PRECONDITION"));
    let off = json!({ "deletionProtectionEnabled": false });
    cloud.patch(&VALKEY.update("sample", "deletionProtectionEnabled"), &off).await.ok();
    cloud.minutes(1);
    cloud.patch(&VALKEY.update("sample", "replicaCount"), &json!({ "replicaCount": 1 })).await.ok();
    let deleting = cloud.delete(&VALKEY.path("sample")).await.ok();
    cloud.minutes(10);
    assert!(cloud.operation(&VALKEY, &deleting).await.get("response").is_some());
    assert_eq!(cloud.get(&VALKEY.path("sample")).await.error().0, 404);
}

#[tokio::test]
async fn a_request_id_makes_an_hour_of_repeats_one() {
    let cloud = Cloud::start().await;
    let id = "4f3b9f0e-7c5e-4a70-9a51-6d1c0e8b2a11";
    let path = format!("{}&requestId={id}", VALKEY.create("sample"));
    let first = cloud.post(&path, &valkey()).await.ok();
    assert_eq!(cloud.post(&path, &valkey()).await.ok()["name"], first["name"]);
    cloud.minutes(61);
    assert_eq!(cloud.post(&path, &valkey()).await.error().1, "ALREADY_EXISTS");
    for bad in ["00000000-0000-0000-0000-000000000000", "one"] {
        let answer = cloud.post(&format!("{}&requestId={bad}", VALKEY.create("other")), &valkey()).await;
        assert_eq!(answer.error().1, "INVALID_ARGUMENT");
    }
}

#[tokio::test]
async fn endpoints_that_a_user_registers_stand_beside_the_automatic_ones() {
    let cloud = Cloud::start().await;
    let instance = cloud.ready(&VALKEY, "sample", &valkey()).await;
    let attachment = instance["pscAttachmentDetails"][0]["serviceAttachment"].clone();
    let connection = json!({ "pscConnection": {
        "pscConnectionId": "1", "ipAddress": "10.0.0.250", "network": NETWORK, "serviceAttachment": attachment,
        "forwardingRule": "projects/sample-project/regions/us-central1/forwardingRules/mine",
    } });
    let body = json!({ "endpoints": [{ "connections": [connection] }] });
    cloud.patch(&VALKEY.update("sample", "endpoints"), &body).await.ok();
    cloud.minutes(3);
    let updated = cloud.get(&VALKEY.path("sample")).await.ok();
    assert_eq!(updated["endpoints"][0], instance["endpoints"][0]);
    let registered = &updated["endpoints"][1]["connections"][0]["pscConnection"];
    assert_eq!((&registered["pscConnectionStatus"], &registered["port"]), (&json!("ACTIVE"), &json!(6379)));
}

#[tokio::test]
async fn the_authority_is_shown_for_encrypted_ones_and_for_the_region() {
    let cloud = Cloud::start().await;
    let mut body = cluster();
    body["transitEncryptionMode"] = "TRANSIT_ENCRYPTION_MODE_SERVER_AUTHENTICATION".into();
    cloud.ready(&CLUSTER, "sample", &body).await;
    let authority = cloud.get(&format!("{}/certificateAuthority", CLUSTER.path("sample"))).await.ok();
    let pem = &authority["managedServerCa"]["caCerts"][0]["certificates"][0];
    assert!(pem.as_str().unwrap().starts_with("-----BEGIN CERTIFICATE-----"));
    assert_eq!(authority["name"], format!("{PLACE}/clusters/sample/certificateAuthority"));
    let shared = cloud.get(&format!("memorystore/v1/{PLACE}/sharedRegionalCertificateAuthority")).await.ok();
    assert_eq!(shared["managedServerCa"]["caCerts"][0]["certificates"][0], *pem);
    cloud.ready(&VALKEY, "plain", &valkey()).await;
    let answer = cloud.get(&format!("{}/certificateAuthority", VALKEY.path("plain"))).await;
    assert_eq!(answer.error().1, "FAILED_PRECONDITION");
}

#[tokio::test]
async fn valkey_lists_filter_and_order() {
    let cloud = Cloud::start().await;
    for (id, team) in [("aaaa", "one"), ("bbbb", "two"), ("cccc", "one")] {
        let mut body = valkey();
        body["labels"] = json!({ "team": team });
        cloud.post(&VALKEY.create(id), &body).await.ok();
        cloud.minutes(1);
    }
    let list = async |query: &str| {
        let page = cloud.get(&format!("{}?{query}", VALKEY.collection())).await.ok();
        let items = page["instances"].as_array().cloned().unwrap_or_default();
        let ids = items.iter().map(|item| item["name"].as_str().unwrap().rsplit('/').next().unwrap().to_owned());
        ids.collect::<Vec<_>>().join(" ")
    };
    assert_eq!(list("filter=labels.team%3D%22one%22").await, "aaaa cccc");
    assert_eq!(list("filter=labels.team!%3Done%20AND%20state%3DCREATING").await, "bbbb");
    assert_eq!(list("orderBy=create_time%20desc").await, "cccc bbbb aaaa");
    assert_eq!(cloud.get(&format!("{}?orderBy=colour", VALKEY.collection())).await.error().0, 400);
}
