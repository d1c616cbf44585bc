//! GET: how is it. Changes nothing.

use super::answer::Asked;
use super::lifecycle::{self, Next, Wish};
use super::locate::{Found, Halt, Search};
use super::request::{Call, Failure, Outcome};
use super::strays::Certainty;
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
        let keys = self.keys(call, cookie, None);
        let by_cookie = self.look_by_cookie(cookie, &keys).await?;
        let (found, search) = match by_cookie {
            Some(found) if found.is_of(&call.id) => (Some(found), Search::default()),
            absent => {
                let known: Vec<_> = absent.iter().map(|found| found.at.place.clone()).collect();
                let mut search = self.search(&call.id, None, &keys, &known, Certainty::Now).await;
                let current = search.current();
                if current.is_none()
                    && let Some(failed) = search.transient.pop()
                {
                    // It may be where nobody could look.
                    return Err(Halt::Later(failed));
                }
                (current.or(absent), search)
            }
        };
        let Some(found) = found else { return self.nothing_found(call, cookie, asked, search).await };
        let when = self.when(found.product(), self.running(&call.id, cookie));
        let since = found.seen.mark().map_or(when.now, |mark| mark.since);
        match lifecycle::next(&call.id, Wish::Look, &found.seen, &when) {
            Next::Ready => self.ready(asked, &found, Vec::new()).await,
            Next::Wait(operation) => {
                if let Some(error) = self.vanished(asked, &found).await? {
                    let error = error.product(found.product()).hint("PUT again to have it made anew, or DELETE it");
                    return Err(error.into());
                }
                let running = when.running.filter(|(running, _)| *running == operation);
                let since = running.map_or(since, |(_, since)| since);
                let message = format!("{operation}: the cloud says `{}`", found.seen.status);
                Ok(Outcome::Pending(Box::new(self.pending(asked, &found, operation, since, message))))
            }
            Next::Shell => {
                let message = format!("the creation of {} failed", found.at.place.name);
                let error = self.diagnosed(&found, since, Code::CloudFailed, message).await;
                let error = error.hint("PUT again to have it removed and made anew, or DELETE it");
                Err(Halt::Fail(self.refuse(asked, &found, error)))
            }
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
        if search.looked == 0
            && let Some((_, denied)) = search.denied.pop()
        {
            return Err(DriverError::backend(denied.product, denied.error).into());
        }
        // Between the 202 and the create call there is nothing to see yet.
        let running = self.running(&call.id, cookie).filter(|(operation, _)| *operation == Operation::Creating);
        let Some((operation, since)) = running else { return Ok(Outcome::NotFound) };
        let Some(place) = cookie.place.clone() else { return Ok(Outcome::NotFound) };
        let found: Found = self.look(place, &self.keys(call, cookie, None)).await?;
        let message = "creating: waiting for the cloud to show it".to_owned();
        Ok(Outcome::Pending(Box::new(self.pending(asked, &found, operation, since, message))))
    }
}
