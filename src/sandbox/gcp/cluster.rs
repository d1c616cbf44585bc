//! Rules of Memorystore for Redis Cluster.

use serde_json::{Value, json};

use super::common::{self, default, int, text};
use super::error::ApiError;
use super::product::Product;
use super::psc::{self, Network};
use super::schema::Object;
use super::store::{Key, Resource};

const ENDPOINTS: &str = psc::endpoints(Product::Cluster);
/// The parameters that can be set.
const CONFIGS: [&str; 9] = [
    "maxmemory",
    "maxmemory-clients",
    "maxmemory-policy",
    "maxclients",
    "notify-keyspace-events",
    "slowlog-log-slower-than",
    "slowlog-max-len",
    "activedefrag",
    "lazyfree-lazy-eviction",
];

pub(super) fn complete(fields: &mut Object) {
    default(fields, "authorizationMode", "AUTH_MODE_DISABLED");
    default(fields, "transitEncryptionMode", "TRANSIT_ENCRYPTION_MODE_DISABLED");
    default(fields, "nodeType", "REDIS_HIGHMEM_MEDIUM");
    psc::complete(fields);
}

pub(super) fn check(fields: &Object, key: &Key) -> Result<(), ApiError> {
    let configs = fields.get("pscConfigs").and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
    if configs.len() > 1 {
        return Err(ApiError::invalid("only one PSC config is supported: invalid argument"));
    }
    for config in configs {
        let network = config["network"].as_str().unwrap_or_default();
        if !common::is_network(network) {
            let message = format!("invalid network {network:?}, value should be full path to network resource");
            return Err(ApiError::invalid(format!("{message}: invalid argument")));
        }
    }
    common::engine_settings(Product::Cluster, fields, "redisConfigs", &CONFIGS)?;
    psc::check(fields, key, ENDPOINTS)
}

/// The networks that get automatic connections: those of `pscConfigs`, which are in the cluster's project, and of the
/// endpoints.
pub(super) fn networks(fields: &Object, key: &Key) -> Vec<Network> {
    let configs = fields.get("pscConfigs").and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
    let paths = configs.iter().filter_map(|config| config["network"].as_str());
    let mut networks: Vec<Network> =
        paths.map(|path| Network { project: key.project.clone(), path: path.to_owned() }).collect();
    for network in psc::networks(fields, ENDPOINTS) {
        if !networks.iter().any(|known| known.path == network.path) {
            networks.push(network);
        }
    }
    networks
}

pub(super) fn finish(resource: &mut Resource) {
    let networks = networks(&resource.fields, &resource.key);
    let (port, first, second) =
        (psc::port(resource), psc::attachment(resource, false), psc::attachment(resource, true));
    let (mut endpoints, mut discovery, mut connections) = (Vec::new(), Vec::new(), Vec::new());
    for (number, network) in networks.iter().enumerate() {
        let mut pair = Vec::new();
        for (offset, attachment) in [(0, &first), (1, &second)] {
            let index = number * 2 + offset;
            let connection = json!({
                "address": psc::address(resource, index),
                "forwardingRule": psc::forwarding_rule(resource, network, index),
                "network": network.path,
                "projectId": network.project,
                "pscConnectionId": psc::connection_id(resource, index),
                "serviceAttachment": attachment,
            });
            connections.push(connection.clone());
            let mut auto = connection;
            auto["pscConnectionStatus"] = "PSC_CONNECTION_STATUS_ACTIVE".into();
            if offset == 0 {
                auto["connectionType"] = "CONNECTION_TYPE_DISCOVERY".into();
            }
            pair.push(json!({ "pscAutoConnection": auto }));
        }
        endpoints.push(json!({ "connections": pair }));
        discovery.push(json!({
            "address": psc::address(resource, number * 2),
            "port": port,
            "pscConfig": { "network": network.path },
        }));
    }
    let registered: Vec<Value> = psc::connections(&resource.fields, ENDPOINTS)
        .filter(|connection| connection.get("pscConnection").is_some())
        .cloned()
        .collect();
    if !registered.is_empty() {
        endpoints.push(json!({ "connections": registered }));
    }
    let size = psc::node_gb(resource.text("nodeType"));
    let shards = u32::try_from(int(&resource.fields, "shardCount")).unwrap_or_default();
    let (precise, uid) = (size * f64::from(shards), psc::uid(resource));
    let encrypted = text(&resource.fields, "transitEncryptionMode").ends_with("SERVER_AUTHENTICATION");
    let fields = &mut resource.fields;
    let mut set = |name: &str, value: Value| {
        let empty = value.as_array().is_some_and(Vec::is_empty);
        if empty {
            fields.remove(name)
        } else {
            fields.insert(name.to_owned(), value)
        };
    };
    set(ENDPOINTS, endpoints.into());
    set("discoveryEndpoints", discovery.into());
    set("pscConnections", connections.into());
    set(
        "pscServiceAttachments",
        json!([
            { "serviceAttachment": first, "connectionType": "CONNECTION_TYPE_DISCOVERY" },
            { "serviceAttachment": second },
        ]),
    );
    set("preciseSizeGb", json!(precise));
    set("sizeGb", rounded(precise).into());
    set("effectiveMaintenanceVersion", "REDISCLUSTER_20260512_00_00".into());
    set("satisfiesPzi", false.into());
    set("uid", uid.into());
    let info = psc::encryption_info(fields);
    fields.insert("encryptionInfo".to_owned(), info);
    let authority =
        if encrypted { "SERVER_CA_MODE_GOOGLE_MANAGED_PER_INSTANCE_CA" } else { "SERVER_CA_MODE_UNSPECIFIED" };
    default(fields, "serverCaMode", authority);
}

#[expect(clippy::cast_possible_truncation, reason = "at most 250 nodes of 116 GiB")]
fn rounded(gb: f64) -> i64 {
    gb.round() as i64
}
