//! `DescribeCacheClusters` and `DeleteCacheCluster`: the nodes of replication groups, and primaries that outlived theirs.

use super::context::Context;
use super::describe::{self, Role};
use super::durations;
use super::error::{Answer, AwsError};
use super::group::{Change, Group, Member};
use super::paging;
use super::store::{Region, Retained};
use super::xml::Xml;

/// One cluster with what it belongs to.
struct Found<'a> {
    member: Member,
    group: &'a Group,
    retained: Option<&'a Retained>,
}

/// `DescribeCacheClusters`.
pub(super) fn describe(ctx: &mut Context<'_>) -> Answer {
    let params = ctx.params;
    let page = paging::page(params, 20, 100)?;
    let nodes = params.flag("ShowCacheNodeInfo")?.unwrap_or(false);
    let alone = params.flag("ShowCacheClustersNotInReplicationGroups")?.unwrap_or(false);
    let region = &*ctx.region;
    let mut found = all(region);
    if params.get("CacheClusterId").is_some() {
        let id = params.identifier("CacheClusterId")?;
        found.retain(|cluster| cluster.member.cluster_id == id);
        if found.is_empty() {
            return Err(AwsError::cluster_not_found(&id));
        }
    }
    if alone {
        found.retain(|cluster| cluster.retained.is_some());
    }
    let (found, marker) = page.cut(found);
    let mut xml = Xml::new();
    xml.optional("Marker", marker.as_deref());
    xml.list("CacheClusters", "CacheCluster", &found, |xml, cluster| fields(xml, region, cluster, nodes));
    Ok(xml.into_bytes())
}

/// `DeleteCacheCluster`, of a primary that was retained. Members go with their group or by `DecreaseReplicaCount`.
pub(super) fn delete(ctx: &mut Context<'_>) -> Answer {
    let id = ctx.params.identifier("CacheClusterId")?;
    let due = ctx.pace.due(ctx.now, durations::DELETE_CLUSTER);
    if let Some(member) =
        all(ctx.region).iter().find(|cluster| cluster.member.cluster_id == id && cluster.retained.is_none())
    {
        let message = format!("Cache cluster {id} is a member of replication group {}.", member.group.id);
        return Err(AwsError::new("InvalidCacheClusterState", 400, message));
    }
    let retained = ctx.region.retained.get_mut(&id).ok_or_else(|| AwsError::cluster_not_found(&id))?;
    if retained.deleted.is_some() {
        let message = format!("Cache cluster {id} is not in available state.");
        return Err(AwsError::new("InvalidCacheClusterState", 400, message));
    }
    retained.deleted = Some(due);
    let mut xml = Xml::new();
    for cluster in all(ctx.region).iter().filter(|cluster| cluster.member.cluster_id == id) {
        xml.element("CacheCluster", |xml| fields(xml, ctx.region, cluster, false));
    }
    Ok(xml.into_bytes())
}

fn all(region: &Region) -> Vec<Found<'_>> {
    let mut found: Vec<_> = region
        .groups
        .values()
        .flat_map(|group| group.members().into_iter().map(move |member| Found { member, group, retained: None }))
        .collect();
    for (id, retained) in &region.retained {
        let group = &retained.group;
        let member = group.members().into_iter().find(|member| member.cluster_id == *id);
        found.extend(member.map(|member| Found { member, group, retained: Some(retained) }));
    }
    found
}

fn status(cluster: &Found<'_>) -> String {
    match cluster.retained {
        Some(Retained { deleted: Some(_), .. }) => "deleting".to_owned(),
        Some(_) => "available".to_owned(),
        // The API knows no cluster that failed to be created.
        None if cluster.group.failed => "incompatible-network".to_owned(),
        None => cluster.group.status().to_owned(),
    }
}

fn fields(xml: &mut Xml, region: &Region, cluster: &Found<'_>, nodes: bool) {
    let (group, member) = (cluster.group, &cluster.member);
    let settings = &group.settings;
    let zone = format!("{}{}", region.scope.region, member.zone);
    xml.leaf("CacheClusterId", &member.cluster_id);
    xml.leaf("ClientDownloadLandingPage", "https://console.aws.amazon.com/elasticache/home#client-download:");
    xml.leaf("CacheNodeType", &settings.node_type);
    xml.leaf("Engine", settings.version.engine);
    xml.leaf("EngineVersion", settings.version.full);
    xml.leaf("CacheClusterStatus", &status(cluster));
    xml.number("NumCacheNodes", 1);
    xml.leaf("PreferredAvailabilityZone", &zone);
    xml.time("CacheClusterCreateTime", group.created);
    xml.leaf("PreferredMaintenanceWindow", &settings.maintenance_window);
    xml.element("PendingModifiedValues", |xml| pending(xml, group));
    if let Some(topic) = &settings.topic {
        xml.element("NotificationConfiguration", |xml| {
            xml.leaf("TopicArn", topic);
            xml.leaf("TopicStatus", "active");
        });
    }
    xml.element("CacheSecurityGroups", |_| {});
    xml.element("CacheParameterGroup", |xml| {
        xml.leaf("CacheParameterGroupName", &settings.parameter_group);
        xml.leaf("ParameterApplyStatus", "in-sync");
        xml.element("CacheNodeIdsToReboot", |_| {});
    });
    xml.leaf("CacheSubnetGroupName", &group.subnet_group);
    if nodes && group.has_endpoints() {
        xml.element("CacheNodes", |xml| {
            xml.element("CacheNode", |xml| {
                xml.leaf("CacheNodeId", "0001");
                xml.leaf("CacheNodeStatus", "available");
                xml.time("CacheNodeCreateTime", group.created);
                describe::endpoint(xml, "Endpoint", region, group, Role::Node(&member.cluster_id));
                xml.leaf("ParameterGroupStatus", "in-sync");
                xml.leaf("CustomerAvailabilityZone", &zone);
            });
        });
    }
    xml.flag("AutoMinorVersionUpgrade", settings.auto_minor);
    xml.list("SecurityGroups", "member", &settings.security_groups, |xml, id| {
        xml.leaf("SecurityGroupId", id);
        xml.leaf("Status", "active");
    });
    if cluster.retained.is_none() {
        xml.leaf("ReplicationGroupId", &group.id);
    }
    xml.number("SnapshotRetentionLimit", settings.snapshot_retention);
    xml.leaf("SnapshotWindow", &settings.snapshot_window);
    xml.flag("AuthTokenEnabled", !settings.tokens.is_empty());
    if let Some(at) = settings.token_modified {
        xml.time("AuthTokenLastModifiedDate", at);
    }
    xml.flag("TransitEncryptionEnabled", settings.tls);
    xml.flag("AtRestEncryptionEnabled", group.at_rest);
    xml.leaf("ARN", &region.arn("cluster", &member.cluster_id));
    xml.flag("ReplicationGroupLogDeliveryEnabled", false);
    xml.element("LogDeliveryConfigurations", |_| {});
    xml.leaf("NetworkType", &group.network_type);
    xml.leaf("IpDiscovery", &settings.ip_discovery);
    xml.optional("TransitEncryptionMode", settings.tls_mode.as_deref());
}

fn pending(xml: &mut Xml, group: &Group) {
    let Some((target, changes)) = group.pending() else { return };
    for change in changes {
        match change {
            Change::Version => xml.leaf("EngineVersion", target.version.full),
            Change::NodeType => xml.leaf("CacheNodeType", &target.node_type),
            Change::TokenSet => xml.leaf("AuthTokenStatus", "SETTING"),
            Change::TokenRotate => xml.leaf("AuthTokenStatus", "ROTATING"),
            Change::Tls => {
                xml.flag("TransitEncryptionEnabled", target.tls);
                xml.optional("TransitEncryptionMode", target.tls_mode.as_deref());
            }
            _ => {}
        }
    }
}
