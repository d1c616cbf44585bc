//! Keeps stepping after a 202, so that callers that only look, or never come back, get there too.
//!
//! Nothing depends on it: whatever it leaves, the next request continues.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError, Weak};

use jiff::Timestamp;
use tokio::sync::{Mutex as AsyncMutex, OwnedMutexGuard, Semaphore};
use tracing::{Instrument, debug, info, warn};

use super::{Driver, Operation, Outcome, Put};
use crate::cache::GuResId;
use crate::driver::request::Call;

/// What is kept up.
#[derive(Debug, Clone)]
pub(super) enum Work {
    Put(Box<Put>),
    Delete(Box<Call>),
}

impl Work {
    fn call(&self) -> &Call {
        match self {
            Self::Put(put) => &put.call,
            Self::Delete(call) => call,
        }
    }
}

#[derive(Debug, Clone, Copy)]
struct Running {
    serial: u64,
    operation: Operation,
    since: Timestamp,
}

/// The resources that this process keeps stepping.
#[derive(Debug)]
pub(super) struct Background {
    room: Arc<Semaphore>,
    running: Mutex<(u64, HashMap<GuResId, Running>)>,
}

impl Background {
    pub(super) fn new(most: usize) -> Self {
        Self { room: Arc::new(Semaphore::new(most)), running: Mutex::default() }
    }

    /// What runs for a resource, and since when.
    pub(super) fn running(&self, id: &GuResId) -> Option<(Operation, Timestamp)> {
        let running = self.running.lock().unwrap_or_else(PoisonError::into_inner);
        running.1.get(id).map(|running| (running.operation, running.since))
    }

    /// From now on this is what runs. Whatever ran before stops at its next turn.
    fn begin(&self, id: &GuResId, operation: Operation, since: Timestamp) {
        let mut running = self.running.lock().unwrap_or_else(PoisonError::into_inner);
        running.0 += 1;
        let serial = running.0;
        let since = running.1.get(id).filter(|known| known.operation == operation).map_or(since, |known| known.since);
        running.1.insert(id.clone(), Running { serial, operation, since });
    }

    fn is_current(&self, id: &GuResId, serial: u64) -> bool {
        let running = self.running.lock().unwrap_or_else(PoisonError::into_inner);
        running.1.get(id).is_some_and(|running| running.serial == serial)
    }

    fn end(&self, id: &GuResId, serial: u64) {
        let mut running = self.running.lock().unwrap_or_else(PoisonError::into_inner);
        if running.1.get(id).is_some_and(|running| running.serial == serial) {
            running.1.remove(id);
        }
    }

    fn current(&self, id: &GuResId) -> Option<Running> {
        self.running.lock().unwrap_or_else(PoisonError::into_inner).1.get(id).copied()
    }

    /// Nothing runs any longer.
    pub(super) fn forget(&self, id: &GuResId) {
        self.running.lock().unwrap_or_else(PoisonError::into_inner).1.remove(id);
    }

    /// What a call came to decides what runs from now on. Called within the call's turn, so that nothing older acts after
    /// it. A refusal and a conflict leave alone what runs.
    pub(super) fn note(&self, id: &GuResId, outcome: &Outcome) {
        match outcome {
            Outcome::Pending(pending) => self.begin(id, pending.hint.status, pending.hint.current_time),
            Outcome::Ready(_) | Outcome::Gone => self.forget(id),
            Outcome::Conflict(_) | Outcome::NotFound => {}
        }
    }
}

/// Who takes a step.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Who {
    /// A request: it may start what clears up, and hears what went wrong.
    Caller,
    /// The background, as long as nothing newer took over.
    Background(u64),
}

impl Who {
    pub(super) fn is_caller(self) -> bool {
        self == Self::Caller
    }
}

impl Driver {
    /// A turn at a resource; `None` for a background step that something newer has overtaken.
    pub(super) async fn turn(&self, id: &GuResId, who: Who) -> Option<OwnedMutexGuard<()>> {
        let turn = self.inner.turns.take(id).await;
        match who {
            Who::Background(serial) if !self.inner.background.is_current(id, serial) => None,
            _ => Some(turn),
        }
    }

    /// Goes on with `work` until it is done, refused, or something newer takes its place.
    pub(super) fn keep_up(&self, work: Work) {
        let background = &self.inner.background;
        let id = work.call().id.clone();
        let Some(Running { serial, operation, since }) = background.current(&id) else { return };
        let Ok(permit) = background.room.clone().try_acquire_owned() else {
            warn!(id = %id, "no room to keep stepping in the background; the next request continues");
            background.end(&id, serial);
            return;
        };
        let driver = self.clone();
        let Call { request_id, who, .. } = work.call();
        let span = tracing::info_span!(parent: None, "background", %id, request_id, who);
        let stepping = async move {
            let _permit = permit;
            driver.step_until_done(&work, serial, operation, since).await;
            driver.inner.background.end(&id, serial);
        };
        tokio::spawn(stepping.instrument(span));
    }

    async fn step_until_done(&self, work: &Work, serial: u64, operation: Operation, since: Timestamp) {
        let interval = self.config().lifecycle.poll_interval;
        let who = Who::Background(serial);
        loop {
            self.inner.clock.sleep(interval).await;
            let outcome = match work {
                Work::Put(put) => self.put_once(put, who).await,
                Work::Delete(call) => self.delete_once(call, who).await,
            };
            match outcome {
                Ok(Some(Outcome::Pending(_))) => {}
                Ok(Some(_)) => {
                    self.learn(work, operation, since);
                    info!(%operation, "done");
                    return;
                }
                Ok(None) => {
                    debug!("something newer took over");
                    return;
                }
                Err(failure) => {
                    warn!(%operation, error = %failure.error, "stopped stepping; the next request tells the caller");
                    return;
                }
            }
        }
    }

    fn learn(&self, work: &Work, operation: Operation, since: Timestamp) {
        let Work::Put(put) = work else { return };
        let Ok(backend) = self.registry().get(put.product) else { return };
        let took = self.inner.clock.now().duration_since(since);
        let typical = self.typical(&backend.capabilities().typical);
        self.inner.experience.learn(put.product, operation, took.try_into().unwrap_or_default(), &typical);
    }
}

/// One at a time per resource within this process. Between processes the cloud's own idempotency decides.
#[derive(Debug, Default)]
pub(super) struct Turns {
    turns: Mutex<HashMap<GuResId, Weak<AsyncMutex<()>>>>,
}

impl Turns {
    pub(super) async fn take(&self, id: &GuResId) -> OwnedMutexGuard<()> {
        let turn = {
            let mut turns = self.turns.lock().unwrap_or_else(PoisonError::into_inner);
            if turns.len() > 10_000 {
                turns.retain(|_, turn| turn.strong_count() > 0);
            }
            let known = turns.get(id).and_then(Weak::upgrade);
            known.unwrap_or_else(|| {
                let turn = Arc::new(AsyncMutex::new(()));
                turns.insert(id.clone(), Arc::downgrade(&turn));
                turn
            })
        };
        turn.lock_owned().await
    }
}
