//! Microsoft Azure: Managed Redis, and Azure Cache for Redis.
//!
//! One folder per product; what products share stands beside them. There is no SDK of the resource manager for Rust: the
//! REST API is called over `azure_core`'s pipelines. API versions stand in `paths.rs`.

mod answer;
mod call;
mod classic_redis;
mod client;
mod credentials;
mod entra;
mod error;
mod inputs;
mod keys;
mod managed_redis;
mod operations;
mod paths;
mod patient;
mod place;
mod preflight;
mod private_endpoint;
mod resolving;
mod sku;
mod tags;
mod transport;
mod watch;

use std::sync::Arc;
use std::time::Duration;

use secrecy::SecretString;
use serde_json::Value;

use crate::backend::{At, Backend, BackendError, Calls, Kind, Result, Scope, Unobserved, Who};
use crate::cache::{CacheName, Place, Product, Provider, SizeTable};
use crate::clock::Clock;
use crate::config::Azure;
use crate::kept::Kept;

pub use classic_redis::ClassicRedis;
pub use managed_redis::ManagedRedis;

use call::Call;
use client::Arm;
use inputs::Defaults;
use operations::Operations;
use place::Situation;

/// What all products of Azure share.
#[derive(Debug)]
struct Shared {
    config: Azure,
    defaults: Defaults,
    sizes: SizeTable,
    clock: Arc<dyn Clock>,
    arm: Arm,
    operations: Operations,
    /// Subscriptions that credentials have been seen to reach.
    accounts: Kept<(Who, String), ()>,
}

impl Shared {
    fn situation<'a>(&'a self, at: &'a At) -> Result<Situation<'a>> {
        Situation::of(&self.config, at)
    }

    /// The subscription, once the credentials have been seen to reach it. Asked once per credentials and hour.
    async fn account(&self, at: &At) -> Result<String> {
        let situation = self.situation(at)?;
        let key = (Who::from(&at.credentials), situation.subscription.to_owned());
        if self.accounts.get(&key).is_none() {
            let call = Call::get("resourceGroups.get", situation.group_path(), paths::RESOURCES);
            let answer = self.arm.send(at, &call).await?;
            // A group that is not there is told of by whatever needs it; the subscription answered.
            if !answer.is_absent() {
                answer.done(call.name, &situation)?;
            }
            self.accounts.insert(key, ());
        }
        Ok(situation.subscription.to_owned())
    }

    /// Every resource of a kind in one location of a subscription.
    async fn list(
        &self,
        scope: &Scope,
        product: Product,
        kind: &str,
        version: &'static str,
    ) -> Result<Vec<(Place, Value)>> {
        let account = scope.account.clone().or_else(|| self.config.subscription_id.clone());
        let nowhere = CacheName::existing("-");
        let group = Some(String::new());
        let place = Place { product, account, location: scope.location.clone(), group, name: nowhere };
        let at = At { place, credentials: scope.credentials.clone() };
        let situation = self.situation(&at)?;
        let path = format!("{}/providers/Microsoft.Cache/{kind}", situation.subscription_path());
        let mut call = Call::get("list", path, version);
        let mut found = Vec::new();
        loop {
            let page = self.arm.send(&at, &call).await?.done(call.name, &situation)?.body;
            let Some(resources) = page.get("value").and_then(Value::as_array) else {
                return Err(BackendError::new(Kind::Unavailable, call.name, "the answer is no list"));
            };
            for resource in resources {
                let text = |key: &str| resource.get(key).and_then(Value::as_str).unwrap_or_default();
                if !place::same_location(text("location"), &scope.location) {
                    continue;
                }
                let place = Place {
                    group: place::group_in(text("id")).map(|group| self.group_as_configured(group)),
                    name: CacheName::existing(text("name")),
                    account: Some(situation.subscription.to_owned()),
                    ..at.place.clone()
                };
                found.push((place, resource.clone()));
            }
            match page.get("nextLink").and_then(Value::as_str).filter(|link| !link.is_empty()) {
                Some(next) => call = Call::follow(call.name, SecretString::from(next)),
                None => return Ok(found),
            }
        }
    }

    /// Paths come back in any case; places are compared as they are written.
    fn group_as_configured(&self, group: &str) -> String {
        let known = self.config.allowed_resource_groups().find(|known| known.eq_ignore_ascii_case(group));
        known.unwrap_or(group).to_owned()
    }
}

/// The backends of Azure: Managed Redis, and Azure Cache for Redis.
///
/// Calls nobody, and needs no identity: both wait for the first call. `user_agent` (`cache-driver/1.0`) is told to Azure
/// with every call.
#[must_use]
pub fn backends(config: &Azure, sizes: SizeTable, clock: Arc<dyn Clock>, user_agent: &str) -> Vec<Arc<dyn Backend>> {
    let calls = Calls::new(Provider::Azure, clock.clone(), Arc::new(Unobserved));
    observed(config, sizes, clock, user_agent, calls)
}

/// The same, with every call told to `calls`.
#[must_use]
pub fn observed(
    config: &Azure,
    sizes: SizeTable,
    clock: Arc<dyn Clock>,
    user_agent: &str,
    calls: Calls,
) -> Vec<Arc<dyn Backend>> {
    let shared = Arc::new(Shared {
        defaults: inputs::read(&config.defaults),
        arm: Arm::new(config, user_agent, clock.clone(), calls),
        operations: Operations::new(),
        accounts: Kept::written_within(Duration::from_hours(1), 256),
        config: config.clone(),
        sizes,
        clock,
    });
    vec![Arc::new(ManagedRedis::new(shared.clone())), Arc::new(ClassicRedis::new(shared))]
}
