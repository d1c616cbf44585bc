//! What only Google Cloud does: failed creations vanish, one field is changed at a time, every call is counted.

use cache_driver::cache::Provider::{self, Gcp};
use serde_json::{Value, json};

use crate::harness::{Caller, Clouds};

/// What asks for each of the four products, and for Valkey in both modes.
fn products() -> [(&'static str, Value); 5] {
    [
        ("gcp/redis", json!({})),
        ("gcp/valkey", json!({"engine": "valkey"})),
        ("gcp/valkey", json!({"mode": "cluster"})),
        ("gcp/redis-cluster", json!({"mode": "cluster", "engine": "redis"})),
        ("gcp/memcached", json!({"engine": "memcached"})),
    ]
}

fn with(values: &Value, more: &Value) -> Value {
    let mut all = values.clone();
    for (key, value) in more.as_object().unwrap() {
        all[key] = value.clone();
    }
    all
}

#[tokio::test]
async fn each_product_is_made_changed_in_two_fields_and_removed() {
    for (product, values) in products() {
        let clouds = Clouds::start().await;
        let (mut resource, made) = clouds.made(Gcp, &values).await;
        assert_eq!(*made.value("product"), product);
        let driver = clouds.driver(Gcp).await;
        resource = resource.at(&driver.url);
        let more = match product {
            "gcp/memcached" => json!({"shards": 2, "tags": {"team": "shop"}}),
            "gcp/redis" => json!({"size": "large", "eviction_policy": "allkeys-lru"}),
            _ => json!({"replicas": 1, "eviction_policy": "allkeys-lru"}),
        };
        let wanted = with(&values, &more);
        resource.put(wanted.clone()).await.is(202);
        let changed = clouds.ready(&mut resource, &wanted).await;
        assert_eq!(changed.value("host"), made.value("host"), "{product}");
        let before = clouds.mutating();
        resource.put(wanted).await.is(200);
        assert_eq!(clouds.mutating(), before, "{product}: nothing is left to do");
        clouds.gone(&mut resource).await;
        assert_eq!(clouds.at(Gcp).await, Vec::<Value>::new());
        resource.get().await.is(404);
    }
}

#[tokio::test]
async fn another_tier_is_refused_with_the_id_that_allows_it() {
    let clouds = Clouds::start().await;
    let (resource, _) = clouds.made(Gcp, &json!({})).await;
    let driver = clouds.driver(Gcp).await;
    let mut resource = resource.at(&driver.url);
    let before = clouds.mutating();
    let refused = resource.put(json!({"high_availability": true})).await.refused("RES-106");
    let change = &refused.body["details"]["changes"][0];
    assert_eq!((&change["field"], &change["class"]), (&json!("tier"), &json!("replace")), "{}", refused.text);
    assert_eq!((&change["from"], &change["to"]), (&json!("BASIC"), &json!("STANDARD_HA")));
    assert!(refused.hint().contains(change["id"].as_str().unwrap()), "{}", refused.text);
    assert_eq!(clouds.mutating(), before);
}

const WHY: &str = "Unable to create instance. System limit for internal resources has been reached";

async fn failing(provider: Provider) -> Clouds {
    let clouds = Clouds::start().await;
    clouds.fault(provider, json!({"kind": "create_failed", "message": format!("RESOURCE_EXHAUSTED: {WHY}")}));
    clouds
}

/// Asks until it is no longer 202.
async fn settled(clouds: &Clouds, resource: &mut Caller, values: &Value) -> crate::harness::Answer {
    for _ in 0..10 {
        let answer = resource.put(values.clone()).await;
        if answer.status != 202 {
            return answer;
        }
        clouds.aws.minutes(7);
    }
    panic!("it never settles")
}

#[tokio::test]
async fn a_creation_that_fails_and_vanishes_is_told_once_and_then_made_anew() {
    for (product, values) in products() {
        for with_cookie in [true, false] {
            let clouds = failing(Gcp).await;
            let driver = clouds.driver(Gcp).await;
            let mut resource = clouds.aws.resource(&driver);
            let values = with(&values, &json!({"provider": "gcp"}));
            resource.put(values.clone()).await.is(202);
            clouds.aws.minutes(7);
            let mut asking = if with_cookie { resource.clone() } else { resource.forgetful() };
            let refused = settled(&clouds, &mut asking, &values).await.refused("RES-107");
            assert!(refused.message().contains(WHY), "{product}: {}", refused.text);
            assert_eq!(refused.body["details"]["retryable"], true);
            clouds.aws.minutes(1);
            if !with_cookie {
                asking.cookie = None;
            }
            let made = settled(&clouds, &mut asking, &values).await.is(200);
            assert_eq!(*made.value("product"), product);
            assert_eq!(clouds.at(Gcp).await.len(), 1);
        }
    }
}

#[tokio::test]
async fn a_caller_that_only_looks_is_told_of_a_failed_creation_too() {
    let clouds = failing(Gcp).await;
    let driver = clouds.driver(Gcp).await;
    let mut resource = clouds.aws.resource(&driver);
    resource.put(json!({"provider": "gcp"})).await.is(202);
    clouds.aws.minutes(7);
    let before = clouds.mutating();
    for _ in 0..2 {
        let refused = resource.get().await.refused("RES-107");
        assert!(refused.message().contains(WHY), "{}", refused.text);
    }
    assert_eq!(clouds.mutating(), before, "a look changes nothing");
}

#[tokio::test]
async fn an_update_that_fails_is_told_once_and_nothing_is_lost() {
    let clouds = Clouds::start().await;
    let (resource, made) = clouds.made(Gcp, &json!({"engine": "valkey"})).await;
    let driver = clouds.driver(Gcp).await;
    let mut resource = resource.at(&driver.url);
    let wanted = json!({"engine": "valkey", "replicas": 1});
    // The mark goes first; the change itself fails.
    clouds.fault(Gcp, json!({"kind": "update_failed", "message": "no synthetic zone has room", "skip": 1}));
    let refused = settled(&clouds, &mut resource, &wanted).await.refused("RES-104");
    assert!(refused.message().contains("no synthetic zone has room"), "{}", refused.text);
    clouds.aws.minutes(7);
    let changed = clouds.ready(&mut resource, &wanted).await;
    assert_eq!(changed.value("host"), made.value("host"));
}

#[tokio::test]
async fn two_hundred_pending_caches_take_less_than_thirty_calls_a_minute() {
    let clouds = Clouds::start().await;
    let values = json!({"engine": "valkey"});
    // Its quotas are ample, and it leaves the waiting to the next driver.
    let mut config = clouds.config(Gcp);
    config.lifecycle.background_tasks = 0;
    let ample = clouds.aws.driver_with(config).await;
    let mut resources = Vec::new();
    for _ in 0..200 {
        let mut resource = clouds.aws.resource(&ample);
        resource.put(values.clone()).await.is(202);
        resources.push(resource);
    }
    drop(ample);
    let mut config = clouds.config(Gcp);
    let quotas = cache_driver::config::Gcp::default();
    config.providers.gcp.requests_per_minute = quotas.requests_per_minute;
    config.providers.gcp.creations_per_minute = quotas.creations_per_minute;
    let driver = clouds.aws.driver_with(config).await;
    let calls = || clouds.gcp.control().calls().to_json()["total"].as_u64().unwrap();
    let (mut last, mut most) = (calls(), 0);
    for _minute in 0..4 {
        for _poll in 0..6 {
            for resource in &mut resources {
                *resource = resource.at(&driver.url);
                resource.put(values.clone()).await.is(202);
            }
            clouds.aws.seconds(10);
        }
        most = most.max(calls() - last);
        last = calls();
    }
    assert!(most < 30 && most > 0, "{most} calls in one minute: {}", clouds.gcp.control().calls().to_json()["counts"]);
}

#[tokio::test]
async fn what_google_lacks_is_named_before_anything_is_called() {
    let clouds = Clouds::start().await;
    let driver = clouds.driver(Gcp).await;
    let mut resource = clouds.aws.resource(&driver);
    for (values, path) in [
        (json!({"auth": "iam"}), "driver.values.auth"),
        (json!({"rotate": 1}), "driver.values.rotate"),
        (json!({"persistence": "aof"}), "driver.values.persistence"),
        (json!({"mode": "serverless"}), "driver.values.mode"),
        (json!({"engine": "memcached", "high_availability": true}), "driver.values.high_availability"),
        (json!({"engine": "memcached", "tls": true}), "driver.values.tls"),
        (json!({"engine": "valkey", "version": "6.2"}), "driver.values.version"),
        (json!({"gcp": {"project": "somebody-elses"}}), "driver.values.gcp.project"),
        (json!({"gcp": {"network": "shared", "network_project": "host-project"}}), "driver.values.gcp.network_project"),
        (json!({"region": "europe-east9"}), "driver.values.region"),
    ] {
        let refused = resource.put(values).await.refused("RES-101");
        assert!(refused.fields().contains(&path), "{path}: {}", refused.text);
    }
    assert_eq!(clouds.gcp.control().calls().to_json()["total"], 0);
}

#[tokio::test]
async fn a_key_that_cannot_be_used_is_told_without_being_shown() {
    let clouds = Clouds::start().await;
    let driver = clouds.driver(Gcp).await;
    let key = |token_uri: &str| {
        json!({"type": "service_account", "client_email": "caches@synthetic-caches.iam.gserviceaccount.com",
            "private_key": "CANARY", "token_uri": token_uri, "project_id": "synthetic-caches"})
    };
    for (account, told) in [
        (json!({"type": "external_account", "audience": "CANARY"}), "service_account"),
        (json!({"type": "authorized_user", "refresh_token": "CANARY"}), "service_account"),
        (json!("CANARY, which is no JSON"), "driver.secrets.account"),
        (key("https://oauth2.googleapis.com/token"), "private_key"),
    ] {
        let mut resource = clouds.aws.resource(&driver).with_account(account.clone());
        let refused = resource.put(json!({})).await;
        assert_eq!(refused.status, 400, "{account}");
        assert!(refused.text.contains(told) && !refused.text.contains("CANARY"), "{account}: {}", refused.text);
    }
    // Whatever host a tenant's key names, none is called.
    let mut config = clouds.config(Gcp);
    config.providers.gcp.endpoint_url = None;
    let driver = clouds.aws.driver_with(config).await;
    for host in [
        "http://127.0.0.1:9/token",
        "https://tokens.example/token",
        "not a url",
        "https://oauth2.googleapis.com.evil.example/token",
    ] {
        let mut resource = clouds.aws.resource(&driver).with_account(key(host));
        let refused = resource.put(json!({})).await.refused("RES-103");
        assert!(refused.text.contains("token_uri") && !refused.text.contains("CANARY"), "{host}: {}", refused.text);
    }
}

#[tokio::test]
async fn a_name_that_somebody_else_has_is_told_and_left_alone() {
    for (product, values) in products() {
        let clouds = Clouds::start().await;
        let (resource, made) = clouds.made(Gcp, &values).await;
        let strip = ["id", "w", "t", "d", "c", "r"].map(|key| (format!("cache-driver-{key}"), Value::Null));
        let labels =
            json!({"op": "labels", "id": made.value("name"), "labels": Value::Object(strip.into_iter().collect())});
        clouds.gcp.control().mutate(labels).await.unwrap();
        let driver = clouds.driver(Gcp).await;
        let before = clouds.mutating();
        resource.at(&driver.url).forgetful().put(values).await.refused("RES-105");
        resource.at(&driver.url).forgetful().delete().await.refused("RES-105");
        assert_eq!((clouds.mutating(), clouds.at(Gcp).await.len()), (before, 1), "{product}");
    }
}
