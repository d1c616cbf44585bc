//! What the tests of this product share.

use jiff::Timestamp;
use serde_json::{Value, json};

use super::super::inputs;
use super::resolve::{Setting, resolve};
use crate::backend::{Fields, Observed, Ownership, Phase, Resolved};
use crate::cache::{FieldError, GuResId, Layer, Mark, Origin, SizeTable, Spec, read};
use crate::config::Aws;

pub(super) const PREFIX: &str = "cache";

/// A config with a network.
pub(super) fn config() -> Aws {
    Aws {
        region: Some("eu-central-1".to_owned()),
        subnet_group: Some("caches".to_owned()),
        security_group_ids: vec!["sg-0123456789abcdef0".to_owned()],
        ..Aws::default()
    }
}

#[track_caller]
pub(super) fn spec(origin: Origin, values: Value) -> Spec {
    let Value::Object(values) = values else { panic!("an object") };
    read(&[Layer { origin, values: &values }]).unwrap()
}

#[track_caller]
pub(super) fn try_resolve(config: &Aws, values: Value) -> Result<Resolved, Vec<FieldError>> {
    let (defaults, sizes) = (inputs::read(&config.defaults), SizeTable::embedded());
    let setting = Setting { config, defaults: &defaults, sizes: &sizes, prefix: PREFIX };
    resolve(setting, &spec(Origin::Request, values))
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

/// A standard Valkey 8.1 as the defaults make it, with some fields changed; `null` takes one away.
#[track_caller]
pub(super) fn seen(fields: Value) -> Observed {
    let mut all = json!({
        "engine": "valkey", "engine_version": "8.1.0", "mode": "standard", "node_type": "cache.t4g.small",
        "replicas_per_node_group": 0, "multi_az": false, "automatic_failover": false,
        "tls": true, "transit_encryption_mode": "required", "auth": "password", "at_rest_encryption": true,
        "subnet_group": "caches", "security_group_ids": ["sg-0123456789abcdef0"], "parameter_group": "default.valkey8",
        "snapshot_retention_limit": 0, "snapshot_window": "05:00-06:00", "maintenance_window": "sun:23:00-mon:01:30",
        "backup_node": "cache-abc-001", "port": 6379,
    });
    let Value::Object(changed) = fields else { panic!("an object") };
    for (field, value) in changed {
        all[field] = value;
    }
    let fields: Fields =
        all.as_object().unwrap().iter().filter(|(_, v)| !v.is_null()).map(|(k, v)| (k.clone(), v.clone())).collect();
    Observed {
        phase: Phase::Ready,
        status: "available".to_owned(),
        ownership: Some(Ownership::Marked(Box::new(mark()))),
        fields,
        ..Observed::absent("111122223333")
    }
}
