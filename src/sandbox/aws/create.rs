//! `CreateReplicationGroup`.

use secrecy::SecretString;

use super::catalog::{self, Version};
use super::context::Context;
use super::describe;
use super::durations;
use super::error::{Answer, AwsError};
use super::group::{Group, Settings, Shard, Work, shards};
use super::parameter_groups;
use super::params::Params;
use super::store::Region;
use super::{validate, windows};

/// Nodes in all shards together, by default quota.
const NODES: u32 = 90;

/// Checks everything, then starts the create.
pub(super) fn create(ctx: &mut Context<'_>) -> Answer {
    let params = ctx.params;
    let id = params.identifier("ReplicationGroupId")?;
    validate::name("ReplicationGroupId", &id, 40)?;
    let description = params.required("ReplicationGroupDescription")?;
    validate::description("ReplicationGroupDescription", description)?;
    if ctx.region.groups.contains_key(&id) {
        let message = format!("Replication group {id} already exists.");
        return Err(AwsError::new("ReplicationGroupAlreadyExists", 400, message));
    }
    refuse_what_is_not_here(params)?;
    let restored = restored_from(params, ctx.region)?;

    let engine = engine(params, restored.as_ref())?;
    let version = version(params, engine, restored.as_ref())?;
    let node_type = match (params.get("CacheNodeType"), &restored) {
        (Some(asked), _) => asked.to_owned(),
        (None, Some(source)) => source.settings.node_type.clone(),
        (None, None) => return Err(AwsError::missing("CacheNodeType")),
    };
    validate::node_type(&node_type)?;
    let (cluster, parameter_group) = parameter_group(params, ctx.region, version)?;
    let failover = params.flag("AutomaticFailoverEnabled")?.unwrap_or(false);
    let multi_az = params.flag("MultiAZEnabled")?.unwrap_or(false);
    let shards = topology(params, cluster, failover, multi_az)?;
    let (tls, tls_mode) = transit_encryption(params)?;
    let token = token(params, tls)?;
    let at_rest = params.flag("AtRestEncryptionEnabled")?.unwrap_or(engine == "valkey");
    let kms_key = params.get("KmsKeyId").map(str::to_owned);
    if let Some(key) = &kms_key {
        validate::kms_key(key)?;
        if !at_rest {
            return Err(AwsError::combination("KmsKeyId requires AtRestEncryptionEnabled."));
        }
    }
    let maintenance_window = params
        .get("PreferredMaintenanceWindow")
        .map_or_else(|| Ok(windows::DEFAULT_MAINTENANCE.to_owned()), windows::maintenance)?;
    let snapshot_window =
        params.get("SnapshotWindow").map_or_else(|| Ok(windows::DEFAULT_SNAPSHOT.to_owned()), windows::snapshot)?;
    windows::must_not_overlap(&maintenance_window, &snapshot_window)?;
    let port = params.number_within("Port", 1150, 65535)?.unwrap_or(6379);
    let mut security_groups = params.list("SecurityGroupIds");
    validate::security_groups(ctx.region, &security_groups)?;
    if security_groups.is_empty() {
        security_groups.push(ctx.region.default_security_group());
    }
    validate::snapshot_arns(&params.list("SnapshotArns"))?;
    let tags = validate::tags(params)?;
    let network_type = params.get("NetworkType").unwrap_or("ipv4").to_owned();
    validate::one_of("NetworkType", &network_type, &["ipv4", "ipv6", "dual_stack"])?;
    let ip_discovery = params.get("IpDiscovery").unwrap_or("ipv4").to_owned();
    validate::one_of("IpDiscovery", &ip_discovery, &["ipv4", "ipv6"])?;
    let subnet_group = params.get("CacheSubnetGroupName").unwrap_or("default").to_ascii_lowercase();
    let retention = params.number_within("SnapshotRetentionLimit", 0, 35)?.unwrap_or(0);
    let auto_minor = params.flag("AutoMinorVersionUpgrade")?.unwrap_or(true);
    // Last, because it makes the group visible if it was not yet.
    ctx.region.require_subnet_group(&subnet_group)?;

    let settings = Settings {
        description: description.to_owned(),
        version,
        node_type,
        parameter_group,
        shards,
        failover,
        multi_az,
        tls,
        tls_mode,
        token_modified: token.as_ref().map(|_| ctx.now),
        tokens: token.into_iter().collect(),
        open: false,
        security_groups,
        maintenance_window,
        snapshot_retention: retention,
        snapshot_window,
        snapshotting_cluster: None,
        auto_minor,
        topic: params.get("NotificationTopicArn").map(str::to_owned),
        ip_discovery,
    };
    let due = ctx.pace.due(ctx.now, durations::create(&settings));
    let group = Group {
        arn: ctx.region.arn("replicationgroup", &id),
        created: ctx.now,
        suffix: ctx.letters(6),
        cluster,
        at_rest,
        kms_key,
        subnet_group,
        port: u16::try_from(port).unwrap_or(6379),
        network_type,
        settings,
        tags,
        work: Some((Work::Create { failure: ctx.failure.take() }, due)),
        deferred: None,
        failed: false,
        listening: None,
        settling: false,
        id: id.clone(),
    };
    ctx.region.remember(&id);
    ctx.region.groups.insert(id.clone(), group);
    describe::one(ctx.region, &id)
}

/// Things that can be named in a create but that nobody can have made here.
fn refuse_what_is_not_here(params: &Params) -> Result<(), AwsError> {
    if let Some(primary) = params.get("PrimaryClusterId") {
        return Err(AwsError::cluster_not_found(primary));
    }
    if let Some(global) = params.get("GlobalReplicationGroupId") {
        let message = format!("Global replication group {global} not found.");
        return Err(AwsError::new("GlobalReplicationGroupNotFoundFault", 404, message));
    }
    if let Some(snapshot) = params.get("ServerlessCacheSnapshotName") {
        let message = format!("Serverless cache snapshot {snapshot} not found.");
        return Err(AwsError::new("ServerlessCacheSnapshotNotFoundFault", 404, message));
    }
    if params.has_list("UserGroupIds") && params.get("AuthToken").is_some() {
        return Err(AwsError::combination("AuthToken and UserGroupIds must not be used together."));
    }
    if let Some(user_group) = params.list("UserGroupIds").first() {
        return Err(AwsError::new("UserGroupNotFound", 404, format!("User group {user_group} not found.")));
    }
    Ok(())
}

fn restored_from(params: &Params, region: &Region) -> Result<Option<Group>, AwsError> {
    let Some(name) = params.get("SnapshotName") else { return Ok(None) };
    let snapshot = region.snapshots.get(name).ok_or_else(|| AwsError::snapshot_not_found(name))?;
    if snapshot.work.is_some() {
        let message = format!("Snapshot {name} must be available to restore from it.");
        return Err(AwsError::new("InvalidSnapshotState", 400, message));
    }
    Ok(Some(snapshot.group.clone()))
}

fn engine(params: &Params, restored: Option<&Group>) -> Result<&'static str, AwsError> {
    match params.get("Engine").map(str::to_ascii_lowercase).as_deref() {
        Some("redis") => Ok("redis"),
        Some("valkey") => Ok("valkey"),
        None => Ok(restored.map_or("redis", |source| source.settings.version.engine)),
        Some(other) => {
            Err(AwsError::value(format!("Invalid value {other} for Engine; it must be one of redis, valkey.")))
        }
    }
}

fn version(params: &Params, engine: &str, restored: Option<&Group>) -> Result<Version, AwsError> {
    let unset = || match restored {
        Some(source) if source.settings.version.engine == engine => Some(source.settings.version),
        _ => catalog::default_version(engine),
    };
    let asked = params.get("EngineVersion");
    asked.map_or_else(unset, |asked| catalog::find_version(engine, asked)).ok_or_else(|| unknown_version(asked, engine))
}

/// Nobody offers that version.
pub(super) fn unknown_version(asked: Option<&str>, engine: &str) -> AwsError {
    AwsError::value(format!("Cannot find version {} for {engine}.", asked.unwrap_or_default()))
}

/// Whether cluster mode is on, and the parameter group; both can be said by either parameter.
fn parameter_group(params: &Params, region: &Region, version: Version) -> Result<(bool, String), AwsError> {
    let mode = params.get("ClusterMode");
    if let Some(mode) = mode {
        validate::one_of("ClusterMode", mode, &["enabled", "disabled", "compatible"])?;
    }
    let Some(name) = params.get("CacheParameterGroupName") else {
        let cluster = mode == Some("enabled");
        return Ok((cluster, parameter_groups::default_name(version.family, cluster)));
    };
    let name = name.to_ascii_lowercase();
    let found = parameter_groups::find(region, &name)?;
    if found.family != version.family {
        return Err(AwsError::combination(format!(
            "Expected a parameter group of family {} but found one of family {}.",
            version.family, found.family
        )));
    }
    match (mode, found.cluster_on) {
        (Some("disabled"), true) => {
            Err(AwsError::combination(format!("ClusterMode is disabled, but the parameter group {name} enables it.")))
        }
        (Some("enabled"), false) => Err(AwsError::combination(format!(
            "ClusterMode is enabled, which needs a parameter group with cluster-enabled; {name} is none."
        ))),
        (_, cluster_on) => Ok((cluster_on, name)),
    }
}

fn topology(params: &Params, cluster: bool, failover: bool, multi_az: bool) -> Result<Vec<Shard>, AwsError> {
    let configured = params.structures("NodeGroupConfiguration");
    let node_groups = params.number("NumNodeGroups")?;
    let replicas = params.number_within("ReplicasPerNodeGroup", 0, 5)?;
    let nodes = params.number_within("NumCacheClusters", 1, 6)?;
    if multi_az && !failover {
        return Err(AwsError::combination("MultiAZEnabled requires AutomaticFailoverEnabled."));
    }
    if !cluster {
        if node_groups.is_some_and(|count| count != 1) || configured.len() > 1 {
            return Err(AwsError::combination(
                "More than one node group needs cluster mode: a parameter group with cluster-enabled, or ClusterMode.",
            ));
        }
        if nodes.is_some() && replicas.is_some() {
            return Err(AwsError::combination("NumCacheClusters and ReplicasPerNodeGroup must not be used together."));
        }
        let nodes = nodes.or(replicas.map(|replicas| replicas + 1)).unwrap_or(1);
        if failover && nodes < 2 {
            return Err(AwsError::combination("AutomaticFailoverEnabled requires at least 2 cache clusters."));
        }
        return Ok(shards(1, u32::try_from(nodes - 1).unwrap_or_default()));
    }
    if !failover {
        return Err(AwsError::value("Cluster mode cannot be used with automatic failover turned off."));
    }
    if nodes.is_some() {
        return Err(AwsError::combination("NumCacheClusters must not be used with cluster mode; use NumNodeGroups."));
    }
    let count = node_groups.unwrap_or_else(|| i64::try_from(configured.len().max(1)).unwrap_or(1));
    let count = u32::try_from(count).ok().filter(|count| (1..=NODES).contains(count)).ok_or_else(too_many_shards)?;
    let mut made = shards(count, u32::try_from(replicas.unwrap_or(1)).unwrap_or(1));
    if !configured.is_empty() && configured.len() != made.len() {
        return Err(AwsError::combination(
            "NodeGroupConfiguration must describe as many node groups as NumNodeGroups.",
        ));
    }
    for (shard, fields) in made.iter_mut().zip(&configured) {
        let Some(own) = fields.get("ReplicaCount") else { continue };
        shard.replicas =
            own.parse().ok().filter(|count| *count <= 5).ok_or_else(|| {
                AwsError::value(format!("Invalid ReplicaCount {own}: a node group has 0 to 5 replicas."))
            })?;
    }
    if made.iter().map(|shard| shard.replicas + 1).sum::<u32>() > NODES {
        return Err(too_many_nodes());
    }
    Ok(made)
}

/// More shards than the quota allows.
pub(super) fn too_many_shards() -> AwsError {
    let message = format!("A replication group has 1 to {NODES} node groups.");
    AwsError::new("NodeGroupsPerReplicationGroupQuotaExceeded", 400, message)
}

/// More nodes than the quota allows.
pub(super) fn too_many_nodes() -> AwsError {
    AwsError::new("NodeQuotaForClusterExceeded", 400, format!("A replication group has at most {NODES} nodes."))
}

/// Whether a topology is within the quota.
pub(super) const fn fits(nodes: u32) -> bool {
    nodes <= NODES
}

fn transit_encryption(params: &Params) -> Result<(bool, Option<String>), AwsError> {
    let tls = params.flag("TransitEncryptionEnabled")?.unwrap_or(false);
    let Some(mode) = params.get("TransitEncryptionMode") else {
        return Ok((tls, tls.then(|| "required".to_owned())));
    };
    validate::one_of("TransitEncryptionMode", mode, &["preferred", "required"])?;
    if !tls {
        return Err(AwsError::combination("TransitEncryptionMode requires TransitEncryptionEnabled."));
    }
    Ok((tls, Some(mode.to_owned())))
}

fn token(params: &Params, tls: bool) -> Result<Option<SecretString>, AwsError> {
    let Some(token) = params.get("AuthToken") else { return Ok(None) };
    if !tls {
        return Err(AwsError::combination("AuthToken can only be used with TransitEncryptionEnabled."));
    }
    validate::auth_token(token)?;
    Ok(Some(SecretString::from(token)))
}
