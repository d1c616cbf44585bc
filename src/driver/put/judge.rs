//! Finds the cache, compares it with what is wanted, and decides. Changes nothing.

use jiff::Timestamp;
use serde_json::Value;

use crate::backend::{Backend, Change, Class, PasswordMaker, Phase, Resolved};
use crate::cache::{CacheName, Code, FieldError, Mark, OnProviderChange, Origin, Place, Provider, State};
use crate::config::DefaultsApply;
use crate::driver::answer::{Asked, refused_changes};
use crate::driver::lifecycle::{self, Next, Wanted, Wish};
use crate::driver::locate::{Found, Halt, Keys};
use crate::driver::strays::Certainty;
use crate::driver::{Cookie, Driver, DriverError, Failure, Operation, Put, change_id};
use crate::telemetry::{self, Notice};

/// A PUT that has been compared with what is there: everything that is known before anything is done.
#[derive(Debug)]
pub(in crate::driver) struct Judged {
    pub(in crate::driver) found: Found,
    /// The cache of another product that this one takes the place of.
    pub(in crate::driver) older: Option<Found>,
    pub(in crate::driver) resolved: Resolved,
    pub(in crate::driver) wanted: Wanted,
    pub(in crate::driver) next: Next,
    pub(in crate::driver) warnings: Vec<String>,
}

impl Driver {
    /// Finds the cache, compares it with what is wanted, and decides. Changes nothing.
    pub(in crate::driver) async fn judge(&self, put: &Put, cookie: &Cookie) -> Result<Judged, Halt> {
        let keys = self.keys(&put.call, cookie, put.spec.account.as_deref());
        let backend = self.registry().get(put.product).map_err(DriverError::from)?;
        // Where the account is of a cloud that is there, the cache may live on it still.
        Self::refuse_account(put, |theirs| !self.registry().providers().contains(&theirs))?;
        let (mut resolved, place) = self.resolve(put, backend.as_ref())?;
        let mut warnings = put.warnings.clone();
        let (mut found, mut older) = self.find(put, cookie, &keys, &place).await?;

        // What is made anew in its place, while that runs, is not refused.
        let absent = !found.exists() && self.running(&put.call.id, cookie).is_none();
        if let Some(existing) = put.spec.adopt.as_ref().filter(|_| absent) {
            let field = FieldError::new(put.spec.path_of("adopt"), "the name of an existing cache", existing.as_str());
            let hint = "there is none of this name: check name, region and account, or leave `adopt` out";
            return Err(DriverError::fields(vec![field.hint(hint)]).product(put.product).into());
        }
        let policy = Self::provider_change(put, &found);
        if found.exists() && found.product() != put.product {
            match policy {
                OnProviderChange::Keep => {
                    telemetry::notice(Notice::ProviderKept);
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
            let mut search = self
                .search(
                    &put.call.id,
                    put.spec.name_salt.as_deref(),
                    &keys,
                    std::slice::from_ref(&found.at.place),
                    Certainty::Recent,
                )
                .await;
            search.owned.retain(|other| other.product() != found.product());
            older = search.current();
        }
        if found.product() == put.product {
            Self::refuse_account(put, |_| true)?;
        }
        warnings.extend(resolved.warnings.iter().cloned());
        self.refuse_past_ttl(put, &found)?;
        warnings.extend(self.end_untold(put, &found));

        let changes = self.changes(put, &resolved, &found, &place);
        let allowed = changes.iter().filter(|change| put.spec.allow.contains(&change_id(&put.call.id, change)));
        let has_password =
            found.backend.capabilities().password != PasswordMaker::Nobody && resolved.text("auth") == Some("password");
        let wanted = Wanted {
            want: put.spec.want_hash(),
            allowed: allowed.cloned().collect(),
            adopt: put.spec.adopt.is_some(),
            mark_lags: found.backend.capabilities().mark_lags,
            rotate: put.spec.rotate.filter(|_| has_password),
            mark_differs: found.seen.mark().is_some_and(|mark| {
                // Noted only once the cache has that size: noted earlier, it would hide that the update failed.
                let resized = changes.is_empty() && resolved.capacity.is_some() && resolved.capacity != mark.capacity;
                resized || self.remarked(put, &found.seen, mark, None) != *mark
            }),
            recalls: found.seen.mark().is_some_and(|mark| self.recalled(put, cookie, mark).is_some()),
            changes,
        };
        let when = self.when(found.product(), self.running(&put.call.id, cookie));
        let next = lifecycle::next(&put.call.id, Wish::Present(&wanted), &found.seen, &when);
        Ok(Judged { found, older, resolved, wanted, next, warnings })
    }

    /// When the DELETE was asked for that this request takes back. The mark has to say that this came after it, or whoever
    /// goes on with the removal removes the cache.
    pub(super) fn recalled(&self, put: &Put, cookie: &Cookie, mark: &Mark) -> Option<Timestamp> {
        let running = self.inner.background.running(&put.call.id);
        let here = running.filter(|(operation, _)| *operation == Operation::Deleting).map(|(_, since)| since);
        // Marks tell whole seconds.
        here.max(cookie.deleted()).filter(|deleted| mark.since.as_second() <= deleted.as_second())
    }

    /// Credentials of one cloud cannot make a cache on another.
    fn refuse_account(put: &Put, refused: impl Fn(Provider) -> bool) -> Result<(), DriverError> {
        let wanted = put.product.provider();
        let theirs = put.call.credentials.as_ref().map(|given| given.shape().provider());
        let Some(theirs) = theirs.filter(|theirs| *theirs != wanted && refused(*theirs)) else { return Ok(()) };
        let message = format!("the account holds credentials of {theirs}, and the cache goes to {wanted}");
        let hint = format!(
            "name an account of {wanted} in the resource definition's driver_account, or set `provider: {theirs}` in the inputs"
        );
        Err(DriverError::new(Code::Credentials, message).product(put.product).hint(hint))
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
                return match self.look(place.clone(), keys).await {
                    // A retired or detached one does not take the place of the one that is in use.
                    Ok(target) if target.is_of(id) && (is_current(&target) || !is_current(&found)) => {
                        Ok((target, Some(found)))
                    }
                    Ok(_) => Ok((found, None)),
                    // A cloud that cannot be looked at does not hinder a cache that lives on another.
                    Err(failed) if !failed.error.kind.is_transient() && is_current(&found) => Ok((found, None)),
                    Err(failed) => Err(failed.into()),
                };
            }
            None => {}
        }
        let target = match self.look(place.clone(), keys).await {
            // One that was retired or let go does not hide the one that is in use elsewhere.
            Ok(target) if target.exists() && (!target.is_of(id) || is_current(&target)) => return Ok((target, None)),
            Err(failed) if failed.error.kind.is_transient() => return Err(failed.into()),
            target => target,
        };
        let salt = put.spec.name_salt.as_deref();
        let mut search = self.search(id, salt, keys, std::slice::from_ref(place), Certainty::Recent).await;
        let is_empty = target.as_ref().is_ok_and(|target| !target.exists());
        if let Some(found) = search.current().filter(|found| is_empty || is_current(found)) {
            return Ok((found, None));
        }
        match search.transient.pop() {
            // It may be there: making another one now could make two.
            Some(failed) => Err(Halt::Later(failed)),
            None => Ok((target?, None)),
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
    fn provider_change(put: &Put, found: &Found) -> OnProviderChange {
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
}

/// Whether the driver answers for it, rather than for one that took its place.
fn is_current(found: &Found) -> bool {
    found.seen.mark().is_some_and(|mark| mark.state == State::Owned)
}

/// What the product cannot do for this request, beside what its own fields say.
fn unsupported(put: &Put, backend: &dyn Backend) -> Vec<FieldError> {
    let able = backend.capabilities();
    let mut errors = Vec::new();
    if let Some(on_delete) = put.spec.on_delete.filter(|wanted| !able.on_delete.contains(wanted)) {
        let words: Vec<&str> = able.on_delete.iter().map(|word| word.as_str()).collect();
        let expected = format!("one of {}", words.join(", "));
        errors.push(FieldError::new(put.spec.path_of("on_delete"), expected, on_delete.as_str()));
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
