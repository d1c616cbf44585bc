//! Which function answers which action.

use super::context::Context;
use super::error::{Answer, AwsError};
use super::{
    clusters, create, delete, describe, engine_versions, events, modify, parameter_groups, scaling, snapshots,
    subnet_groups, tags,
};

/// The services that share the port.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Service {
    ElastiCache,
    Sts,
    Ec2,
    Iam,
    Kms,
}

impl Service {
    /// Told from the API version, else from the signature, else from the action.
    pub(super) fn find(version: Option<&str>, signed_for: Option<&str>, action: &str) -> Self {
        match (version, signed_for) {
            (Some("2011-06-15"), _) | (None, Some("sts")) => Self::Sts,
            (Some("2016-11-15"), _) | (None, Some("ec2")) => Self::Ec2,
            (Some("2010-05-08"), _) | (None, Some("iam")) => Self::Iam,
            (None, Some("kms")) => Self::Kms,
            (Some("2015-02-02"), _) | (None, Some("elasticache")) => Self::ElastiCache,
            _ if matches!(action, "AssumeRole" | "GetCallerIdentity") => Self::Sts,
            _ if matches!(action, "DescribeVpcs" | "DescribeSubnets" | "DescribeSecurityGroups") => Self::Ec2,
            _ => Self::ElastiCache,
        }
    }

    /// Its name in signatures and IAM actions.
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::ElastiCache => "elasticache",
            Self::Sts => "sts",
            Self::Ec2 => "ec2",
            Self::Iam => "iam",
            Self::Kms => "kms",
        }
    }

    /// The namespace of its XML.
    pub(super) const fn namespace(self) -> &'static str {
        match self {
            Self::ElastiCache => "http://elasticache.amazonaws.com/doc/2015-02-02/",
            Self::Sts => "https://sts.amazonaws.com/doc/2011-06-15/",
            Self::Ec2 => "http://ec2.amazonaws.com/doc/2016-11-15/",
            Self::Iam => "https://iam.amazonaws.com/doc/2010-05-08/",
            // It speaks JSON.
            Self::Kms => "",
        }
    }
}

/// Carries out an `ElastiCache` action.
pub(super) fn elasticache(action: &str, ctx: &mut Context<'_>) -> Answer {
    match action {
        "CreateReplicationGroup" => create::create(ctx),
        "DescribeReplicationGroups" => describe::describe(ctx),
        "ModifyReplicationGroup" => modify::modify(ctx),
        "DeleteReplicationGroup" => delete::delete(ctx),
        "IncreaseReplicaCount" => scaling::increase(ctx),
        "DecreaseReplicaCount" => scaling::decrease(ctx),
        "ModifyReplicationGroupShardConfiguration" => scaling::reshard(ctx),
        "DescribeCacheClusters" => clusters::describe(ctx),
        "DeleteCacheCluster" => clusters::delete(ctx),
        "DescribeEvents" => events::describe(ctx),
        "CreateSnapshot" => snapshots::create(ctx),
        "DescribeSnapshots" => snapshots::describe(ctx),
        "CopySnapshot" => snapshots::copy(ctx),
        "DeleteSnapshot" => snapshots::delete(ctx),
        "CreateCacheSubnetGroup" => subnet_groups::create(ctx),
        "DescribeCacheSubnetGroups" => subnet_groups::describe(ctx),
        "ModifyCacheSubnetGroup" => subnet_groups::modify(ctx),
        "DeleteCacheSubnetGroup" => subnet_groups::delete(ctx),
        "CreateCacheParameterGroup" => parameter_groups::create(ctx),
        "DescribeCacheParameterGroups" => parameter_groups::describe(ctx),
        "ModifyCacheParameterGroup" => parameter_groups::modify(ctx),
        "ResetCacheParameterGroup" => parameter_groups::reset(ctx),
        "DeleteCacheParameterGroup" => parameter_groups::delete(ctx),
        "DescribeCacheParameters" => parameter_groups::describe_parameters(ctx),
        "DescribeCacheEngineVersions" => engine_versions::describe(ctx),
        "ListAllowedNodeTypeModifications" => engine_versions::allowed_node_types(ctx),
        "ListTagsForResource" => tags::list(ctx),
        "AddTagsToResource" => tags::add(ctx),
        "RemoveTagsFromResource" => tags::remove(ctx),
        _ => Err(unknown(action)),
    }
}

/// The service has no such action.
pub(super) fn unknown(action: &str) -> AwsError {
    AwsError::new("InvalidAction", 400, format!("Could not find operation {action} for this version of the service"))
}
