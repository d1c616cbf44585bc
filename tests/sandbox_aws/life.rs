//! From create to gone.

use cache_driver::clock::Clock as _;

use crate::harness::{Cloud, TOKEN, refused, sdk_time};

#[tokio::test]
async fn a_group_is_created_available_and_deleted_in_its_time() {
    let cloud = Cloud::start().await;
    let made = cloud
        .create("Cache-1")
        .transit_encryption_enabled(true)
        .auth_token(TOKEN)
        .num_cache_clusters(2)
        .automatic_failover_enabled(true)
        .send()
        .await
        .unwrap();
    let made = made.replication_group().unwrap();
    assert_eq!(made.replication_group_id(), Some("cache-1"), "names are stored in lower case");
    assert_eq!(made.status(), Some("creating"));
    assert!(made.node_groups()[0].primary_endpoint().is_none(), "no endpoint while creating");
    assert_eq!(made.arn(), Some("arn:aws:elasticache:eu-central-1:000000000000:replicationgroup:cache-1"));

    cloud.minutes(4);
    assert_eq!(cloud.status("cache-1").await, "creating");
    cloud.minutes(6);
    let group = cloud.group("CACHE-1").await;
    assert_eq!(group.status(), Some("available"));
    assert_eq!(group.at_rest_encryption_enabled(), Some(true), "valkey's default");
    assert_eq!(group.auth_token_enabled(), Some(true));
    assert_eq!(group.member_clusters(), ["cache-1-001", "cache-1-002"]);
    let primary = group.node_groups()[0].primary_endpoint().unwrap();
    let host = primary.address().unwrap();
    assert!(host.starts_with("master.cache-1.") && host.ends_with(".euc1.cache.amazonaws.com"), "{host}");
    assert_eq!(primary.port(), Some(6379));
    assert!(group.node_groups()[0].reader_endpoint().unwrap().address().unwrap().starts_with("replica."));
    assert!(group.configuration_endpoint().is_none());

    cloud.cache.delete_replication_group().replication_group_id("cache-1").send().await.unwrap();
    assert_eq!(cloud.status("cache-1").await, "deleting");
    let again = cloud.cache.delete_replication_group().replication_group_id("cache-1").send().await;
    assert_eq!(refused(again), ("InvalidReplicationGroupState".into(), 400));
    assert_eq!(refused(cloud.create("cache-1").send().await), ("ReplicationGroupAlreadyExists".into(), 400));
    cloud.minutes(5);
    assert_eq!(cloud.status("cache-1").await, "ReplicationGroupNotFoundFault");
    assert_eq!(
        cloud.events("cache-1").await,
        ["Replication group cache-1 deleted", "Replication group cache-1 created"]
    );
}

#[tokio::test]
async fn of_racing_creates_exactly_one_is_accepted() {
    let cloud = Cloud::start().await;
    let mut racing = tokio::task::JoinSet::new();
    for _ in 0..8 {
        racing.spawn(cloud.create("c").send());
    }
    let answers = racing.join_all().await;
    assert_eq!(answers.iter().filter(|answer| answer.is_ok()).count(), 1);
    for answer in answers.into_iter().filter(Result::is_err) {
        assert_eq!(refused(answer).0, "ReplicationGroupAlreadyExists");
    }
}

#[tokio::test]
async fn cluster_mode_has_a_configuration_endpoint_and_slots() {
    let cloud = Cloud::start().await;
    let create = cloud
        .create("c")
        .cache_parameter_group_name("default.valkey8.cluster.on")
        .automatic_failover_enabled(true)
        .num_node_groups(3)
        .replicas_per_node_group(1);
    create.send().await.unwrap();
    cloud.minutes(15);
    let group = cloud.group("c").await;
    assert_eq!(group.cluster_enabled(), Some(true));
    assert!(group.configuration_endpoint().unwrap().address().unwrap().starts_with("c."), "without TLS the name leads");
    assert!(group.node_groups()[0].primary_endpoint().is_none());
    let slots: Vec<_> = group.node_groups().iter().map(|shard| shard.slots().unwrap()).collect();
    assert_eq!(slots, ["0-5460", "5461-10921", "10922-16383"]);
    assert_eq!(group.member_clusters().len(), 6);
    assert_eq!(group.member_clusters()[0], "c-0001-001");
}

#[tokio::test]
async fn member_clusters_carry_what_the_group_does_not() {
    let cloud = Cloud::start().await;
    let create = cloud.create("c").cache_subnet_group_name("Mine").security_group_ids("sg-0123456789abcdef0");
    create.preferred_maintenance_window("tue:01:00-tue:02:00").send().await.unwrap();
    let find = || cloud.cache.describe_cache_clusters().cache_cluster_id("c-001").show_cache_node_info(true);
    let creating = find().send().await.unwrap();
    assert_eq!(creating.cache_clusters()[0].cache_cluster_status(), Some("creating"));
    assert!(creating.cache_clusters()[0].cache_nodes().is_empty());

    cloud.minutes(20);
    let found = find().send().await.unwrap();
    let cluster = &found.cache_clusters()[0];
    assert_eq!(cluster.engine_version(), Some("8.0.1"), "asked for as 8.0");
    assert_eq!(cluster.cache_subnet_group_name(), Some("mine"));
    assert_eq!(cluster.security_groups()[0].security_group_id(), Some("sg-0123456789abcdef0"));
    assert_eq!(cluster.cache_parameter_group().unwrap().cache_parameter_group_name(), Some("default.valkey8"));
    assert_eq!(cluster.preferred_maintenance_window(), Some("tue:01:00-tue:02:00"));
    assert_eq!(cluster.replication_group_id(), Some("c"));
    assert_eq!(cluster.cache_nodes()[0].endpoint().unwrap().port(), Some(6379));
    let missing = cloud.cache.describe_cache_clusters().cache_cluster_id("c-002").send().await;
    assert_eq!(refused(missing), ("CacheClusterNotFound".into(), 404));
}

#[tokio::test]
async fn a_group_without_security_groups_gets_the_default_one_of_the_vpc() {
    let cloud = Cloud::start().await;
    cloud.create("c").send().await.unwrap();
    let found = cloud.cache.describe_cache_clusters().cache_cluster_id("c-001").send().await.unwrap();
    let groups = found.cache_clusters()[0].security_groups();
    assert_eq!(groups.len(), 1);
    assert!(groups[0].security_group_id().unwrap().starts_with("sg-"));
}

#[tokio::test]
async fn lists_come_in_pages() {
    let cloud = Cloud::start().await;
    for number in 0..25 {
        cloud.create(&format!("c-{number:02}")).send().await.unwrap();
    }
    let first = cloud.cache.describe_replication_groups().max_records(20).send().await.unwrap();
    assert_eq!(first.replication_groups().len(), 20);
    let second = cloud.cache.describe_replication_groups().max_records(20).marker(first.marker().unwrap());
    let second = second.send().await.unwrap();
    assert_eq!(second.replication_groups().len(), 5);
    assert_eq!(second.replication_groups()[4].replication_group_id(), Some("c-24"));
    assert_eq!(second.marker(), None);
    let too_few = cloud.cache.describe_replication_groups().max_records(1).send().await;
    assert_eq!(refused(too_few), ("InvalidParameterValue".into(), 400));
}

#[tokio::test]
async fn a_final_snapshot_is_taken_and_can_be_restored() {
    let cloud = Cloud::start().await;
    cloud.available("c").await;
    let delete = cloud.cache.delete_replication_group().replication_group_id("c").final_snapshot_identifier("last");
    delete.send().await.unwrap();
    cloud.minutes(7);
    assert_eq!(cloud.status("c").await, "ReplicationGroupNotFoundFault");
    let found = cloud.cache.describe_snapshots().snapshot_name("last").send().await.unwrap();
    assert_eq!(found.snapshots()[0].snapshot_status(), Some("available"));
    assert_eq!(found.snapshots()[0].replication_group_id(), Some("c"));

    let restore =
        cloud.cache.create_replication_group().replication_group_id("d").replication_group_description("again");
    let restored = restore.snapshot_name("last").send().await.unwrap();
    assert_eq!(restored.replication_group().unwrap().cache_node_type(), Some("cache.t4g.micro"));
    assert_eq!(restored.replication_group().unwrap().engine(), Some("valkey"));
}

#[tokio::test]
async fn a_retained_primary_stays_until_it_is_deleted_itself() {
    let cloud = Cloud::start().await;
    cloud.create("c").num_cache_clusters(2).send().await.unwrap();
    cloud.minutes(20);
    cloud.cache.delete_replication_group().replication_group_id("c").retain_primary_cluster(true).send().await.unwrap();
    cloud.minutes(5);
    assert_eq!(cloud.status("c").await, "ReplicationGroupNotFoundFault");
    let left = cloud.cache.describe_cache_clusters().send().await.unwrap();
    let ids: Vec<_> = left.cache_clusters().iter().map(|cluster| cluster.cache_cluster_id().unwrap()).collect();
    assert_eq!(ids, ["c-001"]);
    assert_eq!(left.cache_clusters()[0].replication_group_id(), None);
    cloud.cache.delete_cache_cluster().cache_cluster_id("c-001").send().await.unwrap();
    cloud.minutes(5);
    assert!(cloud.cache.describe_cache_clusters().send().await.unwrap().cache_clusters().is_empty());
}

#[tokio::test]
async fn events_are_of_the_last_hour_unless_asked_for() {
    let cloud = Cloud::start().await;
    cloud.available("c").await;
    cloud.minutes(120);
    let recent = cloud.cache.describe_events().send().await.unwrap();
    assert!(recent.events().is_empty());
    assert_eq!(cloud.events("c").await, ["Replication group c created"]);
    let start = cloud.clock.now() - jiff::SignedDuration::from_hours(3);
    let since = cloud.cache.describe_events().start_time(sdk_time(start)).send().await.unwrap();
    assert_eq!(since.events().len(), 2, "of the group and of its member");
    let too_long = cloud.cache.describe_events().duration(20_161).send().await;
    assert_eq!(refused(too_long), ("InvalidParameterValue".into(), 400));
}
