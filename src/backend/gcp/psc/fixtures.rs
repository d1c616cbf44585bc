//! What the tests of both products share.

use jiff::Timestamp;
use serde_json::{Value, json};

use super::changes::changes;
use super::dialect::Dialect;
use super::observe::observed;
use super::resolve::{Setting, resolve};
use super::tokens::Standing;
use crate::backend::gcp::inputs;
use crate::backend::gcp::{redis_cluster, valkey};
use crate::backend::{Class, Observed, Ownership, Resolved};
use crate::cache::{FieldError, GuResId, Layer, Mark, Origin, SizeTable, Spec, read};
use crate::config::Gcp;

pub(super) static VALKEY: &Dialect = &valkey::DIALECT;
pub(super) static CLUSTER: &Dialect = &redis_cluster::DIALECT;

pub(super) fn config() -> Gcp {
    Gcp { project: Some("my-project".to_owned()), region: Some("europe-west3".to_owned()), ..Gcp::default() }
}

#[track_caller]
pub(super) fn spec(origin: Origin, values: Value) -> Spec {
    let Value::Object(values) = values else { panic!("an object") };
    read(&[Layer { origin, values: &values }]).unwrap()
}

#[track_caller]
pub(super) fn try_resolve(dialect: &Dialect, config: &Gcp, values: Value) -> Result<Resolved, Vec<FieldError>> {
    let (defaults, sizes) = (inputs::read(&config.defaults), SizeTable::embedded());
    let setting = Setting { dialect, config, defaults: &defaults, sizes: &sizes };
    resolve(setting, &spec(Origin::Request, values))
}

#[track_caller]
pub(super) fn resolved(dialect: &Dialect, values: Value) -> Resolved {
    try_resolve(dialect, &config(), values).unwrap()
}

/// When the fixtures are looked at: minutes after they were made.
pub(super) fn now() -> Timestamp {
    "2026-03-20T12:40:00Z".parse().unwrap()
}

pub(super) fn mark() -> Mark {
    Mark::new(
        GuResId::parse("res-1").unwrap(),
        "0123456789ab".to_owned(),
        Timestamp::from_second(1_700_000_000).unwrap(),
    )
}

/// Puts fields into an object; `null` takes one away.
fn with(mut all: Value, changed: Value) -> Value {
    let Value::Object(changed) = changed else { panic!("an object") };
    for (field, value) in changed {
        all[field] = value;
    }
    let entries = all.as_object().unwrap().iter().filter(|(_, value)| !value.is_null());
    Value::Object(entries.map(|(key, value)| (key.clone(), value.clone())).collect())
}

/// A Valkey instance without cluster mode as the defaults make it, in the shape of recorded answers.
pub(super) fn instance(changed: Value) -> Value {
    let connection = |kind: &str, host: &str| {
        json!({"pscAutoConnection": {
            "connectionType": kind, "ipAddress": host, "port": 6379, "projectId": "my-project",
            "network": "projects/my-project/global/networks/default", "pscConnectionId": "123872595069108232",
            "forwardingRule": "https://www.googleapis.com/compute/v1/projects/my-project/regions/europe-west3/forwardingRules/a",
            "serviceAttachment": "projects/1063151100729/regions/europe-west3/serviceAttachments/gcp-memorystore-auto-a-psc-sa",
        }})
    };
    let all = json!({
        "name": "projects/my-project/locations/europe-west3/instances/cache-a",
        "uid": "b5bd4f9a-0000-4000-8000-3b1ac23a7c57", "createTime": "2026-03-20T12:34:56.123456789Z",
        "updateTime": "2026-03-20T12:34:56.123456Z", "state": "ACTIVE", "mode": "CLUSTER_DISABLED",
        "authorizationMode": "TOKEN_AUTH", "transitEncryptionMode": "SERVER_AUTHENTICATION",
        "serverCaMode": "GOOGLE_MANAGED_PER_INSTANCE_CA", "nodeType": "SHARED_CORE_NANO", "nodeConfig": {"sizeGb": 1.4},
        "engineVersion": "VALKEY_8_0", "shardCount": 1, "replicaCount": 0, "persistenceConfig": {"mode": "DISABLED"},
        "automatedBackupConfig": {"automatedBackupMode": "DISABLED"}, "deletionProtectionEnabled": false,
        "encryptionInfo": {"encryptionType": "GOOGLE_DEFAULT_ENCRYPTION"}, "satisfiesPzi": "true",
        "effectiveMaintenanceVersion": "MEMORYSTORE_20260217_02_00", "zoneDistributionConfig": {"mode": "MULTI_ZONE"},
        "endpoints": [{"connections": [
            connection("CONNECTION_TYPE_READER", "10.128.0.13"), connection("CONNECTION_TYPE_PRIMARY", "10.128.0.8"),
        ]}],
    });
    with(all, changed)
}

/// A Redis Cluster as the defaults make it, in the shape of recorded answers.
pub(super) fn cluster(changed: Value) -> Value {
    let all = json!({
        "name": "projects/my-project/locations/europe-west3/clusters/cache-a",
        "uid": "d0bd4f9a-0000-4000-8000-3b1ac23a7c57", "createTime": "2026-05-12T12:34:56.123456Z", "state": "ACTIVE",
        "authorizationMode": "AUTH_MODE_TOKEN_AUTH", "nodeType": "REDIS_SHARED_CORE_NANO",
        "transitEncryptionMode": "TRANSIT_ENCRYPTION_MODE_SERVER_AUTHENTICATION",
        "serverCaMode": "SERVER_CA_MODE_GOOGLE_MANAGED_PER_INSTANCE_CA", "shardCount": 3, "replicaCount": 0,
        "sizeGb": 5, "preciseSizeGb": 4.5, "persistenceConfig": {"mode": "DISABLED"}, "satisfiesPzi": false,
        "automatedBackupConfig": {"automatedBackupMode": "DISABLED"}, "deletionProtectionEnabled": false,
        "effectiveMaintenanceVersion": "REDISCLUSTER_20260512_00_00", "zoneDistributionConfig": {"mode": "MULTI_ZONE"},
        "clusterEndpoints": [{"connections": [{"pscAutoConnection": {
            "address": "10.128.0.2", "connectionType": "CONNECTION_TYPE_DISCOVERY",
            "network": "projects/my-project/global/networks/default", "projectId": "my-project",
            "pscConnectionStatus": "PSC_CONNECTION_STATUS_ACTIVE",
        }}]}],
        "discoveryEndpoints": [{
            "address": "10.11.12.13", "port": 6379,
            "pscConfig": {"network": "projects/my-project/global/networks/default"},
        }],
    });
    with(all, changed)
}

/// The same, as the driver sees it: marked, with one token.
#[track_caller]
pub(super) fn seen(dialect: &Dialect, resource: Value) -> Observed {
    let resource = serde_json::from_value(resource).unwrap();
    let standing = Standing::Complete { tokens: vec!["t1".to_owned()], changing: false };
    let mut seen = observed(dialect, &resource, Some(&standing), "my-project".to_owned(), now());
    seen.ownership = Some(Ownership::Marked(Box::new(mark())));
    seen
}

/// The changes as (field, class).
#[track_caller]
pub(super) fn found(dialect: &Dialect, wanted: Value, there: Value) -> Vec<(String, Class)> {
    let found = changes(&resolved(dialect, wanted), &seen(dialect, there));
    found.into_iter().map(|change| (change.field, change.class)).collect()
}
