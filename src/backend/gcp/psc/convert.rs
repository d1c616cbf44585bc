//! From the product's fields to what Google takes.

use serde_json::{Map, Value, json};

use super::dialect::Dialect;
use crate::backend::Fields;
use crate::cache::{Auth, Mode, Persistence, WeeklyWindow};

pub(super) const SECONDS_OF_A_DAY: u64 = 86_400;
/// Days of the week, Monday first, as [`Day`](crate::cache::Day) counts them.
pub(super) const DAYS: [&str; 7] = ["MONDAY", "TUESDAY", "WEDNESDAY", "THURSDAY", "FRIDAY", "SATURDAY", "SUNDAY"];

/// What a change can be about: the path for the update mask, and the fields that it holds.
#[derive(Debug)]
pub(super) struct Path {
    kind: Kind,
    pub(super) fields: &'static [&'static str],
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Labels,
    Protection,
    NodeType,
    Shards,
    Replicas,
    Version,
    Parameters,
    Persistence,
    Backups,
    Maintenance,
}

/// Every path that may be changed.
pub(super) const PATHS: [Path; 10] = [
    Path { kind: Kind::Labels, fields: &["labels"] },
    Path { kind: Kind::Protection, fields: &["deletion_protection_enabled"] },
    Path { kind: Kind::NodeType, fields: &["node_type"] },
    Path { kind: Kind::Shards, fields: &["shard_count"] },
    Path { kind: Kind::Replicas, fields: &["replica_count"] },
    Path { kind: Kind::Version, fields: &["engine_version"] },
    Path { kind: Kind::Parameters, fields: &["parameters"] },
    Path { kind: Kind::Persistence, fields: &["persistence", "rdb_period", "aof_fsync"] },
    Path { kind: Kind::Backups, fields: &["backup_days", "backup_hour"] },
    Path { kind: Kind::Maintenance, fields: &["maintenance_window"] },
];

impl Path {
    fn name(&self, dialect: &Dialect) -> &'static str {
        match self.kind {
            Kind::Labels => "labels",
            Kind::Protection => "deletionProtectionEnabled",
            Kind::NodeType => "nodeType",
            Kind::Shards => "shardCount",
            Kind::Replicas => "replicaCount",
            Kind::Version => "engineVersion",
            Kind::Parameters => dialect.parameters,
            Kind::Persistence => "persistenceConfig",
            Kind::Backups => "automatedBackupConfig",
            Kind::Maintenance => "maintenancePolicy",
        }
    }

    fn value(&self, dialect: &Dialect, fields: &Fields) -> Option<Value> {
        let first = fields.get(self.fields[0])?;
        match self.kind {
            Kind::Version => dialect.version_word(first.as_str()?).map(Value::from),
            Kind::Persistence => Some(persistence(dialect, first.as_str()?, fields)),
            Kind::Backups => Some(backups(first.as_u64()?, fields)),
            Kind::Maintenance => maintenance(first.as_str()?),
            _ => Some(first.clone()),
        }
    }
}

/// The one path that the fields are about, and the body of the call that changes it.
pub(super) fn change(dialect: &Dialect, fields: &Fields) -> Option<(&'static str, Value)> {
    let path = PATHS.iter().find(|path| path.fields.iter().any(|field| fields.contains_key(*field)))?;
    let name = path.name(dialect);
    Some((name, json!({ name: path.value(dialect, fields)? })))
}

/// The body of the call that creates. `project` is the one that the cache is made in.
pub(super) fn creation(dialect: &Dialect, fields: &Fields, project: &str) -> Value {
    let mut body = Map::new();
    for path in &PATHS {
        if let Some(value) = path.value(dialect, fields) {
            body.insert(path.name(dialect).to_owned(), value);
        }
    }
    let text = |field: &str| fields.get(field).and_then(Value::as_str);
    let mut put = |key: &str, value: Value| {
        body.insert(key.to_owned(), value);
    };
    let auth = text("auth").and_then(|auth| auth.parse().ok()).unwrap_or(Auth::Password);
    put("authorizationMode", dialect.auth_word(auth).into());
    let tls = fields.get("tls").and_then(Value::as_bool).unwrap_or(true);
    put("transitEncryptionMode", dialect.tls[usize::from(!tls)].into());
    if let Some(mode) = text("server_ca_mode") {
        put("serverCaMode", format!("{}{mode}", dialect.ca_prefix).into());
    }
    if let Some(pool) = text("server_ca_pool") {
        put("serverCaPool", pool.into());
    }
    if let Some(key) = text("encryption_key") {
        put("kmsKey", key.into());
    }
    if let Some(mode) = text("zone_distribution") {
        let mut distribution = json!({ "mode": mode });
        if let Some(zone) = text("zone") {
            distribution["zone"] = zone.into();
        }
        put("zoneDistributionConfig", distribution);
    }
    if let Some(backup) = text("managed_backup") {
        put("managedBackupSource", json!({ "backup": backup }));
    }
    if let Some(uris) = fields.get("gcs_uris") {
        put("gcsSource", json!({ "uris": uris }));
    }
    let network = network(text("network").unwrap_or("default"), project);
    if dialect.modes_can_be_chosen() {
        let cluster = text("mode") == Some(Mode::Cluster.as_str());
        put("mode", if cluster { "CLUSTER" } else { "CLUSTER_DISABLED" }.into());
        // Without endpoints it would be made all the same, and could never be reached.
        let connection = json!({ "pscAutoConnection": { "projectId": project, "network": network } });
        put("endpoints", json!([{ "connections": [connection] }]));
    } else {
        put("pscConfigs", json!([{ "network": network }]));
    }
    Value::Object(body)
}

/// The full path of a network.
pub(super) fn network(network: &str, project: &str) -> String {
    if network.contains('/') { network.to_owned() } else { format!("projects/{project}/global/networks/{network}") }
}

fn persistence(dialect: &Dialect, mode: &str, fields: &Fields) -> Value {
    let text = |field: &str| fields.get(field).and_then(Value::as_str);
    if mode == Persistence::Rdb.as_str() {
        let period = text("rdb_period").unwrap_or(super::RDB_PERIOD);
        json!({ "mode": "RDB", "rdbConfig": { "rdbSnapshotPeriod": period } })
    } else if mode == Persistence::Aof.as_str() {
        let fsync = text("aof_fsync").and_then(|fsync| dialect.fsync_word(fsync));
        json!({ "mode": "AOF", "aofConfig": { "appendFsync": fsync } })
    } else {
        json!({ "mode": "DISABLED" })
    }
}

fn backups(days: u64, fields: &Fields) -> Value {
    if days == 0 {
        return json!({ "automatedBackupMode": "DISABLED" });
    }
    let hour = fields.get("backup_hour").and_then(Value::as_u64).unwrap_or(super::BACKUP_HOUR);
    json!({
        "automatedBackupMode": "ENABLED",
        "fixedFrequencySchedule": { "startTime": { "hours": hour } },
        "retention": format!("{}s", days * SECONDS_OF_A_DAY),
    })
}

fn maintenance(window: &str) -> Option<Value> {
    let window: WeeklyWindow = window.parse().ok()?;
    let start = json!({ "hours": window.start / 60 });
    Some(json!({ "weeklyMaintenanceWindow": [{ "day": DAYS[window.day as usize], "startTime": start }] }))
}
