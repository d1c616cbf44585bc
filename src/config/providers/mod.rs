//! `[providers.*]`: the clouds. Always all three, whatever is compiled in.

mod aws;
mod azure;
mod gcp;

use serde::{Deserialize, Serialize};

pub use aws::{Aws, AwsAccount, AwsParameterGroups, AwsTimeouts, AwsVersions, StaticCredentials};
pub use azure::{Azure, AzureAccount, AzureFederated, AzureTimeouts, AzureWorkload};
pub use gcp::{Gcp, GcpAccount, GcpTimeouts, GcpVersions};

use crate::cache::Provider;

/// The clouds.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Providers {
    /// Amazon Web Services.
    pub aws: Aws,
    /// Google Cloud.
    pub gcp: Gcp,
    /// Microsoft Azure.
    pub azure: Azure,
}

impl Providers {
    /// Whether a cloud may be used.
    #[must_use]
    pub fn is_enabled(&self, provider: Provider) -> bool {
        match provider {
            Provider::Aws => self.aws.enabled,
            Provider::Gcp => self.gcp.enabled,
            Provider::Azure => self.azure.enabled,
        }
    }

    /// The names of a cloud's accounts.
    #[must_use]
    pub fn accounts(&self, provider: Provider) -> Vec<&str> {
        match provider {
            Provider::Aws => self.aws.accounts.keys().map(String::as_str).collect(),
            Provider::Gcp => self.gcp.accounts.keys().map(String::as_str).collect(),
            Provider::Azure => self.azure.accounts.keys().map(String::as_str).collect(),
        }
    }

    /// The clouds that may be used.
    pub fn enabled(&self) -> impl Iterator<Item = Provider> {
        Provider::ALL.iter().copied().filter(|provider| self.is_enabled(*provider))
    }
}
