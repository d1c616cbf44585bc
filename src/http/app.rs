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
use crate::telemetry::{self, Load, Telemetry};

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
    telemetry: Telemetry,
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
    /// An application of these parts, with metrics of its own, which know nothing of the calls to clouds.
    #[must_use]
    pub fn new(parts: Parts) -> Self {
        let telemetry = Telemetry::new(telemetry::Parts {
            clock: parts.driver.clock().clone(),
            random: parts.random.clone(),
            version: parts.version.clone(),
            providers: crate::backend::compiled().to_vec(),
        });
        Self::observed(parts, telemetry)
    }

    /// An application of these parts that tells what it does to `telemetry`, as the backends do.
    #[must_use]
    pub fn observed(parts: Parts, telemetry: Telemetry) -> Self {
        let permits = Semaphore::new(parts.driver.config().server.concurrency_limit.min(Semaphore::MAX_PERMITS));
        let inner = Inner { parts, telemetry, health: Health::default(), permits, stopping: AtomicBool::new(false) };
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

    /// From now on the readiness probe says no, so that no new requests are sent here, and no answer is held back.
    pub fn stop(&self) {
        self.inner.stopping.store(true, Ordering::Relaxed);
        self.driver().stop();
    }

    /// Whether it is shutting down.
    #[must_use]
    pub fn is_stopping(&self) -> bool {
        self.inner.stopping.load(Ordering::Relaxed)
    }

    pub(super) fn telemetry(&self) -> &Telemetry {
        &self.inner.telemetry
    }

    /// How much there is to do now.
    pub(super) fn load(&self) -> Load {
        let most = self.config().server.concurrency_limit.min(Semaphore::MAX_PERMITS);
        let (tasks, most_tasks) = self.driver().tasks();
        Load {
            requests: most.saturating_sub(self.inner.permits.available_permits()),
            pending: self.driver().kept_up().into_iter().map(|(what, phase)| (what.as_str(), phase.as_str())).collect(),
            tasks,
            most_tasks,
        }
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
