//! `/_sandbox/state`: everything there is, as JSON and without a secret in the clear.

use aws_lc_rs::digest;
use secrecy::ExposeSecret;
use serde_json::{Value, json};

use super::describe::{Role, host_name};
use super::group::Group;
use super::store::{Region, State};

/// All accounts and regions.
pub(super) fn report(state: &State) -> Value {
    let regions = || state.regions.values();
    let caches: Vec<Value> =
        regions().flat_map(|region| region.groups.values().map(move |group| cache(region, group))).collect();
    let snapshots = regions().flat_map(|region| {
        region.snapshots.values().map(move |snapshot| {
            json!({
                "account": region.scope.account,
                "region": region.scope.region,
                "SnapshotName": snapshot.name,
                "SnapshotStatus": snapshot.work.map_or("available", |(word, _)| word),
                "ReplicationGroupId": snapshot.group.id,
            })
        })
    });
    let subnet_groups = regions().flat_map(|region| {
        region.subnet_groups.values().map(move |group| {
            json!({ "account": region.scope.account, "region": region.scope.region, "CacheSubnetGroupName": group.name, "SubnetIds": group.subnets })
        })
    });
    let parameter_groups = regions().flat_map(|region| {
        region.parameter_groups.values().map(move |group| {
            json!({
                "account": region.scope.account,
                "region": region.scope.region,
                "CacheParameterGroupName": group.name,
                "CacheParameterGroupFamily": group.family,
                "values": group.values,
            })
        })
    });
    json!({
        "caches": caches,
        "snapshots": snapshots.collect::<Vec<_>>(),
        "subnet_groups": subnet_groups.collect::<Vec<_>>(),
        "parameter_groups": parameter_groups.collect::<Vec<_>>(),
    })
}

fn cache(region: &Region, group: &Group) -> Value {
    let settings = &group.settings;
    let role = if group.cluster { Role::Configuration } else { Role::Primary };
    let endpoint = group.has_endpoints().then(|| match &group.listening {
        Some(server) => json!({ "Address": server.host, "Port": server.port }),
        None => json!({ "Address": host_name(region, group, role), "Port": group.port }),
    });
    json!({
        "account": region.scope.account,
        "region": region.scope.region,
        "ReplicationGroupId": group.id,
        "ARN": group.arn,
        "Status": group.status(),
        "until": group.work.as_ref().map(|(_, due)| due),
        "Description": settings.description,
        "Engine": settings.version.engine,
        "EngineVersion": settings.version.full,
        "CacheNodeType": settings.node_type,
        "ClusterEnabled": group.cluster,
        "NodeGroups": settings.shards.iter().map(|shard| json!({ "NodeGroupId": shard.id, "ReplicaCount": shard.replicas })).collect::<Vec<_>>(),
        "AutomaticFailover": settings.failover,
        "MultiAZ": settings.multi_az,
        "TransitEncryptionEnabled": settings.tls,
        "TransitEncryptionMode": settings.tls_mode,
        "AtRestEncryptionEnabled": group.at_rest,
        "KmsKeyId": group.kms_key,
        "CacheSubnetGroupName": group.subnet_group,
        "SecurityGroupIds": settings.security_groups,
        "CacheParameterGroupName": settings.parameter_group,
        "PreferredMaintenanceWindow": settings.maintenance_window,
        "SnapshotRetentionLimit": settings.snapshot_retention,
        "SnapshotWindow": settings.snapshot_window,
        "ReplicationGroupCreateTime": group.created,
        "tags": group.tags,
        "pending_until_window": group.deferred.is_some(),
        "endpoint": endpoint,
        "auth_token_set": !settings.tokens.is_empty(),
        "auth_token_sha256": settings.tokens.iter().map(|token| sha256(token.expose_secret())).collect::<Vec<_>>(),
        "passwordless_access": settings.tokens.is_empty() || settings.open,
    })
}

fn sha256(text: &str) -> String {
    use std::fmt::Write as _;

    digest::digest(&digest::SHA256, text.as_bytes()).as_ref().iter().fold(String::new(), |mut hex, byte| {
        write!(hex, "{byte:02x}").expect("writing to a string does not fail");
        hex
    })
}
