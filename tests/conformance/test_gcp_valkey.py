"""Google's client for Memorystore for Valkey drives the emulated Google Cloud."""

import uuid

import pytest
from cryptography import x509
from google.api_core import exceptions
from google.cloud import memorystore_v1

import gcp
from gcp import refused

PROJECT = "valkey-project"
PARENT = f"projects/{PROJECT}/locations/{gcp.REGION}"
NETWORK = f"projects/{PROJECT}/global/networks/default"
Instance = memorystore_v1.Instance
Kind = memorystore_v1.ConnectionType


def named(id_):
    return f"{PARENT}/instances/{id_}"


def endpoints():
    connection = {"psc_auto_connection": {"project_id": PROJECT, "network": NETWORK}}
    return [{"connections": [connection]}]


def create(google, id_, request_id=None, **more):
    wanted = {"shard_count": 1, "endpoints": endpoints(), **more}
    request = {"parent": PARENT, "instance_id": id_, "instance": wanted}
    return google.valkey.create_instance(request={**request, **({"request_id": request_id} if request_id else {})})


def update(google, id_, *paths, **fields):
    change = {"name": named(id_), **fields}
    return google.valkey.update_instance(instance=change, update_mask={"paths": paths or list(fields)})


def delete(google, id_):
    return google.result(google.valkey.delete_instance(name=named(id_)))


def connections(instance):
    return [c.psc_auto_connection for endpoint in instance.endpoints for c in endpoint.connections]


def settled(google, id_):
    return google.settled(lambda: google.valkey.get_instance(name=named(id_)))


def test_an_instance_lives_from_create_to_delete(google, wire):
    operation = create(
        google,
        "life",
        shard_count=3,
        replica_count=1,
        node_type=Instance.NodeType.STANDARD_SMALL,
        engine_version="VALKEY_8_0",
        engine_configs={"maxmemory-policy": "allkeys-lru"},
        labels={"team": "shop"},
        authorization_mode=Instance.AuthorizationMode.IAM_AUTH,
        transit_encryption_mode=Instance.TransitEncryptionMode.SERVER_AUTHENTICATION,
    )
    assert not operation.done()
    assert (operation.metadata.verb, operation.metadata.target) == ("create", named("life"))
    assert google.valkey.get_instance(name=named("life")).state == Instance.State.CREATING

    made = google.result(operation)
    assert made == google.valkey.get_instance(name=named("life")) and made.state == Instance.State.ACTIVE
    assert made.mode == Instance.Mode.CLUSTER and (made.shard_count, made.replica_count) == (3, 1)
    assert made.node_type == Instance.NodeType.STANDARD_SMALL and made.node_config.size_gb == 6.5
    assert made.engine_version == "VALKEY_8_0" and made.engine_configs == {"maxmemory-policy": "allkeys-lru"}
    assert made.authorization_mode == Instance.AuthorizationMode.IAM_AUTH and made.labels == {"team": "shop"}
    discovery, other = connections(made)
    assert discovery.connection_type == Kind.CONNECTION_TYPE_DISCOVERY and discovery.ip_address
    assert discovery.port == 6379 and discovery.network == NETWORK
    assert other.connection_type == Kind.CONNECTION_TYPE_UNSPECIFIED and other.ip_address != discovery.ip_address

    authority = google.valkey.get_certificate_authority(name=f"{named('life')}")
    assert authority.name == f"{named('life')}/certificateAuthority"
    for chain in authority.managed_server_ca.ca_certs:
        assert chain.certificates and all(x509.load_pem_x509_certificate(c.encode()) for c in chain.certificates)

    google.result(update(google, "life", shard_count=4))
    bigger = settled(google, "life")
    assert bigger.shard_count == 4 and connections(bigger) == connections(made)
    google.result(update(google, "life", labels={"team": "shop", "cost": "42"}))
    assert settled(google, "life").labels == {"team": "shop", "cost": "42"}

    removed = google.valkey.delete_instance(name=named("life"))
    assert removed.metadata.verb == "delete"
    assert google.valkey.get_instance(name=named("life")).state == Instance.State.DELETING
    google.result(removed)
    with refused(wire, exceptions.NotFound, "NOT_FOUND"):
        google.valkey.get_instance(name=named("life"))


def test_with_cluster_mode_off_there_is_a_primary_and_a_reader(google):
    made = google.result(create(google, "single", mode=Instance.Mode.CLUSTER_DISABLED, replica_count=1))
    assert made.mode == Instance.Mode.CLUSTER_DISABLED and made.shard_count == 1
    kinds = {c.connection_type: c for c in connections(made)}
    assert set(kinds) == {Kind.CONNECTION_TYPE_PRIMARY, Kind.CONNECTION_TYPE_READER}
    assert all(c.ip_address and c.port == 6379 for c in kinds.values())
    delete(google, "single")


def test_what_is_not_asked_for_is_as_google_has_it(google, wire):
    operation = google.valkey.create_instance(parent=PARENT, instance_id="plain", instance={"shard_count": 3})
    made = google.result(operation)
    assert made.mode == Instance.Mode.CLUSTER and made.replica_count == 0
    assert made.node_type == Instance.NodeType.HIGHMEM_MEDIUM and made.node_config.size_gb == 13
    assert made.authorization_mode == Instance.AuthorizationMode.AUTH_DISABLED
    assert made.transit_encryption_mode == Instance.TransitEncryptionMode.TRANSIT_ENCRYPTION_DISABLED
    assert made.engine_version.startswith("VALKEY_") and not made.deletion_protection_enabled
    # It succeeded, and nobody can reach it.
    assert not made.endpoints
    answer = wire.last().response["response"]
    assert answer["replicaCount"] == 0 and answer["deletionProtectionEnabled"] is False
    delete(google, "plain")


def test_done_is_not_ready_and_there_is_one_update_at_a_time(google, wire):
    google.result(create(google, "patient"))
    window = {"day": "MONDAY", "start_time": {"hours": 1}}
    policy = {"weekly_maintenance_window": [window]}
    # Enough for the operation, and not for what follows it.
    done = google.result(update(google, "patient", maintenance_policy=policy), seconds=30)
    assert done.state == Instance.State.UPDATING and "update_info" in done.state_info
    with refused(wire, exceptions.BadRequest, "INVALID_ARGUMENT") as raised:
        update(google, "patient", replica_count=1)
    assert raised.body["message"].startswith(
        "there is an ongoing update request with updateMasks = [maintenance_policy]"
    )
    assert settled(google, "patient").maintenance_policy.weekly_maintenance_window[0].start_time.hours == 1
    delete(google, "patient")


def test_an_update_names_exactly_one_field(google, wire):
    google.result(create(google, "single-field"))
    with refused(wire, exceptions.BadRequest, "INVALID_ARGUMENT") as raised:
        update(google, "single-field", replica_count=1, labels={"a": "b"})
    assert raised.body["message"] == "exactly 1 update_mask field must be specified per update request"
    with refused(wire, exceptions.BadRequest, "INVALID_ARGUMENT"):
        google.valkey.update_instance(instance={"name": named("single-field"), "replica_count": 1}, update_mask={})
    with refused(wire, exceptions.BadRequest, "INVALID_ARGUMENT") as raised:
        update(google, "single-field", mode="CLUSTER_DISABLED")
    assert raised.body["message"].startswith("unsupported path in fieldMask: mode")
    delete(google, "single-field")


def test_a_request_id_makes_a_create_safe_to_repeat(google, wire):
    request_id = str(uuid.uuid4())
    first = create(google, "again", request_id)
    second = create(google, "again", request_id)
    assert first.operation.name == second.operation.name
    with refused(wire, exceptions.Conflict, "ALREADY_EXISTS"):
        create(google, "again", str(uuid.uuid4()))
    google.result(second)
    for bad in ("not-a-uuid", str(uuid.UUID(int=0))):
        with refused(wire, exceptions.BadRequest, "INVALID_ARGUMENT"):
            create(google, "never", bad)
    delete(google, "again")


def test_deletion_protection_protects(google, wire):
    google.result(create(google, "kept", deletion_protection_enabled=True))
    with refused(wire, exceptions.BadRequest, "FAILED_PRECONDITION"):
        google.valkey.delete_instance(name=named("kept"))
    google.result(update(google, "kept", "deletion_protection_enabled", deletion_protection_enabled=False))
    settled(google, "kept")
    delete(google, "kept")


def test_token_users_have_tokens(google, wire):
    google.result(create(google, "tokens", authorization_mode=Instance.AuthorizationMode.TOKEN_AUTH))
    google.result(google.valkey.add_token_auth_user(instance=named("tokens"), token_auth_user="app"))
    user = f"{named('tokens')}/tokenAuthUsers/app"
    assert google.valkey.get_token_auth_user(name=user).name == user
    # Google's own `default` may stand beside it.
    assert user in [found.name for found in google.valkey.list_token_auth_users(parent=named("tokens"))]
    google.result(google.valkey.add_auth_token(token_auth_user=user, auth_token={}))
    (listed,) = google.valkey.list_auth_tokens(parent=user)
    token = google.valkey.get_auth_token(name=listed.name)
    assert token.token and listed.name.startswith(f"{user}/authTokens/")
    with refused(wire, exceptions.BadRequest, "FAILED_PRECONDITION"):
        google.valkey.delete_token_auth_user(name=user)
    google.result(google.valkey.delete_auth_token(name=listed.name))
    assert not list(google.valkey.list_auth_tokens(parent=user))
    google.result(google.valkey.add_auth_token(token_auth_user=user, auth_token={}))
    google.result(google.valkey.delete_token_auth_user(request={"name": user, "force": True}))
    with refused(wire, exceptions.NotFound, "NOT_FOUND"):
        google.valkey.get_token_auth_user(name=user)
    delete(google, "tokens")


def test_lists_come_in_pages(google):
    parent = f"projects/valkey-paging/locations/{gcp.REGION}"
    for n in range(3):
        google.valkey.create_instance(parent=parent, instance_id=f"page-{n}", instance={"shard_count": 1})
    pager = google.valkey.list_instances(request={"parent": parent, "page_size": 2})
    pages = [[instance.name.rpartition("/")[2] for instance in page.instances] for page in pager.pages]
    assert [len(page) for page in pages] == [2, 1]
    everywhere = google.valkey.list_instances(parent="projects/valkey-paging/locations/-")
    assert {instance.name.rpartition("/")[2] for instance in everywhere} == {"page-0", "page-1", "page-2"}


@pytest.mark.parametrize(
    "id_, fields",
    [
        ("abc", {}),
        ("Capital", {}),
        ("ends-with-a-hyphen-", {}),
        ("a" * 64, {}),
        ("refused", {"engine_version": "VALKEY_1_0"}),
        ("refused", {"mode": Instance.Mode.CLUSTER_DISABLED, "shard_count": 2}),
        ("refused", {"replica_count": 6}),
        ("refused", {"labels": {"Team": "shop"}}),
    ],
)
def test_a_create_that_google_refuses_is_refused_and_makes_nothing(google, wire, id_, fields):
    with refused(wire, exceptions.BadRequest, "INVALID_ARGUMENT"):
        create(google, id_, **fields)
    with refused(wire, exceptions.NotFound, "NOT_FOUND"):
        google.valkey.get_instance(name=named("refused"))


def test_words_and_numbers_say_the_same(google, wire):
    google.result(create(google, "words", node_type=Instance.NodeType.SHARED_CORE_NANO))
    google.valkey.get_instance(name=named("words"))
    numbers = wire.last()
    assert google.raw("GET", f"/memorystore/v1/{named('words')}", alt="json").ok
    words = wire.last()
    assert words.response["nodeType"] == "SHARED_CORE_NANO" and numbers.response["nodeType"] == 1
    assert wire.message(numbers) == wire.message(words)
    delete(google, "words")


def test_everything_that_can_be_asked_for_comes_back(google):
    asked = {
        "shard_count": 2,
        "replica_count": 2,
        "node_type": "HIGHMEM_XLARGE",
        "mode": "CLUSTER",
        "engine_version": "VALKEY_8_0",
        "engine_configs": {"maxmemory-policy": "volatile-ttl"},
        "labels": {"team": "shop"},
        "authorization_mode": "TOKEN_AUTH",
        "transit_encryption_mode": "SERVER_AUTHENTICATION",
        "server_ca_mode": "GOOGLE_MANAGED_SHARED_CA",
        "deletion_protection_enabled": False,
        "kms_key": f"projects/{PROJECT}/locations/europe-west3/keyRings/r/cryptoKeys/k",
        "persistence_config": {"mode": "AOF", "aof_config": {"append_fsync": "EVERY_SEC"}},
        "zone_distribution_config": {"mode": "SINGLE_ZONE", "zone": f"{gcp.REGION}-b"},
        "automated_backup_config": {
            "automated_backup_mode": "ENABLED",
            "fixed_frequency_schedule": {"start_time": {"hours": 2}},
            "retention": {"seconds": 86400 * 7},
        },
        "maintenance_policy": {"weekly_maintenance_window": [{"day": "TUESDAY", "start_time": {"hours": 3}}]},
        "endpoints": endpoints(),
    }
    made = google.result(
        google.valkey.create_instance(parent=PARENT, instance_id="everything", instance=Instance(**asked))
    )
    wanted = Instance(**asked)
    for field in asked.keys() - {"endpoints", "maintenance_policy"}:
        assert getattr(made, field) == getattr(wanted, field), field
    (window,) = made.maintenance_policy.weekly_maintenance_window
    assert window.start_time.hours == 3
    assert made.encryption_info.encryption_type.name == "CUSTOMER_MANAGED_ENCRYPTION"

    # One field after the other, each until nothing is under way.
    for change in (
        {"node_type": "HIGHMEM_2XLARGE"},
        {"replica_count": 1},
        {"shard_count": 3},
        {"engine_configs": {"maxmemory-policy": "allkeys-lru"}},
        {"persistence_config": {"mode": "RDB", "rdb_config": {"rdb_snapshot_period": "ONE_HOUR"}}},
        {"automated_backup_config": {"automated_backup_mode": "DISABLED"}},
        {"maintenance_policy": {"weekly_maintenance_window": [{"day": "FRIDAY", "start_time": {"hours": 4}}]}},
        {"labels": {"team": "shop", "cost": "42"}},
        {"deletion_protection_enabled": True},
    ):
        google.result(update(google, "everything", **change))
        found, wanted = settled(google, "everything"), Instance(**change)
        (field,) = change
        if field not in ("persistence_config", "maintenance_policy"):
            assert getattr(found, field) == getattr(wanted, field), field
    assert found.persistence_config.rdb_config.rdb_snapshot_period == 1
    assert found.maintenance_policy.weekly_maintenance_window[0].day == 5


def test_an_upgrade_is_an_update_and_a_downgrade_is_none(google, wire):
    google.result(create(google, "upgraded", engine_version="VALKEY_7_2"))
    google.result(update(google, "upgraded", engine_version="VALKEY_8_0"))
    assert settled(google, "upgraded").engine_version == "VALKEY_8_0"
    with refused(wire, exceptions.BadRequest, "INVALID_ARGUMENT"):
        update(google, "upgraded", engine_version="VALKEY_7_2")


def test_a_delete_is_taken_while_an_update_runs(google, wire):
    google.result(create(google, "impatient"))
    update(google, "impatient", replica_count=1)
    google.result(google.valkey.delete_instance(name=named("impatient")))
    with refused(wire, exceptions.NotFound, "NOT_FOUND"):
        google.valkey.get_instance(name=named("impatient"))
