//! The driver: everything that a request needs, and the three things that can be asked.

use std::fmt;
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use tokio::sync::watch;

use super::background::{Background, Over, Who, Work};
use super::inventory::Recent;
use super::lifecycle::When;
use super::progress::Experience;
use super::request::{Call, Failure, Outcome, Put};
use super::strays::Strays;
use super::turns::Turns;
use super::vanished::Told;
use super::{Cookie, CookieError, DriverError, Keyring, Operation, OutputStyle};
use crate::backend::{Phase, Registry, Typical};
use crate::cache::{Code, GuResId, Product};
use crate::clock::Clock;
use crate::config::{Config, Outputs as RouteOutputs, Unreadable, Username};
use crate::random::Random;
use crate::telemetry::{self, Notice};

/// What a driver is made of.
pub struct Parts {
    /// The configuration.
    pub config: Arc<Config>,
    /// The backends that are there and enabled.
    pub registry: Registry,
    /// The keys.
    pub keyring: Keyring,
    /// Where time comes from.
    pub clock: Arc<dyn Clock>,
    /// Where randomness comes from.
    pub random: Arc<dyn Random>,
    /// How much faster than a real cloud this one is: 1, but for the sandbox.
    pub speed: f64,
}

/// Provisions, reads and removes. Cheap to clone; all clones are one.
#[derive(Clone)]
pub struct Driver {
    pub(super) inner: Arc<Inner>,
}

pub(super) struct Inner {
    pub(super) config: Arc<Config>,
    pub(super) registry: Registry,
    pub(super) keyring: Keyring,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) random: Arc<dyn Random>,
    pub(super) experience: Experience,
    pub(super) background: Background,
    pub(super) turns: Turns,
    pub(super) strays: Strays,
    pub(super) told: Told,
    pub(super) recent: Recent,
    stopping: watch::Sender<bool>,
    speed: f64,
}

impl fmt::Debug for Driver {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Driver").field("registry", &self.inner.registry).finish_non_exhaustive()
    }
}

impl fmt::Debug for Parts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Parts").field("registry", &self.registry).finish_non_exhaustive()
    }
}

impl Driver {
    /// A driver of these parts.
    #[must_use]
    pub fn new(parts: Parts) -> Self {
        let background = Background::new(parts.config.lifecycle.background_tasks);
        let inner = Inner {
            config: parts.config,
            registry: parts.registry,
            keyring: parts.keyring,
            clock: parts.clock,
            random: parts.random,
            experience: Experience::default(),
            background,
            turns: Turns::default(),
            strays: Strays::default(),
            told: Told::default(),
            recent: Recent::default(),
            stopping: watch::Sender::new(false),
            speed: parts.speed,
        };
        Self { inner: Arc::new(inner) }
    }

    /// The configuration.
    #[must_use]
    pub fn config(&self) -> &Config {
        &self.inner.config
    }

    /// The backends.
    #[must_use]
    pub fn registry(&self) -> &Registry {
        &self.inner.registry
    }

    /// The clock.
    #[must_use]
    pub fn clock(&self) -> &Arc<dyn Clock> {
        &self.inner.clock
    }

    /// Makes the resource as specified. Answers at once, or holds the answer up to `wait` while something runs.
    pub async fn put(&self, put: Put, wait: Duration) -> Result<Outcome, Failure> {
        let driver = self.clone();
        self.detached(async move {
            let outcome = driver.hold(&put.call.id, wait, |who| driver.put_once(&put, who)).await?;
            if matches!(outcome, Outcome::Pending(_)) {
                driver.keep_up(Work::Put(Box::new(put)));
            }
            Ok(outcome)
        })
        .await
    }

    /// How the resource is. Changes nothing.
    pub async fn get(&self, call: &Call) -> Result<Outcome, Failure> {
        self.get_once(call).await
    }

    /// Removes the resource, as its mark says. Answers at once, or holds the answer up to `wait` while something runs.
    pub async fn delete(&self, call: Call, wait: Duration) -> Result<Outcome, Failure> {
        let driver = self.clone();
        self.detached(async move {
            let outcome = driver.hold(&call.id, wait, |who| driver.delete_once(&call, who)).await?;
            if matches!(outcome, Outcome::Pending(_)) {
                driver.keep_up(Work::Delete(Box::new(call)));
            }
            Ok(outcome)
        })
        .await
    }

    /// From now on no answer is held back: whoever waits for one is told what runs, and asks the next process.
    pub fn stop(&self) {
        self.inner.stopping.send_replace(true);
    }

    /// What this process keeps up after it has answered: operation and phase of each.
    #[must_use]
    pub fn kept_up(&self) -> Vec<(Operation, Phase)> {
        self.inner.background.all()
    }

    /// How many background tasks there are, and how many there may be.
    #[must_use]
    pub fn tasks(&self) -> (usize, usize) {
        self.inner.background.tasks()
    }

    /// Runs to its end even if the caller hangs up: half a create would otherwise wait for the next request.
    async fn detached<F>(&self, work: F) -> Result<Outcome, Failure>
    where
        F: Future<Output = Result<Outcome, Failure>> + Send + 'static,
    {
        use tracing::Instrument as _;
        match tokio::spawn(telemetry::carried(work.in_current_span())).await {
            Ok(outcome) => outcome,
            Err(error) if error.is_panic() => std::panic::resume_unwind(error.into_panic()),
            Err(_) => Err(DriverError::new(Code::Internal, "the driver is shutting down").retryable().into()),
        }
    }

    /// Repeats `step` until it is no longer pending, `wait` has passed, or something newer took over.
    async fn hold<F>(&self, id: &GuResId, wait: Duration, step: impl Fn(Who) -> F) -> Result<Outcome, Failure>
    where
        F: Future<Output = Result<Option<Outcome>, Failure>>,
    {
        let (clock, background) = (&self.inner.clock, &self.inner.background);
        let until = super::later(clock.now(), wait);
        let mut who = Who::Caller;
        let mut last = Outcome::NotFound;
        let mut stopping = self.inner.stopping.subscribe();
        let mut over = Over { driver: self.clone(), id: id.clone(), serial: None };
        let outcome = loop {
            let Some(outcome) = step(who).await? else { break last };
            let now = clock.now();
            if !matches!(outcome, Outcome::Pending(_)) || now >= until {
                break outcome;
            }
            let Some(serial) = background.serial(id) else { break outcome };
            over.serial = Some(serial);
            (who, last) = (Who::Held(serial), outcome);
            let left = Duration::try_from(until.duration_since(now)).unwrap_or_default();
            tokio::select! {
                () = clock.sleep(left.min(self.config().lifecycle.poll_interval)) => {}
                _ = stopping.wait_for(|is_stopping| *is_stopping) => break last,
            }
        };
        // It was answered: what runs is kept up.
        over.serial = None;
        Ok(outcome)
    }

    /// Opens the cookie. One that is not ours is passed over.
    pub(super) fn open_cookie(&self, call: &Call) -> Result<Cookie, DriverError> {
        let Some(text) = call.cookie.as_deref().filter(|text| !text.is_empty()) else { return Ok(Cookie::default()) };
        match Cookie::open(text, &self.inner.keyring, &call.id) {
            Ok(cookie) => Ok(cookie),
            Err(CookieError::Unknown(why)) => {
                if telemetry::notice(Notice::CookieIgnored) {
                    tracing::warn!(id = %call.id, why, "passed over a cookie");
                }
                Ok(Cookie::default())
            }
            Err(CookieError::Broken) if self.config().cookie.unreadable == Unreadable::Ignore => {
                if telemetry::notice(Notice::CookieIgnored) {
                    tracing::warn!(id = %call.id, "passed over a broken cookie, as cookie.unreadable says");
                }
                Ok(Cookie::default())
            }
            Err(error @ CookieError::Broken) => Err(DriverError::new(Code::BadCookie, error.to_string())
                .hint("send back the last Set-Humanitec-Driver-Cookie of this very resource, or none")),
        }
    }

    /// Seals a cookie, without credentials if the config forbids them.
    pub(super) fn seal_cookie(&self, mut cookie: Cookie, id: &GuResId) -> String {
        if !self.config().cookie.credentials {
            cookie.credentials.clear();
        }
        cookie.seal(&self.inner.keyring, self.inner.random.as_ref(), id)
    }

    /// Time and limits for a product.
    pub(super) fn when(&self, product: Product, running: Option<(Operation, Timestamp)>) -> When {
        let limits = self.config().lifecycle.deadlines_of(product);
        When {
            now: self.inner.clock.now(),
            create: limits.create,
            update: limits.update,
            delete: limits.delete,
            running,
        }
    }

    /// What runs, as far as the cookie or this process knows.
    pub(super) fn running(&self, id: &GuResId, cookie: &Cookie) -> Option<(Operation, Timestamp)> {
        self.inner.background.running(id).or(cookie.operation)
    }

    /// How long operations take on this cloud.
    pub(super) fn typical(&self, typical: &Typical) -> Typical {
        let faster = |duration: Duration| duration.div_f64(self.inner.speed.max(f64::MIN_POSITIVE));
        Typical { create: faster(typical.create), update: faster(typical.update), delete: faster(typical.delete) }
    }

    /// What a route hands out.
    pub(super) fn style(&self, route: Option<&str>) -> OutputStyle {
        let Some(route) = route.and_then(|name| self.config().routes.get(name)) else { return OutputStyle::default() };
        OutputStyle {
            minimal: route.outputs == RouteOutputs::Minimal,
            empty_username: route.username == Username::Empty,
        }
    }
}
