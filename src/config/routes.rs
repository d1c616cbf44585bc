//! `[routes.*]`, `[profiles.*]` and `[regions]`: what developers ask for, and by which names.

use serde::{Deserialize, Serialize};

use super::JsonMap;
use crate::cache::{Product, Provider};

/// A path that serves one resource type: `[routes.<name>]` is `/<name>/`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Route {
    /// The orchestrator's name for it: `redis`, or a custom `my-org/valkey`. Required.
    pub resource_type: String,
    /// The cloud for requests that name none. Unset: the only enabled one.
    #[serde(default)]
    pub provider: Option<Provider>,
    /// The product for requests that name none. Unset: by engine and mode.
    #[serde(default)]
    pub product: Option<Product>,
    /// Inputs for whatever a request leaves out, in the words of `driver.values`.
    #[serde(default)]
    pub defaults: JsonMap,
    /// The inputs that developers may set in `resource`. Default: none.
    #[serde(default)]
    pub developer_inputs: Vec<String>,
    /// Bounds on what `resource` may ask for: a list of allowed values, or the highest number.
    #[serde(default)]
    pub limits: JsonMap,
    /// Which outputs are given. Default `full`.
    #[serde(default)]
    pub outputs: Outputs,
    /// What `username` is for a cache with a password only. Default `default`.
    #[serde(default)]
    pub username: Username,
}

impl Route {
    /// A route to `resource_type` with nothing else set.
    #[must_use]
    pub fn new(resource_type: impl Into<String>) -> Self {
        Self {
            resource_type: resource_type.into(),
            provider: None,
            product: None,
            defaults: JsonMap::new(),
            developer_inputs: Vec::new(),
            limits: JsonMap::new(),
            outputs: Outputs::default(),
            username: Username::default(),
        }
    }
}

/// Which outputs a route gives.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Outputs {
    /// All that are known.
    #[default]
    Full,
    /// Host, port, username and password: those of the built-in resource type `redis`.
    Minimal,
}

/// What `username` is for a cache with a password only.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Username {
    /// `default`, the name that engines from version 6 know.
    #[default]
    Default,
    /// Nothing, for clients that then send the password alone.
    Empty,
}

/// One name for a place on every cloud: `[regions]` `eu = { aws = "eu-central-1" }`.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Region {
    /// The region of AWS.
    pub aws: Option<String>,
    /// The region of Google Cloud.
    pub gcp: Option<String>,
    /// The location of Azure.
    pub azure: Option<String>,
}

impl Region {
    /// What it is called at one cloud.
    #[must_use]
    pub fn at(&self, provider: Provider) -> Option<&str> {
        match provider {
            Provider::Aws => self.aws.as_deref(),
            Provider::Gcp => self.gcp.as_deref(),
            Provider::Azure => self.azure.as_deref(),
        }
    }
}
