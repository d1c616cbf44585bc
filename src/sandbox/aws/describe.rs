//! `DescribeReplicationGroups`, and how a group is written wherever it is answered.

use super::catalog::region_code;
use super::context::Context;
use super::error::Answer;
use super::group::{Change, Group};
use super::paging;
use super::store::Region;
use super::xml::Xml;

/// A page of groups, or the one that is named.
pub(super) fn describe(ctx: &mut Context<'_>) -> Answer {
    let page = paging::page(ctx.params, 20, 100)?;
    let region = &*ctx.region;
    if ctx.params.get("ReplicationGroupId").is_some() {
        let group = region.group(&ctx.params.identifier("ReplicationGroupId")?)?;
        return Ok(write(region, &[group], None));
    }
    let (groups, marker) = page.cut(region.groups.values().collect());
    Ok(write(region, &groups, marker.as_deref()))
}

fn write(region: &Region, groups: &[&Group], marker: Option<&str>) -> Vec<u8> {
    let mut xml = Xml::new();
    xml.optional("Marker", marker);
    xml.list("ReplicationGroups", "ReplicationGroup", groups, |xml, group| fields(xml, region, group));
    xml.into_bytes()
}

/// The answer of every action that returns its group.
pub(super) fn one(region: &Region, id: &str) -> Answer {
    let group = region.group(id)?;
    let mut xml = Xml::new();
    xml.element("ReplicationGroup", |xml| fields(xml, region, group));
    Ok(xml.into_bytes())
}

fn fields(xml: &mut Xml, region: &Region, group: &Group) {
    let settings = &group.settings;
    xml.leaf("ReplicationGroupId", &group.id);
    xml.leaf("Description", &settings.description);
    xml.element("GlobalReplicationGroupInfo", |_| {});
    xml.leaf("Status", group.status());
    xml.element("PendingModifiedValues", |xml| pending(xml, group));
    xml.list("MemberClusters", "ClusterId", group.members(), |xml, member| xml.text(&member.cluster_id));
    xml.element("NodeGroups", |xml| node_groups(xml, region, group));
    xml.optional("SnapshottingClusterId", settings.snapshotting_cluster.as_deref());
    xml.switch("AutomaticFailover", settings.failover);
    xml.switch("MultiAZ", settings.multi_az);
    if group.cluster && group.has_endpoints() {
        endpoint(xml, "ConfigurationEndpoint", region, group, Role::Configuration);
    }
    xml.number("SnapshotRetentionLimit", settings.snapshot_retention);
    xml.leaf("SnapshotWindow", &settings.snapshot_window);
    xml.flag("ClusterEnabled", group.cluster);
    xml.leaf("CacheNodeType", &settings.node_type);
    xml.flag("AuthTokenEnabled", !settings.tokens.is_empty());
    if let Some(at) = settings.token_modified {
        xml.time("AuthTokenLastModifiedDate", at);
    }
    xml.flag("TransitEncryptionEnabled", settings.tls);
    xml.flag("AtRestEncryptionEnabled", group.at_rest);
    xml.optional("KmsKeyId", group.kms_key.as_deref());
    let storage = match (group.at_rest, &group.kms_key) {
        (false, _) => "none",
        (true, None) => "sse-elasticache",
        (true, Some(_)) => "sse-kms",
    };
    xml.leaf("StorageEncryptionType", storage);
    xml.leaf("ARN", &group.arn);
    xml.element("UserGroupIds", |_| {});
    xml.element("LogDeliveryConfigurations", |_| {});
    xml.time("ReplicationGroupCreateTime", group.created);
    xml.leaf("DataTiering", "disabled");
    xml.flag("AutoMinorVersionUpgrade", settings.auto_minor);
    xml.leaf("NetworkType", &group.network_type);
    xml.leaf("IpDiscovery", &settings.ip_discovery);
    xml.optional("TransitEncryptionMode", settings.tls_mode.as_deref());
    xml.leaf("ClusterMode", if group.cluster { "enabled" } else { "disabled" });
    xml.leaf("Engine", settings.version.engine);
}

fn pending(xml: &mut Xml, group: &Group) {
    let Some((target, changes)) = group.pending() else { return };
    for change in changes {
        match change {
            Change::Failover => xml.switch("AutomaticFailoverStatus", target.failover),
            Change::Shards => xml.element("Resharding", |xml| {
                xml.element("SlotMigration", |xml| xml.leaf("ProgressPercentage", "0.0"));
            }),
            Change::TokenSet => xml.leaf("AuthTokenStatus", "SETTING"),
            Change::TokenRotate => xml.leaf("AuthTokenStatus", "ROTATING"),
            Change::Tls => {
                xml.flag("TransitEncryptionEnabled", target.tls);
                xml.optional("TransitEncryptionMode", target.tls_mode.as_deref());
            }
            // The API has no member for the rest; a member cluster shows version and node type.
            _ => {}
        }
    }
}

fn node_groups(xml: &mut Xml, region: &Region, group: &Group) {
    let status = match group.status() {
        "create-failed" | "creating" => "creating",
        "modifying" => "modifying",
        "deleting" => "deleting",
        _ => "available",
    };
    let members = group.members();
    for (index, shard) in group.settings.shards.iter().enumerate() {
        xml.element("NodeGroup", |xml| {
            xml.leaf("NodeGroupId", &shard.id);
            xml.leaf("Status", status);
            if !group.cluster && group.has_endpoints() {
                endpoint(xml, "PrimaryEndpoint", region, group, Role::Primary);
                endpoint(xml, "ReaderEndpoint", region, group, Role::Reader);
            }
            if group.cluster {
                xml.leaf("Slots", &group.slots(index));
            }
            let own = members.iter().filter(|member| member.shard == shard.id);
            xml.list("NodeGroupMembers", "NodeGroupMember", own, |xml, member| {
                xml.leaf("CacheClusterId", &member.cluster_id);
                xml.leaf("CacheNodeId", "0001");
                xml.leaf("PreferredAvailabilityZone", &format!("{}{}", region.scope.region, member.zone));
                if !group.cluster && group.has_endpoints() {
                    endpoint(xml, "ReadEndpoint", region, group, Role::Node(&member.cluster_id));
                    xml.leaf("CurrentRole", if member.primary { "primary" } else { "replica" });
                }
            });
        });
    }
}

/// Which of a group's endpoints.
#[derive(Clone, Copy)]
pub(super) enum Role<'a> {
    Primary,
    Reader,
    Configuration,
    Node(&'a str),
}

/// Writes an endpoint: where the group's server listens, else the name that the service would give.
pub(super) fn endpoint(xml: &mut Xml, element: &str, region: &Region, group: &Group, role: Role<'_>) {
    let (host, port) = group
        .listening
        .as_ref()
        .map_or_else(|| (host_name(region, group, role), group.port), |server| (server.host.clone(), server.port));
    xml.element(element, |xml| {
        xml.leaf("Address", &host);
        xml.number("Port", port);
    });
}

/// Host names as the service makes them: with TLS the role comes first, without it is in the middle.
pub(super) fn host_name(region: &Region, group: &Group, role: Role<'_>) -> String {
    let (id, suffix) = (&group.id, &group.suffix);
    let domain = format!("{}.cache.amazonaws.com", region_code(&region.scope.region));
    match (role, group.settings.tls) {
        (Role::Primary, true) => format!("master.{id}.{suffix}.{domain}"),
        (Role::Primary, false) => format!("{id}.{suffix}.ng.0001.{domain}"),
        (Role::Reader, true) => format!("replica.{id}.{suffix}.{domain}"),
        (Role::Reader, false) => format!("{id}-ro.{suffix}.ng.0001.{domain}"),
        (Role::Configuration, true) => format!("clustercfg.{id}.{suffix}.{domain}"),
        (Role::Configuration, false) => format!("{id}.{suffix}.clustercfg.{domain}"),
        (Role::Node(node), true) => format!("{node}.{id}.{suffix}.{domain}"),
        (Role::Node(node), false) => format!("{node}.{suffix}.0001.{domain}"),
    }
}
