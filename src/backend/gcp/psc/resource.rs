//! A Redis Cluster or a Valkey instance, as the REST APIs (v1) show it. Enums are open, and so is everything else: what is
//! not here is passed over. Zero values may be there or not.

use std::collections::BTreeMap;

use jiff::Timestamp;
use secrecy::SecretString;
use serde::Deserialize;

/// `Cluster` of `redis/v1`, `Instance` of `memorystore/v1`.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct Resource {
    pub(super) name: String,
    pub(super) uid: String,
    pub(super) state: String,
    pub(super) state_info: StateInfo,
    pub(super) create_time: Option<Timestamp>,
    pub(super) labels: BTreeMap<String, String>,
    /// Valkey's alone.
    pub(super) mode: Option<String>,
    pub(super) node_type: Option<String>,
    pub(super) shard_count: Option<u32>,
    pub(super) replica_count: u32,
    /// Valkey's alone.
    pub(super) engine_version: Option<String>,
    #[serde(alias = "engineConfigs", alias = "redisConfigs")]
    pub(super) parameters: BTreeMap<String, String>,
    pub(super) authorization_mode: Option<String>,
    pub(super) transit_encryption_mode: Option<String>,
    pub(super) server_ca_mode: Option<String>,
    pub(super) server_ca_pool: Option<String>,
    pub(super) kms_key: Option<String>,
    pub(super) persistence_config: PersistenceConfig,
    pub(super) maintenance_policy: MaintenancePolicy,
    pub(super) automated_backup_config: AutomatedBackupConfig,
    pub(super) zone_distribution_config: ZoneDistributionConfig,
    pub(super) deletion_protection_enabled: bool,
    pub(super) backup_collection: Option<String>,
    /// Valkey's: what a node has.
    pub(super) node_config: NodeConfig,
    /// Redis Cluster's: what all shards have together.
    pub(super) precise_size_gb: Option<f64>,
    /// Valkey's.
    pub(super) endpoints: Vec<Endpoint>,
    /// Redis Cluster's.
    pub(super) discovery_endpoints: Vec<DiscoveryEndpoint>,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct StateInfo {
    pub(super) update_info: BTreeMap<String, serde_json::Value>,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct PersistenceConfig {
    pub(super) mode: String,
    pub(super) rdb_config: RdbConfig,
    pub(super) aof_config: AofConfig,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct RdbConfig {
    pub(super) rdb_snapshot_period: Option<String>,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct AofConfig {
    pub(super) append_fsync: Option<String>,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct MaintenancePolicy {
    pub(super) weekly_maintenance_window: Vec<WeeklyMaintenanceWindow>,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct WeeklyMaintenanceWindow {
    pub(super) day: String,
    pub(super) start_time: TimeOfDay,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct TimeOfDay {
    pub(super) hours: u32,
    pub(super) minutes: u32,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct AutomatedBackupConfig {
    pub(super) automated_backup_mode: String,
    pub(super) fixed_frequency_schedule: FixedFrequencySchedule,
    /// `86400s`.
    pub(super) retention: String,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct FixedFrequencySchedule {
    pub(super) start_time: TimeOfDay,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct ZoneDistributionConfig {
    pub(super) mode: Option<String>,
    pub(super) zone: Option<String>,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct NodeConfig {
    pub(super) size_gb: Option<f64>,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct Endpoint {
    pub(super) connections: Vec<ConnectionDetail>,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct ConnectionDetail {
    pub(super) psc_auto_connection: Option<PscConnection>,
    /// One that somebody else registered.
    pub(super) psc_connection: Option<PscConnection>,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct PscConnection {
    pub(super) ip_address: String,
    pub(super) port: Option<u16>,
    pub(super) connection_type: String,
    pub(super) network: String,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct DiscoveryEndpoint {
    pub(super) address: String,
    pub(super) port: Option<u16>,
    pub(super) psc_config: PscConfig,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct PscConfig {
    pub(super) network: String,
}

/// `TokenAuthUser`.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct TokenAuthUser {
    pub(super) state: String,
}

/// `ListAuthTokensResponse`.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct AuthTokens {
    pub(super) auth_tokens: Vec<AuthToken>,
}

/// `AuthToken`. A user has two at most, so that one page always shows them all.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct AuthToken {
    pub(super) name: String,
    pub(super) state: String,
    pub(super) create_time: Option<Timestamp>,
    pub(super) token: Option<SecretString>,
}

/// `CertificateAuthority` and `SharedRegionalCertificateAuthority`.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct CertificateAuthority {
    pub(super) managed_server_ca: ManagedServerCa,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct ManagedServerCa {
    pub(super) ca_certs: Vec<CertChain>,
}

/// PEM, from leaf to root.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct CertChain {
    pub(super) certificates: Vec<String>,
}

/// `Backup`.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct Backup {
    pub(super) state: String,
}
