//! Changes: at once, in time, at the window, and those that are refused.

use aws_sdk_elasticache::operation::modify_replication_group::builders::ModifyReplicationGroupFluentBuilder;
use aws_sdk_elasticache::types::{AuthTokenUpdateStatus, AuthTokenUpdateStrategyType, AutomaticFailoverStatus};
use serde_json::json;

use crate::harness::{Cloud, refused};

fn modify(cloud: &Cloud) -> ModifyReplicationGroupFluentBuilder {
    cloud.cache.modify_replication_group().replication_group_id("c").apply_immediately(true)
}

#[tokio::test]
async fn words_change_at_once_and_a_node_type_takes_its_time() {
    let cloud = Cloud::start().await;
    cloud.available("c").await;
    let changed = modify(&cloud).replication_group_description("new").cache_node_type("cache.t4g.small").send().await;
    let changed = changed.unwrap();
    let group = changed.replication_group().unwrap();
    assert_eq!((group.status(), group.description()), (Some("modifying"), Some("new")));
    assert_eq!(group.cache_node_type(), Some("cache.t4g.micro"), "until it is done");
    let member = cloud.cache.describe_cache_clusters().cache_cluster_id("c-001").send().await.unwrap();
    let pending = member.cache_clusters()[0].pending_modified_values().unwrap();
    assert_eq!(pending.cache_node_type(), Some("cache.t4g.small"));
    let busy = modify(&cloud).replication_group_description("newer").send().await;
    assert_eq!(refused(busy), ("InvalidReplicationGroupState".into(), 400));
    cloud.minutes(15);
    let group = cloud.group("c").await;
    assert_eq!((group.status(), group.cache_node_type()), (Some("available"), Some("cache.t4g.small")));

    let words = modify(&cloud).replication_group_description("newest").send().await.unwrap();
    assert_eq!(words.replication_group().unwrap().status(), Some("available"), "a description alone is instantaneous");
}

#[tokio::test]
async fn an_empty_diff_is_refused() {
    let cloud = Cloud::start().await;
    cloud.available("c").await;
    let nothing = modify(&cloud).send().await;
    assert_eq!(refused(nothing), ("InvalidParameterCombination".into(), 400));
    let same = modify(&cloud).replication_group_description("a test").cache_node_type("cache.t4g.micro").send().await;
    assert_eq!(refused(same), ("InvalidParameterCombination".into(), 400));
}

#[tokio::test]
async fn without_apply_immediately_changes_wait_for_the_window() {
    let cloud = Cloud::start().await;
    cloud.available("c").await;
    let later = || cloud.cache.modify_replication_group().replication_group_id("c");
    let waiting = later().engine_version("8.1").send().await.unwrap();
    assert_eq!(waiting.replication_group().unwrap().status(), Some("available"));
    cloud.minutes(24 * 60);
    assert_eq!(version(&cloud).await, "8.0.1");
    // The default window is on Sunday from three to four; it was Monday.
    cloud.minutes(5 * 24 * 60);
    assert_eq!(version(&cloud).await, "8.1.0");

    later().engine_version("8.2").send().await.unwrap();
    cloud.mutate(json!({"op": "apply_pending", "id": "c"})).await;
    assert_eq!(cloud.status("c").await, "modifying");
    cloud.minutes(20);
    assert_eq!(version(&cloud).await, "8.2.0");
}

async fn version(cloud: &Cloud) -> String {
    let found = cloud.cache.describe_cache_clusters().cache_cluster_id("c-001").send().await.unwrap();
    found.cache_clusters()[0].engine_version().unwrap().to_owned()
}

#[tokio::test]
async fn a_token_is_rotated_in_and_then_set() {
    let cloud = Cloud::start().await;
    cloud.available("c").await;
    let new = "canary-token-9876543210";
    for (strategy, shown) in [
        (AuthTokenUpdateStrategyType::Rotate, AuthTokenUpdateStatus::Rotating),
        (AuthTokenUpdateStrategyType::Set, AuthTokenUpdateStatus::Setting),
    ] {
        let changed = modify(&cloud).auth_token(new).auth_token_update_strategy(strategy).send().await.unwrap();
        let pending = changed.replication_group().unwrap().pending_modified_values().unwrap().clone();
        assert_eq!(pending.auth_token_status(), Some(&shown));
        cloud.minutes(2);
        assert_eq!(cloud.group("c").await.pending_modified_values().unwrap().auth_token_status(), None);
    }
    let state = cloud.running.control().state().await;
    assert_eq!(state["caches"][0]["auth_token_sha256"].as_array().unwrap().len(), 1);
    assert!(!state.to_string().contains("canary"), "no token in the clear");
    let deleted = modify(&cloud).auth_token_update_strategy(AuthTokenUpdateStrategyType::Delete).send().await;
    assert_eq!(refused(deleted), ("InvalidParameterCombination".into(), 400));
}

#[tokio::test]
async fn versions_go_up_only_and_valkey_succeeds_redis() {
    let cloud = Cloud::start().await;
    let create = cloud.create("c").engine("redis").engine_version("7.1");
    assert_eq!(create.send().await.unwrap().replication_group().unwrap().at_rest_encryption_enabled(), Some(false));
    cloud.minutes(20);
    assert_eq!(refused(modify(&cloud).engine_version("7.0").send().await), ("InvalidParameterCombination".into(), 400));
    assert_eq!(refused(modify(&cloud).engine("valkey").send().await), ("InvalidParameterCombination".into(), 400));
    modify(&cloud).engine("valkey").engine_version("8.0").send().await.unwrap();
    cloud.minutes(30);
    assert_eq!(cloud.group("c").await.engine(), Some("valkey"));
    assert_eq!(version(&cloud).await, "8.0.1");
    let back = modify(&cloud).engine("redis").engine_version("7.1").send().await;
    assert_eq!(refused(back), ("InvalidParameterCombination".into(), 400));
}

#[tokio::test]
async fn tls_is_turned_on_in_two_steps() {
    let cloud = Cloud::start().await;
    cloud.create("c").send().await.unwrap();
    cloud.minutes(20);
    let at_once = modify(&cloud).transit_encryption_enabled(true).send().await;
    assert_eq!(refused(at_once), ("InvalidParameterCombination".into(), 400));
    for mode in ["preferred", "required"] {
        modify(&cloud).transit_encryption_enabled(true).transit_encryption_mode(mode.into()).send().await.unwrap();
        cloud.minutes(30);
        let group = cloud.group("c").await;
        assert_eq!(group.transit_encryption_mode().unwrap().as_str(), mode);
    }
}

#[tokio::test]
async fn replicas_and_shards_are_added_and_taken_away() {
    let cloud = Cloud::start().await;
    let on = cloud.create("c").cluster_mode("enabled".into()).automatic_failover_enabled(true).num_node_groups(2);
    on.replicas_per_node_group(0).send().await.unwrap();
    cloud.minutes(20);
    let increase = |count| cloud.cache.increase_replica_count().replication_group_id("c").new_replica_count(count);
    let later = increase(1).apply_immediately(false).send().await;
    assert_eq!(refused(later), ("InvalidParameterValue".into(), 400));
    increase(2).apply_immediately(true).send().await.unwrap();
    assert_eq!(cloud.status("c").await, "modifying");
    cloud.minutes(10);
    assert_eq!(cloud.group("c").await.member_clusters().len(), 6);
    let same = increase(2).apply_immediately(true).send().await;
    assert_eq!(refused(same), ("NoOperationFault".into(), 400));
    let decrease = cloud.cache.decrease_replica_count().replication_group_id("c").new_replica_count(1);
    decrease.apply_immediately(true).send().await.unwrap();
    cloud.minutes(10);
    assert_eq!(cloud.group("c").await.member_clusters().len(), 4);

    let reshard = |count| {
        let call = cloud.cache.modify_replication_group_shard_configuration().replication_group_id("c");
        call.node_group_count(count).apply_immediately(true)
    };
    let changed = reshard(3).send().await.unwrap();
    assert!(changed.replication_group().unwrap().pending_modified_values().unwrap().resharding().is_some());
    cloud.minutes(20);
    assert_eq!(cloud.group("c").await.node_groups().len(), 3);
    assert_eq!(refused(reshard(1).send().await), ("InvalidParameterCombination".into(), 400));
    reshard(1).node_groups_to_retain("0002").send().await.unwrap();
    cloud.minutes(20);
    let group = cloud.group("c").await;
    assert_eq!(group.node_groups()[0].node_group_id(), Some("0002"));
    assert_eq!(refused(reshard(91).send().await), ("NodeGroupsPerReplicationGroupQuotaExceeded".into(), 400));
}

#[tokio::test]
async fn failover_needs_a_replica() {
    let cloud = Cloud::start().await;
    cloud.available("c").await;
    let alone = modify(&cloud).automatic_failover_enabled(true).send().await;
    assert_eq!(refused(alone), ("InvalidParameterCombination".into(), 400));
    let increase = cloud.cache.increase_replica_count().replication_group_id("c").new_replica_count(1);
    increase.apply_immediately(true).send().await.unwrap();
    cloud.minutes(10);
    modify(&cloud).automatic_failover_enabled(true).multi_az_enabled(true).send().await.unwrap();
    cloud.minutes(5);
    assert_eq!(cloud.group("c").await.automatic_failover(), Some(&AutomaticFailoverStatus::Enabled));
    let fewer = cloud.cache.decrease_replica_count().replication_group_id("c").new_replica_count(0);
    let fewer = fewer.apply_immediately(true).send().await;
    assert_eq!(refused(fewer), ("InvalidParameterCombination".into(), 400));
}

#[tokio::test]
async fn another_hand_can_change_a_group_and_keep_it_busy() {
    let cloud = Cloud::start().await;
    cloud.available("c").await;
    cloud.mutate(json!({"op": "set", "id": "c", "fields": {"description": "theirs", "tags": {"a": "b"}}})).await;
    assert_eq!(cloud.group("c").await.description(), Some("theirs"));
    cloud.mutate(json!({"op": "status", "id": "c", "status": "snapshotting", "seconds": 60})).await;
    assert_eq!(cloud.status("c").await, "snapshotting");
    let busy = cloud.cache.delete_replication_group().replication_group_id("c").send().await;
    assert_eq!(refused(busy), ("InvalidReplicationGroupState".into(), 400));
    cloud.mutate(json!({"op": "advance", "seconds": 61})).await;
    assert_eq!(cloud.status("c").await, "available");
    cloud.mutate(json!({"op": "remove_group", "id": "c"})).await;
    assert_eq!(cloud.status("c").await, "ReplicationGroupNotFoundFault");
    let wrong = cloud.running.control().mutate(json!({"op": "remove_group", "id": "c"})).await;
    assert!(wrong.unwrap_err().contains("`c`"));
}
