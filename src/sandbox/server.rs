//! The seam between an emulated control plane and whatever answers on the endpoints of its caches.

use std::fmt::Debug;

use async_trait::async_trait;
use secrecy::SecretString;

use crate::cache::Engine;

/// What a cache endpoint must offer.
#[derive(Debug, Clone)]
pub struct ServerSpec {
    /// Unique among all servers of one data plane.
    pub name: String,
    /// The software that clients expect.
    pub engine: Engine,
    /// What AUTH takes; `None` means that no AUTH is asked for.
    pub password: Option<SecretString>,
    /// Whether only TLS is spoken.
    pub tls: bool,
    /// Whether the cluster protocol is spoken.
    pub cluster: bool,
}

/// Where a server can be reached.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listening {
    /// A host name or address.
    pub host: String,
    /// A TCP port.
    pub port: u16,
}

/// Starts and stops the servers behind cache endpoints.
#[async_trait]
pub trait DataPlane: Debug + Send + Sync {
    /// Starts a server and answers once it accepts connections. A name that runs already keeps running and is answered again.
    async fn start(&self, spec: ServerSpec) -> std::io::Result<Listening>;

    /// From now on exactly these passwords are valid; none means that no AUTH is asked for.
    async fn set_passwords(&self, name: &str, passwords: Vec<SecretString>) -> std::io::Result<()>;

    /// Stops a server; a name that does not run is fine.
    async fn stop(&self, name: &str);

    /// The CA that signed the servers' certificates, PEM, if they have any.
    fn ca_pem(&self) -> Option<String>;

    /// Whether anything really listens. If not, caches get the host names that the cloud itself would give.
    fn listens(&self) -> bool {
        true
    }
}

/// No servers: caches get realistic host names on which nothing listens.
#[derive(Debug, Clone, Copy, Default)]
pub struct NoDataPlane;

#[async_trait]
impl DataPlane for NoDataPlane {
    async fn start(&self, spec: ServerSpec) -> std::io::Result<Listening> {
        Err(std::io::Error::new(std::io::ErrorKind::Unsupported, format!("no server for {}: no data plane", spec.name)))
    }

    async fn set_passwords(&self, _name: &str, _passwords: Vec<SecretString>) -> std::io::Result<()> {
        Ok(())
    }

    async fn stop(&self, _name: &str) {}

    fn ca_pem(&self) -> Option<String> {
        None
    }

    fn listens(&self) -> bool {
        false
    }
}
