//! What the tests of this product share.

use serde_json::{Value, json};

use super::super::inputs;
use super::super::instances::Setting;
use super::instance::Instance;
use super::observe::observed;
use super::resolve::resolve;
use crate::backend::{Observed, Ownership, Resolved};
use crate::cache::{FieldError, GuResId, Layer, Mark, Origin, Product, SizeTable, read};
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

/// Every specification of this product names its engine.
#[track_caller]
pub(super) fn try_resolve(config: &Gcp, values: Value) -> Result<Resolved, Vec<FieldError>> {
    let Value::Object(mut values) = values else { panic!("an object") };
    values.insert("engine".to_owned(), "memcached".into());
    let spec = read(&[Layer { origin: Origin::Request, values: &values }]).unwrap();
    let (defaults, sizes) = (inputs::read(&config.defaults), SizeTable::embedded());
    resolve(Setting { product: Product::GcpMemcached, config, defaults: &defaults, sizes: &sizes }, &spec)
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

/// An instance as Google was recorded to show it, with some fields changed.
#[track_caller]
pub(super) fn ready(changed: Value) -> Value {
    let recorded = include_str!("../../../../tests/fixtures/gcp/memcache_instance_ready.json");
    let mut all = serde_json::from_str::<Value>(recorded).unwrap()["body"].take();
    let Value::Object(changed) = changed else { panic!("an object") };
    all.as_object_mut().unwrap().extend(changed);
    all
}

/// An instance of ours as the defaults make it, with some of Google's fields changed.
#[track_caller]
pub(super) fn seen(changed: Value) -> Observed {
    let ours = json!({
        "displayName": "", "labels": {}, "memcacheVersion": "MEMCACHE_1_6_15", "nodeCount": 1, "parameters": {},
        "memcacheNodes": [], "authorizedNetwork": "projects/example-project/global/networks/caches",
    });
    let Value::Object(mut all) = ready(ours) else { panic!("an object") };
    let Value::Object(changed) = changed else { panic!("an object") };
    all.extend(changed);
    let instance: Instance = serde_json::from_value(Value::Object(all)).unwrap();
    Observed { ownership: Some(Ownership::Marked(Box::new(mark()))), ..observed(&instance, "example-project") }
}
