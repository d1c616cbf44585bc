//! The emulated Google Cloud as a whole: its state behind a lock, its clock, and the settling of what is due.

use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use serde_json::Value;

use super::advance::{self, Deed, Effect, World};
use super::durations::Pace;
use super::memcached::Memcached;
use super::product::Product;
use super::store::{Key, State};
use super::{mutate, report};
use crate::clock::{Clock, Timestamp};
use crate::random::Random;
use crate::sandbox::certificate::Authority;
use crate::sandbox::{Calls, Control, DataPlane, Faults, Listening, SandboxOptions};

/// Everything.
#[derive(Debug)]
pub(super) struct Inner {
    state: Mutex<State>,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) random: Arc<dyn Random>,
    data_plane: Arc<dyn DataPlane>,
    memcached: Memcached,
    pub(super) pace: Pace,
    pub(super) ca: String,
    pub(super) faults: Faults,
    pub(super) calls: Calls,
}

impl Inner {
    pub(super) fn new(options: SandboxOptions) -> io::Result<Self> {
        let ca = match options.data_plane.ca_pem() {
            Some(pem) => pem,
            // Nothing listens, but what is shown must be a certificate all the same.
            None => Authority::new().map_err(io::Error::other)?.pem(),
        };
        Ok(Self {
            state: Mutex::default(),
            memcached: Memcached::default(),
            clock: options.clock,
            random: options.random,
            data_plane: options.data_plane,
            pace: Pace::new(options.speed),
            ca,
            faults: Faults::default(),
            calls: Calls::default(),
        })
    }

    /// The state. Nothing waits while holding it.
    pub(super) fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The sandbox's time: the clock's, and ahead of it if it was told to skip some.
    pub(super) fn now(&self, state: &State) -> Timestamp {
        self.clock.now().checked_add(state.ahead).unwrap_or(Timestamp::MAX)
    }

    fn world(&self, now: Timestamp) -> World<'_> {
        World { now, pace: self.pace, listens: self.data_plane.listens(), random: &*self.random, ca: &self.ca }
    }

    /// Brings everything to where it should be by now. Work that needs a server ends when the server is there; whoever asks
    /// meanwhile sees it as still going on.
    pub(super) async fn settle(self: &Arc<Self>) {
        loop {
            let effects = {
                let mut state = self.lock();
                let now = self.now(&state);
                advance::advance(&mut state, &self.world(now))
            };
            if effects.is_empty() {
                return;
            }
            // In a task of its own, or a caller that goes away would leave the resources settling for ever.
            let inner = Arc::clone(self);
            let settled = tokio::spawn(async move {
                for effect in effects {
                    inner.carry_out(effect).await;
                }
            });
            if let Err(error) = settled.await {
                tracing::error!(%error, "the sandbox could not settle");
                return;
            }
        }
    }

    async fn carry_out(&self, effect: Effect) {
        let Effect { key, task, deed } = effect;
        let started = matches!(deed, Deed::Start { .. });
        let server = self.act(&key, deed).await;
        let unknown = {
            let mut state = self.lock();
            let now = self.now(&state);
            match (&task, state.resources.get(&key)) {
                (Some(operation), Some(_)) => {
                    advance::complete_task(&mut state, &key, operation, server.map(|_| ()));
                    false
                }
                (None, Some(resource)) if resource.settling => {
                    advance::complete(&mut state, &key, server, &self.world(now));
                    false
                }
                (_, None) | (None, Some(_)) => true,
            }
        };
        // A reset came between: nobody will ever stop this server otherwise.
        if unknown && started {
            self.stop(&key).await;
        }
    }

    async fn act(&self, key: &Key, deed: Deed) -> Result<Option<Listening>, String> {
        let name = key.server();
        let done = match deed {
            Deed::Start { .. } if key.product == Product::Memcache => self.memcached.start(&name).await.map(Some),
            Deed::Start { spec, passwords } => match self.data_plane.start(*spec).await {
                Ok(listening) if passwords.len() > 1 => {
                    self.data_plane.set_passwords(&name, passwords).await.map(|()| Some(listening))
                }
                started => started.map(Some),
            },
            Deed::Passwords { passwords } => self.data_plane.set_passwords(&name, passwords).await.map(|()| None),
            Deed::Stop => {
                self.stop(key).await;
                Ok(None)
            }
        };
        done.map_err(|error| error.to_string())
    }

    async fn stop(&self, key: &Key) {
        if key.product == Product::Memcache {
            self.memcached.stop(&key.server());
        } else {
            self.data_plane.stop(&key.server()).await;
        }
    }
}

/// What `/_sandbox` gets: settling needs a shared owner.
#[derive(Debug)]
pub(super) struct Controls(pub(super) Arc<Inner>);

#[async_trait]
impl Control for Controls {
    fn faults(&self) -> &Faults {
        &self.0.faults
    }

    fn calls(&self) -> &Calls {
        &self.0.calls
    }

    async fn state(&self) -> Value {
        self.0.settle().await;
        report::report(&self.0.lock())
    }

    async fn mutate(&self, change: Value) -> Result<Value, String> {
        self.0.settle().await;
        let done = {
            let mut state = self.0.lock();
            let now = self.0.now(&state);
            mutate::mutate(&mut state, change, now)?
        };
        for key in done.stop {
            self.0.stop(&key).await;
        }
        self.0.settle().await;
        Ok(done.answer)
    }

    async fn reset(&self) {
        let old = std::mem::take(&mut *self.0.lock());
        self.0.faults.clear();
        self.0.calls.clear();
        for resource in old.resources.values().filter(|resource| resource.listening.is_some()) {
            self.0.stop(&resource.key).await;
        }
    }
}
