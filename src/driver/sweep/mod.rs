//! What nobody comes back for: the end of rotations, retired and held caches, those whose `ttl` is over, creations that
//! failed, parameters that no cache has any more.
//!
//! Lists, decides by [`due`](super::lifecycle::due), looks again, and acts by the same steps as a DELETE or a PUT would. Safe
//! to run twice at once, and beside requests: what has changed since it was listed is left alone.

mod act;
mod tidy;

use std::time::Duration;

use jiff::Timestamp;
use serde::Serialize;

use super::inventory::{Located, PlaceFailure, Unreadable, bounded};
use super::lifecycle::{Due, Task, due};
use super::progress::later;
use super::{Driver, DriverError};
use crate::backend::{PasswordMaker, Phase};
use crate::cache::product::words;
use crate::cache::{CacheName, Code, GuResId, Place, Product, Provider};

/// How to sweep.
#[derive(Debug, Clone, Copy, Default)]
pub struct SweepOptions {
    /// Tell what would be done, and do nothing.
    pub dry_run: bool,
    /// How long to stay with what takes its time, and to try again what cannot be done at once.
    pub wait: Duration,
    /// One cloud alone.
    pub provider: Option<Provider>,
}

words! {
    /// What came of it.
    SweepOutcome, "outcome" {
        /// It would be done: this was a dry run.
        Would = "would",
        /// It is done.
        Done = "done",
        /// The cloud has accepted it and works on it.
        Begun = "begun",
        /// Somebody else was there first, or wants it otherwise by now: left alone.
        Overtaken = "overtaken",
        /// The cloud has no time for it now: the next sweep tries again.
        Later = "later",
        /// It is protected from deletion: told, and left alone.
        Protected = "protected",
        /// It could not be done.
        Failed = "failed",
    }
}

/// One thing that was due.
#[derive(Debug, Clone, Serialize)]
pub struct SweepAction {
    /// The resource that the cache serves; none for what was made beside caches.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id: Option<GuResId>,
    /// The cloud.
    pub provider: Provider,
    /// The product.
    pub product: Product,
    /// The name at the cloud.
    pub name: CacheName,
    /// Account id, project or subscription.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub account: Option<String>,
    /// The region.
    pub location: String,
    /// What was due.
    pub task: Task,
    /// Since when.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub due_at: Option<Timestamp>,
    /// What came of it.
    pub outcome: SweepOutcome,
    /// Why, with what was called.
    pub message: String,
    /// What kind of error it failed with.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<Code>,
}

/// What a sweep did.
#[derive(Debug, Clone, Serialize)]
pub struct Sweep {
    /// When it began.
    pub at: Timestamp,
    /// Whether it only told.
    pub dry_run: bool,
    /// How many caches it saw.
    pub caches: usize,
    /// How many places it listed.
    pub places: usize,
    /// Everything that was due.
    pub actions: Vec<SweepAction>,
    /// Caches that are the driver's, and whose mark cannot be read: left alone.
    pub unreadable: Vec<Unreadable>,
    /// Places that could not be listed, where something may be due.
    pub failures: Vec<PlaceFailure>,
}

impl Sweep {
    /// Whether something that was due, or may be, could not be done.
    #[must_use]
    pub fn has_failed(&self) -> bool {
        !self.failures.is_empty() || self.actions.iter().any(|action| action.outcome == SweepOutcome::Failed)
    }
}

/// What came of one try.
#[derive(Debug)]
struct Tried {
    outcome: SweepOutcome,
    message: String,
    error: Option<Code>,
    /// Whether it makes sense to look again in a moment.
    again: bool,
}

impl Tried {
    fn new(outcome: SweepOutcome, message: impl Into<String>) -> Self {
        let again = outcome == SweepOutcome::Begun;
        Self { outcome, message: message.into(), error: None, again }
    }

    /// Nothing is wrong: the cloud works on something else, or has no time for so many calls.
    fn later(message: impl Into<String>, again: bool) -> Self {
        Self { outcome: SweepOutcome::Later, message: message.into(), error: None, again }
    }

    fn protected(error: &DriverError) -> Self {
        Self { outcome: SweepOutcome::Protected, ..Self::failed(error) }
    }

    fn failed(error: &DriverError) -> Self {
        let mut message = error.message.clone();
        if let Some(hint) = &error.details.hint {
            message = format!("{message}; {hint}");
        }
        Self { outcome: SweepOutcome::Failed, message, error: Some(error.code), again: false }
    }
}

/// A cache of which something is due.
#[derive(Debug, Clone)]
struct Job {
    located: Located,
    due: Due,
    /// Whether this sweep has begun it.
    begun: bool,
}

impl Driver {
    /// Does everything that is due by now, in every place of the config.
    pub async fn sweep(&self, options: SweepOptions) -> Sweep {
        let at = self.clock().now();
        let listing = self.locate_all(options.provider).await;
        let (caches, places) = (listing.caches.len(), listing.places);
        let (unreadable, mut failures) = (listing.unreadable, listing.failures);
        let mut jobs: Vec<Job> = listing.caches.into_iter().filter_map(|located| self.job(located, at)).collect();
        jobs.sort_by_key(|job| job.due.at);
        let mut actions = self.work(jobs, options, later(at, options.wait)).await;
        // After the caches: one that is gone by now may have been the last to use it.
        let (tidied, untold) = self.tidy(listing.open, options.dry_run).await;
        actions.extend(tidied);
        failures.extend(untold);
        Sweep { at, dry_run: options.dry_run, caches, places, actions, unreadable, failures }
    }

    /// What is due of a cache now, if anything: what ends it comes first, unless its protection is in the way.
    fn job(&self, located: Located, now: Timestamp) -> Option<Job> {
        let (place, mark) = (&located.at.place, &located.mark);
        let create = self.config().lifecycle.deadlines_of(place.product).create;
        if !self.made(mark, &place.name) {
            return None;
        }
        let settles = may_settle(&located);
        let mut all = due(mark, located.phase, located.created_at, create);
        all.retain(|due| due.is_now(now) && (settles || due.task != Task::Settle));
        let settle = all.iter().find(|due| mark.protected && due.task == Task::Settle);
        let due = *settle.or(all.first())?;
        Some(Job { located, due, begun: false })
    }

    /// Works on all jobs until nothing is left to wait for, or the time is over.
    async fn work(&self, jobs: Vec<Job>, options: SweepOptions, until: Timestamp) -> Vec<SweepAction> {
        let mut actions: Vec<Option<SweepAction>> = jobs.iter().map(|_| None).collect();
        let mut open: Vec<(usize, Job)> = jobs.into_iter().enumerate().collect();
        loop {
            let driver = self.clone();
            let tried = bounded(open, move |(number, job)| {
                let driver = driver.clone();
                async move {
                    let tried = driver.attempt(&job, options.dry_run).await;
                    (number, job, tried)
                }
            })
            .await;
            open = Vec::new();
            for (number, mut job, tried) in tried {
                actions[number] = Some(action(&job, &tried));
                job.begun |= tried.outcome == SweepOutcome::Begun;
                if tried.again {
                    open.push((number, job));
                }
            }
            let left = Duration::try_from(until.duration_since(self.clock().now())).unwrap_or_default();
            if open.is_empty() || left.is_zero() {
                return actions.into_iter().flatten().collect();
            }
            self.clock().sleep(left.min(self.config().lifecycle.poll_interval)).await;
        }
    }
}

fn action(job: &Job, tried: &Tried) -> SweepAction {
    let place: &Place = &job.located.at.place;
    SweepAction {
        id: Some(job.located.mark.id.clone()),
        provider: place.provider(),
        product: place.product,
        name: place.name.clone(),
        account: place.account.clone(),
        location: place.location.clone(),
        task: job.due.task,
        due_at: Some(job.due.at),
        outcome: tried.outcome,
        message: tried.message.clone(),
        error: tried.error,
    }
}

/// Whether the passwords that a settling leaves are this driver's own. Of an adopted cache nobody can tell whose driver
/// adopted it, and another's would derive another password: its next PUT ends the rotation.
fn may_settle(located: &Located) -> bool {
    let by_driver = located.backend.capabilities().password == PasswordMaker::Driver;
    !(located.mark.adopted && by_driver)
}

/// Whether a cache comes or goes by itself.
fn is_going(phase: Phase) -> bool {
    matches!(phase, Phase::Absent | Phase::Deleting)
}
