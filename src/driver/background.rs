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

    fn begin(&self, id: &GuResId, operation: Operation, since: Timestamp) -> u64 {
        let mut running = self.running.lock().unwrap_or_else(PoisonError::into_inner);
        running.0 += 1;
        let serial = running.0;
        running.1.insert(id.clone(), Running { serial, operation, since });
        serial
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

    /// A newer call has come to an end: whatever an older one kept up is no longer wanted.
    pub(super) fn supersede(&self, id: &GuResId) {
        self.running.lock().unwrap_or_else(PoisonError::into_inner).1.remove(id);
    }
}

impl Driver {
    /// Goes on with `work` until it is done, refused, or something newer takes its place.
    pub(super) fn keep_up(&self, work: Work, operation: Operation, since: Timestamp) {
        let background = &self.inner.background;
        let id = work.call().id.clone();
        let serial = background.begin(&id, operation, since);
        let Ok(permit) = background.room.clone().try_acquire_owned() else {
            warn!(id = %id, "no room to keep stepping in the background; the next request continues");
            background.end(&id, serial);
            return;
        };
        let driver = self.clone();
        let span = tracing::info_span!(parent: None, "background", id = %id, request_id = %work.call().request_id);
        let stepping = async move {
            let _permit = permit;
            let interval = driver.config().lifecycle.poll_interval;
            loop {
                driver.inner.clock.sleep(interval).await;
                if !driver.inner.background.is_current(&id, serial) {
                    debug!("something newer took over");
                    return;
                }
                let outcome = match &work {
                    Work::Put(put) => driver.put_once(put, false).await,
                    Work::Delete(call) => driver.delete_once(call, false).await,
                };
                match outcome {
                    Ok(Outcome::Pending(_)) => {}
                    Ok(_) => {
                        driver.learn(&work, operation, since);
                        info!(%operation, "done");
                        break;
                    }
                    Err(failure) => {
                        warn!(%operation, error = %failure.error, "stopped stepping; the next request tells the caller");
                        break;
                    }
                }
            }
            driver.inner.background.end(&id, serial);
        };
        tokio::spawn(stepping.instrument(span));
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
