//! A Redis instance as Google shows it: `redis/v1`, `Instance`.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::super::instances::{MaintenancePolicy, TlsCertificate};
use super::super::labels::Labels;

/// The instance. Google leaves out what is zero, false or empty; all enums are open.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct Instance {
    pub(super) name: String,
    pub(super) display_name: String,
    pub(super) labels: Labels,
    pub(super) location_id: Option<String>,
    pub(super) alternative_location_id: Option<String>,
    pub(super) redis_version: String,
    pub(super) reserved_ip_range: Option<String>,
    pub(super) secondary_ip_range: Option<String>,
    pub(super) host: String,
    pub(super) port: u16,
    pub(super) create_time: Option<String>,
    pub(super) state: String,
    pub(super) redis_configs: BTreeMap<String, String>,
    pub(super) tier: Option<String>,
    pub(super) memory_size_gb: Option<u32>,
    pub(super) authorized_network: Option<String>,
    pub(super) connect_mode: Option<String>,
    pub(super) auth_enabled: bool,
    pub(super) server_ca_certs: Vec<TlsCertificate>,
    pub(super) transit_encryption_mode: String,
    pub(super) maintenance_policy: MaintenancePolicy,
    pub(super) replica_count: Option<u32>,
    pub(super) read_endpoint: String,
    pub(super) read_endpoint_port: u16,
    pub(super) read_replicas_mode: String,
    pub(super) customer_managed_key: String,
    pub(super) persistence_config: PersistenceConfig,
    pub(super) suspension_reasons: Vec<String>,
}

/// How its data survives a restart.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct PersistenceConfig {
    pub(super) persistence_mode: String,
    pub(super) rdb_snapshot_period: Option<String>,
}
