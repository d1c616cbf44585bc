//! What the driver made beside its caches, and that none of them uses.

use super::{SweepAction, SweepOutcome};
use crate::backend::{BackendError, Kind, Leftover};
use crate::cache::CacheName;
use crate::driver::Driver;
use crate::driver::inventory::{Listable, PlaceFailure, bounded};
use crate::driver::lifecycle::Task;

impl Driver {
    /// Removes leftovers wherever caches could be listed.
    pub(super) async fn tidy(&self, places: Vec<Listable>, dry_run: bool) -> (Vec<SweepAction>, Vec<PlaceFailure>) {
        let tidied = bounded(places, move |place| async move {
            let leftovers = match place.backend.leftovers(&place.scope).await {
                Ok(leftovers) => leftovers,
                Err(error) => return (Vec::new(), Some(place.failure(&error))),
            };
            let mut actions = Vec::new();
            for leftover in leftovers {
                let cleared = if dry_run { None } else { Some(place.backend.clear(&place.scope, &leftover).await) };
                actions.push(action(&place, &leftover, cleared));
            }
            (actions, None)
        })
        .await;
        let (mut actions, mut failures) = (Vec::new(), Vec::new());
        for (more, failure) in tidied {
            actions.extend(more);
            failures.extend(failure);
        }
        (actions, failures)
    }
}

fn action(place: &Listable, leftover: &Leftover, cleared: Option<Result<(), BackendError>>) -> SweepAction {
    let (kind, name) = (leftover.kind, &leftover.name);
    let location = &place.scope.location;
    let (outcome, message, error) = match cleared {
        None => (SweepOutcome::Would, format!("no cache has this {kind}"), None),
        Some(Ok(())) => {
            tracing::info!(target: "audit", kind, name, location, who = "sweep", outcome = "accepted", "removed a leftover");
            (SweepOutcome::Done, format!("no cache had this {kind}"), None)
        }
        Some(Err(error)) if error.kind == Kind::Busy => {
            (SweepOutcome::Overtaken, format!("a cache has come to use this {kind}"), None)
        }
        Some(Err(error)) if error.kind.is_transient() => (SweepOutcome::Later, error.to_string(), None),
        Some(Err(error)) => {
            tracing::warn!(target: "audit", kind, name, location, who = "sweep", outcome = "refused", %error, "not accepted");
            (SweepOutcome::Failed, error.to_string(), Some(error.kind.code()))
        }
    };
    let product = place.backend.capabilities().product;
    SweepAction {
        id: None,
        provider: product.provider(),
        product,
        name: CacheName::existing(name.clone()),
        account: place.scope.account.clone(),
        location: location.clone(),
        task: Task::Tidy,
        due_at: None,
        outcome,
        message,
        error,
    }
}
