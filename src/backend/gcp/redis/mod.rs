//! Memorystore for Redis: instances of one primary, with or without replicas (`redis/v1`, `projects.locations.instances`).

mod apply;
mod changes;
mod connection;
mod convert;
#[cfg(test)]
mod fixtures;
mod instance;
mod observe;
mod resolve;
mod steps;

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use jiff::Timestamp;
use serde_json::Value;

use self::instance::Instance;
use super::collection::Collection;
use super::instances::{Accepted, Setting, read};
use super::prerequisites::Needs;
use super::{Shared, place};
use crate::backend::{
    At, Backend, Capabilities, Change, Connection, Diagnosis, Feature, Fields, Finding, Goal, Listed, Observed,
    PasswordMaker, Permission, Resolved, Result, Scope, Step, Typical,
};
use crate::cache::{CacheName, FieldError, OnDelete, Place, Product, Spec};

const PRODUCT: Product = Product::GcpRedis;
const COLLECTION: Collection = Collection::Redis;

/// What Google's words for versions begin with.
const ENGINE: &str = "REDIS";
const BASIC: &str = "BASIC";
const STANDARD: &str = "STANDARD_HA";
const DIRECT_PEERING: &str = "DIRECT_PEERING";
const RDB: &str = "rdb";
/// The second range of addresses, as Google chooses it.
const AUTO: &str = "auto";
/// The least GB of an instance whose replicas answer reads.
/// <https://cloud.google.com/memorystore/docs/redis/about-read-replicas>
const LEAST_WITH_READS: i64 = 5;

/// Durations as recorded: creates 4 to 5 minutes, changes of the memory 10, deletes 2.5.
static CAPABILITIES: Capabilities = Capabilities {
    product: PRODUCT,
    engines: PRODUCT.engines(),
    modes: PRODUCT.modes(),
    // A final snapshot would be an export, which needs a bucket and rights on it.
    on_delete: &[OnDelete::Delete, OnDelete::Hold, OnDelete::Detach],
    password: PasswordMaker::Cloud,
    adopts: true,
    failed_creation_vanishes: true,
    mark_lags: true,
    typical: Typical {
        create: Duration::from_mins(5),
        update: Duration::from_mins(10),
        delete: Duration::from_secs(150),
    },
    changes: changes::FIELDS,
    permissions: &[
        Permission::read("cloudkms.cryptoKeys.get").with(Feature::EncryptionKey),
        Permission::read("compute.networks.get").for_check(),
        Permission::write("redis.instances.create"),
        Permission::write("redis.instances.delete"),
        Permission::read("redis.instances.get"),
        Permission::secret("redis.instances.getAuthString"),
        Permission::read("redis.instances.list"),
        Permission::write("redis.instances.update"),
        Permission::write("redis.instances.updateAuth"),
        Permission::write("redis.instances.upgrade"),
        Permission::read("redis.operations.list"),
    ],
};

/// Drives Memorystore for Redis.
#[derive(Debug)]
pub(super) struct RedisInstances {
    shared: Arc<Shared>,
    accepted: Accepted,
}

impl RedisInstances {
    pub(super) fn new(shared: Arc<Shared>) -> Self {
        Self { shared, accepted: Accepted::default() }
    }
}

#[async_trait]
impl Backend for RedisInstances {
    fn capabilities(&self) -> &Capabilities {
        &CAPABILITIES
    }

    fn resolve(&self, spec: &Spec) -> std::result::Result<Resolved, Vec<FieldError>> {
        let Shared { config, defaults, sizes, .. } = self.shared.as_ref();
        resolve::resolve(Setting { product: PRODUCT, config, defaults, sizes }, spec)
    }

    fn place(&self, spec: &Spec, name: &CacheName) -> std::result::Result<Place, Vec<FieldError>> {
        place::place(&self.shared.config, PRODUCT, spec, name)
    }

    fn places(&self, name: &CacheName) -> Vec<Place> {
        place::places(&self.shared.config, PRODUCT, name)
    }

    async fn account(&self, at: &At) -> Result<String> {
        self.shared.api.account(at).await
    }

    async fn observe(&self, at: &At) -> Result<Observed> {
        let account = self.shared.api.project(at).await?;
        match self.shared.api.look(at, COLLECTION).await? {
            Some(resource) => {
                let mut seen = observe::observed(&read(steps::CALLS.get, &resource)?, &account);
                self.accepted.complete(&self.shared.api.name(at, COLLECTION).await?, &mut seen);
                Ok(seen)
            }
            None => Ok(Observed::absent(account)),
        }
    }

    fn changes(&self, wanted: &Resolved, seen: &Observed) -> Vec<Change> {
        changes::changes(wanted, seen)
    }

    fn steps(&self, goal: &Goal<'_>, seen: &Observed) -> Vec<Step> {
        steps::steps(goal, seen)
    }

    async fn apply(&self, at: &At, step: &Step) -> Result<()> {
        let name = self.shared.api.name(at, COLLECTION).await?;
        apply::apply(&self.shared.api, at, &name, step).await?;
        if let Some(mark) = step.mark.as_ref().filter(|_| step.call == steps::CALLS.patch) {
            self.accepted.wrote(&name, mark);
        }
        Ok(())
    }

    async fn connection(&self, at: &At, seen: &Observed) -> Result<Connection> {
        connection::connection(&self.shared, at, &self.shared.api.name(at, COLLECTION).await?, seen).await
    }

    async fn diagnose(&self, at: &At, since: Timestamp) -> Result<Diagnosis> {
        self.shared.api.diagnose(at, COLLECTION, since).await
    }

    async fn list(&self, scope: &Scope) -> Result<Vec<Listed>> {
        let observed = |resource: &Value, project: &str| {
            read(COLLECTION.list(), resource).ok().map(|instance: Instance| observe::observed(&instance, project))
        };
        self.shared.api.caches(scope, COLLECTION, observed).await
    }

    async fn preflight(&self, at: &At, wanted: &Fields) -> Vec<Finding> {
        let peering = wanted.get("connect_mode").and_then(Value::as_str) == Some("PRIVATE_SERVICE_ACCESS");
        let needs = Needs { collection: COLLECTION, permissions: CAPABILITIES.permissions, peering };
        self.shared.api.prerequisites(at, &needs, wanted).await
    }
}
