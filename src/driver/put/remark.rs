//! The mark of a cache that is there already, as a PUT wants it.

use std::time::Duration;

use jiff::Timestamp;

use crate::backend::{Observed, Phase};
use crate::cache::{FieldError, Intent, Mark, OnDelete, Origin, State, Ttl};
use crate::config::DefaultsApply;
use crate::driver::locate::Found;
use crate::driver::progress::later;
use crate::driver::{Driver, DriverError, Put};

/// How long a sweep may take between its last look and its call, with clocks that differ a little.
const SWEEPING: Duration = Duration::from_mins(2);

impl Driver {
    /// Whether a field counts for a cache that is there already: one that only the route's defaults set does not.
    fn counts(&self, put: &Put, key: &str) -> bool {
        self.config().lifecycle.defaults_apply == DefaultsApply::Always
            || !matches!(put.spec.origin_of(key), Some(Origin::Route(_)))
    }

    /// A cache that is older than a new `ttl` would be gone with the next sweep: said rather than done.
    pub(super) fn refuse_past_ttl(&self, put: &Put, found: &Found) -> Result<(), DriverError> {
        let lives = matches!(found.seen.phase, Phase::Ready | Phase::Changing | Phase::Busy);
        let ttl = put.spec.ttl.and_then(Ttl::length).filter(|_| lives && self.counts(put, "ttl"));
        let (Some(ttl), Some(born)) = (ttl, found.seen.created_at) else { return Ok(()) };
        let unchanged = found
            .seen
            .mark()
            .is_some_and(|mark| mark.id == put.call.id && mark.state == State::Owned && mark.ttl == Some(ttl));
        let now = self.inner.clock.now();
        if unchanged || later(born, ttl) > now {
            return Ok(());
        }
        let hours = now.duration_since(born).as_hours();
        let expected = format!("more than {hours}h, the age of the cache, or none");
        let got = humantime::format_duration(ttl).to_string();
        let field = FieldError::new(put.spec.path_of("ttl"), expected, got);
        let hint = "it counts from the cache's creation, so the next sweep would remove it; DELETE it if that is meant";
        Err(DriverError::fields(vec![field.hint(hint)]).product(found.product()))
    }

    /// That the cache ends by a `ttl` which this request does not name, or that is over.
    pub(super) fn end_untold(&self, put: &Put, found: &Found) -> Option<String> {
        let mark = found.seen.mark().filter(|mark| mark.id == put.call.id)?;
        let new = self.remarked(put, &found.seen, mark, None);
        let end = found.seen.created_at.and_then(|born| new.expires(born))?;
        let over = end <= self.inner.clock.now();
        let named = put.spec.ttl.and_then(Ttl::length) == new.ttl;
        let what = if over { "is over and the next sweep ends the cache" } else { "is not in this request and stays" };
        (over || !named).then(|| {
            format!("the cache still ends at {end}: its `ttl` {what}; `ttl: none` lifts it, a longer one moves it")
        })
    }

    /// The mark as this request wants it. `want` starts a new operation.
    pub(in crate::driver) fn remarked(&self, put: &Put, seen: &Observed, mark: &Mark, want: Option<String>) -> Mark {
        let now = self.inner.clock.now();
        let mut new = mark.clone();
        new.state = State::Owned;
        new.protected =
            put.spec.deletion_protection.filter(|_| self.counts(put, "deletion_protection")).unwrap_or(mark.protected);
        new.on_delete = put.spec.on_delete.filter(|_| self.counts(put, "on_delete")).unwrap_or(mark.on_delete);
        let hours = put.spec.delete_hold_hours.filter(|_| self.counts(put, "delete_hold_hours"));
        new.hold_hours = hours.or(mark.hold_hours).filter(|_| new.on_delete == OnDelete::Hold);
        let over = seen.created_at.and_then(|born| mark.expires(born)).is_some_and(|end| end <= now);
        new.ttl = match put.spec.ttl.filter(|_| self.counts(put, "ttl")) {
            Some(ttl) => ttl.length(),
            // Who wants a cache that was to end already wants it to stay.
            None => mark.ttl.filter(|_| mark.state == State::Owned && !over),
        };
        if mark.state != State::Owned {
            // The note of a rotation gave way to that of the removal. To end one twice does no harm.
            let rotated = mark.password.as_ref().is_some_and(|password| password.generation > 0);
            new.intent = rotated.then(|| Intent::Settle(later(now, self.config().lifecycle.rotate_grace)));
        }
        if let Some(want) = want {
            new.want = want;
            new.since = now;
        }
        new
    }
}

/// Whether a sweep may be about to end it, or soon will.
pub(super) fn is_overdue(found: &Found, now: Timestamp) -> bool {
    let Some(mark) = found.seen.mark() else { return false };
    let end = match (mark.state, mark.intent) {
        (_, Some(Intent::DeleteAfter(at))) => Some(at),
        (State::Owned, _) => found.seen.created_at.and_then(|born| mark.expires(born)),
        _ => None,
    };
    end.is_some_and(|end| end <= later(now, SWEEPING))
}
