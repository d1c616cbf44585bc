//! Azure Cache for Redis, `Microsoft.Cache/redis`: retired on 2028-09-30, and closed to new customers since 2026-04-01.
//!
//! What exists is adopted, changed, rotated and removed; a new one is made only for a request that names the product.

mod apply;
mod changes;
#[cfg(test)]
mod fixtures;
mod observe;
mod resolve;
mod steps;

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use jiff::Timestamp;
use serde_json::Value;

use super::call::Call;
use super::paths::{self, CLASSIC_REDIS};
use super::place::{Situation, same_location};
use super::preflight::Needs;
use super::resolving::Setting;
use super::{Shared, keys, place, preflight, tags};
use crate::backend::{
    At, Backend, BackendError, Capabilities, Change, Connection, ConnectionPassword, Diagnosis, Feature, Fields,
    Finding, Goal, Kind, Listed, Observed, PasswordMaker, Permission, Phase, Resolved, Result, Scope, Step, Typical,
};
use crate::cache::{Auth, CacheName, Engine, FieldError, Mode, OnDelete, Place, Product, Spec};

const PRODUCT: Product = Product::AzureClassicRedis;

const GET: &str = "redis.get";

/// The field of a look that holds the driver's tags which stay for life. No specification has it.
const LASTING: &str = "lasting_tags";

/// Durations as recorded from real traffic: creates 9 to 14 minutes, deletes 4 to 9.
static CAPABILITIES: Capabilities = Capabilities {
    product: PRODUCT,
    engines: PRODUCT.engines(),
    modes: PRODUCT.modes(),
    // A last snapshot would need a storage account.
    on_delete: &[OnDelete::Delete, OnDelete::Hold, OnDelete::Detach],
    password: PasswordMaker::Cloud,
    adopts: true,
    failed_creation_vanishes: false,
    mark_lags: false,
    typical: Typical {
        create: Duration::from_mins(13),
        update: Duration::from_mins(15),
        delete: Duration::from_mins(9),
    },
    changes: changes::FIELDS,
    permissions: &[
        Permission::read("Microsoft.Authorization/permissions/read").for_check(),
        Permission::read("Microsoft.Cache/locations/asyncOperations/read"),
        Permission::read("Microsoft.Cache/redis/read"),
        Permission::write("Microsoft.Cache/redis/write"),
        Permission::write("Microsoft.Cache/redis/delete"),
        Permission::secret("Microsoft.Cache/redis/listKeys/action"),
        Permission::write("Microsoft.Cache/redis/regenerateKey/action"),
        Permission::write("Microsoft.Network/virtualNetworks/subnets/join/action").with(Feature::PrivateEndpoint),
        Permission::read("Microsoft.Network/virtualNetworks/subnets/read").with(Feature::PrivateEndpoint).for_check(),
        Permission::read("Microsoft.Resources/subscriptions/providers/read").for_check(),
        Permission::read("Microsoft.Resources/subscriptions/resourceGroups/read"),
    ],
};

/// Drives Azure Cache for Redis.
#[derive(Debug)]
pub struct ClassicRedis {
    shared: Arc<Shared>,
}

impl ClassicRedis {
    pub(super) fn new(shared: Arc<Shared>) -> Self {
        Self { shared }
    }

    /// `None` if there is no cache at the place.
    async fn look(&self, at: &At, situation: &Situation<'_>) -> Result<Option<Value>> {
        let call = Call::get(GET, paths::classic(situation, &at.place.name), CLASSIC_REDIS);
        let answer = self.shared.arm.send(at, &call).await?;
        if answer.shows_nothing() {
            return Ok(None);
        }
        let cache = answer.done(GET, situation)?.body;
        // The name alone is the path: the same name in another location is another place.
        let elsewhere = |there: &str| !same_location(there, situation.location);
        let is_elsewhere = cache.get("location").and_then(Value::as_str).is_some_and(elsewhere);
        Ok((!is_elsewhere).then_some(cache))
    }
}

#[async_trait]
impl Backend for ClassicRedis {
    fn capabilities(&self) -> &Capabilities {
        &CAPABILITIES
    }

    fn resolve(&self, spec: &Spec) -> std::result::Result<Resolved, Vec<FieldError>> {
        let setting = Setting { defaults: &self.shared.defaults, sizes: &self.shared.sizes };
        resolve::resolve(setting, spec)
    }

    fn place(&self, spec: &Spec, name: &CacheName) -> std::result::Result<Place, Vec<FieldError>> {
        place::place(&self.shared.config, &self.shared.defaults, PRODUCT, spec, name)
    }

    fn places(&self, name: &CacheName) -> Vec<Place> {
        place::places(&self.shared.config, PRODUCT, name)
    }

    async fn account(&self, at: &At) -> Result<String> {
        self.shared.account(at).await
    }

    async fn observe(&self, at: &At) -> Result<Observed> {
        let situation = self.shared.situation(at)?;
        let cache = self.look(at, &situation).await?;
        Ok(cache.map_or_else(
            || Observed::absent(situation.subscription),
            |cache| observe::observed(&cache, situation.subscription),
        ))
    }

    fn changes(&self, wanted: &Resolved, seen: &Observed) -> Vec<Change> {
        changes::changes(wanted, seen)
    }

    fn steps(&self, goal: &Goal<'_>, seen: &Observed) -> Vec<Step> {
        steps::steps(goal, seen)
    }

    async fn apply(&self, at: &At, step: &Step) -> Result<()> {
        apply::apply(&self.shared, at, step).await
    }

    async fn connection(&self, at: &At, seen: &Observed) -> Result<Connection> {
        let lacks = |what: &str| BackendError::new(Kind::Busy, GET, format!("the cache shows no {what} yet"));
        let text = |field: &str| seen.fields.get(field).and_then(Value::as_str);
        let auth: Auth =
            text("auth").and_then(|auth| auth.parse().ok()).ok_or_else(|| lacks("way of authentication"))?;
        let endpoint = seen.endpoint.clone().ok_or_else(|| lacks("endpoint"))?;
        let password = if auth == Auth::Password {
            let (now, patience) = (self.shared.clock.now(), self.shared.config.timeouts.operation);
            keys::check_settled(seen, LASTING, now, patience, GET)?;
            let situation = self.shared.situation(at)?;
            let path = format!("{}/listKeys", paths::classic(&situation, &at.place.name));
            let call = Call::ask("redis.listKeys", path, CLASSIC_REDIS);
            let key = keys::read(&self.shared.arm, at, &situation, &call, keys::in_use(seen.mark())).await?;
            ConnectionPassword::Told(key)
        } else {
            ConnectionPassword::None
        };
        let sku = seen.fields.get("sku");
        Ok(Connection {
            endpoint,
            reader: None,
            tls: seen.fields.get("tls") == Some(&true.into()),
            ca_cert: self.shared.config.cache_ca.clone(),
            auth,
            username: None,
            password,
            cluster_mode: text("mode") == Some(Mode::Cluster.as_str()),
            engine: Engine::Redis,
            engine_version: text("redis_version").map(str::to_owned),
            memory_gb: sku.and_then(|sku| self.shared.sizes.memory_of(PRODUCT, "sku", sku)),
        })
    }

    async fn diagnose(&self, at: &At, since: Timestamp) -> Result<Diagnosis> {
        let situation = self.shared.situation(at)?;
        let path = paths::classic(&situation, &at.place.name);
        let operations = &self.shared.operations;
        let mut told = operations.diagnose(&self.shared.arm, at, &situation, &path, since).await?;
        if told.cause.is_none()
            && let Some(cache) = self.look(at, &situation).await?
            && observe::phase(&cache) == Phase::Failed
        {
            told.cause = Some(situation.unexplained(observe::status(&cache)));
            told.kind = Some(Kind::Refused);
        }
        Ok(told)
    }

    async fn list(&self, scope: &Scope) -> Result<Vec<Listed>> {
        let found = self.shared.list(scope, PRODUCT, "redis", CLASSIC_REDIS).await?;
        let listed = found.into_iter().map(|(place, cache)| Listed {
            place,
            ownership: tags::ownership(&tags::of(&cache)),
            phase: observe::phase(&cache),
            status: observe::status(&cache).to_owned(),
            created_at: observe::created_at(&cache),
            fields: None,
        });
        Ok(listed.collect())
    }

    async fn preflight(&self, at: &At, wanted: &Fields) -> Vec<Finding> {
        let needs = Needs { kind: "redis", version: CLASSIC_REDIS, permissions: CAPABILITIES.permissions };
        preflight::preflight(&self.shared, at, &needs, wanted).await
    }
}
