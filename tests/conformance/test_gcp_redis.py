"""Google's client for Redis instances drives the emulated Google Cloud."""

import uuid

import pytest
from cryptography import x509
from google.api_core import exceptions
from google.cloud import redis_v1

import gcp
from gcp import refused

PARENT = f"projects/redis-project/locations/{gcp.REGION}"
Instance = redis_v1.Instance


def named(id_):
    return f"{PARENT}/instances/{id_}"


def create(google, id_, **more):
    wanted = Instance(**{"tier": Instance.Tier.BASIC, "memory_size_gb": 1, **more})
    return google.redis.create_instance(parent=PARENT, instance_id=id_, instance=wanted)


def update(google, id_, *paths, **fields):
    change = {"name": named(id_), **fields}
    return google.redis.update_instance(instance=change, update_mask={"paths": paths or list(fields)})


def delete(google, id_):
    return google.result(google.redis.delete_instance(name=named(id_)))


def test_an_instance_lives_from_create_to_delete(google, wire):
    operation = create(
        google,
        "life",
        tier=Instance.Tier.STANDARD_HA,
        memory_size_gb=5,
        redis_version="REDIS_7_0",
        display_name="made by Google's client",
        labels={"team": "shop"},
        redis_configs={"maxmemory-policy": "allkeys-lru"},
        auth_enabled=True,
        transit_encryption_mode=Instance.TransitEncryptionMode.SERVER_AUTHENTICATION,
    )
    assert not operation.done()
    assert (operation.metadata.verb, operation.metadata.target) == ("create", named("life"))
    assert google.redis.get_instance(name=named("life")).state == Instance.State.CREATING

    made = google.result(operation)
    assert made == google.redis.get_instance(name=named("life")) and made.state == Instance.State.READY
    assert made.name == named("life") and made.tier == Instance.Tier.STANDARD_HA and made.memory_size_gb == 5
    assert made.redis_version == "REDIS_7_0" and made.labels == {"team": "shop"}
    assert made.redis_configs == {"maxmemory-policy": "allkeys-lru"}
    assert made.auth_enabled and made.port == 6378 and made.host
    assert made.transit_encryption_mode == Instance.TransitEncryptionMode.SERVER_AUTHENTICATION
    assert made.connect_mode == Instance.ConnectMode.DIRECT_PEERING
    assert made.authorized_network == "projects/redis-project/global/networks/default"
    assert made.replica_count == 1 and len(made.nodes) == 2
    assert len({node.zone for node in made.nodes}) == 2 and made.current_location_id in {n.zone for n in made.nodes}
    # What a caller trusts must be a certificate.
    for authority in made.server_ca_certs:
        assert x509.load_pem_x509_certificate(authority.cert.encode())

    secret = google.redis.get_instance_auth_string(name=named("life")).auth_string
    assert str(uuid.UUID(secret)) == secret

    changed = google.result(
        update(google, "life", memory_size_gb=6, labels={"team": "shop", "cost": "42"}, display_name="changed")
    )
    assert (changed.memory_size_gb, changed.display_name) == (6, "changed")
    assert changed.labels == {"team": "shop", "cost": "42"}
    assert (changed.host, changed.create_time) == (made.host, made.create_time)

    upgraded = google.redis.upgrade_instance(name=named("life"), redis_version="REDIS_7_2")
    assert google.result(upgraded).redis_version == "REDIS_7_2"
    failed_over = google.redis.failover_instance(
        name=named("life"), data_protection_mode=redis_v1.FailoverInstanceRequest.DataProtectionMode.LIMITED_DATA_LOSS
    )
    assert google.result(failed_over).state == Instance.State.READY

    removed = google.redis.delete_instance(name=named("life"))
    assert removed.metadata.verb == "delete"
    assert google.redis.get_instance(name=named("life")).state == Instance.State.DELETING
    google.result(removed)
    with refused(wire, exceptions.NotFound, "NOT_FOUND"):
        google.redis.get_instance(name=named("life"))


def test_what_is_not_asked_for_is_as_google_has_it(google, wire):
    made = google.result(create(google, "plain"))
    assert made.redis_version == "REDIS_7_0" and made.port == 6379
    assert made.transit_encryption_mode == Instance.TransitEncryptionMode.DISABLED
    assert made.read_replicas_mode == Instance.ReadReplicasMode.READ_REPLICAS_DISABLED
    assert made.reserved_ip_range.endswith("/29") and made.location_id.startswith(gcp.REGION)
    assert len(made.nodes) == 1 and not made.server_ca_certs
    # Zero is absent here, as recorded; the client cannot tell.
    answer = wire.last().response["response"]
    assert "replicaCount" not in answer and "authEnabled" not in answer
    with pytest.raises(exceptions.BadRequest):
        google.redis.get_instance_auth_string(name=named("plain"))
    delete(google, "plain")


def test_the_auth_string_is_new_when_auth_is_switched_off_and_on(google):
    google.result(create(google, "rotated", auth_enabled=True))
    before = google.redis.get_instance_auth_string(name=named("rotated")).auth_string
    google.result(update(google, "rotated", "auth_enabled", auth_enabled=False))
    google.result(update(google, "rotated", "auth_enabled", auth_enabled=True))
    assert google.redis.get_instance_auth_string(name=named("rotated")).auth_string not in ("", before)
    delete(google, "rotated")


def test_read_replicas_have_an_endpoint_of_their_own(google):
    mode = Instance.ReadReplicasMode.READ_REPLICAS_ENABLED
    made = google.result(
        create(
            google,
            "replicas",
            tier=Instance.Tier.STANDARD_HA,
            memory_size_gb=5,
            read_replicas_mode=mode,
            replica_count=2,
        )
    )
    assert made.read_replicas_mode == mode and made.replica_count == 2 and len(made.nodes) == 3
    assert made.read_endpoint and made.read_endpoint != made.host and made.read_endpoint_port == 6379
    more = google.result(update(google, "replicas", replica_count=4))
    assert more.replica_count == 4 and len(more.nodes) == 5
    delete(google, "replicas")


def test_lists_come_in_pages_and_over_all_regions(google):
    parent = "projects/redis-paging/locations/{}"
    wanted = {f"page-{n}" for n in range(5)}
    operations = [
        google.redis.create_instance(
            parent=parent.format(gcp.REGION), instance_id=id_, instance={"tier": "BASIC", "memory_size_gb": 1}
        )
        for id_ in sorted(wanted)
    ]
    for operation in operations:
        google.result(operation)
    pager = google.redis.list_instances(request={"parent": parent.format("-"), "page_size": 2})
    pages = [[instance.name.rpartition("/")[2] for instance in page.instances] for page in pager.pages]
    assert [len(page) for page in pages] == [2, 2, 1] and {id_ for page in pages for id_ in page} == wanted
    assert not list(google.redis.list_instances(parent=parent.format("us-east1")))
    assert len(list(google.redis.list_instances(parent=parent.format(gcp.REGION)))) == 5


@pytest.mark.parametrize(
    "id_, fields",
    [
        ("Capital", {}),
        ("1-starts-with-a-digit", {}),
        ("ends-with-a-hyphen-", {}),
        ("a" * 41, {}),
        ("refused", {"memory_size_gb": 0}),
        ("refused", {"memory_size_gb": 301}),
        ("refused", {"tier": Instance.Tier.TIER_UNSPECIFIED}),
        ("refused", {"redis_version": "REDIS_1_0"}),
        ("refused", {"replica_count": 2}),
        ("refused", {"labels": {"Team": "shop"}}),
        ("refused", {"labels": {"team": "x" * 64}}),
        ("refused", {"authorized_network": "default"}),
        ("refused", {"authorized_network": "projects/other-project/global/networks/shared"}),
        ("refused", {"redis_configs": {"no-such-parameter": "1"}}),
    ],
)
def test_a_create_that_google_refuses_is_refused_and_makes_nothing(google, wire, id_, fields):
    with refused(wire, exceptions.BadRequest, "INVALID_ARGUMENT") as raised:
        create(google, id_, **fields)
    assert raised.error.message
    with refused(wire, exceptions.ClientError, "NOT_FOUND"):
        google.redis.get_instance(name=named("refused"))


def test_a_bad_field_is_named(google, wire):
    with refused(wire, exceptions.BadRequest, "INVALID_ARGUMENT") as raised:
        create(google, "field", authorized_network="projects/other-project/global/networks/shared")
    (bad,) = raised.error.details
    assert [violation["field"] for violation in bad["fieldViolations"]] == ["instance.authorized_network"]
    assert "authorized_network must exist in the same project" in raised.body["message"].splitlines()[0]


def test_a_taken_name_is_taken_and_an_absent_one_is_not_found(google, wire):
    google.result(create(google, "taken"))
    with refused(wire, exceptions.Conflict, "ALREADY_EXISTS") as raised:
        create(google, "taken")
    assert named("taken") in raised.body["message"]
    delete(google, "taken")
    for call in (
        lambda: google.redis.get_instance(name=named("nobody")),
        lambda: google.redis.delete_instance(name=named("nobody")),
        lambda: update(google, "nobody", display_name="x"),
        lambda: google.redis.get_instance_auth_string(name=named("nobody")),
        lambda: google.redis.upgrade_instance(name=named("nobody"), redis_version="REDIS_7_2"),
    ):
        with refused(wire, exceptions.NotFound, "NOT_FOUND"):
            call()


@pytest.mark.parametrize(
    "paths", [["redis_config"], ["tier"], ["connect_mode"], ["host"], ["display_name", "nonsense"]]
)
def test_a_field_mask_names_only_what_can_change(google, wire, paths):
    id_ = "masks"
    made = google.raw("GET", f"/redis/v1/{named(id_)}")
    if made.status_code == 404:
        google.result(create(google, id_))
    body = {"displayName": "x"}
    answer = google.raw("PATCH", f"/redis/v1/{named(id_)}", body, updateMask=",".join(paths))
    assert (answer.status_code, answer.json()["error"]["status"]) == (400, "INVALID_ARGUMENT")
    assert google.redis.get_instance(name=named(id_)).display_name == ""


def test_an_empty_mask_is_refused(google, wire):
    google.result(create(google, "unmasked"))
    with refused(wire, exceptions.BadRequest, "INVALID_ARGUMENT") as raised:
        google.redis.update_instance(instance={"name": named("unmasked"), "display_name": "x"}, update_mask={})
    assert raised.body["details"][0]["fieldViolations"][0]["field"] == "update_mask"
    delete(google, "unmasked")


def test_a_busy_instance_refuses(google, wire):
    operation = create(google, "busy")
    with refused(wire, exceptions.BadRequest, "FAILED_PRECONDITION"):
        update(google, "busy", display_name="x")
    with refused(wire, exceptions.BadRequest, "FAILED_PRECONDITION"):
        google.redis.upgrade_instance(name=named("busy"), redis_version="REDIS_7_2")
    google.result(operation)
    delete(google, "busy")


def test_words_and_numbers_say_the_same(google, wire):
    google.result(create(google, "words", tier=Instance.Tier.STANDARD_HA, memory_size_gb=5, auth_enabled=True))
    google.redis.get_instance(name=named("words"))
    numbers = wire.last()
    assert google.raw("GET", f"/redis/v1/{named('words')}", alt="json").ok
    words = wire.last()
    assert numbers.response["tier"] == 3 and words.response["tier"] == "STANDARD_HA"
    assert wire.message(numbers) == wire.message(words)
    delete(google, "words")


def test_everything_that_can_be_asked_for_comes_back(google):
    window = {"day": "TUESDAY", "start_time": {"hours": 3}}
    asked = {
        "tier": "STANDARD_HA",
        "memory_size_gb": 5,
        "redis_version": "REDIS_7_2",
        "display_name": "everything",
        "labels": {"team": "shop", "cost-centre": "42", "größe": "groß"},
        "location_id": f"{gcp.REGION}-b",
        "alternative_location_id": f"{gcp.REGION}-c",
        "redis_configs": {"maxmemory-policy": "volatile-ttl", "notify-keyspace-events": "Ex"},
        "connect_mode": "PRIVATE_SERVICE_ACCESS",
        "authorized_network": "projects/host-project/global/networks/shared",
        "reserved_ip_range": "a-named-range",
        "customer_managed_key": "projects/redis-project/locations/europe-west3/keyRings/r/cryptoKeys/k",
        "persistence_config": {"persistence_mode": "RDB", "rdb_snapshot_period": "SIX_HOURS"},
        "maintenance_policy": {"description": "at night", "weekly_maintenance_window": [window]},
        "read_replicas_mode": "READ_REPLICAS_ENABLED",
        "replica_count": 3,
        "auth_enabled": True,
        "transit_encryption_mode": "SERVER_AUTHENTICATION",
    }
    made = google.result(
        google.redis.create_instance(parent=PARENT, instance_id="everything", instance=Instance(**asked))
    )
    wanted = Instance(**asked)
    for field in asked.keys() - {"reserved_ip_range", "persistence_config", "maintenance_policy"}:
        assert getattr(made, field) == getattr(wanted, field), field
    assert made.persistence_config.rdb_snapshot_period == wanted.persistence_config.rdb_snapshot_period
    assert made.persistence_config.rdb_snapshot_start_time
    (night,) = made.maintenance_policy.weekly_maintenance_window
    assert night.start_time.hours == 3 and made.maintenance_policy.description == "at night"
    # A range that was named comes back as the part of it that was taken.
    assert made.reserved_ip_range

    google.result(
        update(google, "everything", "persistence_config", persistence_config={"persistence_mode": "DISABLED"})
    )
    google.result(update(google, "everything", "redis_configs", redis_configs={"maxmemory-policy": "allkeys-lfu"}))
    google.result(update(google, "everything", "maintenance_policy", maintenance_policy={}))
    changed = google.redis.get_instance(name=named("everything"))
    assert changed.persistence_config.persistence_mode == redis_v1.PersistenceConfig.PersistenceMode.DISABLED
    assert changed.redis_configs == {"maxmemory-policy": "allkeys-lfu"}
    assert not changed.maintenance_policy.weekly_maintenance_window


def test_an_update_that_fails_leaves_all_as_it_was(google, emulator):
    made = google.result(create(google, "unchanged"))
    emulator.fault(kind="update_failed", message="RESOURCE_EXHAUSTED: no more machines")
    with pytest.raises(exceptions.ResourceExhausted, match="no more machines"):
        google.result(update(google, "unchanged", memory_size_gb=8))
    now = google.redis.get_instance(name=named("unchanged"))
    assert (now.memory_size_gb, now.state) == (made.memory_size_gb, Instance.State.READY)
    assert google.result(update(google, "unchanged", memory_size_gb=8)).memory_size_gb == 8


def test_a_region_out_of_reach_is_named_in_a_list_of_all(google, emulator):
    google.result(create(google, "far-away"))
    emulator.mutate(op="unreachable", location=gcp.REGION, on=True)
    everywhere = google.redis.list_instances(parent="projects/redis-project/locations/-")
    (page,) = everywhere.pages
    assert list(page.unreachable) and all(gcp.REGION in name for name in page.unreachable)
    assert named("far-away") not in [instance.name for instance in page.instances]


def test_what_no_client_sends_is_refused_in_googles_words(google, wire):
    odd = {"instanceId": "odd"}
    for method, path, body, query in (
        ("POST", f"/redis/v1/{PARENT}/instances", {"tier": "GOLD", "memorySizeGb": 1}, odd),
        ("POST", f"/redis/v1/{PARENT}/instances", {"tier": "BASIC", "memorySizeGb": "big"}, odd),
        ("POST", f"/redis/v1/{PARENT}/instances", {"tier": "BASIC", "size": 1}, odd),
        ("POST", f"/redis/v1/{PARENT}/instances", {"tier": "BASIC", "memorySizeGb": 1}, {}),
        ("POST", f"/redis/v1/{PARENT}/instances", {"tier": "BASIC", "memorySizeGb": 1}, {"clusterId": "odd"}),
        # Instances have no request ids.
        ("POST", f"/redis/v1/{PARENT}/instances", {"tier": "BASIC", "memorySizeGb": 1}, {**odd, "requestId": "1"}),
        ("POST", f"/redis/v1/{PARENT}/instances", ["tier"], odd),
        ("GET", f"/redis/v1/{PARENT}/instances", None, {"pageSize": "many"}),
        ("GET", f"/redis/v1/{PARENT}/instances", None, {"pageToken": "never-given-out"}),
    ):
        answer = google.raw(method, path, body, **query)
        assert (answer.status_code, answer.json()["error"]["status"]) == (400, "INVALID_ARGUMENT"), (path, body, query)
