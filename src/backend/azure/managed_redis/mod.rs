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

use super::call::Call;
use super::paths::{self, MANAGED_REDIS};
use super::preflight::Needs;
use super::resolving::Setting;
use super::{Shared, keys, place, preflight, tags};
use crate::backend::{
    At, Backend, BackendError, Capabilities, Change, Connection, ConnectionPassword, Diagnosis, Feature, Fields,
    Finding, Goal, Kind, Listed, Observed, PasswordMaker, Permission, Resolved, Result, Scope, Step, Typical,
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
        Permission::read("Microsoft.Authorization/permissions/read").for_check(),
        Permission::read("Microsoft.Cache/locations/operationsStatus/read"),
        Permission::read("Microsoft.Cache/redisEnterprise/read"),
        Permission::write("Microsoft.Cache/redisEnterprise/write"),
        Permission::write("Microsoft.Cache/redisEnterprise/delete"),
        Permission::read("Microsoft.Cache/redisEnterprise/listSkusForScaling/action"),
        Permission::read("Microsoft.Cache/redisEnterprise/databases/read"),
        Permission::write("Microsoft.Cache/redisEnterprise/databases/write"),
        Permission::secret("Microsoft.Cache/redisEnterprise/databases/listKeys/action"),
        Permission::write("Microsoft.Cache/redisEnterprise/databases/regenerateKey/action"),
        Permission::read("Microsoft.Cache/redisEnterprise/databases/accessPolicyAssignments/read"),
        Permission::write("Microsoft.Cache/redisEnterprise/databases/accessPolicyAssignments/write")
            .with(Feature::IamAuth),
        Permission::write("Microsoft.Cache/redisEnterprise/databases/accessPolicyAssignments/delete")
            .with(Feature::IamAuth),
        Permission::write("Microsoft.Cache/redisEnterprise/PrivateEndpointConnectionsApproval/action")
            .with(Feature::PrivateEndpoint),
        Permission::write("Microsoft.ManagedIdentity/userAssignedIdentities/assign/action")
            .with(Feature::EncryptionKey),
        Permission::write("Microsoft.Network/privateDnsZones/join/action").with(Feature::PrivateEndpoint),
        Permission::read("Microsoft.Network/privateDnsZones/read").with(Feature::PrivateEndpoint).for_check(),
        Permission::read("Microsoft.Network/privateEndpoints/read").with(Feature::PrivateEndpoint),
        Permission::write("Microsoft.Network/privateEndpoints/write").with(Feature::PrivateEndpoint),
        Permission::write("Microsoft.Network/privateEndpoints/delete").with(Feature::PrivateEndpoint),
        Permission::read("Microsoft.Network/privateEndpoints/privateDnsZoneGroups/read").with(Feature::PrivateEndpoint),
        Permission::write("Microsoft.Network/privateEndpoints/privateDnsZoneGroups/write")
            .with(Feature::PrivateEndpoint),
        Permission::write("Microsoft.Network/virtualNetworks/subnets/join/action").with(Feature::PrivateEndpoint),
        Permission::read("Microsoft.Network/virtualNetworks/subnets/read").with(Feature::PrivateEndpoint).for_check(),
        Permission::read("Microsoft.Resources/subscriptions/providers/read").for_check(),
        Permission::read("Microsoft.Resources/subscriptions/resourceGroups/read"),
    ],
};

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
            let (now, patience) = (self.shared.clock.now(), self.shared.config.timeouts.operation);
            keys::check_settled(seen, LASTING, now, patience, GET)?;
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
            if let Some(failure) = observe::failure(&seen, &observed) {
                told.cause = Some(situation.unexplained(&failure));
                told.kind = Some(Kind::Refused);
            }
        }
        Ok(told)
    }

    async fn list(&self, scope: &Scope) -> Result<Vec<Listed>> {
        let found = self.shared.list(scope, PRODUCT, "redisEnterprise", MANAGED_REDIS).await?;
        let listed = found.into_iter().map(|(place, cluster)| {
            let tags = tags::of(&cluster);
            Listed {
                place,
                ownership: tags::ownership(&tags),
                // Of the cluster alone: its database would be a call for each.
                phase: observe::cluster_phase(&cluster),
                status: observe::words(&cluster),
                created_at: observe::created_at(&observe::Seen { cluster, ..Default::default() }, &tags),
                fields: None,
            }
        });
        Ok(listed.collect())
    }

    async fn preflight(&self, at: &At, wanted: &Fields) -> Vec<Finding> {
        let needs = Needs { kind: "redisEnterprise", version: MANAGED_REDIS, permissions: CAPABILITIES.permissions };
        preflight::preflight(&self.shared, at, &needs, wanted).await
    }
}
