use std::time::Duration;

use serde_json::json;

use super::*;
use crate::cache::Size;

fn object(value: &Value) -> &Map<String, Value> {
    value.as_object().unwrap()
}

fn request(values: &Value) -> Result<Spec, Vec<FieldError>> {
    read(&[Layer { origin: Origin::Request, values: object(values) }])
}

#[track_caller]
fn spec(values: &Value) -> Spec {
    request(values).unwrap()
}

fn layered(layers: &[(Origin, Value)]) -> Result<Spec, Vec<FieldError>> {
    let layers: Vec<Layer<'_>> =
        layers.iter().map(|(origin, values)| Layer { origin: origin.clone(), values: object(values) }).collect();
    read(&layers)
}

fn route() -> Origin {
    Origin::Route("redis".to_owned())
}

fn profile() -> Origin {
    Origin::Profile("production".to_owned())
}

/// Every input at once, without a contradiction.
fn everything() -> Value {
    json!({
        "provider": "aws", "product": "aws/replication-group", "profile": "production", "engine": "valkey", "version": 8.0,
        "mode": "cluster", "size": "large", "high_availability": true, "replicas": 2, "shards": 3, "tls": true,
        "auth": "password", "encryption_key": "arn:aws:kms:eu-central-1:123456789012:key/1", "eviction_policy": "allkeys-lru",
        "parameters": { "maxmemory-samples": 10 }, "persistence": "none", "backup": { "days": 7, "window": "03:00-05:00" },
        "maintenance_window": "sun:23:30-mon:00:30", "apply": "maintenance_window", "on_delete": "snapshot",
        "delete_hold_hours": 24, "deletion_protection": false, "allow": ["c-1a2b"], "on_provider_change": "replace",
        "adopt": "old-cache", "rotate": 1, "name_salt": "2", "ttl": "7d", "tags": { "team": "shop" },
        "context": { "org": "acme", "app": "shop", "env": "dev", "env_type": "development", "res": "cache" },
        "region": "eu", "account": "main",
        "aws": { "subnet_group": "caches", "security_group_ids": ["sg-1"], "multi_az": true },
        "gcp": { "project": "my-project" }, "azure": { "sku": "Balanced_B5" },
    })
}

#[test]
fn what_is_read_is_summarised_in_full_and_reads_back_the_same() {
    let first = spec(&everything());
    let summary = Value::Object(first.set_fields());
    for key in object(&everything()).keys() {
        assert!(summary.get(key).is_some(), "{key}");
    }
    assert_eq!(spec(&summary), first);
    assert_eq!(summary["version"], "8.0");
    assert_eq!(summary["ttl"], "1w");
    assert_eq!(first.ttl, Some(Ttl::After(Duration::from_hours(24 * 7))));
    for none in ["none", "never"] {
        let lifted = spec(&json!({ "ttl": none, "on_delete": "hold", "deletion_protection": true }));
        assert_eq!((lifted.ttl, &lifted.set_fields()["ttl"]), (Some(Ttl::Never), &json!("none")));
    }
    assert_eq!(first.native(Provider::Aws, "multi_az"), Some(&json!(true)));
}

#[test]
fn every_spelling_of_the_same_values_is_the_same_specification() {
    let plain = json!({
        "replicas": 2, "tls": true, "version": "7.2", "mode": "cluster", "shards": 2, "backup": { "days": 7 },
        "allow": ["a", "b"], "tags": { "n": "1" }, "memory_gb": 2, "ttl": "24h",
        "aws": { "security_group_ids": ["sg-1", "sg-2"], "account_id": "123456789012" },
    });
    let mixed = json!({
        "replicas": "2", "tls": "true", "version": 7.2, "mode": "cluster", "shards": 2.0, "backup": "{\"days\": \"7\"}",
        "allow": "a, b", "tags": "{\"n\": 1}", "memory_gb": "2.0", "ttl": "1d", "engine": null, "size": "", "auth": null,
        "aws": { "security_group_ids": "[\"sg-1\",\"sg-2\"]", "account_id": 123_456_789_012_u64, "port": "" },
    });
    assert_eq!(spec(&plain), spec(&mixed));
    assert_eq!(spec(&plain).want_hash(), spec(&mixed).want_hash());
}

#[test]
fn the_hash_tells_wanted_caches_apart_and_leaves_policies_out() {
    let hash = |values: Value| spec(&values).want_hash();
    let base = hash(json!({ "provider": "aws", "size": "small" }));
    assert!(base.len() == 12 && base.bytes().all(|c| c.is_ascii_hexdigit()));
    for same in [
        json!({ "provider": "aws", "size": "small", "allow": "c-1", "account": "main", "profile": "p", "apply": "now" }),
        json!({ "provider": "aws", "size": "small", "on_delete": "hold", "delete_hold_hours": 3, "deletion_protection": true }),
        json!({ "provider": "aws", "size": "small", "gcp": { "project": "my-project" } }),
    ] {
        assert_eq!(hash(same.clone()), base, "{same}");
    }
    for other in [
        json!({ "provider": "gcp", "size": "small" }),
        json!({ "provider": "aws", "size": "medium" }),
        json!({ "provider": "aws", "memory_gb": 1 }),
        json!({ "provider": "aws", "size": "small", "rotate": 1 }),
        json!({ "provider": "aws", "size": "small", "aws": { "port": 6380 } }),
    ] {
        assert_ne!(hash(other.clone()), base, "{other}");
    }
}

#[test]
fn a_hash_never_changes_between_releases() {
    assert_eq!(spec(&json!({ "provider": "aws", "size": "small", "replicas": 1 })).want_hash(), "f497124c1e1a");
}

#[test]
fn every_wrong_field_of_every_layer_is_reported_at_once() {
    let errors = layered(&[
        (
            Origin::Request,
            json!({ "engin": "redis", "replicas": "many", "tls": "yes", "backup": { "days": "x" }, "aws": { "node_typ": 1 } }),
        ),
        (Origin::Developer, json!({ "size": "smal", "allow": ["a b"] })),
        (profile(), json!({ "size": "small", "memory_gb": 2 })),
        (route(), json!({ "region": "eu", "location": "eu", "tags": { "a": true } })),
    ])
    .unwrap_err();
    let mut paths: Vec<&str> = errors.iter().map(|error| error.path.as_str()).collect();
    paths.sort_unstable();
    assert_eq!(
        paths,
        [
            "driver.values.aws.node_typ",
            "driver.values.backup.days",
            "driver.values.engin",
            "driver.values.replicas",
            "driver.values.tls",
            "profiles.production.memory_gb",
            "resource.allow[0]",
            "resource.size",
            "routes.redis.defaults.location",
            "routes.redis.defaults.tags.a",
        ]
    );
    let hint = |path: &str| errors.iter().find(|error| error.path == path).unwrap().hint.clone().unwrap();
    assert_eq!(hint("driver.values.engin"), "did you mean `engine`?");
    assert_eq!(hint("driver.values.aws.node_typ"), "did you mean `node_type`?");
    assert_eq!(hint("resource.size"), "did you mean `small`?");
}

#[test]
fn the_value_of_an_unknown_key_is_not_repeated() {
    let errors = request(&json!({ "pasword": "hunter2" })).unwrap_err();
    assert!(!serde_json::to_string(&errors).unwrap().contains("hunter2"));
}

#[test]
fn each_bad_input_names_its_field() {
    for (values, path) in [
        (json!({ "shards": 2 }), "shards"),
        (json!({ "mode": "standard", "shards": 2 }), "shards"),
        (json!({ "product": "gcp/redis", "shards": 2 }), "shards"),
        (json!({ "mode": "serverless", "shards": 2 }), "shards"),
        (json!({ "mode": "serverless", "replicas": 1 }), "replicas"),
        (json!({ "mode": "serverless", "persistence": "aof" }), "persistence"),
        (json!({ "high_availability": true, "replicas": 0 }), "replicas"),
        (json!({ "size": "small", "memory_gb": 1 }), "memory_gb"),
        (json!({ "size": "huge" }), "size"),
        (json!({ "memory_gb": 0 }), "memory_gb"),
        (json!({ "engine": "dragonfly" }), "engine"),
        (json!({ "provider": "ibm" }), "provider"),
        (json!({ "product": "aws/redis" }), "product"),
        (json!({ "provider": "gcp", "product": "aws/serverless" }), "product"),
        (json!({ "product": "gcp/redis", "engine": "memcached" }), "engine"),
        (json!({ "product": "gcp/redis-cluster", "mode": "standard" }), "mode"),
        (json!({ "engine": "memcached", "mode": "cluster" }), "mode"),
        (json!({ "engine": "memcached", "auth": "password" }), "auth"),
        (json!({ "product": "aws/memcached", "auth": "iam" }), "auth"),
        (json!({ "engine": "memcached", "persistence": "rdb" }), "persistence"),
        (json!({ "engine": "memcached", "backup": { "days": 1 } }), "backup.days"),
        (json!({ "engine": "memcached", "replicas": 1 }), "replicas"),
        (json!({ "engine": "memcached", "eviction_policy": "allkeys-lru" }), "eviction_policy"),
        (json!({ "engine": "memcached", "on_delete": "snapshot" }), "on_delete"),
        (json!({ "engine": "memcached", "restore_from": "snap" }), "restore_from"),
        (json!({ "ttl": "1d", "on_delete": "hold" }), "on_delete"),
        (json!({ "ttl": "1d", "deletion_protection": true }), "deletion_protection"),
        (json!({ "adopt": "a", "restore_from": "b" }), "restore_from"),
        (json!({ "maintenance_window": "sun:03:00-sun:03:00" }), "maintenance_window"),
        (json!({ "tags": [1] }), "tags"),
        (json!({ "azure": "x" }), "azure"),
    ] {
        let errors = request(&values).unwrap_err();
        let paths: Vec<&str> = errors.iter().map(|error| error.path.as_str()).collect();
        assert_eq!(paths, [format!("driver.values.{path}")], "{values}");
    }
}

#[test]
fn what_looks_contradictory_and_is_not_is_accepted() {
    for values in [
        json!({ "high_availability": false, "replicas": 2 }),
        json!({ "product": "gcp/redis-cluster", "shards": 3 }),
        json!({ "engine": "memcached", "shards": 3, "auth": "none", "persistence": "none" }),
        json!({ "mode": "serverless", "shards": 1, "replicas": 0, "high_availability": true }),
        json!({ "product": "aws/serverless", "engine": "memcached", "backup": { "days": 3 } }),
        json!({ "delete_hold_hours": 5 }),
        json!({ "provider": "aws", "gcp": { "project": "my-project" } }),
    ] {
        assert!(request(&values).is_ok(), "{values}: {:?}", request(&values));
    }
}

#[test]
fn a_higher_layer_hides_a_lower_one_and_size_hides_memory() {
    let spec = layered(&[
        (Origin::Request, json!({ "size": "small", "tags": { "a": "request" }, "engine": "auto" })),
        (profile(), json!({ "replicas": 1, "backup": { "days": 7 }, "aws": { "port": 6380 } })),
        (
            route(),
            json!({
                "memory_gb": 6, "replicas": 2, "engine": "redis", "backup": { "days": 1, "window": "03:00-05:00" },
                "tags": { "a": "route", "b": "route" }, "aws": { "port": 6381, "subnet_group": "g" }, "location": "eu",
            }),
        ),
    ])
    .unwrap();
    assert_eq!(spec.capacity, Some(Capacity::Size(Size::Small)));
    assert_eq!(spec.engine, None);
    assert_eq!(spec.replicas, Some(1));
    assert_eq!(spec.backup, Some(Backup { days: 7, window: None }));
    assert_eq!(spec.tags, BTreeMap::from([("a".into(), "request".into()), ("b".into(), "route".into())]));
    assert_eq!(spec.native(Provider::Aws, "port"), Some(&json!(6380)));
    assert_eq!(spec.native(Provider::Aws, "subnet_group"), Some(&json!("g")));

    assert_eq!(spec.path_of("replicas"), "profiles.production.replicas");
    assert_eq!(spec.path_of("backup.days"), "profiles.production.backup.days");
    assert_eq!(spec.path_of("tags.b"), "routes.redis.defaults.tags.b");
    assert_eq!(spec.path_of("aws.port"), "profiles.production.aws.port");
    assert_eq!(spec.path_of("region"), "routes.redis.defaults.location");
    assert_eq!(spec.path_of("shards"), "driver.values.shards");
    assert_eq!(spec.path_of("aws.node_type"), "driver.values.aws.node_type");
    assert_eq!(spec.origin_of("memory_gb"), None);
    assert_eq!(spec.origin_of("size"), Some(&Origin::Request));
}

#[test]
fn a_contradiction_is_told_at_the_layer_that_set_the_field() {
    let errors =
        layered(&[(Origin::Request, json!({ "mode": "standard" })), (route(), json!({ "shards": 3 }))]).unwrap_err();
    assert_eq!(errors[0].path, "routes.redis.defaults.shards");
}

#[test]
fn developers_set_what_the_route_lets_them_and_as_far_as_it_does() {
    let limits = json!({
        "size": ["nano", "small"], "replicas": 2, "ttl": "7d", "aws.node_type": ["cache.t4g.micro"], "region": ["eu"],
    });
    assert_eq!(check_limits("routes.redis.limits", object(&limits)), []);
    let allowed: Vec<String> = ["size", "memory_gb", "replicas", "ttl", "aws", "region"].map(str::to_owned).into();
    let paths = |values: Value| -> Vec<String> {
        let layer = Layer { origin: Origin::Developer, values: object(&values) };
        check_developer(&layer, &allowed, object(&limits)).into_iter().map(|error| error.path).collect()
    };
    let nothing: [&str; 0] = [];
    assert_eq!(paths(json!({ "size": "small", "replicas": "2", "ttl": "168h", "location": "eu" })), nothing);
    assert_eq!(paths(json!({ "memory_gb": 1, "aws": { "port": 6380 }, "tls": null })), nothing);
    assert_eq!(paths(json!({ "size": "medium" })), ["resource.size"]);
    assert_eq!(paths(json!({ "memory_gb": 1.5 })), ["resource.memory_gb"]);
    assert_eq!(paths(json!({ "replicas": "3" })), ["resource.replicas"]);
    assert_eq!(paths(json!({ "ttl": "8d" })), ["resource.ttl"]);
    assert_eq!(paths(json!({ "ttl": "none" })), ["resource.ttl"]);
    assert_eq!(paths(json!({ "location": "us" })), ["resource.location"]);
    assert_eq!(paths(json!({ "tls": false })), ["resource.tls"]);
    let big = r#"{"node_type": "cache.r7g.xlarge"}"#;
    assert_eq!(paths(json!({ "aws": big })), ["resource.aws.node_type"]);
}

#[test]
fn limits_that_bound_nothing_are_refused() {
    let limits = json!({ "siz": ["nano"], "size": "small", "replicas": "two", "tls": 1, "engine": ["mysql"] });
    let mut paths: Vec<String> = check_limits("limits", object(&limits)).into_iter().map(|error| error.path).collect();
    paths.sort_unstable();
    assert_eq!(paths, ["limits.engine", "limits.replicas", "limits.siz", "limits.size", "limits.tls"]);
}
