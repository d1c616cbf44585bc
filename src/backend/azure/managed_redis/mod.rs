//! Azure Managed Redis: `Microsoft.Cache/redisEnterprise` of kind `v2`, with its one database.

mod apply;
mod changes;
#[cfg(test)]
mod fixtures;
mod look;
mod observe;
mod parts;
mod resolve;
mod steps;

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use jiff::Timestamp;
use serde_json::Value;

use super::client::Call;
use super::paths::{self, MANAGED_REDIS};
use super::resolving::Setting;
use super::{Shared, keys, place, preflight, tags};
use crate::backend::{
    At, Backend, BackendError, Capabilities, Change, Connection, ConnectionPassword, Diagnosis, Finding, Goal, Kind,
    Leftover, Observed, Owned, PasswordMaker, Phase, Resolved, Result, Scope, Step, Typical,
};
use crate::cache::{Auth, CacheName, Engine, FieldError, Mode, OnDelete, Place, Product, Spec};

const PRODUCT: Product = Product::AzureManagedRedis;

const GET: &str = "redisEnterprise.get";

/// The field of a look that holds the driver's tags which stay for life. No specification has it.
const LASTING: &str = "lasting_tags";

/// Durations as recorded from real traffic between 2025 and 2026: creates 5.5 to 6.6 minutes, deletes 5.
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
        create: Duration::from_mins(7),
        update: Duration::from_mins(10),
        delete: Duration::from_mins(6),
    },
    changes: changes::FIELDS,
    permissions: &[
        "Microsoft.Cache/locations/operationsStatus/read",
        "Microsoft.Cache/redisEnterprise/read",
        "Microsoft.Cache/redisEnterprise/write",
        "Microsoft.Cache/redisEnterprise/delete",
        "Microsoft.Cache/redisEnterprise/listSkusForScaling/action",
        "Microsoft.Cache/redisEnterprise/databases/read",
        "Microsoft.Cache/redisEnterprise/databases/write",
        "Microsoft.Cache/redisEnterprise/databases/listKeys/action",
        "Microsoft.Cache/redisEnterprise/databases/regenerateKey/action",
        "Microsoft.Cache/redisEnterprise/databases/accessPolicyAssignments/read",
        "Microsoft.Cache/redisEnterprise/databases/accessPolicyAssignments/write",
        "Microsoft.Cache/redisEnterprise/databases/accessPolicyAssignments/delete",
        "Microsoft.Cache/redisEnterprise/privateEndpointConnectionsApproval/action",
        "Microsoft.Network/privateEndpoints/read",
        "Microsoft.Network/privateEndpoints/write",
        "Microsoft.Network/privateEndpoints/delete",
        "Microsoft.Network/privateEndpoints/privateDnsZoneGroups/read",
        "Microsoft.Network/privateEndpoints/privateDnsZoneGroups/write",
        "Microsoft.Network/privateDnsZones/join/action",
        "Microsoft.Network/virtualNetworks/subnets/join/action",
        "Microsoft.ManagedIdentity/userAssignedIdentities/assign/action",
        "Microsoft.Resources/subscriptions/resourceGroups/read",
    ],
};

/// What no cache can be made without; the rest is for what a request may ask beside.
const NEEDED: [&str; 6] = [
    "Microsoft.Cache/redisEnterprise/read",
    "Microsoft.Cache/redisEnterprise/write",
    "Microsoft.Cache/redisEnterprise/delete",
    "Microsoft.Cache/redisEnterprise/databases/read",
    "Microsoft.Cache/redisEnterprise/databases/write",
    "Microsoft.Cache/redisEnterprise/databases/listKeys/action",
];

/// Drives Azure Managed Redis.
#[derive(Debug)]
pub struct ManagedRedis {
    shared: Arc<Shared>,
}

impl ManagedRedis {
    pub(super) fn new(shared: Arc<Shared>) -> Self {
        Self { shared }
    }
}

#[async_trait]
impl Backend for ManagedRedis {
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
        let Some(seen) = look::look(&self.shared, at, &situation).await? else {
            return Ok(Observed::absent(situation.subscription));
        };
        Ok(observe::observed(&seen, situation.subscription, at.place.name.as_str(), self.shared.clock.now()))
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
        let (username, password) = if auth == Auth::Password {
            let situation = self.shared.situation(at)?;
            let path = format!("{}/listKeys", paths::database(&paths::cluster(&situation, &at.place.name)));
            let call = Call::ask("databases.listKeys", path, MANAGED_REDIS);
            let key = keys::read(&self.shared.arm, at, &situation, &call, keys::in_use(seen.mark())).await?;
            (None, ConnectionPassword::Told(key))
        } else {
            let ids = seen.fields.get("object_ids").and_then(Value::as_array);
            let first = ids.and_then(|ids| ids.first()).and_then(Value::as_str);
            (first.map(str::to_owned), ConnectionPassword::None)
        };
        let sku = seen.fields.get("sku");
        Ok(Connection {
            endpoint,
            reader: None,
            tls: seen.fields.get("tls") == Some(&true.into()),
            ca_cert: self.shared.config.cache_ca.clone(),
            auth,
            username,
            password,
            cluster_mode: text("mode") == Some(Mode::Cluster.as_str()),
            engine: Engine::Redis,
            engine_version: text("engine_version").map(str::to_owned),
            memory_gb: sku.and_then(|sku| self.shared.sizes.memory_of(PRODUCT, "sku", sku)),
        })
    }

    async fn diagnose(&self, at: &At, since: Timestamp) -> Result<Diagnosis> {
        let situation = self.shared.situation(at)?;
        let cluster = paths::cluster(&situation, &at.place.name);
        let operations = &self.shared.operations;
        let mut told = operations.diagnose(&self.shared.arm, at, &situation, &cluster, since).await?;
        if told.cause.is_none()
            && let Some(seen) = look::look(&self.shared, at, &situation).await?
        {
            let now = self.shared.clock.now();
            let observed = observe::observed(&seen, situation.subscription, at.place.name.as_str(), now);
            if matches!(observed.phase, Phase::Shell | Phase::Failed) {
                told.cause = Some(situation.unexplained(&observed.status));
                told.kind = Some(Kind::Refused);
            }
        }
        Ok(told)
    }

    async fn list(&self, scope: &Scope) -> Result<Vec<Owned>> {
        let found = self.shared.list(scope, PRODUCT, "redisEnterprise", MANAGED_REDIS).await?;
        let owned = found.into_iter().map(|(place, mark, cluster)| {
            let tags = tags::of(&cluster);
            Owned {
                place,
                mark,
                // Of the cluster alone: its database would be a call for each.
                phase: observe::cluster_phase(&cluster),
                status: observe::words(&cluster),
                created_at: observe::created_at(&observe::Seen { cluster, ..Default::default() }, &tags),
            }
        });
        Ok(owned.collect())
    }

    async fn leftovers(&self, _scope: &Scope) -> Result<Vec<Leftover>> {
        // Whatever belongs to a cache goes with it.
        Ok(Vec::new())
    }

    async fn clear(&self, _scope: &Scope, leftover: &Leftover) -> Result<()> {
        let message = format!("nothing of {PRODUCT} is left over: no {} is known", leftover.kind);
        Err(BackendError::new(Kind::Refused, "clear", message))
    }

    async fn preflight(&self, at: &At) -> Vec<Finding> {
        preflight::preflight(&self.shared, at, "redisEnterprise", MANAGED_REDIS, &NEEDED).await
    }
}
