"""The Score files: the driver as a workload, and the sample that proves that a cache can be reached."""

import json
import re

import jsonschema
import pytest
import yaml

import score
from conftest import HUMANITEC, KUSTOMIZE, Pod, ask, filled, only, pod_of, render, run, sha256
from manifests import hardening, images, schema

DIRECTORIES = (HUMANITEC, HUMANITEC / "sample")
PEM = "-----BEGIN CERTIFICATE-----"


def load(file):
    return yaml.safe_load(file.read_text())


@pytest.mark.parametrize("directory", DIRECTORIES, ids=lambda directory: directory.name)
def test_a_score_file_keeps_to_the_specification(directory):
    jsonschema.validate(load(directory / "score.yaml"), score.SCORE)
    jsonschema.validate(load(directory / "humanitec.score.yaml"), score.EXTENSION)


MISTAKES = [
    ("livenessProbe", "livelinessProbe"),
    ("cache-driver:0.1.0", "cache-driver:latest"),
    ("targetPort", "targetport"),
    ("apiVersion: score.dev/v1b1", "apiVersion: score.dev/v1"),
    ("        source: ", "        sauce: "),
]


@pytest.mark.parametrize("there, instead", MISTAKES)
def test_a_mistake_in_a_score_file_is_seen(there, instead):
    text = (HUMANITEC / "score.yaml").read_text()
    assert there in text
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(yaml.safe_load(text.replace(there, instead, 1)), score.SCORE)


@pytest.mark.parametrize("directory", DIRECTORIES, ids=lambda directory: directory.name)
def test_placeholders_name_resources_that_the_file_declares(directory):
    file = load(directory / "score.yaml")
    used = re.findall(r"\$\{resources\.([\w-]+)\.", json.dumps(file))
    assert used and set(used) <= set(file["resources"])
    for container in file["containers"].values():
        for mounted in container.get("files", []):
            assert (directory / mounted["source"]).is_file(), mounted


def test_the_driver_starts_with_what_its_score_file_gives_it(tmp_path):
    file = load(HUMANITEC / "score.yaml")
    container = file["containers"]["cache-driver"]
    assert container["args"] == ["serve"]
    token, path_secret = "synthetic-token", "synthetic-path-secret"
    shared = {
        "resources.env.CACHE_DRIVER_KEY": "5a" * 32,
        "resources.env.CACHE_DRIVER_TOKEN_SHA256": sha256(token),
        "resources.env.CACHE_DRIVER_PATH_SECRET_SHA256": sha256(path_secret),
    }
    files = {
        mounted["target"].removeprefix("/etc/cache-driver/"): (HUMANITEC / mounted["source"]).read_text()
        for mounted in container["files"]
    }
    pod = Pod(tmp_path / "pod", files, filled(container["variables"], shared))
    server, url = pod.serve()
    try:
        assert ask(f"{url}/alive")[0] == 200
        assert ask(f"{url}/sizes", token=token)[0] == 200
        assert ask(f"{url}/{path_secret}/sizes")[0] == 200
        assert ask(f"{url}/sizes")[0] == 401
    finally:
        server.stop()
    port = container["variables"]["CACHE_DRIVER__SERVER__LISTEN"].rpartition(":")[2]
    asked = {container[probe]["httpGet"]["port"] for probe in ("livenessProbe", "readinessProbe")}
    assert asked == {file["service"]["ports"]["http"]["targetPort"]} == {int(port)}


def test_the_workload_definition_gives_the_rights_that_the_manifests_give():
    entity = load(HUMANITEC / "workload.yaml")["entity"]
    updates = yaml.safe_load(entity["driver_inputs"]["values"]["templates"]["outputs"])["update"]
    given = {update["path"]: update["value"] for update in updates if update["op"] == "add"}
    pod = only(render(KUSTOMIZE / "overlays/aws"), "Deployment")["spec"]["template"]["spec"]
    assert given["/spec/serviceAccountName"] == pod["serviceAccountName"]
    assert given["/spec/securityContext"] == pod["securityContext"]
    own = pod["containers"][0]["securityContext"]
    assert given["/spec/containers/cache-driver/securityContext"].items() <= own.items()


@pytest.fixture(scope="module")
def outputs(tmp_path_factory):
    """Those of a cache of the emulated AWS, behind which a real or a small server listens."""
    pod = pod_of(render(KUSTOMIZE / "overlays/aws"), tmp_path_factory.mktemp("pod"))
    server, url = pod.serve("--sandbox", CACHE_DRIVER__SANDBOX__SPEED="3600")
    body = {"type": "redis", "resource": {"size": "small"}}
    status, answer = ask(f"{url}/redis/ping-check", "PUT", pod.token, body, prefer="wait=60")
    assert status == 200, answer
    resource = answer["resource"]
    yield resource["values"] | resource["secrets"]
    server.stop()


def proves(container, variables, outputs):
    """Runs the sample's container. An emulated cloud has certificates of its own, whose authority is among the outputs."""
    assert outputs["ca_cert"].startswith(PEM)
    good = run(*container["args"], env=variables | {"CACHE_CA_CERT": outputs["ca_cert"]})
    assert (good.returncode, good.stderr) == (0, ""), good.stderr
    assert all(f"{stage:<5} ok" in good.stdout for stage in ("DNS", "TCP", "TLS", "AUTH", "PING")), good.stdout
    bad = run(*container["args"], env=variables | {"CACHE_CA_CERT": outputs["ca_cert"], "CACHE_PASSWORD": "synthetic-wrong"})
    assert bad.returncode == 1 and "AUTH failed" in bad.stderr, bad.stderr
    assert outputs["password"] not in good.stdout + bad.stdout + bad.stderr


def test_the_sample_workload_reaches_a_cache_by_its_outputs(outputs):
    container = load(HUMANITEC / "sample/score.yaml")["containers"]["ping"]
    values = {f"resources.cache.{name}": value for name, value in outputs.items()}
    # Variables are texts, whatever the outputs are.
    proves(container, {name: str(filled(value, values)) for name, value in container["variables"].items()}, outputs)


def test_the_sample_workload_uses_only_outputs_of_the_built_in_type():
    variables = load(HUMANITEC / "sample/score.yaml")["containers"]["ping"]["variables"]
    used = re.findall(r"\$\{resources\.cache\.(\w+)\}", json.dumps(variables))
    assert sorted(used) == ["host", "password", "port", "username"]


def test_the_sample_job_reaches_a_cache_by_a_secret_of_its_outputs(outputs):
    documents = render(HUMANITEC / "sample")
    assert [*schema(documents), *hardening(documents), *images(documents)] == []
    container = only(documents, "Job")["spec"]["template"]["spec"]["containers"][0]
    variables = {}
    for variable in container["env"]:
        key = variable["valueFrom"]["secretKeyRef"]["key"]
        value = outputs[key]
        # As `jq -r` writes them, with which docs/deploy.md fills the Secret.
        variables[variable["name"]] = json.dumps(value) if isinstance(value, bool) else str(value)
    proves(container, variables, outputs)
