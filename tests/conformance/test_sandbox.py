"""boto3 drives the sandbox: if the official client cannot tell it from AWS, neither can the driver's.

Codes and statuses are those of ElastiCache's API model (version 2015-02-02). Every successful answer is also read
strictly: see strict.py.
"""

import datetime

import pytest

import aws
import strict


@pytest.fixture
def elasticache(sandbox, sandbox_network):
    found = []
    yield strict.watch(aws.client(sandbox), found)
    assert found == [], "answers that ElastiCache's model does not know"


def asked(name, network, **more):
    return {
        "ReplicationGroupId": name,
        "ReplicationGroupDescription": "made by boto3",
        "Engine": "valkey",
        "EngineVersion": "8.1",
        "CacheNodeType": "cache.t4g.small",
        "NumCacheClusters": 1,
        "TransitEncryptionEnabled": True,
        "AtRestEncryptionEnabled": True,
        "AuthToken": "only-for-this-emulated-cache-0001",
        "CacheSubnetGroupName": network["subnet_group"],
        "SecurityGroupIds": network["security_group_ids"],
        "Tags": [{"Key": "team", "Value": "shop"}],
        **more,
    }


def create(elasticache, name, network, **more):
    made = elasticache.create_replication_group(**asked(name, network, **more))["ReplicationGroup"]
    assert made["Status"] == "creating"
    available(elasticache, name)
    return aws.group(elasticache, name)


def available(elasticache, name):
    elasticache.get_waiter("replication_group_available").wait(ReplicationGroupId=name, WaiterConfig=aws.quick(600))


def delete(elasticache, name, **more):
    elasticache.delete_replication_group(ReplicationGroupId=name, **more)
    elasticache.get_waiter("replication_group_deleted").wait(ReplicationGroupId=name, WaiterConfig=aws.quick(600))


def test_a_group_lives_from_create_to_delete(elasticache, sandbox_network):
    started = datetime.datetime.now(datetime.UTC)
    made = create(elasticache, "life", sandbox_network, NumCacheClusters=2, AutomaticFailoverEnabled=True)
    assert (made["TransitEncryptionEnabled"], made["AtRestEncryptionEnabled"], made["AuthTokenEnabled"]) == (True,) * 3
    assert made["AutomaticFailover"] == "enabled" and not made.get("ClusterEnabled")
    assert abs((made["ReplicationGroupCreateTime"] - started).total_seconds()) < 600
    (shard,) = made["NodeGroups"]
    assert shard["Status"] == "available" and len(shard["NodeGroupMembers"]) == 2
    assert shard["PrimaryEndpoint"]["Port"] == 6379 and shard["PrimaryEndpoint"]["Address"].startswith("master.life.")
    assert shard["ReaderEndpoint"]["Address"].startswith("replica.life.")
    assert "ConfigurationEndpoint" not in made

    clusters = aws.members(elasticache, made)
    assert len(clusters) == 2
    for cluster in clusters:
        assert cluster["CacheClusterStatus"] == "available" and cluster["ReplicationGroupId"] == "life"
        assert cluster["EngineVersion"].startswith("8.1")
        assert cluster["CacheSubnetGroupName"] == sandbox_network["subnet_group"]
        assert [g["SecurityGroupId"] for g in cluster["SecurityGroups"]] == sandbox_network["security_group_ids"]

    changed = elasticache.modify_replication_group(
        ReplicationGroupId="life", CacheNodeType="cache.t4g.medium", ApplyImmediately=True
    )["ReplicationGroup"]
    assert changed["Status"] == "modifying"
    available(elasticache, "life")
    assert aws.group(elasticache, "life")["CacheNodeType"] == "cache.t4g.medium"

    elasticache.increase_replica_count(ReplicationGroupId="life", NewReplicaCount=2, ApplyImmediately=True)
    available(elasticache, "life")
    assert len(aws.group(elasticache, "life")["MemberClusters"]) == 3
    elasticache.decrease_replica_count(ReplicationGroupId="life", NewReplicaCount=1, ApplyImmediately=True)
    available(elasticache, "life")
    assert len(aws.group(elasticache, "life")["MemberClusters"]) == 2

    gone = elasticache.delete_replication_group(ReplicationGroupId="life")["ReplicationGroup"]
    assert gone["Status"] == "deleting"
    elasticache.get_waiter("replication_group_deleted").wait(ReplicationGroupId="life", WaiterConfig=aws.quick(600))
    with aws.raises("ReplicationGroupNotFoundFault", 404):
        aws.group(elasticache, "life")
    with aws.raises("CacheClusterNotFound", 404):
        aws.members(elasticache, made)
    messages = elasticache.describe_events(SourceIdentifier="life", SourceType="replication-group", Duration=60)[
        "Events"
    ]
    assert messages and all(e["SourceType"] == "replication-group" and e["Message"] and e["Date"] for e in messages)


def test_a_cluster_has_shards_and_a_configuration_endpoint(elasticache, sandbox_network):
    more = {
        "NumNodeGroups": 2,
        "ReplicasPerNodeGroup": 1,
        "AutomaticFailoverEnabled": True,
        "CacheParameterGroupName": "default.valkey8.cluster.on",
    }
    wanted = {k: v for k, v in asked("shards", sandbox_network, **more).items() if k != "NumCacheClusters"}
    elasticache.create_replication_group(**wanted)
    available(elasticache, "shards")
    made = aws.group(elasticache, "shards")
    assert made["ClusterEnabled"] is True and made["ConfigurationEndpoint"]["Address"].startswith("clustercfg.shards.")
    assert len(made["NodeGroups"]) == 2 and len(made["MemberClusters"]) == 4
    for shard in made["NodeGroups"]:
        assert "PrimaryEndpoint" not in shard and "ReaderEndpoint" not in shard and shard["Slots"]
    elasticache.modify_replication_group_shard_configuration(
        ReplicationGroupId="shards", NodeGroupCount=3, ApplyImmediately=True
    )
    available(elasticache, "shards")
    assert len(aws.group(elasticache, "shards")["NodeGroups"]) == 3
    delete(elasticache, "shards")


def test_lists_come_in_pages(elasticache, sandbox_network):
    wanted = {f"page-{n:02}" for n in range(23)}
    for name in wanted:
        elasticache.create_replication_group(**asked(name, sandbox_network))
    first = elasticache.describe_replication_groups(MaxRecords=20)
    assert len(first["ReplicationGroups"]) == 20 and first["Marker"]
    pages = elasticache.get_paginator("describe_replication_groups").paginate(PaginationConfig={"PageSize": 20})
    found = [g["ReplicationGroupId"] for page in pages for g in page["ReplicationGroups"]]
    assert wanted <= set(found) and len(found) == len(set(found))
    with aws.raises("InvalidParameterValue", 400):
        elasticache.describe_replication_groups(MaxRecords=1)
    for name in wanted:
        available(elasticache, name)
        elasticache.delete_replication_group(ReplicationGroupId=name)


@pytest.mark.parametrize(
    "code, more",
    [
        ("InvalidParameterValue", {"ReplicationGroupId": "1-starts-with-a-digit"}),
        ("InvalidParameterValue", {"ReplicationGroupId": "two--hyphens"}),
        ("InvalidParameterValue", {"ReplicationGroupId": "a" * 41}),
        ("InvalidParameterValue", {"AuthToken": "too-short"}),
        ("InvalidParameterValue", {"CacheNodeType": "cache.imaginary.large"}),
        ("InvalidParameterCombination", {"AutomaticFailoverEnabled": True}),
    ],
)
def test_a_create_that_aws_refuses_is_refused_and_makes_nothing(elasticache, sandbox_network, code, more):
    wanted = asked("refused", sandbox_network, **more)
    with aws.raises(code, 400) as raised:
        elasticache.create_replication_group(**wanted)
    assert raised.error["Error"]["Type"] == "Sender" and raised.error["Error"]["Message"]
    assert raised.error["ResponseMetadata"]["RequestId"]
    names = [g["ReplicationGroupId"] for g in elasticache.describe_replication_groups()["ReplicationGroups"]]
    assert wanted["ReplicationGroupId"] not in names


def test_a_parameter_group_and_a_subnet_group_must_exist(elasticache, sandbox, sandbox_network):
    with aws.raises("CacheParameterGroupNotFound", 404):
        elasticache.create_replication_group(**asked("lost", sandbox_network, CacheParameterGroupName="no-such-group"))
    # In the sandbox every prerequisite exists until it is taken away.
    account = aws.client(sandbox, "sts").get_caller_identity()["Account"]
    aws.mutate(sandbox, op="remove_subnet_group", name="no-such-group", account_id=account, region=aws.REGION)
    with aws.raises("CacheSubnetGroupNotFoundFault", 400):
        elasticache.create_replication_group(**asked("lost", sandbox_network, CacheSubnetGroupName="no-such-group"))
    with aws.raises("ReplicationGroupNotFoundFault", 404):
        aws.group(elasticache, "lost")


def test_a_busy_group_refuses_and_a_taken_name_is_taken(elasticache, sandbox_network):
    made = elasticache.create_replication_group(**asked("busy", sandbox_network))["ReplicationGroup"]
    with aws.raises("ReplicationGroupAlreadyExists", 400):
        elasticache.create_replication_group(**asked("busy", sandbox_network))
    with aws.raises("ReplicationGroupAlreadyExists", 400):
        elasticache.create_replication_group(**asked("BUSY", sandbox_network))
    for call, more in (
        (elasticache.modify_replication_group, {"ReplicationGroupDescription": "x", "ApplyImmediately": True}),
        (elasticache.delete_replication_group, {}),
    ):
        with aws.raises("InvalidReplicationGroupState", 400):
            call(ReplicationGroupId="busy", **more)
    with aws.raises("InvalidReplicationGroupState", 400):
        elasticache.list_tags_for_resource(ResourceName=made["ARN"])
    available(elasticache, "busy")
    with aws.raises("InvalidParameterCombination", 400):
        elasticache.modify_replication_group(ReplicationGroupId="busy", ApplyImmediately=True)
    delete(elasticache, "busy")


def test_what_is_not_there_is_not_found(elasticache):
    with aws.raises("ReplicationGroupNotFoundFault", 404):
        elasticache.describe_replication_groups(ReplicationGroupId="nobody")
    with aws.raises("ReplicationGroupNotFoundFault", 404):
        elasticache.modify_replication_group(ReplicationGroupId="nobody", ReplicationGroupDescription="x")
    with aws.raises("ReplicationGroupNotFoundFault", 404):
        elasticache.delete_replication_group(ReplicationGroupId="nobody")
    with aws.raises("CacheClusterNotFound", 404):
        elasticache.describe_cache_clusters(CacheClusterId="nobody")
    with aws.raises("SnapshotNotFoundFault", 404):
        elasticache.describe_snapshots(SnapshotName="nobody")
    with aws.raises("CacheParameterGroupNotFound", 404):
        elasticache.describe_cache_parameter_groups(CacheParameterGroupName="nobody")


def test_an_action_that_does_not_exist_is_a_clean_error(sandbox):
    # boto3 has every real action, so one is asked for that the sandbox has no use for.
    with aws.raises("InvalidAction", 400):
        aws.client(sandbox).describe_reserved_cache_nodes()


def test_tags_are_listed_added_and_removed(elasticache, sandbox_network):
    made = create(elasticache, "tagged", sandbox_network)
    assert aws.tags(elasticache, made) == {"team": "shop"}
    elasticache.add_tags_to_resource(ResourceName=made["ARN"], Tags=[{"Key": "cost", "Value": "42"}])
    available(elasticache, "tagged")
    assert aws.tags(elasticache, made) == {"team": "shop", "cost": "42"}
    elasticache.remove_tags_from_resource(ResourceName=made["ARN"], TagKeys=["team"])
    available(elasticache, "tagged")
    assert aws.tags(elasticache, made) == {"cost": "42"}
    delete(elasticache, "tagged")


def test_a_snapshot_is_taken_by_hand_and_at_the_end(elasticache, sandbox_network):
    create(elasticache, "kept", sandbox_network)
    elasticache.create_snapshot(ReplicationGroupId="kept", SnapshotName="by-hand")
    available(elasticache, "kept")
    (snapshot,) = elasticache.describe_snapshots(SnapshotName="by-hand")["Snapshots"]
    assert snapshot["ReplicationGroupId"] == "kept" and snapshot["SnapshotStatus"] == "available"
    delete(elasticache, "kept", FinalSnapshotIdentifier="at-the-end")
    names = {s["SnapshotName"] for s in elasticache.describe_snapshots()["Snapshots"]}
    assert {"by-hand", "at-the-end"} <= names


def test_a_parameter_group_is_made_changed_used_and_removed(elasticache, sandbox_network):
    made = {"CacheParameterGroupName": "lru", "CacheParameterGroupFamily": "valkey8", "Description": "made by boto3"}
    assert (
        elasticache.create_cache_parameter_group(**made)["CacheParameterGroup"]["CacheParameterGroupFamily"]
        == "valkey8"
    )
    with aws.raises("CacheParameterGroupAlreadyExists", 400):
        elasticache.create_cache_parameter_group(**made)
    change = [{"ParameterName": "maxmemory-policy", "ParameterValue": "allkeys-lru"}]
    elasticache.modify_cache_parameter_group(CacheParameterGroupName="lru", ParameterNameValues=change)
    parameters = elasticache.describe_cache_parameters(CacheParameterGroupName="lru", Source="user")["Parameters"]
    assert [(p["ParameterName"], p["ParameterValue"]) for p in parameters] == [("maxmemory-policy", "allkeys-lru")]
    group = create(elasticache, "with-lru", sandbox_network, CacheParameterGroupName="lru")
    (cluster,) = aws.members(elasticache, group)
    assert cluster["CacheParameterGroup"]["CacheParameterGroupName"] == "lru"
    with aws.raises("InvalidCacheParameterGroupState", 400):
        elasticache.delete_cache_parameter_group(CacheParameterGroupName="lru")
    delete(elasticache, "with-lru")
    elasticache.delete_cache_parameter_group(CacheParameterGroupName="lru")
    with aws.raises("CacheParameterGroupNotFound", 404):
        elasticache.describe_cache_parameter_groups(CacheParameterGroupName="lru")


def test_sts_tells_who_calls_and_lends_roles(sandbox, sandbox_network):
    found = []
    sts = strict.watch(aws.client(sandbox, "sts"), found)
    own = sts.get_caller_identity()
    assert len(own["Account"]) == 12 and own["Account"] in own["Arn"]
    role = aws.assumed(sandbox, "arn:aws:iam::111122223333:role/other", ExternalId="e-1")
    assert role["Expiration"] > datetime.datetime.now(datetime.UTC)
    theirs = aws.client(sandbox, "sts", **aws.keys(role))
    assert strict.watch(theirs, found).get_caller_identity()["Account"] == "111122223333"
    assert found == []

    # What one account makes, the other does not see.
    mine = aws.client(sandbox)
    mine.create_replication_group(**asked("mine", sandbox_network))
    with aws.raises("ReplicationGroupNotFoundFault", 404):
        aws.group(aws.client(sandbox, **aws.keys(role)), "mine")
    available(mine, "mine")
    delete(mine, "mine")
