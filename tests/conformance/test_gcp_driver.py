"""The driver against the emulated Google Cloud; Google's clients read back what it made.

The driver calls over the wire, so its own requests are judged too: by Google's discovery documents, and by the messages
of Google's clients.
"""

import pytest
from google.cloud import memorystore_v1, redis_cluster_v1, redis_v1

import gcp
from conftest import binary
from driver import SECRETS, Driver
from processes import Server

PROJECT = "driver-project"
PARENT = f"projects/{PROJECT}/locations/{gcp.REGION}"
TOKEN = "ya29.only-for-an-emulated-cloud"
SECRETS.add(TOKEN)


@pytest.fixture(scope="module")
def fast_wire():
    """A wire to an emulated cloud whose quarter of an hour is under a second, since a driver waits by its own clock."""
    server = Server("sandbox", [binary(), "sandbox", "--speed", "1000", "--gcp-port", "0"])
    wire = gcp.Wire(server.wait_for_line(r"\bgcp (http://[0-9.]+:[0-9]+)"))
    yield wire
    wire.stop()
    server.stop()


@pytest.fixture(scope="module")
def base(fast_wire, start_driver):
    # A minute's calls are made within seconds, too.
    quotas = {"requests_per_minute": 60000, "creations_per_minute": 6000}
    return start_driver("gcp", project=PROJECT, region=gcp.REGION, endpoint_url=fast_wire.url, **quotas)


@pytest.fixture
def wire(fast_wire):
    """What goes over it during one test has no fault: neither in the emulator's answers nor in the driver's requests."""
    fast_wire.judge()
    yield fast_wire
    assert fast_wire.judge() == []


@pytest.fixture
def emulator(fast_wire):
    behind = gcp.Emulator(fast_wire.emulator)
    yield behind
    behind.reset()


@pytest.fixture
def cache(base, wire):
    with Driver(base, account={"access_token": TOKEN}) as caller:
        yield caller


def marked(labels, id_):
    return labels["managed-by"] == "cache-driver" and id_ in labels.values()


def test_a_redis_instance(cache, google):
    asked = {"engine": "redis", "size": "small", "eviction_policy": "allkeys-lru", "tags": {"team": "shop"}}
    values, secrets = cache.create(asked)
    made = google.redis.get_instance(name=values["resource_id"])
    assert made.name.startswith(f"{PARENT}/instances/") and made.state == redis_v1.Instance.State.READY
    assert made.auth_enabled
    assert made.transit_encryption_mode == redis_v1.Instance.TransitEncryptionMode.SERVER_AUTHENTICATION
    assert made.redis_configs["maxmemory-policy"] == "allkeys-lru" and made.labels["team"] == "shop"
    assert marked(made.labels, cache.id)
    assert (values["host"], values["port"]) == (made.host, made.port)
    assert secrets["password"] == google.redis.get_instance_auth_string(name=made.name).auth_string

    more = cache.update({**asked, "eviction_policy": "noeviction", "tags": {"team": "shop", "cost": "42"}})
    changed = google.redis.get_instance(name=made.name)
    assert changed.redis_configs["maxmemory-policy"] == "noeviction" and changed.labels["cost"] == "42"
    assert more[0]["host"] == values["host"] and more[1]["password"] == secrets["password"]

    cache.remove()
    assert not list(google.redis.list_instances(parent=PARENT))
    assert cache.delete().status_code == 204


@pytest.mark.parametrize("mode", ["standard", "cluster"])
def test_valkey(cache, google, mode):
    asked = {"engine": "valkey", "mode": mode, "size": "small", "replicas": 1}
    values, secrets = cache.create(asked)
    made = google.valkey.get_instance(name=values["resource_id"])
    wanted = "CLUSTER" if mode == "cluster" else "CLUSTER_DISABLED"
    assert made.mode == memorystore_v1.Instance.Mode[wanted] and made.replica_count == 1
    assert made.authorization_mode == memorystore_v1.Instance.AuthorizationMode.TOKEN_AUTH
    assert made.transit_encryption_mode == memorystore_v1.Instance.TransitEncryptionMode.SERVER_AUTHENTICATION
    assert marked(made.labels, cache.id)
    kind = memorystore_v1.ConnectionType[
        "CONNECTION_TYPE_DISCOVERY" if mode == "cluster" else "CONNECTION_TYPE_PRIMARY"
    ]
    connections = [c.psc_auto_connection for endpoint in made.endpoints for c in endpoint.connections]
    (main,) = (c for c in connections if c.connection_type == kind)
    assert (values["host"], values["port"]) == (main.ip_address, main.port)
    (user,) = (u for u in google.valkey.list_token_auth_users(parent=made.name) if list_tokens(google, u))
    assert secrets["password"] in list_tokens(google, user)

    # Two fields: one update each, one after the other.
    cache.update({**asked, "replicas": 2, "tags": {"team": "shop"}})
    changed = google.valkey.get_instance(name=made.name)
    assert changed.replica_count == 2 and changed.labels["team"] == "shop"

    cache.remove()
    assert not list(google.valkey.list_instances(parent=PARENT))


def list_tokens(google, user):
    listed = google.valkey.list_auth_tokens(parent=user.name)
    return [google.valkey.get_auth_token(name=token.name).token for token in listed]


def test_a_redis_cluster(cache, google):
    values, _ = cache.create({"engine": "redis", "mode": "cluster", "shards": 3, "size": "small"})
    made = google.clusters.get_cluster(name=values["resource_id"])
    assert made.state == redis_cluster_v1.Cluster.State.ACTIVE and made.shard_count == 3
    (discovery,) = made.discovery_endpoints
    assert (values["host"], values["port"]) == (discovery.address, discovery.port) and values["cluster_mode"] is True
    cache.remove()


def test_memcached(cache, google):
    values, secrets = cache.create({"engine": "memcached", "size": "small"})
    made = google.memcache.get_instance(name=values["resource_id"])
    assert made.discovery_endpoint == f"{values['host']}:{values['port']}" and marked(made.labels, cache.id)
    assert not secrets.get("password")
    cache.remove()


def test_a_create_that_fails_says_why(cache, emulator):
    emulator.fault(kind="create_failed", message="an internal error has occurred")
    asked = {"engine": "redis", "size": "small"}
    assert cache.put(asked).status_code == 202
    answer = cache.until(400, lambda: cache.put(asked), 30)
    assert "an internal error has occurred" in answer.text


def test_the_key_of_a_service_account(base, wire, google, service_account):
    SECRETS.update(line for line in service_account.private.splitlines() if len(line) == 64)
    wire.grants.clear()
    with Driver(base, account=service_account.file()) as caller:
        caller.hidden = [service_account.private]
        values, _ = caller.create({"engine": "redis", "size": "small"})
        assert wire.authorization.startswith("Bearer ")
        assert google.redis.get_instance(name=values["resource_id"]).auth_enabled
        caller.remove()
    # One token does for all of it, and Google's own code takes the signature for good.
    (grant,) = wire.grants
    service_account.signed(grant)
    SECRETS.add(grant["assertion"])


def test_a_valkey_password_is_rotated(cache, google):
    asked = {"engine": "valkey", "size": "small"}
    values, secrets = cache.create(asked)
    made, fresh = cache.update({**asked, "rotate": 1})
    assert fresh["password"] != secrets["password"] and made["host"] == values["host"]
    users = google.valkey.list_token_auth_users(parent=values["resource_id"])
    tokens = [token for user in users for token in list_tokens(google, user)]
    assert fresh["password"] in tokens
    cache.remove()


def test_what_is_missing_in_the_project_is_said(cache, emulator):
    emulator.mutate(op="remove_prerequisite", kind="api", service="memorystore.googleapis.com", project=PROJECT)
    answer = cache.put({"engine": "valkey", "size": "small"})
    assert answer.status_code == 400 and "memorystore.googleapis.com" in answer.text and "enable" in answer.text.lower()
    emulator.mutate(op="restore_prerequisite", kind="api", service="memorystore.googleapis.com", project=PROJECT)
    emulator.mutate(op="deny", permission="memorystore.instances.create", project=PROJECT)
    answer = cache.until(400, lambda: cache.put({"engine": "valkey", "size": "small"}), 30)
    assert "memorystore.instances.create" in answer.text


@pytest.mark.parametrize(
    "asked, then",
    [
        (
            {
                "engine": "redis",
                "version": "7.0",
                "high_availability": True,
                "replicas": 2,
                "size": "medium",
                "persistence": "rdb",
                "maintenance_window": "sun:03:00-sun:04:00",
                "parameters": {"notify-keyspace-events": "Ex"},
            },
            {"version": "7.2", "replicas": 3, "parameters": {"notify-keyspace-events": "KEA"}},
        ),
        (
            {
                "engine": "valkey",
                "mode": "cluster",
                "version": "7.2",
                "shards": 2,
                "high_availability": True,
                "persistence": "aof",
                "backup": {"days": 7},
                "maintenance_window": "sun:03:00-sun:04:00",
                "deletion_protection": True,
            },
            {"version": "8.0", "shards": 3, "backup": {"days": 2}, "deletion_protection": False},
        ),
        (
            {"engine": "redis", "mode": "cluster", "shards": 3, "persistence": "rdb", "backup": {"days": 7}},
            {"replicas": 2, "eviction_policy": "allkeys-lru", "tags": {"team": "shop"}},
        ),
        (
            {"engine": "memcached", "shards": 2, "parameters": {"max-item-size": "524288"}},
            {"shards": 3, "parameters": {"max-item-size": "1048576"}, "tags": {"team": "shop"}},
        ),
    ],
    ids=["redis", "valkey", "clusters", "memcached"],
)
def test_whatever_the_driver_asks_for_has_no_fault(cache, wire, asked, then):
    before, _ = cache.create(asked)
    after, _ = cache.update({**asked, **then})
    assert after["host"] == before["host"]
    # What is there already is not asked for again.
    assert wire.judge() == []
    cache.update({**asked, **then})
    assert {exchange.method for exchange in wire.exchanges} <= {"GET"}
    cache.remove()
