//! The four collections of resources, as Google's APIs name them.

use crate::cache::Product;

/// A collection of resources of one API.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Collection {
    /// Memorystore for Redis: `redis.googleapis.com`, `instances`.
    Redis,
    /// Memorystore for Redis Cluster: `redis.googleapis.com`, `clusters`.
    RedisCluster,
    /// Memorystore for Valkey: `memorystore.googleapis.com`, `instances`.
    Valkey,
    /// Memorystore for Memcached: `memcache.googleapis.com`, `instances`.
    Memcached,
}

impl Collection {
    /// The first part of the API's host name.
    pub(super) const fn service(self) -> &'static str {
        match self {
            Self::Redis | Self::RedisCluster => "redis",
            Self::Valkey => "memorystore",
            Self::Memcached => "memcache",
        }
    }

    /// The last part of the collection's path, and its key in a list's answer.
    pub(super) const fn noun(self) -> &'static str {
        match self {
            Self::RedisCluster => "clusters",
            Self::Redis | Self::Valkey | Self::Memcached => "instances",
        }
    }

    /// The product that lives there.
    pub(super) const fn product(self) -> Product {
        match self {
            Self::Redis => Product::GcpRedis,
            Self::RedisCluster => Product::GcpRedisCluster,
            Self::Valkey => Product::GcpValkey,
            Self::Memcached => Product::GcpMemcached,
        }
    }
}
