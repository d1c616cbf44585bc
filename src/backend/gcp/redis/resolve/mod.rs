//! From the portable words to the fields of a Redis instance.

mod security;
mod topology;
mod upkeep;

use super::super::instances::{Resolving, Setting, labels, version};
use crate::backend::Resolved;
use crate::cache::{FieldError, Spec};

/// Fields of the block that belong to Valkey, Redis Cluster and memcached.
const OF_OTHERS: [&str; 9] = [
    "node_type",
    "node_count",
    "cpu_count",
    "memory_size_mb",
    "zones",
    "zone_distribution",
    "aof_fsync",
    "server_ca_mode",
    "server_ca_pool",
];

/// Fields of the block that need no thought.
const AS_THEY_ARE: [&str; 3] = ["reserved_ip_range", "zone", "display_name"];

/// What Memorystore for Redis offers, newest first.
/// <https://cloud.google.com/memorystore/docs/redis/supported-versions>
const VERSIONS: [&str; 6] = ["7.2", "7.0", "6.x", "5.0", "4.0", "3.2"];

/// Resolves a specification, or reports everything that the product cannot serve.
pub(super) fn resolve(setting: Setting<'_>, spec: &Spec) -> Result<Resolved, Vec<FieldError>> {
    let mut it = Resolving::new(setting, spec);
    it.refuse(&OF_OTHERS);
    it.kind();
    version(&mut it, &VERSIONS, &setting.config.versions.redis);
    topology::nodes(&mut it);
    topology::memory(&mut it);
    topology::zones(&mut it);
    topology::network(&mut it);
    security::security(&mut it);
    upkeep::parameters(&mut it);
    upkeep::persistence(&mut it);
    upkeep::maintenance(&mut it);
    upkeep::not_offered(&mut it);
    labels(&mut it);
    it.as_they_are(&AS_THEY_ARE);
    it.finish()
}

#[cfg(test)]
mod tests;
