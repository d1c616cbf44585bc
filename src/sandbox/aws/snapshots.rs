//! `CreateSnapshot`, `DescribeSnapshots`, `CopySnapshot`, `DeleteSnapshot`.

use super::context::Context;
use super::durations;
use super::error::{Answer, AwsError};
use super::group::{Group, Work};
use super::paging;
use super::store::{Region, Snapshot};
use super::validate;
use super::xml::Xml;

/// `CreateSnapshot`: of a group, or of one cluster of it.
pub(super) fn create(ctx: &mut Context<'_>) -> Answer {
    let params = ctx.params;
    let name = params.required("SnapshotName")?;
    let (id, cluster) = match (params.get("ReplicationGroupId"), params.get("CacheClusterId")) {
        (Some(id), None) => (id.to_ascii_lowercase(), None),
        (None, Some(cluster)) => {
            let cluster = cluster.to_ascii_lowercase();
            let owner =
                ctx.region.groups.values().find(|group| group.members().iter().any(|own| own.cluster_id == cluster));
            (owner.ok_or_else(|| AwsError::cluster_not_found(&cluster))?.id.clone(), Some(cluster))
        }
        _ => return Err(AwsError::combination("Either ReplicationGroupId or CacheClusterId must be given.")),
    };
    let group = ctx.region.group(&id)?;
    if !group.is_available() {
        return Err(AwsError::group_state(&id, group.status(), "be snapshotted"));
    }
    if group.settings.node_type == "cache.t2.micro" || group.settings.node_type.starts_with("cache.t1.") {
        let message = format!("Snapshots are not supported on {}.", group.settings.node_type);
        return Err(AwsError::new("SnapshotFeatureNotSupportedFault", 400, message));
    }
    let group = group.clone();
    add(ctx, name, group, cluster, false)?;
    let due = ctx.pace.due(ctx.now, durations::SNAPSHOT);
    let changed = ctx.region.change_group(&id, "be snapshotted")?;
    changed.work = Some((Work::Snapshot { name: name.to_owned() }, due));
    one(ctx.region, name)
}

/// Starts a snapshot of `group`. A final one takes the name from another parameter and no tags.
pub(super) fn add(
    ctx: &mut Context<'_>,
    name: &str,
    group: Group,
    cluster: Option<String>,
    last: bool,
) -> Result<(), AwsError> {
    validate::name(if last { "FinalSnapshotIdentifier" } else { "SnapshotName" }, name, 255)?;
    must_be_free(ctx.region, name)?;
    let (tags, kms_key) =
        if last { Default::default() } else { (validate::tags(ctx.params)?, ctx.params.get("KmsKeyId")) };
    if let Some(key) = kms_key {
        validate::kms_key(key)?;
    }
    let snapshot = Snapshot {
        name: name.to_owned(),
        arn: ctx.region.arn("snapshot", name),
        automatic: false,
        kms_key: kms_key.map(str::to_owned).or_else(|| group.kms_key.clone()),
        group,
        cluster,
        taken: ctx.now,
        work: Some(("creating", ctx.pace.due(ctx.now, durations::SNAPSHOT))),
        tags,
    };
    ctx.region.snapshots.insert(name.to_owned(), snapshot);
    Ok(())
}

fn must_be_free(region: &Region, name: &str) -> Result<(), AwsError> {
    if region.snapshots.contains_key(name) {
        return Err(AwsError::new("SnapshotAlreadyExistsFault", 400, format!("Snapshot {name} already exists.")));
    }
    Ok(())
}

/// `DescribeSnapshots`.
pub(super) fn describe(ctx: &mut Context<'_>) -> Answer {
    let params = ctx.params;
    let page = paging::page(params, 20, 50)?;
    let with_config = params.flag("ShowNodeGroupConfig")?.unwrap_or(false);
    if let Some(name) = params.get("SnapshotName")
        && !ctx.region.snapshots.contains_key(name)
    {
        return Err(AwsError::snapshot_not_found(name));
    }
    let wanted = |name: &str, got: Option<&str>| {
        params.get(name).is_none_or(|wish| got.is_some_and(|got| got.eq_ignore_ascii_case(wish)))
    };
    let found = ctx.region.snapshots.values().filter(|snapshot| {
        wanted("SnapshotName", Some(&snapshot.name))
            && wanted("CacheClusterId", snapshot.cluster.as_deref())
            && wanted("ReplicationGroupId", snapshot.cluster.is_none().then_some(snapshot.group.id.as_str()))
            && match params.get("SnapshotSource") {
                Some("system") => snapshot.automatic,
                Some("user") => !snapshot.automatic,
                _ => true,
            }
    });
    let (found, marker) = page.cut(found.collect());
    let mut xml = Xml::new();
    xml.optional("Marker", marker.as_deref());
    xml.list("Snapshots", "Snapshot", found, |xml, snapshot| fields(xml, ctx.region, snapshot, with_config));
    Ok(xml.into_bytes())
}

/// `CopySnapshot`, within the account; to a bucket it only checks.
pub(super) fn copy(ctx: &mut Context<'_>) -> Answer {
    let params = ctx.params;
    let source = params.required("SourceSnapshotName")?;
    let target = params.required("TargetSnapshotName")?;
    validate::name("TargetSnapshotName", target, 255)?;
    let found = ctx.region.snapshots.get(source).ok_or_else(|| AwsError::snapshot_not_found(source))?;
    if found.work.is_some() {
        return Err(AwsError::new("InvalidSnapshotState", 400, format!("Snapshot {source} is not available.")));
    }
    let mut copy = found.clone();
    must_be_free(ctx.region, target)?;
    if let Some(key) = params.get("KmsKeyId") {
        validate::kms_key(key)?;
        copy.kms_key = Some(key.to_owned());
    }
    target.clone_into(&mut copy.name);
    copy.arn = ctx.region.arn("snapshot", target);
    copy.automatic = false;
    copy.tags = validate::tags(params)?;
    copy.work = Some(("creating", ctx.pace.due(ctx.now, durations::COPY)));
    ctx.region.snapshots.insert(target.to_owned(), copy);
    one(ctx.region, target)
}

/// `DeleteSnapshot`.
pub(super) fn delete(ctx: &mut Context<'_>) -> Answer {
    let name = ctx.params.required("SnapshotName")?;
    let due = ctx.pace.due(ctx.now, durations::DELETE_SNAPSHOT);
    let snapshot = ctx.region.snapshots.get_mut(name).ok_or_else(|| AwsError::snapshot_not_found(name))?;
    if let Some((word, _)) = snapshot.work {
        return Err(AwsError::new("InvalidSnapshotState", 400, format!("Snapshot {name} is {word}.")));
    }
    snapshot.work = Some(("deleting", due));
    one(ctx.region, name)
}

fn one(region: &Region, name: &str) -> Answer {
    let snapshot = region.snapshots.get(name).ok_or_else(|| AwsError::snapshot_not_found(name))?;
    let mut xml = Xml::new();
    xml.element("Snapshot", |xml| fields(xml, region, snapshot, true));
    Ok(xml.into_bytes())
}

fn fields(xml: &mut Xml, region: &Region, snapshot: &Snapshot, with_config: bool) {
    let (group, settings) = (&snapshot.group, &snapshot.group.settings);
    xml.leaf("SnapshotName", &snapshot.name);
    if let Some(cluster) = &snapshot.cluster {
        xml.leaf("CacheClusterId", cluster);
        xml.time("CacheClusterCreateTime", group.created);
    } else {
        xml.leaf("ReplicationGroupId", &group.id);
        xml.leaf("ReplicationGroupDescription", &settings.description);
    }
    xml.leaf("SnapshotStatus", snapshot.work.map_or("available", |(word, _)| word));
    xml.leaf("SnapshotSource", if snapshot.automatic { "automated" } else { "manual" });
    xml.leaf("CacheNodeType", &settings.node_type);
    xml.leaf("Engine", settings.version.engine);
    xml.leaf("EngineVersion", settings.version.full);
    xml.number("NumCacheNodes", 1);
    xml.leaf("PreferredMaintenanceWindow", &settings.maintenance_window);
    xml.number("Port", group.port);
    xml.leaf("CacheParameterGroupName", &settings.parameter_group);
    xml.leaf("CacheSubnetGroupName", &group.subnet_group);
    xml.leaf("VpcId", &region.vpc());
    xml.flag("AutoMinorVersionUpgrade", settings.auto_minor);
    xml.number("SnapshotRetentionLimit", settings.snapshot_retention);
    xml.leaf("SnapshotWindow", &settings.snapshot_window);
    xml.number("NumNodeGroups", i64::try_from(settings.shards.len()).unwrap_or_default());
    xml.switch("AutomaticFailover", settings.failover);
    xml.element("NodeSnapshots", |xml| {
        for (index, shard) in settings.shards.iter().enumerate() {
            xml.element("NodeSnapshot", |xml| {
                xml.leaf("NodeGroupId", &shard.id);
                xml.leaf("CacheNodeId", "0001");
                if with_config {
                    xml.element("NodeGroupConfiguration", |xml| {
                        xml.leaf("Slots", &group.slots(index));
                        xml.number("ReplicaCount", shard.replicas);
                    });
                }
                xml.leaf("CacheSize", "3 MB");
                xml.time("CacheNodeCreateTime", group.created);
                xml.time("SnapshotCreateTime", snapshot.taken);
            });
        }
    });
    xml.optional("KmsKeyId", snapshot.kms_key.as_deref());
    xml.leaf("ARN", &snapshot.arn);
    xml.leaf("DataTiering", "disabled");
}
