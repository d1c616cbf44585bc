//! `[server]`: where the driver listens, and how much it takes on.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::{Auth, Tls, scalar};

/// Where the driver listens, and how much it takes on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Server {
    /// Address and port to listen on; port 0 picks a free one. Default `127.0.0.1:8080`.
    #[serde(deserialize_with = "scalar::read")]
    pub listen: SocketAddr,
    /// Whether an address that others can reach is accepted although callers are not authenticated. Default `false`.
    #[serde(deserialize_with = "scalar::read")]
    pub allow_public_without_auth: bool,
    /// The longest that a request may take, on top of any waiting that it asked for. Default `30s`.
    #[serde(with = "scalar::duration")]
    pub request_timeout: Duration,
    /// The largest request body, in bytes. Default 262144.
    #[serde(deserialize_with = "scalar::read")]
    pub body_limit: usize,
    /// Requests in work at the same time; more are answered 503. Default 512.
    #[serde(deserialize_with = "scalar::read")]
    pub concurrency_limit: usize,
    /// The longest that `Prefer: wait=N` can hold an answer back. Default `5m`.
    #[serde(with = "scalar::duration")]
    pub max_wait: Duration,
    /// The interface of 2020.
    pub legacy: Legacy,
    /// The certificate that callers see.
    pub tls: Tls,
    /// Who may call.
    pub auth: Auth,
}

/// The POST and DELETE interface of 2020.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Legacy {
    /// How long a call waits for the cloud before it is answered 503 with `Retry-After`. Default `55s`.
    #[serde(with = "scalar::duration")]
    pub wait: Duration,
}

impl Default for Server {
    fn default() -> Self {
        Self {
            listen: SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 8080),
            allow_public_without_auth: false,
            request_timeout: Duration::from_secs(30),
            body_limit: 256 * 1024,
            concurrency_limit: 512,
            max_wait: Duration::from_mins(5),
            legacy: Legacy::default(),
            tls: Tls::default(),
            auth: Auth::default(),
        }
    }
}

impl Default for Legacy {
    /// Below the 60 seconds after which common proxies give up.
    fn default() -> Self {
        Self { wait: Duration::from_secs(55) }
    }
}
