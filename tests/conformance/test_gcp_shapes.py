"""The emulated Google Cloud writes what Google was recorded to write: the same fields for the same request, and no other.

Schemas allow nearly everything to be absent. What a real answer leaves out, and which zeros it writes, only recordings
tell.
"""

import json

import pytest

import gcp
from test_gcp_discovery import FIXTURES

PROJECT = "example-project"
PARENT = f"projects/{PROJECT}/locations/{gcp.REGION}"
NETWORK = f"projects/{PROJECT}/global/networks/example-network"


def fields(value, path=""):
    """The paths of all fields; the items of a list each have theirs, unless they are plain texts."""
    if isinstance(value, dict):
        # Reserved, and in some recordings only.
        inner = {f"{path}.{name}".removeprefix("."): item for name, item in value.items() if name != "satisfiesPzi"}
    elif isinstance(value, list) and value and isinstance(value[0], dict):
        inner = {f"{path}[{place}]": item for place, item in enumerate(value)}
    else:
        return {path}
    found = {deep for name, item in inner.items() for deep in fields(item, name)}
    return found or {path}


def connections(*more):
    return {
        "endpoints": [{"connections": [{"pscAutoConnection": {"projectId": PROJECT, "network": NETWORK}}]}],
        **dict(more),
    }


# What was asked for when each was recorded.
ASKED = {
    "redis_instance_ready": {
        "tier": "BASIC",
        "memorySizeGb": 16,
        "displayName": "Example",
        "labels": {"team": "shop"},
        "connectMode": "DIRECT_PEERING",
        "transitEncryptionMode": "DISABLED",
    },
    "redis_cluster_active": {"shardCount": 3, "pscConfigs": [{"network": NETWORK}]},
    "valkey_cluster_active": {"shardCount": 3, **connections()},
    "valkey_cluster_disabled_active": {
        "shardCount": 1,
        "mode": "CLUSTER_DISABLED",
        "zoneDistributionConfig": {"mode": "SINGLE_ZONE", "zone": f"{gcp.REGION}-a"},
        **connections(),
    },
    "valkey_no_endpoints": {"shardCount": 3},
    "memcache_instance_ready": {
        "nodeCount": 2,
        "nodeConfig": {"cpuCount": 1, "memorySizeMb": 1024},
        "displayName": "Example",
        "labels": {"team": "shop"},
        "authorizedNetwork": NETWORK,
        "zones": [f"{gcp.REGION}-a", f"{gcp.REGION}-c"],
        "memcacheVersion": "MEMCACHE_1_5",
        "parameters": {"params": {"listen-backlog": "10000", "max-item-size": "524288", "max-reqs-per-event": "1"}},
    },
}


@pytest.mark.parametrize("name", sorted(ASKED))
def test_a_resource_has_the_fields_of_a_recorded_one(google, emulator, name):
    kept = json.loads((FIXTURES / f"{name}.json").read_text())
    path = f"/{kept['service']}{kept['path']}"
    collection, _, id_ = path.rpartition("/")
    query = {"clusterId" if collection.endswith("clusters") else "instanceId": id_}
    begun = google.raw("POST", collection, ASKED[name], **query)
    assert begun.status_code == 200, begun.text
    emulator.advance(1200)
    made, recorded = google.raw("GET", path).json(), kept["body"]
    assert fields(made) == fields(recorded)

    # What does not come from time or chance is the same value, too.
    said = {deep for deep in fields(recorded) if _same(made, recorded, deep)}
    chance = fields(recorded) - said
    assert all(any(word in deep for word in CHANCE) for deep in chance), chance


CHANCE = (
    "createTime",
    "updateTime",
    "uid",
    "host",
    "address",
    "ipAddress",
    "reservedIpRange",
    "discoveryEndpoint",
    "pscConnectionId",
    "forwardingRule",
    "serviceAttachment",
    "persistenceIamIdentity",
    "aintenanceVersion",
    "parameters.id",
    "locationId",
    "urrentLocationId",
    ".zone",
)


def _same(one, other, path):
    return _at(one, path) == _at(other, path)


def _at(value, path):
    for part in path.replace("[", ".[").split("."):
        value = value[int(part[1:-1])] if part.startswith("[") else value[part]
    return value


def test_operations_have_the_fields_of_recorded_ones(google, emulator):
    running = json.loads((FIXTURES / "redis_operation_running.json").read_text())
    done = json.loads((FIXTURES / "redis_operation_response.json").read_text())
    deleted = json.loads((FIXTURES / "redis_operation_deleted.json").read_text())
    path = f"/redis/v1/{PARENT}/instances"
    begun = google.raw("POST", path, ASKED["redis_instance_ready"], instanceId="example-redis").json()
    assert fields(begun) == fields(running["body"])
    emulator.advance(1200)
    assert fields(google.raw("GET", f"/redis/v1/{begun['name']}").json()) == fields(done["body"])
    gone = google.raw("DELETE", f"{path}/example-redis").json()
    emulator.advance(1200)
    assert fields(google.raw("GET", f"/redis/v1/{gone['name']}").json()) == fields(deleted["body"])


@pytest.mark.parametrize("name", ["redis_cluster_not_found", "already_exists"])
def test_an_error_is_the_recorded_one(google, name):
    kept = json.loads((FIXTURES / f"{name}.json").read_text())
    body = ASKED["redis_instance_ready"] if kept["method"] == "POST" else None
    # A name is taken from the second time on.
    for _ in range(2):
        answer = google.raw(kept["method"], f"/{kept['service']}{kept['path']}", body, **kept.get("query", {}))
    assert (answer.status_code, answer.json()) == (kept["status"], kept["body"])


def test_one_update_at_a_time_is_the_recorded_one(google):
    kept = json.loads((FIXTURES / "valkey_one_update_at_a_time.json").read_text())
    path = f"/memorystore{kept['path']}"
    collection, _, id_ = path.rpartition("/")
    assert google.raw("POST", collection, ASKED["valkey_cluster_active"], instanceId=id_).ok
    google.emulator.advance(1200)
    window = {"weeklyMaintenanceWindow": [{"day": "MONDAY", "startTime": {"hours": 1}}]}
    begun = google.raw("PATCH", path, {"maintenancePolicy": window}, updateMask="maintenancePolicy").json()
    google.emulator.advance(30)
    done = google.raw("GET", f"/memorystore/v1/{begun['name']}").json()
    recorded = json.loads((FIXTURES / "valkey_operation_done_still_updating.json").read_text())["body"]
    assert done["done"] and fields(done) == fields(recorded)
    assert (done["response"]["state"], done["response"]["stateInfo"]) == ("UPDATING", {"updateInfo": {}})
    change = {"automatedBackupConfig": {"automatedBackupMode": "DISABLED"}}
    answer = google.raw("PATCH", path, change, **kept["query"])
    assert (answer.status_code, answer.json()) == (kept["status"], kept["body"])
