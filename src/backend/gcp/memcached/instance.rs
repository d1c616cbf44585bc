//! A memcached instance as Google shows it: `memcache/v1`, `Instance`.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::super::instances::MaintenancePolicy;
use super::super::labels::Labels;

/// The instance. Google leaves out what is zero, false or empty; all enums are open.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct Instance {
    pub(super) name: String,
    pub(super) display_name: String,
    pub(super) labels: Labels,
    pub(super) authorized_network: Option<String>,
    pub(super) reserved_ip_range_id: Vec<String>,
    pub(super) zones: Vec<String>,
    pub(super) node_count: Option<u32>,
    pub(super) node_config: NodeConfig,
    pub(super) memcache_version: String,
    pub(super) memcache_full_version: String,
    pub(super) parameters: Parameters,
    pub(super) memcache_nodes: Vec<Node>,
    pub(super) create_time: Option<String>,
    pub(super) state: String,
    pub(super) maintenance_policy: MaintenancePolicy,
    pub(super) discovery_endpoint: String,
}

/// What each node has.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct NodeConfig {
    pub(super) cpu_count: Option<u32>,
    pub(super) memory_size_mb: Option<u32>,
}

/// Parameters, and the id of that very set of them.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(super) struct Parameters {
    pub(super) id: String,
    pub(super) params: BTreeMap<String, String>,
}

/// One node.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct Node {
    pub(super) node_id: String,
    pub(super) parameters: Option<Parameters>,
}
