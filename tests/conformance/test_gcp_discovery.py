"""The two judges of exchanges find what they are there for, and pass what Google was recorded to answer."""

import copy
import json
import pathlib
from urllib.parse import urlencode

import pytest

from discovery import Exchange
from gcp import judges

FIXTURES = pathlib.Path(__file__).parent.parent / "fixtures/gcp"
DOCUMENTS, MESSAGES = judges()


def recorded(name):
    """An exchange that was recorded, with a request for it that has no fault."""
    kept = json.loads((FIXTURES / f"{name}.json").read_text())
    query = f"?{urlencode(kept['query'])}" if "query" in kept else ""
    url = f"https://{kept['service']}.googleapis.com{kept['path']}{query}"
    bodies = {
        ("redis", "POST"): {"tier": "BASIC", "memorySizeGb": 1},
        ("memcache", "POST"): {"nodeCount": 1, "nodeConfig": {"cpuCount": 1, "memorySizeMb": 1024}},
        ("memorystore", "PATCH"): {"automatedBackupConfig": {"automatedBackupMode": "DISABLED"}},
    }
    return Exchange(kept["method"], url, bodies.get((kept["service"], kept["method"])), kept["status"], kept["body"])


def faults(exchange):
    judges_ = [judge for judge in (DOCUMENTS, MESSAGES) if judge.knows(exchange)]
    return [fault for judge in judges_ for fault in judge.asked(exchange) + judge.answered(exchange)]


@pytest.mark.parametrize("name", sorted(path.stem for path in FIXTURES.glob("*.json")))
def test_what_was_recorded_has_no_fault(name):
    assert json.loads((FIXTURES / f"{name}.json").read_text())["_about"]
    assert faults(recorded(name)) == []


def put(path, value):
    """A change of the answer: sets what is at a path, or takes it away if the value is None."""

    def change(exchange):
        body = copy.deepcopy(exchange.response)
        *outer, last = path
        at = body
        for part in outer:
            at = at[part]
        if value is None:
            del at[last]
        else:
            at[last] = value
        return exchange._replace(response=body)

    return change


def asked(**change):
    """A change of the request: its query, its body, or its path."""

    def apply(exchange):
        url, _, query = exchange.url.partition("?")
        query = change.get("query", query)
        url = url.replace(*change["path"]) if "path" in change else url
        return exchange._replace(url=f"{url}?{query}" if query else url, request=change.get("body", exchange.request))

    return apply


def status(number):
    return lambda exchange: exchange._replace(status=number)


def numbers(exchange):
    return exchange._replace(url=f"{exchange.url}?%24alt=json%3Benum-encoding%3Dint")


BROKEN = [
    # what a schema says
    ("redis_instance_ready", put(["hostname"], "10.0.0.1"), "unknown"),
    ("redis_instance_ready", put(["port"], "6379"), "is no int32"),
    ("redis_instance_ready", put(["port"], True), "is no int32"),
    ("redis_instance_ready", put(["state"], "Ready"), "not in the enumeration"),
    ("redis_instance_ready", put(["state"], 2), "where words were asked for"),
    ("redis_instance_ready", numbers, "where numbers were asked for"),
    ("redis_instance_ready", put(["createTime"], "2026-03-02 10:00:00"), "is no time"),
    ("redis_instance_ready", put(["createTime"], "2026-13-02T10:00:00Z"), "is no time"),
    ("redis_instance_ready", put(["createTime"], "2026-03-02T10:00:00.1234567890Z"), "is no time"),
    ("redis_instance_ready", put(["nodes"], {"id": "node-0"}), "is no list"),
    ("redis_instance_ready", put(["nodes", 0, "name"], "node-0"), "unknown"),
    ("redis_instance_ready", put(["labels", "team"], 1), "is no text"),
    ("redis_instance_ready", put(["authEnabled"], "false"), "neither true nor false"),
    ("redis_instance_ready", put(["tier"], None), "is required, and absent"),
    ("redis_instance_ready", put(["name"], "example-redis"), "was asked for"),
    ("redis_cluster_active", put(["sizeGb"], 39.5), "is no int32"),
    ("redis_cluster_active", put(["preciseSizeGb"], "39"), "is no number"),
    (
        "redis_cluster_active",
        put(["clusterEndpoints", 0, "connections", 0, "pscAutoConnection", "ipAddress"], "10.0.0.1"),
        "unknown",
    ),
    ("memcache_instance_ready", put(["discoveryEndpoint"], {"address": "10.0.0.1"}), "is no text"),
    # what only the messages of the client know
    (
        "valkey_cluster_active",
        put(["endpoints", 0, "connections", 0, "pscAutoConnection", "address"], "10.0.0.1"),
        "address",
    ),
    ("valkey_cluster_active", put(["state"], "READY"), "READY"),
    ("valkey_cluster_active", put(["state"], 77), "not in the enumeration"),
    ("valkey_cluster_active", put(["shardCount"], "three"), "shardCount"),
    ("valkey_cluster_active", put(["createTime"], "yesterday"), "createTime"),
    ("valkey_cluster_active", put(["name"], "projects/p/locations/l/instances/other"), "was asked for"),
    # operations
    ("redis_operation_response", put(["response"], None), "is done with 0 results"),
    ("redis_operation_response", put(["error"], {"code": 8, "message": "no"}), "is done with 2 results"),
    ("redis_operation_response", put(["done"], False), "is not done, and has response"),
    ("redis_operation_response", put(["done"], "true"), "whether it is done"),
    (
        "redis_operation_response",
        put(["response", "@type"], "type.googleapis.com/google.cloud.redis.v1.Redis"),
        "unknown type",
    ),
    ("redis_operation_response", put(["response", "hostname"], "10.0.0.1"), "unknown"),
    ("redis_operation_response", put(["response", "state"], 2), "where words were asked for"),
    ("redis_operation_response", put(["metadata", "requestedCancellation"], False), "unknown"),
    ("redis_operation_response", put(["metadata", "endTime"], None), "without endTime"),
    ("redis_operation_response", put(["metadata", "endTime"], "2026-03-01T10:00:00Z"), "ended before it began"),
    ("redis_operation_response", put(["name"], "operations/1"), "has the name"),
    ("redis_operation_error", put(["error", "code"], 409), "not gRPC's"),
    ("redis_operation_error", put(["error", "status"], "ABORTED"), "unknown status"),
    ("redis_operation_running", put(["metadata", "verb"], ""), "without verb"),
    (
        "valkey_operation_done_still_updating",
        put(["response", "@type"], "type.googleapis.com/google.cloud.valkey.v1.Instance"),
        "valkey",
    ),
    ("valkey_operation_done_still_updating", put(["error"], {"code": 9, "message": "no"}), "oneof"),
    # errors
    ("valkey_one_update_at_a_time", status(409), "in a 409"),
    ("valkey_one_update_at_a_time", put(["error", "status"], "ABORTED"), "'ABORTED' in a 400"),
    ("valkey_one_update_at_a_time", put(["error", "message"], ""), "message is absent"),
    ("valkey_one_update_at_a_time", put(["error"], "no"), "no error object"),
    ("valkey_one_update_at_a_time", put(["error", "reason"], "busy"), "error.reason is unknown"),
    ("service_disabled", put(["error", "details", 0, "@type"], "ErrorInfo"), "unknown type"),
    ("service_disabled", put(["error", "details", 0, "reason"], "service disabled"), "reason is"),
    ("service_disabled", put(["error", "details", 2, "links", 0, "href"], "x"), "has the unknown href"),
    ("bad_request_java_tail", put(["error", "details", 0, "violations"], []), "unknown in BadRequest"),
    # requests
    ("redis_operation_running", asked(query=""), "instanceId is required"),
    ("redis_operation_running", asked(query="instanceId=a&requestId=b"), "requestId is unknown"),
    ("redis_operation_running", asked(query="instanceId=a&instanceId=b"), "comes twice"),
    ("redis_operation_running", asked(body={"memorySizeGb": 1}), "body.tier is required"),
    ("redis_operation_running", asked(body={"tier": "BASIC", "memorySizeGb": 1, "host": "10.0.0.1"}), "output only"),
    ("redis_operation_running", asked(body={"tier": "BASIC", "memorySizeGb": 1, "size": 1}), "unknown"),
    ("redis_instance_ready", asked(body={"name": "x"}), "a body where none belongs"),
    ("redis_instance_ready", asked(path=("/instances/", "/caches/")), "is no method"),
    ("redis_instance_ready", asked(query="pageSize=1"), "pageSize is unknown"),
    ("valkey_one_update_at_a_time", asked(query="updateMask=backups"), "which is no field"),
    ("valkey_one_update_at_a_time", asked(query="updateMask=persistenceConfig.kind"), "which is no field"),
    ("valkey_one_update_at_a_time", asked(body={"backups": {}}), "backups"),
]


@pytest.mark.parametrize("name, change, fault", BROKEN)
def test_a_planted_fault_is_found(name, change, fault):
    broken = change(recorded(name))
    assert broken != recorded(name)
    assert any(fault in found for found in faults(broken)), faults(broken)


@pytest.mark.parametrize(
    "mask, fault",
    [
        ("", "is empty"),
        ("displayName,labels.team,persistence_config.rdb_snapshot_period,redisConfigs.maxmemory-policy", None),
        ("redisConfig", "which is no field"),
        ("persistenceConfig.mode", "which is no field"),
        ("displayName,host", "which is output only"),
        ("persistenceConfig.rdbNextSnapshotTime", "which is output only"),
    ],
)
def test_a_field_mask_is_followed_to_its_end(mask, fault):
    operation = recorded("redis_operation_running")
    url = f"{recorded('redis_instance_ready').url}?{urlencode({'updateMask': mask})}"
    found = DOCUMENTS.asked(Exchange("PATCH", url, {}, 200, operation.response))
    assert found == [] if fault is None else any(fault in one for one in found), found


def test_words_and_numbers_of_an_enumeration_are_one():
    words = recorded("valkey_cluster_active")
    # Numbers as in google/cloud/memorystore/v1/memorystore.proto.
    chosen = {
        "state": 2,
        "mode": 2,
        "nodeType": 2,
        "authorizationMode": 1,
        "transitEncryptionMode": 1,
        "serverCaMode": 0,
    }
    assert MESSAGES.parsed(words._replace(response={**words.response, **chosen})) == MESSAGES.parsed(words)
