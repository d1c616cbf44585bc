//! Lifts deletion protection, for when nobody can PUT the resource any more.

use std::time::Duration;

use serde::Serialize;
use serde_json::{Map, Value};
use tracing::Instrument as _;

use super::answer::{explained, unexplained};
use super::locate::{Found, Halt, Keys};
use super::progress::later;
use super::strays::Certainty;
use super::{Driver, DriverError};
use crate::backend::{Change, Goal, Phase, Resolved, Step};
use crate::cache::{CacheName, Code, GuResId, Layer, Mark, Origin, Product, read};

/// What was done about one cache of the resource.
#[derive(Debug, Clone, Serialize)]
pub struct Released {
    /// The product.
    pub product: Product,
    /// Its name at the cloud.
    pub name: CacheName,
    /// Account id, project or subscription.
    pub account: String,
    /// The region.
    pub location: String,
    /// Whether it was protected, by the driver or by the cloud.
    pub was_protected: bool,
    /// Whether it still is. A dry run lifts nothing.
    pub is_protected: bool,
    /// The calls that were made; in a dry run those that would be made first.
    pub calls: Vec<String>,
}

/// What `release` found and did.
#[derive(Debug, Default, Serialize)]
pub struct Release {
    /// Each cache of the resource.
    pub caches: Vec<Released>,
    /// Places that could not be looked at, where there may be another.
    pub unseen: Vec<String>,
}

/// What lifting the protection of a cache takes.
struct Lift {
    mark: Mark,
    resolved: Resolved,
    changes: Vec<Change>,
}

impl Driver {
    /// Lifts the protection of every cache of the resource, the cloud's own included, and changes nothing else. Waits up to
    /// `wait` for what takes its time.
    pub async fn release(&self, id: &GuResId, dry_run: bool, wait: Duration) -> Result<Release, DriverError> {
        let span = tracing::info_span!("release", %id, who = "release");
        async {
            let _turn = self.inner.turns.take(id).await;
            let search = self.search(id, None, &Keys::default(), &[], Certainty::Now).await;
            let denied = search.denied.iter().filter(|(_, failed)| !failed.error.lacks_identity());
            let denied = denied.map(|(place, failed)| format!("{place}: {}", failed.error));
            let silent = search.transient.iter().map(|failed| format!("{}: {}", failed.product, failed.error));
            let mut release = Release { caches: Vec::new(), unseen: denied.chain(silent).collect() };
            if search.owned.is_empty() && release.unseen.is_empty() {
                let error = DriverError::new(Code::NoSuchThing, format!("there is no cache of the resource {id}"));
                return Err(error.hint("look whether the id is the right one: `cache-driver list` shows all"));
            }
            for found in search.owned {
                release.caches.push(self.release_one(found, dry_run, wait).await?);
            }
            Ok(release)
        }
        .instrument(span)
        .await
    }

    async fn release_one(&self, found: Found, dry_run: bool, wait: Duration) -> Result<Released, DriverError> {
        let until = later(self.clock().now(), wait);
        let place = found.at.place.clone();
        let mut released = Released {
            product: place.product,
            name: place.name.clone(),
            account: found.seen.account.clone(),
            location: place.location.clone(),
            was_protected: false,
            is_protected: false,
            calls: Vec::new(),
        };
        let keys = Keys::by(&found.at.credentials, place.provider());
        let mut found = found;
        loop {
            let Some(lift) = lift(&found) else {
                released.is_protected = false;
                return Ok(released);
            };
            (released.was_protected, released.is_protected) = (true, true);
            let steps = steps(&found, &lift);
            if dry_run {
                released.calls = steps.iter().map(|step| step.call.to_owned()).collect();
                return Ok(released);
            }
            let problem = match found.seen.phase {
                Phase::Changing | Phase::Busy | Phase::Creating => format!("the cloud says `{}`", found.seen.status),
                _ => match self.run(&found, steps).await {
                    Ok(ran) => {
                        released.calls.extend(ran.into_iter().map(|step| step.call.to_owned()));
                        "the cloud works on it".to_owned()
                    }
                    Err(Halt::Fail(failure)) => return Err(failure.error),
                    Err(Halt::Later(failed)) => failed.error.to_string(),
                },
            };
            let fresh = self.look(place.clone(), &keys).await;
            found = fresh.map_err(|failed| DriverError::backend(failed.product, failed.error))?;
            let now = self.clock().now();
            if lift_is_due(&found) && now >= until {
                let message = format!("the protection of {} could not be lifted in time: {problem}", place.name);
                let diagnosis = found.backend.diagnose(&found.at, now).await;
                let error = match diagnosis {
                    Ok(diagnosis) => explained(diagnosis, Code::CloudFailed, message),
                    Err(unknown) => unexplained(&unknown, Code::CloudFailed, &message),
                };
                return Err(error.product(place.product).hint("repeat the command: it goes on").retryable());
            }
            if lift_is_due(&found) {
                self.clock().sleep(self.config().lifecycle.poll_interval).await;
                let fresh = self.look(place.clone(), &keys).await;
                found = fresh.map_err(|failed| DriverError::backend(failed.product, failed.error))?;
            }
        }
    }
}

fn lift_is_due(found: &Found) -> bool {
    lift(found).is_some()
}

/// What lifting the protection takes. `None` if it is off, or nothing is there.
fn lift(found: &Found) -> Option<Lift> {
    let mark = found.seen.mark()?;
    let (resolved, changes) = own_protection(found).unwrap_or_default();
    if !mark.protected && changes.is_empty() {
        return None;
    }
    Some(Lift { mark: Mark { protected: false, ..mark.clone() }, resolved, changes })
}

/// The cloud's own protection, where the product has one: what differs once none is wanted.
fn own_protection(found: &Found) -> Option<(Resolved, Vec<Change>)> {
    let values: Map<String, Value> = [("deletion_protection".to_owned(), Value::from(false))].into_iter().collect();
    let spec = read(&[Layer { origin: Origin::Request, values: &values }]).ok()?;
    let resolved = found.backend.resolve(&spec).ok()?;
    let changes = found.backend.changes(&resolved, &found.seen);
    Some((resolved, changes))
}

fn steps(found: &Found, lift: &Lift) -> Vec<Step> {
    let Lift { mark, resolved, changes } = lift;
    let goal = if changes.is_empty() {
        Goal::Marked { mark }
    } else {
        Goal::Present { resolved, changes, mark, password: None, tags: &[], at_maintenance: false }
    };
    found.backend.steps(&goal, &found.seen)
}
