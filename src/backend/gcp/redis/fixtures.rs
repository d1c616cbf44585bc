//! What the tests of this product share.

use serde_json::{Value, json};

use super::super::inputs;
use super::super::instances::Setting;
use super::instance::Instance;
use super::observe::observed;
use super::resolve::resolve;
use crate::backend::{Observed, Ownership, Resolved};
use crate::cache::{FieldError, GuResId, Layer, Mark, Origin, Product, SizeTable, Spec, read};
use crate::clock::Timestamp;
use crate::config::Gcp;

pub(super) fn config() -> Gcp {
    Gcp {
        project: Some("example-project".to_owned()),
        region: Some("europe-west3".to_owned()),
        network: Some("caches".to_owned()),
        ..Gcp::default()
    }
}

#[track_caller]
pub(super) fn spec(origin: Origin, values: Value) -> Spec {
    let Value::Object(values) = values else { panic!("an object") };
    read(&[Layer { origin, values: &values }]).unwrap()
}

#[track_caller]
pub(super) fn resolve_from(config: &Gcp, origin: Origin, values: Value) -> Result<Resolved, Vec<FieldError>> {
    let (defaults, sizes) = (inputs::read(&config.defaults), SizeTable::embedded());
    let setting = Setting { product: Product::GcpRedis, config, defaults: &defaults, sizes: &sizes };
    resolve(setting, &spec(origin, values))
}

#[track_caller]
pub(super) fn try_resolve(config: &Gcp, values: Value) -> Result<Resolved, Vec<FieldError>> {
    resolve_from(config, Origin::Request, values)
}

#[track_caller]
pub(super) fn resolved(values: Value) -> Resolved {
    try_resolve(&config(), values).unwrap()
}

pub(super) fn mark() -> Mark {
    Mark::new(
        GuResId::parse("res-1").unwrap(),
        "0123456789ab".to_owned(),
        Timestamp::from_second(1_700_000_000).unwrap(),
    )
}

/// A basic instance as Google was recorded to show it, with some fields changed.
#[track_caller]
pub(super) fn ready(changed: Value) -> Value {
    let recorded = include_str!("../../../../tests/fixtures/gcp/redis_instance_ready.json");
    let mut all = serde_json::from_str::<Value>(recorded).unwrap()["body"].take();
    let Value::Object(changed) = changed else { panic!("an object") };
    all.as_object_mut().unwrap().extend(changed);
    all
}

/// An instance of ours as the defaults make it, with some of Google's fields changed.
#[track_caller]
pub(super) fn seen(changed: Value) -> Observed {
    let ours = json!({
        "displayName": "", "labels": {}, "redisVersion": "REDIS_7_2", "memorySizeGb": 1, "authEnabled": true,
        "authorizedNetwork": "projects/example-project/global/networks/caches", "port": 6378,
        "transitEncryptionMode": "SERVER_AUTHENTICATION",
    });
    let Value::Object(mut all) = ready(ours) else { panic!("an object") };
    let Value::Object(changed) = changed else { panic!("an object") };
    all.extend(changed);
    let instance: Instance = serde_json::from_value(Value::Object(all)).unwrap();
    Observed { ownership: Some(Ownership::Marked(Box::new(mark()))), ..observed(&instance, "example-project") }
}
