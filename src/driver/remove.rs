//! DELETE: make it gone.

use super::answer::{Asked, not_ours};
use super::background::Who;
use super::lifecycle::{self, Next, Wish};
use super::locate::{Found, Halt, Keys, Search};
use super::request::{Call, Failure, Left, Outcome, Pending};
use super::strays::Certainty;
use super::{Cookie, Driver, DriverError, Operation};
use crate::cache::{Code, Intent, Mark, State};
use crate::config::DeleteUnverifiable;
use crate::telemetry::{self, Notice};

impl Driver {
    /// One step. `None` if something newer has overtaken it.
    pub(super) async fn delete_once(&self, call: &Call, who: Who) -> Result<Option<Outcome>, Failure> {
        let Some(_turn) = self.turn(&call.id, who).await else { return Ok(None) };
        let cookie = self.open_cookie(call)?;
        let asked = Asked { call, cookie: &cookie, adopted_password: None };
        let outcome = match self.remove(call, &cookie, &asked, who).await {
            Ok(None) => return Ok(None),
            Ok(Some(outcome)) => Ok(outcome),
            Err(halt) => Err(halt),
        };
        let outcome = outcome.or_else(|halt| self.not_now(&asked, halt, Operation::Deleting))?;
        if who.is_caller() {
            self.inner.background.note(&call.id, &outcome, self.inner.clock.now());
        }
        Ok(Some(outcome))
    }

    /// Removes every cache that bears the resource's mark, in every place where this config may have made one. `None` for a
    /// background step that meets a newer life of the cache.
    async fn remove(&self, call: &Call, cookie: &Cookie, asked: &Asked<'_>, who: Who) -> Result<Option<Outcome>, Halt> {
        let keys = self.keys(call, cookie, None);
        let by_cookie = self.look_by_cookie(cookie, &keys).await?;
        let overtaken = |found: &Found| found.is_of(&call.id) && self.is_newer(&call.id, who, found.seen.mark());
        if by_cookie.as_ref().is_some_and(overtaken) {
            return Ok(None);
        }
        // The first DELETE looked everywhere. As long as there is work on the one that is known, the other places need not
        // be asked again: some clouds count every call.
        let mut left = None;
        let begun = self.running(&call.id, cookie).is_some_and(|(operation, _)| operation == Operation::Deleting);
        if let Some(found) = by_cookie.as_ref().filter(|found| begun && found.is_of(&call.id)) {
            match self.remove_one(asked, found, who).await? {
                Outcome::Gone(what) => left = Some(what),
                outcome => return Ok(Some(outcome)),
            }
        }
        // The cookie tells where the cache was, or this very call has found it and goes on with it. Without either it can be in
        // every place that may not be looked at.
        let verified = by_cookie.is_some() || (begun && !who.is_first());
        let known: Vec<_> = by_cookie.iter().map(|found| found.at.place.clone()).collect();
        let mut search = self.search(&call.id, None, &keys, &known, Certainty::Now).await;
        match by_cookie {
            Some(found) if found.is_of(&call.id) && left.is_none() => search.owned.push(found),
            Some(found) if found.is_of(&call.id) => search.looked += 1,
            Some(found) if found.exists() => search.foreign.push(found),
            Some(_) => search.looked += 1,
            None => {}
        }
        if search.owned.iter().any(overtaken) {
            return Ok(None);
        }
        let mut pending = None;
        for found in std::mem::take(&mut search.owned) {
            match self.remove_one(asked, &found, who).await? {
                Outcome::Gone(what) => left = left.max(Some(what)),
                outcome => pending = pending.or(Some(outcome)),
            }
            search.looked += 1;
        }
        if pending.is_some() {
            return Ok(pending);
        }
        self.verify(search, verified)?;
        Ok(Some(Outcome::Gone(left.unwrap_or_default())))
    }

    /// Whether it is certain that nothing of the resource is left. A place that may not be looked at can hide it, unless it is
    /// known where it was; a cloud for which the driver has no identity holds nothing that it could have made.
    ///
    /// What is answered without having looked everywhere is told to whoever reads the log and the metrics.
    fn verify(&self, mut search: Search, verified: bool) -> Result<(), Halt> {
        if let Some(found) = search.foreign.pop() {
            return Err(not_ours(&found).into());
        }
        if let Some(failed) = search.transient.pop() {
            return Err(Halt::Later(failed));
        }
        let succeed = self.config().lifecycle.delete_unverifiable == DeleteUnverifiable::Succeed;
        let blind = search.looked == 0;
        search.denied.retain(|(_, denied)| blind || !denied.error.lacks_identity());
        match search.denied.pop() {
            Some((place, denied)) if !verified && !succeed => {
                let mut error = DriverError::backend(denied.product, denied.error);
                error.code = Code::Credentials;
                error.message = format!("{place} may not be looked at: {}", error.message);
                let hint = "whether the cache is gone could not be verified: send the last cookie, give the driver an \
                            identity of its own, or set lifecycle.delete_unverifiable = \"succeed\"";
                Err(error.hint(hint).into())
            }
            None if blind && !succeed => {
                let message = "whether the cache is gone could not be verified: no place to look in is configured";
                Err(DriverError::new(Code::Credentials, message)
                    .hint("send the last cookie, or configure the place")
                    .into())
            }
            Some((place, denied)) => {
                if telemetry::notice(Notice::DeleteUnverified) {
                    let (error, more) = (denied.error, search.denied.len());
                    tracing::warn!(
                        target: "audit", %place, more, %error, outcome = "unverified",
                        "answered that it is gone, though this place may not be looked at"
                    );
                }
                Ok(())
            }
            None => Ok(()),
        }
    }

    /// Whether what was put off has been overtaken since the look that it would act on, which others may have shared.
    async fn was_taken_back(&self, asked: &Asked<'_>, found: &Found, who: Who) -> Result<bool, Halt> {
        if who.is_first() || found.backend.staleness().is_zero() {
            return Ok(false);
        }
        let keys = Keys::by(&found.at.credentials, found.at.place.provider());
        let now = self.look_anew(found.at.place.clone(), &keys).await?;
        Ok(self.is_newer(&asked.call.id, who, now.seen.mark()))
    }

    /// The next step towards the end of one cache.
    async fn remove_one(&self, asked: &Asked<'_>, found: &Found, who: Who) -> Result<Outcome, Halt> {
        let call = asked.call;
        let when = self.when(found.product(), self.running(&call.id, asked.cookie));
        let since =
            when.running.filter(|(running, _)| *running == Operation::Deleting).map_or(when.now, |(_, since)| since);
        let pending = |message: String| {
            let pending = self.pending(asked, found, Operation::Deleting, since, message);
            Ok(Outcome::Pending(Box::new(pending)))
        };
        let may_end = self.may_end(&call.id, who, found);
        match lifecycle::next(&call.id, Wish::Absent, &found.seen, &when) {
            Next::Remove | Next::Detach | Next::Hold if !may_end || self.was_taken_back(asked, found, who).await? => {
                pending(format!(
                    "deleting: making sure that nobody takes it back; the cloud says `{}`",
                    found.seen.status
                ))
            }
            Next::Wait(_) => pending(format!("deleting: the cloud says `{}`", found.seen.status)),
            Next::Detach => {
                let Some(mark) = found.seen.mark() else { return Ok(Outcome::Gone(Left::Nothing)) };
                let mark = Mark { state: State::Detached, intent: None, ..mark.clone() };
                self.rewrite_mark(found.clone(), mark).await?;
                tracing::info!(id = %call.id, place = %found.at.place, "detached");
                Ok(Outcome::Gone(Left::Detached))
            }
            Next::Hold => {
                let Some(mark) = found.seen.mark() else { return Ok(Outcome::Gone(Left::Nothing)) };
                let until = mark.held_until(when.now);
                let mark = Mark { state: State::Held, intent: Some(Intent::DeleteAfter(until)), ..mark.clone() };
                self.rewrite_mark(found.clone(), mark).await?;
                tracing::info!(id = %call.id, place = %found.at.place, %until, "held");
                Ok(Outcome::Gone(Left::Held(until)))
            }
            Next::Remove => {
                let steps = Self::removal(found);
                match self.run(found, steps).await {
                    Ok(_) => {
                        tracing::info!(id = %call.id, place = %found.at.place, "removing");
                        let message = "deleting: the cloud accepted the removal".to_owned();
                        let pending = self.pending(asked, found, Operation::Deleting, since, message);
                        Ok(Outcome::Pending(Box::new(Pending { removes: true, ..pending })))
                    }
                    // It cannot be removed while it is being made or changed: as soon as the cloud allows it.
                    Err(Halt::Later(failed)) => pending(format!("deleting: {}", failed.error)),
                    Err(halt) => Err(halt),
                }
            }
            Next::Refuse(refusal) => Err(Halt::Fail(self.refusal(asked, found, refusal).await)),
            _ => Ok(Outcome::Gone(found.seen.mark().map(Left::of).unwrap_or_default())),
        }
    }
}
