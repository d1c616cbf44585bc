"""The driver against moto: what it asks of ElastiCache, as another implementation understood it."""

import base64
import json

import pytest
import requests

import aws
from driver import error, fields, guresid, outputs, static_account, temporary_account
from test_emulators import EXCUSED

SMALL = {"engine": "valkey", "size": "small"}


@pytest.fixture(scope="module")
def base(start_on_aws, moto, moto_network):
    return start_on_aws(moto, **moto_network)


@pytest.fixture
def elasticache(moto):
    return aws.client(moto)


def base64_json(value):
    return base64.b64encode(json.dumps(value).encode()).decode()


def names(elasticache):
    return {g["ReplicationGroupId"] for g in elasticache.describe_replication_groups()["ReplicationGroups"]}


@pytest.mark.parametrize("spelling", ["static", "temporary"])
def test_a_cache_lives_from_put_to_delete(base, moto, moto_network, elasticache, resource, spelling):
    if spelling == "static":
        account = static_account()
    else:
        # A role of moto's own account, so that the same client can look.
        account = temporary_account(aws.assumed(moto, "arn:aws:iam::123456789012:role/caches"))
    cache = resource(base, account=account)
    values, secrets = cache.create(SMALL)

    made = aws.group(elasticache, values["name"])
    assert (made["TransitEncryptionEnabled"], made["AtRestEncryptionEnabled"], made["AuthTokenEnabled"]) == (True,) * 3
    assert made["Engine"] == "valkey" and made["CacheNodeType"].startswith("cache.")
    assert f"id={cache.id}" in made["Description"].split() and len(made["Description"]) <= 255
    assert secrets["password"] not in made["Description"]
    tags = aws.tags(elasticache, made)
    assert tags["managed-by"] == "cache-driver" and tags["cache-driver-id"] == cache.id
    for cluster in aws.members(elasticache, made):
        assert cluster["CacheSubnetGroupName"] == moto_network["subnet_group"]
        assert [g["SecurityGroupId"] for g in cluster["SecurityGroups"]] == moto_network["security_group_ids"]

    endpoint = made["NodeGroups"][0]["PrimaryEndpoint"]
    assert (values["host"], values["port"]) == (endpoint["Address"], endpoint["Port"])
    assert "reader_host" not in values, EXCUSED["moto"]["reader"]
    assert (values["tls"], values["auth"], values["cluster_mode"]) == (True, "password", False)
    assert (values["provider"], values["product"], values["region"]) == ("aws", "aws/replication-group", aws.REGION)
    assert values["resource_id"] == made["ARN"]
    assert secrets["username"] == "default" and len(secrets["password"]) == 32 and secrets["password"].isalnum()
    assert secrets["url"] == f"rediss://default:{secrets['password']}@{values['host']}:{values['port']}"

    assert outputs(cache.get()) == (values, secrets)
    again = cache.put(SMALL)
    assert outputs(again) == (values, secrets), "a PUT with nothing to change is 200 at once"

    changed, kept = cache.update({**SMALL, "size": "medium", "backup": {"days": 3}})
    after = aws.group(elasticache, values["name"])
    assert after["CacheNodeType"] != made["CacheNodeType"] and after["SnapshotRetentionLimit"] == 3
    assert changed["memory_gb"] > values["memory_gb"]
    assert (changed["host"], kept) == (values["host"], secrets)

    cache.remove()
    with aws.raises("ReplicationGroupNotFoundFault", 404):
        aws.group(elasticache, values["name"])
    assert cache.get().status_code == 404
    assert cache.delete().status_code == 204


def test_polling_with_get_alone_gets_there(base, resource):
    cache = resource(base)
    assert cache.put(SMALL).status_code == 202
    values, _ = outputs(cache.until(200, cache.get, 60))
    assert values["host"]
    assert cache.delete().status_code == 202
    cache.until(404, cache.get, 60)


def test_a_lost_cookie_loses_nothing(base, elasticache, resource):
    cache = resource(base)
    made = cache.create(SMALL)
    before = names(elasticache)
    forgetful = resource(base, id_=cache.id)
    assert outputs(forgetful.put(SMALL)) == made
    assert names(elasticache) == before
    forgetful.remove()


def test_a_dry_run_calls_nothing(base, elasticache, resource):
    before = names(elasticache)
    plan = resource(base).put(SMALL, dry_run="true").json()
    assert plan["action"] == "create" and plan["name"] not in before
    assert [step["call"] for step in plan["steps"]], plan
    assert names(elasticache) == before


def test_an_account_sees_only_what_is_its_own(base, moto, elasticache, resource):
    mine = resource(base)
    values, secrets = mine.create(SMALL)
    role = aws.assumed(moto, "arn:aws:iam::111122223333:role/other")
    there = aws.client(moto, **aws.keys(role))
    aws.network(moto, **aws.keys(role))
    theirs = resource(base, id_=mine.id, account=temporary_account(role))

    # Without the cookie it is another cache, which happens to have the same name.
    other_values, other_secrets = theirs.create(SMALL)
    assert other_values["resource_id"] != values["resource_id"] and other_secrets["password"] != secrets["password"]
    assert aws.group(there, other_values["name"])["ARN"] == other_values["resource_id"]
    theirs.remove()
    with aws.raises("ReplicationGroupNotFoundFault", 404):
        aws.group(there, other_values["name"])
    assert aws.group(elasticache, values["name"])["Status"] == "available"

    # With the cookie it is the first account's cache, asked for with the wrong credentials.
    theirs.cookie = mine.cookie
    error(theirs.put(SMALL), "RES-103")
    assert aws.group(elasticache, values["name"])["Status"] == "available"
    mine.remove()


def test_without_security_groups_nothing_is_made(start_on_aws, moto, moto_network, elasticache, resource):
    before = names(elasticache)
    base = start_on_aws(moto, subnet_group=moto_network["subnet_group"])
    body = error(resource(base).put(SMALL), "RES-101")
    assert any("security_group_ids" in path for path in fields(body)), body
    assert names(elasticache) == before


def test_a_subnet_group_that_is_not_there_is_a_missing_prerequisite(
    start_on_aws, moto, moto_network, elasticache, resource
):
    before = names(elasticache)
    base = start_on_aws(moto, "no-such-group", moto_network["security_group_ids"])
    cache = resource(base)
    assert "no-such-group" in str(error(cache.put(SMALL), "RES-111"))
    assert names(elasticache) == before
    assert cache.delete().status_code == 204


def test_somebody_elses_cache_of_that_name_is_left_alone(base, elasticache, resource):
    cache = resource(base)
    name = cache.put(SMALL, dry_run="true").json()["name"]
    elasticache.create_replication_group(ReplicationGroupId=name, ReplicationGroupDescription="sessions of the shop")
    elasticache.get_waiter("replication_group_available").wait(ReplicationGroupId=name, WaiterConfig=aws.quick())
    error(cache.put(SMALL), "RES-105")
    assert cache.delete().status_code in (204, 400)
    found = aws.group(elasticache, name)
    assert (found["Status"], found["Description"]) == ("available", "sessions of the shop")


def test_the_interface_of_2020_makes_and_removes_a_cache(base, elasticache):
    id_, account = guresid(), static_account()
    asked = {
        "id": id_,
        "type": "redis",
        "resource_params": {},
        "driver_params": SMALL,
        "driver_secrets": {"account": account},
    }
    made = requests.post(f"{base}/redis/", json=asked, timeout=70)
    assert made.status_code == 200, made.text
    body = made.json()
    assert body["type"] == "redis" and body["data"]["values"]["port"] == 6379 and body["data"]["secrets"]["password"]
    name = body["data"]["values"]["name"]
    assert aws.group(elasticache, name)["AuthTokenEnabled"] is True
    headers = {
        "humanitec-driver-params": base64_json(SMALL),
        "humanitec-driver-secrets": base64_json({"account": account}),
    }
    gone = requests.delete(f"{base}/redis/{id_}", headers=headers, timeout=70)
    assert gone.status_code == 204, gone.text
    with aws.raises("ReplicationGroupNotFoundFault", 404):
        aws.group(elasticache, name)
    unknown = requests.delete(f"{base}/redis/{id_}", headers=headers, timeout=70)
    assert unknown.status_code == 404 and unknown.json()["error"].startswith("RES-1"), unknown.text
