//! From a step's fields to the bodies of Google's API.

use serde_json::{Map, Value, json};

use super::super::instances::{complete, entries, policy, to_google};
use super::super::labels::labels;
use super::{ENGINE, RDB};
use crate::backend::Step;
use crate::cache::Auth;

/// What a POST or PATCH sends. `project` is the instance's.
pub(super) fn body(step: &Step, project: &str) -> Map<String, Value> {
    let mut body = Map::new();
    for (field, value) in &step.fields {
        let (name, value) = match (field.as_str(), value) {
            ("tier", value) => ("tier", value.clone()),
            ("memory_size_gb", value) => ("memorySizeGb", value.clone()),
            ("replica_count", value) => ("replicaCount", value.clone()),
            ("engine_version", Value::String(version)) => ("redisVersion", to_google(ENGINE, version).into()),
            ("read_replicas", value) => {
                ("readReplicasMode", either(value, "READ_REPLICAS_ENABLED", "READ_REPLICAS_DISABLED"))
            }
            ("secondary_ip_range", value) => ("secondaryIpRange", value.clone()),
            ("reserved_ip_range", value) => ("reservedIpRange", value.clone()),
            ("network", Value::String(network)) => ("authorizedNetwork", complete(network, project).into()),
            ("connect_mode", value) => ("connectMode", value.clone()),
            ("zone", value) => ("locationId", value.clone()),
            ("alternative_zone", value) => ("alternativeLocationId", value.clone()),
            ("tls", value) => ("transitEncryptionMode", either(value, "SERVER_AUTHENTICATION", "DISABLED")),
            ("auth", value) => ("authEnabled", (*value == Auth::Password.as_str()).into()),
            ("encryption_key", value) => ("customerManagedKey", value.clone()),
            ("parameters", value) => ("redisConfigs", value.clone()),
            ("persistence", value) => ("persistenceConfig", persistence(value, step.fields.get("rdb_period"))),
            ("maintenance_window", Value::String(window)) => {
                let Some(policy) = policy(window, false) else { continue };
                ("maintenancePolicy", policy)
            }
            ("display_name", value) => ("displayName", value.clone()),
            _ => continue,
        };
        body.insert(name.to_owned(), value);
    }
    if let Some(mark) = &step.mark {
        let tags = entries(step.fields.get("labels"));
        body.insert("labels".to_owned(), json!(labels(mark, &[], &tags)));
    }
    body
}

fn either(value: &Value, yes: &str, no: &str) -> Value {
    if *value == true { yes.into() } else { no.into() }
}

fn persistence(mode: &Value, period: Option<&Value>) -> Value {
    if mode != RDB {
        return json!({"persistenceMode": "DISABLED"});
    }
    match period {
        Some(period) => json!({"persistenceMode": "RDB", "rdbSnapshotPeriod": period}),
        None => json!({"persistenceMode": "RDB"}),
    }
}
