//! Tags, snapshots, subnet groups, parameter groups, versions.

use aws_sdk_elasticache::types::{ParameterNameValue, Tag};

use crate::harness::{Cloud, refused};

#[tokio::test]
async fn tags_make_a_group_busy_and_cannot_be_read_meanwhile() {
    let cloud = Cloud::start().await;
    let tag = |key: &str, value: &str| Tag::builder().key(key).value(value).build();
    cloud.create("c").tags(tag("team", "a")).send().await.unwrap();
    let arn = "arn:aws:elasticache:eu-central-1:000000000000:replicationgroup:c";
    let list = || cloud.cache.list_tags_for_resource().resource_name(arn);
    assert_eq!(refused(list().send().await), ("InvalidReplicationGroupState".into(), 400));
    cloud.minutes(10);
    assert_eq!(list().send().await.unwrap().tag_list(), [tag("team", "a")]);
    cloud.cache.add_tags_to_resource().resource_name(arn).tags(tag("env", "<&>")).send().await.unwrap();
    assert_eq!(cloud.status("c").await, "modifying");
    cloud.minutes(1);
    assert_eq!(list().send().await.unwrap().tag_list(), [tag("env", "<&>"), tag("team", "a")]);
    let member = "arn:aws:elasticache:eu-central-1:000000000000:cluster:c-001";
    let of_member = cloud.cache.list_tags_for_resource().resource_name(member).send().await.unwrap();
    assert_eq!(of_member.tag_list().len(), 2, "they fan out to the members");
    cloud.cache.remove_tags_from_resource().resource_name(arn).tag_keys("env").send().await.unwrap();
    cloud.minutes(1);
    assert_eq!(list().send().await.unwrap().tag_list(), [tag("team", "a")]);
    let foreign = cloud.cache.list_tags_for_resource().resource_name(arn.replace("000000000000", "111122223333"));
    assert_eq!(refused(foreign.send().await), ("InvalidARN".into(), 400));
}

#[tokio::test]
async fn a_snapshot_is_made_copied_and_deleted() {
    let cloud = Cloud::start().await;
    cloud.available("c").await;
    let create = || cloud.cache.create_snapshot().replication_group_id("c").snapshot_name("s");
    assert_eq!(create().send().await.unwrap().snapshot().unwrap().snapshot_status(), Some("creating"));
    assert_eq!(cloud.status("c").await, "snapshotting");
    assert_eq!(refused(create().send().await), ("InvalidReplicationGroupState".into(), 400));
    cloud.minutes(3);
    assert_eq!(cloud.status("c").await, "available");
    assert_eq!(refused(create().send().await), ("SnapshotAlreadyExistsFault".into(), 400));
    cloud.cache.copy_snapshot().source_snapshot_name("s").target_snapshot_name("t").send().await.unwrap();
    cloud.cache.delete_snapshot().snapshot_name("s").send().await.unwrap();
    cloud.minutes(2);
    let left = cloud.cache.describe_snapshots().send().await.unwrap();
    let names: Vec<_> = left.snapshots().iter().map(|snapshot| snapshot.snapshot_name().unwrap()).collect();
    assert_eq!(names, ["t"]);
    let missing = cloud.cache.describe_snapshots().snapshot_name("s").send().await;
    assert_eq!(refused(missing), ("SnapshotNotFoundFault".into(), 404));
}

#[tokio::test]
async fn a_subnet_group_in_use_stays_until_the_last_cluster_is_gone() {
    let cloud = Cloud::start().await;
    let create = |subnet: &str| {
        let call = cloud.cache.create_cache_subnet_group().cache_subnet_group_name("Net");
        call.cache_subnet_group_description("d").subnet_ids(subnet)
    };
    assert_eq!(refused(create("not-a-subnet").send().await), ("InvalidParameterValue".into(), 400));
    let made = create("subnet-0123456789abcdef0").send().await.unwrap();
    let made = made.cache_subnet_group().unwrap();
    assert_eq!(made.cache_subnet_group_name(), Some("net"));
    assert!(made.vpc_id().unwrap().starts_with("vpc-") && made.vpc_id().unwrap().len() == 21, "{made:?}");
    assert_eq!(refused(create("subnet-01234567").send().await), ("CacheSubnetGroupAlreadyExists".into(), 400));

    cloud.create("c").cache_subnet_group_name("net").send().await.unwrap();
    cloud.minutes(10);
    let delete = || cloud.cache.delete_cache_subnet_group().cache_subnet_group_name("net");
    cloud.cache.delete_replication_group().replication_group_id("c").send().await.unwrap();
    assert_eq!(refused(delete().send().await), ("CacheSubnetGroupInUse".into(), 400));
    cloud.minutes(5);
    delete().send().await.unwrap();
    let gone = cloud.cache.describe_cache_subnet_groups().cache_subnet_group_name("net").send().await;
    assert_eq!(refused(gone), ("CacheSubnetGroupNotFoundFault".into(), 400));
}

#[tokio::test]
async fn a_parameter_group_is_made_changed_used_and_deleted() {
    let cloud = Cloud::start().await;
    let name = "p";
    let create = cloud.cache.create_cache_parameter_group().cache_parameter_group_name(name);
    create.cache_parameter_group_family("valkey8").description("d").send().await.unwrap();
    let set = |parameter: &str, value: &str| {
        let pair = ParameterNameValue::builder().parameter_name(parameter).parameter_value(value).build();
        cloud.cache.modify_cache_parameter_group().cache_parameter_group_name(name).parameter_name_values(pair)
    };
    set("maxmemory-policy", "allkeys-lru").send().await.unwrap();
    assert_eq!(refused(set("maxmemory-policy", "any").send().await), ("InvalidParameterValue".into(), 400));
    assert_eq!(refused(set("no-such", "1").send().await), ("InvalidParameterValue".into(), 400));
    let own = || cloud.cache.describe_cache_parameters().cache_parameter_group_name(name).source("user");
    let found = own().send().await.unwrap();
    assert_eq!(found.parameters().len(), 1);
    assert_eq!(found.parameters()[0].parameter_value(), Some("allkeys-lru"));

    cloud.create("c").cache_parameter_group_name(name).send().await.unwrap();
    let delete = || cloud.cache.delete_cache_parameter_group().cache_parameter_group_name(name);
    assert_eq!(refused(delete().send().await), ("InvalidCacheParameterGroupState".into(), 400));
    cloud
        .cache
        .reset_cache_parameter_group()
        .cache_parameter_group_name(name)
        .reset_all_parameters(true)
        .send()
        .await
        .unwrap();
    assert!(own().send().await.unwrap().parameters().is_empty());
    cloud.minutes(10);
    cloud.cache.delete_replication_group().replication_group_id("c").send().await.unwrap();
    cloud.minutes(5);
    delete().send().await.unwrap();
    let gone = cloud.cache.describe_cache_parameters().cache_parameter_group_name(name).send().await;
    assert_eq!(refused(gone), ("CacheParameterGroupNotFound".into(), 404));
    let family = cloud.cache.modify_cache_parameter_group().cache_parameter_group_name("default.valkey8");
    assert_eq!(refused(family.send().await), ("InvalidCacheParameterGroupState".into(), 400));
}

#[tokio::test]
async fn versions_and_node_types_can_be_listed() {
    let cloud = Cloud::start().await;
    let valkey = cloud.cache.describe_cache_engine_versions().engine("valkey").send().await.unwrap();
    let versions: Vec<_> = valkey.cache_engine_versions().iter().map(|found| found.engine_version().unwrap()).collect();
    assert!(versions.contains(&"7.2.6") && versions.contains(&"8.0.1") && versions.contains(&"9.0.0"), "{versions:?}");
    cloud.create("c").cache_node_type("cache.t4g.small").send().await.unwrap();
    let allowed = cloud.cache.list_allowed_node_type_modifications().replication_group_id("c").send().await.unwrap();
    assert!(allowed.scale_up_modifications().contains(&"cache.m7g.large".to_owned()));
    assert!(allowed.scale_down_modifications().contains(&"cache.t4g.micro".to_owned()));
}
