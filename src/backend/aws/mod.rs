//! Amazon Web Services: ElastiCache.
//!
//! One folder per product; what products share stands beside them. API version 2015-02-02.

mod client;
mod credentials;
mod error;
mod events;
mod inputs;
mod network;
mod parameter_groups;
mod place;
mod preflight;
mod query;
mod replication_group;
mod retry;
mod tags;
mod time;
mod watch;

use std::sync::Arc;

use crate::backend::{Backend, Calls, Unobserved};
use crate::cache::{Provider, SizeTable};
use crate::clock::Clock;
use crate::config::Aws;

pub use replication_group::ReplicationGroups;

use client::Clients;
use inputs::Defaults;

/// What all products of AWS share.
#[derive(Debug)]
struct Shared {
    config: Aws,
    defaults: Defaults,
    sizes: SizeTable,
    clock: Arc<dyn Clock>,
    clients: Clients,
}

impl Shared {
    /// What the names of the parameter groups that the driver makes begin with.
    fn prefix(&self) -> &str {
        self.config.parameter_groups.prefix.as_deref().unwrap_or("cache-driver")
    }
}

/// The backends of AWS: replication groups.
///
/// Calls nobody, and needs no identity: both wait for the first call. `user_agent` (`cache-driver/1.0`) is told to AWS with
/// every call.
#[must_use]
pub fn backends(config: &Aws, sizes: SizeTable, clock: Arc<dyn Clock>, user_agent: &str) -> Vec<Arc<dyn Backend>> {
    let calls = Calls::new(Provider::Aws, clock.clone(), Arc::new(Unobserved));
    observed(config, sizes, clock, user_agent, calls)
}

/// The same, with every call told to `calls`.
#[must_use]
pub fn observed(
    config: &Aws,
    sizes: SizeTable,
    clock: Arc<dyn Clock>,
    user_agent: &str,
    calls: Calls,
) -> Vec<Arc<dyn Backend>> {
    let shared = Arc::new(Shared {
        defaults: inputs::read(&config.defaults),
        clients: Clients::new(config, user_agent, calls),
        config: config.clone(),
        sizes,
        clock,
    });
    vec![Arc::new(ReplicationGroups::new(shared))]
}
