//! From what Google shows of a Redis instance to what the driver sees.

use serde_json::{Value, json};

use super::super::instances::{from_google, others, time};
use super::super::labels::ownership;
use super::instance::Instance;
use super::{BASIC, ENGINE};
use crate::backend::{Endpoint, Fields, Observed, Phase};
use crate::cache::{Auth, Persistence};

/// Describes the instance in the driver's words.
pub(super) fn observed(instance: &Instance, account: &str) -> Observed {
    Observed {
        phase: phase(&instance.state),
        status: status(instance),
        ownership: Some(ownership(&instance.labels)),
        fields: fields(instance),
        account: account.to_owned(),
        resource_id: Some(instance.name.clone()).filter(|name| !name.is_empty()),
        created_at: time(instance.create_time.as_deref()),
        endpoint: endpoint(&instance.host, instance.port),
        reader: endpoint(&instance.read_endpoint, instance.read_endpoint_port),
        pending: Vec::new(),
        parts: Vec::new(),
        missing: Vec::new(),
    }
}

/// What state it is in. A status that nobody has heard of means that the cloud is busy.
fn phase(state: &str) -> Phase {
    match state {
        "CREATING" => Phase::Creating,
        "READY" => Phase::Ready,
        "UPDATING" => Phase::Changing,
        "DELETING" => Phase::Deleting,
        // REPAIRING, MAINTENANCE, IMPORTING, FAILING_OVER, and whatever comes.
        _ => Phase::Busy,
    }
}

/// The state, with the reasons why Google has suspended the instance, if it has.
fn status(instance: &Instance) -> String {
    if instance.suspension_reasons.is_empty() {
        return instance.state.clone();
    }
    format!("{}: {}", instance.state, instance.suspension_reasons.join(", "))
}

fn endpoint(host: &str, port: u16) -> Option<Endpoint> {
    (!host.is_empty() && port > 0).then(|| Endpoint { host: host.to_owned(), port })
}

fn fields(instance: &Instance) -> Fields {
    let mut fields = Fields::new();
    let mut put = |field: &str, value: Option<Value>| {
        if let Some(value) = value {
            fields.insert(field.to_owned(), value);
        }
    };
    put("engine_version", from_google(ENGINE, &instance.redis_version).map(Value::from));
    put("tier", instance.tier.clone().map(Value::from));
    put("memory_size_gb", instance.memory_size_gb.map(Value::from));
    put("replica_count", replicas(instance).map(Value::from));
    put("read_replicas", reads(instance).map(Value::from));
    put("network", instance.authorized_network.clone().map(Value::from));
    put("connect_mode", instance.connect_mode.clone().map(Value::from));
    put("reserved_ip_range", instance.reserved_ip_range.clone().map(Value::from));
    put("secondary_ip_range", instance.secondary_ip_range.clone().map(Value::from));
    put("zone", instance.location_id.clone().map(Value::from));
    put("alternative_zone", instance.alternative_location_id.clone().map(Value::from));
    put("tls", tls(instance).map(Value::from));
    let auth = if instance.auth_enabled { Auth::Password } else { Auth::None };
    put("auth", Some(auth.as_str().into()));
    put("encryption_key", Some(instance.customer_managed_key.as_str().into()));
    put("parameters", Some(json!(instance.redis_configs)));
    put("persistence", persistence(instance).map(|mode| mode.as_str().into()));
    put("rdb_period", instance.persistence_config.rdb_snapshot_period.clone().map(Value::from));
    put("maintenance_window", Some(instance.maintenance_policy.text().unwrap_or_default().into()));
    put("display_name", Some(instance.display_name.as_str().into()));
    put("labels", Some(json!(others(&instance.labels))));
    put("server_ca_certs", (!instance.server_ca_certs.is_empty()).then(|| json!(instance.server_ca_certs)));
    fields
}

/// Google leaves a zero out, which only the basic tier has.
fn replicas(instance: &Instance) -> Option<u32> {
    instance.replica_count.or((instance.tier.as_deref() == Some(BASIC)).then_some(0))
}

fn reads(instance: &Instance) -> Option<bool> {
    match instance.read_replicas_mode.as_str() {
        "READ_REPLICAS_ENABLED" => Some(true),
        // Old instances show none.
        "READ_REPLICAS_DISABLED" | "READ_REPLICAS_MODE_UNSPECIFIED" | "" => Some(false),
        _ => None,
    }
}

fn tls(instance: &Instance) -> Option<bool> {
    match instance.transit_encryption_mode.as_str() {
        "SERVER_AUTHENTICATION" => Some(true),
        "DISABLED" | "TRANSIT_ENCRYPTION_MODE_UNSPECIFIED" | "" => Some(false),
        _ => None,
    }
}

fn persistence(instance: &Instance) -> Option<Persistence> {
    match instance.persistence_config.persistence_mode.as_str() {
        "RDB" => Some(Persistence::Rdb),
        "DISABLED" | "PERSISTENCE_MODE_UNSPECIFIED" | "" => Some(Persistence::None),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::super::fixtures::ready;
    use super::*;
    use crate::backend::Ownership;

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
            ("DELETING", Phase::Deleting),
            ("REPAIRING", Phase::Busy),
            ("MAINTENANCE", Phase::Busy),
            ("IMPORTING", Phase::Busy),
            ("FAILING_OVER", Phase::Busy),
            ("STATE_UNSPECIFIED", Phase::Busy),
            ("HOVERING", Phase::Busy),
            ("", Phase::Busy),
        ] {
            let seen = seen(json!({"state": state}));
            assert_eq!((seen.phase, seen.status.as_str()), (expected, state));
        }
        let suspended = seen(json!({"state": "SUSPENDED", "suspensionReasons": ["CUSTOMER_MANAGED_KEY_ISSUE"]}));
        assert_eq!(suspended.status, "SUSPENDED: CUSTOMER_MANAGED_KEY_ISSUE");
    }

    #[test]
    fn a_recorded_basic_instance_is_read_whole() {
        let seen = seen(json!({}));
        let expected = json!({
            "engine_version": "7.0", "tier": "BASIC", "memory_size_gb": 16, "replica_count": 0, "read_replicas": false,
            "network": "projects/example-project/global/networks/default", "connect_mode": "DIRECT_PEERING",
            "reserved_ip_range": "10.20.30.160/29", "zone": "europe-west3-a", "tls": false, "auth": "none",
            "encryption_key": "", "parameters": {}, "persistence": "none", "maintenance_window": "",
            "display_name": "Example", "labels": {"team": "shop"},
        });
        assert_eq!(json!(seen.fields), expected);
        assert_eq!(seen.endpoint, Some(Endpoint { host: "10.20.30.163".to_owned(), port: 6379 }));
        assert_eq!(seen.reader, None);
        assert_eq!(seen.created_at, "2026-03-02T10:00:00.123456789Z".parse().ok());
        assert!(seen.resource_id.unwrap().ends_with("/instances/example-redis"));
        assert!(matches!(seen.ownership, Some(Ownership::Foreign(_))));
    }

    #[test]
    fn a_replicated_instance_with_everything_on_is_read_whole() {
        let seen = seen(json!({
            "tier": "STANDARD_HA", "replicaCount": 2, "readReplicasMode": "READ_REPLICAS_ENABLED",
            "readEndpoint": "10.20.30.164", "readEndpointPort": 6379, "authEnabled": true, "port": 6378,
            "transitEncryptionMode": "SERVER_AUTHENTICATION", "redisVersion": "REDIS_6_X",
            "serverCaCerts": [{"cert": "PEM", "serialNumber": "1", "expireTime": "2036-03-02T10:00:00Z"}],
            "persistenceConfig": {"persistenceMode": "RDB", "rdbSnapshotPeriod": "SIX_HOURS"},
            "redisConfigs": {"maxmemory-policy": "allkeys-lru"},
            "maintenancePolicy": {"weeklyMaintenanceWindow": [
                {"day": "SUNDAY", "startTime": {"hours": 3}, "duration": "3600s"},
            ]},
        }));
        for (field, expected) in [
            ("engine_version", json!("6.x")),
            ("replica_count", json!(2)),
            ("read_replicas", json!(true)),
            ("tls", json!(true)),
            ("auth", json!("password")),
            ("persistence", json!("rdb")),
            ("rdb_period", json!("SIX_HOURS")),
            ("parameters", json!({"maxmemory-policy": "allkeys-lru"})),
            ("maintenance_window", json!("sun:03:00-sun:04:00")),
            ("server_ca_certs", json!([{"cert": "PEM", "expireTime": "2036-03-02T10:00:00Z"}])),
        ] {
            assert_eq!(seen.fields.get(field), Some(&expected), "{field}");
        }
        assert_eq!(seen.reader.unwrap().host, "10.20.30.164");
    }

    #[test]
    fn words_that_nobody_knows_are_read_as_unknown() {
        let seen = seen(json!({
            "transitEncryptionMode": "MUTUAL", "readReplicasMode": "SOMETIMES", "redisVersion": "LATEST",
            "persistenceConfig": {"persistenceMode": "AOF"}, "tier": "PLATINUM", "brandNew": {"x": 1},
        }));
        for field in ["tls", "read_replicas", "engine_version", "persistence", "replica_count"] {
            assert!(!seen.fields.contains_key(field), "{field}");
        }
        assert_eq!(seen.fields["tier"], "PLATINUM");
    }
}
