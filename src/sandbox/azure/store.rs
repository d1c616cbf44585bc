//! Everything that the emulated Azure remembers. Names are found without regard to case, as ARM does.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use super::operations::Operation;
use super::resource::Resource;
use crate::clock::Timestamp;

/// All of it.
#[derive(Debug, Default)]
pub(super) struct State {
    /// By [`super::id::Id::key`]. The parts of a resource come right after it.
    pub(super) resources: BTreeMap<String, Resource>,
    /// Each resource as it was before its last change (`None`: it was not there), for stale reads.
    pub(super) previous: BTreeMap<String, Option<Resource>>,
    /// When a resource went, by key: for a while its provider is asked for it, and answers in its own way.
    pub(super) deleted: BTreeMap<String, Timestamp>,
    /// By id.
    pub(super) operations: BTreeMap<String, Operation>,
    pub(super) missing: Missing,
    /// How far the sandbox's time is ahead of the clock's.
    pub(super) ahead: Duration,
}

/// What does not exist, or is not allowed. Everything else exists and is.
#[derive(Debug, Default)]
pub(super) struct Missing {
    /// Subscriptions, tenants and ids of subnets, networks and zones, in lower case.
    pub(super) removed: BTreeSet<String>,
    /// Resource groups: subscription (`None` is every one) and name, in lower case.
    pub(super) groups: BTreeSet<(Option<String>, String)>,
    /// Namespaces in lower case that are not registered, and when their registration is through, if it goes on.
    pub(super) unregistered: BTreeMap<String, Option<Timestamp>>,
    /// Permissions that nobody has, in lower case; `*` at the end stands for anything.
    pub(super) denied: BTreeSet<String>,
    /// Client ids whose secret is wrong, and secrets that are wrong for every client.
    pub(super) wrong_secrets: BTreeSet<String>,
    /// Names of classic caches that somebody else has, in lower case.
    pub(super) taken_names: BTreeSet<String>,
    /// No new classic caches for this customer.
    pub(super) classic_refused: bool,
}

/// Operations that can be asked for. The oldest that are over are forgotten first.
const OPERATIONS: usize = 2000;

impl State {
    /// Keeps an operation.
    pub(super) fn note(&mut self, operation: Operation) {
        if self.operations.len() >= OPERATIONS {
            let over = self.operations.values().filter(|operation| operation.ended.is_some());
            let oldest = over.min_by_key(|operation| operation.ended).map(|operation| operation.id.clone());
            oldest.and_then(|id| self.operations.remove(&id));
        }
        self.operations.insert(operation.id.clone(), operation);
    }

    /// Keeps what a resource is now, right before it changes.
    pub(super) fn remember(&mut self, key: &str) {
        let before = self.resources.get(key).cloned();
        self.previous.insert(key.to_owned(), before);
    }

    /// The keys of the parts of a resource, at any depth.
    pub(super) fn parts(&self, key: &str) -> Vec<String> {
        let prefix = format!("{key}/");
        let below = self.resources.range(prefix.clone()..).take_while(|(key, _)| key.starts_with(&prefix));
        below.map(|(key, _)| key.clone()).collect()
    }

    /// Whether something goes on with a resource or any part of it.
    pub(super) fn is_busy(&self, key: &str) -> bool {
        let works = |key: &str| self.resources.get(key).is_some_and(|resource| resource.work.is_some());
        works(key) || self.parts(key).iter().any(|part| works(part))
    }

    /// Whether a resource went so short a time ago that ARM still asks its provider for it.
    pub(super) fn went_lately(&self, key: &str, now: Timestamp) -> bool {
        const LATELY: i64 = 600;
        self.deleted.get(key).is_some_and(|at| now.as_second() - at.as_second() < LATELY)
    }
}

impl Missing {
    /// Whether something named or numbered was taken away.
    pub(super) fn lacks(&self, name: &str) -> bool {
        self.removed.contains(&name.to_ascii_lowercase())
    }

    pub(super) fn lacks_group(&self, subscription: &str, group: &str) -> bool {
        let (subscription, group) = (subscription.to_ascii_lowercase(), group.to_ascii_lowercase());
        self.groups.contains(&(None, group.clone())) || self.groups.contains(&(Some(subscription), group))
    }

    pub(super) fn denies(&self, permission: &str) -> bool {
        let permission = permission.to_ascii_lowercase();
        self.denied.iter().any(|denied| match denied.strip_suffix('*') {
            Some(start) => permission.starts_with(start),
            None => *denied == permission,
        })
    }

    /// Whether a namespace can be used.
    pub(super) fn is_registered(&self, namespace: &str, now: Timestamp) -> bool {
        match self.unregistered.get(&namespace.to_ascii_lowercase()) {
            None => true,
            Some(until) => until.is_some_and(|until| until <= now),
        }
    }
}
