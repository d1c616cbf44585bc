//! `[sandbox]`: the emulated clouds.

use serde::{Deserialize, Serialize};

use super::scalar;

/// The emulated clouds, as `demo`, `sandbox` and `serve --sandbox` start them.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Sandbox {
    /// How many times faster than the real clouds. 1 is real time. Default 60.
    #[serde(deserialize_with = "scalar::read")]
    pub speed: f64,
    /// What answers at a cache's endpoint. Default `auto`.
    pub data_plane: DataPlane,
    /// Port of the emulated AWS on loopback. Default 0: a free one.
    #[serde(deserialize_with = "scalar::read")]
    pub aws_port: u16,
    /// Port of the emulated Google Cloud on loopback. Default 0: a free one.
    #[serde(deserialize_with = "scalar::read")]
    pub gcp_port: u16,
    /// Port of the emulated Azure on loopback. Default 0: a free one.
    #[serde(deserialize_with = "scalar::read")]
    pub azure_port: u16,
}

/// What answers at the endpoint of an emulated cache.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum DataPlane {
    /// A real `valkey-server` or `redis-server` if one is on the `PATH`, else the small one.
    Auto,
    /// Nothing: host names as the cloud would give them.
    None,
    /// A small server inside this process that knows AUTH, PING and little else.
    Small,
}

impl Default for Sandbox {
    fn default() -> Self {
        Self { speed: 60.0, data_plane: DataPlane::Auto, aws_port: 0, gcp_port: 0, azure_port: 0 }
    }
}
