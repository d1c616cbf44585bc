//! From a step's fields to the bodies of Google's API.

use serde_json::{Map, Value, json};

use super::super::instances::{complete, entries, policy, to_google};
use super::super::labels::labels;
use super::ENGINE;
use crate::backend::Step;

/// What a POST or PATCH sends. `project` is the instance's.
pub(super) fn body(step: &Step, project: &str) -> Map<String, Value> {
    let mut body = Map::new();
    for (field, value) in &step.fields {
        let (name, value) = match (field.as_str(), value) {
            ("engine_version", Value::String(version)) => ("memcacheVersion", to_google(ENGINE, version).into()),
            ("node_count", value) => ("nodeCount", value.clone()),
            ("memory_size_mb", memory) => {
                ("nodeConfig", json!({"cpuCount": step.fields.get("cpu_count"), "memorySizeMb": memory}))
            }
            ("network", Value::String(network)) => ("authorizedNetwork", complete(network, project).into()),
            ("reserved_ip_range", range) => ("reservedIpRangeId", json!([range])),
            ("zones", value) => ("zones", value.clone()),
            ("parameters", value) => ("parameters", json!({"params": value})),
            ("maintenance_window", Value::String(window)) => {
                let Some(policy) = policy(window, true) else { continue };
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

/// The body that stores parameters.
pub(super) fn parameters(step: &Step) -> Value {
    json!({"updateMask": "params", "parameters": {"params": step.fields.get("parameters")}})
}
