//! What the suite asks of whoever brings a product: a backend, the cloud behind it, and the cloud's misfortunes.

use std::time::Duration;

use async_trait::async_trait;
use cache_driver::backend::{At, Backend, Class, Credentials};
use cache_driver::clock::{Clock, ManualClock, Timestamp};
use serde_json::Value;

/// One call that reached the cloud.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Called {
    /// Its name.
    pub(crate) call: String,
    /// Whether it can change something.
    pub(crate) mutating: bool,
}

/// How the cloud makes trouble.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Trouble {
    /// The next call is one too many.
    Throttled,
    /// The next call is answered with a 5xx.
    Down,
    /// The next call's connection breaks before anything is done.
    HungUp,
    /// The next call is done, and its answer is lost.
    AnswerLost,
    /// The caller may not make the next call.
    Denied,
    /// The caller's session is over.
    Expired,
    /// There are no machines left for the next creation.
    NoCapacity,
    /// The account may not have more, at the next creation.
    NoQuota,
    /// The next creation is accepted, and fails for [`WHY`].
    CreationFails,
    /// The next change is accepted, and fails for [`WHY`].
    ChangeFails,
    /// Something that a creation needs is missing from now on.
    PrerequisiteMissing,
    /// The second page of every list cannot be read.
    PageLost,
}

/// Why things fail, in the cloud's words.
pub(crate) const WHY: &str = "Failed to create the cache: insufficient synthetic capacity";

/// What somebody else does to a cache.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Hand {
    /// Takes the mark away.
    StripsMark,
    /// Leaves a part of the mark that cannot be read.
    GarblesMark,
    /// The cloud works on it by itself, for some minutes.
    OwnBusiness,
    /// The cloud says a status that nobody has heard of.
    UnknownStatus,
}

/// A change to a ready cache.
#[derive(Debug, Clone)]
pub(crate) struct Alteration {
    /// The values that ask for it.
    pub(crate) values: Value,
    /// The product's field that shows it.
    pub(crate) field: &'static str,
    /// What it costs.
    pub(crate) class: Class,
}

/// A product under test. Each is a cloud of its own, on a clock that stands still.
#[async_trait]
pub(crate) trait Harness: Send + Sync {
    /// The backend.
    fn backend(&self) -> &dyn Backend;

    /// The cloud's clock.
    fn clock(&self) -> &ManualClock;

    /// What every specification of this suite begins with (`{"mode": "cluster"}`).
    fn base(&self) -> Value;

    /// What this product cannot serve, each with the key that is to blame. Together they are still one valid input.
    fn unserved(&self) -> Vec<(Value, &'static str)>;

    /// Changes of a cache of [`Harness::base`] that can be made in place, each of another field. The first takes time.
    fn alterations(&self) -> Vec<Alteration>;

    /// Further inputs, each with a field of the product that it sets.
    fn fixed(&self) -> Vec<(Value, &'static str)>;

    /// Locations that the config allows, the default one first; two at least.
    fn locations(&self) -> [&'static str; 2];

    /// A location of this cloud that the config does not allow.
    fn elsewhere(&self) -> &'static str;

    /// Credentials of a request, and whose they are.
    fn strangers(&self) -> (Credentials, String);

    /// Every call that reached the cloud so far.
    fn calls(&self) -> Vec<Called>;

    /// Makes trouble. `false` if this cloud cannot: only an imagined one may say so.
    async fn trouble(&self, trouble: Trouble) -> bool;

    /// Does something to a cache. `false` as above.
    async fn meddle(&self, at: &At, hand: Hand) -> bool;

    /// Names of the snapshots there are.
    async fn snapshots(&self) -> Vec<String>;

    /// Whether there is no such product: its cloud may be unable to make some trouble.
    fn is_imagined(&self) -> bool {
        false
    }

    /// Tests that this product fails, each with the reason. One that passes after all fails.
    fn excused(&self) -> &'static [(&'static str, &'static str)] {
        &[]
    }
}

impl dyn Harness + '_ {
    /// The cloud's time.
    pub(crate) fn now(&self) -> Timestamp {
        self.clock().now()
    }

    /// Lets time pass.
    pub(crate) fn minutes(&self, minutes: u64) {
        self.clock().advance(Duration::from_mins(minutes));
    }

    /// Makes trouble, if the cloud can. Every real one can.
    pub(crate) async fn stage(&self, trouble: Trouble) -> bool {
        let made = self.trouble(trouble).await;
        assert!(made || self.is_imagined(), "{trouble:?} has to be possible with a real product");
        made
    }

    /// How many calls so far could change something.
    pub(crate) fn mutations(&self) -> usize {
        self.calls().iter().filter(|called| called.mutating).count()
    }
}
