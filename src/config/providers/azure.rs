//! `[providers.azure]`.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use secrecy::SecretString;
use serde::{Deserialize, Serialize};

use crate::config::{JsonMap, scalar, secrets};

/// Microsoft Azure.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Azure {
    /// Whether caches may be made there. Default `false`.
    #[serde(deserialize_with = "scalar::read")]
    pub enabled: bool,
    /// The subscription for requests that name none.
    pub subscription_id: Option<String>,
    /// Further subscriptions that requests may name.
    pub subscriptions: Vec<String>,
    /// The resource group for requests that name none. It must exist.
    pub resource_group: Option<String>,
    /// Further resource groups that requests may name. They must exist.
    pub resource_groups: Vec<String>,
    /// The location for requests that name none.
    pub location: Option<String>,
    /// Further locations that requests may name.
    pub locations: Vec<String>,
    /// Where the resource manager and Entra answer, instead of at Azure: an emulator.
    pub endpoint_url: Option<String>,
    /// PEM file of the CA behind `endpoint_url`, trusted besides the machine's.
    pub ca_file: Option<PathBuf>,
    /// What `ca_file` holds.
    #[serde(skip)]
    pub ca_pem: Option<String>,
    /// CA of the caches' own certificates (PEM), handed out as `ca_cert`; only for emulators.
    pub cache_ca: Option<String>,
    /// The same in a file. `cache_ca` holds its text after loading.
    pub cache_ca_file: Option<PathBuf>,
    /// Client id of the user-assigned managed identity that is the driver's own. Unset: the system-assigned one.
    pub managed_identity_client_id: Option<String>,
    /// Accounts that requests may name.
    pub accounts: BTreeMap<String, AzureAccount>,
    /// The application that signed tokens of requests are exchanged for, where the account does not name one.
    pub federated: AzureFederated,
    /// Inputs of the `azure` block for whatever a request leaves out.
    pub defaults: JsonMap,
    /// Patience with single calls.
    pub timeouts: AzureTimeouts,
    /// How often a call that may be repeated is tried in all. Default 3.
    #[serde(deserialize_with = "scalar::read")]
    pub max_attempts: u32,
    /// The workload identity of the pod that the driver runs in. Told by the environment only.
    #[serde(skip)]
    pub workload_identity: Option<AzureWorkload>,
    /// A token instead of the machine's own identity. Set by the sandbox only, never from a file.
    #[serde(skip)]
    pub static_token: Option<SecretString>,
}

/// A service principal.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AzureAccount {
    /// Directory (tenant) id. Required.
    pub tenant_id: String,
    /// Application (client) id. Required.
    pub client_id: String,
    /// Its client secret.
    #[serde(default, serialize_with = "secrets::redacted")]
    pub client_secret: Option<SecretString>,
    /// The same in a file. `client_secret` holds its text after loading.
    #[serde(default)]
    pub client_secret_file: Option<PathBuf>,
}

/// The application that signed tokens of requests are exchanged for.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct AzureFederated {
    /// Directory (tenant) id.
    pub tenant_id: Option<String>,
    /// Application (client) id.
    pub client_id: Option<String>,
}

/// A workload identity, as the webhook of Azure Workload Identity puts it into a pod's environment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AzureWorkload {
    /// `AZURE_FEDERATED_TOKEN_FILE`: the service account's token. That it is set is what makes it one.
    pub token_file: PathBuf,
    /// `AZURE_TENANT_ID`.
    pub tenant_id: Option<String>,
    /// `AZURE_CLIENT_ID`.
    pub client_id: Option<String>,
}

/// Patience with single calls to Azure.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct AzureTimeouts {
    /// Until a connection stands. Default `3s`.
    #[serde(with = "scalar::duration")]
    pub connect: Duration,
    /// For one try. Default `15s`.
    #[serde(with = "scalar::duration")]
    pub attempt: Duration,
    /// For all tries of one call, its token included. Default `25s`.
    #[serde(with = "scalar::duration")]
    pub operation: Duration,
    /// For a token. Default `10s`.
    #[serde(with = "scalar::duration")]
    pub token: Duration,
}

impl Azure {
    /// Every subscription that a request may name, the default one first.
    pub fn allowed_subscriptions(&self) -> impl Iterator<Item = &str> {
        allowed(self.subscription_id.as_deref(), &self.subscriptions)
    }

    /// Every resource group that a request may name, the default one first.
    pub fn allowed_resource_groups(&self) -> impl Iterator<Item = &str> {
        allowed(self.resource_group.as_deref(), &self.resource_groups)
    }

    /// Every location that a request may name, the default one first.
    pub fn allowed_locations(&self) -> impl Iterator<Item = &str> {
        allowed(self.location.as_deref(), &self.locations)
    }
}

fn allowed<'a>(first: Option<&'a str>, further: &'a [String]) -> impl Iterator<Item = &'a str> {
    first.into_iter().chain(further.iter().map(String::as_str).filter(move |name| Some(*name) != first))
}

impl Default for Azure {
    fn default() -> Self {
        Self {
            enabled: false,
            subscription_id: None,
            subscriptions: Vec::new(),
            resource_group: None,
            resource_groups: Vec::new(),
            location: None,
            locations: Vec::new(),
            endpoint_url: None,
            ca_file: None,
            ca_pem: None,
            cache_ca: None,
            cache_ca_file: None,
            managed_identity_client_id: None,
            accounts: BTreeMap::new(),
            federated: AzureFederated::default(),
            defaults: JsonMap::new(),
            timeouts: AzureTimeouts::default(),
            max_attempts: 3,
            workload_identity: None,
            static_token: None,
        }
    }
}

impl Default for AzureTimeouts {
    fn default() -> Self {
        Self {
            connect: Duration::from_secs(3),
            attempt: Duration::from_secs(15),
            operation: Duration::from_secs(25),
            token: Duration::from_secs(10),
        }
    }
}
