//! Keeps stepping after a 202, so that callers that only look, or never come back, get there too.
//!
//! Nothing depends on it: whatever it leaves, the next request continues.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use jiff::Timestamp;
use tokio::sync::{OwnedMutexGuard, Semaphore};
use tracing::{Instrument, debug, info, warn};

use super::{Driver, Operation, Outcome, Pending, Put};
use crate::backend::{Observed, Phase};
use crate::cache::{Code, GuResId, Mark, State};
use crate::driver::lifecycle::Next;
use crate::driver::locate::Found;
use crate::driver::progress::later;
use crate::driver::request::{Call, Marked};
use crate::telemetry::{self, Ended};

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
    /// Until when a cache may still be created on its behalf.
    creates: Option<Timestamp>,
    /// Whether the cloud has taken a call of its removal.
    removes: bool,
    phase: Phase,
    /// When the operation began, by its mark: for the time that it took. `None` if the cloud only put us off.
    began: Option<Timestamp>,
    /// Since when a cache that is to be removed has been seen ready: whoever takes it back can write its mark since.
    ready: Option<Timestamp>,
}

/// How long a cache that was just created may not be seen yet.
pub(super) const UNSEEN: Duration = Duration::from_mins(2);

/// The resources that this process keeps stepping.
#[derive(Debug)]
pub(super) struct Background {
    room: Arc<Semaphore>,
    most: usize,
    running: Mutex<(u64, HashMap<GuResId, Running>)>,
    /// What the mark said when the caller was answered, of those that run.
    marked: Mutex<HashMap<GuResId, Marked>>,
}

impl Background {
    pub(super) fn new(most: usize) -> Self {
        let most = most.min(Semaphore::MAX_PERMITS);
        Self { room: Arc::new(Semaphore::new(most)), most, running: Mutex::default(), marked: Mutex::default() }
    }

    /// What runs for a resource, and since when.
    pub(super) fn running(&self, id: &GuResId) -> Option<(Operation, Timestamp)> {
        let running = self.running.lock().unwrap_or_else(PoisonError::into_inner);
        running.1.get(id).map(|running| (running.operation, running.since))
    }

    /// From now on this is what runs. Whatever ran before stops at its next turn.
    fn begin(&self, id: &GuResId, pending: &Pending) {
        let (operation, since) = (pending.hint.status, pending.hint.current_time);
        let creates = pending.creates.map(|long| later(since, long));
        self.remember(id, Some(pending.marked.clone()));
        let mut running = self.running.lock().unwrap_or_else(PoisonError::into_inner);
        running.0 += 1;
        let serial = running.0;
        let known = running.1.get(id).filter(|known| known.operation == operation);
        let began = known.and_then(|known| known.began).or_else(telemetry::started);
        let since = known.map_or(since, |known| known.since);
        let removes = pending.removes || known.is_some_and(|known| known.removes);
        let phase = pending.hint.phase;
        // A held answer begins anew with each look.
        let ready = known.and_then(|known| known.ready);
        let new = Running { serial, operation, since, creates, removes, phase, began, ready };
        running.1.insert(id.clone(), new);
    }

    fn remember(&self, id: &GuResId, marked: Option<Marked>) {
        let mut all = self.marked.lock().unwrap_or_else(PoisonError::into_inner);
        match marked {
            Some(marked) => drop(all.insert(id.clone(), marked)),
            None => drop(all.remove(id)),
        }
    }

    /// The serial of what runs.
    pub(super) fn serial(&self, id: &GuResId) -> Option<u64> {
        self.current(id).map(|running| running.serial)
    }

    fn is_current(&self, id: &GuResId, serial: u64) -> bool {
        let running = self.running.lock().unwrap_or_else(PoisonError::into_inner);
        running.1.get(id).is_some_and(|running| running.serial == serial)
    }

    /// It is over, unless something newer took its place.
    fn end(&self, id: &GuResId, serial: u64) {
        if self.is_current(id, serial) {
            self.forget(id);
        }
    }

    fn current(&self, id: &GuResId) -> Option<Running> {
        self.running.lock().unwrap_or_else(PoisonError::into_inner).1.get(id).copied()
    }

    /// The cache has been seen: if it is gone later on, somebody removed it.
    fn seen(&self, id: &GuResId, serial: u64) {
        let mut running = self.running.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(running) = running.1.get_mut(id).filter(|running| running.serial == serial) {
            running.creates = None;
        }
    }

    /// Since when the cache has been seen ready, without a break.
    fn ready_since(&self, id: &GuResId, serial: u64, is_ready: bool, now: Timestamp) -> Option<Timestamp> {
        let mut running = self.running.lock().unwrap_or_else(PoisonError::into_inner);
        let running = running.1.get_mut(id).filter(|running| running.serial == serial)?;
        running.ready = is_ready.then(|| running.ready.unwrap_or(now));
        running.ready
    }

    /// What runs was seen in another state, or has got further.
    fn progress(&self, id: &GuResId, serial: u64, pending: &Pending) {
        let mut running = self.running.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(running) = running.1.get_mut(id).filter(|running| running.serial == serial) {
            running.phase = pending.hint.phase;
            running.removes |= pending.removes;
        }
    }

    /// Everything that runs: its operation, and the state in which it was last seen.
    pub(super) fn all(&self) -> Vec<(Operation, Phase)> {
        let running = self.running.lock().unwrap_or_else(PoisonError::into_inner);
        running.1.values().map(|running| (running.operation, running.phase)).collect()
    }

    /// Since when its operation ran, by the mark that the caller was answered about.
    fn marked_since(&self, id: &GuResId) -> Option<Timestamp> {
        self.marked.lock().unwrap_or_else(PoisonError::into_inner).get(id)?.since
    }

    /// Whether somebody let go of a cache that the driver answered for when it was last seen.
    fn is_let_go(&self, id: &GuResId, state: State) -> bool {
        let mut all = self.marked.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(Marked { state: known, .. }) = all.get_mut(id) else { return false };
        if state == State::Owned {
            *known = Some(state);
        }
        *known.get_or_insert(state) == State::Owned && state != State::Owned
    }

    /// How many tasks there are, of how many.
    pub(super) fn tasks(&self) -> (usize, usize) {
        (self.most - self.room.available_permits(), self.most)
    }

    /// The cache can be used: how long that took.
    fn ready(&self, id: &GuResId, now: Timestamp) {
        let Some(running) = self.current(id).filter(|running| running.operation != Operation::Deleting) else { return };
        if let Some(began) = running.began {
            let took = Duration::try_from(now.duration_since(began)).unwrap_or_default();
            telemetry::ready_after(running.operation.as_str(), took);
        }
    }

    /// Nothing runs any longer.
    pub(super) fn forget(&self, id: &GuResId) {
        self.remember(id, None);
        self.running.lock().unwrap_or_else(PoisonError::into_inner).1.remove(id);
    }

    /// What a call came to decides what runs from now on. Called within the call's turn, so that nothing older acts after
    /// it. A refusal and a conflict leave alone what runs.
    pub(super) fn note(&self, id: &GuResId, outcome: &Outcome, now: Timestamp) {
        if matches!(outcome, Outcome::Ready(_)) {
            self.ready(id, now);
        }
        match outcome {
            Outcome::Pending(pending) => self.begin(id, pending),
            Outcome::Ready(_) | Outcome::Gone(_) => self.forget(id),
            Outcome::Conflict(_) | Outcome::NotFound => {}
        }
    }
}

/// Who takes a step.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Who {
    /// A request: it may start what clears up, and hears what went wrong.
    Caller,
    /// A request whose answer is held back, as long as nothing newer took over.
    Held(u64),
    /// The background, as long as nothing newer took over.
    Background(u64),
}

impl Who {
    pub(super) fn is_caller(self) -> bool {
        !matches!(self, Self::Background(_))
    }

    /// Whether a request has just come.
    pub(super) fn is_first(self) -> bool {
        matches!(self, Self::Caller)
    }
}

/// What a background step makes of what it sees.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Heed {
    /// It goes on.
    Go,
    /// It looks again later.
    Wait,
    /// It stops: a later call, at this driver or another, leads elsewhere.
    Stop,
}

impl Driver {
    /// Whether a background PUT may go on. What its caller asked for is not the last word: a DELETE may have come to another
    /// driver. So a cache is made only where there was none when the caller was answered.
    ///
    /// Nor does it change a cache that was marked since, for something else than it wants; and it takes none back that was
    /// let go, held or retired since.
    pub(super) fn heed(&self, id: &GuResId, who: Who, want: &str, next: &Next, seen: &Observed) -> Heed {
        let background = &self.inner.background;
        if !who.is_first() && seen.mark().is_some_and(|mark| background.is_let_go(id, mark.state)) {
            return Heed::Stop;
        }
        let Who::Background(serial) = who else { return Heed::Go };
        let Some(running) = background.current(id) else { return Heed::Stop };
        let now = self.inner.clock.now();
        let creates = running.creates.is_some_and(|until| now < until);
        match seen.phase {
            Phase::Absent if !creates => {
                let fresh = later(running.since, UNSEEN) > now;
                if fresh { Heed::Wait } else { Heed::Stop }
            }
            Phase::Deleting if !creates => Heed::Stop,
            Phase::Absent | Phase::Deleting => Heed::Go,
            _ => {
                if *next != Next::Replace {
                    background.seen(id, serial);
                }
                let Some(mark) = seen.mark().filter(|mark| mark.want != want) else { return Heed::Go };
                let mut marked = background.marked.lock().unwrap_or_else(PoisonError::into_inner);
                let known = marked.entry(id.clone()).or_default().want.get_or_insert_with(|| mark.want.clone());
                if *known == mark.want { Heed::Go } else { Heed::Stop }
            }
        }
    }

    /// Whether a DELETE that goes on is overtaken: the cache that is there began, or was taken back, after it was asked for.
    pub(super) fn is_newer(&self, id: &GuResId, who: Who, mark: Option<&Mark>) -> bool {
        let background = &self.inner.background;
        let (false, Some(mark), Some(running)) = (who.is_first(), mark, background.current(id)) else { return false };
        // What the caller was answered about is not newer, whatever the clock said that it was written by.
        let began = background.marked_since(id).map_or(running.since, |since| since.max(running.since));
        // Marks tell whole seconds.
        mark.since.as_second() > began.as_second()
    }

    /// Whether a DELETE may act on a cache that it could not act on when it came. While the cloud is at work on the cache, a PUT
    /// at another driver cannot write into its mark that it takes it back: it gets the time to, once the cloud is done.
    pub(super) fn may_end(&self, id: &GuResId, who: Who, found: &Found) -> bool {
        let (Who::Background(serial) | Who::Held(serial)) = who else { return true };
        let seen = &found.seen;
        let (background, now) = (&self.inner.background, self.inner.clock.now());
        if background.current(id).is_some_and(|running| running.removes) {
            return true;
        }
        let since = background.ready_since(id, serial, seen.phase == Phase::Ready, now);
        match seen.phase {
            // The cloud is not at work: a driver would have to go on.
            Phase::Creating => !seen.missing.is_empty(),
            Phase::Changing | Phase::Busy => false,
            Phase::Ready => {
                let look = self.config().lifecycle.poll_interval + found.backend.staleness();
                since.is_some_and(|since| later(since, 2 * look) <= now)
            }
            // No PUT takes these back.
            Phase::Absent | Phase::Deleting | Phase::Shell | Phase::Failed => true,
        }
    }

    /// A turn at a resource; `None` for a background step that something newer has overtaken.
    pub(super) async fn turn(&self, id: &GuResId, who: Who) -> Option<OwnedMutexGuard<()>> {
        let turn = self.inner.turns.take(id).await;
        match who {
            Who::Background(serial) | Who::Held(serial) if !self.inner.background.is_current(id, serial) => None,
            _ => Some(turn),
        }
    }

    /// Goes on with `work` until it is done, refused, or something newer takes its place.
    pub(super) fn keep_up(&self, work: Work) {
        let background = &self.inner.background;
        let id = work.call().id.clone();
        let Some(Running { serial, operation, since, .. }) = background.current(&id) else { return };
        // Something else has begun since the caller was answered.
        if (operation == Operation::Deleting) != matches!(work, Work::Delete(_)) {
            return;
        }
        let Ok(permit) = background.room.clone().try_acquire_owned() else {
            warn!(id = %id, "no room to keep stepping in the background; the next request continues");
            background.end(&id, serial);
            return;
        };
        let driver = self.clone();
        let Call { request_id, who, .. } = work.call();
        let span = tracing::info_span!(parent: None, "background", %id, request_id, who);
        let of = id.clone();
        let stepping = async move {
            let _permit = permit;
            let _over = Over { driver: driver.clone(), id, serial: Some(serial) };
            driver.step_until_done(&work, serial, operation, since).await
        };
        tokio::spawn(telemetry::in_background(&of, stepping).instrument(span));
    }

    async fn step_until_done(&self, work: &Work, serial: u64, operation: Operation, since: Timestamp) -> Ended {
        let interval = self.config().lifecycle.poll_interval;
        let who = Who::Background(serial);
        loop {
            self.inner.clock.sleep(interval).await;
            let outcome = match work {
                Work::Put(put) => self.put_once(put, who).await,
                Work::Delete(call) => self.delete_once(call, who).await,
            };
            match outcome {
                Ok(Some(Outcome::Pending(pending))) => {
                    self.inner.background.progress(&work.call().id, serial, &pending);
                }
                Ok(Some(outcome)) => {
                    self.learn(work, operation, since);
                    let (id, background) = (&work.call().id, &self.inner.background);
                    if matches!(outcome, Outcome::Ready(_)) && background.is_current(id, serial) {
                        background.ready(id, self.inner.clock.now());
                    }
                    info!(%operation, "done");
                    return Ended::Done;
                }
                Ok(None) => {
                    debug!("something newer took over");
                    return Ended::Overtaken;
                }
                Err(failure) => {
                    warn!(%operation, error = %failure.error, "stopped stepping; the next request tells the caller");
                    return if failure.error.code == Code::DeadlinePassed { Ended::Late } else { Ended::Failed };
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

/// Ends what runs when it is dropped: a step that fails or panics must not leave it behind.
pub(super) struct Over {
    pub(super) driver: Driver,
    pub(super) id: GuResId,
    /// `None` while nothing is to be ended.
    pub(super) serial: Option<u64>,
}

impl Drop for Over {
    fn drop(&mut self) {
        if let Some(serial) = self.serial {
            self.driver.inner.background.end(&self.id, serial);
        }
    }
}
