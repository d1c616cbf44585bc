//! The acts that a decision is carried out with.

use secrecy::SecretString;
use serde_json::Value;

use crate::backend::{BackendError, Goal, Kind, Ownership, Pace, PasswordMaker, Phase, Resolved, Step};
use crate::cache::{Code, FieldError, GuResId, Intent, Mark, OnDelete, Password, Place, State, Ttl};
use crate::driver::answer::{Asked, explained, unexplained};
use crate::driver::background::Who;
use crate::driver::locate::{Found, Halt};
use crate::driver::progress::later;
use crate::driver::{Cookie, Driver, DriverError, Failure, Put};

/// One line for each call that changes something in a cloud, or is refused. Who asked for it stands in the span around.
fn audit(step: &Step, place: &Place, error: Option<&BackendError>) {
    let (call, why) = (step.call, step.why.as_str());
    let Some(error) = error else {
        tracing::info!(target: "audit", call, why, %place, outcome = "accepted", "changed");
        return;
    };
    let outcome = match error.kind {
        // It is made again, at each look until the cloud has time for it.
        Kind::Busy => return,
        // The cloud may have carried it out all the same.
        Kind::Unavailable => "unknown",
        _ => "refused",
    };
    tracing::warn!(target: "audit", call, why, %place, outcome, %error, "not accepted");
}

impl Driver {
    /// The mark of a new life, and the password that it stands for.
    pub(super) fn first_mark(
        &self,
        put: &Put,
        found: &Found,
        resolved: &Resolved,
        want: String,
    ) -> Result<(Mark, Option<SecretString>), DriverError> {
        let mut mark = Mark::new(put.call.id.clone(), want, self.inner.clock.now());
        mark.capacity.clone_from(&resolved.capacity);
        mark.on_delete = put.spec.on_delete.unwrap_or(OnDelete::Delete);
        mark.hold_hours = put.spec.delete_hold_hours.filter(|_| mark.on_delete == OnDelete::Hold);
        mark.ttl = put.spec.ttl.and_then(Ttl::length);
        mark.protected = put.spec.deletion_protection.unwrap_or(false);
        mark.route.clone_from(&put.call.route);
        let by_driver = found.backend.capabilities().password == PasswordMaker::Driver;
        if by_driver && resolved.text("auth") == Some("password") {
            mark.password = Some(self.inner.keyring.new_password(self.inner.random.as_ref()));
        }
        let password = self.derived(&put.call.id, found, mark.password.as_ref())?;
        Ok((mark, password))
    }

    pub(in crate::driver) fn derived(
        &self,
        id: &GuResId,
        found: &Found,
        how: Option<&Password>,
    ) -> Result<Option<SecretString>, DriverError> {
        let account = &found.seen.account;
        let derived = how.map(|how| self.inner.keyring.password(id, account, how)).transpose();
        derived.map_err(DriverError::from)
    }

    /// Makes calls up to and including the first that the cloud works on after it. Gives those that were made.
    pub(in crate::driver) async fn run(&self, found: &Found, steps: Vec<Step>) -> Result<Vec<Step>, Halt> {
        let mut ran = Vec::new();
        for step in steps {
            let applied = found.backend.apply(&found.at, &step).await;
            audit(&step, &found.at.place, applied.as_ref().err());
            applied.map_err(|error| found.failed(error))?;
            let last = step.pace == Pace::Long;
            ran.push(step);
            if last {
                break;
            }
        }
        Ok(ran)
    }

    /// Makes the password of the wanted generation valid beside the one before.
    pub(super) async fn rotate(&self, put: &Put, found: &Found, mut mark: Mark) -> Result<Vec<Step>, Halt> {
        let fresh = self.inner.keyring.new_password(self.inner.random.as_ref());
        let salt = mark.password.map_or(fresh.salt, |password| password.salt);
        let how = Password { key: fresh.key, salt, generation: put.spec.rotate.unwrap_or_default() };
        let password =
            self.inner.keyring.password(&put.call.id, &found.seen.account, &how).map_err(DriverError::from)?;
        mark.password = Some(how);
        mark.intent = Some(Intent::Settle(later(self.inner.clock.now(), self.config().lifecycle.rotate_grace)));
        let steps = found.backend.steps(&Goal::Rotated { mark: &mark, password: &password }, &found.seen);
        self.run(found, steps).await
    }

    /// Takes over a cache of somebody else. The mark is all that is written.
    pub(super) async fn adopt(&self, put: &Put, asked: &Asked<'_>, found: Found, want: String) -> Result<Found, Halt> {
        let needs_password = found.seen.fields.get("auth").and_then(Value::as_str) == Some("password");
        let by_driver = found.backend.capabilities().password == PasswordMaker::Driver;
        if needs_password && by_driver && put.adopted_password.is_none() && put.spec.rotate.is_none() {
            let field =
                FieldError::new("driver.secrets.adopt.password", "the password that the cache has now", "nothing")
                    .hint("no cloud tells it; or set `rotate: 1` to have the driver make a new one");
            return Err(Halt::Fail(self.refuse(asked, &found, DriverError::fields(vec![field]))));
        }
        let mut mark = Mark::new(put.call.id.clone(), want, self.inner.clock.now());
        mark.adopted = true;
        mark.on_delete = put.spec.on_delete.unwrap_or(OnDelete::Detach);
        mark.hold_hours = put.spec.delete_hold_hours.filter(|_| mark.on_delete == OnDelete::Hold);
        mark.ttl = put.spec.ttl.and_then(Ttl::length);
        mark.protected = put.spec.deletion_protection.unwrap_or(false);
        mark.route.clone_from(&put.call.route);
        tracing::info!(id = %put.call.id, place = %found.at.place, "adopting");
        let found = self.rewrite_mark(found, mark).await?;
        self.forget_strays();
        Ok(found)
    }

    /// Writes a mark and nothing else.
    pub(in crate::driver) async fn rewrite_mark(&self, mut found: Found, mark: Mark) -> Result<Found, Halt> {
        let steps = found.backend.steps(&Goal::Marked { mark: &mark }, &found.seen);
        self.run(&found, steps).await?;
        found.seen.ownership = Some(Ownership::Marked(Box::new(mark)));
        Ok(found)
    }

    /// Marks the cache that the ready one takes the place of, and removes it when its grace is over.
    pub(super) async fn retire(&self, older: Option<Found>, by: &Found, now: jiff::Timestamp) -> Result<(), Halt> {
        let Some(older) = older else { return Ok(()) };
        let Some(mark) = older.seen.mark().cloned() else { return Ok(()) };
        match (mark.state, mark.intent) {
            (State::Retired, Some(Intent::DeleteAfter(at))) if at <= now && !mark.protected => {
                tracing::info!(place = %older.at.place, "removing the retired cache");
                let steps = Self::removal(&older);
                self.run(&older, steps).await?;
            }
            (State::Retired | State::Detached | State::Held, _) => {}
            // It was never this driver's to remove.
            (State::Owned, _) if mark.protected || mark.on_delete == OnDelete::Detach => {
                tracing::warn!(place = %older.at.place, by = %by.at.place, "letting go of the cache that was replaced");
                self.rewrite_mark(older, Mark { state: State::Detached, intent: None, ..mark }).await?;
            }
            (State::Owned, _) => {
                tracing::warn!(place = %older.at.place, by = %by.at.place, "retiring the cache that was replaced");
                let grace = self.config().lifecycle.replace_grace;
                let intent = Some(Intent::DeleteAfter(later(now, grace)));
                self.rewrite_mark(older, Mark { state: State::Retired, intent, ..mark }).await?;
            }
        }
        Ok(())
    }

    /// An update that the cloud says failed is told once. Then the mark forgets it, so that the next PUT tries anew.
    pub(super) async fn refuse_if_failed(&self, asked: &Asked<'_>, found: &Found, who: Who) -> Result<(), Halt> {
        let Some(mark) = found.seen.mark() else { return Ok(()) };
        let diagnosis = found.backend.diagnose(&found.at, mark.since).await.map_err(|error| found.failed(error))?;
        if diagnosis.cause.is_none() {
            return Ok(());
        }
        let message = format!("the update of {} failed; the cache is as it was before", found.at.place.name);
        let error = explained(diagnosis, Code::CloudFailed, message);
        if who.is_caller() {
            let forgotten = Mark { want: "0".repeat(mark.want.len()), since: self.inner.clock.now(), ..mark.clone() };
            self.rewrite_mark(found.clone(), forgotten).await?;
        }
        Err(Halt::Fail(self.refuse(asked, found, error)))
    }

    /// A creation that failed and left nothing behind is told once. Then it is tried anew.
    pub(super) async fn refuse_if_vanished(&self, asked: &Asked<'_>, found: &Found, who: Who) -> Result<(), Halt> {
        let Some(error) = self.vanished(asked, found).await? else { return Ok(()) };
        let error = error.hint("nothing is left of it; mend the cause and PUT again to create it anew").retryable();
        let error = error.product(found.product());
        if !who.is_caller() {
            return Err(error.into());
        }
        let id = &asked.call.id;
        let now = self.inner.clock.now();
        self.inner.background.forget(id);
        self.inner.told.tell(id, now);
        let cookie = Cookie { told: Some(now), ..asked.cookie(None, None) };
        Err(Halt::Fail(Failure { error, cookie: Some(self.seal_cookie(cookie, id)) }))
    }

    /// Tells why a creation failed. If a caller hears it, what is left begins to be cleared away, so that the next PUT
    /// can make it anew.
    pub(super) async fn clear_shell(&self, asked: &Asked<'_>, found: &Found, who: Who) -> Halt {
        let since = found.seen.mark().map_or(jiff::Timestamp::UNIX_EPOCH, |mark| mark.since);
        let message = format!("the creation of {} failed", found.at.place.name);
        let error = match found.backend.diagnose(&found.at, since).await {
            Ok(diagnosis) => explained(diagnosis, Code::CloudFailed, message),
            // Cleared away before its cause is known, nobody would ever learn it.
            Err(unknown) if unknown.kind.is_transient() => return found.failed(unknown).into(),
            Err(unknown) => unexplained(&unknown, Code::CloudFailed, &message),
        };
        if !who.is_caller() {
            return Halt::Fail(self.refuse(asked, found, error));
        }
        let removal = found.backend.steps(&Goal::Removed { final_snapshot: None }, &found.seen);
        let error = match self.run(found, removal).await {
            Ok(_) => error
                .hint("what is left of it is being removed; mend the cause and PUT again to create it anew")
                .retryable(),
            Err(_) => error.hint("what is left of it could not be removed now; the next PUT or DELETE tries again"),
        };
        Halt::Fail(self.refuse(asked, found, error))
    }

    /// The calls that remove a cache as its mark says.
    pub(in crate::driver) fn removal(found: &Found) -> Vec<Step> {
        let snapshot = found.seen.mark().is_some_and(|mark| mark.on_delete == OnDelete::Snapshot);
        let holds_data = found.seen.phase != Phase::Shell && found.seen.endpoint.is_some();
        // Named by cache and life: a name of its own each time, the same on each try.
        let final_snapshot = (snapshot && holds_data).then(|| {
            let born = found.seen.created_at.map_or(0, jiff::Timestamp::as_second);
            format!("{}-{born}", found.at.place.name)
        });
        found.backend.steps(&Goal::Removed { final_snapshot }, &found.seen)
    }
}
