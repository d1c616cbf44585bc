"""Microsoft's clients drive the sandbox: if they cannot tell it from Azure, neither can the driver's.

azure-mgmt-redisenterprise (api-version 2025-07-01), azure-mgmt-redis (2024-11-01) and azure-identity, unchanged; see azure_arm.py for
how their calls get here. Every answer is also read strictly: see azure_strict.py.
"""

import azure.mgmt.core.policies._base as registration
import pytest
from azure.core.exceptions import ClientAuthenticationError, ResourceNotFoundError, ServiceRequestError
from azure.core.exceptions import HttpResponseError, ServiceResponseError
from azure.mgmt.redis import models as classic_models
from azure.mgmt.redisenterprise import models as managed_models

import azure_arm as arm
import azure_strict
from azure_arm import GROUP
from conftest import binary
from processes import Server


@pytest.fixture(scope="module")
def azure():
    """Our own emulated Azure, fast, and with realistic host names instead of servers behind them."""
    server = Server("sandbox", [binary(), "sandbox", "--speed", "1000", "--azure-port", "0"])
    yield server.wait_for_line(r"\bazure (http://[0-9.]+:[0-9]+)")
    server.stop()


@pytest.fixture
def clients(azure):
    found = []
    made = arm.Clients(azure, azure_strict.watcher(found))
    yield made
    made.close()
    assert found == [], "answers that Microsoft's models do not know"


def cluster(**more):
    return managed_models.Cluster(
        location="westeurope",
        sku=managed_models.Sku(name="Balanced_B0"),
        tags={"team": "shop"},
        public_network_access="Enabled",
        minimum_tls_version="1.2",
        high_availability="Enabled",
        **more,
    )


def database(**more):
    return managed_models.Database(
        client_protocol="Encrypted",
        clustering_policy="EnterpriseCluster",
        eviction_policy="NoEviction",
        access_keys_authentication="Enabled",
        port=10000,
        **more,
    )


def cache(**more):
    return classic_models.RedisCreateParameters(
        location="West US 2",
        sku=classic_models.Sku(name="Standard", family="C", capacity=1),
        tags={"team": "shop"},
        minimum_tls_version="1.2",
        redis_configuration=classic_models.RedisCommonPropertiesRedisConfiguration(maxmemory_policy="allkeys-lru"),
        **more,
    )


def test_a_cluster_and_its_database_live_from_create_to_delete(clients):
    clusters, databases = clients.managed.redis_enterprise, clients.managed.databases
    poller = clusters.begin_create(GROUP, "life", cluster())
    assert poller.status() == "InProgress"
    made = poller.result()
    assert (made.provisioning_state, made.resource_state) == ("Succeeded", "Running")
    assert made.host_name == "life.westeurope.redis.azure.net"
    assert (made.location, made.kind, made.redundancy_mode) == ("West Europe", "v2", "ZR")

    assert list(databases.list_by_cluster(GROUP, "life")) == []
    there = databases.begin_create(GROUP, "life", "default", database()).result()
    assert (there.provisioning_state, there.resource_state, there.port) == ("Succeeded", "Running", 10000)
    assert there.redis_version == "7.4"
    keys = databases.list_keys(GROUP, "life", "default")
    after = databases.begin_regenerate_key(GROUP, "life", "default", {"keyType": "Secondary"}).result()
    assert after.primary_key == keys.primary_key and after.secondary_key != keys.secondary_key
    assert databases.list_keys(GROUP, "life", "default").secondary_key == after.secondary_key

    update = managed_models.ClusterUpdate(sku=managed_models.Sku(name="Balanced_B3"), tags={"team": "till"})
    changed = clusters.begin_update(GROUP, "life", update).result()
    assert (changed.sku.name, changed.tags) == ("Balanced_B3", {"team": "till"})
    policy = managed_models.DatabaseUpdate(eviction_policy="AllKeysLRU")
    assert databases.begin_update(GROUP, "life", "default", policy).result().eviction_policy == "AllKeysLRU"
    sizes = {sku.name: sku.size_in_gb for sku in clusters.list_skus_for_scaling(GROUP, "life").skus}
    assert sizes["Balanced_B5"] == 6 and "Balanced_B3" not in sizes

    clusters.begin_delete(GROUP, "life").result()
    with pytest.raises(ResourceNotFoundError):
        clusters.get(GROUP, "life")
    with arm.raises("ParentResourceNotFound", 404):
        databases.get(GROUP, "life", "default")
    clusters.begin_delete(GROUP, "life").result()


def test_a_database_is_deleted_and_made_again(clients):
    clients.managed.redis_enterprise.begin_create(GROUP, "again", cluster()).result()
    databases = clients.managed.databases
    databases.begin_create(GROUP, "again", "default", database()).result()
    first = databases.list_keys(GROUP, "again", "default").primary_key
    with arm.raises("BadRequest", 400):
        databases.begin_update(GROUP, "again", "default", {"properties": {"clusteringPolicy": "OSSCluster"}})
    databases.begin_delete(GROUP, "again", "default").result()
    with arm.raises("ResourceNotFound", 404):
        databases.get(GROUP, "again", "default")
    databases.begin_create(GROUP, "again", "default", database()).result()
    assert databases.list_keys(GROUP, "again", "default").primary_key != first


def test_access_for_an_object_id(clients):
    clients.managed.redis_enterprise.begin_create(GROUP, "entra", cluster()).result()
    clients.managed.databases.begin_create(GROUP, "entra", "default", database()).result()
    assignments = clients.managed.access_policy_assignment
    user = managed_models.AccessPolicyAssignmentPropertiesUser(object_id=arm.APPLICATION)
    wanted = managed_models.AccessPolicyAssignment(access_policy_name="default", user=user)
    made = assignments.begin_create_update(GROUP, "entra", "default", "driver", wanted).result()
    assert (made.provisioning_state, made.user.object_id) == ("Succeeded", arm.APPLICATION)
    assert [one.name for one in assignments.list(GROUP, "entra", "default")] == ["driver"]
    assignments.begin_delete(GROUP, "entra", "default", "driver").result()
    with pytest.raises(ResourceNotFoundError):
        assignments.get(GROUP, "entra", "default", "driver")


def test_a_classic_cache_lives_from_create_to_delete(clients):
    caches = clients.classic.redis
    free = classic_models.CheckNameAvailabilityParameters(name="life", type="Microsoft.Cache/redis")
    assert caches.check_name_availability(free) is None
    made = caches.begin_create(GROUP, "life", cache()).result()
    assert made.provisioning_state == "Succeeded"
    assert (made.host_name, made.ssl_port) == ("life.redis.cache.windows.net", 6380)
    assert made.redis_configuration.maxclients == "1000" and made.redis_version == "6.0"
    with arm.raises("NameNotAvailable", 409):
        caches.check_name_availability(free)
    keys = caches.list_keys(GROUP, "life")
    after = caches.regenerate_key(GROUP, "life", {"keyType": "Primary"})
    assert after.primary_key != keys.primary_key and after.secondary_key == keys.secondary_key

    tagged = caches.begin_update(GROUP, "life", classic_models.RedisUpdateParameters(tags={"a": "b"})).result()
    assert tagged.tags == {"a": "b"}
    bigger = classic_models.RedisUpdateParameters(sku=classic_models.Sku(name="Standard", family="C", capacity=2))
    assert caches.begin_update(GROUP, "life", bigger).result().sku.capacity == 2
    again = caches.begin_create(GROUP, "life", cache()).result()
    assert (again.sku.capacity, again.tags) == (1, {"team": "shop"}), "a PUT replaces everything"

    rule = clients.classic.firewall_rules.create_or_update(
        GROUP, "life", "office", {"properties": {"startIP": "10.0.0.1", "endIP": "10.0.0.9"}}
    )
    assert rule.name == "life/office" and [r.end_ip for r in clients.classic.firewall_rules.list(GROUP, "life")]
    entry = classic_models.ScheduleEntry(day_of_week="Monday", start_hour_utc=6)
    schedule = classic_models.RedisPatchSchedule(schedule_entries=[entry])
    assert clients.classic.patch_schedules.create_or_update(GROUP, "life", "default", schedule).schedule_entries
    grant = {"properties": {"accessPolicyName": "Data Owner", "objectId": arm.APPLICATION, "objectIdAlias": "me"}}
    assignments = clients.classic.access_policy_assignment
    assert assignments.begin_create_update(GROUP, "life", "me", grant).result().provisioning_state == "Succeeded"
    assignments.begin_delete(GROUP, "life", "me").result()

    caches.begin_delete(GROUP, "life").result()
    with pytest.raises(ResourceNotFoundError):
        caches.get(GROUP, "life")


def test_lists_are_read_to_their_end(azure, clients):
    for number in range(25):
        clients.managed.redis_enterprise.begin_create(GROUP, f"many-{number:02}", cluster(), polling=False)
    by_group = [one.name for one in clients.managed.redis_enterprise.list_by_resource_group(GROUP)]
    assert len([name for name in by_group if name.startswith("many-")]) == 25
    assert set(by_group) <= {one.name for one in clients.managed.redis_enterprise.list()}
    assert arm.counts(azure)["redisEnterprise.list"] >= 4
    assert list(clients.classic.redis.list_by_resource_group("Nothing")) == []


@pytest.mark.parametrize(
    "code, change",
    [
        ("BadRequest", {"sku": {"name": "Balanced_B2"}}),
        ("BadRequest", {"sku": {"name": "Enterprise_E10", "capacity": 2}}),
        ("BadRequest", {"sku": {"name": "Balanced_B0", "capacity": 2}}),
        ("BadRequest", {"zones": ["1", "2"]}),
        ("BadRequest", {"properties": {}}),
        ("LocationRequired", {"location": None}),
        ("LocationNotAvailableForResourceType", {"location": "atlantis"}),
    ],
)
def test_a_create_that_azure_refuses_is_refused_and_makes_nothing(clients, code, change):
    body = {**cluster().serialize(), **change}
    with arm.raises(code, 400) as raised:
        clients.managed.redis_enterprise.begin_create(GROUP, "refused", body)
    assert raised.error.error.message
    with arm.raises("ResourceNotFound", 404):
        clients.managed.redis_enterprise.get(GROUP, "refused")


def test_only_a_new_one_is_made_if_so_asked(clients):
    clusters = clients.managed.redis_enterprise
    only_new = {"headers": {"If-None-Match": "*"}}
    clusters.begin_create(GROUP, "once", cluster(), **only_new).result()
    with arm.raises("PreconditionFailed", 412):
        clusters.begin_create(GROUP, "once", cluster(), **only_new)
    other = cluster()
    other.tags = {"somebody": "else"}
    assert clusters.begin_create(GROUP, "once", other).result().tags == {"somebody": "else"}, "else it is overwritten"


def test_a_busy_cache_refuses(azure, clients):
    clusters = clients.managed.redis_enterprise
    clusters.begin_create(GROUP, "busy", cluster()).result()
    arm.mutate(azure, op="status", id="busy", provisioning_state="Updating", seconds=60)
    with arm.raises("Conflict", 409) as raised:
        clusters.begin_delete(GROUP, "busy")
    assert "is busy processing a previous update request" in raised.error.message


def test_no_capacity_leaves_a_shell(azure, clients):
    clusters = clients.managed.redis_enterprise
    arm.fault(azure, kind="capacity", name="full")
    poller = clusters.begin_create(GROUP, "full", cluster())
    with pytest.raises(HttpResponseError) as raised:
        poller.result()
    assert raised.value.error.code == "InsufficientCapacity"
    shell = clusters.get(GROUP, "full")
    assert (shell.provisioning_state, shell.resource_state) == ("Failed", "CreateFailed")
    assert shell.host_name == "full.westeurope.redis.azure.net"
    clusters.begin_delete(GROUP, "full").result()

    arm.fault(azure, kind="create_failed", message="", name="silent")
    with pytest.raises(HttpResponseError):
        clusters.begin_create(GROUP, "silent", cluster()).result()
    arm.fault(azure, kind="capacity", name="full-classic")
    with pytest.raises(HttpResponseError) as raised:
        clients.classic.redis.begin_create(GROUP, "full-classic", cache()).result()
    assert raised.value.error.code == "AllocationFailed"


@pytest.mark.parametrize(
    "code, status, fault",
    [
        ("TooManyRequests", 429, {"kind": "throttle"}),
        ("QuotaExceeded", 409, {"kind": "quota"}),
        ("AuthorizationFailed", 403, {"kind": "access_denied"}),
        ("ExpiredAuthenticationToken", 401, {"kind": "expired_token"}),
        ("GatewayTimeout", 504, {"kind": "http", "status": 504}),
    ],
)
def test_trouble_is_told_in_the_words_of_azure(azure, clients, code, status, fault):
    name = f"trouble-{status}"
    arm.fault(azure, **fault, name=name)
    with arm.raises(code, status):
        clients.managed.redis_enterprise.begin_create(GROUP, name, cluster())


def test_a_dropped_connection_is_no_answer(azure, clients):
    arm.fault(azure, kind="drop_after", name="dropped")
    with pytest.raises((ServiceRequestError, ServiceResponseError)):
        clients.managed.redis_enterprise.begin_create(GROUP, "dropped", cluster())
    assert clients.managed.redis_enterprise.get(GROUP, "dropped").provisioning_state


def test_the_client_registers_a_namespace_by_itself(azure, clients, monkeypatch):
    # It waits ten seconds between two looks.
    monkeypatch.setattr(registration.time, "sleep", lambda seconds: None)
    arm.mutate(azure, op="unregister_provider", namespace="Microsoft.Cache")
    found = list(clients.managed.redis_enterprise.list_by_resource_group("Registered"))
    assert found == [] and arm.counts(azure)["providers.register"] == 1


def test_a_wrong_secret_and_an_unknown_tenant_are_told_by_entra(azure):
    arm.mutate(azure, op="wrong_secret", secret="a-wrong-one")
    made = arm.Clients(azure, secret="a-wrong-one")
    with pytest.raises(ClientAuthenticationError, match="AADSTS7000215"):
        made.managed.redis_enterprise.get(GROUP, "c")
    made.close()
    arm.mutate(azure, op="remove_prerequisite", name=arm.TENANT)
    made = arm.Clients(azure)
    with pytest.raises((ClientAuthenticationError, ValueError)):
        made.managed.redis_enterprise.get(GROUP, "c")
    made.close()
    arm.mutate(azure, op="restore", name=arm.TENANT)


def test_what_is_not_there_is_not_found(azure, clients):
    with arm.raises("ResourceNotFound", 404):
        clients.classic.redis.get(GROUP, "nobody")
    with arm.raises("ParentResourceNotFound", 404):
        clients.managed.databases.begin_create(GROUP, "nobody", "default", database())
    arm.mutate(azure, op="remove_resource_group", name="Lost")
    with arm.raises("ResourceGroupNotFound", 404):
        clients.managed.redis_enterprise.get("Lost", "c")
