//! How long things take on the real services, and how much faster here.
//!
//! Seconds from recorded operations: a Redis instance of 16 GB takes 250 to 300 to create, 590 to scale and 150 to delete;
//! Memcached of two nodes 280, 65 and 160; Valkey and clusters 10 to 15 minutes to create or delete.

use std::time::Duration;

use super::product::Product;
use crate::clock::Timestamp;

/// The real durations divided by a speed.
#[derive(Debug, Clone, Copy)]
pub(super) struct Pace {
    speed: f64,
}

impl Pace {
    /// A speed that is no positive number counts as 1.
    pub(super) fn new(speed: f64) -> Self {
        Self { speed: if speed.is_finite() && speed > 0.0 { speed } else { 1.0 } }
    }

    /// When something that starts at `from` and really takes `seconds` is over.
    pub(super) fn due(self, from: Timestamp, seconds: u64) -> Timestamp {
        let scaled = Duration::try_from_secs_f64(Duration::from_secs(seconds).as_secs_f64() / self.speed);
        from.checked_add(scaled.unwrap_or(Duration::MAX)).unwrap_or(Timestamp::MAX)
    }
}

/// A user or token added or removed.
pub(super) const TOKENS: u64 = 20;
/// A backup taken or removed.
pub(super) const BACKUP: u64 = 300;
/// A failover of a Redis instance.
pub(super) const FAILOVER: u64 = 60;
/// A version upgrade.
pub(super) const UPGRADE: u64 = 600;
/// New parameters noted; applying them restarts the nodes.
pub(super) const PARAMETERS: u64 = 30;
/// Parameters applied.
pub(super) const APPLY: u64 = 120;
/// How long a maintenance policy keeps an instance `UPDATING` after its operation is done.
pub(super) const LINGER: u64 = 60;

pub(super) const fn create(product: Product) -> u64 {
    match product {
        Product::Redis => 270,
        Product::Memcache => 280,
        Product::Cluster | Product::Valkey => 720,
    }
}

pub(super) const fn delete(product: Product) -> u64 {
    match product {
        Product::Redis => 150,
        Product::Memcache => 160,
        Product::Cluster | Product::Valkey => 600,
    }
}

/// An update of one field, named in camelCase.
pub(super) fn update(product: Product, field: &str) -> u64 {
    match (product, field) {
        (Product::Memcache, "nodeCount") => 65,
        (Product::Redis, "memorySizeGb") => 590,
        (Product::Redis, "replicaCount" | "readReplicasMode") => 400,
        (Product::Redis, "redisConfigs" | "authEnabled" | "persistenceConfig") => 60,
        (_, "shardCount" | "replicaCount" | "nodeType" | "engineVersion" | "redisVersion") => UPGRADE,
        (_, "engineConfigs" | "redisConfigs" | "persistenceConfig") => 300,
        (_, "endpoints" | "clusterEndpoints") => 120,
        _ => 20,
    }
}
