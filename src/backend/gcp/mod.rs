//! Google Cloud: Memorystore for Redis, Redis Cluster, Valkey and Memcached, by REST (v1).
//!
//! One folder per product; what products share stands beside them.

mod api;
mod budget;
mod call;
mod collection;
mod credentials;
mod error;
mod http;
mod inputs;
mod instances;
mod labels;
mod lists;
mod memcached;
mod memory;
mod operations;
mod place;
mod prerequisites;
mod psc;
mod redis;
mod redis_cluster;
mod remedy;
mod retry;
mod signs;
mod snapshots;
mod status;
mod valkey;
mod watch;

use std::sync::Arc;

use crate::backend::{Backend, Calls, Unobserved};
use crate::cache::{Provider, SizeTable};
use crate::clock::Clock;
use crate::config::Gcp;

use api::Api;
use inputs::Defaults;

#[cfg(test)]
mod recorded;

/// What all products of Google Cloud share.
#[derive(Debug)]
struct Shared {
    config: Gcp,
    defaults: Defaults,
    sizes: SizeTable,
    clock: Arc<dyn Clock>,
    api: Api,
}

/// The backends of Google Cloud.
///
/// Calls nobody, and needs no identity: both wait for the first call. `user_agent` (`cache-driver/1.0`) is told to Google
/// with every call.
#[must_use]
pub fn backends(config: &Gcp, sizes: SizeTable, clock: Arc<dyn Clock>, user_agent: &str) -> Vec<Arc<dyn Backend>> {
    let calls = Calls::new(Provider::Gcp, clock.clone(), Arc::new(Unobserved));
    observed(config, sizes, clock, user_agent, calls)
}

/// The same, with every call told to `calls`.
#[must_use]
pub fn observed(
    config: &Gcp,
    sizes: SizeTable,
    clock: Arc<dyn Clock>,
    user_agent: &str,
    calls: Calls,
) -> Vec<Arc<dyn Backend>> {
    let api = Api::new(config, clock.clone(), user_agent, calls);
    let shared =
        Arc::new(Shared { config: config.clone(), defaults: inputs::read(&config.defaults), sizes, clock, api });
    vec![
        Arc::new(redis::RedisInstances::new(shared.clone())),
        redis_cluster::backend(shared.clone()),
        valkey::backend(shared.clone()),
        Arc::new(memcached::MemcachedInstances::new(shared)),
    ]
}
