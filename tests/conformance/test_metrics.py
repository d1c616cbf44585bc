"""Prometheus' own client reads what the driver exposes. Its parser of OpenMetrics is strict: units, suffixes, order, escapes."""

import pathlib
import re

import pytest
import requests
from prometheus_client.openmetrics.parser import text_string_to_metric_families as open_metrics
from prometheus_client.parser import text_string_to_metric_families as older_format

PAGE = pathlib.Path(__file__).parent.parent.parent / "docs/telemetry.md"


@pytest.fixture(scope="module")
def base(start_on_aws, sandbox, sandbox_network):
    return start_on_aws(sandbox, **sandbox_network)


@pytest.fixture
def exposed(base, resource):
    """The text, after the life of a cache and some mistakes."""
    cache = resource(base)
    cache.create({"size": "small"})
    assert requests.put(f"{base}/redis/{cache.id}", json={"type": "redis", "driver": {"values": {"sise": 1}}}).status_code == 400
    assert requests.get(f"{base}/no/such/path").status_code == 404
    answer = requests.get(f"{base}/metrics", headers={"accept": "application/openmetrics-text;version=1.0.0"})
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "application/openmetrics-text; version=1.0.0; charset=utf-8"
    return answer.text


def documented():
    """Type by name, as the table of the page has them."""
    rows = {}
    for line in PAGE.read_text().splitlines():
        if line.startswith(("| `cache_driver_", "| `process_")):
            names, kind = (cell.strip() for cell in line.split("|")[1:3])
            rows.update({name: kind for name in re.findall(r"`([a-z_]+)`", names)})
    return rows


def test_every_family_is_read_and_stands_in_the_page_with_its_type(exposed):
    families = {family.name: family for family in open_metrics(exposed)}
    suffix = {"counter": "_total", "info": "_info"}
    shown = {name + suffix.get(family.type, ""): family.type for name, family in families.items()}
    assert len(shown) > 15, shown
    assert shown.items() <= documented().items()
    for name, family in families.items():
        assert family.documentation and not family.documentation.endswith(".."), name
        assert name.endswith("_seconds") == (family.unit == "seconds"), name


def test_the_older_parser_reads_the_same_samples(exposed):
    def samples(families):
        return {(s.name, tuple(sorted(s.labels.items()))): s.value for family in families for s in family.samples}

    assert samples(older_format(exposed)) == samples(open_metrics(exposed))


def test_a_life_of_a_cache_is_in_the_numbers(exposed):
    samples = [sample for family in open_metrics(exposed) for sample in family.samples]

    def total(name, **labels):
        return sum(s.value for s in samples if s.name == name and s.labels.items() >= labels.items())

    creations = {"provider": "aws", "operation": "CreateReplicationGroup", "outcome": "ok"}
    assert total("cache_driver_cloud_calls_total", **creations) >= 1
    assert total("cache_driver_cloud_call_duration_seconds_count") == total("cache_driver_cloud_calls_total")
    assert total("cache_driver_time_to_ready_seconds_count", product="aws/replication-group", operation="creating") >= 1
    assert total("cache_driver_errors_total", code="RES-101") >= 1
    requests_of = {"route": "/redis/{GUResID}", "method": "PUT", "status": "200"}
    assert total("cache_driver_http_requests_total", **requests_of) >= 1
    assert total("cache_driver_build_info") == 1
