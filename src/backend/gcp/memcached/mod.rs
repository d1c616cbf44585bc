//! Memorystore for Memcached: nodes behind one discovery endpoint (`memcache/v1`, `projects.locations.instances`).
//!
//! It has neither passwords nor TLS nor replicas: what protects it is the network alone.

mod apply;
mod changes;
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
use super::instances::{Accepted, Setting, lacks, read};
use super::prerequisites::Needs;
use super::{Shared, place};
use crate::backend::{
    At, Backend, Capabilities, Change, Connection, ConnectionPassword, Diagnosis, Fields, Finding, Goal, Listed,
    Observed, PasswordMaker, Permission, Resolved, Result, Scope, Step, Typical,
};
use crate::cache::{Auth, CacheName, Engine, FieldError, OnDelete, Place, Product, Spec};

const PRODUCT: Product = Product::GcpMemcached;
const COLLECTION: Collection = Collection::Memcached;

/// What Google's words for versions begin with.
const ENGINE: &str = "MEMCACHE";

/// Durations as recorded with two nodes: create 4.7 minutes, another node 1.1, delete 2.7.
static CAPABILITIES: Capabilities = Capabilities {
    product: PRODUCT,
    engines: PRODUCT.engines(),
    modes: PRODUCT.modes(),
    on_delete: &[OnDelete::Delete, OnDelete::Hold, OnDelete::Detach],
    password: PasswordMaker::Nobody,
    adopts: true,
    failed_creation_vanishes: true,
    mark_lags: true,
    typical: Typical { create: Duration::from_mins(5), update: Duration::from_mins(5), delete: Duration::from_mins(3) },
    changes: changes::FIELDS,
    permissions: &[
        Permission::read("compute.networks.get").for_check(),
        Permission::write("memcache.instances.applyParameters"),
        Permission::write("memcache.instances.create"),
        Permission::write("memcache.instances.delete"),
        Permission::read("memcache.instances.get"),
        Permission::read("memcache.instances.list"),
        Permission::write("memcache.instances.update"),
        Permission::write("memcache.instances.updateParameters"),
        Permission::write("memcache.instances.upgrade"),
        Permission::read("memcache.operations.list"),
    ],
};

/// Drives Memorystore for Memcached.
#[derive(Debug)]
pub(super) struct MemcachedInstances {
    shared: Arc<Shared>,
    accepted: Accepted,
}

impl MemcachedInstances {
    pub(super) fn new(shared: Arc<Shared>) -> Self {
        Self { shared, accepted: Accepted::default() }
    }
}

#[async_trait]
impl Backend for MemcachedInstances {
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

    async fn connection(&self, _at: &At, seen: &Observed) -> Result<Connection> {
        let full_version = seen.fields.get("full_version").or_else(|| seen.fields.get("engine_version"));
        let memory_mb = seen.fields.get("memory_size_mb");
        Ok(Connection {
            endpoint: seen.endpoint.clone().ok_or_else(|| lacks(steps::CALLS.get, "discovery endpoint"))?,
            reader: None,
            tls: false,
            ca_cert: None,
            auth: Auth::None,
            username: None,
            password: ConnectionPassword::None,
            cluster_mode: false,
            engine: Engine::Memcached,
            engine_version: full_version.and_then(Value::as_str).map(str::to_owned),
            memory_gb: memory_mb.and_then(|mb| self.shared.sizes.memory_of(PRODUCT, "memory_size_mb", mb)),
        })
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
        let peering = true;
        let needs = Needs { collection: COLLECTION, permissions: CAPABILITIES.permissions, peering };
        self.shared.api.prerequisites(at, &needs, wanted).await
    }
}
