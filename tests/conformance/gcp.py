"""Google's own clients against an emulator, and the wire between them, on which every exchange is judged."""

import contextlib
import http.client
import http.server
import importlib.resources
import json
import threading
from urllib.parse import parse_qsl

import requests
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from google.api_core import exceptions
from google.api_core.client_options import ClientOptions
from google.api_core.future import polling
from google.auth import jwt
from google.auth.credentials import AnonymousCredentials
from google.cloud.memcache_v1 import CloudMemcacheClient
from google.cloud.memorystore_v1 import MemorystoreClient
from google.cloud.redis_cluster_v1 import CloudRedisClusterClient
from google.cloud.redis_v1 import CloudRedisClient

import discovery
import gcp_messages

REGION = "europe-west3"
SERVICES = ("redis", "memorystore", "memcache")
# The clients read an answer that they know only half of, but not an operation with such an answer in it: then `result`
# fails. These fields are documented, and all but the labels recorded; the messages of the clients lack them.
LAG = {
    # google-cloud-redis-cluster 0.5.6
    "google.cloud.redis.cluster.v1.Cluster": {"effectiveMaintenanceVersion", "labels", "satisfiesPzi"},
    # google-cloud-memcache 1.17.0, in every node
    "google.cloud.memcache.v1.Instance": {"memcacheVersion", "memcacheFullVersion"},
}
# What belongs to one connection, and is not handed on.
HOP = {"connection", "keep-alive", "transfer-encoding", "host", "content-length"}


def judges():
    """The two that judge exchanges: Google's discovery documents, and the messages of its clients."""
    cache = importlib.resources.files("googleapiclient") / "discovery_cache/documents"
    # There is no document of Memorystore for Valkey in the package.
    documents = [json.loads((cache / f"{name}.v1.json").read_text()) for name in ("redis", "memcache")]
    return discovery.Documents(*documents), gcp_messages.Messages()


class Wire:
    """Stands before an emulator, hands every call on as it is, and keeps what went over it."""

    def __init__(self, emulator):
        self.emulator = emulator
        self.exchanges = []
        # The forms that asked for tokens.
        self.grants = []
        # What the last call was made with.
        self.authorization = None
        self.judges = judges()
        self.wrong = []
        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self.thread = threading.Thread(target=self.server.serve_forever, args=(0.05,), daemon=True)
        self.thread.start()
        self.url = f"http://127.0.0.1:{self.server.server_port}"

    def stop(self):
        self.server.shutdown()
        self.server.server_close()
        self.thread.join(10)

    def judge(self):
        """Everything wrong with what went over the wire since the last time."""
        seen, self.exchanges = self.exchanges, []
        wrong, self.wrong = self.wrong, []
        for exchange in seen:
            for judge in self.judges:
                if not judge.knows(exchange):
                    continue
                wrong += [f"{exchange}: {fault}" for fault in judge.answered(exchange)]
                # A request with a fault is no fault of the emulator's, unless it took it.
                if exchange.status < 400:
                    wrong += [f"{exchange}, asked with: {fault}" for fault in judge.asked(exchange)]
        return wrong

    def last(self):
        """The last exchange with one of the services."""
        return self.exchanges[-1]

    def message(self, exchange):
        """An answer as the message of Google's client."""
        return self.judges[1].parsed(exchange)

    def _keep(self, method, path, body, status, headers, answer):
        if path == "/token":
            self.grants.append(dict(parse_qsl(body.decode())))
        service, _, rest = path.removeprefix("/").partition("/")
        if service not in SERVICES:
            return
        kind = headers.get("content-type", "")
        if kind.lower() != "application/json; charset=utf-8":
            self.wrong.append(f"{method} {path} -> {status}: the content type is {kind!r}")
        url = f"https://{service}.googleapis.com/{rest}"
        asked, answered = (json.loads(text) if text else None for text in (body, answer))
        self.exchanges.append(discovery.Exchange(method, url, asked, status, answered))

    def _handler(wire):
        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            # Head and body are two writes, and the second must not wait for an acknowledgement of the first.
            disable_nagle_algorithm = True

            def log_message(self, *_):
                pass

            def pass_on(self):
                body = self.rfile.read(int(self.headers.get("content-length", 0)))
                headers = {name: value for name, value in self.headers.items() if name.lower() not in HOP}
                with contextlib.closing(http.client.HTTPConnection(*wire.server_of())) as upstream:
                    try:
                        upstream.request(self.command, self.path, body or None, headers)
                        answer = upstream.getresponse()
                        content = answer.read()
                    except (http.client.HTTPException, OSError):
                        # It hung up: so does this.
                        self.close_connection = True
                        return
                wire.authorization = self.headers.get("authorization")
                wire._keep(self.command, self.path, body, answer.status, answer.headers, content)
                if "/operations" in self.path:
                    content = readable(content)
                self.send_response_only(answer.status, answer.reason)
                for name, value in answer.getheaders():
                    if name.lower() not in HOP:
                        self.send_header(name, value)
                self.send_header("content-length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

            do_GET = do_POST = do_PATCH = do_DELETE = pass_on

        return Handler

    def server_of(self):
        host, port = self.emulator.removeprefix("http://").rstrip("/").split(":")
        return host, int(port)


def readable(content):
    """Operations without the fields that the clients stumble over."""
    answer = json.loads(content)
    for operation in [answer, *answer.get("operations", [])]:
        response = operation.get("response", {})
        lag = LAG.get(response.get("@type", "").rpartition("/")[2], ())
        for holder in [*response.get("memcacheNodes", []), *([] if "memcacheNodes" in response else [response])]:
            for field in lag:
                holder.pop(field, None)
    return json.dumps(answer).encode()


class Google:
    """The four clients, as they come from Google but for where they call and as whom."""

    def __init__(self, base, credentials=None, emulator=None):
        self.base = base
        self.emulator = emulator
        self.credentials = credentials or AnonymousCredentials()
        self.made = []
        self.redis = self._client(CloudRedisClient, "redis")
        self.clusters = self._client(CloudRedisClusterClient, "redis")
        self.valkey = self._client(MemorystoreClient, "memorystore")
        self.memcache = self._client(CloudMemcacheClient, "memcache")
        self.session = requests.Session()

    def _client(self, kind, service):
        options = ClientOptions(api_endpoint=f"{self.base}/{service}")
        made = kind(credentials=self.credentials, client_options=options, transport="rest")
        self.made.append(made)
        return made

    def raw(self, method, path, body=None, **query):
        """A call without a client, for what no client sends."""
        return self.session.request(method, f"{self.base}{path}", json=body, params=query, timeout=30)

    def result(self, operation, seconds=1200):
        """What an operation comes to, after so much of the emulator's time."""
        self.emulator.advance(seconds)
        return result(operation)

    def settled(self, read, seconds=1200):
        """What `read` finds when nothing is under way any more. That an operation is done does not say so."""
        self.emulator.advance(seconds)
        found = read()
        assert found.state.name in ("ACTIVE", "READY"), found.state.name
        return found

    def close(self):
        for client in self.made:
            client.transport.close()
            # The clients forget the session with which they ask for operations.
            client.transport.operations_client.transport._session.close()
        self.session.close()


class Account:
    """A service account of nobody's, with a key made for this run."""

    def __init__(self):
        key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        private = serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        public = serialization.PublicFormat.SubjectPublicKeyInfo
        self.public = key.public_key().public_bytes(serialization.Encoding.PEM, public)
        self.email = "conformance@example-project.iam.gserviceaccount.com"
        self.private = key.private_bytes(serialization.Encoding.PEM, *private).decode()

    def file(self, token_uri="https://oauth2.googleapis.com/token"):
        """Its key as Google Cloud hands it out."""
        return {
            "type": "service_account",
            "project_id": "example-project",
            "private_key_id": "0" * 40,
            "private_key": self.private,
            "client_email": self.email,
            "client_id": "100000000000000000001",
            "token_uri": token_uri,
        }

    def signed(self, grant):
        """The claims of the assertion in a grant. Google's own code checks the signature, the times and the audience."""
        # Whatever the address at which the token is fetched, as Google's clients have it.
        audience = "https://oauth2.googleapis.com/token"
        assert grant["grant_type"] == "urn:ietf:params:oauth:grant-type:jwt-bearer"
        header = jwt.decode_header(grant["assertion"])
        assert header["alg"] == "RS256" and header["kid"] == "0" * 40
        claims = jwt.decode(grant["assertion"], certs=self.public, audience=audience)
        assert (
            claims["iss"] == self.email and "https://www.googleapis.com/auth/cloud-platform" in claims["scope"].split()
        )
        assert claims["exp"] - claims["iat"] <= 3600
        return claims


def result(operation):
    """What an operation comes to. The clients wait by the second, which an emulated cloud does not need."""
    often = polling.DEFAULT_POLLING.with_delay(initial=0.02, maximum=0.1, multiplier=1.5).with_timeout(30)
    return operation.result(polling=often)


class Raised:
    """What a call raised, filled in when the block ends."""

    error = None
    # The error as it was on the wire.
    body = None


@contextlib.contextmanager
def refused(wire, kind, status):
    """The block must end in this exception of Google's, with this status on the wire."""
    raised = Raised()
    try:
        yield raised
    except exceptions.GoogleAPICallError as error:
        raised.error, raised.body = error, wire.last().response["error"]
        assert isinstance(error, kind) and raised.body["status"] == status, f"wanted {status}, got {raised.body}"
    else:
        raise AssertionError(f"wanted {status}, and the call succeeded")


class Emulator:
    """The sandbox behind the backs of its callers."""

    def __init__(self, url):
        self.url = url

    def _post(self, what, body):
        answer = requests.post(f"{self.url}/_sandbox/{what}", json=body, timeout=10)
        assert answer.ok, answer.text

    def mutate(self, **change):
        self._post("mutate", change)

    def advance(self, seconds):
        """Skips time, so that nobody has to wait."""
        self.mutate(op="advance", seconds=seconds)

    def fault(self, **fault):
        self._post("faults", fault)

    def state(self):
        return requests.get(f"{self.url}/_sandbox/state", timeout=10).json()

    def reset(self):
        self._post("reset", {})
