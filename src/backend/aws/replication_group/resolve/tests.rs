use serde_json::{Value, json};

use super::super::fixtures::{PREFIX, config, resolved, spec, try_resolve};
use super::*;
use crate::backend::Resolved;
use crate::config::Aws;

#[track_caller]
fn errors(config: &Aws, values: Value) -> Vec<String> {
    try_resolve(config, values).unwrap_err().into_iter().map(|error| error.path).collect()
}

#[test]
fn the_defaults_are_safe_and_nothing_of_them_was_asked_for() {
    let resolved = resolved(json!({}));
    for (field, expected) in [
        ("engine", json!("valkey")),
        ("engine_version", json!("8.1")),
        ("mode", json!("standard")),
        ("node_type", json!("cache.t4g.small")),
        ("num_node_groups", json!(1)),
        ("replicas_per_node_group", json!(0)),
        ("multi_az", json!(false)),
        ("automatic_failover", json!(false)),
        ("tls", json!(true)),
        ("transit_encryption_mode", json!("required")),
        ("auth", json!("password")),
        ("at_rest_encryption", json!(true)),
        ("subnet_group", json!("caches")),
        ("security_group_ids", json!(["sg-0123456789abcdef0"])),
        ("parameter_group", json!("default.valkey8")),
    ] {
        assert_eq!(resolved.fields.get(field), Some(&expected), "{field}");
    }
    assert!(resolved.set.is_empty() && resolved.by_route.is_empty(), "{:?}", resolved.set);
    assert_eq!((resolved.capacity, resolved.memory_gb), (None, Some(1.37)));
}

#[test]
fn what_was_set_is_listed_as_set_and_what_a_route_set_as_the_routes() {
    let resolved = resolved(json!({"engine": "redis", "size": "large", "backup": {"days": 3}, "aws": {"port": 7000}}));
    for field in ["engine", "node_type", "snapshot_retention_limit", "port"] {
        assert!(resolved.set.contains(field), "{field} of {:?}", resolved.set);
    }
    assert!(!resolved.set.contains("engine_version"));
    assert_eq!(resolved.capacity.as_deref(), Some("large"));
    let (config, defaults, sizes) =
        (config(), crate::backend::aws::inputs::read(&serde_json::Map::new()), SizeTable::embedded());
    let setting = Setting { config: &config, defaults: &defaults, sizes: &sizes, prefix: PREFIX };
    let by_route =
        resolve(setting, &spec(Origin::Route("redis".to_owned()), json!({"high_availability": true}))).unwrap();
    assert!(by_route.set.is_empty() && by_route.by_route.contains("multi_az"));
}

#[test]
fn an_automatic_engine_was_not_asked_for() {
    assert!(!resolved(json!({"engine": "auto"})).set.contains("engine"));
}

#[test]
fn a_size_is_a_node_type_and_an_explicit_node_type_wins() {
    let node_type = |values| resolved(values).text("node_type").unwrap().to_owned();
    assert_eq!(node_type(json!({"size": "nano"})), "cache.t4g.micro");
    assert_eq!(node_type(json!({"memory_gb": 5})), "cache.m7g.large");
    let explicit = resolved(json!({"size": "nano", "aws": {"node_type": "cache.r7g.large"}}));
    assert_eq!((explicit.text("node_type"), explicit.capacity.as_deref()), (Some("cache.r7g.large"), None));
    assert_eq!(explicit.memory_gb, Some(13.07));
    assert!(explicit.warnings.iter().any(|warning| warning.contains("wins over")));
    assert_eq!(errors(&config(), json!({"memory_gb": 500})), ["driver.values.memory_gb"]);
}

#[test]
fn high_availability_is_a_replica_in_another_zone_with_failover() {
    let standard = resolved(json!({"high_availability": true}));
    assert_eq!(standard.number("replicas_per_node_group"), Some(1));
    assert_eq!((standard.flag("multi_az"), standard.flag("automatic_failover")), (Some(true), Some(true)));
    let cluster = resolved(json!({"mode": "cluster", "shards": 3, "replicas": 2}));
    assert_eq!((cluster.number("num_node_groups"), cluster.number("replicas_per_node_group")), (Some(3), Some(2)));
    assert_eq!((cluster.flag("multi_az"), cluster.flag("automatic_failover")), (Some(false), Some(true)));
    assert_eq!(cluster.text("parameter_group"), Some("default.valkey8.cluster.on"));
}

#[test]
fn parameters_make_a_group_that_is_shared() {
    let made = |values| resolved(values).text("parameter_group").unwrap().to_owned();
    let lru = made(json!({"eviction_policy": "allkeys-lru"}));
    assert!(lru.starts_with("cache-valkey8-"), "{lru}");
    assert_eq!(lru, made(json!({"parameters": {"maxmemory-policy": "allkeys-lru"}})));
    assert_ne!(lru, made(json!({"eviction_policy": "allkeys-lru", "mode": "cluster"})));
    assert!(made(json!({"eviction_policy": "allkeys-lru", "engine": "redis"})).starts_with("cache-redis7-"));
    assert!(resolved(json!({"parameters": {"timeout": "10"}})).set.contains("parameter_group"));
    assert_eq!(made(json!({"aws": {"parameter_group": "Mine"}})), "mine");
}

#[test]
fn the_missing_network_is_named_and_nothing_is_opened_instead() {
    let bare = Aws { region: Some("eu-central-1".to_owned()), ..Aws::default() };
    assert_eq!(errors(&bare, json!({})), ["driver.values.aws.subnet_group", "driver.values.aws.security_group_ids"]);
    let given = json!({"aws": {"subnet_group": "Own", "security_group_ids": "sg-1,sg-2"}});
    let resolved = try_resolve(&bare, given).unwrap();
    assert_eq!(resolved.fields["subnet_group"], "own");
    assert_eq!(resolved.list("security_group_ids"), ["sg-1", "sg-2"]);
}

#[test]
fn what_the_product_cannot_serve_is_named_at_its_path() {
    let kms = "arn:aws:kms:us-east-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab";
    for (values, path) in [
        (json!({"persistence": "aof"}), "persistence"),
        (json!({"auth": "iam"}), "auth"),
        (json!({"auth": "password", "tls": false}), "auth"),
        (json!({"tls": false}), "auth"),
        (json!({"engine": "redis", "version": "8.0"}), "version"),
        (json!({"engine": "valkey", "version": "7.0"}), "version"),
        (json!({"encryption_key": "alias/mine"}), "encryption_key"),
        (json!({"encryption_key": kms}), "encryption_key"),
        (json!({"backup": {"days": 36}}), "backup.days"),
        (json!({"backup": {"days": 1, "window": "03:00-03:30"}}), "backup.window"),
        (json!({"maintenance_window": "sun:03:00-sun:03:30"}), "maintenance_window"),
        (
            json!({"maintenance_window": "sun:03:00-sun:04:00", "backup": {"days": 1, "window": "03:30-04:30"}}),
            "maintenance_window",
        ),
        (json!({"restore_from": "s3://bucket/file.rdb"}), "restore_from"),
        (json!({"parameters": {"cluster-enabled": "yes"}}), "parameters.cluster-enabled"),
        (json!({"aws": {"parameter_group": "mine"}, "eviction_policy": "allkeys-lru"}), "aws.parameter_group"),
        (json!({"aws": {"user_group_ids": "mine"}}), "aws.user_group_ids"),
        (json!({"aws": {"max_ecpu": 1000}}), "aws.max_ecpu"),
        (json!({"aws": {"subnet_ids": "subnet-1"}}), "aws.subnet_ids"),
        (json!({"aws": {"multi_az": true}}), "aws.multi_az"),
        (json!({"aws": {"availability_zones": "eu-central-1a,eu-central-1b"}}), "aws.availability_zones"),
        (json!({"aws": {"data_tiering": true}}), "aws.data_tiering"),
        (json!({"mode": "cluster", "shards": 200, "replicas": 5}), "shards"),
    ] {
        assert_eq!(errors(&config(), values.clone()), [format!("driver.values.{path}")], "{values}");
    }
}

#[test]
fn every_wrong_field_is_reported_at_once() {
    let found = errors(&config(), json!({"persistence": "rdb", "auth": "iam", "backup": {"days": 99}}));
    assert_eq!(found.len(), 3, "{found:?}");
}

#[test]
fn the_configs_own_defaults_fill_the_block_and_give_way_to_the_request() {
    let defaults = json!({"node_type": "cache.r7g.large", "port": "7001", "subnet_group": "theirs"});
    let config = Aws { defaults: defaults.as_object().unwrap().clone(), ..config() };
    let text = |values, field: &str| try_resolve(&config, values).unwrap().fields[field].clone();
    assert_eq!(text(json!({}), "node_type"), "cache.r7g.large");
    assert_eq!(text(json!({"size": "nano"}), "node_type"), "cache.t4g.micro");
    assert_eq!(text(json!({}), "port"), 7001);
    assert_eq!(text(json!({}), "subnet_group"), "theirs");
    assert!(!try_resolve(&config, json!({})).unwrap().set.contains("port"));
    let wrong = Aws { defaults: json!({"prot": 1}).as_object().unwrap().clone(), ..config.clone() };
    assert_eq!(errors(&wrong, json!({})), ["providers.aws.defaults.prot"]);
}

#[test]
fn a_snapshot_is_named_or_lies_in_s3() {
    let field = |from: &str, field: &str| resolved(json!({"restore_from": from})).fields.get(field).cloned();
    assert_eq!(field("nightly", "snapshot_name"), Some(json!("nightly")));
    let arn = "arn:aws:elasticache:eu-central-1:111122223333:snapshot:nightly";
    assert_eq!(field(arn, "snapshot_name"), Some(json!("nightly")));
    assert_eq!(field("arn:aws:s3:::bucket/a.rdb", "snapshot_arns"), Some(json!(["arn:aws:s3:::bucket/a.rdb"])));
}

#[test]
fn the_caller_is_warned_of_what_is_allowed_but_unwise() {
    let warned = |values: Value, word: &str| {
        let Resolved { warnings, .. } = resolved(values);
        warnings.iter().any(|warning| warning.contains(word))
    };
    assert!(warned(json!({"high_availability": true}), "burstable"));
    assert!(warned(json!({"auth": "none"}), "security groups"));
    assert!(warned(json!({"aws": {"transit_encryption_mode": "preferred"}}), "plain"));
    assert!(warned(json!({"engine": "redis", "version": "5.0.6"}), "charges"));
    assert!(!warned(json!({}), ""));
}
