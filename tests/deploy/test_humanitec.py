"""What the orchestrator is told: definitions, resource types and registrations, held against what the driver says itself."""

import json
import tomllib

import jsonschema
import pytest
import yaml

from conftest import CLOUDS, HUMANITEC, KUSTOMIZE, ask, definitions, drivers, filled, only, pod_of, render, resource_types, run

ENVIRONMENTS = ("development", "production", "staging")
# What the orchestrator puts in the place of its placeholders.
CONTEXT = {
    "context.app.id": "shop",
    "context.env.id": "production-eu",
    "context.env.type": "production",
    "context.org.id": "my-org",
    "context.res.id": "modules.shop.externals.sessions",
}
ALL = [(file.parent.name, file.stem, content) for file, content in definitions()]
IDS = [f"{cloud}/{name}" for cloud, name, _ in ALL]


def inputs(content):
    """What the driver gets: `values`, `secrets`."""
    return {"secrets": {}} | filled(content["entity"]["driver_inputs"], CONTEXT)


def plan(pod, content, values=None):
    """What the driver would do, on an emulated cloud."""
    entity = content["entity"]
    body = {"type": entity["type"], "driver": {"values": values or inputs(content)["values"]}}
    env = pod.env | {"CACHE_DRIVER__SERVER__LISTEN": "127.0.0.1:0"}
    return run("plan", "-", "--sandbox", "--output", "json", stdin=json.dumps(body), env=env)


@pytest.fixture(scope="module")
def pods(tmp_path_factory):
    """The configuration that each cloud's definitions meet."""
    return {cloud: pod_of(render(KUSTOMIZE / "overlays" / cloud), tmp_path_factory.mktemp(cloud)) for cloud in CLOUDS}


@pytest.mark.parametrize("cloud, name, content", ALL, ids=IDS)
def test_a_definition_names_a_driver_and_a_type_that_are_there(cloud, name, content):
    assert (content["apiVersion"], content["kind"]) == ("entity.humanitec.io/v1b1", "Definition")
    entity = content["entity"]
    assert content["metadata"]["id"] == entity["name"] == f"cache-driver-{name}"
    kind, _, environment = name.partition("-")
    driver = drivers()[kind]
    assert entity["driver_type"] == f"my-org/{driver['id']}"
    assert entity["type"] == driver["type"]
    assert entity["criteria"] == [{"env_type": environment}]
    assert set(entity) == {"name", "type", "driver_type", "driver_inputs", "criteria"}


@pytest.mark.parametrize("cloud", CLOUDS)
def test_a_cloud_has_a_definition_for_each_environment_type_and_each_of_its_routes(cloud):
    config = only(render(KUSTOMIZE / "overlays" / cloud), "ConfigMap")["data"]
    routes = {name for text in config.values() for name in tomllib.loads(text).get("routes", {})}
    names = sorted(name for at, name, _ in ALL if at == cloud)
    assert names == sorted(f"{route}-{environment}" for route in routes for environment in ENVIRONMENTS)


@pytest.mark.parametrize("cloud, name, content", ALL, ids=IDS)
def test_a_definition_keeps_to_the_inputs_that_its_driver_is_registered_with(cloud, name, content):
    schema = drivers()[name.partition("-")[0]]["inputs_schema"]
    jsonschema.Draft202012Validator(schema).validate(inputs(content))
    assert inputs(content)["values"]["provider"] == cloud


@pytest.mark.parametrize("cloud, name, content", ALL, ids=IDS)
def test_the_driver_would_create_what_a_definition_asks_for_without_a_warning(cloud, name, content, pods):
    told = plan(pods[cloud], content)
    assert told.returncode == 0, told.stderr
    planned = json.loads(told.stdout)
    assert (planned["action"], planned["warnings"]) == ("create", [])
    assert planned["product"].startswith(f"{cloud}/")
    if name.endswith("production"):
        assert inputs(content)["values"]["deletion_protection"] is True


def test_a_mistake_in_a_definition_is_seen_by_the_registered_inputs_and_by_the_driver(pods):
    _, _, content = ALL[0]
    for wrong in ({"sice": "small"}, {"size": "smal"}, {"backup": {"dayz": 7}}, {"replicas": 99}):
        values = inputs(content)["values"] | wrong
        schema = drivers()["redis"]["inputs_schema"]
        assert not jsonschema.Draft202012Validator(schema).is_valid({"values": values, "secrets": {}}), wrong
        told = plan(pods["aws"], content, values)
        assert told.returncode == 1 and "RES-101" in told.stderr, (wrong, told.stderr)


@pytest.mark.parametrize("route", sorted(drivers()))
def test_a_registration_is_what_the_driver_prints(route):
    register = ("register", "--url", "https://cache-driver.example.com", "--route", route)
    told = run(*register, "--config", HUMANITEC / "register.toml")
    assert told.returncode == 0, told.stderr
    kept = (HUMANITEC / "drivers" / f"{route}.json").read_text()
    assert told.stdout == kept, f"drivers/{route}.json is out of date: scripts/deploy.sh --write"


def test_registrations_routes_and_types_belong_together():
    routes = tomllib.loads((HUMANITEC / "register.toml").read_text())["routes"]
    served = {}
    for cloud in CLOUDS:
        for text in only(render(KUSTOMIZE / "overlays" / cloud), "ConfigMap")["data"].values():
            served |= {name: route["resource_type"] for name, route in tomllib.loads(text).get("routes", {}).items()}
    assert served == {name: route["resource_type"] for name, route in routes.items()}
    assert served == {name: driver["type"] for name, driver in drivers().items()}
    custom = {name: content["type"] for name, content in resource_types().items()}
    assert custom == {name: kind for name, kind in served.items() if "/" in kind}


@pytest.fixture(scope="module")
def emulated(pods):
    """The driver on an emulated Google Cloud, which has all three types."""
    pod = pods["gcp"]
    server, url = pod.serve("--sandbox", CACHE_DRIVER__SANDBOX__SPEED="3600")
    yield pod, url
    server.stop()


@pytest.mark.parametrize("kind", sorted(resource_types()))
def test_a_resource_type_declares_the_outputs_that_the_driver_gives(kind, emulated):
    content = resource_types()[kind]
    assert set(content) == {"type", "name", "category", "use", "inputs_schema", "outputs_schema"}
    pod, url = emulated
    # The smallest of what a developer may write, as the type has it.
    resource = {"size": content["inputs_schema"]["properties"]["size"]["enum"][0]}
    jsonschema.Draft202012Validator(content["inputs_schema"]).validate(resource)
    # With every emulated cloud enabled, the definition's word decides which.
    driver = {"values": {"provider": "gcp"}}
    body = {"type": content["type"], "resource": resource, "driver": driver}
    status, answer = ask(f"{url}/{kind}/deploy-{kind}", "PUT", pod.token, body, prefer="wait=60")
    assert status == 200, answer
    outputs = answer["resource"]
    schema = content["outputs_schema"]
    jsonschema.Draft202012Validator.check_schema(schema)
    jsonschema.Draft202012Validator(schema).validate(outputs)
    for part, given in outputs.items():
        undeclared = set(given) - set(schema["properties"].get(part, {}).get("properties", {}))
        assert not undeclared, f"{part}: {sorted(undeclared)}"


@pytest.mark.parametrize("kind", sorted(resource_types()))
def test_developers_may_ask_for_what_the_resource_type_offers_and_no_more(kind, pods):
    offered = resource_types()[kind]["inputs_schema"]["properties"]
    for cloud in CLOUDS:
        for text in only(render(KUSTOMIZE / "overlays" / cloud), "ConfigMap")["data"].values():
            route = tomllib.loads(text).get("routes", {}).get(kind)
            if route:
                assert route["developer_inputs"] == sorted(offered)
                assert route["limits"] == {name: field["enum"] for name, field in offered.items()}


def test_every_file_can_be_read():
    for file in HUMANITEC.rglob("*.yaml"):
        assert list(yaml.safe_load_all(file.read_text())), file
