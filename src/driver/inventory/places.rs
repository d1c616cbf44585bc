//! Listing every place of the config, all at once within bounds.

use std::collections::HashSet;
use std::future::Future;
use std::sync::Arc;

use jiff::Timestamp;
use tokio::sync::Semaphore;
use tokio::task::JoinSet;
use tracing::Instrument as _;

use super::{PlaceFailure, Unreadable};
use crate::backend::{At, Backend, BackendError, Credentials, Fields, Ownership, Phase, Scope};
use crate::cache::{CacheName, Code, GuResId, Mark, Product, Provider};
use crate::driver::Driver;
use crate::telemetry;

/// Calls that are made at the same time: enough for speed, few enough for the clouds' limits on reading.
const AT_ONCE: usize = 8;

/// A cache as a list showed it, and how to reach it.
#[derive(Debug, Clone)]
pub(in crate::driver) struct Located {
    pub(in crate::driver) backend: Arc<dyn Backend>,
    pub(in crate::driver) at: At,
    pub(in crate::driver) mark: Mark,
    pub(in crate::driver) phase: Phase,
    pub(in crate::driver) status: String,
    pub(in crate::driver) created_at: Option<Timestamp>,
    pub(in crate::driver) fields: Option<Fields>,
}

/// What all lists together showed.
#[derive(Debug, Default)]
pub(in crate::driver) struct Listing {
    pub(in crate::driver) caches: Vec<Located>,
    pub(in crate::driver) unreadable: Vec<Unreadable>,
    pub(in crate::driver) places: usize,
    pub(in crate::driver) failures: Vec<PlaceFailure>,
    /// Where lists succeeded.
    pub(in crate::driver) open: Vec<Listable>,
}

/// A product in a scope.
#[derive(Debug, Clone)]
pub(in crate::driver) struct Listable {
    pub(in crate::driver) backend: Arc<dyn Backend>,
    pub(in crate::driver) scope: Scope,
}

impl Listable {
    fn product(&self) -> Product {
        self.backend.capabilities().product
    }

    /// Whether both are one place, whoever looks at it. Without an account, that of the credentials is meant.
    fn is_same_place(&self, other: &Self) -> bool {
        let account = &self.scope.account;
        account.is_some()
            && *account == other.scope.account
            && self.product() == other.product()
            && self.scope.location == other.scope.location
    }

    pub(in crate::driver) fn failure(&self, error: &BackendError) -> PlaceFailure {
        let product = self.product();
        PlaceFailure {
            provider: product.provider(),
            product,
            account: self.scope.account.clone(),
            location: self.scope.location.clone(),
            credentials: match &self.scope.credentials {
                Credentials::Named(name) => name.clone(),
                Credentials::Own | Credentials::Given(_) => "own".to_owned(),
            },
            error: error.kind.code(),
            message: error.to_string(),
            hint: error.hint.clone(),
            retryable: error.kind.is_transient(),
        }
    }
}

impl Driver {
    /// Lists every place of the config, with the driver's own identity and with every account of the config.
    pub(in crate::driver) async fn locate_all(&self, only: Option<Provider>) -> Listing {
        let listed = bounded(self.listables(only), |place| async move {
            let listed = place.backend.list(&place.scope).await;
            (place, listed)
        })
        .await;
        let mut listing = Listing::default();
        let mut failed = Vec::new();
        let mut known = HashSet::new();
        for (place, listed) in listed {
            match listed {
                Ok(caches) => {
                    for cache in caches {
                        if !known.insert(cache.place.clone()) {
                            continue;
                        }
                        match cache.ownership {
                            Ownership::Marked(mark) => listing.caches.push(Located {
                                backend: place.backend.clone(),
                                at: At { place: cache.place, credentials: place.scope.credentials.clone() },
                                mark: *mark,
                                phase: cache.phase,
                                status: cache.status,
                                created_at: cache.created_at,
                                fields: cache.fields,
                            }),
                            Ownership::Foreign(ref error) => {
                                let error = error.clone();
                                listing.unreadable.extend(self.unreadable(cache, &error));
                            }
                        }
                    }
                    listing.places += 1;
                    listing.open.push(place);
                }
                Err(error) => failed.push((place, error)),
            }
        }
        for (place, error) in failed {
            let may_not = error.kind.code() == Code::Credentials;
            let seen_by_others = listing.open.iter().any(|open| open.is_same_place(&place));
            let of_others =
                |open: &Listable| open.product() == place.product() && open.scope.location == place.scope.location;
            let needs_none = error.lacks_identity() && listing.open.iter().any(of_others);
            if !(may_not && (seen_by_others || needs_none)) {
                listing.failures.push(place.failure(&error));
            }
        }
        listing
    }

    /// Every product in every account and region of the config.
    fn listables(&self, only: Option<Provider>) -> Vec<Listable> {
        let id = GuResId::parse("list").expect("it is a legal id");
        let name = CacheName::derive(&self.config().prefix, &id, None);
        let mut seen = HashSet::new();
        let mut all = Vec::new();
        for backend in self.registry().all() {
            let product = backend.capabilities().product;
            let provider = product.provider();
            if only.is_some_and(|only| only != provider) {
                continue;
            }
            let named = self.config().providers.accounts(provider).into_iter();
            let credentials: Vec<Credentials> = std::iter::once(Credentials::Own)
                .chain(named.map(|name| Credentials::Named(name.to_owned())))
                .collect();
            for place in backend.places(&name) {
                for credentials in &credentials {
                    let (account, location) = (place.account.clone(), place.location.clone());
                    let scope = Scope { account, location, credentials: credentials.clone() };
                    if seen.insert((product, scope.clone())) {
                        all.push(Listable { backend: backend.clone(), scope });
                    }
                }
            }
        }
        all
    }
}

/// Does it for all, some at a time, and keeps their order.
pub(in crate::driver) async fn bounded<T, R, F>(items: Vec<T>, act: impl Fn(T) -> F) -> Vec<R>
where
    F: Future<Output = R> + Send + 'static,
    R: Send + 'static,
{
    let room = Arc::new(Semaphore::new(AT_ONCE));
    let mut acts = JoinSet::new();
    for (number, item) in items.into_iter().enumerate() {
        let (room, act) = (room.clone(), act(item));
        let acting = async move {
            // The semaphore is never closed.
            let _permit = room.acquire_owned().await;
            (number, act.await)
        };
        acts.spawn(telemetry::carried(acting.in_current_span()));
    }
    let mut done = Vec::new();
    while let Some(act) = acts.join_next().await {
        match act {
            Ok(result) => done.push(result),
            Err(failed) if failed.is_panic() => std::panic::resume_unwind(failed.into_panic()),
            Err(_) => {}
        }
    }
    done.sort_by_key(|(number, _)| *number);
    done.into_iter().map(|(_, result)| result).collect()
}
