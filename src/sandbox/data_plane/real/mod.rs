//! One `valkey-server` or `redis-server` process for each cache, on loopback.

mod binary;
mod launch;
mod process;

use std::collections::HashMap;
use std::io;
use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use secrecy::SecretString;

pub use binary::Binary;
use process::Process;

use super::secret::Hashed;
use super::{MOST_SERVERS, no_such_server, refuse_memcached};
use crate::clock::Clock;
use crate::random::Random;
use crate::sandbox::certificate::Authority;
use crate::sandbox::server::{DataPlane, Listening, ServerSpec};

type Slot = Arc<tokio::sync::Mutex<Option<Process>>>;

/// Real servers. Each is ended when it is stopped, and at the latest when this is dropped; its data go with it.
#[derive(Debug)]
pub struct RealServers {
    binary: Binary,
    clock: Arc<dyn Clock>,
    random: Arc<dyn Random>,
    authority: Authority,
    /// One lock for each name, so that a server that takes its time to start holds up nobody else.
    slots: Mutex<HashMap<String, Slot>>,
}

impl RealServers {
    /// The first `valkey-server` on the search path, or else the first `redis-server`. `path` is the content of `PATH`.
    #[must_use]
    pub fn find(path: Option<&std::ffi::OsStr>) -> Option<Binary> {
        Binary::find(path)
    }

    /// No server yet, but a new certificate authority.
    pub fn new(binary: Binary, clock: Arc<dyn Clock>, random: Arc<dyn Random>) -> io::Result<Self> {
        let authority = Authority::new().map_err(io::Error::other)?;
        Ok(Self { binary, clock, random, authority, slots: Mutex::default() })
    }

    fn slot(&self, name: &str) -> Option<Slot> {
        self.slots.lock().unwrap_or_else(PoisonError::into_inner).get(name).cloned()
    }

    fn slot_or_new(&self, name: &str) -> io::Result<Slot> {
        let mut slots = self.slots.lock().unwrap_or_else(PoisonError::into_inner);
        // A start that was given up half-way leaves its name behind.
        slots.retain(|_, slot| !is_unused(slot));
        if slots.len() >= MOST_SERVERS && !slots.contains_key(name) {
            let full = format!("the sandbox runs {MOST_SERVERS} servers already, and no more");
            return Err(io::Error::new(io::ErrorKind::QuotaExceeded, full));
        }
        Ok(slots.entry(name.to_owned()).or_default().clone())
    }

    /// Forgets a name that has no server, unless somebody else is about to use it.
    fn forget(&self, name: &str, slot: Slot) {
        let mut slots = self.slots.lock().unwrap_or_else(PoisonError::into_inner);
        drop(slot);
        if slots.get_mut(name).is_some_and(is_unused) {
            slots.remove(name);
        }
    }

    async fn launch(&self, spec: &ServerSpec, former_port: Option<u16>) -> io::Result<Process> {
        let launcher = launch::Launcher {
            binary: &self.binary,
            authority: &self.authority,
            clock: self.clock.as_ref(),
            random: self.random.as_ref(),
        };
        launcher.launch(spec, former_port).await
    }
}

/// Whether there is no server in it, and nobody who is about to start one.
fn is_unused(slot: &mut Slot) -> bool {
    Arc::get_mut(slot).is_some_and(|process| process.get_mut().is_none())
}

#[async_trait]
impl DataPlane for RealServers {
    /// Returns when the server answers. One that runs already is left as it is; one that crashed is replaced by a fresh one,
    /// on the same port if that is still free.
    async fn start(&self, spec: ServerSpec) -> io::Result<Listening> {
        refuse_memcached(&spec)?;
        let slot = self.slot_or_new(&spec.name)?;
        let mut process = slot.lock().await;
        if let Some(running) = process.as_mut()
            && running.is_alive()
        {
            return Ok(running.listening());
        }
        let former_port = process.take().map(|crashed| crashed.listening().port);
        match self.launch(&spec, former_port).await {
            Ok(new) => {
                let listening = new.listening();
                tracing::debug!(name = spec.name, port = listening.port, "sandbox server started");
                *process = Some(new);
                Ok(listening)
            }
            Err(error) => {
                drop(process);
                self.forget(&spec.name, slot);
                Err(error)
            }
        }
    }

    async fn set_passwords(&self, name: &str, passwords: Vec<SecretString>) -> io::Result<()> {
        let slot = self.slot(name).ok_or_else(|| no_such_server(name))?;
        let mut process = slot.lock().await;
        let process = process.as_mut().ok_or_else(|| no_such_server(name))?;
        if !process.is_alive() {
            return Err(no_such_server(name));
        }
        let passwords: Vec<Hashed> = passwords.iter().map(Hashed::new).collect();
        process.admin().set_passwords(&passwords, self.clock.as_ref()).await
    }

    async fn stop(&self, name: &str) {
        let Some(slot) = self.slot(name) else { return };
        if let Some(process) = slot.lock().await.take() {
            process.end().await;
        }
        self.forget(name, slot);
    }

    fn ca_pem(&self) -> Option<String> {
        Some(self.authority.pem())
    }
}
