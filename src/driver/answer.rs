//! Turns what was found into an answer: outputs, a hint, or a refusal.

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use secrecy::SecretString;

use super::background::UNSEEN;
use super::lifecycle::Refusal;
use super::locate::{Found, Halt, describe_owner};
use super::plan::PlannedChange;
use super::progress::{Hint, estimate, later, retry_after};
use super::request::{Call, Failure, Marked, Outcome, Pending, Ready};
use super::{About, Cookie, Driver, DriverError, Operation, outputs};
use crate::backend::{BackendError, Change, ConnectionPassword, Diagnosis, Given, Kind, Ownership, Phase};
use crate::cache::{Cause, Code, GuResId, Place, Product, Provider};
use crate::telemetry;

/// What an answer needs beside what was found.
#[derive(Debug, Clone)]
pub(super) struct Asked<'a> {
    pub(super) call: &'a Call,
    pub(super) cookie: &'a Cookie,
    pub(super) adopted_password: Option<&'a SecretString>,
}

impl Asked<'_> {
    /// What the request brought and what the cookie had, one for each cloud; those for `provider` first.
    fn credentials(&self, provider: Option<Provider>) -> Vec<Arc<Given>> {
        let mut all: Vec<Arc<Given>> = self.call.credentials.iter().cloned().collect();
        for given in &self.cookie.credentials {
            if all.iter().all(|other| other.shape().provider() != given.shape().provider()) {
                all.push(given.clone());
            }
        }
        all.sort_by_key(|given| Some(given.shape().provider()) != provider);
        all
    }

    fn adopted_password(&self) -> Option<&SecretString> {
        self.adopted_password.or(self.cookie.adopted_password.as_ref())
    }

    /// The cookie to set: where it is now, and what runs.
    pub(super) fn cookie(&self, place: Option<Place>, operation: Option<(Operation, Timestamp)>) -> Cookie {
        let place = place.or_else(|| self.cookie.place.clone());
        Cookie {
            credentials: self.credentials(place.as_ref().map(Place::provider)),
            place,
            operation,
            deleted: self.cookie.deleted(),
            account: self.cookie.account.clone(),
            adopted_password: self.adopted_password().cloned(),
            resource_type: self.call.resource_type.clone().or_else(|| self.cookie.resource_type.clone()),
            told: self.cookie.told,
        }
    }
}

/// The place with the account in which it was seen.
fn seen_place(found: &Found) -> Place {
    Place { account: Some(found.seen.account.clone()), ..found.at.place.clone() }
}

impl Driver {
    /// 200: the outputs.
    pub(super) async fn ready(&self, asked: &Asked<'_>, found: &Found, warnings: Vec<String>) -> Result<Outcome, Halt> {
        telemetry::seen(found.product(), found.seen.phase, None);
        let connection = found.backend.connection(&found.at, &found.seen).await.map_err(|e| found.failed(e))?;
        let mark = found.seen.mark();
        let derived;
        let password = match (&connection.password, mark.and_then(|mark| mark.password.as_ref())) {
            (ConnectionPassword::None, _) => None,
            (ConnectionPassword::Told(password), _) => Some(password),
            (ConnectionPassword::Derived, Some(how)) => {
                let made = self.inner.keyring.password(&asked.call.id, &found.seen.account, how);
                derived = made.map_err(DriverError::from)?;
                Some(&derived)
            }
            (ConnectionPassword::Derived, None) => Some(asked.adopted_password().ok_or_else(|| {
                DriverError::new(
                    Code::Credentials,
                    "the password of the adopted cache is not known, and no cloud tells it",
                )
                .product(found.product())
                .hint("send it as driver.secrets.adopt.password, or set `rotate: 1` to have the driver make a new one")
            })?),
        };
        let place = seen_place(found);
        let about = About { product: found.product(), place: &place, resource_id: found.seen.resource_id.as_deref() };
        let route = asked.call.route.as_deref().or_else(|| mark.and_then(|mark| mark.route.as_deref()));
        let outputs = outputs(&about, &connection, password, self.style(route));
        let cookie = self.seal_cookie(asked.cookie(Some(place), None), &asked.call.id);
        let resource_type = self.resource_type(asked, route);
        Ok(Outcome::Ready(Box::new(Ready { resource_type, outputs, cookie, warnings })))
    }

    /// The type to answer with: the request's, the cookie's, the route's.
    fn resource_type(&self, asked: &Asked<'_>, route: Option<&str>) -> String {
        let known = asked.call.resource_type.as_ref().or(asked.cookie.resource_type.as_ref());
        let of_route =
            || route.and_then(|name| self.config().routes.get(name)).map(|route| route.resource_type.clone());
        known.cloned().or_else(of_route).unwrap_or_else(|| "redis".to_owned())
    }

    /// 202: what runs, and for how long. `status` is the cloud's own word for the state, if there is one.
    pub(super) fn pending(
        &self,
        asked: &Asked<'_>,
        found: &Found,
        operation: Operation,
        since: Timestamp,
        message: String,
    ) -> Pending {
        let typical = self.typical(&found.backend.capabilities().typical);
        let expected = self.inner.experience.expected(found.product(), operation, &typical);
        // Seen before the create call that this answer tells of.
        let phase = match (operation, found.seen.phase) {
            (Operation::Creating, Phase::Absent) => Phase::Creating,
            (_, phase) => phase,
        };
        telemetry::seen(found.product(), phase, Some(since));
        let hint = self.hint(found.product(), operation, since, expected, phase, message);
        let cookie = asked.cookie(Some(seen_place(found)), Some((operation, since)));
        let mark = found.seen.mark();
        let marked = mark.map_or_else(Marked::default, |mark| Marked {
            want: Some(mark.want.clone()),
            state: Some(mark.state),
            since: Some(mark.since),
        });
        Pending { marked, ..self.pending_with(hint, cookie, &asked.call.id) }
    }

    fn pending_with(&self, hint: Hint, cookie: Cookie, id: &GuResId) -> Pending {
        let bounds = &self.config().lifecycle.retry_after;
        let retry_after = retry_after(&hint, bounds.min, bounds.max);
        let cookie = self.seal_cookie(cookie, id);
        Pending { hint, creates: None, removes: false, marked: Marked::default(), retry_after, cookie }
    }

    fn hint(
        &self,
        product: Product,
        operation: Operation,
        since: Timestamp,
        expected: Duration,
        phase: Phase,
        message: String,
    ) -> Hint {
        let now = self.inner.clock.now();
        let limit = self.when(product, None).limit(operation);
        let deadline = later(since, limit);
        Hint {
            status: operation,
            estimated_completion_time: estimate(since, expected, now),
            timeout: deadline,
            timeout_deadline: deadline,
            current_time: now,
            message,
            phase,
        }
    }

    /// 202 because the cloud did not answer; or a refusal, if it has not done so for longer than the operation may take.
    pub(super) fn not_now(&self, asked: &Asked<'_>, halt: Halt, usual: Operation) -> Result<Outcome, Failure> {
        let failed = match halt {
            Halt::Fail(failure) => return Err(failure),
            Halt::Later(failed) => failed,
        };
        let now = self.inner.clock.now();
        let (operation, since) = self.running(&asked.call.id, asked.cookie).unwrap_or((usual, now));
        let limit = self.when(failed.product, None).limit(operation);
        if later(since, limit) < now {
            let mut error = DriverError::backend(failed.product, failed.error);
            error.code = Code::DeadlinePassed;
            error.message =
                format!("{operation} passed its deadline, and the cloud does not answer: {}", error.message);
            return Err(error.into());
        }
        tracing::warn!(id = %asked.call.id, error = %failed.error, cause = ?failed.error.cause, "the cloud put us off");
        let why =
            if failed.error.kind == Kind::Busy { "the cloud is busy with it" } else { "the cloud does not answer now" };
        let backend = self.registry().get(failed.product).map_err(DriverError::from)?;
        let typical = self.typical(&backend.capabilities().typical);
        let expected = self.inner.experience.expected(failed.product, operation, &typical);
        let message = format!("{why}; trying again ({})", failed.error);
        let hint = self.hint(failed.product, operation, since, expected, Phase::Busy, message);
        let cookie = asked.cookie(None, Some((operation, since)));
        // Whether there is a cache was not seen. The caller comes back soon, or somebody may have removed it since.
        let creates = (usual == Operation::Creating).then_some(UNSEEN);
        Ok(Outcome::Pending(Box::new(Pending { creates, ..self.pending_with(hint, cookie, &asked.call.id) })))
    }

    /// A refusal about a cache that exists: the cookie stays with it, and no operation runs.
    pub(super) fn refuse(&self, asked: &Asked<'_>, found: &Found, error: DriverError) -> Failure {
        let cookie = found.is_of(&asked.call.id).then(|| {
            let cookie = asked.cookie(Some(seen_place(found)), None);
            self.seal_cookie(cookie, &asked.call.id)
        });
        Failure { error: error.product(found.product()), cookie }
    }

    /// A refusal, with the cause where the cloud knows one.
    pub(super) async fn refusal(&self, asked: &Asked<'_>, found: &Found, refusal: Refusal) -> Failure {
        let name = &found.at.place.name;
        let error = match refusal {
            Refusal::NotOurs(_) | Refusal::Garbled(_) => not_ours(found),
            Refusal::Protected => {
                DriverError::new(Code::Protected, format!("the cache {name} is protected from deletion")).hint(
                    "PUT the resource with `deletion_protection: false`, or run `cache-driver release`, then delete it",
                )
            }
            Refusal::Changes(changes) => refused_changes(&asked.call.id, &changes),
            Refusal::Failed => {
                let since = found.seen.mark().map_or(Timestamp::UNIX_EPOCH, |mark| mark.since);
                let message =
                    format!("the cloud says that the cache {name} is `{}`; nothing was touched", found.seen.status);
                let hint = "look at the cache in the cloud's console; it may hold data";
                self.diagnosed(found, since, Code::CloudFailed, message).await.hint(hint)
            }
            Refusal::Deadline(operation, since) => {
                let limit = self.when(found.product(), None).limit(operation);
                let minutes = limit.as_secs().div_ceil(60);
                let message = format!(
                    "{operation} {name} began at {since} and is not done after {minutes} minutes; the cloud says `{}`",
                    found.seen.status
                );
                let hint = format!(
                    "the cache is left as it is; look at it, or allow more time in lifecycle.deadlines.\"{}\"",
                    found.product()
                );
                self.diagnosed(found, since, Code::DeadlinePassed, message).await.hint(hint)
            }
        };
        self.refuse(asked, found, error)
    }

    /// An error with what the cloud wrote down since `since`.
    pub(super) async fn diagnosed(&self, found: &Found, since: Timestamp, code: Code, message: String) -> DriverError {
        match found.backend.diagnose(&found.at, since).await {
            Ok(diagnosis) => explained(diagnosis, code, message),
            Err(error) => unexplained(&error, code, &message),
        }
    }
}

/// An error with its cause, where the cloud knows one.
pub(super) fn explained(diagnosis: Diagnosis, code: Code, message: String) -> DriverError {
    let code = match diagnosis.kind {
        Some(kind) if code == Code::CloudFailed => kind.code(),
        _ => code,
    };
    let message = match &diagnosis.cause {
        Some(cause) => format!("{message}: {cause}"),
        None => message,
    };
    let mut error = DriverError::new(code, message);
    error.details.cause = diagnosis.cause.map(|message| Cause { code: None, message, request_id: None });
    error.details.events = diagnosis.events;
    error
}

/// An error whose cause could not be fetched.
pub(super) fn unexplained(unknown: &BackendError, code: Code, message: &str) -> DriverError {
    tracing::warn!(error = %unknown, "could not ask the cloud for the cause");
    DriverError::new(code, format!("{message} (and the cause could not be fetched: {unknown})"))
}

/// RES-105.
pub(super) fn not_ours(found: &Found) -> DriverError {
    let name = &found.at.place.name;
    let message = format!("the name {name} is taken by a cache that is not this resource's: {}", describe_owner(found));
    let other_name = "give the resource another name with `name_salt`, or remove that cache";
    let hint = match &found.seen.ownership {
        // What serves another resource cannot be adopted.
        Some(Ownership::Marked(_)) => other_name.to_owned(),
        _ => format!("adopt it with `adopt: \"{name}\"`, {other_name}"),
    };
    DriverError::new(Code::NameTaken, message).product(found.product()).hint(hint)
}

/// RES-106, with the ids that allow what can be allowed.
pub(super) fn refused_changes(id: &GuResId, changes: &[Change]) -> DriverError {
    let planned: Vec<PlannedChange> = changes.iter().map(|change| PlannedChange::new(id, change)).collect();
    let texts = planned.iter().map(|c| format!("{}: {} -> {} ({}, id {})", c.field, c.from, c.to, c.class, c.id));
    let message = format!("the change is not allowed: {}", texts.collect::<Vec<_>>().join("; "));
    let ids: Vec<&str> = planned
        .iter()
        .filter(|change| change.class == crate::backend::Class::Replace)
        .map(|change| change.id.as_str())
        .collect();
    let hint = if ids.len() == planned.len() {
        format!(
            "it loses the data and the endpoint; to do it once, add to the inputs: `allow: [\"{}\"]`",
            ids.join("\", \"")
        )
    } else {
        "the cloud cannot do it at all; go back to the old value".to_owned()
    };
    let mut error = DriverError::new(Code::ChangeRefused, message).hint(hint);
    error.details.changes = planned;
    error
}
