//! GET: how is it. Changes nothing.

use super::answer::{Asked, not_ours};
use super::lifecycle::{self, Next, Wish};
use super::locate::{Found, Halt, Keys, Search};
use super::request::{Call, Failure, Outcome};
use super::{Cookie, Driver, DriverError, Operation};
use crate::cache::Code;

impl Driver {
    pub(super) async fn get_once(&self, call: &Call) -> Result<Outcome, Failure> {
        let cookie = self.open_cookie(call)?;
        let asked = Asked { call, cookie: &cookie, adopted_password: None };
        let outcome = self.look_at(call, &cookie, &asked).await;
        outcome.or_else(|halt| self.not_now(&asked, halt, Operation::Creating))
    }

    async fn look_at(&self, call: &Call, cookie: &Cookie, asked: &Asked<'_>) -> Result<Outcome, Halt> {
        let keys = Keys::new(call.credentials.as_ref(), cookie, None);
        let by_cookie = self.look_by_cookie(cookie, &keys).await?;
        let (found, search) = match by_cookie {
            Some(found) if found.is_of(&call.id) => (Some(found), Search::default()),
            absent => {
                let known: Vec<_> = absent.iter().map(|found| found.at.place.clone()).collect();
                let mut search = self.search(&call.id, None, &keys, &known).await;
                (search.current().or(absent), search)
            }
        };
        let Some(found) = found else { return self.nothing_found(call, cookie, asked, search).await };
        let when = self.when(found.product(), self.running(&call.id, cookie));
        let since = found.seen.mark().map_or(when.now, |mark| mark.since);
        match lifecycle::next(&call.id, Wish::Look, &found.seen, &when) {
            Next::Ready => self.ready(asked, &found, Vec::new()).await,
            Next::Wait(operation) => {
                let running = when.running.filter(|(running, _)| *running == operation);
                let since = running.map_or(since, |(_, since)| since);
                let message = format!("{operation}: the cloud says `{}`", found.seen.status);
                Ok(Outcome::Pending(Box::new(self.pending(asked, &found, operation, since, message))))
            }
            Next::Shell => Err(self.clear_shell(asked, &found, false).await),
            Next::Refuse(refusal) => Err(Halt::Fail(self.refusal(asked, &found, refusal).await)),
            _ => Ok(Outcome::NotFound),
        }
    }

    /// There is no cache in any place that could be looked at.
    async fn nothing_found(
        &self,
        call: &Call,
        cookie: &Cookie,
        asked: &Asked<'_>,
        mut search: Search,
    ) -> Result<Outcome, Halt> {
        if let Some(failed) = search.transient.pop() {
            return Err(Halt::Later(failed));
        }
        if search.looked == 0 {
            if let Some(denied) = search.denied.pop() {
                return Err(DriverError::backend(denied.product, denied.error).into());
            }
        }
        // Between the 202 and the create call there is nothing to see yet.
        let running = self.running(&call.id, cookie).filter(|(operation, _)| *operation == Operation::Creating);
        let Some((operation, since)) = running else { return Ok(Outcome::NotFound) };
        let Some(place) = cookie.place.clone() else { return Ok(Outcome::NotFound) };
        let found: Found = self.look(place, &Keys::new(call.credentials.as_ref(), cookie, None)).await?;
        let message = "creating: waiting for the cloud to show it".to_owned();
        Ok(Outcome::Pending(Box::new(self.pending(asked, &found, operation, since, message))))
    }

    pub(super) async fn delete_once(&self, call: &Call, foreground: bool) -> Result<Outcome, Failure> {
        let _turn = self.inner.turns.take(&call.id).await;
        let cookie = self.open_cookie(call)?;
        let asked = Asked { call, cookie: &cookie, adopted_password: None };
        let outcome = self.remove(call, &cookie, &asked, foreground).await;
        outcome.or_else(|halt| self.not_now(&asked, halt, Operation::Deleting))
    }

    /// Removes every cache that bears the resource's mark, in every place where this config may have made one.
    async fn remove(&self, call: &Call, cookie: &Cookie, asked: &Asked<'_>, foreground: bool) -> Result<Outcome, Halt> {
        let keys = Keys::new(call.credentials.as_ref(), cookie, None);
        let by_cookie = self.look_by_cookie(cookie, &keys).await?;
        let known: Vec<_> = by_cookie.iter().map(|found| found.at.place.clone()).collect();
        let mut search = self.search(&call.id, None, &keys, &known).await;
        match by_cookie {
            Some(found) if found.is_of(&call.id) => search.owned.push(found),
            Some(found) if found.exists() => search.foreign.push(found),
            Some(_) => search.looked += 1,
            None => {}
        }
        let mut pending = None;
        for found in std::mem::take(&mut search.owned) {
            if let Some(outcome) = self.remove_one(call, cookie, asked, &found, foreground).await? {
                pending = pending.or(Some(outcome));
            }
            search.looked += 1;
        }
        if let Some(outcome) = pending {
            return Ok(outcome);
        }
        if let Some(found) = search.foreign.pop() {
            return Err(not_ours(&found).into());
        }
        if let Some(failed) = search.transient.pop() {
            return Err(Halt::Later(failed));
        }
        let succeed = self.config().lifecycle.delete_unverifiable == crate::config::DeleteUnverifiable::Succeed;
        match search.denied.pop() {
            Some(denied) if search.looked == 0 && !succeed => {
                let mut error = DriverError::backend(denied.product, denied.error);
                error.code = Code::Credentials;
                error.details.hint = Some(
                    "whether the cache is gone could not be verified: send the last cookie, give the driver an identity of its \
                     own, or set lifecycle.delete_unverifiable = \"succeed\""
                        .to_owned(),
                );
                Err(error.into())
            }
            _ => Ok(Outcome::Gone),
        }
    }

    /// The next step towards the end of one cache. `None` when nothing is left to do.
    async fn remove_one(
        &self,
        call: &Call,
        cookie: &Cookie,
        asked: &Asked<'_>,
        found: &Found,
        foreground: bool,
    ) -> Result<Option<Outcome>, Halt> {
        let when = self.when(found.product(), self.running(&call.id, cookie));
        let since =
            when.running.filter(|(running, _)| *running == Operation::Deleting).map_or(when.now, |(_, since)| since);
        let pending = |message: String| {
            let pending = self.pending(asked, found, Operation::Deleting, since, message);
            Ok(Some(Outcome::Pending(Box::new(pending))))
        };
        match lifecycle::next(&call.id, Wish::Absent, &found.seen, &when) {
            Next::Nothing => Ok(None),
            Next::Wait(_) => pending(format!("deleting: the cloud says `{}`", found.seen.status)),
            Next::Detach => {
                let Some(mark) = found.seen.mark() else { return Ok(None) };
                let mark = crate::cache::Mark { state: crate::cache::State::Detached, intent: None, ..mark.clone() };
                self.rewrite_mark(found.clone(), mark).await?;
                tracing::info!(id = %call.id, place = ?found.at.place, "detached");
                Ok(None)
            }
            Next::Remove => {
                let steps = self.removal(found);
                match self.run(found, steps).await {
                    Ok(_) => {
                        tracing::info!(id = %call.id, place = ?found.at.place, foreground, "removing");
                        pending("deleting: the cloud accepted the removal".to_owned())
                    }
                    // It cannot be removed while it is being made or changed: as soon as the cloud allows it.
                    Err(Halt::Later(failed)) => pending(format!("deleting: {}", failed.error)),
                    Err(halt) => Err(halt),
                }
            }
            Next::Refuse(refusal) => Err(Halt::Fail(self.refusal(asked, found, refusal).await)),
            _ => Ok(None),
        }
    }
}
