//! What must be there before a cache can be, and what another hand does.

use serde_json::json;

use crate::harness::{CLUSTER, Cloud, MEMCACHE, NETWORK, REDIS, VALKEY, cluster, memcache, redis, valkey};

#[tokio::test]
async fn a_service_that_is_not_enabled_says_where_to_enable_it() {
    let cloud = Cloud::start().await;
    let change = json!({ "kind": "api", "service": "redis.googleapis.com", "project": "sample-project" });
    let op = |op: &str| {
        let mut op = json!({ "op": op });
        op.as_object_mut().unwrap().extend(change.as_object().cloned().unwrap());
        op
    };
    cloud.mutate(op("remove_prerequisite")).await;
    let answer = cloud.post(&REDIS.create("sample"), &redis()).await;
    let (status, word, message) = answer.error();
    assert_eq!((status, word), (403, "PERMISSION_DENIED"));
    assert!(message.contains("has not been used in project"), "{message}");
    let info = answer.detail("ErrorInfo");
    assert_eq!(info["reason"], "SERVICE_DISABLED");
    assert_eq!(info["metadata"]["service"], "redis.googleapis.com");
    assert_eq!(answer.detail("Help")["links"][0]["url"], info["metadata"]["activationUrl"]);
    cloud.post(&VALKEY.create("sample"), &valkey()).await.ok();
    cloud.mutate(op("restore_prerequisite")).await;
    cloud.post(&REDIS.create("sample"), &redis()).await.ok();
}

#[tokio::test]
async fn private_service_access_is_told_at_once() {
    let cloud = Cloud::start().await;
    cloud.mutate(json!({ "op": "remove_prerequisite", "kind": "private_service_access", "network": "default" })).await;
    let body = json!({ "tier": "BASIC", "memorySizeGb": 1, "connectMode": "PRIVATE_SERVICE_ACCESS", "authorizedNetwork": NETWORK });
    for (product, body) in [(&REDIS, &body), (&MEMCACHE, &memcache())] {
        let answer = cloud.post(&product.create("sample"), body).await;
        assert_eq!(answer.error().1, "FAILED_PRECONDITION");
        assert!(answer.error().2.starts_with("Google private service access is not enabled."));
    }
    cloud.post(&REDIS.create("peered"), &redis()).await.ok();
}

#[tokio::test]
async fn a_connection_policy_is_told_only_by_the_operation_and_nothing_stays() {
    let cloud = Cloud::start().await;
    let missing = json!({
        "op": "remove_prerequisite", "kind": "service_connection_policy", "network": "default", "location": "us-central1",
    });
    cloud.mutate(missing).await;
    for (product, body) in [(&VALKEY, valkey()), (&CLUSTER, cluster())] {
        let operation = cloud.post(&product.create("sample"), &body).await.ok();
        cloud.minutes(13);
        let done = cloud.operation(product, &operation).await;
        assert_eq!((&done["done"], &done["error"]["code"]), (&json!(true), &json!(9)));
        assert!(
            done["error"]["message"]
                .as_str()
                .unwrap()
                .contains("No service connection policy is associated with project")
        );
        assert!(done.get("response").is_none());
        assert_eq!(cloud.get(&product.path("sample")).await.error().0, 404);
    }
    cloud.ready(&VALKEY, "without", &json!({ "shardCount": 1 })).await;
}

#[tokio::test]
async fn a_permission_can_be_withheld() {
    let cloud = Cloud::start().await;
    cloud.mutate(json!({ "op": "deny", "permission": "redis.instances.create", "project": "sample-project" })).await;
    let answer = cloud.post(&REDIS.create("sample"), &redis()).await;
    let (status, word, message) = answer.error();
    assert_eq!((status, word), (403, "PERMISSION_DENIED"));
    let wanted = "Permission 'redis.instances.create' denied on resource \
                  'projects/sample-project/locations/us-central1' (or it may not exist).";
    assert_eq!(message, wanted);
    assert_eq!(answer.detail("ErrorInfo")["reason"], "IAM_PERMISSION_DENIED");
    cloud.mutate(json!({ "op": "allow", "permission": "redis.instances.create", "project": "sample-project" })).await;
    cloud.ready(&REDIS, "sample", &redis()).await;
    cloud.mutate(json!({ "op": "deny", "permission": "redis.instances.*" })).await;
    assert_eq!(cloud.get(&REDIS.path("sample")).await.error().0, 403);
    assert_eq!(cloud.get(&CLUSTER.path("sample")).await.error().0, 404);
}

#[tokio::test]
async fn quotas_are_enforced_when_asked_for() {
    let cloud = Cloud::start().await;
    cloud.mutate(json!({ "op": "enforce_quota", "on": true })).await;
    for _ in 0..60 {
        assert_eq!(cloud.get(&VALKEY.path("sample")).await.status, 404);
    }
    let answer = cloud.get(&VALKEY.path("sample")).await;
    assert_eq!((answer.error().0, answer.error().1), (429, "RESOURCE_EXHAUSTED"));
    assert!(answer.error().2.starts_with("Quota exceeded for quota metric"));
    assert_eq!(answer.detail("ErrorInfo")["reason"], "RATE_LIMIT_EXCEEDED");
    let other = cloud.get("memorystore/v1/projects/other-project/locations/us-central1/instances/sample").await;
    assert_eq!(other.status, 404);
    assert_eq!(cloud.get(&REDIS.path("sample")).await.status, 404, "Redis instances have more");
    cloud.minutes(1);
    assert_eq!(cloud.get(&VALKEY.path("sample")).await.status, 404);
    cloud.mutate(json!({ "op": "enforce_quota", "on": false })).await;
}

#[tokio::test]
async fn another_hand_changes_states_fields_and_labels() {
    let cloud = Cloud::start().await;
    let body = json!({ "tier": "BASIC", "memorySizeGb": 1, "labels": { "owner": "one", "team": "x" } });
    cloud.ready(&REDIS, "sample", &body).await;
    cloud.mutate(json!({ "op": "status", "id": "sample", "status": "PONDERING", "seconds": 60 })).await;
    assert_eq!(cloud.get(&REDIS.path("sample")).await.ok()["state"], "PONDERING");
    cloud.minutes(1);
    assert_eq!(cloud.get(&REDIS.path("sample")).await.ok()["state"], "READY");
    cloud.mutate(json!({ "op": "set", "id": "sample", "fields": { "memorySizeGb": 9, "statusMessage": "odd" } })).await;
    cloud.mutate(json!({ "op": "labels", "id": "sample", "labels": { "owner": "two", "team": null } })).await;
    let instance = cloud.get(&REDIS.path("sample")).await.ok();
    assert_eq!((&instance["memorySizeGb"], &instance["statusMessage"]), (&json!(9), &json!("odd")));
    assert_eq!(instance["labels"], json!({ "owner": "two" }));
    cloud.mutate(json!({ "op": "remove", "id": "sample" })).await;
    assert_eq!(cloud.get(&REDIS.path("sample")).await.error().0, 404);
    cloud.post(&REDIS.create("sample"), &redis()).await.ok();
    cloud.mutate(json!({ "op": "advance", "seconds": 300 })).await;
    assert_eq!(cloud.get(&REDIS.path("sample")).await.ok()["state"], "READY");
    let control = cloud.running.control();
    for bad in [json!({ "op": "status", "id": "no", "status": "X", "seconds": 1 }), json!({ "op": "dance" })] {
        assert!(control.mutate(bad.clone()).await.is_err(), "{bad}");
    }
}

#[tokio::test]
async fn the_project_that_pays_counts_too() {
    let cloud = Cloud::start().await;
    let http = reqwest::Client::builder().build().unwrap();
    let get = async || {
        let url = format!("{}/{}", cloud.running.url(), VALKEY.collection());
        let response = http.get(url).header("x-goog-user-project", "paying-project").send().await.unwrap();
        let status = response.status().as_u16();
        (status, response.json::<serde_json::Value>().await.unwrap())
    };
    assert_eq!(get().await.0, 200);
    cloud.mutate(json!({ "op": "deny", "permission": "serviceusage.services.use", "project": "paying-project" })).await;
    let (status, body) = get().await;
    assert_eq!((status, &body["error"]["details"][0]["reason"]), (403, &json!("USER_PROJECT_DENIED")));
    cloud
        .mutate(json!({ "op": "allow", "permission": "serviceusage.services.use", "project": "paying-project" }))
        .await;
    cloud.mutate(json!({ "op": "remove_prerequisite", "kind": "api", "project": "paying-project" })).await;
    assert_eq!(get().await.1["error"]["details"][0]["reason"], "SERVICE_DISABLED");
    cloud.get(&VALKEY.collection()).await.ok();
}
