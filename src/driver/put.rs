//! PUT: make it so.

use secrecy::SecretString;
use serde_json::Value;

use super::answer::{Asked, refused_changes};
use super::lifecycle::{self, Next, Wanted, Wish};
use super::locate::{Found, Halt, Keys};
use super::plan::change_id;
use super::progress::later;
use super::request::{Failure, Outcome, Put};
use super::{Cookie, Driver, DriverError, Operation};
use crate::backend::{Backend, Change, Class, Goal, Pace, PasswordMaker, Phase, Resolved, Step};
use crate::cache::{
    Apply, CacheName, Code, FieldError, Intent, Mark, OnDelete, OnProviderChange, Origin, Password, Place, State,
};
use crate::config::DefaultsApply;

/// A PUT that has been compared with what is there: everything that is known before anything is done.
#[derive(Debug)]
pub(super) struct Judged {
    pub(super) found: Found,
    /// The cache of another product that this one takes the place of.
    pub(super) older: Option<Found>,
    pub(super) resolved: Resolved,
    pub(super) changes: Vec<Change>,
    pub(super) wanted: Wanted,
    pub(super) next: Next,
    pub(super) warnings: Vec<String>,
}

impl Driver {
    pub(super) async fn put_once(&self, put: &Put, foreground: bool) -> Result<Outcome, Failure> {
        let _turn = self.inner.turns.take(&put.call.id).await;
        let cookie = self.open_cookie(&put.call)?;
        let asked = Asked { call: &put.call, cookie: &cookie, adopted_password: put.adopted_password.as_ref() };
        let outcome = match self.judge(put, &cookie).await {
            Ok(judged) => self.carry_out(put, &asked, judged, foreground).await,
            Err(halt) => Err(halt),
        };
        outcome.or_else(|halt| self.not_now(&asked, halt, Operation::Creating))
    }

    /// Finds the cache, compares it with what is wanted, and decides. Changes nothing.
    pub(super) async fn judge(&self, put: &Put, cookie: &Cookie) -> Result<Judged, Halt> {
        let keys = Keys::new(put.call.credentials.as_ref(), cookie, put.spec.account.as_deref());
        let backend = self.registry().get(put.product).map_err(DriverError::from)?;
        let (mut resolved, place) = self.resolve(put, backend.as_ref())?;
        let mut warnings = put.warnings.clone();
        let (mut found, mut older) = self.find(put, cookie, &keys, &place).await?;

        let policy = self.provider_change(put, &found);
        if found.exists() && found.product() != put.product {
            match policy {
                OnProviderChange::Keep => {
                    warnings.push(format!(
                        "the cache stays on {}; new resources go to {} (on_provider_change = keep)",
                        found.product(),
                        put.product
                    ));
                    resolved = found.backend.resolve(&put.spec).map_err(DriverError::fields)?;
                }
                OnProviderChange::Reject => return Err(Halt::Fail(self.reject_provider(put, cookie, &found))),
                OnProviderChange::Replace => {
                    let target = self.look(place.clone(), &keys).await?;
                    older = Some(std::mem::replace(&mut found, target));
                }
            }
        } else if found.exists() && older.is_none() && policy == OnProviderChange::Replace {
            let mut search =
                self.search(&put.call.id, put.spec.name_salt.as_deref(), &keys, &[found.at.place.clone()]).await;
            search.owned.retain(|other| other.product() != found.product());
            older = search.current();
        }
        warnings.append(&mut resolved.warnings.clone());

        let changes = self.changes(put, &resolved, &found, &place);
        let allowed = changes.iter().filter(|change| put.spec.allow.contains(&change_id(&put.call.id, change)));
        let auth_by_driver =
            found.backend.capabilities().password == PasswordMaker::Driver && resolved.text("auth") == Some("password");
        let wanted = Wanted {
            want: put.spec.want_hash(),
            allowed: allowed.cloned().collect(),
            changes: changes.clone(),
            adopt: put.spec.adopt.is_some(),
            rotate: put.spec.rotate.filter(|_| auth_by_driver),
            mark_differs: found.seen.mark().is_some_and(|mark| self.remarked(put, mark, None) != *mark),
        };
        let when = self.when(found.product(), self.running(&put.call.id, cookie));
        let next = lifecycle::next(&put.call.id, Wish::Present(&wanted), &found.seen, &when);
        Ok(Judged { found, older, resolved, changes, wanted, next, warnings })
    }

    /// The product's own words, and the place for a new cache. Both kinds of wrong fields are reported at once.
    fn resolve(&self, put: &Put, backend: &dyn Backend) -> Result<(Resolved, Place), DriverError> {
        let name = match &put.spec.adopt {
            Some(existing) => CacheName::existing(existing.to_lowercase()),
            None => CacheName::derive(&self.config().prefix, &put.call.id, put.spec.name_salt.as_deref()),
        };
        let mut errors = unsupported(put, backend);
        let resolved = backend.resolve(&put.spec).map_err(|more| errors.extend(more));
        let place = backend.place(&put.spec, &name).map_err(|more| errors.extend(more));
        match (resolved, place, errors.is_empty()) {
            (Ok(resolved), Ok(place), true) => Ok((resolved, place)),
            _ => Err(DriverError::fields(errors).product(put.product)),
        }
    }

    /// The resource's cache and, if it is the place of a new one that is empty, an older one of another product.
    async fn find(
        &self,
        put: &Put,
        cookie: &Cookie,
        keys: &Keys,
        place: &Place,
    ) -> Result<(Found, Option<Found>), Halt> {
        let id = &put.call.id;
        let known = self.look_by_cookie(cookie, keys).await?;
        let known = known.filter(|found| found.is_of(id));
        match known {
            Some(found) if found.product() == put.product => return Ok((found, None)),
            Some(found) => {
                // It may be the retired one: what is in the new place, if anything, counts.
                let target = self.look(place.clone(), keys).await?;
                return Ok(if target.is_of(id) { (target, Some(found)) } else { (found, None) });
            }
            None => {}
        }
        let target = self.look(place.clone(), keys).await?;
        if target.exists() {
            return Ok((target, None));
        }
        let mut search = self.search(id, put.spec.name_salt.as_deref(), keys, &[target.at.place.clone()]).await;
        if let Some(found) = search.current() {
            return Ok((found, None));
        }
        match search.transient.pop() {
            // It may be there: making another one now could make two.
            Some(failed) => Err(Halt::Later(failed)),
            None => Ok((target, None)),
        }
    }

    /// What differs from what is there, a move to another region included.
    fn changes(&self, put: &Put, resolved: &Resolved, found: &Found, place: &Place) -> Vec<Change> {
        if !matches!(found.seen.phase, Phase::Ready | Phase::Changing | Phase::Busy) {
            return Vec::new();
        }
        let mut compared = resolved.clone();
        if self.config().lifecycle.defaults_apply == DefaultsApply::Always {
            compared.set.append(&mut compared.by_route);
        }
        let mut changes = found.backend.changes(&compared, &found.seen);
        let here = &found.at.place;
        let moved = here.product == place.product && here.location != place.location;
        let asked_for = put.spec.origin_of("region").is_some_and(|origin| !matches!(origin, Origin::Route(_)));
        if moved && asked_for {
            let (from, to) = (Value::from(here.location.clone()), Value::from(place.location.clone()));
            changes.push(Change { field: "region".to_owned(), from, to, class: Class::Replace });
        }
        changes
    }

    /// What to do when the cache lives on another product: as asked, else by who changed it.
    fn provider_change(&self, put: &Put, found: &Found) -> OnProviderChange {
        let spec = &put.spec;
        let same_provider = found.at.place.provider() == put.product.provider();
        let keys: &[&str] = if same_provider { &["product", "engine", "mode"] } else { &["provider", "product"] };
        let by_request =
            keys.iter().filter_map(|key| spec.origin_of(key)).any(|origin| !matches!(origin, Origin::Route(_)));
        let usual = if by_request { OnProviderChange::Reject } else { OnProviderChange::Keep };
        spec.on_provider_change.unwrap_or(usual)
    }

    fn reject_provider(&self, put: &Put, cookie: &Cookie, found: &Found) -> Failure {
        let (from, to) = (found.product().as_str().into(), put.product.as_str().into());
        let change = Change { field: "product".to_owned(), from, to, class: Class::Replace };
        let mut error = refused_changes(&put.call.id, std::slice::from_ref(&change));
        error.details.hint = Some(
            "set `on_provider_change` to `keep` (stay where it is) or `replace` (new cache, data is not copied)"
                .to_owned(),
        );
        let asked = Asked { call: &put.call, cookie, adopted_password: None };
        self.refuse(&asked, found, error)
    }

    /// The mark as this request wants it. `want` starts a new operation.
    pub(super) fn remarked(&self, put: &Put, mark: &Mark, want: Option<String>) -> Mark {
        let mut new = mark.clone();
        new.state = State::Owned;
        new.protected = put.spec.deletion_protection.unwrap_or(mark.protected);
        new.on_delete = put.spec.on_delete.unwrap_or(mark.on_delete);
        if mark.state != State::Owned {
            new.intent = None;
        }
        if let Some(want) = want {
            new.want = want;
            new.since = self.inner.clock.now();
        }
        new
    }

    async fn carry_out(&self, put: &Put, asked: &Asked<'_>, judged: Judged, foreground: bool) -> Result<Outcome, Halt> {
        let Judged { found, older, resolved, changes: _, wanted, next, warnings } = judged;
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
                let (mark, password) = self.first_mark(put, &found, &resolved, wanted.want)?;
                let steps = self.steps_present(&found, &resolved, &[], &mark, password.as_ref(), put);
                let ran = self.run(&found, steps).await?;
                tracing::info!(id = %put.call.id, place = ?found.at.place, "creating");
                Ok(started(Operation::Creating, &ran))
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
                let mut mark = self.remarked(put, &mark, Some(wanted.want));
                mark.capacity = resolved.capacity.clone().or(mark.capacity);
                let mut password = None;
                if changes.iter().any(|change| change.field == "auth") {
                    mark.password = Some(self.inner.keyring.new_password(self.inner.random.as_ref()));
                    password = self.derived(put, &found, mark.password.as_ref())?;
                }
                let steps = self.steps_present(&found, &resolved, &changes, &mark, password.as_ref(), put);
                self.change(asked, found, steps, warnings).await
            }
            Next::Continue(changes) => {
                let Some(mark) = mark else { return Err(lost_mark()) };
                self.refuse_if_failed(asked, &found, &mark, foreground).await?;
                let password = self.derived(put, &found, mark.password.as_ref())?;
                let steps = self.steps_present(&found, &resolved, &changes, &mark, password.as_ref(), put);
                self.change(asked, found, steps, warnings).await
            }
            Next::Mark => {
                let Some(mark) = mark else { return Err(lost_mark()) };
                let found = self.rewrite_mark(found, self.remarked(put, &mark, None)).await?;
                self.ready(asked, &found, warnings).await
            }
            Next::Rotate => {
                let Some(mark) = mark else { return Err(lost_mark()) };
                let grace = self.config().lifecycle.rotate_grace;
                let mut mark = self.remarked(put, &mark, Some(wanted.want));
                let fresh = self.inner.keyring.new_password(self.inner.random.as_ref());
                let salt = mark.password.map_or(fresh.salt, |password| password.salt);
                mark.password =
                    Some(Password { key: fresh.key, salt, generation: put.spec.rotate.unwrap_or_default() });
                mark.intent = Some(Intent::Settle(later(now, grace)));
                let Some(password) = self.derived(put, &found, mark.password.as_ref())? else {
                    return Err(lost_mark());
                };
                let steps = found.backend.steps(&Goal::Rotated { mark: &mark, password: &password }, &found.seen);
                let ran = self.run(&found, steps).await?;
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
                let steps = self.removal(&found);
                let ran = self.run(&found, steps).await?;
                tracing::warn!(id = %put.call.id, place = ?found.at.place, "replacing, as `allow` says");
                Ok(started(Operation::Updating, &ran))
            }
            Next::Shell => Err(self.clear_shell(asked, &found, foreground).await),
            Next::Refuse(refusal) => Err(Halt::Fail(self.refusal(asked, &found, refusal).await)),
            Next::Nothing | Next::Remove | Next::Detach => Err(lost_mark()),
        }
    }

    fn steps_present(
        &self,
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

    /// The mark of a new life, and the password that it stands for.
    fn first_mark(
        &self,
        put: &Put,
        found: &Found,
        resolved: &Resolved,
        want: String,
    ) -> Result<(Mark, Option<SecretString>), DriverError> {
        let mut mark = Mark::new(put.call.id.clone(), want, self.inner.clock.now());
        mark.capacity.clone_from(&resolved.capacity);
        mark.on_delete = put.spec.on_delete.unwrap_or(OnDelete::Delete);
        mark.protected = put.spec.deletion_protection.unwrap_or(false);
        mark.route.clone_from(&put.call.route);
        let by_driver = found.backend.capabilities().password == PasswordMaker::Driver;
        if by_driver && resolved.text("auth") == Some("password") {
            mark.password = Some(self.inner.keyring.new_password(self.inner.random.as_ref()));
        }
        let password = self.derived(put, found, mark.password.as_ref())?;
        Ok((mark, password))
    }

    fn derived(&self, put: &Put, found: &Found, how: Option<&Password>) -> Result<Option<SecretString>, DriverError> {
        let account = &found.seen.account;
        let derived = how.map(|how| self.inner.keyring.password(&put.call.id, account, how)).transpose();
        derived.map_err(DriverError::from)
    }

    /// Makes calls up to and including the first that the cloud works on after it. Gives those that were made.
    pub(super) async fn run(&self, found: &Found, steps: Vec<Step>) -> Result<Vec<Step>, Halt> {
        let mut ran = Vec::new();
        for step in steps {
            found.backend.apply(&found.at, &step).await.map_err(|error| found.failed(error))?;
            tracing::info!(call = step.call, why = step.why, place = ?found.at.place, "called");
            let last = step.pace == Pace::Long;
            ran.push(step);
            if last {
                break;
            }
        }
        Ok(ran)
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

    /// Takes over a cache of somebody else. The mark is all that is written.
    async fn adopt(&self, put: &Put, asked: &Asked<'_>, found: Found, want: String) -> Result<Found, Halt> {
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
        mark.protected = put.spec.deletion_protection.unwrap_or(false);
        mark.route.clone_from(&put.call.route);
        tracing::info!(id = %put.call.id, place = ?found.at.place, "adopting");
        self.rewrite_mark(found, mark).await
    }

    /// Writes a mark and nothing else.
    pub(super) async fn rewrite_mark(&self, mut found: Found, mark: Mark) -> Result<Found, Halt> {
        let steps = found.backend.steps(&Goal::Marked { mark: &mark }, &found.seen);
        self.run(&found, steps).await?;
        found.seen.ownership = Some(crate::backend::Ownership::Marked(Box::new(mark)));
        Ok(found)
    }

    /// Marks the cache that the ready one takes the place of, and removes it when its grace is over.
    async fn retire(&self, older: Option<Found>, by: &Found, now: jiff::Timestamp) -> Result<(), Halt> {
        let Some(older) = older else { return Ok(()) };
        let Some(mark) = older.seen.mark().cloned() else { return Ok(()) };
        match (mark.state, mark.intent) {
            (State::Retired, Some(Intent::DeleteAfter(at))) if at <= now => {
                tracing::info!(place = ?older.at.place, "removing the retired cache");
                let steps = self.removal(&older);
                self.run(&older, steps).await?;
            }
            (State::Retired, _) => {}
            (State::Owned | State::Detached, _) => {
                tracing::warn!(place = ?older.at.place, by = ?by.at.place, "retiring the cache that was replaced");
                let grace = self.config().lifecycle.replace_grace;
                let intent = Some(Intent::DeleteAfter(later(now, grace)));
                self.rewrite_mark(older, Mark { state: State::Retired, intent, ..mark }).await?;
            }
        }
        Ok(())
    }

    /// An update that the cloud says failed is told once. Then the mark forgets it, so that the next PUT tries anew.
    async fn refuse_if_failed(
        &self,
        asked: &Asked<'_>,
        found: &Found,
        mark: &Mark,
        foreground: bool,
    ) -> Result<(), Halt> {
        let diagnosis = found.backend.diagnose(&found.at, mark.since).await.map_err(|error| found.failed(error))?;
        if diagnosis.cause.is_none() {
            return Ok(());
        }
        let message = format!("the update of {} failed; the cache is as it was before", found.at.place.name);
        let error = self.diagnosed(found, mark.since, Code::CloudFailed, message).await;
        if foreground {
            let forgotten = Mark { want: "0".repeat(mark.want.len()), since: self.inner.clock.now(), ..mark.clone() };
            self.rewrite_mark(found.clone(), forgotten).await?;
        }
        Err(Halt::Fail(self.refuse(asked, found, error)))
    }

    /// Tells why a creation failed, and begins to clear it away, so that the next PUT can make it anew.
    pub(super) async fn clear_shell(&self, asked: &Asked<'_>, found: &Found, foreground: bool) -> Halt {
        let name = &found.at.place.name;
        let since = found.seen.mark().map_or(jiff::Timestamp::UNIX_EPOCH, |mark| mark.since);
        let message = format!("the creation of {name} failed");
        let error = self.diagnosed(found, since, Code::CloudFailed, message).await;
        if !foreground {
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
    pub(super) fn removal(&self, found: &Found) -> Vec<Step> {
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

/// What the product cannot do for this request, beside what its own fields say.
fn unsupported(put: &Put, backend: &dyn Backend) -> Vec<FieldError> {
    let able = backend.capabilities();
    let mut errors = Vec::new();
    if let Some(on_delete) = put.spec.on_delete.filter(|wanted| !able.on_delete.contains(wanted)) {
        let words: Vec<&str> = able.on_delete.iter().map(|word| word.as_str()).collect();
        errors.push(FieldError::new(
            put.spec.path_of("on_delete"),
            format!("one of {}", words.join(", ")),
            on_delete.as_str(),
        ));
    }
    if put.spec.ttl.is_some() {
        let field = FieldError::new(put.spec.path_of("ttl"), "nothing", "a duration");
        errors.push(field.hint("this version of the driver has no sweep that would remove the cache"));
    }
    if let Some(adopt) = put.spec.adopt.as_ref().filter(|_| !able.adopts) {
        errors.push(FieldError::new(
            put.spec.path_of("adopt"),
            "nothing: this product cannot be adopted",
            adopt.as_str(),
        ));
    }
    errors
}

/// A state that `lifecycle` never gives: said aloud rather than papered over.
fn lost_mark() -> Halt {
    DriverError::new(Code::Internal, "the lifecycle asked for something that cannot be done to this cache").into()
}
