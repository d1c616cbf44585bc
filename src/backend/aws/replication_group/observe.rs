//! From what ElastiCache describes to what the driver sees.

use aws_sdk_elasticache::types::{
    AutomaticFailoverStatus, CacheCluster, DataTieringStatus, Endpoint as AwsEndpoint, MultiAzStatus, NodeGroup,
    ReplicationGroup, ReplicationGroupPendingModifiedValues, StorageEncryptionType,
};
use serde_json::{Value, json};

use super::super::time;
use crate::backend::{Endpoint, Fields, Observed, Ownership, Phase};
use crate::cache::{Auth, Mark, Mode};

/// Describes the group in the driver's words. `member` is one of its nodes, which shows what the group does not.
pub(super) fn observed(group: &ReplicationGroup, member: Option<&CacheCluster>) -> Observed {
    let mut fields = Fields::new();
    of_group(group, &mut fields);
    if let Some(member) = member {
        of_member(member, &mut fields);
    }
    let (endpoint, reader) = endpoints(group);
    if let Some(endpoint) = &endpoint {
        fields.insert("port".to_owned(), endpoint.port.into());
    }
    Observed {
        phase: phase(group),
        status: group.status().unwrap_or_default().to_owned(),
        ownership: Some(ownership(group)),
        fields,
        account: account(group).unwrap_or_default(),
        resource_id: group.arn().map(str::to_owned),
        created_at: group.replication_group_create_time().and_then(time::from_aws),
        endpoint,
        reader,
        pending: pending(group, member),
        parts: group.member_clusters().iter().map(|id| ("node".to_owned(), id.clone())).collect(),
        missing: Vec::new(),
    }
}

/// Whose it is, as its description says.
pub(super) fn ownership(group: &ReplicationGroup) -> Ownership {
    match Mark::from_text(group.description().unwrap_or_default()) {
        Ok(mark) => Ownership::Marked(Box::new(mark)),
        Err(error) => Ownership::Foreign(error),
    }
}

/// The account, from the ARN: `arn:aws:elasticache:region:account:replicationgroup:name`.
pub(super) fn account(group: &ReplicationGroup) -> Option<String> {
    group.arn()?.split(':').nth(4).filter(|account| !account.is_empty()).map(str::to_owned)
}

/// What state it is in. A status that nobody has heard of means that the cloud is busy.
pub(super) fn phase(group: &ReplicationGroup) -> Phase {
    match group.status().unwrap_or_default().to_ascii_lowercase().as_str() {
        "creating" => Phase::Creating,
        "available" if is_settled(group) => Phase::Ready,
        "available" | "modifying" => Phase::Changing,
        "deleting" => Phase::Deleting,
        "create-failed" => Phase::Shell,
        _ => Phase::Busy,
    }
}

/// Whether nothing runs behind an `available`: shards and tokens change after the group's own status says so.
fn is_settled(group: &ReplicationGroup) -> bool {
    let pending = group.pending_modified_values();
    let runs = pending
        .is_some_and(|p| p.auth_token_status().is_some() || p.resharding().is_some() || p.user_groups().is_some());
    !runs && group.node_groups().iter().all(|shard| shard.status().is_none_or(|status| status == "available"))
}

/// In cluster mode the configuration endpoint, else that of the primary; both are missing while it is made.
fn endpoints(group: &ReplicationGroup) -> (Option<Endpoint>, Option<Endpoint>) {
    if let Some(configuration) = group.configuration_endpoint().and_then(endpoint) {
        return (Some(configuration), None);
    }
    let Some(only) = group.node_groups().first().filter(|_| group.cluster_enabled() != Some(true)) else {
        return (None, None);
    };
    (only.primary_endpoint().and_then(endpoint), only.reader_endpoint().and_then(endpoint))
}

fn endpoint(endpoint: &AwsEndpoint) -> Option<Endpoint> {
    let host = endpoint.address().filter(|host| !host.is_empty())?.to_owned();
    Some(Endpoint { host, port: u16::try_from(endpoint.port()?).ok().filter(|port| *port > 0)? })
}

fn of_group(group: &ReplicationGroup, fields: &mut Fields) {
    let mut put = |field: &str, value: Option<Value>| {
        if let Some(value) = value {
            fields.insert(field.to_owned(), value);
        }
    };
    let is_cluster = group.cluster_enabled() == Some(true);
    put("engine", group.engine().map(|engine| engine.to_ascii_lowercase().into()));
    put("mode", group.cluster_enabled().map(|on| if on { Mode::Cluster } else { Mode::Standard }.as_str().into()));
    put("node_type", group.cache_node_type().map(Value::from));
    put("tls", group.transit_encryption_enabled().map(Value::from));
    put("transit_encryption_mode", group.transit_encryption_mode().map(|mode| mode.as_str().into()));
    put("auth", auth(group).map(|auth| auth.as_str().into()));
    put("at_rest_encryption", at_rest(group).map(Value::from));
    put("kms_key_id", group.kms_key_id().map(Value::from));
    put("snapshot_retention_limit", group.snapshot_retention_limit().map(Value::from));
    put("snapshot_window", group.snapshot_window().map(Value::from));
    put("snapshotting_cluster_id", group.snapshotting_cluster_id().map(Value::from));
    put("auto_minor_version_upgrade", group.auto_minor_version_upgrade().map(Value::from));
    put("network_type", group.network_type().map(|kind| kind.as_str().into()));
    put("ip_discovery", group.ip_discovery().map(|kind| kind.as_str().into()));
    put("data_tiering", group.data_tiering().map(|kind| (*kind == DataTieringStatus::Enabled).into()));
    put("multi_az", group.multi_az().map(|kind| (*kind == MultiAzStatus::Enabled).into()));
    put(
        "automatic_failover",
        group
            .automatic_failover()
            .map(|on| matches!(on, AutomaticFailoverStatus::Enabled | AutomaticFailoverStatus::Enabling).into()),
    );
    let shards = group.node_groups();
    if !shards.is_empty() {
        if is_cluster {
            put("num_node_groups", Some(shards.len().into()));
            put("node_group_ids", Some(shards.iter().filter_map(NodeGroup::node_group_id).collect()));
        }
        put("replicas_per_node_group", replicas(shards).map(Value::from));
    }
    put("backup_node", backup_node(group).map(Value::from));
}

/// Replicas per shard, where all shards have the same; else it cannot be said.
fn replicas(shards: &[NodeGroup]) -> Option<usize> {
    let nodes = shards.first()?.node_group_members().len();
    shards.iter().all(|shard| shard.node_group_members().len() == nodes).then(|| nodes.checked_sub(1)).flatten()
}

/// The node that snapshots are best taken of: a replica, else the only one there is.
fn backup_node(group: &ReplicationGroup) -> Option<&str> {
    let nodes = || group.node_groups().iter().flat_map(NodeGroup::node_group_members);
    let replica = nodes().find(|node| node.current_role() == Some("replica"));
    replica.or_else(|| nodes().next()).and_then(|node| node.cache_cluster_id())
}

fn auth(group: &ReplicationGroup) -> Option<Auth> {
    if !group.user_group_ids().is_empty() {
        return Some(Auth::Iam);
    }
    group.auth_token_enabled().map(|on| if on { Auth::Password } else { Auth::None })
}

fn at_rest(group: &ReplicationGroup) -> Option<bool> {
    match group.storage_encryption_type() {
        Some(StorageEncryptionType::None) => Some(false),
        Some(StorageEncryptionType::SseElasticache | StorageEncryptionType::SseKms) => Some(true),
        _ => group.at_rest_encryption_enabled(),
    }
}

fn of_member(member: &CacheCluster, fields: &mut Fields) {
    let mut put = |field: &str, value: Option<Value>| {
        if let Some(value) = value {
            fields.insert(field.to_owned(), value);
        }
    };
    put("engine_version", member.engine_version().map(Value::from));
    put("subnet_group", member.cache_subnet_group_name().map(Value::from));
    put("maintenance_window", member.preferred_maintenance_window().map(Value::from));
    let parameters = member.cache_parameter_group().and_then(|group| group.cache_parameter_group_name());
    put("parameter_group", parameters.map(Value::from));
    let topic = member.notification_configuration().and_then(|configuration| configuration.topic_arn());
    // A node without a topic tells that there is none; left out, a first topic could never be set.
    put("notification_topic_arn", Some(topic.unwrap_or_default().into()));
    let groups: Vec<&str> = member.security_groups().iter().filter_map(|group| group.security_group_id()).collect();
    put("security_group_ids", (!groups.is_empty()).then(|| json!(groups)));
}

/// What was accepted and waits, as `field=value`.
fn pending(group: &ReplicationGroup, member: Option<&CacheCluster>) -> Vec<String> {
    let mut pending = Vec::new();
    let mut put = |field: &str, value: Option<String>| pending.extend(value.map(|value| format!("{field}={value}")));
    if let Some(values) = group.pending_modified_values() {
        of_pending_group(values, &mut put);
    }
    if let Some(values) = member.and_then(CacheCluster::pending_modified_values) {
        put("engine_version", values.engine_version().map(str::to_owned));
        put("node_type", values.cache_node_type().map(str::to_owned));
    }
    pending
}

fn of_pending_group(values: &ReplicationGroupPendingModifiedValues, put: &mut impl FnMut(&str, Option<String>)) {
    put("auth_token", values.auth_token_status().map(|status| status.as_str().to_owned()));
    put(
        "automatic_failover",
        values.automatic_failover_status().map(|status| (status.as_str() == "enabled").to_string()),
    );
    put("tls", values.transit_encryption_enabled().map(|on| on.to_string()));
    put("transit_encryption_mode", values.transit_encryption_mode().map(|mode| mode.as_str().to_owned()));
    put("cluster_mode", values.cluster_mode().map(|mode| mode.as_str().to_owned()));
    let progress = values.resharding().map(|status| {
        status.slot_migration().map_or(0.0, |migration| migration.progress_percentage().unwrap_or_default())
    });
    put("resharding", progress.map(|percent| format!("{percent:.0}%")));
}

#[cfg(test)]
mod tests {
    use aws_sdk_elasticache::types::{
        AuthTokenUpdateStatus, CacheParameterGroupStatus, NodeGroupMember, PendingModifiedValues,
        SecurityGroupMembership,
    };

    use super::*;

    fn at(address: &str) -> AwsEndpoint {
        AwsEndpoint::builder().address(address).port(6379).build()
    }

    fn shard(status: &str, nodes: &[&str]) -> NodeGroup {
        let members = nodes.iter().enumerate().map(|(index, id)| {
            let role = if index == 0 { "primary" } else { "replica" };
            NodeGroupMember::builder().cache_cluster_id(*id).current_role(role).build()
        });
        NodeGroup::builder()
            .node_group_id("0001")
            .status(status)
            .set_node_group_members(Some(members.collect()))
            .build()
    }

    #[test]
    fn each_status_is_a_phase_and_an_unknown_one_is_busy() {
        for (status, expected) in [
            ("creating", Phase::Creating),
            ("available", Phase::Ready),
            ("modifying", Phase::Changing),
            ("snapshotting", Phase::Busy),
            ("deleting", Phase::Deleting),
            ("create-failed", Phase::Shell),
            ("rebooting cluster nodes", Phase::Busy),
            ("", Phase::Busy),
        ] {
            assert_eq!(phase(&ReplicationGroup::builder().status(status).build()), expected, "{status}");
        }
    }

    #[test]
    fn an_available_group_is_not_ready_while_a_shard_or_a_token_changes() {
        let group = || ReplicationGroup::builder().status("available");
        assert_eq!(phase(&group().node_groups(shard("modifying", &[])).build()), Phase::Changing);
        let pending =
            ReplicationGroupPendingModifiedValues::builder().auth_token_status(AuthTokenUpdateStatus::Rotating).build();
        assert_eq!(phase(&group().pending_modified_values(pending).build()), Phase::Changing);
        assert_eq!(phase(&group().node_groups(shard("available", &[])).build()), Phase::Ready);
    }

    #[test]
    fn clients_connect_to_the_primary_or_in_cluster_mode_to_the_configuration_endpoint() {
        let shard = NodeGroup::builder().primary_endpoint(at("master.x")).reader_endpoint(at("replica.x")).build();
        let standard =
            observed(&ReplicationGroup::builder().cluster_enabled(false).node_groups(shard.clone()).build(), None);
        assert_eq!(standard.endpoint.unwrap().host, "master.x");
        assert_eq!(standard.reader.unwrap().host, "replica.x");
        let cluster = ReplicationGroup::builder().cluster_enabled(true).configuration_endpoint(at("clustercfg.x"));
        let cluster = observed(&cluster.build(), None);
        assert_eq!((cluster.endpoint.unwrap().host.as_str(), cluster.reader), ("clustercfg.x", None));
        let bare = observed(&ReplicationGroup::builder().node_groups(NodeGroup::builder().build()).build(), None);
        assert_eq!((bare.endpoint, bare.reader), (None, None));
    }

    #[test]
    fn a_node_shows_what_the_group_does_not() {
        let group = ReplicationGroup::builder()
            .arn("arn:aws:elasticache:eu-central-1:111122223333:replicationgroup:cache-abc")
            .description("sessions of the shop")
            .engine("valkey")
            .node_groups(shard("available", &["cache-abc-001", "cache-abc-002"]))
            .build();
        let member = CacheCluster::builder()
            .engine_version("8.1.0")
            .cache_parameter_group(
                CacheParameterGroupStatus::builder().cache_parameter_group_name("default.valkey8").build(),
            )
            .security_groups(SecurityGroupMembership::builder().security_group_id("sg-1").build())
            .pending_modified_values(PendingModifiedValues::builder().cache_node_type("cache.m7g.large").build())
            .build();
        let seen = observed(&group, Some(&member));
        assert_eq!(seen.account, "111122223333");
        assert!(matches!(seen.ownership, Some(Ownership::Foreign(_))));
        assert_eq!(seen.fields["engine_version"], "8.1.0");
        assert_eq!(seen.fields["parameter_group"], "default.valkey8");
        assert_eq!(seen.fields["security_group_ids"], json!(["sg-1"]));
        assert_eq!(seen.fields["replicas_per_node_group"], 1);
        assert_eq!(seen.fields["backup_node"], "cache-abc-002");
        assert_eq!(seen.pending, ["node_type=cache.m7g.large"]);
        assert!(!observed(&group, None).fields.contains_key("engine_version"));
    }
}
