//! `[providers.azure]`.

use std::collections::BTreeMap;
use std::path::PathBuf;

use secrecy::SecretString;
use serde::{Deserialize, Serialize};

use crate::config::{JsonMap, scalar, secrets};

/// Microsoft Azure.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
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
    /// The location for requests that name none.
    pub location: Option<String>,
    /// Further locations that requests may name.
    pub locations: Vec<String>,
    /// Where the resource manager answers, instead of at Azure: an emulator.
    pub endpoint_url: Option<String>,
    /// Accounts that requests may name.
    pub accounts: BTreeMap<String, AzureAccount>,
    /// Inputs of the `azure` block for whatever a request leaves out.
    pub defaults: JsonMap,
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
