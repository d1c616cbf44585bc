//! PUT: make it so.

mod act;
mod judge;
mod remark;

use std::time::Duration;

pub(super) use judge::Judged;
use remark::is_overdue;
use secrecy::SecretString;

use super::answer::Asked;
use super::background::{Heed, UNSEEN, Who};
use super::lifecycle::Next;
use super::locate::{Found, Halt};
use super::progress::later;
use super::request::{Failure, Outcome, Pending, Put};
use super::{Driver, DriverError, Operation};
use crate::backend::{Change, Goal, Pace, Phase, Resolved, Step};
use crate::cache::{Apply, Code, Mark};

impl Driver {
    /// One step. `None` if something newer has overtaken it.
    pub(in crate::driver) async fn put_once(&self, put: &Put, who: Who) -> Result<Option<Outcome>, Failure> {
        let Some(_turn) = self.turn(&put.call.id, who).await else { return Ok(None) };
        let mut cookie = self.open_cookie(&put.call)?;
        // GET and DELETE name no account.
        cookie.account = put.spec.account.clone().or(cookie.account);
        let asked = Asked { call: &put.call, cookie: &cookie, adopted_password: put.adopted_password.as_ref() };
        let outcome = match self.judge(put, &cookie).await {
            Ok(judged) => match self.heed(&put.call.id, who, &judged.wanted.want, &judged.next, &judged.found.seen) {
                Heed::Go => self.carry_out(put, &asked, judged, who).await,
                Heed::Wait => {
                    let message = "creating: waiting for the cloud to show it".to_owned();
                    let now = self.inner.clock.now();
                    let pending = self.pending(&asked, &judged.found, Operation::Creating, now, message);
                    Ok(Outcome::Pending(Box::new(pending)))
                }
                Heed::Stop => return Ok(None),
            },
            Err(halt) => Err(halt),
        };
        let outcome = outcome.or_else(|halt| self.not_now(&asked, halt, Operation::Creating))?;
        if who.is_caller() {
            self.inner.background.note(&put.call.id, &outcome, self.inner.clock.now());
        }
        Ok(Some(outcome))
    }

    async fn carry_out(&self, put: &Put, asked: &Asked<'_>, judged: Judged, who: Who) -> Result<Outcome, Halt> {
        let Judged { found, older, resolved, wanted, next, warnings } = judged;
        let now = self.inner.clock.now();
        let since = found.seen.mark().map_or(now, |mark| mark.since);
        let wait = |operation: Operation| {
            let since =
                self.running(&put.call.id, asked.cookie).filter(|(o, _)| *o == operation).map_or(since, |(_, s)| s);
            let message = format!("{operation}: the cloud says `{}`", found.seen.status);
            // Once it is gone, it is made anew. By the caller, if that takes long: somebody else may be removing it.
            let creates = (found.seen.phase == Phase::Deleting).then_some(UNSEEN);
            Box::new(Pending { creates, ..self.pending(asked, &found, operation, since, message) })
        };
        let started = |operation: Operation, ran: &[Step]| {
            let calls: Vec<&str> = ran.iter().map(|step| step.call).collect();
            let message = format!("{operation}: the cloud accepted {}", calls.join(", "));
            Outcome::Pending(Box::new(self.pending(asked, &found, operation, now, message)))
        };
        match next {
            Next::Ready => {
                self.retire(older, &found, now).await?;
                self.ready(asked, &found, warnings).await
            }
            Next::Wait(operation) => Ok(Outcome::Pending(wait(operation))),
            Next::Conflict(operation) => Ok(Outcome::Conflict(wait(operation))),
            Next::Create => {
                self.refuse_if_vanished(asked, &found, who).await?;
                let (mark, password) = self.first_mark(put, &found, &resolved, wanted.want)?;
                let steps = Self::steps_present(&found, &resolved, &[], &mark, password.as_ref(), put);
                let ran = self.run(&found, steps).await?;
                if put.spec.name_salt.is_some() {
                    self.forget_strays();
                }
                tracing::info!(id = %put.call.id, place = %found.at.place, "creating");
                Ok(started(Operation::Creating, &ran))
            }
            Next::Complete => match self.complete(put, asked, &found, &resolved).await? {
                Some(outcome) => Ok(outcome),
                None => Ok(Outcome::Pending(wait(Operation::Creating))),
            },
            Next::Adopt => {
                let found = self.adopt(put, asked, found, wanted.want).await?;
                if wanted.changes.is_empty() {
                    return self.ready(asked, &found, warnings).await;
                }
                let message = "updating: taken over; what differs is changed next".to_owned();
                Ok(Outcome::Pending(Box::new(self.pending(asked, &found, Operation::Updating, now, message))))
            }
            Next::Update(changes) => {
                if wanted.mark_lags {
                    // What this operation began may have failed, and its mark with it.
                    self.refuse_if_failed(asked, &found, who).await?;
                }
                let steps = self.update(put, &found, &resolved, &changes, wanted.want)?;
                self.change(asked, found, steps, warnings).await
            }
            Next::Continue(changes) => {
                self.refuse_if_failed(asked, &found, who).await?;
                let mark = own_mark(&found)?;
                let password = self.derived(&put.call.id, &found, mark.password.as_ref())?;
                let steps = Self::steps_present(&found, &resolved, &changes, &mark, password.as_ref(), put);
                self.change(asked, found, steps, warnings).await
            }
            Next::Mark => self.remark(put, asked, found, &resolved, warnings).await,
            Next::Rotate => {
                let mark = own_mark(&found)?;
                let ran = self.rotate(put, &found, self.remarked(put, &found.seen, &mark, Some(wanted.want))).await?;
                Ok(started(Operation::Updating, &ran))
            }
            Next::Settle => {
                self.settle(&found).await?;
                self.ready(asked, &found, warnings).await
            }
            Next::Replace => {
                let steps = Self::removal(&found);
                self.run(&found, steps).await?;
                tracing::warn!(id = %put.call.id, place = %found.at.place, "replacing, as `allow` says");
                let message = "updating: the cache is being removed, to be made anew".to_owned();
                let pending = self.pending(asked, &found, Operation::Updating, now, message);
                Ok(Outcome::Pending(Box::new(Pending {
                    creates: Some(self.when(found.product(), None).delete),
                    ..pending
                })))
            }
            Next::Shell => Err(self.clear_shell(asked, &found, who).await),
            Next::Refuse(refusal) => Err(Halt::Fail(self.refusal(asked, &found, refusal).await)),
            Next::Nothing | Next::Remove | Next::Detach | Next::Hold => Err(lost_mark()),
        }
    }

    /// Rewrites the mark of a cache that is as wanted otherwise.
    async fn remark(
        &self,
        put: &Put,
        asked: &Asked<'_>,
        found: Found,
        resolved: &Resolved,
        warnings: Vec<String>,
    ) -> Result<Outcome, Halt> {
        let now = self.inner.clock.now();
        let mark = own_mark(&found)?;
        let capacity = resolved.capacity.clone().or_else(|| mark.capacity.clone());
        let recalled = self.recalled(put, asked.cookie, &mark);
        let mut mark = Mark { capacity, ..self.remarked(put, &found.seen, &mark, None) };
        if let Some(deleted) = recalled {
            // Later than the DELETE by the clock of whoever answered it, too.
            mark.since = later(now.max(deleted), Duration::from_secs(1));
        }
        let overdue = is_overdue(&found, now);
        let found = self.rewrite_mark(found, mark).await?;
        if !overdue {
            return self.ready(asked, &found, warnings).await;
        }
        // A sweep may have begun to remove it: the next look tells whether it has come back in time.
        let message = "updating: taken back; making sure that it stays".to_owned();
        Ok(Outcome::Pending(Box::new(self.pending(asked, &found, Operation::Updating, now, message))))
    }

    /// Makes the next part that a creation lacks. `None` if none can be made now.
    async fn complete(
        &self,
        put: &Put,
        asked: &Asked<'_>,
        found: &Found,
        resolved: &Resolved,
    ) -> Result<Option<Outcome>, Halt> {
        let mark = own_mark(found)?;
        let password = self.derived(&put.call.id, found, mark.password.as_ref())?;
        let steps = Self::steps_present(found, resolved, &[], &mark, password.as_ref(), put);
        let ran = self.run(found, steps).await?;
        if ran.is_empty() {
            return Ok(None);
        }
        let calls: Vec<&str> = ran.iter().map(|step| step.why.as_str()).collect();
        let message = format!("creating: {}", calls.join(", "));
        Ok(Some(Outcome::Pending(Box::new(self.pending(asked, found, Operation::Creating, mark.since, message)))))
    }

    /// The calls that begin an update: a new mark, and with it the changes.
    fn update(
        &self,
        put: &Put,
        found: &Found,
        resolved: &Resolved,
        changes: &[Change],
        want: String,
    ) -> Result<Vec<Step>, Halt> {
        let mut mark = self.remarked(put, &found.seen, &own_mark(found)?, Some(want));
        let mut password = None;
        if changes.iter().any(|change| change.field == "auth") {
            mark.password = Some(self.inner.keyring.new_password(self.inner.random.as_ref()));
            password = self.derived(&put.call.id, found, mark.password.as_ref())?;
        }
        Ok(Self::steps_present(found, resolved, changes, &mark, password.as_ref(), put))
    }

    /// Makes the old password invalid.
    pub(in crate::driver) async fn settle(&self, found: &Found) -> Result<Vec<Step>, Halt> {
        let mark = Mark { intent: None, ..own_mark(found)? };
        let password = self.derived(&mark.id, found, mark.password.as_ref())?;
        let goal = match &password {
            Some(password) => Goal::Settled { mark: &mark, password },
            None => Goal::Marked { mark: &mark },
        };
        self.run(found, found.backend.steps(&goal, &found.seen)).await
    }

    fn steps_present(
        found: &Found,
        resolved: &Resolved,
        changes: &[Change],
        mark: &Mark,
        password: Option<&SecretString>,
        put: &Put,
    ) -> Vec<Step> {
        let tags = [
            ("managed-by".to_owned(), "cache-driver".to_owned()),
            ("cache-driver-id".to_owned(), put.call.id.to_string()),
        ];
        let at_maintenance = put.spec.apply == Some(Apply::MaintenanceWindow);
        found
            .backend
            .steps(&Goal::Present { resolved, changes, mark, password, tags: &tags, at_maintenance }, &found.seen)
    }

    /// Makes the next step of an update. Without one, everything that could be done is done.
    async fn change(
        &self,
        asked: &Asked<'_>,
        found: Found,
        steps: Vec<Step>,
        mut warnings: Vec<String>,
    ) -> Result<Outcome, Halt> {
        let ran = self.run(&found, steps).await?;
        if ran.last().is_none_or(|step| step.pace == Pace::Instant) {
            warnings.push("changes that interrupt wait for the maintenance window".to_owned());
            return self.ready(asked, &found, warnings).await;
        }
        let since = ran.iter().filter_map(|step| step.mark.as_ref()).map(|mark| mark.since).max();
        let since =
            since.or_else(|| found.seen.mark().map(|mark| mark.since)).unwrap_or_else(|| self.inner.clock.now());
        let calls: Vec<&str> = ran.iter().map(|step| step.why.as_str()).collect();
        let message = format!("updating: {}", calls.join(", "));
        Ok(Outcome::Pending(Box::new(self.pending(asked, &found, Operation::Updating, since, message))))
    }
}

/// The mark of a cache that `lifecycle` found to be the resource's.
fn own_mark(found: &Found) -> Result<Mark, Halt> {
    found.seen.mark().cloned().ok_or_else(lost_mark)
}

/// A state that `lifecycle` never gives: said aloud rather than papered over.
fn lost_mark() -> Halt {
    DriverError::new(Code::Internal, "the lifecycle asked for something that cannot be done to this cache").into()
}
