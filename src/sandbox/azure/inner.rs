//! The emulated Azure as a whole: its state behind a lock, its clock, and the settling of what is due.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use serde_json::Value;

use super::advance::{self, Deed, Effect};
use super::durations::Pace;
use super::store::State;
use super::{mutate, report};
use crate::clock::{Clock, Timestamp};
use crate::random::Random;
use crate::sandbox::{Calls, Control, DataPlane, Faults, Listening, SandboxOptions};

/// Everything.
#[derive(Debug)]
pub(super) struct Inner {
    state: Arc<Mutex<State>>,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) random: Arc<dyn Random>,
    data_plane: Arc<dyn DataPlane>,
    pub(super) pace: Pace,
    pub(super) faults: Faults,
    pub(super) calls: Calls,
}

impl Inner {
    pub(super) fn new(options: SandboxOptions) -> Self {
        Self {
            state: Arc::default(),
            clock: options.clock,
            random: options.random,
            data_plane: options.data_plane,
            pace: Pace::new(options.speed),
            faults: Faults::default(),
            calls: Calls::default(),
        }
    }

    /// The state. Nothing waits while holding it.
    pub(super) fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The sandbox's time: the clock's, and ahead of it if it was told to skip some.
    pub(super) fn now(&self, state: &State) -> Timestamp {
        self.clock.now().checked_add(state.ahead).unwrap_or(Timestamp::MAX)
    }

    /// Brings everything to where it should be by now. Work that needs the data plane ends when the data plane has done its
    /// part; whoever asks meanwhile sees it as still going on.
    pub(super) async fn settle(&self) {
        loop {
            let effects = {
                let mut state = self.lock();
                let now = self.now(&state);
                advance::advance(&mut state, now, self.data_plane.listens())
            };
            if effects.is_empty() {
                return;
            }
            // In a task of its own, or a caller that goes away would leave the caches settling for ever.
            let (state, data_plane) = (Arc::clone(&self.state), Arc::clone(&self.data_plane));
            let settled = tokio::spawn(async move {
                for effect in effects {
                    carry_out(&state, &*data_plane, effect).await;
                }
            });
            if let Err(error) = settled.await {
                tracing::error!(%error, "the sandbox could not settle");
                return;
            }
        }
    }
}

async fn carry_out(state: &Mutex<State>, data_plane: &dyn DataPlane, effect: Effect) {
    let started = match &effect.deed {
        Deed::Start { spec, .. } => Some(spec.name.clone()),
        _ => None,
    };
    let server = act(data_plane, effect.deed).await;
    let unknown = {
        let mut state = state.lock().unwrap_or_else(PoisonError::into_inner);
        match state.resources.get(&effect.key) {
            Some(resource) if resource.settling => {
                advance::complete(&mut state, &effect.key, server);
                false
            }
            Some(_) => false,
            None => true,
        }
    };
    // A reset came between: nobody will ever stop this server otherwise.
    if let (true, Some(name)) = (unknown, started) {
        data_plane.stop(&name).await;
    }
}

async fn act(data_plane: &dyn DataPlane, deed: Deed) -> Result<Option<Listening>, String> {
    let done = match deed {
        Deed::Start { spec, passwords, again } => {
            let name = spec.name.clone();
            if again {
                data_plane.stop(&name).await;
            }
            let started = data_plane.start(*spec).await;
            match started {
                Ok(listening) if passwords.len() > 1 => {
                    data_plane.set_passwords(&name, passwords).await.map(|()| Some(listening))
                }
                started => started.map(Some),
            }
        }
        Deed::Passwords { name, passwords } => data_plane.set_passwords(&name, passwords).await.map(|()| None),
        Deed::Stop { names } => {
            for name in names {
                data_plane.stop(&name).await;
            }
            Ok(None)
        }
    };
    done.map_err(|error| error.to_string())
}

#[async_trait]
impl Control for Inner {
    fn faults(&self) -> &Faults {
        &self.faults
    }

    fn calls(&self) -> &Calls {
        &self.calls
    }

    async fn state(&self) -> Value {
        self.settle().await;
        report::report(&self.lock())
    }

    async fn mutate(&self, change: Value) -> Result<Value, String> {
        self.settle().await;
        let done = {
            let mut state = self.lock();
            let now = self.now(&state);
            mutate::mutate(&mut state, change, now)?
        };
        for name in done.stop {
            self.data_plane.stop(&name).await;
        }
        self.settle().await;
        Ok(done.answer)
    }

    async fn reset(&self) {
        let old = std::mem::take(&mut *self.lock());
        self.faults.clear();
        self.calls.clear();
        if !self.data_plane.listens() {
            return;
        }
        let with_server = old.resources.iter().filter(|(_, resource)| resource.listening.is_some());
        for name in with_server.map(|(key, _)| advance::server_name(key)).collect::<Vec<_>>() {
            self.data_plane.stop(&name).await;
        }
    }
}
