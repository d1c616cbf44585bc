//! Memorystore for Redis Cluster (`redis/v1`, `clusters`).

use std::sync::Arc;

use super::Shared;
use super::collection::Collection;
use super::psc::{CHANGES, Calls, Dialect, ON_DELETE, Psc, TYPICAL, Versions};
use crate::backend::{Backend, Capabilities, Feature, PasswordMaker, Permission};
use crate::cache::{Auth, Product};

const PRODUCT: Product = Product::GcpRedisCluster;

pub(super) static DIALECT: Dialect = Dialect {
    capabilities: Capabilities {
        product: PRODUCT,
        engines: PRODUCT.engines(),
        modes: PRODUCT.modes(),
        on_delete: ON_DELETE,
        password: PasswordMaker::Cloud,
        adopts: true,
        failed_creation_vanishes: true,
        mark_lags: true,
        typical: TYPICAL,
        changes: CHANGES,
        // Users and tokens have no permissions of their own: they are part of the cluster.
        permissions: &[
            Permission::read("cloudkms.cryptoKeys.get").with(Feature::EncryptionKey),
            Permission::read("compute.networks.get").for_check(),
            Permission::read("networkconnectivity.serviceConnectionPolicies.list").for_check(),
            Permission::read("redis.backups.get"),
            Permission::write("redis.clusters.backup"),
            Permission::write("redis.clusters.create"),
            Permission::write("redis.clusters.delete"),
            Permission::read("redis.clusters.get"),
            Permission::read("redis.clusters.list"),
            Permission::write("redis.clusters.update"),
            Permission::read("redis.locations.get"),
            Permission::read("redis.operations.list"),
        ],
    },
    collection: Collection::RedisCluster,
    calls: Calls {
        create: "redis.clusters.create",
        get: "redis.clusters.get",
        patch: "redis.clusters.patch",
        delete: "redis.clusters.delete",
        backup: "redis.clusters.backup",
        get_backup: "redis.backupCollections.backups.get",
        get_authority: "redis.clusters.getCertificateAuthority",
        get_shared_authority: "redis.getSharedRegionalCertificateAuthority",
        add_user: "redis.clusters.addTokenAuthUser",
        get_user: "redis.clusters.tokenAuthUsers.get",
        add_token: "redis.clusters.tokenAuthUsers.addAuthToken",
        list_tokens: "redis.clusters.tokenAuthUsers.authTokens.list",
        get_token: "redis.clusters.tokenAuthUsers.authTokens.get",
        delete_token: "redis.clusters.tokenAuthUsers.authTokens.delete",
    },
    id_parameter: "clusterId",
    node_prefix: "REDIS_",
    // <https://cloud.google.com/memorystore/docs/cluster/memorystore-for-redis-cluster-overview>
    versions: Versions::Given("7.2"),
    parameters: "redisConfigs",
    auth: [
        (Auth::None, "AUTH_MODE_DISABLED"),
        (Auth::Iam, "AUTH_MODE_IAM_AUTH"),
        (Auth::Password, "AUTH_MODE_TOKEN_AUTH"),
    ],
    tls: ["TRANSIT_ENCRYPTION_MODE_SERVER_AUTHENTICATION", "TRANSIT_ENCRYPTION_MODE_DISABLED"],
    fsync: [("no", "NO"), ("everysec", "EVERYSEC"), ("always", "ALWAYS")],
    ca_prefix: "SERVER_CA_MODE_",
    service_class: "gcp-memorystore-redis",
};

/// The backend.
pub(super) fn backend(shared: Arc<Shared>) -> Arc<dyn Backend> {
    Arc::new(Psc::new(shared, &DIALECT))
}
