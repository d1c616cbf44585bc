//! The four products and the three services that they are behind.

use super::fields;
use super::schema::Field;

/// A service. Its name is the first segment of its paths here.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Api {
    Redis,
    Memorystore,
    Memcache,
}

impl Api {
    /// The service of a first path segment.
    pub(super) fn find(name: &str) -> Option<Self> {
        [Self::Redis, Self::Memorystore, Self::Memcache].into_iter().find(|api| api.name() == name)
    }

    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Redis => "redis",
            Self::Memorystore => "memorystore",
            Self::Memcache => "memcache",
        }
    }

    /// Its name where services are enabled: `redis.googleapis.com`.
    pub(super) fn host(self) -> String {
        format!("{}.googleapis.com", self.name())
    }

    /// What it is called in texts.
    pub(super) const fn title(self) -> &'static str {
        match self {
            Self::Redis => "Google Cloud Memorystore for Redis API",
            Self::Memorystore => "Memorystore API",
            Self::Memcache => "Cloud Memorystore for Memcached API",
        }
    }
}

/// A product: one collection of one service.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Product {
    Redis,
    Cluster,
    Valkey,
    Memcache,
}

impl Product {
    /// The product behind a collection of a service.
    pub(super) fn find(api: Api, collection: &str) -> Option<Self> {
        let products = [Self::Redis, Self::Cluster, Self::Valkey, Self::Memcache];
        products.into_iter().find(|product| product.api() == api && product.collection() == collection)
    }

    /// The product of a service that has backups.
    pub(super) const fn with_backups(api: Api) -> Self {
        match api {
            Api::Redis | Api::Memcache => Self::Cluster,
            Api::Memorystore => Self::Valkey,
        }
    }

    pub(super) const fn api(self) -> Api {
        match self {
            Self::Redis | Self::Cluster => Api::Redis,
            Self::Valkey => Api::Memorystore,
            Self::Memcache => Api::Memcache,
        }
    }

    pub(super) const fn collection(self) -> &'static str {
        match self {
            Self::Cluster => "clusters",
            _ => "instances",
        }
    }

    /// The collection with its service, as methods and permissions begin: `redis.instances`.
    pub(super) fn prefix(self) -> String {
        format!("{}.{}", self.api().name(), self.collection())
    }

    /// What the resource is called in field paths of errors.
    pub(super) const fn noun(self) -> &'static str {
        match self {
            Self::Cluster => "cluster",
            _ => "instance",
        }
    }

    /// The query parameter that names a new resource.
    pub(super) const fn id_parameter(self) -> &'static str {
        match self {
            Self::Cluster => "clusterId",
            _ => "instanceId",
        }
    }

    /// Clusters and Valkey share their manners: endpoints by Private Service Connect, one path for each update, request ids.
    pub(super) const fn is_psc(self) -> bool {
        matches!(self, Self::Cluster | Self::Valkey)
    }

    /// The state of a resource that can be used.
    pub(super) const fn ready(self) -> &'static str {
        if self.is_psc() { "ACTIVE" } else { "READY" }
    }

    pub(super) const fn fields(self) -> &'static [Field] {
        match self {
            Self::Redis => fields::redis::FIELDS,
            Self::Cluster => fields::cluster::FIELDS,
            Self::Valkey => fields::valkey::FIELDS,
            Self::Memcache => fields::memcache::FIELDS,
        }
    }

    /// The package of its messages.
    pub(super) const fn package(self) -> &'static str {
        match self {
            Self::Redis => "google.cloud.redis.v1",
            Self::Cluster => "google.cloud.redis.cluster.v1",
            Self::Valkey => "google.cloud.memorystore.v1",
            Self::Memcache => "google.cloud.memcache.v1",
        }
    }

    /// The name of its message.
    pub(super) const fn message(self) -> &'static str {
        match self {
            Self::Cluster => "Cluster",
            _ => "Instance",
        }
    }

    /// The fields that an update may name. Those with `.*` may also be named in part.
    pub(super) const fn updatable(self) -> &'static [&'static str] {
        match self {
            Self::Redis => &[
                "displayName",
                "labels",
                "memorySizeGb",
                "redisConfigs",
                "replicaCount",
                "readReplicasMode",
                "secondaryIpRange",
                "authEnabled",
                "persistenceConfig",
                "persistenceConfig.*",
                "maintenancePolicy",
                "maintenancePolicy.*",
                "maintenanceVersion",
            ],
            Self::Cluster => &[
                "shardCount",
                "replicaCount",
                "nodeType",
                "redisConfigs",
                "persistenceConfig",
                "persistenceConfig.*",
                "deletionProtectionEnabled",
                "labels",
                "maintenancePolicy",
                "automatedBackupConfig",
                "automatedBackupConfig.*",
                "crossClusterReplicationConfig",
                "crossClusterReplicationConfig.*",
                "clusterEndpoints",
                "maintenanceVersion",
                "simulateMaintenanceEvent",
                "rotateServerCertificate",
                "aclPolicy",
            ],
            // In the order in which the service itself lists them.
            Self::Valkey => &[
                "engineVersion",
                "automatedBackupConfig",
                "shardCount",
                "persistenceConfig.*",
                "aclPolicy",
                "authMode",
                "simulateMaintenanceEvent",
                "deletionProtectionEnabled",
                "nodeType",
                "crossInstanceReplicationConfig.*",
                "replicaCount",
                "endpoints",
                "rotateServerCertificate",
                "engineConfigs",
                "labels",
                "persistenceConfig",
                "maintenanceWindow",
                "maintenancePolicy",
                "automatedBackupConfig.*",
                "maintenanceVersion",
            ],
            Self::Memcache => &[
                "displayName",
                "labels",
                "nodeCount",
                "maintenancePolicy",
                "maintenancePolicy.*",
                "maintenanceVersion",
            ],
        }
    }
}
