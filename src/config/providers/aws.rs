//! `[providers.aws]`.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use secrecy::SecretString;
use serde::{Deserialize, Serialize};

use crate::config::{JsonMap, scalar};

/// Amazon Web Services.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Aws {
    /// Whether caches may be made there. Default `false`.
    #[serde(deserialize_with = "scalar::read")]
    pub enabled: bool,
    /// The region for requests that name none.
    pub region: Option<String>,
    /// Further regions that requests may name.
    pub regions: Vec<String>,
    /// Where ElastiCache answers, instead of at AWS: an emulator or a VPC endpoint.
    pub endpoint_url: Option<String>,
    /// Where STS answers. Unset: `endpoint_url` if that is set, else AWS.
    pub sts_endpoint_url: Option<String>,
    /// PEM file of the CA behind `endpoint_url`, trusted besides the machine's.
    pub ca_file: Option<PathBuf>,
    /// What `ca_file` holds.
    #[serde(skip)]
    pub ca_pem: Option<String>,
    /// CA of the caches' own certificates (PEM), handed out as `ca_cert`; only for emulators and private CAs.
    pub cache_ca: Option<String>,
    /// The same in a file. `cache_ca` holds its text after loading.
    pub cache_ca_file: Option<PathBuf>,
    /// Accounts that requests may name, each a role that the driver's own identity may assume.
    pub accounts: BTreeMap<String, AwsAccount>,
    /// ElastiCache subnet group for requests that name none.
    pub subnet_group: Option<String>,
    /// Security groups for requests that name none. The VPC's default group is never used.
    pub security_group_ids: Vec<String>,
    /// Inputs of the `aws` block for whatever a request leaves out.
    pub defaults: JsonMap,
    /// Engine versions for requests that name none.
    pub versions: AwsVersions,
    /// Parameter groups that the driver makes.
    pub parameter_groups: AwsParameterGroups,
    /// Patience with single calls.
    pub timeouts: AwsTimeouts,
    /// How often a call is tried in all. Default 3.
    #[serde(deserialize_with = "scalar::read")]
    pub max_attempts: u32,
    /// Credentials instead of the machine's own identity. Set by the sandbox only, never from a file.
    #[serde(skip)]
    pub static_credentials: Option<StaticCredentials>,
}

/// A role that the driver's own identity may assume.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AwsAccount {
    /// ARN of the role. Required.
    pub role_arn: String,
    /// What the role's trust policy asks for as `sts:ExternalId`.
    #[serde(default)]
    pub external_id: Option<String>,
    /// Name of the session in `CloudTrail`. Unset: `cache-driver`.
    #[serde(default)]
    pub session_name: Option<String>,
}

/// Engine versions for requests that name none. A cache keeps the version that it was made with.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct AwsVersions {
    /// Valkey. Default `8.1`.
    pub valkey: String,
    /// Redis OSS. Default `7.1`, the last that ElastiCache has.
    pub redis: String,
}

/// Parameter groups that the driver makes.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct AwsParameterGroups {
    /// What their names begin with. Unset: `cache-driver`.
    pub prefix: Option<String>,
}

/// Patience with single calls to AWS.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct AwsTimeouts {
    /// Until a connection stands. Default `3s`.
    #[serde(with = "scalar::duration")]
    pub connect: Duration,
    /// For one try. Default `10s`.
    #[serde(with = "scalar::duration")]
    pub attempt: Duration,
    /// For all tries of one call. Default `25s`.
    #[serde(with = "scalar::duration")]
    pub operation: Duration,
}

/// Fixed credentials.
#[derive(Debug, Clone)]
pub struct StaticCredentials {
    /// Access key id.
    pub access_key_id: String,
    /// Secret access key.
    pub secret_access_key: SecretString,
    /// Session token, for temporary credentials.
    pub session_token: Option<SecretString>,
}

impl Aws {
    /// Every region that a request may name, the default one first.
    pub fn allowed_regions(&self) -> impl Iterator<Item = &str> {
        let further = self.regions.iter().filter(|region| Some(*region) != self.region.as_ref());
        self.region.iter().chain(further).map(String::as_str)
    }
}

impl Default for Aws {
    fn default() -> Self {
        Self {
            enabled: false,
            region: None,
            regions: Vec::new(),
            endpoint_url: None,
            sts_endpoint_url: None,
            ca_file: None,
            ca_pem: None,
            cache_ca: None,
            cache_ca_file: None,
            accounts: BTreeMap::new(),
            subnet_group: None,
            security_group_ids: Vec::new(),
            defaults: JsonMap::new(),
            versions: AwsVersions::default(),
            parameter_groups: AwsParameterGroups::default(),
            timeouts: AwsTimeouts::default(),
            max_attempts: 3,
            static_credentials: None,
        }
    }
}

impl Default for AwsVersions {
    fn default() -> Self {
        Self { valkey: "8.1".to_owned(), redis: "7.1".to_owned() }
    }
}

impl Default for AwsTimeouts {
    fn default() -> Self {
        Self { connect: Duration::from_secs(3), attempt: Duration::from_secs(10), operation: Duration::from_secs(25) }
    }
}
