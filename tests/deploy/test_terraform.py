"""The Terraform, run: its format, what it computes, and that the driver answers as the module expects. The providers cannot be
had in CI, so what talks to them is not validated; all that decides stands in locals, which need none. test_hcl.py reads it."""

import json
import os
import shutil
import subprocess
import time
import urllib.error
import urllib.request

import pytest

from conftest import CLOUDS, DEPLOY, HUMANITEC, KUSTOMIZE, definitions, drivers, pod_of, render, resource_types

pytestmark = pytest.mark.skipif(not shutil.which("terraform"), reason="no terraform on PATH")


def terraform(*args, stdin=""):
    env = {**os.environ, "TF_CLI_CONFIG_FILE": os.devnull, "CHECKPOINT_DISABLE": "1", "TF_IN_AUTOMATION": "1", "NO_COLOR": "1"}
    return subprocess.run(["terraform", *map(str, args)], input=stdin, text=True, capture_output=True, timeout=60, env=env)


def evaluate(directory, expression, **variables):
    """What an expression over a module's locals comes to."""
    given = [f"-var={name}={value}" for name, value in variables.items()]
    done = terraform(f"-chdir={directory}", "console", *given, stdin=f"jsonencode({expression})\n")
    assert done.returncode == 0 and not done.stderr, done.stderr
    return json.loads(json.loads(done.stdout))


@pytest.fixture
def without_provider(tmp_path):
    """Copies of the modules in which only variables and locals are left."""
    copy = shutil.copytree(HUMANITEC, tmp_path / "humanitec")
    for module in ("terraform", "restful"):
        for file in (copy / module).glob("*.tf"):
            if file.name not in ("variables.tf", "locals.tf"):
                file.unlink()
    return copy


def test_it_is_formatted():
    done = terraform("fmt", "-check", "-diff", "-recursive", DEPLOY)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("cloud", CLOUDS)
def test_it_makes_of_the_files_what_they_say(cloud, without_provider):
    told = evaluate(
        without_provider / "terraform",
        "{definitions = local.definitions, drivers = local.drivers, types = local.types, criteria = local.criteria}",
        org="my-org", cloud=cloud, url="https://cache-driver.example.com",
    )  # fmt: skip
    wanted = {file.stem: content["entity"] for file, content in definitions(cloud)}
    assert told["definitions"] == wanted
    kinds = {name.partition("-")[0] for name in wanted}
    assert told["drivers"] == {kind: driver for kind, driver in drivers().items() if kind in kinds}
    assert told["types"] == {kind: content for kind, content in resource_types().items() if kind in kinds}
    made = sorted((criterion["definition"], criterion["env_type"]) for criterion in told["criteria"].values())
    assert made == sorted((name, content["criteria"][0]["env_type"]) for name, content in wanted.items())


def test_it_puts_in_the_organisation_and_leaves_placeholders_alone(without_provider):
    told = evaluate(
        without_provider / "terraform",
        "{definitions = local.definitions, drivers = local.drivers, types = local.types}",
        org="acme", cloud="gcp", url="https://cache-driver.example.com",
    )  # fmt: skip
    assert "my-org" not in json.dumps(told)
    assert told["definitions"]["valkey-staging"]["driver_type"] == "acme/cache-driver-valkey"
    assert told["definitions"]["valkey-staging"]["driver_inputs"]["values"]["context"]["app"] == "${context.app.id}"


@pytest.mark.parametrize("name, value", [("org", "My Org"), ("cloud", "ibm"), ("url", "http://cache-driver.example.com")])
def test_a_variable_that_cannot_be_right_is_refused(name, value, without_provider):
    good = {"org": "my-org", "cloud": "aws", "url": "https://cache-driver.example.com"}
    given = [f"-var={key}={text}" for key, text in (good | {name: value}).items()]
    done = terraform(f"-chdir={without_provider / 'terraform'}", "console", *given, stdin="local.served\n")
    assert "Invalid value for variable" in done.stderr and f'variable "{name}"' in done.stderr, done.stderr


class Provider:
    """Does what magodo/restful does with these attributes: PUT or DELETE, then GET until the code is the awaited one."""

    def __init__(self, url, token):
        self.url, self.token, self.codes = url, token, []

    def call(self, method, path, body=None):
        headers = {"content-type": "application/json", "authorization": f"Bearer {self.token}"}
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(self.url + path, data, headers, method=method)
        try:
            with urllib.request.urlopen(request, timeout=30) as answer:
                return answer.status, answer.headers, answer.read()
        except urllib.error.HTTPError as answer:
            with answer:
                return answer.code, answer.headers, answer.read()

    def until(self, path, poll, headers):
        assert poll["status_locator"] == "code"
        deadline = time.monotonic() + 120
        while time.monotonic() < deadline:
            # The emulated cloud is fast; the provider would wait as long as it is told.
            assert headers["Retry-After"] is None or int(headers["Retry-After"]) > 0
            code, headers, body = self.call("GET", path)
            self.codes.append(code)
            if str(code) == poll["status"]["success"]:
                return body
            assert str(code) in poll["status"]["pending"], (code, body)
            time.sleep(0.1)
        raise AssertionError(f"not done in time: {self.codes}")


def test_the_driver_answers_the_module_as_its_provider_expects(without_provider, tmp_path):
    told = evaluate(
        without_provider / "restful",
        "{path = local.path, body = local.body, ready = local.poll_ready, gone = local.poll_gone}",
        id="deploy-check", values='{size="small"}',
    )  # fmt: skip
    pod = pod_of(render(KUSTOMIZE / "overlays/aws"), tmp_path / "pod")
    # Slow enough that the provider has to wait.
    server, url = pod.serve("--sandbox", CACHE_DRIVER__SANDBOX__SPEED="300")
    try:
        provider = Provider(url, pod.token)
        code, headers, body = provider.call("PUT", told["path"], told["body"])
        assert code == 202 and int(headers["Retry-After"]) > 0, body
        made = json.loads(provider.until(told["path"], told["ready"], headers))
        assert 202 in provider.codes
        # What the provider compares with the body it sent, but for write_only_attrs.
        assert made["type"] == told["body"]["type"]
        assert made["resource"]["secrets"]["url"].startswith("rediss://")

        code, headers, body = provider.call("PUT", told["path"], told["body"])
        assert code == 200 and json.loads(body) == made

        # Neither a cookie nor credentials come with it.
        code, headers, body = provider.call("DELETE", told["path"])
        assert code in (202, 204), body
        provider.until(told["path"], told["gone"], headers)
        assert provider.codes[-1] == 404
    finally:
        server.stop()
