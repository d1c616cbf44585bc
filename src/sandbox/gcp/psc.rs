//! What clusters and Valkey have in common: Private Service Connect, persistence, sizes.

use serde_json::{Value, json};

use super::common::{self, default, int, text};
use super::error::ApiError;
use super::product::Product;
use super::schema::Object;
use super::store::{Key, Resource, project_number};

/// Nodes of one resource: shards times nodes of a shard.
const MOST_NODES: i64 = 250;
const MOST_REPLICAS: i64 = 5;
pub(super) const PORT: u16 = 6379;

/// An automatic connection: the project and the network that it is in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Network {
    pub(super) project: String,
    pub(super) path: String,
}

/// The networks of the automatic connections in a list of endpoints, each once.
pub(super) fn networks(fields: &Object, list: &str) -> Vec<Network> {
    let mut found: Vec<Network> = Vec::new();
    for connection in connections(fields, list) {
        let auto = &connection["pscAutoConnection"];
        if let Some(path) = auto["network"].as_str() {
            let project = auto["projectId"].as_str().unwrap_or_else(|| super::prerequisites::parts(path).0);
            let network = Network { project: project.to_owned(), path: path.to_owned() };
            if !found.contains(&network) {
                found.push(network);
            }
        }
    }
    found
}

/// All connections in a list of endpoints.
pub(super) fn connections<'a>(fields: &'a Object, list: &str) -> impl Iterator<Item = &'a Value> {
    let endpoints = fields.get(list).and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
    endpoints.iter().flat_map(|endpoint| endpoint["connections"].as_array().map_or(&[][..], Vec::as_slice))
}

/// Defaults of both products; `prefix` is what the enum words of clusters begin with.
pub(super) fn complete(fields: &mut Object) {
    default(fields, "replicaCount", 0);
    default(fields, "deletionProtectionEnabled", false);
    default(fields, "persistenceConfig", json!({ "mode": "DISABLED" }));
    default(fields, "automatedBackupConfig", json!({ "automatedBackupMode": "DISABLED" }));
    default(fields, "zoneDistributionConfig", json!({ "mode": "MULTI_ZONE" }));
    if let Some(persistence) = fields.get_mut("persistenceConfig").and_then(Value::as_object_mut) {
        default(persistence, "mode", "DISABLED");
    }
    // Acts, not settings: nothing remembers them.
    fields.remove("simulateMaintenanceEvent");
    fields.remove("rotateServerCertificate");
}

/// What both products check.
pub(super) fn check(fields: &Object, key: &Key, list: &str) -> Result<(), ApiError> {
    let wrong = |message: String| Err(ApiError::invalid(format!("{message}: invalid argument")));
    let (shards, replicas) = (int(fields, "shardCount"), int(fields, "replicaCount"));
    if shards < 1 {
        return wrong(format!("shard count must be at least 1, got {shards}"));
    }
    if !(0..=MOST_REPLICAS).contains(&replicas) {
        return wrong(format!("replica count must be between 0 and {MOST_REPLICAS}, got {replicas}"));
    }
    if shards * (replicas + 1) > MOST_NODES {
        return wrong(format!("{shards} shards of {} nodes are more than {MOST_NODES} nodes", replicas + 1));
    }
    if let Some(persistence) = fields.get("persistenceConfig").and_then(Value::as_object) {
        if persistence.contains_key("rdbConfig") && persistence.contains_key("aofConfig") {
            return wrong("unable to update RDB and AOF config at the same time".to_owned());
        }
        let mode = text(persistence, "mode");
        let fits = match mode {
            "RDB" => !persistence.contains_key("aofConfig"),
            "AOF" => !persistence.contains_key("rdbConfig"),
            _ => !persistence.contains_key("rdbConfig") && !persistence.contains_key("aofConfig"),
        };
        if !fits {
            return wrong(format!("the persistence configuration does not fit the mode {mode}"));
        }
    }
    zones(fields, key)?;
    for network in networks(fields, list) {
        if !common::is_network(&network.path) {
            return wrong(format!("invalid network {:?}, value should be full path to network resource", network.path));
        }
    }
    common::key_of_kms(key.product, fields, "kmsKey", &key.location)
}

fn zones(fields: &Object, key: &Key) -> Result<(), ApiError> {
    let Some(config) = fields.get("zoneDistributionConfig").and_then(Value::as_object) else { return Ok(()) };
    let (mode, zone) = (text(config, "mode"), text(config, "zone"));
    if mode != "SINGLE_ZONE" && !zone.is_empty() {
        return Err(ApiError::invalid("zone can only be set with SINGLE_ZONE zone distribution: invalid argument"));
    }
    if !zone.is_empty() && !zone.starts_with(&format!("{}-", key.location)) {
        return Err(ApiError::invalid(format!("zone {zone} is not in location {}: invalid argument", key.location)));
    }
    Ok(())
}

/// Who owns the service attachments: some project of Google's own.
fn tenant(key: &Key) -> u64 {
    project_number(&format!("tenant-of-{}", key.project))
}

/// The name of one of the two service attachments.
pub(super) fn attachment(resource: &Resource, second: bool) -> String {
    let key = &resource.key;
    let mark = project_number(&key.name()) % 0xfff_ffff_ffff;
    format!(
        "projects/{}/regions/{}/serviceAttachments/gcp-memorystore-auto-{mark:016x}-psc-sa{}",
        tenant(key),
        key.location,
        if second { "-2" } else { "" }
    )
}

/// The id of a connection; clients must not read anything into it.
pub(super) fn connection_id(resource: &Resource, index: usize) -> String {
    (165_866_332_863_070_000 + u64::from(resource.number) * 16 + index as u64).to_string()
}

/// The rule that forwards to the attachment, as the service writes those that it made itself.
pub(super) fn forwarding_rule(resource: &Resource, network: &Network, index: usize) -> String {
    let mark = project_number(&format!("{}/{index}", resource.key.name())) & 0xffff_ffff_ffff;
    format!(
        "https://www.googleapis.com/compute/v1/projects/{}/regions/{}/forwardingRules/sca-auto-fr-{:08x}-0000-4000-8000-{mark:012x}",
        network.project, resource.key.location, resource.number
    )
}

/// The address of a connection: that of the server if there is one.
pub(super) fn address(resource: &Resource, index: usize) -> String {
    if let Some(server) = &resource.listening {
        return server.host.clone();
    }
    let at = 2 + usize::try_from(resource.number).unwrap_or_default() * 16 % 65_000 + index;
    format!("10.128.{}.{}", at >> 8 & 255, at & 255)
}

/// The port of the server if there is one.
pub(super) fn port(resource: &Resource) -> u16 {
    resource.listening.as_ref().map_or(PORT, |server| server.port)
}

/// `stateInfo` of a resource that is being updated.
pub(super) fn state_info(before: &Object, target: &Object) -> Value {
    let mut info = Object::new();
    for (field, name) in
        [("shardCount", "targetShardCount"), ("replicaCount", "targetReplicaCount"), ("nodeType", "targetNodeType")]
    {
        if let Some(value) = target.get(field)
            && before.get(field) != Some(value)
        {
            info.insert(name.to_owned(), value.clone());
        }
    }
    json!({ "updateInfo": info })
}

/// Nominal GiB of a node.
pub(super) fn node_gb(node_type: &str) -> f64 {
    match node_type.trim_start_matches("REDIS_") {
        "SHARED_CORE_NANO" => 1.4,
        "CUSTOM_PICO" => 2.0,
        "CUSTOM_MICRO" => 3.0,
        "CUSTOM_MINI" => 4.0,
        "STANDARD_SMALL" | "HIGHCPU_MEDIUM" => 6.5,
        "STANDARD_LARGE" => 26.0,
        "HIGHMEM_XLARGE" => 58.0,
        "HIGHMEM_2XLARGE" => 116.0,
        _ => 13.0,
    }
}

/// The word for how the server's data are encrypted on disk.
pub(super) fn encryption_info(fields: &Object) -> Value {
    let customer = fields.contains_key("kmsKey");
    json!({ "encryptionType": if customer { "CUSTOMER_MANAGED_ENCRYPTION" } else { "GOOGLE_DEFAULT_ENCRYPTION" } })
}

/// A 21-digit id.
pub(super) fn uid(resource: &Resource) -> String {
    format!("1{:020}", project_number(&resource.key.name()) * 1000 + u64::from(resource.number))
}

/// The list of endpoints of a product.
pub(super) const fn endpoints(product: Product) -> &'static str {
    match product {
        Product::Cluster => "clusterEndpoints",
        _ => "endpoints",
    }
}
