//! A small server in this process, for machines without a Redis. It says so in `INFO`: `server_name:cache-driver sandbox`.
//!
//! It knows what a connectivity check and a first client need: AUTH, HELLO, PING, ECHO, SELECT, SET, GET, DEL, EXISTS, TTL, INFO,
//! QUIT, and enough of CLIENT, COMMAND and CLUSTER for client libraries to connect. Data are lost when it stops.

mod commands;
mod listen;
mod reply;
mod request;
mod session;
mod store;

use std::collections::HashMap;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex, PoisonError, RwLock};

use async_trait::async_trait;
use secrecy::SecretString;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

use super::secret::Hashed;
use super::{MOST_SERVERS, no_such_server, refuse_memcached};
use crate::clock::{Clock, Timestamp};
use crate::sandbox::certificate::Authority;
use crate::sandbox::server::{DataPlane, Listening, ServerSpec};

/// Servers in this process, each on its own port of the loopback interface.
#[derive(Debug)]
pub struct SmallServer {
    clock: Arc<dyn Clock>,
    authority: Authority,
    servers: tokio::sync::Mutex<HashMap<String, Running>>,
}

#[derive(Debug)]
struct Running {
    shared: Arc<Shared>,
    accepting: JoinHandle<()>,
}

impl Drop for Running {
    /// Ends the connections too: they are children of the accepting task.
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

/// What all connections of one server share.
#[derive(Debug)]
struct Shared {
    clock: Arc<dyn Clock>,
    address: SocketAddr,
    cluster: bool,
    since: Timestamp,
    passwords: RwLock<Vec<Hashed>>,
    store: Mutex<store::Store>,
}

impl SmallServer {
    /// No server yet, but a new certificate authority.
    pub fn new(clock: Arc<dyn Clock>) -> io::Result<Self> {
        let authority = Authority::new().map_err(io::Error::other)?;
        Ok(Self { clock, authority, servers: tokio::sync::Mutex::default() })
    }

    async fn launch(&self, spec: &ServerSpec) -> io::Result<Running> {
        let tls = if spec.tls {
            let certificate = self.authority.server().map_err(io::Error::other)?;
            Some(certificate.server_config().map_err(io::Error::other)?)
        } else {
            None
        };
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let shared = Arc::new(Shared {
            clock: Arc::clone(&self.clock),
            address: listener.local_addr()?,
            cluster: spec.cluster,
            since: self.clock.now(),
            passwords: RwLock::new(spec.password.iter().map(Hashed::new).collect()),
            store: Mutex::default(),
        });
        let accepting = tokio::spawn(listen::accept(listener, tls.map(Into::into), Arc::clone(&shared)));
        Ok(Running { shared, accepting })
    }
}

impl Running {
    fn listening(&self) -> Listening {
        Listening { host: self.shared.address.ip().to_string(), port: self.shared.address.port() }
    }
}

#[async_trait]
impl DataPlane for SmallServer {
    /// One that runs already is left as it is.
    async fn start(&self, spec: ServerSpec) -> io::Result<Listening> {
        refuse_memcached(&spec)?;
        let mut servers = self.servers.lock().await;
        if let Some(running) = servers.get(&spec.name).filter(|running| !running.accepting.is_finished()) {
            return Ok(running.listening());
        }
        if servers.len() >= MOST_SERVERS {
            let full = format!("the sandbox runs {MOST_SERVERS} servers already, and no more");
            return Err(io::Error::new(io::ErrorKind::QuotaExceeded, full));
        }
        let running = self.launch(&spec).await?;
        let listening = running.listening();
        servers.insert(spec.name, running);
        Ok(listening)
    }

    async fn set_passwords(&self, name: &str, passwords: Vec<SecretString>) -> io::Result<()> {
        let servers = self.servers.lock().await;
        let running = servers.get(name).ok_or_else(|| no_such_server(name))?;
        let passwords = passwords.iter().map(Hashed::new).collect();
        *running.shared.passwords.write().unwrap_or_else(PoisonError::into_inner) = passwords;
        Ok(())
    }

    async fn stop(&self, name: &str) {
        let Some(mut running) = self.servers.lock().await.remove(name) else { return };
        running.accepting.abort();
        // Cancelled is what it should be.
        let _ = (&mut running.accepting).await;
    }

    fn ca_pem(&self) -> Option<String> {
        Some(self.authority.pem())
    }
}
