"""The driver against ministack: replicas, readers, versions, shards and parameter groups, which moto does not have."""

import pytest

import aws
from driver import error, outputs

HIGH = {
    "engine": "valkey",
    "version": "8.1",
    "size": "small",
    "high_availability": True,
    "eviction_policy": "allkeys-lru",
}
# ministack is excused from "creating" and "deleting": it does both within the call, so 200 and 204 may come at once.
INSTANT = {"instant": True}


@pytest.fixture(scope="module")
def base(start_on_aws, ministack, ministack_network):
    return start_on_aws(ministack, **ministack_network)


@pytest.fixture
def elasticache(ministack):
    return aws.client(ministack)


def test_a_highly_available_cache_lives_from_put_to_delete(base, elasticache, ministack_network, resource):
    cache = resource(base)
    values, secrets = cache.create(HIGH, **INSTANT)

    made = aws.group(elasticache, values["name"])
    assert (made["TransitEncryptionEnabled"], made["AtRestEncryptionEnabled"], made["AuthTokenEnabled"]) == (True,) * 3
    assert (made["AutomaticFailover"], made["MultiAZ"]) == ("enabled", "enabled")
    assert len(made["MemberClusters"]) == 2
    assert f"id={cache.id}" in made["Description"].split()
    tags = aws.tags(elasticache, made)
    assert tags["managed-by"] == "cache-driver" and tags["cache-driver-id"] == cache.id

    clusters = aws.members(elasticache, made)
    for cluster in clusters:
        assert cluster["Engine"] == "valkey" and cluster["EngineVersion"].startswith("8.1")
        assert cluster["CacheSubnetGroupName"] == ministack_network["subnet_group"]
        assert [g["SecurityGroupId"] for g in cluster["SecurityGroups"]] == ministack_network["security_group_ids"]
    parameter_group = clusters[0]["CacheParameterGroup"]["CacheParameterGroupName"]
    described = elasticache.describe_cache_parameter_groups(CacheParameterGroupName=parameter_group)
    assert described["CacheParameterGroups"][0]["CacheParameterGroupFamily"] == "valkey8"
    parameters = elasticache.describe_cache_parameters(CacheParameterGroupName=parameter_group)["Parameters"]
    assert {p["ParameterName"]: p["ParameterValue"] for p in parameters}["maxmemory-policy"] == "allkeys-lru"

    shard = made["NodeGroups"][0]
    assert (values["host"], values["port"]) == (shard["PrimaryEndpoint"]["Address"], shard["PrimaryEndpoint"]["Port"])
    assert values["reader_host"] == shard["ReaderEndpoint"]["Address"]
    assert values["engine_version"].startswith("8.1")
    assert outputs(cache.get()) == (values, secrets)

    cache.update({**HIGH, "size": "medium", "backup": {"days": 2}})
    after = aws.group(elasticache, values["name"])
    assert after["CacheNodeType"] != made["CacheNodeType"] and after["SnapshotRetentionLimit"] == 2

    cache.remove(**INSTANT)
    with aws.raises("ReplicationGroupNotFoundFault", 404):
        aws.group(elasticache, values["name"])
    assert cache.delete().status_code == 204
    assert cache.get().status_code == 404


def test_two_caches_with_the_same_parameters_share_a_parameter_group(base, elasticache, resource):
    made = []
    for _ in range(2):
        values, _ = resource(base).create({**HIGH, "high_availability": False}, **INSTANT)
        cluster = aws.members(elasticache, aws.group(elasticache, values["name"]))[0]
        made.append(cluster["CacheParameterGroup"]["CacheParameterGroupName"])
    assert made[0] == made[1]


def test_a_cluster_answers_with_its_configuration_endpoint(base, elasticache, resource):
    # Three, because ministack is excused from two ("shards"); two are tried on the sandbox.
    cache = resource(base)
    values, _ = cache.create({"engine": "valkey", "mode": "cluster", "shards": 3, "replicas": 1}, **INSTANT)
    made = aws.group(elasticache, values["name"])
    assert made["ClusterEnabled"] and len(made["NodeGroups"]) == 3 and len(made["MemberClusters"]) == 6
    assert made["AutomaticFailover"] == "enabled"
    assert values["cluster_mode"] is True
    assert values["host"] == made["ConfigurationEndpoint"]["Address"]
    cache.remove(**INSTANT)


def test_redis_is_encrypted_at_rest_too(base, elasticache, resource):
    cache = resource(base)
    values, _ = cache.create({"engine": "redis", "version": "7.1"}, **INSTANT)
    made = aws.group(elasticache, values["name"])
    assert made["Engine"] == "redis" and made["AtRestEncryptionEnabled"] and made["TransitEncryptionEnabled"]
    cache.remove(**INSTANT)


def test_a_change_that_would_replace_the_cache_is_refused_and_nothing_is_called(base, elasticache, resource):
    cache = resource(base)
    values, secrets = cache.create({"engine": "valkey"}, **INSTANT)
    before = aws.group(elasticache, values["name"])
    body = error(cache.put({"engine": "redis"}), "RES-106")
    assert "engine" in str(body["details"]), body
    assert aws.group(elasticache, values["name"]) == before
    assert outputs(cache.get()) == (values, secrets)
    cache.remove(**INSTANT)
