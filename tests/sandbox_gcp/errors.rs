//! Refusals, in Google's words and clothes.

use serde_json::{Value, json};

use crate::harness::{
    CLUSTER, Cloud, MEMCACHE, NETWORK, PLACE, Product, REDIS, VALKEY, cluster, memcache, redis, valkey,
};

async fn refused(cloud: &Cloud, product: &Product, body: &Value) -> (u16, String, String) {
    let answer = cloud.post(&product.create("sample"), body).await;
    let (status, word, message) = answer.error();
    (status, word.to_owned(), message.to_owned())
}

fn with(mut body: Value, fields: &Value) -> Value {
    body.as_object_mut().unwrap().extend(fields.as_object().cloned().unwrap());
    body
}

#[tokio::test]
async fn what_is_missing_or_there_already_is_told_by_its_full_name() {
    let cloud = Cloud::start().await;
    let missing = cloud.get(&REDIS.path("sample")).await;
    let name = format!("{PLACE}/instances/sample");
    assert_eq!(missing.error(), (404, "NOT_FOUND", format!("Resource '{name}' was not found").as_str()));
    assert_eq!(missing.detail("ResourceInfo")["resourceName"], name);
    cloud.post(&REDIS.create("sample"), &redis()).await.ok();
    let again = cloud.post(&REDIS.create("sample"), &redis()).await;
    assert_eq!(again.error(), (409, "ALREADY_EXISTS", format!("Resource '{name}' already exists").as_str()));
    assert_eq!(cloud.get("redis/v1/nonsense").await.error().0, 404);
    assert_eq!(cloud.get("other/v1/projects/sample-project/locations").await.error().0, 404);
}

#[tokio::test]
async fn a_bad_field_of_a_redis_instance_has_its_name_and_a_tail() {
    let cloud = Cloud::start().await;
    let elsewhere = "projects/other-project/global/networks/default";
    let cases = [
        (json!({ "memorySizeGb": 1 }), "instance.tier"),
        (with(redis(), &json!({ "memorySizeGb": 301 })), "instance.memory_size_gb"),
        (with(redis(), &json!({ "memorySizeGb": 0 })), "instance.memory_size_gb"),
        (with(redis(), &json!({ "redisVersion": "REDIS_9" })), "instance.redis_version"),
        (with(redis(), &json!({ "replicaCount": 1 })), "instance.replica_count"),
        (with(redis(), &json!({ "readReplicasMode": "READ_REPLICAS_ENABLED" })), "instance.read_replicas_mode"),
        (with(redis(), &json!({ "authorizedNetwork": "default" })), "instance.authorized_network"),
        (with(redis(), &json!({ "authorizedNetwork": elsewhere })), "instance.authorized_network"),
        (with(redis(), &json!({ "connectMode": "PRIVATE_SERVICE_ACCESS" })), "instance.authorized_network"),
        (with(redis(), &json!({ "labels": { "Team": "x" } })), "instance.labels"),
        (with(redis(), &json!({ "redisConfigs": { "save": "1" } })), "instance.redis_configs"),
        (with(redis(), &json!({ "redisConfigs": { "maxmemory-policy": "sometimes" } })), "instance.redis_configs"),
        (with(redis(), &json!({ "customerManagedKey": "my-key" })), "instance.customer_managed_key"),
        (with(redis(), &json!({ "locationId": "europe-west1-b" })), "instance.location_id"),
        (with(redis(), &json!({ "tier": "STANDARD_HA", "replicaCount": 2 })), "instance.replica_count"),
        (
            with(redis(), &json!({ "tier": "STANDARD_HA", "readReplicasMode": "READ_REPLICAS_ENABLED" })),
            "instance.memory_size_gb",
        ),
    ];
    for (body, field) in cases {
        let answer = cloud.post(&REDIS.create("sample"), &body).await;
        let (status, word, message) = answer.error();
        assert_eq!((status, word), (400, "INVALID_ARGUMENT"), "{body}");
        let (first, tail) = message.split_once('\n').expect("a second line");
        let wanted = format!(
            "com.google.apps.framework.request.StatusException: <eye3 title='INVALID_ARGUMENT'/> generic::INVALID_ARGUMENT: {first}"
        );
        assert_eq!(tail, wanted);
        assert_eq!(answer.detail("BadRequest")["fieldViolations"][0]["field"], field, "{body}");
    }
    let shared = with(redis(), &json!({ "connectMode": "PRIVATE_SERVICE_ACCESS", "authorizedNetwork": elsewhere }));
    cloud.post(&REDIS.create("sample"), &shared).await.ok();
}

#[tokio::test]
async fn clusters_and_valkey_say_one_sentence() {
    let cloud = Cloud::start().await;
    let cases = [
        (&VALKEY, with(valkey(), &json!({ "shardCount": 0 }))),
        (&VALKEY, with(valkey(), &json!({ "replicaCount": 6 }))),
        (&VALKEY, with(valkey(), &json!({ "shardCount": 126, "replicaCount": 1 }))),
        (&VALKEY, with(valkey(), &json!({ "engineVersion": "VALKEY_1" }))),
        (&VALKEY, with(valkey(), &json!({ "nodeType": "CUSTOM_PICO" }))),
        (&VALKEY, with(valkey(), &json!({ "persistenceConfig": { "rdbConfig": {}, "aofConfig": {} } }))),
        (&VALKEY, with(valkey(), &json!({ "engineConfigs": { "save": "1" } }))),
        (&CLUSTER, with(cluster(), &json!({ "pscConfigs": [{ "network": "default" }] }))),
        (&CLUSTER, with(cluster(), &json!({ "pscConfigs": [{ "network": NETWORK }, { "network": NETWORK }] }))),
        (&CLUSTER, with(cluster(), &json!({ "zoneDistributionConfig": { "mode": "SINGLE_ZONE", "zone": "x" } }))),
        (&CLUSTER, with(cluster(), &json!({ "labels": { "a": "B" } }))),
    ];
    for (product, body) in cases {
        let (status, word, message) = refused(&cloud, product, &body).await;
        assert_eq!((status, word.as_str()), (400, "INVALID_ARGUMENT"), "{body}");
        assert!(message.ends_with(": invalid argument") && !message.contains('\n'), "{message}");
    }
}

#[tokio::test]
async fn memcached_has_ranges_too() {
    let cloud = Cloud::start().await;
    let cases = [
        json!({ "nodeCount": 0 }),
        json!({ "nodeCount": 21 }),
        json!({ "nodeConfig": { "cpuCount": 33, "memorySizeMb": 1024 } }),
        json!({ "nodeConfig": { "cpuCount": 1, "memorySizeMb": 512 } }),
        json!({ "zones": ["europe-west1-b"] }),
        json!({ "parameters": { "params": { "colour": "red" } } }),
    ];
    for fields in cases {
        let (status, word, _) = refused(&cloud, &MEMCACHE, &with(memcache(), &fields)).await;
        assert_eq!((status, word.as_str()), (400, "INVALID_ARGUMENT"), "{fields}");
    }
}

#[tokio::test]
async fn json_that_does_not_fit_is_refused_before_the_service_sees_it() {
    let cloud = Cloud::start().await;
    let (_, _, message) = refused(&cloud, &REDIS, &with(redis(), &json!({ "size": 1 }))).await;
    assert_eq!(message, "Invalid JSON payload received. Unknown name \"size\" at 'instance': Cannot find field.");
    let (_, _, message) = refused(&cloud, &REDIS, &with(redis(), &json!({ "tier": "GOLD" }))).await;
    assert_eq!(message, "Invalid value at 'instance.tier' (TYPE_ENUM), \"GOLD\"");
    // What only the service sets may be sent back to it.
    let sent_back = with(redis(), &json!({ "state": "READY", "host": "10.0.0.1", "name": "whatever" }));
    cloud.post(&REDIS.create("sample"), &sent_back).await.ok();
}

#[tokio::test]
async fn ids_places_and_projects_are_checked() {
    let cloud = Cloud::start().await;
    for (product, id) in [(&REDIS, "1st"), (&REDIS, "A"), (&VALKEY, "abc"), (&CLUSTER, "c-"), (&MEMCACHE, "a_b")] {
        assert_eq!(cloud.post(&product.create(id), &json!({})).await.error().1, "INVALID_ARGUMENT", "{id}");
    }
    assert_eq!(cloud.post(&REDIS.collection(), &redis()).await.error().0, 400);
    let nowhere = "redis/v1/projects/sample-project/locations/moon-west1/instances";
    let answer = cloud.post(&format!("{nowhere}?instanceId=sample"), &redis()).await;
    let wanted = "Permission denied on 'locations/moon-west1' (or it may not exist).";
    assert_eq!(answer.error(), (403, "PERMISSION_DENIED", wanted));
    let answer = cloud.get("redis/v1/projects/X/locations/us-central1/instances").await;
    assert_eq!(answer.error(), (400, "INVALID_ARGUMENT", "Invalid project resource name projects/X"));
}

#[tokio::test]
async fn replicas_come_after_their_mode() {
    let cloud = Cloud::start().await;
    let body = json!({ "tier": "STANDARD_HA", "memorySizeGb": 5 });
    cloud.ready(&REDIS, "sample", &body).await;
    let answer = cloud.patch(&REDIS.update("sample", "replicaCount"), &json!({ "replicaCount": 3 })).await;
    assert_eq!(answer.error().1, "FAILED_PRECONDITION");
    let on = json!({ "readReplicasMode": "READ_REPLICAS_ENABLED", "secondaryIpRange": "auto" });
    let without_range = cloud.patch(&REDIS.update("sample", "readReplicasMode"), &on).await;
    assert_eq!(without_range.error().1, "INVALID_ARGUMENT");
    cloud.patch(&REDIS.update("sample", "readReplicasMode,secondaryIpRange"), &on).await.ok();
    cloud.minutes(15);
    assert_eq!(cloud.get(&REDIS.path("sample")).await.ok()["replicaCount"], 2);
    let off = json!({ "readReplicasMode": "READ_REPLICAS_DISABLED" });
    assert_eq!(cloud.patch(&REDIS.update("sample", "readReplicasMode"), &off).await.error().0, 400);
}

#[tokio::test]
async fn a_parameter_that_the_method_does_not_have_is_refused() {
    let cloud = Cloud::start().await;
    let id = "4f3b9f0e-7c5e-4a70-9a51-6d1c0e8b2a11";
    let answer = cloud.post(&format!("{}&requestId={id}", REDIS.create("sample")), &redis()).await;
    let wanted = "Invalid JSON payload received. Unknown name \"requestId\": Cannot bind query parameter. Field 'requestId' \
                  could not be found in request message.";
    assert_eq!(answer.error(), (400, "INVALID_ARGUMENT", wanted));
    cloud
        .post(&format!("{}&request_id={id}&alt=json&prettyPrint=false", VALKEY.create("sample")), &valkey())
        .await
        .ok();
}

#[tokio::test]
async fn versions_only_go_up() {
    let cloud = Cloud::start().await;
    cloud.ready(&VALKEY, "sample", &with(valkey(), &json!({ "engineVersion": "VALKEY_8_0" }))).await;
    let down = json!({ "engineVersion": "VALKEY_7_2" });
    assert_eq!(cloud.patch(&VALKEY.update("sample", "engineVersion"), &down).await.error().1, "INVALID_ARGUMENT");
    let up = json!({ "engineVersion": "VALKEY_9_0" });
    cloud.patch(&VALKEY.update("sample", "engineVersion"), &up).await.ok();
}
