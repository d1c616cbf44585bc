//! How clients connect.

use secrecy::SecretString;
use serde::{Deserialize, Serialize};

use crate::cache::{Auth, Engine};

/// Host and port of one endpoint.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Endpoint {
    /// Host name or address.
    pub host: String,
    /// TCP port.
    pub port: u16,
}

/// The secret half of a connection.
#[derive(Debug, Clone)]
pub enum ConnectionPassword {
    /// None is needed.
    None,
    /// The driver derives it from the mark.
    Derived,
    /// The cloud told it.
    Told(SecretString),
}

/// How clients connect.
#[derive(Debug, Clone)]
pub struct Connection {
    /// Where clients connect.
    pub endpoint: Endpoint,
    /// Where clients may read.
    pub reader: Option<Endpoint>,
    /// Whether the endpoint speaks TLS.
    pub tls: bool,
    /// All valid CAs (PEM), only where a client needs one.
    pub ca_cert: Option<String>,
    /// How clients prove who they are.
    pub auth: Auth,
    /// The user, where it is not the default one.
    pub username: Option<String>,
    /// The password.
    pub password: ConnectionPassword,
    /// Whether clients must speak the cluster protocol.
    pub cluster_mode: bool,
    /// What answers.
    pub engine: Engine,
    /// Its version, as the cloud tells it.
    pub engine_version: Option<String>,
    /// GiB per shard.
    pub memory_gb: Option<f64>,
}
