//! Wrong inputs: each is told with code, path and hint; nothing is created, nothing is lost.

use std::collections::BTreeMap;

use cache_driver::cache::Provider;
use serde_json::{Value, json};

use crate::harness::{Caller, Server, World, not_compiled};

async fn driver_and_resource(world: &World) -> (Server, Caller) {
    let driver = world.driver().await;
    let resource = world.resource(&driver);
    (driver, resource)
}

#[track_caller]
fn assert_nothing_was_called(world: &World) {
    let calls = world.cloud.control().calls().to_json();
    assert_eq!(calls["total"], 0, "{calls}");
}

#[tokio::test]
async fn each_wrong_value_is_told_with_its_path_and_nothing_is_called() {
    let world = World::start().await;
    let (_driver, mut resource) = driver_and_resource(&world).await;
    for (values, path) in [
        (json!({"sise": "small"}), "driver.values.sise"),
        (json!({"size": "gigantic"}), "driver.values.size"),
        (json!({"size": 5}), "driver.values.size"),
        (json!({"engine": "mysql"}), "driver.values.engine"),
        (json!({"provider": "aqs"}), "driver.values.provider"),
        (json!({"profile": "nope"}), "driver.values.profile"),
        (json!({"replicas": 9}), "driver.values.replicas"),
        (json!({"replicas": "many"}), "driver.values.replicas"),
        (json!({"tls": "perhaps"}), "driver.values.tls"),
        (json!({"shards": 3}), "driver.values.shards"),
        (json!({"region": "mars-north-1"}), "driver.values.region"),
        (json!({"aws": {"node_tipe": "cache.t4g.micro"}}), "driver.values.aws.node_tipe"),
        (json!({"aws": {"security_group_ids": ["default"]}}), "driver.values.aws.security_group_ids"),
        (json!({"backup": {"window": "03:00-04:00"}}), "driver.values.backup.days"),
        (json!({"high_availability": true, "replicas": 0}), "driver.values.replicas"),
        (json!({"tls": false, "auth": "password"}), "driver.values"),
        (json!({"on_delete": "hold", "ttl": "3h"}), "driver.values.on_delete"),
        (json!({"on_delete": "hold", "delete_hold_hours": 0}), "driver.values.delete_hold_hours"),
        (json!({"ttl": "soon"}), "driver.values.ttl"),
    ] {
        let refused = resource.put(values.clone()).await;
        assert_eq!((refused.status, &refused.body["error"]), (400, &json!("RES-101")), "{values}: {}", refused.text);
        assert!(refused.fields()[0].starts_with(path), "{values}: {}", refused.text);
    }
    assert_nothing_was_called(&world);
}

#[tokio::test]
async fn a_version_that_only_the_cloud_knows_not_to_exist_is_its_refusal() {
    let world = World::start().await;
    let (_driver, mut resource) = driver_and_resource(&world).await;
    let refused = resource.put(json!({"version": "99.1"})).await.refused("RES-104");
    assert!(refused.body["details"]["cause"]["message"].as_str().unwrap().contains("99.1"), "{}", refused.text);
    assert!(world.caches().await.is_empty());
}

#[tokio::test]
async fn a_misspelt_key_or_word_is_told_with_the_nearest_one() {
    let world = World::start().await;
    let (_driver, mut resource) = driver_and_resource(&world).await;
    for (values, near) in [
        (json!({"sise": "small"}), "size"),
        (json!({"size": "smal"}), "small"),
        (json!({"engine": "valky"}), "valkey"),
        (json!({"aws": {"subnet_grop": "caches"}}), "subnet_group"),
    ] {
        let refused = resource.put(values).await.refused("RES-101");
        let hint = refused.body["details"]["fields"][0]["hint"].as_str().unwrap_or_default();
        assert!(hint.contains(near), "{}", refused.text);
    }
}

#[tokio::test]
async fn all_wrong_fields_are_told_in_one_answer() {
    let world = World::start().await;
    let (_driver, mut resource) = driver_and_resource(&world).await;
    let values = json!({"sise": "x", "engine": "mysql", "replicas": 77, "tls": [1], "aws": {"port": 1}});
    let refused = resource.put(values).await.refused("RES-101");
    let mut fields = refused.fields();
    fields.sort_unstable();
    assert_eq!(
        fields,
        [
            "driver.values.aws.port",
            "driver.values.engine",
            "driver.values.replicas",
            "driver.values.sise",
            "driver.values.tls"
        ]
    );
    assert_nothing_was_called(&world);
}

#[tokio::test]
async fn a_size_in_two_ways_at_once_is_refused() {
    let world = World::start().await;
    let (_driver, mut resource) = driver_and_resource(&world).await;
    let refused = resource.put(json!({"size": "small", "memory_gb": 3})).await.refused("RES-101");
    assert!(refused.text.contains("memory_gb") && refused.text.contains("size"), "{}", refused.text);
    assert_nothing_was_called(&world);
}

#[tokio::test]
async fn a_network_without_security_groups_is_refused_rather_than_given_the_default_ones() {
    let world = World::with(|config| config.providers.aws.security_group_ids.clear()).await;
    let (_driver, mut resource) = driver_and_resource(&world).await;
    let refused = resource.put(json!({})).await.refused("RES-101");
    assert_eq!(refused.fields(), ["driver.values.aws.security_group_ids"]);
    assert_nothing_was_called(&world);
}

#[tokio::test]
async fn a_provider_that_is_not_in_the_binary_and_one_that_is_not_enabled_are_different_errors() {
    let world = World::start().await;
    let (_driver, mut resource) = driver_and_resource(&world).await;
    if let Some(missing) = not_compiled() {
        let refused = resource.put(json!({"provider": missing.as_str()})).await.refused("RES-109");
        assert!(refused.message().contains("not compiled"), "{}", refused.text);
        assert!(refused.hint().contains(&format!("--features {missing}")), "{}", refused.text);
    }

    let mut config = world.config.clone();
    config.providers.aws.enabled = false;
    config.routes.get_mut("redis").unwrap().provider = Some(Provider::Aws);
    let driver = world.driver_with(config).await;
    let not_enabled = world.resource(&driver).put(json!({})).await.refused("RES-109");
    assert!(not_enabled.message().contains("not enabled"), "{}", not_enabled.text);
    assert!(not_enabled.hint().contains("providers.aws.enabled"), "{}", not_enabled.text);

    let no_product = resource.put(json!({"product": "aws/memcached", "engine": "memcached"})).await.refused("RES-109");
    assert!(no_product.message().contains("aws/replication-group"), "{}", no_product.text);
    assert_nothing_was_called(&world);
}

#[tokio::test]
async fn a_cookie_of_another_resource_or_garbled_is_refused_and_a_foreign_one_passed_over() {
    let world = World::start().await;
    let (driver, mut resource) = driver_and_resource(&world).await;
    world.create(&mut resource, &json!({})).await;
    let cookie = resource.cookie.clone().unwrap();
    let total = || world.cloud.control().calls().to_json()["total"].clone();
    let before = total();

    let other = world.resource(&driver);
    let mut garbled = cookie.clone();
    let last = garbled.pop().unwrap();
    garbled.push(if last == 'A' { 'B' } else { 'A' });
    let cut = cookie[..cookie.len() - 12].to_owned();
    for (of, cookie) in [(&other, cookie.clone()), (&resource, garbled), (&resource, cut)] {
        let mut caller = of.clone();
        for method in ["put", "get", "delete"] {
            caller.cookie = Some(cookie.clone());
            let answer = match method {
                "put" => caller.put(json!({})).await,
                "get" => caller.get().await,
                _ => caller.delete().await,
            };
            assert!(!answer.refused("RES-102").hint().is_empty());
        }
    }
    assert_eq!(total(), before);

    for foreign in ["another-drivers-cookie", "cd1.lost-key.AAAA", "eyJmb28iOjF9"] {
        resource.cookie = Some(foreign.to_owned());
        resource.get().await.is(200);
    }
}

#[tokio::test]
async fn a_profile_stands_below_the_request_and_its_mistakes_are_told() {
    let profile = json!({"size": "medium", "replicas": 1}).as_object().unwrap().clone();
    let world = World::with(|config| config.profiles = BTreeMap::from([("production".to_owned(), profile)])).await;
    let (_driver, mut resource) = driver_and_resource(&world).await;
    let refused = resource.put(json!({"profile": "producton"})).await.refused("RES-101");
    let hint = refused.body["details"]["fields"][0]["hint"].as_str().unwrap();
    assert!(hint.contains("production"), "{}", refused.text);
    resource.put(json!({"profile": "production", "size": "small"})).await.is(202);
    let cache = world.only_cache().await;
    assert_eq!(
        (&cache["CacheNodeType"], &cache["NodeGroups"][0]["ReplicaCount"]),
        (&json!("cache.t4g.small"), &json!(1))
    );
}

#[tokio::test]
async fn developers_may_set_only_what_their_route_allows() {
    let world = World::with(|config| {
        let route = config.routes.get_mut("redis").unwrap();
        route.developer_inputs = vec!["size".to_owned()];
        route.limits = json!({"size": ["nano", "small"]}).as_object().unwrap().clone();
    })
    .await;
    let driver = world.driver().await;
    let http = reqwest::Client::builder().no_proxy().build().unwrap();
    for (developer, path) in [
        (json!({"size": "2xlarge"}), "resource.size"),
        (json!({"deletion_protection": true}), "resource.deletion_protection"),
    ] {
        let body = json!({"type": "redis", "resource": developer, "driver": {"values": {}}});
        let url = format!("{}/redis/{}", driver.url, world.id());
        let answer = http.put(url).json(&body).send().await.unwrap();
        assert_eq!(answer.status(), 400);
        let body: Value = answer.json().await.unwrap();
        assert_eq!(
            (&body["error"], &body["details"]["fields"][0]["path"]),
            (&json!("RES-101"), &json!(path)),
            "{body}"
        );
    }
    assert_nothing_was_called(&world);
}

#[tokio::test]
async fn wrong_inputs_lose_nothing_of_a_cache_that_exists() {
    let world = World::start().await;
    let (_driver, mut resource) = driver_and_resource(&world).await;
    let made = world.create(&mut resource, &json!({})).await;
    let (before, cache) = (world.mutating(), world.only_cache().await);
    resource.put(json!({"sise": "small"})).await.refused("RES-101");
    resource.put(json!({"provider": "gcp"})).await.refused("RES-109");
    resource.put(json!({"region": "us-east-1"})).await.refused("RES-101");
    assert_eq!((world.mutating(), world.only_cache().await), (before, cache));
    assert_eq!(resource.put(json!({})).await.is(200).body["resource"], made.body["resource"]);
}
