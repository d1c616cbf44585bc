//! What clients of a sandbox cache connect to: a real Redis or Valkey on loopback, or a small server in this process.

mod real;
mod secret;
mod small;

use std::fmt;
use std::io;
use std::sync::Arc;
use std::time::Duration;

pub use real::{Binary, RealServers};
pub use small::SmallServer;

use super::server::{DataPlane, ServerSpec};
use crate::cache::Engine;
use crate::clock::Clock;
use crate::random::Random;

/// Most servers at a time. A real one takes about 12 MB.
const MOST_SERVERS: usize = 128;
/// A binary that takes longer to tell its version is not used.
const VERSION_TIMEOUT: Duration = Duration::from_secs(5);

/// A data plane. Printed, it tells which: `redis-server 7.0.15 at /usr/bin/redis-server`, or that, and why, it is the small
/// server in this process.
#[derive(Debug, Clone)]
pub struct Chosen {
    /// The servers themselves.
    pub plane: Arc<dyn DataPlane>,
    label: String,
}

impl fmt::Display for Chosen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.label)
    }
}

/// Real servers if `found` (from [`RealServers::find`]) can be used, else the small one.
///
/// The clock must be one that moves by itself: a server that starts is waited for.
pub async fn choose(found: Option<Binary>, clock: Arc<dyn Clock>, random: Arc<dyn Random>) -> io::Result<Chosen> {
    let why_not = match found {
        None => "no valkey-server or redis-server found".to_owned(),
        Some(binary) => match crate::ping::within(clock.as_ref(), VERSION_TIMEOUT, binary.version()).await {
            Some(Ok(version)) => {
                let label = format!("{} {version} at {}", binary.name(), binary.path().display());
                return Ok(Chosen { plane: Arc::new(RealServers::new(binary, clock, random)?), label });
            }
            Some(Err(error)) => format!("{}: {error}", binary.path().display()),
            None => format!("{} does not tell its version", binary.path().display()),
        },
    };
    Ok(Chosen { plane: Arc::new(SmallServer::new(clock)?), label: format!("in-process server: {why_not}") })
}

/// Only the Redis protocol is served.
fn refuse_memcached(spec: &ServerSpec) -> io::Result<()> {
    if spec.engine == Engine::Memcached {
        return Err(io::Error::new(io::ErrorKind::Unsupported, "the sandbox has no memcached server"));
    }
    Ok(())
}

fn no_such_server(name: &str) -> io::Error {
    io::Error::new(io::ErrorKind::NotFound, format!("no server of the name `{name}` is running"))
}
