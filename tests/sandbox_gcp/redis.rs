//! The life of a Redis instance.

use serde_json::json;

use crate::harness::{Cloud, NETWORK, PLACE, REDIS, redis};

#[tokio::test]
async fn an_instance_is_created_updated_and_deleted_by_operations() {
    let cloud = Cloud::start().await;
    let body = json!({ "tier": "BASIC", "memorySizeGb": 16, "displayName": "A sample", "labels": { "team": "one" } });
    let created = cloud.post(&REDIS.create("sample"), &body).await.ok();
    assert_eq!(created["done"], false);
    assert_eq!(created["metadata"]["verb"], "create");
    assert_eq!(created["metadata"]["cancelRequested"], false);
    assert_eq!(created["metadata"]["target"], format!("{PLACE}/instances/sample"));
    let creating = cloud.get(&REDIS.path("sample")).await.ok();
    assert_eq!(creating["state"], "CREATING");
    assert!(creating.get("host").is_none());

    cloud.minutes(5);
    let done = cloud.operation(&REDIS, &created).await;
    assert_eq!(done["done"], true);
    assert!(done["metadata"]["endTime"].as_str().unwrap().ends_with(".000000000Z"), "{done:#}");
    assert_eq!(done["response"]["@type"], "type.googleapis.com/google.cloud.redis.v1.Instance");
    let ready = cloud.get(&REDIS.path("sample")).await.ok();
    assert_eq!(ready["state"], "READY");
    for (field, value) in [
        ("redisVersion", "REDIS_7_0"),
        ("connectMode", "DIRECT_PEERING"),
        ("transitEncryptionMode", "DISABLED"),
        ("readReplicasMode", "READ_REPLICAS_DISABLED"),
        ("authorizedNetwork", NETWORK),
        ("locationId", "us-central1-a"),
    ] {
        assert_eq!(ready[field], value, "{field}");
    }
    assert_eq!(ready["port"], 6379);
    assert_eq!(ready["nodes"], json!([{ "id": "node-0", "zone": "us-central1-a" }]));
    for absent in ["replicaCount", "authEnabled", "serverCaCerts", "readEndpoint"] {
        assert!(ready.get(absent).is_none(), "{absent} is not written");
    }

    let change = json!({ "displayName": "Another", "memorySizeGb": 20, "labels": { "team": "two" } });
    let mask = "displayName,memory_size_gb";
    let updating = cloud.patch(&REDIS.update("sample", mask), &change).await.ok();
    assert_eq!(cloud.get(&REDIS.path("sample")).await.ok()["state"], "UPDATING");
    cloud.minutes(11);
    let done = cloud.operation(&REDIS, &updating).await;
    assert_eq!(done["response"]["memorySizeGb"], 20);
    let updated = cloud.get(&REDIS.path("sample")).await.ok();
    assert_eq!((&updated["displayName"], &updated["labels"]["team"]), (&json!("Another"), &json!("one")));

    let deleting = cloud.delete(&REDIS.path("sample")).await.ok();
    assert_eq!(cloud.get(&REDIS.path("sample")).await.ok()["state"], "DELETING");
    cloud.minutes(3);
    let done = cloud.operation(&REDIS, &deleting).await;
    assert_eq!(done["response"], json!({ "@type": "type.googleapis.com/google.protobuf.Empty" }));
    assert_eq!(cloud.get(&REDIS.path("sample")).await.error().0, 404);
}

#[tokio::test]
async fn auth_off_and_on_again_makes_a_new_string() {
    let cloud = Cloud::start().await;
    let body = json!({ "tier": "BASIC", "memorySizeGb": 1, "authEnabled": true });
    cloud.ready(&REDIS, "sample", &body).await;
    let path = format!("{}/authString", REDIS.path("sample"));
    let first = cloud.get(&path).await.ok()["authString"].clone();
    assert_eq!(first.as_str().unwrap().len(), 36);
    for on in [false, true] {
        cloud.patch(&REDIS.update("sample", "authEnabled"), &json!({ "authEnabled": on })).await.ok();
        cloud.minutes(2);
        let answer = cloud.get(&path).await;
        if on {
            assert_ne!(answer.ok()["authString"], first);
        } else {
            assert_eq!(answer.error().1, "FAILED_PRECONDITION");
        }
    }
}

#[tokio::test]
async fn a_standard_instance_has_replicas_certificates_and_a_read_endpoint() {
    let cloud = Cloud::start().await;
    let body = json!({
        "tier": "STANDARD_HA", "memorySizeGb": 5, "readReplicasMode": "READ_REPLICAS_ENABLED",
        "transitEncryptionMode": "SERVER_AUTHENTICATION",
    });
    let instance = cloud.ready(&REDIS, "sample", &body).await;
    assert_eq!(instance["replicaCount"], 2);
    assert_eq!(instance["nodes"].as_array().unwrap().len(), 3);
    assert_eq!((&instance["port"], &instance["readEndpointPort"]), (&json!(6378), &json!(6378)));
    assert!(instance["readEndpoint"].is_string());
    let certificate = &instance["serverCaCerts"][0];
    assert!(certificate["cert"].as_str().unwrap().starts_with("-----BEGIN CERTIFICATE-----"));
    assert_eq!(certificate["sha1Fingerprint"].as_str().unwrap().len(), 40);

    let path = REDIS.path("sample");
    cloud.post(&format!("{path}:failover"), &json!({})).await.ok();
    assert_eq!(cloud.get(&path).await.ok()["state"], "FAILING_OVER");
    cloud.minutes(2);
    assert_eq!(cloud.get(&path).await.ok()["currentLocationId"], "us-central1-b");

    cloud.post(&format!("{path}:upgrade"), &json!({ "redisVersion": "REDIS_7_2" })).await.ok();
    cloud.minutes(11);
    assert_eq!(cloud.get(&path).await.ok()["redisVersion"], "REDIS_7_2");
    let back = cloud.post(&format!("{path}:upgrade"), &json!({ "redisVersion": "REDIS_6_X" })).await;
    assert_eq!(back.error().1, "INVALID_ARGUMENT");
    assert_eq!(cloud.post(&format!("{path}:export"), &json!({})).await.error().0, 501);
}

#[tokio::test]
async fn a_busy_instance_refuses_changes_and_deletes() {
    let cloud = Cloud::start().await;
    cloud.post(&REDIS.create("sample"), &redis()).await.ok();
    let answer = cloud.patch(&REDIS.update("sample", "labels"), &json!({ "labels": { "a": "b" } })).await;
    let (status, word, message) = answer.error();
    assert_eq!((status, word), (400, "FAILED_PRECONDITION"));
    assert!(message.contains("Please wait until instance is in READY state."), "{message}");
    assert_eq!(cloud.delete(&REDIS.path("sample")).await.error().1, "FAILED_PRECONDITION");
}

#[tokio::test]
async fn masks_must_name_what_can_change() {
    let cloud = Cloud::start().await;
    cloud.ready(&REDIS, "sample", &redis()).await;
    let empty = cloud.patch(&REDIS.path("sample"), &redis()).await;
    assert!(empty.error().2.starts_with("Update mask is empty\n"), "{empty:?}");
    assert_eq!(empty.detail("BadRequest")["fieldViolations"][0]["field"], "update_mask");
    for path in ["redisConfig", "tier", "connectMode", "state", "host", "nonsense"] {
        let answer = cloud.patch(&REDIS.update("sample", &format!("labels,{path}")), &redis()).await;
        let (status, word, message) = answer.error();
        assert_eq!((status, word), (400, "INVALID_ARGUMENT"));
        assert!(message.contains("cannot be updated on existing instances."), "{message}");
        assert_eq!(answer.detail("BadRequest")["fieldViolations"][0]["field"], "update_mask.paths.1");
    }
}

#[tokio::test]
async fn numbers_for_enums_on_demand_but_not_in_operations() {
    let cloud = Cloud::start().await;
    let body = json!({ "tier": 1, "memorySizeGb": 1, "connectMode": 2, "authorizedNetwork": NETWORK });
    let operation = cloud.post(&format!("{}&$alt=json;enum-encoding=int", REDIS.create("sample")), &body).await.ok();
    cloud.minutes(5);
    assert_eq!(cloud.operation(&REDIS, &operation).await["response"]["connectMode"], "PRIVATE_SERVICE_ACCESS");
    let numbers = cloud.get(&format!("{}?%24alt=json%3Benum-encoding%3Dint", REDIS.path("sample"))).await.ok();
    assert_eq!((&numbers["state"], &numbers["tier"], &numbers["connectMode"]), (&json!(2), &json!(1), &json!(2)));
    assert_eq!(numbers["persistenceConfig"]["persistenceMode"], 1);
    assert_eq!(cloud.get(&REDIS.path("sample")).await.ok()["tier"], "BASIC");
}

#[tokio::test]
async fn lists_go_over_locations_in_pages() {
    let cloud = Cloud::start().await;
    for id in ["one", "two", "three"] {
        cloud.post(&REDIS.create(id), &redis()).await.ok();
    }
    let elsewhere = "redis/v1/projects/sample-project/locations/europe-west1/instances";
    cloud.post(&format!("{elsewhere}?instanceId=four"), &redis()).await.ok();
    let everywhere = "redis/v1/projects/sample-project/locations/-/instances";
    let mut names = Vec::new();
    let mut token = String::new();
    loop {
        let page = cloud.get(&format!("{everywhere}?pageSize=3&pageToken={token}")).await.ok();
        names.extend(page["instances"].as_array().unwrap().iter().map(|item| item["name"].clone()));
        match page["nextPageToken"].as_str() {
            Some(next) => next.clone_into(&mut token),
            None => break,
        }
    }
    assert_eq!(names.len(), 4);
    assert_eq!(cloud.get(&REDIS.collection()).await.ok()["instances"].as_array().unwrap().len(), 3);
    let other = cloud.get("redis/v1/projects/other-project/locations/-/instances").await.ok();
    assert_eq!(other, json!({}), "an empty list is not written");

    cloud.mutate(json!({ "op": "unreachable", "location": "europe-west1", "on": true })).await;
    let page = cloud.get(everywhere).await.ok();
    assert_eq!(page["instances"].as_array().unwrap().len(), 3);
    assert_eq!(page["unreachable"], json!(["projects/sample-project/locations/europe-west1"]));
}
