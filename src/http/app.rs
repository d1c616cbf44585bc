//! What the handlers share.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use serde_json::Value;
use tokio::sync::Semaphore;

use super::health::Health;
use crate::config::Config;
use crate::driver::Driver;
use crate::random::Random;

/// What the HTTP side is made of.
#[derive(Debug)]
pub struct Parts {
    /// The driver.
    pub driver: Driver,
    /// Where request ids come from.
    pub random: Arc<dyn Random>,
    /// The table of sizes, as `GET /sizes` shows it.
    pub sizes: Value,
    /// The version of the binary.
    pub version: String,
}

/// What the handlers share. Cheap to clone; all clones are one.
#[derive(Clone)]
pub struct App {
    inner: Arc<Inner>,
}

struct Inner {
    parts: Parts,
    health: Health,
    /// Requests that may be in work at the same time.
    permits: Semaphore,
    stopping: AtomicBool,
}

impl fmt::Debug for App {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("App").field("parts", &self.inner.parts).finish_non_exhaustive()
    }
}

impl App {
    /// An application of these parts.
    #[must_use]
    pub fn new(parts: Parts) -> Self {
        let permits = Semaphore::new(parts.driver.config().server.concurrency_limit.min(Semaphore::MAX_PERMITS));
        let inner = Inner { parts, health: Health::default(), permits, stopping: AtomicBool::new(false) };
        Self { inner: Arc::new(inner) }
    }

    /// The driver.
    #[must_use]
    pub fn driver(&self) -> &Driver {
        &self.inner.parts.driver
    }

    /// The configuration.
    #[must_use]
    pub fn config(&self) -> &Config {
        self.driver().config()
    }

    /// From now on the readiness probe says no, so that no new requests are sent here.
    pub fn stop(&self) {
        self.inner.stopping.store(true, Ordering::Relaxed);
    }

    /// Whether it is shutting down.
    #[must_use]
    pub fn is_stopping(&self) -> bool {
        self.inner.stopping.load(Ordering::Relaxed)
    }

    pub(super) fn version(&self) -> &str {
        &self.inner.parts.version
    }

    pub(super) fn sizes(&self) -> &Value {
        &self.inner.parts.sizes
    }

    pub(super) fn random(&self) -> &dyn Random {
        self.inner.parts.random.as_ref()
    }

    pub(super) fn health(&self) -> &Health {
        &self.inner.health
    }

    pub(super) fn permits(&self) -> &Semaphore {
        &self.inner.permits
    }
}
