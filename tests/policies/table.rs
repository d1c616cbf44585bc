//! Which permission each call needs, as the vendors document it.

/// One cloud.
pub(crate) struct Table {
    /// Calls with the permissions that they need; none where the cloud asks for none.
    pub(crate) calls: &'static [(&'static str, &'static [&'static str])],
    /// Permissions that no call shows, each with the reason.
    pub(crate) exceptions: &'static [(&'static str, &'static str)],
}

impl Table {
    /// What a call needs; `None` if the table does not know it.
    pub(crate) fn needs(&self, call: &str) -> Option<&'static [&'static str]> {
        self.calls.iter().find(|(known, _)| *known == call).map(|(_, needs)| *needs)
    }

    /// Whether an exception holds for one product while a call of another shows it.
    pub(crate) fn only_for_some(&self, action: &str) -> bool {
        action == "Microsoft.Network/virtualNetworks/subnets/join/action" && self.is_excepted(action)
    }

    pub(crate) fn is_excepted(&self, action: &str) -> bool {
        self.exceptions.iter().any(|(excepted, _)| *excepted == action)
    }
}

/// Actions have the names of operations:
/// <https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonelasticache.html>,
/// <https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonec2.html>,
/// <https://docs.aws.amazon.com/service-authorization/latest/reference/list_awsidentityandaccessmanagementiam.html>,
/// <https://docs.aws.amazon.com/service-authorization/latest/reference/list_awskeymanagementservice.html>,
/// <https://docs.aws.amazon.com/service-authorization/latest/reference/list_awssecuritytokenservice.html>.
pub(crate) const AWS: Table = Table {
    calls: &[
        // With tags: the reference names it as a dependent action.
        ("CreateReplicationGroup", &["elasticache:CreateReplicationGroup", "elasticache:AddTagsToResource"]),
        ("CreateCacheParameterGroup", &["elasticache:CreateCacheParameterGroup", "elasticache:AddTagsToResource"]),
        ("DeleteCacheParameterGroup", &["elasticache:DeleteCacheParameterGroup"]),
        ("DescribeCacheParameterGroups", &["elasticache:DescribeCacheParameterGroups"]),
        ("DecreaseReplicaCount", &["elasticache:DecreaseReplicaCount"]),
        ("DeleteReplicationGroup", &["elasticache:DeleteReplicationGroup"]),
        ("DescribeCacheClusters", &["elasticache:DescribeCacheClusters"]),
        ("DescribeCacheParameters", &["elasticache:DescribeCacheParameters"]),
        ("DescribeCacheSubnetGroups", &["elasticache:DescribeCacheSubnetGroups"]),
        ("DescribeEvents", &["elasticache:DescribeEvents"]),
        ("DescribeReplicationGroups", &["elasticache:DescribeReplicationGroups"]),
        ("IncreaseReplicaCount", &["elasticache:IncreaseReplicaCount"]),
        ("ModifyCacheParameterGroup", &["elasticache:ModifyCacheParameterGroup"]),
        ("ModifyReplicationGroup", &["elasticache:ModifyReplicationGroup"]),
        ("ModifyReplicationGroupShardConfiguration", &["elasticache:ModifyReplicationGroupShardConfiguration"]),
        ("DescribeSecurityGroups", &["ec2:DescribeSecurityGroups"]),
        ("SimulatePrincipalPolicy", &["iam:SimulatePrincipalPolicy"]),
        ("DescribeKey", &["kms:DescribeKey"]),
        ("GetCallerIdentity", &["sts:GetCallerIdentity"]),
    ],
    exceptions: &[
        (
            "elasticache:CreateSnapshot",
            "DeleteReplicationGroup takes it where it leaves a last snapshot, without a call of its own: \
             https://docs.aws.amazon.com/AmazonElastiCache/latest/APIReference/API_DeleteReplicationGroup.html",
        ),
        (
            "iam:CreateServiceLinkedRole",
            "ElastiCache makes the role with the caller's rights, once in an account: \
             https://docs.aws.amazon.com/AmazonElastiCache/latest/dg/using-service-linked-roles.html",
        ),
        (
            "kms:CreateGrant",
            "ElastiCache makes the grant with the caller's rights: \
             https://docs.aws.amazon.com/AmazonElastiCache/latest/dg/at-rest-encryption.html",
        ),
        ("s3:GetObject", "ElastiCache reads the file: a dependent action of CreateReplicationGroup in the reference"),
        ("sts:AssumeRole", "only for accounts that the config names: tests/backend_aws/identity.rs"),
    ],
};

/// Redis and Redis Cluster: <https://docs.cloud.google.com/memorystore/docs/redis/audit-logs>, which names the permission of
/// each method; Valkey: <https://cloud.google.com/memorystore/docs/valkey/access-control>; Memcached:
/// <https://cloud.google.com/memorystore/docs/memcached/access-control>. Users and tokens have no permissions of their own in any
/// of them; like the certificate authority (which the audit log names) they are taken for parts of the instance.
pub(crate) const GCP: Table = Table {
    calls: &[
        // <https://cloud.google.com/resource-manager/reference/rest/v1/projects/testIamPermissions>: none is required.
        ("cloudresourcemanager.projects.testIamPermissions", &[]),
        ("cloudkms.cryptoKeys.get", &["cloudkms.cryptoKeys.get"]),
        ("compute.networks.get", &["compute.networks.get"]),
        ("networkconnectivity.serviceConnectionPolicies.list", &["networkconnectivity.serviceConnectionPolicies.list"]),
        ("redis.instances.create", &["redis.instances.create"]),
        ("redis.instances.delete", &["redis.instances.delete"]),
        ("redis.instances.get", &["redis.instances.get"]),
        ("redis.instances.getAuthString", &["redis.instances.getAuthString"]),
        ("redis.instances.list", &["redis.instances.list"]),
        ("redis.instances.patch", &["redis.instances.update"]),
        ("redis.instances.upgrade", &["redis.instances.upgrade"]),
        ("redis.operations.list", &["redis.operations.list"]),
        ("redis.clusters.backup", &["redis.clusters.backup"]),
        ("redis.clusters.create", &["redis.clusters.create"]),
        ("redis.clusters.delete", &["redis.clusters.delete"]),
        ("redis.clusters.get", &["redis.clusters.get"]),
        ("redis.clusters.getCertificateAuthority", &["redis.clusters.get"]),
        ("redis.clusters.list", &["redis.clusters.list"]),
        ("redis.clusters.patch", &["redis.clusters.update"]),
        ("redis.clusters.addTokenAuthUser", &["redis.clusters.update"]),
        ("redis.clusters.tokenAuthUsers.addAuthToken", &["redis.clusters.update"]),
        ("redis.clusters.tokenAuthUsers.authTokens.delete", &["redis.clusters.update"]),
        ("redis.clusters.tokenAuthUsers.authTokens.get", &["redis.clusters.get"]),
        ("redis.clusters.tokenAuthUsers.authTokens.list", &["redis.clusters.get"]),
        ("redis.clusters.tokenAuthUsers.get", &["redis.clusters.get"]),
        ("redis.backupCollections.backups.get", &["redis.backups.get"]),
        ("redis.locations.getSharedRegionalCertificateAuthority", &["redis.locations.get"]),
        ("memorystore.instances.backup", &["memorystore.instances.backup"]),
        ("memorystore.instances.create", &["memorystore.instances.create"]),
        ("memorystore.instances.delete", &["memorystore.instances.delete"]),
        ("memorystore.instances.get", &["memorystore.instances.get"]),
        ("memorystore.instances.getCertificateAuthority", &["memorystore.instances.get"]),
        ("memorystore.instances.list", &["memorystore.instances.list"]),
        ("memorystore.instances.patch", &["memorystore.instances.update"]),
        ("memorystore.instances.addTokenAuthUser", &["memorystore.instances.update"]),
        ("memorystore.instances.tokenAuthUsers.addAuthToken", &["memorystore.instances.update"]),
        ("memorystore.instances.tokenAuthUsers.authTokens.delete", &["memorystore.instances.update"]),
        ("memorystore.instances.tokenAuthUsers.authTokens.get", &["memorystore.instances.get"]),
        ("memorystore.instances.tokenAuthUsers.authTokens.list", &["memorystore.instances.get"]),
        ("memorystore.instances.tokenAuthUsers.get", &["memorystore.instances.get"]),
        ("memorystore.backupCollections.backups.get", &["memorystore.backups.get"]),
        ("memorystore.locations.getSharedRegionalCertificateAuthority", &["memorystore.locations.get"]),
        ("memorystore.operations.list", &["memorystore.operations.list"]),
        ("memcache.instances.applyParameters", &["memcache.instances.applyParameters"]),
        ("memcache.instances.create", &["memcache.instances.create"]),
        ("memcache.instances.delete", &["memcache.instances.delete"]),
        ("memcache.instances.get", &["memcache.instances.get"]),
        ("memcache.instances.list", &["memcache.instances.list"]),
        ("memcache.instances.patch", &["memcache.instances.update"]),
        ("memcache.instances.updateParameters", &["memcache.instances.updateParameters"]),
        ("memcache.instances.upgrade", &["memcache.instances.upgrade"]),
        ("memcache.operations.list", &["memcache.operations.list"]),
    ],
    exceptions: &[(
        "redis.instances.updateAuth",
        "a patch that switches AUTH takes it besides redis.instances.update: \
         https://cloud.google.com/memorystore/docs/redis/access-control",
    )],
};

/// <https://learn.microsoft.com/azure/role-based-access-control/permissions/databases#microsoftcache> and `…/networking`,
/// `…/management-and-governance`. GET is `read`, PUT and PATCH `write`, DELETE `delete`, POST `…/action`.
pub(crate) const AZURE: Table = Table {
    calls: &[
        ("permissions.list", &["Microsoft.Authorization/permissions/read"]),
        ("providers.get", &["Microsoft.Resources/subscriptions/providers/read"]),
        ("resourceGroups.get", &["Microsoft.Resources/subscriptions/resourceGroups/read"]),
        // Under another name for each product: see the exceptions.
        ("operations.get", &[]),
        ("redisEnterprise.create", &["Microsoft.Cache/redisEnterprise/write"]),
        ("redisEnterprise.update", &["Microsoft.Cache/redisEnterprise/write"]),
        ("redisEnterprise.get", &["Microsoft.Cache/redisEnterprise/read"]),
        ("redisEnterprise.list", &["Microsoft.Cache/redisEnterprise/read"]),
        ("redisEnterprise.delete", &["Microsoft.Cache/redisEnterprise/delete"]),
        ("redisEnterprise.listSkusForScaling", &["Microsoft.Cache/redisEnterprise/listSkusForScaling/action"]),
        ("databases.create", &["Microsoft.Cache/redisEnterprise/databases/write"]),
        ("databases.update", &["Microsoft.Cache/redisEnterprise/databases/write"]),
        ("databases.get", &["Microsoft.Cache/redisEnterprise/databases/read"]),
        ("databases.listKeys", &["Microsoft.Cache/redisEnterprise/databases/listKeys/action"]),
        ("databases.regenerateKey", &["Microsoft.Cache/redisEnterprise/databases/regenerateKey/action"]),
        (
            "accessPolicyAssignments.create",
            &["Microsoft.Cache/redisEnterprise/databases/accessPolicyAssignments/write"],
        ),
        (
            "accessPolicyAssignments.delete",
            &["Microsoft.Cache/redisEnterprise/databases/accessPolicyAssignments/delete"],
        ),
        ("accessPolicyAssignments.list", &["Microsoft.Cache/redisEnterprise/databases/accessPolicyAssignments/read"]),
        ("redis.create", &["Microsoft.Cache/redis/write"]),
        ("redis.update", &["Microsoft.Cache/redis/write"]),
        ("redis.get", &["Microsoft.Cache/redis/read"]),
        ("redis.list", &["Microsoft.Cache/redis/read"]),
        ("redis.delete", &["Microsoft.Cache/redis/delete"]),
        ("redis.listKeys", &["Microsoft.Cache/redis/listKeys/action"]),
        ("redis.regenerateKey", &["Microsoft.Cache/redis/regenerateKey/action"]),
        // A resource that names another needs its `join`, and a private endpoint the approval of what it leads to:
        // <https://learn.microsoft.com/azure/private-link/rbac-permissions>
        (
            "privateEndpoints.create",
            &[
                "Microsoft.Network/privateEndpoints/write",
                "Microsoft.Network/virtualNetworks/subnets/join/action",
                "Microsoft.Cache/redisEnterprise/PrivateEndpointConnectionsApproval/action",
            ],
        ),
        ("privateEndpoints.get", &["Microsoft.Network/privateEndpoints/read"]),
        ("privateEndpoints.delete", &["Microsoft.Network/privateEndpoints/delete"]),
        (
            "privateDnsZoneGroups.create",
            &[
                "Microsoft.Network/privateEndpoints/privateDnsZoneGroups/write",
                "Microsoft.Network/privateDnsZones/join/action",
            ],
        ),
        ("privateDnsZoneGroups.get", &["Microsoft.Network/privateEndpoints/privateDnsZoneGroups/read"]),
        ("privateDnsZones.get", &["Microsoft.Network/privateDnsZones/read"]),
        ("subnets.get", &["Microsoft.Network/virtualNetworks/subnets/read"]),
    ],
    exceptions: &[
        (
            "Microsoft.Cache/locations/operationsStatus/read",
            "what operations are followed by: https://learn.microsoft.com/azure/azure-resource-manager/management/async-operations",
        ),
        ("Microsoft.Cache/locations/asyncOperations/read", "the same for the classic product"),
        (
            "Microsoft.ManagedIdentity/userAssignedIdentities/assign/action",
            "a cluster that names an identity needs it, without a call of its own: \
             https://learn.microsoft.com/azure/role-based-access-control/built-in-roles/identity#managed-identity-operator",
        ),
        (
            "Microsoft.Network/virtualNetworks/subnets/join/action",
            "a classic cache that names a subnet needs it; for managed ones the call for the endpoint shows it",
        ),
    ],
};
