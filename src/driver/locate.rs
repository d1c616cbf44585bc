//! Where a resource's cache is, and with whose credentials it is reached.

use std::sync::Arc;

use tracing::Instrument as _;

use super::request::Call;
use super::strays::{Certainty, Stray};
use super::{Cookie, Driver, DriverError, Failure};
use crate::backend::{At, Backend, BackendError, Credentials, Given, Kind, Observed, Ownership, Phase, Scope};
use crate::cache::{CacheName, GuResId, Mark, Place, Prefix, Product, Provider, State};
use crate::config::Config;
use crate::telemetry;

/// A place that was looked at, and what was there.
#[derive(Debug, Clone)]
pub(super) struct Found {
    pub(super) backend: Arc<dyn Backend>,
    pub(super) at: At,
    pub(super) seen: Observed,
}

impl Found {
    pub(super) fn product(&self) -> Product {
        self.at.place.product
    }

    pub(super) fn exists(&self) -> bool {
        self.seen.phase != Phase::Absent
    }

    /// Whether it bears this resource's mark, in whatever state.
    pub(super) fn is_of(&self, id: &GuResId) -> bool {
        self.seen.mark().is_some_and(|mark| mark.id == *id)
    }

    /// A failed call to this cache's cloud.
    pub(super) fn failed(&self, error: BackendError) -> LookFailed {
        LookFailed { product: self.product(), error }
    }
}

/// A look that failed. A transient failure says nothing about what is there.
#[derive(Debug)]
pub(super) struct LookFailed {
    pub(super) product: Product,
    pub(super) error: BackendError,
}

/// With whose credentials each provider is called.
#[derive(Debug, Clone, Default)]
pub(super) struct Keys {
    request: Option<Arc<Given>>,
    cookie: Vec<Arc<Given>>,
    /// The account that the request or its cookie names, and the clouds whose config knows one of this name.
    named: Option<(String, Vec<Provider>)>,
}

impl Keys {
    fn new(config: &Config, call: &Call, cookie: &Cookie, named: Option<&str>) -> Self {
        let named = named.or(cookie.account.as_deref()).map(|name| {
            let knows = |provider: &Provider| config.providers.accounts(*provider).contains(&name);
            (name.to_owned(), Provider::ALL.iter().copied().filter(knows).collect())
        });
        Self { request: call.credentials.clone(), cookie: cookie.credentials.clone(), named }
    }

    /// Those with which a cache was found.
    pub(super) fn by(credentials: &Credentials, provider: Provider) -> Self {
        match credentials {
            Credentials::Own => Self::default(),
            Credentials::Named(name) => Self { named: Some((name.clone(), vec![provider])), ..Self::default() },
            Credentials::Given(given) => Self { request: Some(given.clone()), ..Self::default() },
        }
    }

    /// Whether a cloud is called with what the cookie kept.
    fn is_by_cookie(&self, provider: Provider) -> bool {
        let fits = |given: &&Arc<Given>| given.shape().provider() == provider;
        !self.request.iter().any(|given| fits(&given)) && self.cookie.iter().any(|given| fits(&given))
    }

    /// The request's, else the cookie's, else the named account's, else the driver's own.
    pub(super) fn of(&self, provider: Provider) -> Credentials {
        let fits = |given: &&Arc<Given>| given.shape().provider() == provider;
        if let Some(given) = self.request.iter().chain(&self.cookie).find(fits) {
            return Credentials::Given(given.clone());
        }
        match &self.named {
            // An account of another cloud says nothing about this one. One that no cloud knows is an error anywhere.
            Some((name, known)) if known.is_empty() || known.contains(&provider) => Credentials::Named(name.clone()),
            _ => Credentials::Own,
        }
    }
}

/// What a search found out.
#[derive(Debug, Default)]
pub(super) struct Search {
    /// Caches that bear the resource's mark.
    pub(super) owned: Vec<Found>,
    /// Caches that have the resource's name, and are not the resource's.
    pub(super) foreign: Vec<Found>,
    /// Looks that failed though they may succeed later.
    pub(super) transient: Vec<LookFailed>,
    /// Looks that the cloud would not allow, and where.
    pub(super) denied: Vec<(Place, LookFailed)>,
    /// Places of a known account that somebody's credentials could look at.
    open: Vec<Place>,
    /// How many looks succeeded.
    pub(super) looked: usize,
}

impl Driver {
    /// With whose credentials a request's clouds are called. `named` is the account that its inputs name.
    pub(super) fn keys(&self, call: &Call, cookie: &Cookie, named: Option<&str>) -> Keys {
        Keys::new(self.config(), call, cookie, named)
    }

    /// Looks at one place. Credentials of another account than the place's are refused, because they would show an empty
    /// place where the cache is not.
    pub(super) async fn look(&self, place: Place, keys: &Keys) -> Result<Found, LookFailed> {
        self.look_as_of(Certainty::Recent, place, keys).await
    }

    /// The same, at what is there now, and not some seconds ago.
    pub(super) async fn look_anew(&self, place: Place, keys: &Keys) -> Result<Found, LookFailed> {
        self.look_as_of(Certainty::Now, place, keys).await
    }

    async fn look_as_of(&self, certainty: Certainty, place: Place, keys: &Keys) -> Result<Found, LookFailed> {
        let product = place.product;
        let backend = match self.registry().get(product) {
            Ok(backend) => backend.clone(),
            Err(unavailable) => {
                let error = BackendError::new(Kind::Credentials, "look", unavailable.to_string());
                return Err(LookFailed { product, error });
            }
        };
        let at = At { credentials: keys.of(place.provider()), place };
        let seen = match observe(backend.as_ref(), &at, certainty).await {
            // The cookie's credentials may have ended since; the same cache may be reached by the driver's own means.
            Err(error) if error.kind == Kind::Credentials && keys.is_by_cookie(at.place.provider()) => {
                let keys = Keys { cookie: Vec::new(), ..keys.clone() };
                let other = At { credentials: keys.of(at.place.provider()), place: at.place.clone() };
                match observe(backend.as_ref(), &other, certainty).await {
                    Ok(seen) if other.place.account.as_ref().is_none_or(|known| *known == seen.account) => {
                        return Ok(Found { backend, at: other, seen });
                    }
                    _ => Err(error),
                }
            }
            seen => seen,
        };
        match seen {
            Ok(seen) if at.place.account.as_ref().is_some_and(|known| *known != seen.account) => {
                Err(LookFailed { product, error: of_another_account(&at, &seen.account) })
            }
            Ok(seen) => Ok(Found { backend, at, seen }),
            Err(error) => Err(LookFailed { product, error }),
        }
    }

    /// Looks where the cookie says the cache is.
    pub(super) async fn look_by_cookie(&self, cookie: &Cookie, keys: &Keys) -> Result<Option<Found>, Halt> {
        let Some(place) = cookie.place.clone() else { return Ok(None) };
        self.registry().get(place.product).map_err(DriverError::from)?;
        Ok(Some(self.look(place, keys).await?))
    }

    /// Looks in every place in which this config may have made the cache, but those in `known`, all at once.
    pub(super) async fn search(
        &self,
        id: &GuResId,
        salt: Option<&str>,
        keys: &Keys,
        known: &[Place],
        certainty: Certainty,
    ) -> Search {
        let mut places: Vec<Place> = Vec::new();
        for name in self.names(id, salt) {
            for backend in self.registry().all() {
                places.extend(backend.places(&name));
            }
        }
        places.retain(|place| !known.iter().any(|known| same(place, known)));
        let mut looks = tokio::task::JoinSet::new();
        for place in places {
            for keys in self.possible(place.provider(), keys) {
                let (driver, place) = (self.clone(), place.clone());
                let look = async move { (place.clone(), driver.look(place, &keys).await) };
                looks.spawn(telemetry::carried(look.in_current_span()));
            }
        }
        let mut search = Search::default();
        while let Some(look) = looks.join_next().await {
            match look {
                Ok((place, look)) => search.take(id, place, look),
                // What it would have seen is not known: the request must not go on as if nothing were there.
                Err(panicked) => std::panic::resume_unwind(panicked.into_panic()),
            }
        }
        // The same place, looked at with other credentials that may not: nothing is hidden there.
        let open = std::mem::take(&mut search.open);
        search.denied.retain(|(place, _)| !open.contains(place));
        if search.owned.is_empty() && search.transient.is_empty() {
            self.search_by_mark(id, keys, known, certainty, &mut search).await;
        }
        search
    }

    /// With whose credentials a cache may have been made, where the request tells none: it may have named an account.
    fn possible(&self, provider: Provider, keys: &Keys) -> Vec<Keys> {
        let mut possible = vec![keys.clone()];
        if keys.of(provider) == Credentials::Own {
            let named = self.config().providers.accounts(provider).into_iter();
            possible.extend(named.map(|name| Keys { named: Some((name.to_owned(), vec![provider])), ..keys.clone() }));
        }
        possible
    }

    /// Finds a cache that bears the mark under a name of its own: an adopted one.
    async fn search_by_mark(
        &self,
        id: &GuResId,
        keys: &Keys,
        known: &[Place],
        certainty: Certainty,
        search: &mut Search,
    ) {
        let name = self.names(id, None).remove(0);
        for backend in self.registry().all().filter(|backend| backend.capabilities().adopts) {
            let places = backend.places(&name).into_iter();
            let all = places.flat_map(|place| {
                let possible = self.possible(place.provider(), keys).into_iter();
                possible.map(move |keys| (place.clone(), keys))
            });
            for (place, keys) in all {
                let credentials = keys.of(place.provider());
                let scope = Scope { account: place.account.clone(), location: place.location.clone(), credentials };
                let strays = match self.strays(backend.as_ref(), &scope, certainty).await {
                    Ok(strays) => strays,
                    Err(error) if error.kind.is_transient() => {
                        search.transient.push(LookFailed { product: place.product, error });
                        continue;
                    }
                    Err(error) => {
                        let failed = LookFailed { product: place.product, error };
                        search.denied.push((place, failed));
                        continue;
                    }
                };
                let new = |stray: &&Stray| stray.id == *id && !known.iter().any(|known| same(&stray.place, known));
                for stray in strays.iter().filter(new) {
                    let look = self.look(stray.place.clone(), &keys).await;
                    search.take(id, stray.place.clone(), look);
                }
            }
        }
    }

    /// Whether this installation made the cache, or somebody's adopted one: another may use the same account.
    pub(super) fn made(&self, mark: &Mark, name: &CacheName) -> bool {
        let config = self.config();
        let mut prefixes = std::iter::once(&config.prefix).chain(&config.previous_prefixes);
        let begins = |prefix: &Prefix| name.as_str().strip_prefix(prefix.as_str()).is_some_and(|r| r.starts_with('-'));
        mark.adopted || prefixes.any(begins)
    }

    /// The names that the resource's cache can have: by today's prefix, and by those of old.
    pub(super) fn names(&self, id: &GuResId, salt: Option<&str>) -> Vec<CacheName> {
        let config = self.config();
        let prefixes = std::iter::once(&config.prefix).chain(&config.previous_prefixes);
        prefixes.map(|prefix| CacheName::derive(prefix, id, salt)).collect()
    }
}

impl Search {
    fn take(&mut self, id: &GuResId, place: Place, look: Result<Found, LookFailed>) {
        match look {
            Ok(found) => {
                self.looked += 1;
                self.open.extend(place.account.is_some().then_some(place));
                if found.is_of(id) {
                    self.owned.push(found);
                } else if found.exists() {
                    self.foreign.push(found);
                }
            }
            Err(failed) if failed.error.kind.is_transient() => self.transient.push(failed),
            Err(failed) => self.denied.push((place, failed)),
        }
    }

    /// The one that answers for the resource: the latest in use, else one that a PUT is to take back, else any.
    pub(super) fn current(&mut self) -> Option<Found> {
        let rank = |found: &Found| {
            let mark = found.seen.mark();
            let state = mark.map_or(0, |mark| match mark.state {
                State::Owned => 3,
                State::Held => 2,
                State::Detached => 1,
                State::Retired => 0,
            });
            (state, mark.map(|mark| mark.since))
        };
        let best = (0..self.owned.len()).max_by_key(|at| rank(&self.owned[*at]))?;
        Some(self.owned.swap_remove(best))
    }
}

/// Why a request cannot go on now.
#[derive(Debug)]
pub(super) enum Halt {
    /// It is refused, or failed for good.
    Fail(Failure),
    /// The cloud did not answer, or is busy; the same request may go through later.
    Later(LookFailed),
}

impl From<DriverError> for Halt {
    fn from(error: DriverError) -> Self {
        Self::Fail(error.into())
    }
}

impl From<LookFailed> for Halt {
    fn from(failed: LookFailed) -> Self {
        if failed.error.kind.is_transient() {
            Self::Later(failed)
        } else {
            DriverError::backend(failed.product, failed.error).into()
        }
    }
}

async fn observe(backend: &dyn Backend, at: &At, certainty: Certainty) -> Result<Observed, BackendError> {
    match certainty {
        Certainty::Recent => backend.observe(at).await,
        Certainty::Now => backend.observe_anew(at).await,
    }
}

fn of_another_account(at: &At, account: &str) -> BackendError {
    let known = at.place.account.as_deref().unwrap_or_default();
    let message = format!("the cache lives in account {known}, and the credentials are of account {account}");
    BackendError::new(Kind::Credentials, "look", message)
        .hint("send credentials of the account in which the cache was made; nothing was changed")
}

/// Whether both are one place, as far as is known of their accounts.
fn same(a: &Place, b: &Place) -> bool {
    let one_account = a.account.is_none() || b.account.is_none() || a.account == b.account;
    one_account && a.product == b.product && a.location == b.location && a.group == b.group && a.name == b.name
}

/// Whose the cache is that has the name.
pub(super) fn describe_owner(found: &Found) -> String {
    match &found.seen.ownership {
        Some(Ownership::Marked(mark)) => format!("it serves the resource {}", mark.id),
        Some(Ownership::Foreign(error)) => format!("it bears {error}"),
        None => "it bears no mark".to_owned(),
    }
}
