"""The driver against our own sandbox; boto3 reads back what it made. The two share no code, and boto3 neither."""

import pytest

import aws
from driver import outputs, temporary_account

ASKED = {
    "engine": "valkey",
    "version": "8.1",
    "size": "small",
    "high_availability": True,
    "eviction_policy": "allkeys-lru",
    "backup": {"days": 2},
    "tags": {"team": "shop"},
}


@pytest.fixture(scope="module")
def base(start_on_aws, sandbox, sandbox_network):
    return start_on_aws(sandbox, **sandbox_network)


@pytest.fixture
def elasticache(sandbox):
    return aws.client(sandbox)


def test_boto3_reads_back_what_the_driver_made(base, elasticache, sandbox_network, resource):
    cache = resource(base)
    values, secrets = cache.create(ASKED)

    made = aws.group(elasticache, values["name"])
    assert made["Status"] == "available"
    assert (made["TransitEncryptionEnabled"], made["AtRestEncryptionEnabled"], made["AuthTokenEnabled"]) == (True,) * 3
    assert (made["AutomaticFailover"], made["MultiAZ"]) == ("enabled", "enabled")
    assert made["SnapshotRetentionLimit"] == 2 and len(made["MemberClusters"]) == 2
    assert f"id={cache.id}" in made["Description"].split() and secrets["password"] not in made["Description"]
    tags = aws.tags(elasticache, made)
    assert tags.items() >= {"managed-by": "cache-driver", "cache-driver-id": cache.id, "team": "shop"}.items()

    clusters = aws.members(elasticache, made)
    for cluster in clusters:
        assert cluster["Engine"] == "valkey" and cluster["EngineVersion"].startswith("8.1")
        assert cluster["CacheSubnetGroupName"] == sandbox_network["subnet_group"]
        assert [g["SecurityGroupId"] for g in cluster["SecurityGroups"]] == sandbox_network["security_group_ids"]
    parameter_group = clusters[0]["CacheParameterGroup"]["CacheParameterGroupName"]
    parameters = elasticache.describe_cache_parameters(CacheParameterGroupName=parameter_group, Source="user")
    assert {p["ParameterName"]: p["ParameterValue"] for p in parameters["Parameters"]} == {
        "maxmemory-policy": "allkeys-lru"
    }

    shard = made["NodeGroups"][0]
    assert (values["host"], values["port"]) == (shard["PrimaryEndpoint"]["Address"], shard["PrimaryEndpoint"]["Port"])
    assert values["reader_host"] == shard["ReaderEndpoint"]["Address"]

    fewer, kept = cache.update({**ASKED, "high_availability": False, "replicas": 0})
    assert len(aws.group(elasticache, values["name"])["MemberClusters"]) == 1
    assert (fewer["host"], kept) == (values["host"], secrets)

    cache.remove()
    with aws.raises("ReplicationGroupNotFoundFault", 404):
        aws.group(elasticache, values["name"])
    assert cache.delete().status_code == 204


def test_a_cluster_of_two_shards(base, elasticache, resource):
    cache = resource(base)
    values, _ = cache.create({"engine": "valkey", "mode": "cluster", "shards": 2, "replicas": 1})
    made = aws.group(elasticache, values["name"])
    assert made["ClusterEnabled"] and len(made["NodeGroups"]) == 2 and len(made["MemberClusters"]) == 4
    assert values["cluster_mode"] is True and values["host"] == made["ConfigurationEndpoint"]["Address"]
    cache.remove()


def test_a_final_snapshot_is_taken_when_asked_for(base, elasticache, resource):
    cache = resource(base)
    values, _ = cache.create({"engine": "valkey", "on_delete": "snapshot"})
    cache.remove()
    sources = [s.get("ReplicationGroupId") for s in elasticache.describe_snapshots()["Snapshots"]]
    assert values["name"] in sources


def test_credentials_of_a_role_reach_the_account_of_the_role(base, sandbox, elasticache, resource):
    role = aws.assumed(sandbox, "arn:aws:iam::111122223333:role/other")
    cache = resource(base, account=temporary_account(role))
    values, _ = cache.create({"engine": "valkey"})
    assert ":111122223333:" in values["resource_id"]
    with aws.raises("ReplicationGroupNotFoundFault", 404):
        aws.group(elasticache, values["name"])
    there = aws.client(sandbox, **aws.keys(role))
    assert aws.group(there, values["name"])["AuthTokenEnabled"] is True
    cache.remove()


def test_a_no_change_put_is_answered_while_the_cloud_takes_its_snapshot(base, sandbox, elasticache, resource):
    cache = resource(base)
    made = cache.create({"engine": "valkey"})
    name = made[0]["name"]
    aws.mutate(sandbox, op="status", id=name, status="snapshotting", seconds=3)
    assert outputs(cache.put({"engine": "valkey"})) == made
    assert aws.group(elasticache, name)["Status"] == "snapshotting"
    elasticache.get_waiter("replication_group_available").wait(ReplicationGroupId=name, WaiterConfig=aws.quick(600))
    cache.remove()
