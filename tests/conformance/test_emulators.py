"""The emulators alone, by boto3: that they run, that our patches of moto hold, and that each excuse is still needed.

An excuse is a place where an emulator is wrong or lacks something. The other files lean on it by its name. When an
emulator gets better, the test of the excuses fails here, and both can go.
"""

import botocore.parsers
import pytest

import aws
import strict

EXCUSED = {
    "moto": {
        "replicas": "NumCacheClusters is ignored while cluster mode is off: one member, whatever was asked for",
        "reader": "ReaderEndpoint is never answered",
        "modify": "ModifyReplicationGroup ignores the engine version, the token, security and parameter groups",
        "at-rest": "at-rest encryption is off by default for Valkey too, where AWS has it on",
        "replica calls": "IncreaseReplicaCount does not exist: 500 with a page of HTML",
        "final snapshot": "FinalSnapshotIdentifier is ignored: no snapshot comes of it",
        "validation": "names, versions, node types and tokens are not validated",
    },
    "ministack": {
        "creating": "a group is available in the answer to its creation",
        "deleting": "a group is gone in the answer to its deletion",
        "shards": "two shards are refused, which AWS allows",
        "final snapshot": "FinalSnapshotIdentifier is ignored: no snapshot comes of it",
        "paging": "MaxRecords is ignored for replication groups",
        "subnet group": "a subnet group that does not exist is accepted",
    },
}


def create(elasticache, name, **more):
    asked = {
        "ReplicationGroupId": name,
        "ReplicationGroupDescription": "made by a test",
        "Engine": "valkey",
        "CacheNodeType": "cache.t4g.small",
        "NumCacheClusters": 1,
        **more,
    }
    return elasticache.create_replication_group(**asked)["ReplicationGroup"]


def secured(network):
    return {
        "TransitEncryptionEnabled": True,
        "AtRestEncryptionEnabled": True,
        "AuthToken": "only-for-this-emulated-cache-0001",
        "EngineVersion": "8.1",
        "CacheSubnetGroupName": network["subnet_group"],
        "SecurityGroupIds": network["security_group_ids"],
        "Tags": [{"Key": "managed-by", "Value": "a-test"}],
    }


@pytest.fixture
def on_moto(moto, moto_network):
    found = []
    yield strict.watch(aws.client(moto), found)
    # moto writes its answers by the same model, so this also shows that the strict reader raises no false alarm.
    assert found == []


@pytest.fixture
def on_ministack(ministack, ministack_network):
    return aws.client(ministack)


# --- moto ---


def test_moto_moves_a_group_through_its_life(on_moto, moto_network):
    made = create(on_moto, "life", **secured(moto_network))
    assert made["Status"] == "creating" and not made.get("NodeGroups")
    for call in (on_moto.delete_replication_group, on_moto.modify_replication_group):
        with aws.raises("InvalidReplicationGroupState", 400):
            call(ReplicationGroupId="life")

    on_moto.get_waiter("replication_group_available").wait(ReplicationGroupId="life", WaiterConfig=aws.quick())
    ready = aws.group(on_moto, "life")
    assert ready["NodeGroups"][0]["PrimaryEndpoint"]["Address"].startswith("master.life.")
    assert (ready["TransitEncryptionEnabled"], ready["AtRestEncryptionEnabled"], ready["AuthTokenEnabled"]) == (
        True,
    ) * 3

    on_moto.modify_replication_group(ReplicationGroupId="life", CacheNodeType="cache.r7g.large", ApplyImmediately=True)
    assert aws.group(on_moto, "life")["Status"] == "modifying"
    with aws.raises("InvalidReplicationGroupState", 400):
        aws.tags(on_moto, ready)
    on_moto.get_waiter("replication_group_available").wait(ReplicationGroupId="life", WaiterConfig=aws.quick())
    assert aws.group(on_moto, "life")["CacheNodeType"] == "cache.r7g.large"
    assert aws.tags(on_moto, ready) == {"managed-by": "a-test"}

    assert on_moto.delete_replication_group(ReplicationGroupId="life")["ReplicationGroup"]["Status"] == "deleting"
    on_moto.get_waiter("replication_group_deleted").wait(ReplicationGroupId="life", WaiterConfig=aws.quick())
    with aws.raises("ReplicationGroupNotFoundFault", 404):
        aws.group(on_moto, "life")
    assert create(on_moto, "life")["Status"] == "creating"
    messages = [
        e["Message"] for e in on_moto.describe_events(SourceIdentifier="life", SourceType="replication-group")["Events"]
    ]
    assert messages[:2] == ["Replication group life created", "Replication group life deleted"]


def test_moto_knows_the_member_clusters_that_it_names(on_moto, moto_network):
    create(on_moto, "member", **secured(moto_network))
    (cluster,) = aws.members(on_moto, aws.group(on_moto, "member"))
    assert cluster["ReplicationGroupId"] == "member" and cluster["EngineVersion"] == "8.1"
    assert cluster["CacheSubnetGroupName"] == moto_network["subnet_group"]
    assert [g["SecurityGroupId"] for g in cluster["SecurityGroups"]] == moto_network["security_group_ids"]
    assert cluster["CacheClusterId"] in [
        c["CacheClusterId"] for c in on_moto.describe_cache_clusters()["CacheClusters"]
    ]
    with aws.raises("CacheClusterNotFound", 404):
        on_moto.describe_cache_clusters(CacheClusterId="nobody")


def test_moto_has_parameter_groups(on_moto, moto_network):
    made = {"CacheParameterGroupName": "lru", "CacheParameterGroupFamily": "valkey8", "Description": "d"}
    with aws.raises("CacheParameterGroupNotFound", 404):
        on_moto.describe_cache_parameter_groups(CacheParameterGroupName="lru")
    on_moto.create_cache_parameter_group(**made)
    with aws.raises("CacheParameterGroupAlreadyExists", 400):
        on_moto.create_cache_parameter_group(**made)
    on_moto.modify_cache_parameter_group(
        CacheParameterGroupName="lru",
        ParameterNameValues=[{"ParameterName": "maxmemory-policy", "ParameterValue": "allkeys-lru"}],
    )
    (parameter,) = on_moto.describe_cache_parameters(CacheParameterGroupName="lru", Source="user")["Parameters"]
    assert (parameter["ParameterName"], parameter["ParameterValue"]) == ("maxmemory-policy", "allkeys-lru")
    create(on_moto, "with-lru", CacheParameterGroupName="lru")
    (cluster,) = aws.members(on_moto, aws.group(on_moto, "with-lru"))
    assert cluster["CacheParameterGroup"]["CacheParameterGroupName"] == "lru"
    with aws.raises("InvalidCacheParameterGroupState", 400):
        on_moto.delete_cache_parameter_group(CacheParameterGroupName="lru")
    with aws.raises("CacheParameterGroupNotFound", 404):
        create(on_moto, "without", CacheParameterGroupName="no-such-group")


def test_moto_deletes_a_subnet_group_unless_it_is_in_use(on_moto, moto_network):
    on_moto.create_cache_subnet_group(
        CacheSubnetGroupName="spare", CacheSubnetGroupDescription="d", SubnetIds=moto_network["subnets"]
    )
    create(on_moto, "in-spare", CacheSubnetGroupName="spare")
    with aws.raises("CacheSubnetGroupInUse", 400):
        on_moto.delete_cache_subnet_group(CacheSubnetGroupName="spare")
    on_moto.get_waiter("replication_group_available").wait(ReplicationGroupId="in-spare", WaiterConfig=aws.quick())
    on_moto.delete_replication_group(ReplicationGroupId="in-spare")
    on_moto.get_waiter("replication_group_deleted").wait(ReplicationGroupId="in-spare", WaiterConfig=aws.quick())
    on_moto.delete_cache_subnet_group(CacheSubnetGroupName="spare")
    with aws.raises("CacheSubnetGroupNotFoundFault", 400):
        create(on_moto, "homeless", CacheSubnetGroupName="spare")


def test_moto_keeps_accounts_apart(moto, on_moto, moto_network):
    create(on_moto, "here")
    role = aws.assumed(moto, "arn:aws:iam::111122223333:role/other")
    there = aws.client(moto, **aws.keys(role))
    with aws.raises("ReplicationGroupNotFoundFault", 404):
        aws.group(there, "here")


def test_the_excuses_for_moto_are_still_needed(moto, on_moto, moto_network):
    create(on_moto, "excuse", NumCacheClusters=2, AutomaticFailoverEnabled=True)
    on_moto.get_waiter("replication_group_available").wait(ReplicationGroupId="excuse", WaiterConfig=aws.quick())
    made = aws.group(on_moto, "excuse")
    assert len(made["MemberClusters"]) == 1, "replicas"
    assert "ReaderEndpoint" not in made["NodeGroups"][0], "reader"
    assert made["AtRestEncryptionEnabled"] is False, "at-rest"
    on_moto.modify_replication_group(ReplicationGroupId="excuse", EngineVersion="9.0", ApplyImmediately=True)
    assert aws.members(on_moto, made)[0]["EngineVersion"] == "8.2.0", "modify"
    with pytest.raises(botocore.parsers.ResponseParserError, match="500 Internal Server Error"):  # replica calls
        aws.client(moto).increase_replica_count(ReplicationGroupId="excuse", NewReplicaCount=2, ApplyImmediately=True)
    on_moto.get_waiter("replication_group_available").wait(ReplicationGroupId="excuse", WaiterConfig=aws.quick())
    on_moto.delete_replication_group(ReplicationGroupId="excuse", FinalSnapshotIdentifier="last")
    assert on_moto.describe_snapshots()["Snapshots"] == [], "final snapshot"
    create(on_moto, "1--Not-A-Name-", EngineVersion="0.1", AuthToken="short")  # validation


# --- ministack ---


def test_ministack_has_what_moto_lacks(on_ministack, ministack_network):
    create(on_ministack, "life", NumCacheClusters=2, AutomaticFailoverEnabled=True, **secured(ministack_network))
    made = aws.group(on_ministack, "life")
    assert (made["TransitEncryptionEnabled"], made["AtRestEncryptionEnabled"], made["AuthTokenEnabled"]) == (True,) * 3
    assert len(made["MemberClusters"]) == 2
    assert made["NodeGroups"][0]["ReaderEndpoint"]["Port"] == 6379
    for cluster in aws.members(on_ministack, made):
        assert cluster["EngineVersion"] == "8.1"
        assert cluster["CacheSubnetGroupName"] == ministack_network["subnet_group"]
        assert [g["SecurityGroupId"] for g in cluster["SecurityGroups"]] == ministack_network["security_group_ids"]
    assert aws.tags(on_ministack, made) == {"managed-by": "a-test"}
    on_ministack.delete_replication_group(ReplicationGroupId="life")
    with aws.raises("ReplicationGroupNotFoundFault", 404):
        aws.group(on_ministack, "life")
    messages = [e["Message"] for e in on_ministack.describe_events(SourceIdentifier="life")["Events"]]
    assert {"Replication group created", "Replication group deleted"} <= set(messages)


def test_ministack_has_parameter_groups_and_versions(on_ministack, ministack_network):
    on_ministack.create_cache_parameter_group(
        CacheParameterGroupName="lru", CacheParameterGroupFamily="valkey8", Description="d"
    )
    on_ministack.modify_cache_parameter_group(
        CacheParameterGroupName="lru",
        ParameterNameValues=[{"ParameterName": "maxmemory-policy", "ParameterValue": "allkeys-lru"}],
    )
    parameters = on_ministack.describe_cache_parameters(CacheParameterGroupName="lru")["Parameters"]
    assert {p["ParameterName"]: p["ParameterValue"] for p in parameters}["maxmemory-policy"] == "allkeys-lru"
    assert on_ministack.describe_cache_engine_versions(Engine="valkey")["CacheEngineVersions"]


def test_the_excuses_for_ministack_are_still_needed(on_ministack, ministack_network):
    assert create(on_ministack, "excuse")["Status"] == "available", "creating"
    for n in range(21):
        create(on_ministack, f"page-{n}")
    page = on_ministack.describe_replication_groups(MaxRecords=20)
    assert len(page["ReplicationGroups"]) > 20 and "Marker" not in page, "paging"
    with aws.raises("InvalidParameterValue", 400):  # shards
        create(on_ministack, "two", NumNodeGroups=2, ReplicasPerNodeGroup=0)
    create(on_ministack, "homeless", CacheSubnetGroupName="no-such-group")  # subnet group
    on_ministack.delete_replication_group(ReplicationGroupId="excuse", FinalSnapshotIdentifier="last")
    with aws.raises("ReplicationGroupNotFoundFault", 404):  # deleting
        aws.group(on_ministack, "excuse")
    assert on_ministack.describe_snapshots()["Snapshots"] == [], "final snapshot"
