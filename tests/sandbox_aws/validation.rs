//! What a create is refused for, with code and status.

use aws_sdk_elasticache::operation::create_replication_group::builders::CreateReplicationGroupFluentBuilder as Create;
use aws_sdk_elasticache::types::Tag;
use serde_json::json;

use crate::harness::{Cloud, KEY, TOKEN, refused};

/// A change to a good request that makes it bad, and the code that it earns.
type Case = (&'static str, fn(Create) -> Create, &'static str, u16);

const VALUE: &str = "InvalidParameterValue";
const COMBINATION: &str = "InvalidParameterCombination";

fn tag(key: &str) -> Tag {
    Tag::builder().key(key).value("v").build()
}

const CASES: &[Case] = &[
    ("name starts with a digit", |c| c.replication_group_id("1c"), VALUE, 400),
    ("name with two hyphens", |c| c.replication_group_id("a--b"), VALUE, 400),
    ("name ends with a hyphen", |c| c.replication_group_id("a-"), VALUE, 400),
    ("name of 41 characters", |c| c.replication_group_id("a".repeat(41)), VALUE, 400),
    ("no description", |c| c.set_replication_group_description(None), VALUE, 400),
    ("description of 256 characters", |c| c.replication_group_description("d".repeat(256)), VALUE, 400),
    ("no node type", |c| c.set_cache_node_type(None), VALUE, 400),
    ("unknown node type", |c| c.cache_node_type("cache.t4g.huge"), VALUE, 400),
    ("unknown engine", |c| c.engine("dragonfly"), VALUE, 400),
    ("unknown version", |c| c.engine_version("6.2"), VALUE, 400),
    ("parameter group of another family", |c| c.cache_parameter_group_name("default.redis7"), COMBINATION, 400),
    ("unknown parameter group", |c| c.cache_parameter_group_name("mine"), "CacheParameterGroupNotFound", 404),
    ("token without TLS", |c| c.auth_token(TOKEN), COMBINATION, 400),
    ("short token", |c| c.transit_encryption_enabled(true).auth_token("short"), VALUE, 400),
    ("token with a slash", |c| c.transit_encryption_enabled(true).auth_token("0123456789abcdef/"), VALUE, 400),
    (
        "token and user group",
        |c| c.transit_encryption_enabled(true).auth_token(TOKEN).user_group_ids("group"),
        COMBINATION,
        400,
    ),
    ("unknown user group", |c| c.user_group_ids("group"), "UserGroupNotFound", 404),
    ("seven nodes", |c| c.num_cache_clusters(7), VALUE, 400),
    ("failover with one node", |c| c.automatic_failover_enabled(true), COMBINATION, 400),
    ("Multi-AZ without failover", |c| c.num_cache_clusters(2).multi_az_enabled(true), COMBINATION, 400),
    ("shards without cluster mode", |c| c.num_node_groups(2).automatic_failover_enabled(true), COMBINATION, 400),
    ("cluster mode without failover", |c| c.cluster_mode("enabled".into()).num_node_groups(2), VALUE, 400),
    (
        "cluster mode with a plain parameter group",
        |c| {
            c.cluster_mode("enabled".into())
                .cache_parameter_group_name("default.valkey8")
                .automatic_failover_enabled(true)
        },
        COMBINATION,
        400,
    ),
    (
        "91 shards",
        |c| c.cluster_mode("enabled".into()).automatic_failover_enabled(true).num_node_groups(91),
        "NodeGroupsPerReplicationGroupQuotaExceeded",
        400,
    ),
    (
        "91 nodes",
        |c| c.cluster_mode("enabled".into()).automatic_failover_enabled(true).num_node_groups(46),
        "NodeQuotaForClusterExceeded",
        400,
    ),
    ("malformed security group", |c| c.security_group_ids("default"), VALUE, 400),
    ("malformed key", |c| c.kms_key_id("not a key"), "InvalidKMSKeyFault", 400),
    ("malformed maintenance window", |c| c.preferred_maintenance_window("sunday"), VALUE, 400),
    ("short maintenance window", |c| c.preferred_maintenance_window("sun:03:00-sun:03:30"), VALUE, 400),
    (
        "overlapping windows",
        |c| c.preferred_maintenance_window("sun:05:00-sun:06:00").snapshot_window("05:30-06:30"),
        VALUE,
        400,
    ),
    ("36 days of snapshots", |c| c.snapshot_retention_limit(36), VALUE, 400),
    ("duplicate tag", |c| c.tags(tag("a")).tags(tag("a")), VALUE, 400),
    ("reserved tag", |c| c.tags(tag("aws:a")), VALUE, 400),
    (
        "51 tags",
        |c| c.set_tags(Some((0..51).map(|number| tag(&number.to_string())).collect())),
        "TagQuotaPerResourceExceeded",
        400,
    ),
    ("unknown snapshot", |c| c.snapshot_name("none"), "SnapshotNotFoundFault", 404),
    ("unknown primary", |c| c.primary_cluster_id("none"), "CacheClusterNotFound", 404),
    ("port out of range", |c| c.port(80), VALUE, 400),
];

#[tokio::test]
async fn each_bad_create_is_refused_with_its_code_and_makes_nothing() {
    let cloud = Cloud::start().await;
    for (what, spoil, code, status) in CASES {
        let answer = spoil(cloud.create("c")).send().await;
        assert!(answer.is_err(), "{what} was accepted");
        assert_eq!(refused(answer), ((*code).to_owned(), *status), "{what}");
    }
    assert!(cloud.cache.describe_replication_groups().send().await.unwrap().replication_groups().is_empty());
    cloud.create("c").send().await.unwrap();
    assert_eq!(refused(cloud.create("C").send().await), ("ReplicationGroupAlreadyExists".into(), 400));
}

#[tokio::test]
async fn prerequisites_exist_until_they_are_removed() {
    let cloud = Cloud::start().await;
    let sg = "sg-0123456789abcdef0";
    cloud.create("c-1").cache_subnet_group_name("any").security_group_ids(sg).send().await.unwrap();
    cloud.mutate(json!({"op": "remove_subnet_group", "name": "any"})).await;
    let gone = cloud.create("c-2").cache_subnet_group_name("any").send().await;
    assert_eq!(refused(gone), ("CacheSubnetGroupNotFoundFault".into(), 400));
    cloud.mutate(json!({"op": "remove_security_group", "id": sg})).await;
    let gone = cloud.create("c-2").security_group_ids(sg).send().await;
    assert_eq!(refused(gone), (VALUE.into(), 400));
    let elsewhere = cloud.client(KEY, "us-west-2");
    let gone = elsewhere.create_replication_group().replication_group_id("c").replication_group_description("d");
    let gone = gone.cache_node_type("cache.t4g.micro").security_group_ids(sg).send().await;
    assert_eq!(refused(gone), (VALUE.into(), 400), "also where nobody was before");
    cloud.mutate(json!({"op": "restore", "name": sg})).await;
    cloud.create("c-2").security_group_ids(sg).send().await.unwrap();
}

#[tokio::test]
async fn an_unknown_action_is_an_aws_error_and_not_a_page() {
    let cloud = Cloud::start().await;
    let unknown = cloud.cache.describe_users().send().await;
    assert_eq!(refused(unknown), ("InvalidAction".into(), 400));
    let elsewhere = cloud.client(KEY, "us-west-2");
    assert!(elsewhere.describe_replication_groups().send().await.unwrap().replication_groups().is_empty());
}
