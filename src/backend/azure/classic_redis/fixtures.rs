//! What the tests of this product share.

use jiff::Timestamp;
use serde_json::{Value, json};

use super::super::resolving::Setting;
use super::super::tags::BORN;
use super::LASTING;
use super::resolve::resolve;
use crate::backend::{Fields, Observed, Ownership, Phase, Resolved};
use crate::cache::{FieldError, GuResId, Layer, Mark, Origin, SizeTable, read};

#[track_caller]
pub(super) fn try_resolve(values: Value) -> Result<Resolved, Vec<FieldError>> {
    let Value::Object(values) = values else { panic!("an object") };
    let spec = read(&[Layer { origin: Origin::Request, values: &values }]).unwrap();
    let (defaults, sizes) = (crate::backend::azure::inputs::read(&serde_json::Map::new()), SizeTable::embedded());
    resolve(Setting { defaults: &defaults, sizes: &sizes }, &spec)
}

#[track_caller]
pub(super) fn resolved(values: Value) -> Resolved {
    try_resolve(values).unwrap()
}

pub(super) fn mark() -> Mark {
    Mark::new(
        GuResId::parse("res-1").unwrap(),
        "0123456789ab".to_owned(),
        Timestamp::from_second(1_700_000_000).unwrap(),
    )
}

/// A cache as the defaults make it, with some fields changed.
#[track_caller]
pub(super) fn seen(fields: Value) -> Observed {
    let mut all = json!({
        "engine": "redis", "redis_version": "6.0", "mode": "standard", "sku": "Basic_C1", "tls": true,
        "auth": "password", "minimum_tls_version": "1.2", "public_network_access": "Disabled",
        "eviction_policy": "volatile-lru", "subnet_id": "", "update_channel": "Stable", "zones": [],
        "tags": {}, LASTING: {BORN: "1700000000"},
    });
    let Value::Object(changed) = fields else { panic!("an object") };
    for (field, value) in changed {
        all[field] = value;
    }
    let fields: Fields = all.as_object().unwrap().clone().into_iter().collect();
    Observed {
        phase: Phase::Ready,
        status: "Succeeded".to_owned(),
        ownership: Some(Ownership::Marked(Box::new(mark()))),
        fields,
        ..Observed::absent("sub-1")
    }
}
