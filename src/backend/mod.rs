//! One backend per product behind one trait, and the registry of those that are compiled in and enabled.
//!
//! The trait's documentation is its contract: every sentence that says what a backend does has a test in the contract
//! suite (`tests/contract`), which runs over every product.

#[cfg(feature = "aws")]
pub mod aws;
#[cfg(feature = "azure")]
pub mod azure;
mod calls;
mod credentials;
mod error;
#[cfg(feature = "gcp")]
pub mod gcp;
pub mod inputs;
mod model;
mod registry;
mod who;

use std::fmt::Debug;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
pub use calls::{Begun, CallOutcome, Calls, CloudCall, Observer, Unobserved};
pub use credentials::{Credentials, Given, Shape};
pub use error::{BackendError, Kind, Result};
pub use model::{
    Access, At, Capabilities, Change, Class, Connection, ConnectionPassword, Diagnosis, Endpoint, Feature, Fields,
    Finding, Goal, Leftover, Listed, Observed, Ownership, Pace, PasswordMaker, Permission, Phase, Resolved, Scope,
    Step, Typical, Verdict,
};
pub use registry::{Registry, Unavailable, compiled};
pub use who::Who;

use crate::cache::{CacheName, FieldError, Place, Provider, SizeTable, Spec};
use crate::clock::{Clock, Timestamp};
use crate::config::Providers;

/// The providers that have backends in this binary.
const COMPILED: &[Provider] = &[
    #[cfg(feature = "aws")]
    Provider::Aws,
    #[cfg(feature = "gcp")]
    Provider::Gcp,
    #[cfg(feature = "azure")]
    Provider::Azure,
];

/// What clouds are told about who calls.
const USER_AGENT: &str = concat!("cache-driver/", env!("CARGO_PKG_VERSION"));

/// Makes the backends of one provider.
type Make = fn(&Providers, &SizeTable, &Arc<dyn Clock>, user_agent: &str, Calls) -> Vec<Arc<dyn Backend>>;

/// How to make the backends of each provider that is compiled in.
const MAKERS: &[(Provider, Make)] = &[
    #[cfg(feature = "aws")]
    (Provider::Aws, |config, sizes, clock, user_agent, calls| {
        aws::observed(&config.aws, sizes.clone(), clock.clone(), user_agent, calls)
    }),
    #[cfg(feature = "gcp")]
    (Provider::Gcp, |config, sizes, clock, user_agent, calls| {
        gcp::observed(&config.gcp, sizes.clone(), clock.clone(), user_agent, calls)
    }),
    #[cfg(feature = "azure")]
    (Provider::Azure, |config, sizes, clock, user_agent, calls| {
        azure::observed(&config.azure, sizes.clone(), clock.clone(), user_agent, calls)
    }),
];

/// The backends that are compiled in and that the config enables. Calls no cloud.
#[must_use]
pub fn enabled(config: &Providers, sizes: &SizeTable, clock: &Arc<dyn Clock>) -> Registry {
    enabled_and_observed(config, sizes, clock, &(Arc::new(Unobserved) as Arc<dyn Observer>))
}

/// The same, with an observer that is told of every call to a cloud.
#[must_use]
pub fn enabled_and_observed(
    config: &Providers,
    sizes: &SizeTable,
    clock: &Arc<dyn Clock>,
    observer: &Arc<dyn Observer>,
) -> Registry {
    let makers = MAKERS.iter().filter(|(provider, _)| config.is_enabled(*provider));
    let calls = |provider| Calls::new(provider, clock.clone(), observer.clone());
    Registry::new(makers.flat_map(|(provider, make)| make(config, sizes, clock, USER_AGENT, calls(*provider))))
}

/// Drives one product of one cloud.
///
/// Values that pass are plain data. What decides (`resolve`, `changes`, `steps`) is pure; what calls is thin. A backend
/// never sleeps, never polls, and never decides whether a change is allowed: that is the driver's.
#[async_trait]
pub trait Backend: Debug + Send + Sync {
    /// What the product can do.
    fn capabilities(&self) -> &Capabilities;

    /// Turns the portable words into the product's own, defaults included.
    ///
    /// Pure: the same specification resolves to the same fields. Reports every field that the product cannot serve,
    /// all at once, with the path that the specification gives for it. A field that was set is listed in
    /// [`Resolved::set`], or in [`Resolved::by_route`] if only a route's default set it; a default of the product is in
    /// neither.
    fn resolve(&self, spec: &Spec) -> std::result::Result<Resolved, Vec<FieldError>>;

    /// Where a cache of this name goes. A location or account that the config does not allow is an error.
    fn place(&self, spec: &Spec, name: &CacheName) -> std::result::Result<Place, Vec<FieldError>>;

    /// Every place in which this config may have made a cache of this name.
    fn places(&self, name: &CacheName) -> Vec<Place>;

    /// Whose the credentials are: AWS account id, Google project, Azure subscription. Asked once per credentials, then
    /// remembered.
    async fn account(&self, at: &At) -> Result<String>;

    /// Looks at the cache. Changes nothing. A cache that is not there is [`Phase::Absent`], not an error.
    ///
    /// A cache that was just created is observed with its mark. A status that the backend does not know is `Busy`,
    /// never an error.
    async fn observe(&self, at: &At) -> Result<Observed>;

    /// The same, asked of the cloud now, for whoever is about to remove what it sees: what looks share by way of a list may
    /// be some seconds old, and somebody may have taken the cache back since.
    async fn observe_anew(&self, at: &At) -> Result<Observed> {
        self.observe(at).await
    }

    /// How old what [`Backend::observe`] tells can be.
    fn staleness(&self) -> Duration {
        Duration::ZERO
    }

    /// What differs between what was set and what is there, with what each change costs.
    ///
    /// Pure. A field that was not set, or that cannot be read, is not compared: a cache that was made from the same
    /// specification shows no changes.
    fn changes(&self, wanted: &Resolved, seen: &Observed) -> Vec<Change>;

    /// The calls that lead to the goal, in a safe order. Pure. No calls mean that there is nothing to do.
    ///
    /// The mark goes with or before the first change it describes. Steps of a [`Pace::Long`] are made one at a time:
    /// after each the cache is observed anew.
    fn steps(&self, goal: &Goal<'_>, seen: &Observed) -> Vec<Step>;

    /// Makes one call, and returns before the cloud has done the work.
    ///
    /// Creating what exists succeeds, and so does removing what is absent: whose it is, the next look tells.
    async fn apply(&self, at: &At, step: &Step) -> Result<()>;

    /// How clients connect to a cache that was seen with an endpoint, with secrets from wherever they are.
    async fn connection(&self, at: &At, seen: &Observed) -> Result<Connection>;

    /// Why it failed, as far as the cloud wrote it down since `since`. Older events belong to somebody else's life of
    /// the same name and are left out. There is a cause only if the cloud says that something failed.
    async fn diagnose(&self, at: &At, since: Timestamp) -> Result<Diagnosis>;

    /// Every cache in the scope, whoever's it is.
    async fn list(&self, scope: &Scope) -> Result<Vec<Listed>>;

    /// What the driver made in the scope beside its caches, and that none of them uses: parameters that no cache has any
    /// more. Changes nothing. What is young may be about to be used, and is left out.
    ///
    /// Most products make nothing of the kind: whatever belongs to a cache goes with it.
    async fn leftovers(&self, _scope: &Scope) -> Result<Vec<Leftover>> {
        Ok(Vec::new())
    }

    /// Removes a leftover. One that is gone is success; one that a cache has come to use stays, and is [`Kind::Busy`].
    /// What the product never makes is refused.
    async fn clear(&self, _scope: &Scope, leftover: &Leftover) -> Result<()> {
        let product = self.capabilities().product;
        let message = format!("nothing of {product} is left over: no {} is known", leftover.kind);
        Err(BackendError::new(Kind::Refused, "clear", message))
    }

    /// Whether what caches need is there: identity, permissions, network, key. Changes nothing.
    ///
    /// `wanted` are fields of [`Backend::resolve`] that caches will be made with; what is not in it is the config's. What
    /// cannot be looked at is a warning that says so, never a problem.
    async fn preflight(&self, at: &At, wanted: &Fields) -> Vec<Finding>;
}
