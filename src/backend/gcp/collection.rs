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

    /// The call that looks at one.
    pub(super) const fn get(self) -> &'static str {
        match self {
            Self::Redis => "redis.instances.get",
            Self::RedisCluster => "redis.clusters.get",
            Self::Valkey => "memorystore.instances.get",
            Self::Memcached => "memcache.instances.get",
        }
    }

    /// The call that lists them.
    pub(super) const fn list(self) -> &'static str {
        match self {
            Self::Redis => "redis.instances.list",
            Self::RedisCluster => "redis.clusters.list",
            Self::Valkey => "memorystore.instances.list",
            Self::Memcached => "memcache.instances.list",
        }
    }

    /// The call that lists long-running operations.
    pub(super) const fn operations(self) -> &'static str {
        match self {
            Self::Redis | Self::RedisCluster => "redis.operations.list",
            Self::Valkey => "memorystore.operations.list",
            Self::Memcached => "memcache.operations.list",
        }
    }

    /// The least of Google's own roles that may make and remove caches.
    pub(super) const fn role(self) -> &'static str {
        match self {
            Self::Redis | Self::RedisCluster => "roles/redis.admin",
            Self::Valkey => "roles/memorystore.admin",
            Self::Memcached => "roles/memcache.admin",
        }
    }
}
