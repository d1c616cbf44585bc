"""Google's client for Memorystore for Memcached drives the emulated Google Cloud."""

import pytest
from google.api_core import exceptions
from google.cloud import memcache_v1

import gcp
from gcp import refused

PARENT = f"projects/memcache-project/locations/{gcp.REGION}"
Instance = memcache_v1.Instance


def named(id_):
    return f"{PARENT}/instances/{id_}"


def create(google, id_, **more):
    wanted = {"node_count": 2, "node_config": {"cpu_count": 1, "memory_size_mb": 1024}, **more}
    return google.memcache.create_instance(parent=PARENT, instance_id=id_, instance=wanted)


def update(google, id_, **fields):
    change = {"name": named(id_), **fields}
    return google.memcache.update_instance(instance=change, update_mask={"paths": list(fields)})


def delete(google, id_):
    return google.result(google.memcache.delete_instance(name=named(id_)))


def test_an_instance_lives_from_create_to_delete(google, wire):
    operation = create(
        google,
        "life",
        display_name="made by Google's client",
        labels={"team": "shop"},
        memcache_version=memcache_v1.MemcacheVersion.MEMCACHE_1_5,
        parameters={"params": {"max-item-size": "524288"}},
    )
    assert not operation.done()
    assert (operation.metadata.verb, operation.metadata.target) == ("create", named("life"))
    assert google.memcache.get_instance(name=named("life")).state == Instance.State.CREATING

    made = google.result(operation)
    assert made == google.memcache.get_instance(name=named("life")) and made.state == Instance.State.READY
    assert made.node_count == len(made.memcache_nodes) == 2 and made.labels == {"team": "shop"}
    assert made.memcache_version == memcache_v1.MemcacheVersion.MEMCACHE_1_5 and made.memcache_full_version
    host, _, port = made.discovery_endpoint.rpartition(":")
    assert port == "11211" and host not in {node.host for node in made.memcache_nodes}
    for node in made.memcache_nodes:
        assert node.host and node.port == 11211 and node.zone.startswith(gcp.REGION)
        assert node.state == Instance.Node.State.READY

    changed = google.result(update(google, "life", node_count=3, labels={"team": "shop", "cost": "42"}))
    assert changed.node_count == len(changed.memcache_nodes) == 3 and changed.labels == {"team": "shop", "cost": "42"}
    assert changed.discovery_endpoint == made.discovery_endpoint

    removed = google.memcache.delete_instance(name=named("life"))
    assert removed.metadata.verb == "delete"
    google.result(removed)
    with refused(wire, exceptions.NotFound, "NOT_FOUND"):
        google.memcache.get_instance(name=named("life"))


def test_parameters_are_noted_and_then_applied(google):
    google.result(create(google, "parameters"))
    noted = google.result(
        google.memcache.update_parameters(
            name=named("parameters"),
            update_mask={"paths": ["params"]},
            parameters={"params": {"max-item-size": "1048576"}},
        )
    )
    assert noted.parameters.params["max-item-size"] == "1048576"
    assert all(node.parameters.params.get("max-item-size") != "1048576" for node in noted.memcache_nodes)
    applied = google.result(google.memcache.apply_parameters(request={"name": named("parameters"), "apply_all": True}))
    assert all(node.parameters.params["max-item-size"] == "1048576" for node in applied.memcache_nodes)
    delete(google, "parameters")


def test_lists_come_in_pages(google):
    parent = f"projects/memcache-paging/locations/{gcp.REGION}"
    wanted = {"node_count": 1, "node_config": {"cpu_count": 1, "memory_size_mb": 1024}}
    for n in range(3):
        google.memcache.create_instance(parent=parent, instance_id=f"page-{n}", instance=wanted)
    pager = google.memcache.list_instances(request={"parent": parent, "page_size": 2})
    assert [len(page.instances) for page in pager.pages] == [2, 1]


@pytest.mark.parametrize(
    "id_, fields",
    [
        ("Capital", {}),
        ("a" * 41, {}),
        ("refused", {"node_count": 0}),
        ("refused", {"node_config": {}}),
        ("refused", {"labels": {"Team": "shop"}}),
        ("refused", {"display_name": "x" * 81}),
        ("refused", {"parameters": {"params": {"no-such-parameter": "1"}}}),
    ],
)
def test_a_create_that_google_refuses_is_refused_and_makes_nothing(google, wire, id_, fields):
    with refused(wire, exceptions.BadRequest, "INVALID_ARGUMENT"):
        create(google, id_, **fields)
    with refused(wire, exceptions.NotFound, "NOT_FOUND"):
        google.memcache.get_instance(name=named("refused"))


def test_a_taken_name_is_taken(google, wire):
    google.result(create(google, "taken"))
    with refused(wire, exceptions.Conflict, "ALREADY_EXISTS"):
        create(google, "taken")
    delete(google, "taken")


def test_words_and_numbers_say_the_same(google, wire):
    google.result(create(google, "words"))
    google.memcache.get_instance(name=named("words"))
    numbers = wire.last()
    assert google.raw("GET", f"/memcache/v1/{named('words')}", alt="json").ok
    words = wire.last()
    assert words.response["state"] == "READY" and isinstance(numbers.response["state"], int)
    assert wire.message(numbers) == wire.message(words)
    delete(google, "words")


def test_the_client_still_lags_behind_the_service():
    """When this fails, `LAG` in gcp.py can be shorter."""
    known = {field.json_name for field in Instance.Node.pb().DESCRIPTOR.fields}
    assert not gcp.LAG["google.cloud.memcache.v1.Instance"] & known
    assert "MEMCACHE_1_6_15" not in memcache_v1.MemcacheVersion.__members__


def test_everything_that_can_be_asked_for_comes_back(google):
    asked = {
        "node_count": 3,
        "node_config": {"cpu_count": 2, "memory_size_mb": 4096},
        "display_name": "everything",
        "labels": {"team": "shop"},
        "authorized_network": "projects/memcache-project/global/networks/other",
        "zones": [f"{gcp.REGION}-a", f"{gcp.REGION}-b"],
        "memcache_version": "MEMCACHE_1_5",
        "maintenance_policy": {
            "description": "at night",
            "weekly_maintenance_window": [
                {"day": "TUESDAY", "start_time": {"hours": 3}, "duration": {"seconds": 3 * 3600}}
            ],
        },
    }
    made = google.result(
        google.memcache.create_instance(parent=PARENT, instance_id="everything", instance=Instance(**asked))
    )
    wanted = Instance(**asked)
    for field in asked.keys() - {"maintenance_policy"}:
        assert getattr(made, field) == getattr(wanted, field), field
    (window,) = made.maintenance_policy.weekly_maintenance_window
    assert window.start_time.hours == 3 and window.duration.seconds == 3 * 3600
    assert {node.zone for node in made.memcache_nodes} == set(asked["zones"])


def test_an_upgrade_has_a_method_of_its_own(google):
    # The client lacks it, and the version.
    google.result(create(google, "upgraded", memcache_version="MEMCACHE_1_5"))
    path = f"/memcache/v1/{named('upgraded')}"
    answer = google.raw("POST", f"{path}:upgrade", {"memcacheVersion": "MEMCACHE_1_6_15"})
    assert answer.status_code == 200 and answer.json()["metadata"]["verb"]
    google.emulator.advance(1200)
    upgraded = google.raw("GET", path).json()
    assert (upgraded["memcacheVersion"], upgraded["state"]) == ("MEMCACHE_1_6_15", "READY")
    assert {node["memcacheVersion"] for node in upgraded["memcacheNodes"]} == {"MEMCACHE_1_6_15"}
    assert upgraded["memcacheFullVersion"].startswith("memcached-1.6.15")
