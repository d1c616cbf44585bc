"""The strict reading of answers finds what it is there to find."""

import pytest

import azure_strict

PATH = "/subscriptions/s/resourceGroups/g/providers/Microsoft.Cache/redisEnterprise/c"
GOOD = {
    "id": PATH,
    "name": "c",
    "type": "Microsoft.Cache/redisEnterprise",
    "location": "West Europe",
    "tags": None,
    "sku": {"name": "Balanced_B0"},
    "properties": {"provisioningState": "Succeeded", "resourceState": "Running", "privateEndpointConnections": []},
}


def test_a_good_answer_has_no_faults():
    assert azure_strict.faults("GET", PATH, 200, GOOD) == []


@pytest.mark.parametrize(
    "change",
    [
        {"colour": "blue"},
        {"sku": None},
        {"sku": {"name": "Balanced_B2"}},
        {"location": 1},
        {"tags": {"a": 1}},
        {"properties": {"provisionningState": "Succeeded"}},
        {"properties": {"provisioningState": "Done"}},
        {"properties": {"privateEndpointConnections": {}}},
    ],
)
def test_a_fault_is_found(change):
    assert azure_strict.faults("GET", PATH, 200, {**GOOD, **change})


def test_an_error_is_read_too():
    assert azure_strict.faults("GET", PATH, 404, {"error": {"code": "C", "message": "m", "target": None}}) == []
    assert azure_strict.faults("GET", PATH, 404, {"code": "C", "message": "m"})
