//! From a step's fields to the requests of the API.

use aws_sdk_elasticache::Client;
use aws_sdk_elasticache::operation::create_replication_group::builders::CreateReplicationGroupFluentBuilder as Create;
use aws_sdk_elasticache::operation::modify_replication_group::builders::ModifyReplicationGroupFluentBuilder as Modify;
use aws_sdk_elasticache::types::{
    AuthTokenUpdateStrategyType, ClusterMode, IpDiscovery, NetworkType, Tag, TransitEncryptionMode,
};
use secrecy::ExposeSecret;
use serde_json::Value;

use crate::backend::{Fields, Step};
use crate::cache::{Engine, Mark, Mode};

/// Reads fields that are there as the API's types.
struct Read<'a>(&'a Fields);

impl Read<'_> {
    fn text(&self, field: &str) -> Option<String> {
        self.0.get(field)?.as_str().map(str::to_owned)
    }

    fn flag(&self, field: &str) -> Option<bool> {
        self.0.get(field)?.as_bool()
    }

    fn number(&self, field: &str) -> Option<i32> {
        self.0.get(field)?.as_i64().and_then(|number| i32::try_from(number).ok())
    }

    fn list(&self, field: &str) -> Option<Vec<String>> {
        let items = self.0.get(field)?.as_array()?;
        Some(items.iter().filter_map(|item| item.as_str().map(str::to_owned)).collect())
    }
}

/// The request that creates a group.
pub(super) fn create(client: &Client, id: &str, step: &Step) -> Create {
    let read = Read(&step.fields);
    let tags = step.fields.get("tags").and_then(Value::as_object).into_iter().flatten();
    let tags = tags.filter_map(|(key, value)| Some(Tag::builder().key(key).value(value.as_str()?).build()));
    let request = client
        .create_replication_group()
        .replication_group_id(id)
        .set_replication_group_description(step.mark.as_ref().map(Mark::to_text))
        .set_engine(read.text("engine"))
        .set_engine_version(read.text("engine_version"))
        .set_cache_node_type(read.text("node_type"))
        .set_cache_parameter_group_name(read.text("parameter_group"))
        .set_cache_subnet_group_name(read.text("subnet_group"))
        .set_security_group_ids(read.list("security_group_ids"))
        .set_automatic_failover_enabled(read.flag("automatic_failover"))
        .set_multi_az_enabled(read.flag("multi_az"))
        .set_port(read.number("port"))
        .set_network_type(read.text("network_type").map(|kind| NetworkType::from(kind.as_str())))
        .set_ip_discovery(read.text("ip_discovery").map(|kind| IpDiscovery::from(kind.as_str())))
        .set_transit_encryption_enabled(read.flag("tls"))
        .set_transit_encryption_mode(
            read.text("transit_encryption_mode").map(|mode| TransitEncryptionMode::from(mode.as_str())),
        )
        .set_at_rest_encryption_enabled(read.flag("at_rest_encryption"))
        .set_kms_key_id(read.text("kms_key_id"))
        .set_auth_token(step.secret.as_ref().map(|secret| secret.expose_secret().to_owned()))
        .set_snapshot_name(read.text("snapshot_name"))
        .set_snapshot_arns(read.list("snapshot_arns"))
        .set_snapshot_retention_limit(read.number("snapshot_retention_limit"))
        .set_snapshot_window(read.text("snapshot_window"))
        .set_preferred_maintenance_window(read.text("maintenance_window"))
        .set_auto_minor_version_upgrade(read.flag("auto_minor_version_upgrade"))
        .set_notification_topic_arn(read.text("notification_topic_arn"))
        .set_data_tiering_enabled(read.flag("data_tiering").filter(|on| *on))
        .set_tags(Some(tags.collect()));
    let replicas = read.number("replicas_per_node_group").unwrap_or_default();
    if read.text("mode").as_deref() == Some(Mode::Cluster.as_str()) {
        request
            .set_num_node_groups(read.number("num_node_groups"))
            .replicas_per_node_group(replicas)
            .cluster_mode(ClusterMode::Enabled)
    } else {
        request.num_cache_clusters(replicas + 1).set_preferred_cache_cluster_azs(read.list("availability_zones"))
    }
}

/// The request that modifies a group: what is among the fields, and nothing else.
pub(super) fn modify(client: &Client, id: &str, step: &Step) -> Modify {
    let read = Read(&step.fields);
    let strategy = read.text("auth_token_update_strategy");
    client
        .modify_replication_group()
        .replication_group_id(id)
        .apply_immediately(read.flag("apply_immediately").unwrap_or_default())
        .set_replication_group_description(step.mark.as_ref().map(Mark::to_text))
        .set_engine(read.text("engine"))
        .set_engine_version(read.text("engine_version"))
        .set_cache_node_type(read.text("node_type"))
        .set_cache_parameter_group_name(read.text("parameter_group"))
        .set_security_group_ids(read.list("security_group_ids"))
        .set_automatic_failover_enabled(read.flag("automatic_failover"))
        .set_multi_az_enabled(read.flag("multi_az"))
        .set_ip_discovery(read.text("ip_discovery").map(|kind| IpDiscovery::from(kind.as_str())))
        .set_transit_encryption_enabled(read.flag("tls"))
        .set_transit_encryption_mode(
            read.text("transit_encryption_mode").map(|mode| TransitEncryptionMode::from(mode.as_str())),
        )
        .set_auth_token(step.secret.as_ref().map(|secret| secret.expose_secret().to_owned()))
        .set_auth_token_update_strategy(strategy.map(|word| AuthTokenUpdateStrategyType::from(word.as_str())))
        .set_snapshotting_cluster_id(read.text("snapshotting_cluster_id"))
        .set_snapshot_retention_limit(read.number("snapshot_retention_limit"))
        .set_snapshot_window(read.text("snapshot_window"))
        .set_preferred_maintenance_window(read.text("maintenance_window"))
        .set_auto_minor_version_upgrade(read.flag("auto_minor_version_upgrade"))
        .set_notification_topic_arn(read.text("notification_topic_arn"))
}

/// A field of a step as text.
pub(super) fn text(step: &Step, field: &str) -> Option<String> {
    Read(&step.fields).text(field)
}

/// A field of a step as a number.
pub(super) fn number(step: &Step, field: &str) -> Option<i32> {
    Read(&step.fields).number(field)
}

/// A field of a step as a list.
pub(super) fn list(step: &Step, field: &str) -> Option<Vec<String>> {
    Read(&step.fields).list(field)
}

/// The engine that a field names.
pub(super) fn engine(fields: &Fields) -> Option<Engine> {
    fields.get("engine")?.as_str()?.parse().ok()
}
