//! What may be asked for.

use serde_json::{Value, json};

use crate::harness::{Answered, Cloud, classic, cluster, small, standard};

fn changed(mut body: Value, pointer: &str, value: Value) -> Value {
    let (parent, name) = pointer.rsplit_once('/').unwrap();
    let object = body.pointer_mut(parent).unwrap().as_object_mut().unwrap();
    if value.is_null() {
        object.remove(name);
    } else {
        object.insert(name.to_owned(), value);
    }
    body
}

#[tokio::test]
async fn a_cluster_is_refused_for_each_thing_that_azure_refuses() {
    let cloud = Cloud::start().await;
    let cases = [
        ("/location", Value::Null, "LocationRequired", "location"),
        ("/location", json!("atlantis"), "LocationNotAvailableForResourceType", "westeurope"),
        ("/sku", Value::Null, "BadRequest", "sku.name"),
        ("/sku", json!({ "name": "Balanced_B2" }), "BadRequest", "Balanced_B3"),
        ("/sku", json!({ "name": "Balanced_B0", "capacity": 2 }), "BadRequest", "sku.capacity"),
        ("/sku", json!({ "name": "Enterprise_E10", "capacity": 2 }), "BadRequest", "no longer supported"),
        ("/sku", json!({ "name": "EnterpriseFlash_F300" }), "BadRequest", "please create Azure Managed Redis instead"),
        ("/zones", json!(["1", "2"]), "BadRequest", "Specifying zones for SKU 'Balanced_B0' is not supported."),
        ("/properties/publicNetworkAccess", Value::Null, "BadRequest", "publicNetworkAccess"),
        ("/properties/publicNetworkAccess", json!("Maybe"), "BadRequest", "Disabled"),
        ("/properties/minimumTlsVersion", json!("1.0"), "BadRequest", "1.2"),
        ("/properties/highAvailability", json!(true), "InvalidRequestContent", "highAvailability"),
        ("/tags", json!({ "a/b": "c" }), "InvalidTagName", "a/b"),
        ("/tags", json!({ "a": "c".repeat(257) }), "InvalidTagValueLength", "256"),
        ("/tags", json!({ "a": 1 }), "InvalidRequestContent", "a"),
    ];
    for (pointer, value, code, words) in cases {
        let refused = cloud.put(&cluster("c"), changed(small(), pointer, value.clone())).await;
        assert_eq!(refused.refused(), (400, code), "{pointer} {value}");
        assert!(refused.message().contains(words), "{words} in {}", refused.message());
    }
    let many: serde_json::Map<String, Value> = (0..51).map(|n| (n.to_string(), json!(""))).collect();
    let refused = cloud.put(&cluster("c"), changed(small(), "/tags", Value::Object(many))).await;
    assert_eq!(refused.refused(), (400, "TooManyTags"));
    assert_eq!(cloud.get(&cluster("c")).await.status, 404, "nothing is made");
}

#[tokio::test]
async fn a_cluster_has_a_name_of_letters_digits_and_single_hyphens() {
    let cloud = Cloud::start().await;
    let put = async |name: &str| -> Answered { cloud.put(&cluster(name), small()).await };
    for name in ["a--b", "-a", "a-", "a_b", "a.b", &"a".repeat(61)] {
        assert_eq!(put(name).await.refused(), (400, "BadRequest"), "{name}");
    }
    for name in ["a-b", "1", &"a".repeat(60)] {
        assert_eq!(put(name).await.status, 201, "{name}");
    }
}

#[tokio::test]
async fn a_body_must_be_an_object() {
    let cloud = Cloud::start().await;
    assert_eq!(cloud.put(&cluster("c"), json!([])).await.refused(), (400, "InvalidRequestContent"));
    let none = cloud.call(reqwest::Method::PUT, &cluster("c"), "2025-07-01", None).await;
    assert_eq!(none.refused(), (400, "MissingRequestBody"));
}

#[tokio::test]
async fn a_resource_does_not_move() {
    let cloud = Cloud::start().await;
    cloud.running_cluster("c").await;
    let moved = cloud.put(&cluster("c"), changed(small(), "/location", json!("North Europe"))).await;
    assert_eq!(moved.refused(), (409, "InvalidResourceLocation"));
    let same = cloud.put(&cluster("c"), changed(small(), "/location", json!("WEST EUROPE"))).await;
    assert_eq!(same.status, 200, "the same place, spelt otherwise");
}

#[tokio::test]
async fn a_classic_cache_is_refused_for_each_thing_that_azure_refuses() {
    let cloud = Cloud::start().await;
    let sku = |name: &str, family: &str, capacity: u32| json!({ "name": name, "family": family, "capacity": capacity });
    let cases = [
        ("/properties/sku", Value::Null, "properties.sku"),
        ("/properties/sku", sku("Standard", "P", 1), "Premium"),
        ("/properties/sku", sku("Premium", "P", 5), "1 to 4"),
        ("/properties/sku", sku("Tiny", "C", 0), "Basic"),
        ("/properties/redisVersion", json!("8"), "redisVersion"),
        ("/properties/shardCount", json!(2), "Premium"),
        ("/properties/redisConfiguration", json!({ "maxmemory-policy": "AllKeysLRU" }), "allkeys-lru"),
        ("/properties/zonalAllocationPolicy", json!("Some"), "NoZones"),
    ];
    for (pointer, value, words) in cases {
        let refused = cloud.put(&classic("c"), changed(standard(), pointer, value.clone())).await;
        assert_eq!(refused.refused(), (400, "BadRequest"), "{pointer} {value}");
        assert!(refused.message().contains(words), "{words} in {}", refused.message());
    }
    let numbers = changed(standard(), "/properties/redisConfiguration", json!({ "maxmemory-delta": 10 }));
    assert_eq!(
        cloud.put(&classic("c"), numbers).await.refused(),
        (400, "InvalidRequestContent"),
        "all of them are text"
    );
    assert_eq!(cloud.put(&classic("a--b"), standard()).await.refused(), (400, "InvalidResourceName"));
}
