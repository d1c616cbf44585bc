//! `[providers.gcp]`.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::config::{JsonMap, scalar};

/// Google Cloud.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Gcp {
    /// Whether caches may be made there. Default `false`.
    #[serde(deserialize_with = "scalar::read")]
    pub enabled: bool,
    /// The project for requests that name none. Unset: that of the credentials.
    pub project: Option<String>,
    /// Further projects that requests may name. With neither `project` nor `projects`, requests may name any.
    pub projects: Vec<String>,
    /// The region for requests that name none.
    pub region: Option<String>,
    /// Further regions that requests may name.
    pub regions: Vec<String>,
    /// The base to which the service's name is appended, instead of Google's hosts: an emulator. Tokens then come from
    /// `{endpoint_url}/token`, and the machine's own identity is never used.
    pub endpoint_url: Option<String>,
    /// PEM file of a CA that is trusted besides the machine's own: that of an emulator or of a proxy.
    pub ca_file: Option<PathBuf>,
    /// What `ca_file` holds.
    #[serde(skip)]
    pub ca_pem: Option<String>,
    /// Accounts that requests may name.
    pub accounts: BTreeMap<String, GcpAccount>,
    /// VPC network of caches for requests that name none: its name, or its full path.
    pub network: Option<String>,
    /// Project of that network, with Shared VPC. Unset: the cache's.
    pub network_project: Option<String>,
    /// Project that calls are counted against and billed to. Unset: as Google does it, usually the cache's.
    pub quota_project: Option<String>,
    /// Inputs of the `gcp` block for whatever a request leaves out.
    pub defaults: JsonMap,
    /// Engine versions for requests that name none.
    pub versions: GcpVersions,
    /// Patience with single calls.
    pub timeouts: GcpTimeouts,
    /// How often a call is tried in all. Default 3.
    #[serde(deserialize_with = "scalar::read")]
    pub max_attempts: u32,
    /// Google's quota of calls per minute and project for Valkey and Redis Cluster. The driver uses half. Default 60.
    #[serde(deserialize_with = "scalar::read")]
    pub requests_per_minute: u32,
    /// Google's quota of creations and deletions of those per minute and project. The driver uses half. Default 10. Of Redis
    /// instances and Memcached it uses half of 30, or of this if it is more.
    #[serde(deserialize_with = "scalar::read")]
    pub creations_per_minute: u32,
    /// Replicas of the driver that share these quotas. Default 1.
    #[serde(deserialize_with = "scalar::read")]
    pub replicas: u32,
    /// An access token instead of the machine's own identity. Set by the sandbox only, never from a file.
    #[serde(skip)]
    pub static_token: Option<SecretString>,
}

/// A service account.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GcpAccount {
    /// Its key, a JSON file as Google Cloud hands it out. Required.
    pub credentials_file: PathBuf,
    /// What `credentials_file` holds.
    #[serde(skip)]
    pub credentials: Option<SecretString>,
}

/// Engine versions for requests that name none. A cache keeps the version that it was made with. Redis Cluster has none to
/// choose.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct GcpVersions {
    /// Memorystore for Redis. Default `7.2`.
    pub redis: String,
    /// Memorystore for Valkey. Default `8.0`.
    pub valkey: String,
    /// Memorystore for Memcached. Default `1.6.15`.
    pub memcached: String,
}

/// Patience with single calls to Google Cloud.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct GcpTimeouts {
    /// Until a connection stands. Default `3s`.
    #[serde(with = "scalar::duration")]
    pub connect: Duration,
    /// For one try. Default `10s`.
    #[serde(with = "scalar::duration")]
    pub attempt: Duration,
    /// For all tries of one call, with the token that it needs. Default `25s`.
    #[serde(with = "scalar::duration")]
    pub operation: Duration,
}

impl Gcp {
    /// Every region that a request may name, the default one first.
    pub fn allowed_regions(&self) -> impl Iterator<Item = &str> {
        let further = self.regions.iter().filter(|region| Some(*region) != self.region.as_ref());
        self.region.iter().chain(further).map(String::as_str)
    }

    /// Every project that a request may name, the default one first. None at all: requests may name any.
    pub fn allowed_projects(&self) -> impl Iterator<Item = &str> {
        let further = self.projects.iter().filter(|project| Some(*project) != self.project.as_ref());
        self.project.iter().chain(further).map(String::as_str)
    }
}

impl GcpAccount {
    /// Why what the file holds is no key of a service account, if it is none. Never shows what it holds.
    #[must_use]
    pub fn problem(&self) -> Option<String> {
        let text = self.credentials.as_ref()?;
        let Ok(Value::Object(key)) = serde_json::from_str(text.expose_secret()) else {
            return Some("the file holds no JSON object; expected the key of a service account".to_owned());
        };
        let kind = key.get("type").and_then(Value::as_str).unwrap_or("none");
        if kind != "service_account" {
            let known = ["external_account", "authorized_user", "impersonated_service_account", "none"];
            let kind = if known.contains(&kind) { kind } else { "another" };
            let hint = "for workload identity leave `account` out, and the driver's own identity is used";
            return Some(format!("credentials of the type `service_account` are supported, these have {kind}; {hint}"));
        }
        let is_text = |name: &&&str| key.get(**name).and_then(Value::as_str).is_some_and(|text| !text.is_empty());
        let needed = ["client_email", "private_key", "token_uri"];
        let missing: Vec<&str> = needed.iter().filter(|name| !is_text(name)).copied().collect();
        (!missing.is_empty()).then(|| format!("the key in the file lacks {}", missing.join(", ")))
    }
}

impl Default for Gcp {
    fn default() -> Self {
        Self {
            enabled: false,
            project: None,
            projects: Vec::new(),
            region: None,
            regions: Vec::new(),
            endpoint_url: None,
            ca_file: None,
            ca_pem: None,
            accounts: BTreeMap::new(),
            network: None,
            network_project: None,
            quota_project: None,
            defaults: JsonMap::new(),
            versions: GcpVersions::default(),
            timeouts: GcpTimeouts::default(),
            max_attempts: 3,
            requests_per_minute: 60,
            creations_per_minute: 10,
            replicas: 1,
            static_token: None,
        }
    }
}

impl Default for GcpVersions {
    fn default() -> Self {
        Self { redis: "7.2".to_owned(), valkey: "8.0".to_owned(), memcached: "1.6.15".to_owned() }
    }
}

impl Default for GcpTimeouts {
    fn default() -> Self {
        Self { connect: Duration::from_secs(3), attempt: Duration::from_secs(10), operation: Duration::from_secs(25) }
    }
}
