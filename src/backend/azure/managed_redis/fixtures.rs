//! What the tests of this product share.

use jiff::Timestamp;
use serde_json::{Value, json};

use super::super::inputs;
use super::super::resolving::Setting;
use super::super::tags::BORN;
use super::LASTING;
use super::resolve::resolve;
use crate::backend::{Fields, Observed, Ownership, Phase, Resolved};
use crate::cache::{FieldError, GuResId, Layer, Mark, Origin, SizeTable, Spec, read};

#[track_caller]
pub(super) fn spec(origin: Origin, values: Value) -> Spec {
    let Value::Object(values) = values else { panic!("an object") };
    read(&[Layer { origin, values: &values }]).unwrap()
}

#[track_caller]
pub(super) fn try_resolve(defaults: &Value, origin: Origin, values: Value) -> Result<Resolved, Vec<FieldError>> {
    let (defaults, sizes) = (inputs::read(defaults.as_object().unwrap()), SizeTable::embedded());
    resolve(Setting { defaults: &defaults, sizes: &sizes }, &spec(origin, values))
}

#[track_caller]
pub(super) fn resolved(values: Value) -> Resolved {
    try_resolve(&json!({}), Origin::Request, values).unwrap()
}

pub(super) fn mark() -> Mark {
    Mark::new(
        GuResId::parse("res-1").unwrap(),
        "0123456789ab".to_owned(),
        Timestamp::from_second(1_700_000_000).unwrap(),
    )
}

/// A standard cache as the defaults make it, with some fields changed; `null` takes one away.
#[track_caller]
pub(super) fn seen(fields: Value) -> Observed {
    let mut all = json!({
        "engine": "redis", "engine_version": "7.4", "mode": "standard", "sku": "Balanced_B1",
        "high_availability": "Disabled", "public_network_access": "Disabled", "minimum_tls_version": "1.2",
        "tls": true, "auth": "password", "clustering_policy": "NoCluster", "eviction_policy": "VolatileLRU",
        "persistence": "none", "port": 10000, "modules": [], "object_ids": [], "encryption_key": "",
        "user_assigned_identity_id": "", "private_endpoint_subnet_id": "", "private_dns_zone_id": "",
        "tags": {"team": "b"}, LASTING: {BORN: "1700000000"},
    });
    let Value::Object(changed) = fields else { panic!("an object") };
    for (field, value) in changed {
        all[field] = value;
    }
    let fields: Fields =
        all.as_object().unwrap().iter().filter(|(_, v)| !v.is_null()).map(|(k, v)| (k.clone(), v.clone())).collect();
    Observed {
        phase: Phase::Ready,
        status: "Running".to_owned(),
        ownership: Some(Ownership::Marked(Box::new(mark()))),
        fields,
        parts: vec![("database".to_owned(), "default".to_owned())],
        ..Observed::absent("sub-1")
    }
}
