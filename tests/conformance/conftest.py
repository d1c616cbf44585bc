"""The servers: two emulators by other people, our own sandbox, and the driver pointed at any of them."""

import json
import os
import pathlib
import sys

import pytest

import aws
import gcp
from driver import SECRETS, Driver
from processes import Server, free_port

# Everything here is on loopback; a proxy of the machine's must not stand between.
os.environ["NO_PROXY"] = os.environ["no_proxy"] = "127.0.0.1,localhost"

HERE = pathlib.Path(__file__).parent
KEYRING = '[{ id = "k1", key = "' + "5a" * 32 + '" }]'


def binary():
    path = os.environ.get("CACHE_DRIVER_BIN", HERE.parent.parent / "target/debug/cache-driver")
    assert pathlib.Path(path).is_file(), f"no {path}: run scripts/conformance.sh"
    return str(path)


@pytest.fixture(scope="session")
def moto():
    """moto with a lifecycle: creating, available, modifying, deleting, gone."""
    port = free_port()
    server = Server("moto", [sys.executable, str(HERE / "moto_lifecycle.py"), "-H", "127.0.0.1", "-p", str(port)])
    endpoint = f"http://127.0.0.1:{port}"
    server.wait_for_http(f"{endpoint}/moto-api/")
    yield endpoint
    server.stop()


@pytest.fixture(scope="session")
def ministack():
    """ministack without Docker: control plane only. Its default address is every interface, hence BIND_HOST."""
    port = free_port()
    program = os.environ.get("MINISTACK_BIN", HERE.parent.parent / ".venv/ministack/bin/ministack")
    assert pathlib.Path(program).is_file(), f"no {program}: run scripts/conformance.sh"
    env = {
        "BIND_HOST": "127.0.0.1",
        "GATEWAY_PORT": str(port),
        "SERVICES": "elasticache,ec2,sts,iam",
        # A machine with Docker must not behave unlike one without.
        "DOCKER_HOST": "tcp://127.0.0.1:1",
        # What it gives out as every endpoint.
        "REDIS_HOST": "cache.example.internal",
        "REDIS_PORT": "6379",
    }
    server = Server("ministack", [str(program)], env)
    endpoint = f"http://127.0.0.1:{port}"
    server.wait_for_http(f"{endpoint}/_ministack/health")
    yield endpoint
    server.stop()


@pytest.fixture(scope="session")
def sandbox():
    """Our own emulated AWS, fast, and with realistic host names instead of servers behind them."""
    server = Server("sandbox", [binary(), "sandbox", "--speed", "400", "--aws-port", "0"])
    yield server.wait_for_line(r"\baws (http://[0-9.]+:[0-9]+)")
    server.stop()


@pytest.fixture(scope="session")
def google_sandbox():
    """Our own emulated Google Cloud. It is as slow as the real one: the tests skip the time, and so meet every state."""
    server = Server("sandbox", [binary(), "sandbox", "--speed", "1", "--gcp-port", "0"])
    yield server.wait_for_line(r"\bgcp (http://[0-9.]+:[0-9]+)")
    server.stop()


@pytest.fixture(scope="session")
def google_wire(google_sandbox):
    """The wire before it, for all tests: judging needs all the messages of Google's clients."""
    wire = gcp.Wire(google_sandbox)
    yield wire
    wire.stop()


@pytest.fixture
def wire(google_wire):
    """What goes over it during one test has no fault."""
    google_wire.judge()
    yield google_wire
    assert google_wire.judge() == []


@pytest.fixture(scope="session")
def service_account():
    return gcp.Account()


@pytest.fixture
def emulator(google_sandbox):
    """The emulated Google Cloud behind its callers' backs. Nothing in it outlasts the test."""
    behind = gcp.Emulator(google_sandbox)
    yield behind
    behind.reset()


@pytest.fixture
def google(wire, emulator):
    """Google's clients with no credentials, over the wire."""
    clients = gcp.Google(wire.url, emulator=emulator)
    yield clients
    clients.close()


@pytest.fixture(scope="session")
def moto_network(moto):
    return aws.network(moto)


@pytest.fixture(scope="session")
def ministack_network(ministack):
    return aws.network(ministack)


@pytest.fixture(scope="session")
def sandbox_network(sandbox):
    """The sandbox looks EC2 things up but does not make them: there, every well-formed id exists."""
    subnets = ["subnet-0a1b2c3d4e5f60718", "subnet-0a1b2c3d4e5f60719"]
    aws.client(sandbox).create_cache_subnet_group(
        CacheSubnetGroupName="caches", CacheSubnetGroupDescription="caches", SubnetIds=subnets
    )
    return {"subnet_group": "caches", "security_group_ids": ["sg-0a1b2c3d4e5f60718"], "subnets": subnets}


@pytest.fixture(scope="module")
def start_driver(tmp_path_factory):
    """Starts drivers for one provider; each is stopped when the tests of the file are through, and its log must hold no
    secret."""
    started = []

    def start(provider, env=None, **settings):
        config = tmp_path_factory.mktemp("driver") / "config.toml"
        lines = [
            "[server]",
            'listen = "127.0.0.1:0"',
            "[secrets]",
            f"keyring = {KEYRING}",
            # Everything, so that the check at the end means something.
            "[log]",
            'level = "trace"',
            "[lifecycle]",
            'poll_interval = "200ms"',
            "[routes.redis]",
            'resource_type = "redis"',
            f"[providers.{provider}]",
            "enabled = true",
            # Numbers, texts and lists of texts are written in TOML as in JSON.
            *(f"{key} = {json.dumps(value)}" for key, value in settings.items()),
        ]
        config.write_text("\n".join(lines) + "\n")
        server = Server("cache-driver serve", [binary(), "serve", "--config", str(config)], env)
        started.append(server)
        return server.wait_for_line(r"listening on (http://[0-9.]+:[0-9]+)")

    yield start
    for server in started:
        server.stop()
        # A count and not the lines: a failure here is printed.
        shown = sum(secret in line for line in server.lines for secret in SECRETS)
        assert shown == 0, f"{shown} lines of the driver's log hold a secret"


@pytest.fixture(scope="module")
def start_on_aws(start_driver):
    """Starts drivers with an identity of their own, for requests that bring no account. Synthetic, and found by the default
    chain."""
    env = {"AWS_ACCESS_KEY_ID": aws.KEY, "AWS_SECRET_ACCESS_KEY": aws.SECRET, "AWS_EC2_METADATA_DISABLED": "true"}

    def start(endpoint, subnet_group, security_group_ids=(), **_):
        network = {"subnet_group": subnet_group, "security_group_ids": security_group_ids}
        return start_driver("aws", env, region=aws.REGION, endpoint_url=endpoint, **network)

    return start


@pytest.fixture
def resource():
    """Makes callers for one resource each, and closes their connections."""
    made = []

    def make(base, **more):
        made.append(Driver(base, **more))
        return made[-1]

    yield make
    for caller in made:
        caller.close()
