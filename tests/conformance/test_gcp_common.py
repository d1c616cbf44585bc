"""What the four products of the emulated Google Cloud share: operations, locations, credentials, and what can go wrong."""

import google.auth.exceptions
import google.auth.transport.requests
import pytest
import requests
from google.api_core import exceptions
from google.cloud.location import locations_pb2
from google.longrunning import operations_pb2
from google.oauth2.service_account import Credentials

import gcp
from gcp import refused

REGION = gcp.REGION
VALKEY = {"shard_count": 1}
REDIS = {"tier": "BASIC", "memory_size_gb": 1}
MEMCACHE = {"node_count": 1, "node_config": {"cpu_count": 1, "memory_size_mb": 1024}}


def parent(project):
    return f"projects/{project}/locations/{REGION}"


# Every product with its create and its get, as `make(project, id)` and `look(project, id)`.
def products(google):
    def clusters(project, id_):
        network = f"projects/{project}/global/networks/default"
        cluster = {"shard_count": 3, "psc_configs": [{"network": network}]}
        return google.clusters.create_cluster(parent=parent(project), cluster_id=id_, cluster=cluster)

    def creates(client, wanted):
        return lambda project, id_: client.create_instance(parent=parent(project), instance_id=id_, instance=wanted)

    def gets(client):
        return lambda project, id_: client.get_instance(name=f"{parent(project)}/instances/{id_}")

    return {
        "redis": (creates(google.redis, REDIS), gets(google.redis)),
        "clusters": (
            clusters,
            lambda project, id_: google.clusters.get_cluster(name=f"{parent(project)}/clusters/{id_}"),
        ),
        "valkey": (creates(google.valkey, VALKEY), gets(google.valkey)),
        "memcache": (creates(google.memcache, MEMCACHE), gets(google.memcache)),
    }


EACH = pytest.mark.parametrize("product", ["redis", "clusters", "valkey", "memcache"])


# --- operations and locations ---


@EACH
def test_operations_are_listed_read_cancelled_and_forgotten(google, wire, product):
    client, (make, _) = getattr(google, product), products(google)[product]
    project = f"operations-{product}"
    operation = make(project, "tracked")
    name = operation.operation.name
    client.cancel_operation(operations_pb2.CancelOperationRequest(name=name))
    # What was begun goes on: these services do not stop in the middle.
    google.result(operation)
    read = client.get_operation(operations_pb2.GetOperationRequest(name=name))
    assert read.done and read.name == name
    listed = client.list_operations(operations_pb2.ListOperationsRequest(name=parent(project)))
    assert [one.name for one in listed.operations] == [name]
    client.delete_operation(operations_pb2.DeleteOperationRequest(name=name))
    with refused(wire, exceptions.NotFound, "NOT_FOUND"):
        client.get_operation(operations_pb2.GetOperationRequest(name=name))


@EACH
def test_locations_are_listed_and_read(google, product):
    client = getattr(google, product)
    listed = client.list_locations(locations_pb2.ListLocationsRequest(name="projects/located"))
    assert REGION in {location.location_id for location in listed.locations}
    one = client.get_location(locations_pb2.GetLocationRequest(name=f"projects/located/locations/{REGION}"))
    assert one.location_id == REGION and one.name == f"projects/located/locations/{REGION}"


def test_a_region_shares_its_certificate_authorities(google):
    name = f"projects/located/locations/{REGION}/sharedRegionalCertificateAuthority"
    for found in (
        google.clusters.get_shared_regional_certificate_authority(name=name),
        google.valkey.get_shared_regional_certificate_authority(name=name),
    ):
        assert found.name == name and found.managed_server_ca.ca_certs


def test_what_does_not_exist_is_not_found_in_googles_words(google, wire):
    answer = google.raw("GET", f"/redis/v1/{parent('lost-project')}/caches/x")
    assert answer.status_code == 404
    assert (
        google.raw("GET", f"/memorystore/v1/{parent('lost-project')}/operations/operation-1-2-3-4").status_code == 404
    )
    # An address that no API has is answered by a page, at Google too; nothing here is worth judging.
    wire.judge()


# --- credentials ---


def credentials(account, wire):
    scopes = ["https://www.googleapis.com/auth/cloud-platform"]
    made = Credentials.from_service_account_info(account.file(f"{wire.url}/token"), scopes=scopes)
    # A client with a subject always asks for a token, instead of signing one itself.
    return made.with_subject("somebody@example.com")


def test_a_service_account_gets_a_token_and_its_calls_carry_it(service_account, wire, emulator):
    clients = gcp.Google(wire.url, credentials(service_account, wire), emulator)
    try:
        make, look = products(clients)["valkey"]
        clients.result(make("credentials", "with-token"))
        token = clients.valkey.transport._session.credentials.token
        assert token and "." not in token.removeprefix("ya29."), "a JWT is no token of the token endpoint"
        assert service_account.signed(wire.grants[-1])["sub"] == "somebody@example.com"
        look("credentials", "with-token")
        assert wire.authorization == f"Bearer {token}"

        # One that is no longer good is changed for another, and nobody notices.
        emulator.mutate(op="refuse_tokens")
        look("credentials", "with-token")
        assert wire.authorization not in (None, f"Bearer {token}")
        (refusal,) = (e for e in wire.exchanges if e.status == 401)
        assert refusal.response["error"]["details"][0]["reason"] == "ACCESS_TOKEN_EXPIRED"
    finally:
        clients.close()


def test_the_token_endpoint_refuses_what_is_no_assertion(service_account, wire):
    grant = "urn:ietf:params:oauth:grant-type:jwt-bearer"
    for form, error in (
        ({"grant_type": grant, "assertion": "garbage"}, "invalid_grant"),
        ({"grant_type": "password", "username": "x"}, "unsupported_grant_type"),
    ):
        answer = requests.post(f"{wire.url}/token", data=form, timeout=10)
        assert answer.status_code == 400 and answer.json()["error"] == error and answer.json()["error_description"]
    request = google.auth.transport.requests.Request()
    good = credentials(service_account, wire)
    good.refresh(request)
    assert good.valid and good.token
    bad = Credentials(good.signer, "", f"{wire.url}/token").with_scopes(["x"])
    with pytest.raises(google.auth.exceptions.RefreshError, match="invalid_grant"):
        bad.refresh(request)
    request.session.close()


# --- what can go wrong ---


def missing(emulator, kind, **more):
    emulator.mutate(op="remove_prerequisite", kind=kind, **more)


@EACH
def test_an_api_that_is_off_says_where_to_switch_it_on(google, wire, emulator, product):
    make, look = products(google)[product]
    service = {"valkey": "memorystore", "memcache": "memcache"}.get(product, "redis")
    missing(emulator, "api", project="switched-off", service=f"{service}.googleapis.com")
    for call in (make, look):
        with refused(wire, exceptions.Forbidden, "PERMISSION_DENIED") as raised:
            call("switched-off", "never")
        assert raised.error.reason == "SERVICE_DISABLED" and raised.error.domain == "googleapis.com"
        metadata = raised.error.metadata
        assert metadata["service"] == f"{service}.googleapis.com"
        assert metadata["activationUrl"].startswith("https://console.developers.google.com/")
        assert "has not been used in project" in raised.error.message
    # Elsewhere it is on.
    google.result(make("switched-on", "made"))


@EACH
def test_a_permission_that_is_denied_is_named(google, wire, emulator, product):
    make, _ = products(google)[product]
    permission = {
        "redis": "redis.instances.create",
        "clusters": "redis.clusters.create",
        "valkey": "memorystore.instances.create",
        "memcache": "memcache.instances.create",
    }[product]
    emulator.mutate(op="deny", permission=permission, project="denied")
    with refused(wire, exceptions.Forbidden, "PERMISSION_DENIED") as raised:
        make("denied", "never")
    assert raised.error.reason == "IAM_PERMISSION_DENIED"
    assert raised.error.metadata["permission"] == permission
    assert permission in raised.error.message


@EACH
def test_a_network_without_its_preparation_refuses_in_its_own_way(google, wire, emulator, product):
    make, look = products(google)[product]
    if product in ("redis", "memcache"):
        missing(emulator, "private_service_access", project="unprepared")
        with refused(wire, exceptions.BadRequest, "FAILED_PRECONDITION") as raised:
            if product == "memcache":
                make("unprepared", "never")
            else:
                network = "projects/unprepared/global/networks/default"
                wanted = {**REDIS, "connect_mode": "PRIVATE_SERVICE_ACCESS", "authorized_network": network}
                google.redis.create_instance(parent=parent("unprepared"), instance_id="never", instance=wanted)
        assert "private service access" in raised.error.message.lower()
    else:
        missing(emulator, "service_connection_policy", project="unprepared")
        if product == "valkey":
            network = "projects/unprepared/global/networks/default"
            connection = {"psc_auto_connection": {"project_id": "unprepared", "network": network}}
            wanted = {**VALKEY, "endpoints": [{"connections": [connection]}]}
            operation = google.valkey.create_instance(parent=parent("unprepared"), instance_id="never", instance=wanted)
        else:
            operation = make("unprepared", "never")
        # Only the operation tells, and nothing is left of what was begun.
        with pytest.raises(exceptions.FailedPrecondition, match="service connection policy"):
            google.result(operation)
    with refused(wire, exceptions.NotFound, "NOT_FOUND"):
        look("unprepared", "never")


@EACH
def test_a_create_can_fail_for_want_of_machines(google, wire, emulator, product):
    make, look = products(google)[product]
    emulator.fault(kind="capacity", name="full")
    with pytest.raises(exceptions.ResourceExhausted, match="System limit for internal resources"):
        google.result(make("capacity", "full"))
    with refused(wire, exceptions.NotFound, "NOT_FOUND"):
        look("capacity", "full")


def test_a_create_can_fail_in_its_operation(google, emulator):
    emulator.fault(kind="create_failed", message="an internal error has occurred")
    with pytest.raises(exceptions.InternalServerError, match="an internal error has occurred"):
        google.result(products(google)["redis"][0]("failing", "never"))


@EACH
def test_too_many_calls_are_refused(google, wire, emulator, product):
    _, look = products(google)[product]
    emulator.fault(kind="throttle")
    with refused(wire, exceptions.TooManyRequests, "RESOURCE_EXHAUSTED") as raised:
        look("throttled", "never")
    assert raised.error.reason == "RATE_LIMIT_EXCEEDED"
    with refused(wire, exceptions.NotFound, "NOT_FOUND"):
        look("throttled", "never")


def test_sixty_calls_a_minute_are_the_limit_once_it_is_enforced(google, wire, emulator):
    emulator.mutate(op="enforce_quota", on=True)
    look = products(google)["valkey"][1]
    for _ in range(60):
        with refused(wire, exceptions.NotFound, "NOT_FOUND"):
            look("limited", "never")
    with refused(wire, exceptions.TooManyRequests, "RESOURCE_EXHAUSTED") as raised:
        look("limited", "never")
    assert raised.error.reason == "RATE_LIMIT_EXCEEDED"
    emulator.advance(61)
    with refused(wire, exceptions.NotFound, "NOT_FOUND"):
        look("limited", "never")


@pytest.mark.parametrize("product", ["clusters", "valkey"])
def test_a_backup_is_taken_and_found(google, wire, product):
    make, look = products(google)[product]
    google.result(make("kept-project", f"kept-{product}"))
    name = look("kept-project", f"kept-{product}").name
    if product == "clusters":
        google.result(google.clusters.backup_cluster(request={"name": name, "backup_id": "before"}))
        client = google.clusters
    else:
        google.result(google.valkey.backup_instance(request={"name": name, "backup_id": "before"}))
        client = google.valkey
    (collection,) = client.list_backup_collections(parent=parent("kept-project"))
    (backup,) = client.list_backups(parent=collection.name)
    assert backup.name == f"{collection.name}/backups/before"
    assert client.get_backup(name=backup.name).state.name == "ACTIVE"


@pytest.mark.parametrize("product, verb", [("redis", "export"), ("valkey", "startMigration"), ("memcache", "setTags")])
def test_what_is_not_emulated_says_so(google, wire, product, verb):
    make, _ = products(google)[product]
    google.result(make("not-emulated", "simple"))
    service = {"valkey": "memorystore"}.get(product, product)
    answer = google.raw("POST", f"/{service}/v1/{parent('not-emulated')}/instances/simple:{verb}", {})
    assert (answer.status_code, answer.json()["error"]["status"]) == (501, "UNIMPLEMENTED")
