//! `[providers.gcp]`.

use std::collections::BTreeMap;
use std::path::PathBuf;

use secrecy::SecretString;
use serde::{Deserialize, Serialize};

use crate::config::{JsonMap, scalar};

/// Google Cloud.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Gcp {
    /// Whether caches may be made there. Default `false`.
    #[serde(deserialize_with = "scalar::read")]
    pub enabled: bool,
    /// The project for requests that name none.
    pub project: Option<String>,
    /// Further projects that requests may name.
    pub projects: Vec<String>,
    /// The region for requests that name none.
    pub region: Option<String>,
    /// Further regions that requests may name.
    pub regions: Vec<String>,
    /// The base to which the service's name is appended, instead of Google's hosts: an emulator.
    pub endpoint_url: Option<String>,
    /// Accounts that requests may name.
    pub accounts: BTreeMap<String, GcpAccount>,
    /// Inputs of the `gcp` block for whatever a request leaves out.
    pub defaults: JsonMap,
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
