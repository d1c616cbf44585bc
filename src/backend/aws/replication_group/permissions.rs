//! What the driver has to be allowed to do for replication groups, and on what.
//!
//! Actions and the resources that they can be narrowed to:
//! <https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonelasticache.html>. What has no resource there
//! is allowed on everything.

use crate::backend::{Feature, Permission};

/// The driver's own groups, by how their names begin.
const OWN: &[&str] = &["elasticache:replicationgroup:{prefix}-*"];
/// A change of a group can touch its nodes, and name a parameter group of whoever asks.
const CHANGED: &[&str] = &[
    "elasticache:replicationgroup:{prefix}-*",
    "elasticache:cluster:{prefix}-*",
    "elasticache:parametergroup:*",
    "elasticache:securitygroup:*",
];
/// A creation names whatever it is made of.
const CREATED: &[&str] = &[
    "elasticache:replicationgroup:{prefix}-*",
    "elasticache:cluster:{prefix}-*",
    "elasticache:parametergroup:*",
    "elasticache:securitygroup:*",
    "elasticache:snapshot:*",
    "elasticache:subnetgroup:*",
];
/// A removal can leave a last snapshot.
const REMOVED: &[&str] =
    &["elasticache:replicationgroup:{prefix}-*", "elasticache:cluster:{prefix}-*", "elasticache:snapshot:{prefix}-*"];
/// Parameter groups that the driver makes.
const PARAMETERS: &[&str] = &["elasticache:parametergroup:{parameters}*"];
/// What tags are given to, while it is made.
const TAGGED: &[&str] = &[
    "elasticache:replicationgroup:{prefix}-*",
    "elasticache:cluster:{prefix}-*",
    "elasticache:parametergroup:{parameters}*",
    "elasticache:snapshot:{prefix}-*",
];

pub(super) const PERMISSIONS: &[Permission] = &[
    Permission::read("ec2:DescribeSecurityGroups").for_check(),
    Permission::write("elasticache:AddTagsToResource").on(TAGGED),
    Permission::write("elasticache:CreateCacheParameterGroup").on(PARAMETERS),
    Permission::write("elasticache:CreateReplicationGroup").on(CREATED),
    Permission::write("elasticache:CreateSnapshot").on(REMOVED),
    Permission::write("elasticache:DecreaseReplicaCount").on(OWN),
    Permission::write("elasticache:DeleteCacheParameterGroup").on(PARAMETERS),
    Permission::write("elasticache:DeleteReplicationGroup").on(REMOVED),
    Permission::read("elasticache:DescribeCacheClusters"),
    Permission::read("elasticache:DescribeCacheParameterGroups"),
    Permission::read("elasticache:DescribeCacheParameters"),
    Permission::read("elasticache:DescribeCacheSubnetGroups").for_check(),
    Permission::read("elasticache:DescribeEvents"),
    Permission::read("elasticache:DescribeReplicationGroups"),
    Permission::write("elasticache:IncreaseReplicaCount").on(OWN),
    Permission::write("elasticache:ModifyCacheParameterGroup").on(PARAMETERS),
    Permission::write("elasticache:ModifyReplicationGroup").on(CHANGED),
    Permission::write("elasticache:ModifyReplicationGroupShardConfiguration").on(OWN),
    Permission::write("iam:CreateServiceLinkedRole").with(Feature::FirstCache),
    Permission::read("iam:SimulatePrincipalPolicy").for_check(),
    Permission::write("kms:CreateGrant").with(Feature::EncryptionKey),
    Permission::read("kms:DescribeKey").with(Feature::EncryptionKey),
    Permission::secret("s3:GetObject").with(Feature::RestoreFile),
    Permission::read("sts:AssumeRole").with(Feature::Accounts),
    Permission::read("sts:GetCallerIdentity"),
];
