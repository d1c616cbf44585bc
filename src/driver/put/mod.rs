//! PUT: make it so.

mod act;
mod judge;

pub(super) use judge::Judged;
use secrecy::SecretString;

use super::answer::Asked;
use super::background::Who;
use super::lifecycle::Next;
use super::locate::{Found, Halt};
use super::request::{Failure, Outcome, Put};
use super::{Driver, DriverError, Operation};
use crate::backend::{Change, Goal, Pace, Resolved, Step};
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
            Ok(judged) => self.carry_out(put, &asked, judged, who).await,
            Err(halt) => Err(halt),
        };
        let outcome = outcome.or_else(|halt| self.not_now(&asked, halt, Operation::Creating))?;
        if who.is_caller() {
            self.inner.background.note(&put.call.id, &outcome);
        }
        Ok(Some(outcome))
    }

    async fn carry_out(&self, put: &Put, asked: &Asked<'_>, judged: Judged, who: Who) -> Result<Outcome, Halt> {
        let Judged { found, older, resolved, wanted, next, warnings } = judged;
        let now = self.inner.clock.now();
        let mark = found.seen.mark().cloned();
        let since = mark.as_ref().map_or(now, |mark| mark.since);
        let wait = |operation: Operation| {
            let since =
                self.running(&put.call.id, asked.cookie).filter(|(o, _)| *o == operation).map_or(since, |(_, s)| s);
            let message = format!("{operation}: the cloud says `{}`", found.seen.status);
            Box::new(self.pending(asked, &found, operation, since, message))
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
            Next::Complete => {
                let Some(mark) = mark else { return Err(lost_mark()) };
                let password = self.derived(put, &found, mark.password.as_ref())?;
                let steps = Self::steps_present(&found, &resolved, &[], &mark, password.as_ref(), put);
                let ran = self.run(&found, steps).await?;
                if ran.is_empty() {
                    return Ok(Outcome::Pending(wait(Operation::Creating)));
                }
                let calls: Vec<&str> = ran.iter().map(|step| step.why.as_str()).collect();
                let message = format!("creating: {}", calls.join(", "));
                Ok(Outcome::Pending(Box::new(self.pending(asked, &found, Operation::Creating, since, message))))
            }
            Next::Adopt => {
                let found = self.adopt(put, asked, found, wanted.want).await?;
                if wanted.changes.is_empty() {
                    return self.ready(asked, &found, warnings).await;
                }
                let message = "updating: taken over; what differs is changed next".to_owned();
                Ok(Outcome::Pending(Box::new(self.pending(asked, &found, Operation::Updating, now, message))))
            }
            Next::Update(changes) => {
                let Some(mark) = mark else { return Err(lost_mark()) };
                if wanted.mark_lags {
                    // What this operation began may have failed, and its mark with it.
                    self.refuse_if_failed(asked, &found, &mark, who).await?;
                }
                let mut mark = self.remarked(put, &mark, Some(wanted.want));
                let mut password = None;
                if changes.iter().any(|change| change.field == "auth") {
                    mark.password = Some(self.inner.keyring.new_password(self.inner.random.as_ref()));
                    password = self.derived(put, &found, mark.password.as_ref())?;
                }
                let steps = Self::steps_present(&found, &resolved, &changes, &mark, password.as_ref(), put);
                self.change(asked, found, steps, warnings).await
            }
            Next::Continue(changes) => {
                let Some(mark) = mark else { return Err(lost_mark()) };
                self.refuse_if_failed(asked, &found, &mark, who).await?;
                let password = self.derived(put, &found, mark.password.as_ref())?;
                let steps = Self::steps_present(&found, &resolved, &changes, &mark, password.as_ref(), put);
                self.change(asked, found, steps, warnings).await
            }
            Next::Mark => {
                let Some(mark) = mark else { return Err(lost_mark()) };
                let capacity = resolved.capacity.clone().or_else(|| mark.capacity.clone());
                let mark = Mark { capacity, ..self.remarked(put, &mark, None) };
                let found = self.rewrite_mark(found, mark).await?;
                self.ready(asked, &found, warnings).await
            }
            Next::Rotate => {
                let Some(mark) = mark else { return Err(lost_mark()) };
                let ran = self.rotate(put, &found, self.remarked(put, &mark, Some(wanted.want))).await?;
                Ok(started(Operation::Updating, &ran))
            }
            Next::Settle => {
                let Some(mark) = mark else { return Err(lost_mark()) };
                let mark = Mark { intent: None, ..mark };
                if let Some(password) = self.derived(put, &found, mark.password.as_ref())? {
                    let steps = found.backend.steps(&Goal::Settled { mark: &mark, password: &password }, &found.seen);
                    self.run(&found, steps).await?;
                }
                self.ready(asked, &found, warnings).await
            }
            Next::Replace => {
                let steps = Self::removal(&found);
                let ran = self.run(&found, steps).await?;
                tracing::warn!(id = %put.call.id, place = %found.at.place, "replacing, as `allow` says");
                Ok(started(Operation::Updating, &ran))
            }
            Next::Shell => Err(self.clear_shell(asked, &found, who).await),
            Next::Refuse(refusal) => Err(Halt::Fail(self.refusal(asked, &found, refusal).await)),
            Next::Nothing | Next::Remove | Next::Detach => Err(lost_mark()),
        }
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

/// A state that `lifecycle` never gives: said aloud rather than papered over.
fn lost_mark() -> Halt {
    DriverError::new(Code::Internal, "the lifecycle asked for something that cannot be done to this cache").into()
}
