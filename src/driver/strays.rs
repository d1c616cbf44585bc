//! Caches that bear a mark under a name of their own: adopted ones, and those with a salt in their name.
//!
//! Only a list of everything shows them. A list takes a call per hundred caches, so a PUT that is about to create asks one
//! that is a moment old; whoever has to be certain (GET, DELETE) asks anew.

use std::sync::Arc;
use std::time::Duration;

use super::Driver;
use crate::backend::{Backend, Result, Scope};
use crate::cache::{GuResId, Place, Product};
use crate::kept::Kept;

/// How old a list may be for a PUT. An adoption by another driver in this time is only missed by a PUT that brings
/// neither cookie nor `adopt`.
const FRESH: Duration = Duration::from_secs(30);
/// Lists that are remembered: one for each product, place and credentials.
const MOST: usize = 256;

/// How certain a search or a look has to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Certainty {
    /// What a list told some seconds ago will do.
    Recent,
    /// As of now.
    Now,
}

/// A marked cache that its name does not give away.
#[derive(Debug, Clone)]
pub(super) struct Stray {
    pub(super) id: GuResId,
    pub(super) place: Place,
}

/// What was listed last.
#[derive(Debug)]
pub(super) struct Strays(Kept<(Product, Scope), Arc<[Stray]>>);

impl Default for Strays {
    fn default() -> Self {
        Self(Kept::written_within(FRESH, MOST))
    }
}

impl Driver {
    /// The strays in a scope.
    pub(super) async fn strays(
        &self,
        backend: &dyn Backend,
        scope: &Scope,
        certainty: Certainty,
    ) -> Result<Arc<[Stray]>> {
        let listed = &self.inner.strays.0;
        let key = (backend.capabilities().product, scope.clone());
        if certainty == Certainty::Recent
            && let Some(known) = listed.get(&key)
        {
            return Ok(known);
        }
        let caches = backend.list(scope).await?.into_iter();
        let marked = caches.filter_map(|cache| Some(Stray { id: cache.mark()?.id.clone(), place: cache.place }));
        let strays: Arc<[Stray]> =
            marked.filter(|stray| !self.names(&stray.id, None).contains(&stray.place.name)).collect();
        listed.insert(key, strays.clone());
        Ok(strays)
    }

    /// A cache got a mark under a name of its own: what was listed before does not show it.
    pub(super) fn forget_strays(&self) {
        self.inner.strays.0.clear();
    }
}
