"""What deploy/ holds, as the tests look at it, and the driver that has to accept it."""

import hashlib
import json
import os
import pathlib
import re
import secrets
import shutil
import subprocess
import urllib.error
import urllib.request

import pytest
import yaml

from processes import Server

ROOT = pathlib.Path(__file__).parents[2]
DEPLOY = ROOT / "deploy"
KUSTOMIZE = DEPLOY / "kustomize"
HUMANITEC = DEPLOY / "humanitec"
CLOUDS = ("aws", "gcp", "azure")
# Where the pods have their files.
MOUNTED = "/etc/cache-driver"

# Everything here is on loopback; a proxy of the machine's must not stand between.
os.environ["NO_PROXY"] = os.environ["no_proxy"] = "127.0.0.1,localhost"


def binary():
    path = pathlib.Path(os.environ.get("CACHE_DRIVER_BIN", ROOT / "target/debug/cache-driver"))
    assert path.is_file(), f"no {path}: run scripts/deploy.sh"
    return str(path)


def run(*args, stdin="", env=None, timeout=60):
    """The driver's command line, with nothing of the machine's own set-up."""
    return subprocess.run(
        [binary(), *map(str, args)], input=stdin, text=True, capture_output=True, env=env or {}, timeout=timeout
    )


def render(directory):
    """What `kubectl kustomize` makes of a directory."""
    done = subprocess.run(["kubectl", "kustomize", str(directory)], text=True, capture_output=True, timeout=60)
    assert done.returncode == 0, f"kubectl kustomize {directory}: {done.stderr}"
    return list(yaml.safe_load_all(done.stdout))


def choose(copy, overlay, components):
    """Takes the comment signs from an overlay's components, as a reader of it would. Returns the overlay."""
    file = copy / "overlays" / overlay / "kustomization.yaml"
    text = file.read_text().replace("#components:", "components:")
    for component in components:
        line = f"  - ../../components/{component}"
        assert f"#{line}\n" in text, f"{file} does not offer {component}"
        text = text.replace(f"#{line}\n", f"{line}\n")
    file.write_text(text)
    return file.parent


def only(documents, kind, name=None):
    """The one document of this kind."""
    found = [d for d in documents if d["kind"] == kind and name in (None, d["metadata"]["name"])]
    assert len(found) == 1, f"{len(found)} of {kind} {name or ''}"
    return found[0]


@pytest.fixture
def kustomize(tmp_path):
    """A copy of the manifests to change."""
    return pathlib.Path(shutil.copytree(KUSTOMIZE, tmp_path / "kustomize"))


class Pod:
    """The files and variables of the server's pod, under another root and with synthetic secrets."""

    def __init__(self, root, files, variables):
        self.root = root
        self.token, self.path_secret, self.metrics_token = (secrets.token_hex(32) for _ in range(3))
        for name, text in files.items():
            self.write(name, self.here(text))
        self.write("secrets/k1", secrets.token_hex(32))
        self.write("secrets/orchestrator.sha256", sha256(self.token))
        self.write("secrets/humanitec.sha256", sha256(self.path_secret))
        self.write("metrics/token.sha256", sha256(self.metrics_token))
        self.env = {name: self.here(value) for name, value in variables.items()}

    def here(self, text):
        return text.replace(MOUNTED, str(self.root))

    def write(self, name, text):
        file = self.root / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)

    def serve(self, *args, **more):
        """Starts the server on loopback. Returns it and where it answers."""
        # The address is the one thing that is not as deployed: nothing here may be reached from outside.
        env = {**self.env, "CACHE_DRIVER__SERVER__LISTEN": "127.0.0.1:0", **more}
        server = Server("cache-driver", [binary(), "serve", *args], env)
        return server, server.wait_for_line(r"^listening on (\S+)$")


def ask(url, method="GET", token=None, body=None, context=None, **headers):
    """One request. Returns status and answer, whatever the status is; the answer is a text where it is no JSON."""
    headers = {"content-type": "application/json"} | headers
    if token:
        headers["authorization"] = f"Bearer {token}"
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(url, data, headers, method=method)
    try:
        with urllib.request.urlopen(request, timeout=90, context=context) as answer:
            status, kind, content = answer.status, answer.headers.get_content_type(), answer.read()
    except urllib.error.HTTPError as answer:
        with answer:
            status, kind, content = answer.code, answer.headers.get_content_type(), answer.read()
    return status, json.loads(content) if kind == "application/json" else content.decode()


def sha256(text):
    return hashlib.sha256(text.encode()).hexdigest()


def pod_of(documents, root):
    """The pod of a rendered overlay."""
    container = only(documents, "Deployment")["spec"]["template"]["spec"]["containers"][0]
    files = {f"config/{name}": text for name, text in only(documents, "ConfigMap")["data"].items()}
    return Pod(root, files, {variable["name"]: variable["value"] for variable in container["env"]})


def definitions(cloud=None):
    """Path and content of every Resource Definition."""
    files = sorted((HUMANITEC / "definitions").glob(f"{cloud or '*'}/*.yaml"))
    assert files, f"no definitions for {cloud}"
    return [(file, yaml.safe_load(file.read_text())) for file in files]


def drivers():
    return {file.stem: json.loads(file.read_text()) for file in sorted((HUMANITEC / "drivers").glob("*.json"))}


def resource_types():
    return {file.stem: yaml.safe_load(file.read_text()) for file in sorted((HUMANITEC / "types").glob("*.yaml"))}


def filled(value, values):
    """With `${…}` replaced: a text that is nothing else takes the value's type, as the orchestrator does it."""
    if isinstance(value, dict):
        return {key: filled(inner, values) for key, inner in value.items()}
    if isinstance(value, list):
        return [filled(inner, values) for inner in value]
    if not isinstance(value, str):
        return value
    whole = re.fullmatch(r"\$\{([^}]+)\}", value)
    if whole:
        return values[whole[1]]
    return re.sub(r"\$\{([^}]+)\}", lambda found: str(values[found[1]]), value)
