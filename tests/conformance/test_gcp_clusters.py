"""Google's client for Redis Cluster drives the emulated Google Cloud."""

import uuid

import pytest
from cryptography import x509
from google.api_core import exceptions
from google.cloud import redis_cluster_v1

import gcp
from gcp import refused

PROJECT = "cluster-project"
PARENT = f"projects/{PROJECT}/locations/{gcp.REGION}"
NETWORK = f"projects/{PROJECT}/global/networks/default"
Cluster = redis_cluster_v1.Cluster


def named(id_):
    return f"{PARENT}/clusters/{id_}"


def create(google, id_, **more):
    wanted = {"shard_count": 3, "psc_configs": [{"network": NETWORK}], **more}
    return google.clusters.create_cluster(parent=PARENT, cluster_id=id_, cluster=wanted)


def update(google, id_, *paths, **fields):
    change = {"name": named(id_), **fields}
    return google.clusters.update_cluster(cluster=change, update_mask={"paths": paths or list(fields)})


def delete(google, id_):
    return google.result(google.clusters.delete_cluster(name=named(id_)))


def settled(google, id_):
    return google.settled(lambda: google.clusters.get_cluster(name=named(id_)))


def test_a_cluster_lives_from_create_to_delete(google, wire):
    operation = create(
        google,
        "life",
        replica_count=1,
        node_type=redis_cluster_v1.NodeType.REDIS_STANDARD_SMALL,
        redis_configs={"maxmemory-policy": "allkeys-lru"},
        authorization_mode=redis_cluster_v1.AuthorizationMode.AUTH_MODE_IAM_AUTH,
        transit_encryption_mode=redis_cluster_v1.TransitEncryptionMode.TRANSIT_ENCRYPTION_MODE_SERVER_AUTHENTICATION,
    )
    assert not operation.done()
    assert google.clusters.get_cluster(name=named("life")).state == Cluster.State.CREATING

    made = google.result(operation)
    assert made.state == Cluster.State.ACTIVE and (made.shard_count, made.replica_count) == (3, 1)
    assert made.node_type == redis_cluster_v1.NodeType.REDIS_STANDARD_SMALL and made.size_gb > 0
    assert made.redis_configs == {"maxmemory-policy": "allkeys-lru"}
    (discovery,) = made.discovery_endpoints
    assert discovery.address and discovery.port == 6379 and discovery.psc_config.network == NETWORK
    assert len(made.psc_connections) == 2 and not made.psc_configs
    kinds = [c.psc_auto_connection.connection_type for e in made.cluster_endpoints for c in e.connections]
    assert sorted(kinds) == [0, redis_cluster_v1.ConnectionType.CONNECTION_TYPE_DISCOVERY]

    authority = google.clusters.get_cluster_certificate_authority(name=f"{named('life')}/certificateAuthority")
    for chain in authority.managed_server_ca.ca_certs:
        assert chain.certificates and all(x509.load_pem_x509_certificate(c.encode()) for c in chain.certificates)

    google.result(update(google, "life", shard_count=4))
    bigger = settled(google, "life")
    assert bigger.shard_count == 4 and bigger.discovery_endpoints == made.discovery_endpoints
    assert bigger.size_gb > made.size_gb

    google.result(google.clusters.delete_cluster(name=named("life")))
    with refused(wire, exceptions.NotFound, "NOT_FOUND"):
        google.clusters.get_cluster(name=named("life"))


def test_what_is_not_asked_for_is_as_google_has_it(google, wire):
    made = google.result(create(google, "plain"))
    assert made.node_type == redis_cluster_v1.NodeType.REDIS_HIGHMEM_MEDIUM and made.size_gb == 39
    assert made.authorization_mode == redis_cluster_v1.AuthorizationMode.AUTH_MODE_DISABLED
    assert made.transit_encryption_mode == redis_cluster_v1.TransitEncryptionMode.TRANSIT_ENCRYPTION_MODE_DISABLED
    answer = wire.last().response["response"]
    assert answer["replicaCount"] == 0 and answer["deletionProtectionEnabled"] is False
    delete(google, "plain")


def test_an_update_names_exactly_one_field_and_waits_for_the_one_before(google, wire):
    google.result(create(google, "one"))
    with refused(wire, exceptions.BadRequest, "INVALID_ARGUMENT") as raised:
        update(google, "one", replica_count=1, shard_count=4)
    assert raised.body["message"] == "exactly 1 update_mask field must be specified per update request"
    first = update(google, "one", replica_count=1)
    with refused(wire, exceptions.BadRequest, "INVALID_ARGUMENT") as raised:
        update(google, "one", shard_count=4)
    assert "ongoing update request with updateMasks = [replica_count]" in raised.body["message"]
    during = google.clusters.get_cluster(name=named("one"))
    assert during.state == Cluster.State.UPDATING and during.state_info.update_info.target_replica_count == 1
    google.result(first)
    assert settled(google, "one").replica_count == 1
    delete(google, "one")


def test_deletion_protection_protects(google, wire):
    google.result(create(google, "kept", deletion_protection_enabled=True))
    with refused(wire, exceptions.BadRequest, "FAILED_PRECONDITION"):
        google.clusters.delete_cluster(name=named("kept"))
    google.result(update(google, "kept", "deletion_protection_enabled", deletion_protection_enabled=False))
    settled(google, "kept")
    delete(google, "kept")


def test_token_users_have_tokens(google, wire):
    google.result(create(google, "tokens", authorization_mode=redis_cluster_v1.AuthorizationMode.AUTH_MODE_TOKEN_AUTH))
    google.result(google.clusters.add_token_auth_user(cluster=named("tokens"), token_auth_user="app"))
    user = f"{named('tokens')}/tokenAuthUsers/app"
    google.result(google.clusters.add_auth_token(token_auth_user=user, auth_token={}))
    (listed,) = google.clusters.list_auth_tokens(parent=user)
    assert google.clusters.get_auth_token(name=listed.name).token
    google.result(google.clusters.delete_auth_token(name=listed.name))
    google.result(google.clusters.delete_token_auth_user(name=user))
    assert user not in [found.name for found in google.clusters.list_token_auth_users(parent=named("tokens"))]
    delete(google, "tokens")


@pytest.mark.parametrize(
    "id_, fields",
    [
        ("1-starts-with-a-digit", {}),
        ("ends-with-a-hyphen-", {}),
        ("a" * 64, {}),
        ("refused", {"psc_configs": [{"network": "default"}]}),
        ("refused", {"replica_count": 6}),
        ("refused", {"shard_count": 0}),
    ],
)
def test_a_create_that_google_refuses_is_refused_and_makes_nothing(google, wire, id_, fields):
    with refused(wire, exceptions.BadRequest, "INVALID_ARGUMENT"):
        create(google, id_, **fields)
    with refused(wire, exceptions.NotFound, "NOT_FOUND"):
        google.clusters.get_cluster(name=named("refused"))


def test_words_and_numbers_say_the_same(google, wire):
    google.result(create(google, "words"))
    google.clusters.get_cluster(name=named("words"))
    numbers = wire.last()
    assert google.raw("GET", f"/redis/v1/{named('words')}", alt="json").ok
    words = wire.last()
    assert words.response["nodeType"] == "REDIS_HIGHMEM_MEDIUM"
    assert wire.message(numbers) == wire.message(words)
    delete(google, "words")


def test_the_client_still_lags_behind_the_service():
    """When this fails, `LAG` in gcp.py can be shorter."""
    known = {field.json_name for field in Cluster.pb().DESCRIPTOR.fields}
    assert not gcp.LAG["google.cloud.redis.cluster.v1.Cluster"] & known


def test_everything_that_can_be_asked_for_comes_back(google, wire):
    asked = {
        "shard_count": 4,
        "replica_count": 1,
        "node_type": "REDIS_HIGHMEM_XLARGE",
        "authorization_mode": "AUTH_MODE_TOKEN_AUTH",
        "transit_encryption_mode": "TRANSIT_ENCRYPTION_MODE_SERVER_AUTHENTICATION",
        "redis_configs": {"maxmemory-policy": "volatile-ttl"},
        "deletion_protection_enabled": False,
        "kms_key": f"projects/{PROJECT}/locations/europe-west3/keyRings/r/cryptoKeys/k",
        "persistence_config": {"mode": "AOF", "aof_config": {"append_fsync": "EVERYSEC"}},
        "zone_distribution_config": {"mode": "SINGLE_ZONE", "zone": f"{gcp.REGION}-b"},
        "automated_backup_config": {
            "automated_backup_mode": "ENABLED",
            "fixed_frequency_schedule": {"start_time": {"hours": 2}},
            "retention": {"seconds": 86400 * 7},
        },
        "maintenance_policy": {"weekly_maintenance_window": [{"day": "TUESDAY", "start_time": {"hours": 3}}]},
        "psc_configs": [{"network": NETWORK}],
    }
    made = google.result(
        google.clusters.create_cluster(parent=PARENT, cluster_id="everything", cluster=Cluster(**asked))
    )
    wanted = Cluster(**asked)
    for field in asked.keys() - {"psc_configs", "maintenance_policy"}:
        assert getattr(made, field) == getattr(wanted, field), field
    (window,) = made.maintenance_policy.weekly_maintenance_window
    assert window.start_time.hours == 3

    for change in (
        {"node_type": "REDIS_HIGHMEM_2XLARGE"},
        {"replica_count": 2},
        {"redis_configs": {"maxmemory-policy": "allkeys-lru"}},
        {"persistence_config": {"mode": "RDB", "rdb_config": {"rdb_snapshot_period": "ONE_HOUR"}}},
        {"automated_backup_config": {"automated_backup_mode": "DISABLED"}},
    ):
        google.result(update(google, "everything", **change))
        found, wanted = settled(google, "everything"), Cluster(**change)
        (field,) = change
        if field != "persistence_config":
            assert getattr(found, field) == getattr(wanted, field), field
    # The client has no labels yet; the service does.
    path = f"/redis/v1/{named('everything')}"
    assert google.raw("PATCH", path, {"labels": {"team": "shop"}}, updateMask="labels").ok
    settled(google, "everything")
    assert google.raw("GET", path).json()["labels"] == {"team": "shop"}


def test_lists_come_in_pages_and_over_all_regions(google):
    parent = f"projects/cluster-paging/locations/{gcp.REGION}"
    network = "projects/cluster-paging/global/networks/default"
    for n in range(3):
        wanted = {"shard_count": 3, "psc_configs": [{"network": network}]}
        google.clusters.create_cluster(parent=parent, cluster_id=f"page-{n}", cluster=wanted)
    pager = google.clusters.list_clusters(request={"parent": "projects/cluster-paging/locations/-", "page_size": 2})
    assert [len(page.clusters) for page in pager.pages] == [2, 1]


def test_a_request_id_makes_calls_safe_to_repeat(google, wire):
    request_id = str(uuid.uuid4())
    cluster = {"shard_count": 3, "psc_configs": [{"network": NETWORK}]}
    request = {"parent": PARENT, "cluster_id": "again", "cluster": cluster, "request_id": request_id}
    first, second = (google.clusters.create_cluster(request=request) for _ in range(2))
    assert first.operation.name == second.operation.name
    with refused(wire, exceptions.Conflict, "ALREADY_EXISTS"):
        create(google, "again")
    google.result(second)
    request = {"name": named("again"), "request_id": str(uuid.uuid4())}
    first, second = (google.clusters.delete_cluster(request=request) for _ in range(2))
    assert first.operation.name == second.operation.name
