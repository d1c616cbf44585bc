//! From what Google shows of a memcached instance to what the driver sees.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::super::instances::{from_google, others, time};
use super::super::labels::ownership;
use super::ENGINE;
use super::instance::Instance;
use crate::backend::{Endpoint, Fields, Observed, Phase};
use crate::cache::Auth;

/// Describes the instance in the driver's words.
pub(super) fn observed(instance: &Instance, account: &str) -> Observed {
    Observed {
        phase: phase(&instance.state),
        status: instance.state.clone(),
        ownership: Some(ownership(&instance.labels)),
        fields: fields(instance),
        account: account.to_owned(),
        resource_id: Some(instance.name.clone()).filter(|name| !name.is_empty()),
        created_at: time(instance.create_time.as_deref()),
        endpoint: endpoint(&instance.discovery_endpoint),
        reader: None,
        pending: pending(instance),
        parts: instance.memcache_nodes.iter().map(|node| ("node".to_owned(), node.node_id.clone())).collect(),
        missing: Vec::new(),
    }
}

/// What state it is in. A status that nobody has heard of means that the cloud is busy.
fn phase(state: &str) -> Phase {
    match state {
        "CREATING" => Phase::Creating,
        "READY" => Phase::Ready,
        "UPDATING" | "MEMCACHE_VERSION_UPGRADING" => Phase::Changing,
        "DELETING" => Phase::Deleting,
        // PERFORMING_MAINTENANCE, and whatever comes.
        _ => Phase::Busy,
    }
}

/// Host and port in one text; an address of the sixth version stands in brackets.
fn endpoint(text: &str) -> Option<Endpoint> {
    let (host, port) = text.rsplit_once(':')?;
    let host = host.trim_start_matches('[').trim_end_matches(']');
    let port = port.parse().ok().filter(|port| *port > 0)?;
    (!host.is_empty()).then(|| Endpoint { host: host.to_owned(), port })
}

fn fields(instance: &Instance) -> Fields {
    let mut fields = Fields::new();
    let mut put = |field: &str, value: Option<Value>| {
        if let Some(value) = value {
            fields.insert(field.to_owned(), value);
        }
    };
    put("engine_version", from_google(ENGINE, &instance.memcache_version).map(Value::from));
    let full = instance.memcache_full_version.strip_prefix("memcached-");
    put("full_version", full.map(Value::from));
    put("node_count", instance.node_count.map(Value::from));
    put("cpu_count", instance.node_config.cpu_count.map(Value::from));
    put("memory_size_mb", instance.node_config.memory_size_mb.map(Value::from));
    put("network", instance.authorized_network.clone().map(Value::from));
    put("reserved_ip_range", instance.reserved_ip_range_id.first().cloned().map(Value::from));
    put("zones", (!instance.zones.is_empty()).then(|| json!(instance.zones)));
    put("tls", Some(false.into()));
    put("auth", Some(Auth::None.as_str().into()));
    put("parameters", Some(json!(in_effect(instance))));
    put("stored_parameters", Some(json!(instance.parameters.params)));
    put("maintenance_window", Some(instance.maintenance_policy.text().unwrap_or_default().into()));
    put("display_name", Some(instance.display_name.as_str().into()));
    put("labels", Some(json!(others(&instance.labels))));
    fields
}

/// The parameters that the nodes really have: those of a node that has not got the stored ones yet, if there is one.
fn in_effect(instance: &Instance) -> &BTreeMap<String, String> {
    let stored = &instance.parameters;
    let mut of_nodes = instance.memcache_nodes.iter().filter_map(|node| node.parameters.as_ref());
    of_nodes.find(|of_node| of_node.id != stored.id).map_or(&stored.params, |of_node| &of_node.params)
}

fn pending(instance: &Instance) -> Vec<String> {
    let (stored, in_effect) = (&instance.parameters.params, in_effect(instance));
    let waiting = stored.iter().filter(|(name, value)| in_effect.get(*name) != Some(value));
    waiting.map(|(name, value)| format!("{name}={value}")).collect()
}

#[cfg(test)]
mod tests {
    use super::super::fixtures::ready;
    use super::*;

    #[track_caller]
    fn seen(changed: Value) -> Observed {
        observed(&serde_json::from_value(ready(changed)).unwrap(), "example-project")
    }

    #[test]
    fn each_state_is_a_phase_and_an_unknown_one_is_busy() {
        for (state, expected) in [
            ("CREATING", Phase::Creating),
            ("READY", Phase::Ready),
            ("UPDATING", Phase::Changing),
            ("MEMCACHE_VERSION_UPGRADING", Phase::Changing),
            ("DELETING", Phase::Deleting),
            ("PERFORMING_MAINTENANCE", Phase::Busy),
            ("STATE_UNSPECIFIED", Phase::Busy),
            ("HOVERING", Phase::Busy),
        ] {
            assert_eq!(seen(json!({"state": state})).phase, expected, "{state}");
        }
    }

    #[test]
    fn a_recorded_instance_is_read_whole() {
        let seen = seen(json!({}));
        let params = json!({"listen-backlog": "10000", "max-item-size": "524288", "max-reqs-per-event": "1"});
        let expected = json!({
            "engine_version": "1.5", "full_version": "1.5.16", "node_count": 2, "cpu_count": 1, "memory_size_mb": 1024,
            "network": "projects/example-project/global/networks/example-network",
            "zones": ["europe-west3-a", "europe-west3-c"], "tls": false, "auth": "none", "parameters": params,
            "stored_parameters": params, "maintenance_window": "", "display_name": "Example", "labels": {"team": "shop"},
        });
        assert_eq!(json!(seen.fields), expected);
        assert_eq!(seen.endpoint, Some(Endpoint { host: "10.20.60.4".to_owned(), port: 11211 }));
        assert_eq!(seen.parts.len(), 2);
        assert!(seen.pending.is_empty());
    }

    #[test]
    fn stored_parameters_are_in_effect_only_once_every_node_has_them() {
        let node =
            |id: &str, size: &str| json!({"nodeId": id, "parameters": {"id": size, "params": {"max-item-size": size}}});
        let stored = json!({"id": "2048", "params": {"max-item-size": "2048"}});
        let half = seen(json!({"parameters": stored, "memcacheNodes": [node("a", "2048"), node("b", "1024")]}));
        assert_eq!(half.fields["parameters"], json!({"max-item-size": "1024"}));
        assert_eq!(half.fields["stored_parameters"], json!({"max-item-size": "2048"}));
        assert_eq!(half.pending, ["max-item-size=2048"]);
        let whole = seen(json!({"parameters": stored, "memcacheNodes": [node("a", "2048"), node("b", "2048")]}));
        assert_eq!(whole.fields["parameters"], json!({"max-item-size": "2048"}));
        assert!(whole.pending.is_empty());
        let young = seen(json!({"parameters": stored, "memcacheNodes": [{"nodeId": "a"}]}));
        assert_eq!(young.fields["parameters"], json!({"max-item-size": "2048"}));
    }

    #[test]
    fn an_endpoint_is_host_and_port_in_one_text() {
        let ends = |text: &str| endpoint(text).map(|endpoint| (endpoint.host, endpoint.port));
        assert_eq!(ends("10.20.60.4:11211"), Some(("10.20.60.4".to_owned(), 11211)));
        assert_eq!(ends("[fd20::4]:11211"), Some(("fd20::4".to_owned(), 11211)));
        for none in ["", "10.20.60.4", "10.20.60.4:", ":11211", "10.20.60.4:0", "10.20.60.4:x"] {
            assert_eq!(ends(none), None, "{none}");
        }
    }
}
