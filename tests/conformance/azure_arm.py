"""Microsoft's own clients against the sandbox.

They will not send a token over plain http, and the sandbox has no TLS. So nothing of theirs is changed but the transport, the
seam that they offer for it: they see `https://management.azure.com` and `https://login.microsoftonline.com`, and the bytes go to the
sandbox, which is told by the headers of any reverse proxy (Host, X-Forwarded-Proto) how its caller sees it. That way the
addresses in its answers must be right, too.
"""

import contextlib
import urllib.parse

import requests
from azure.core.exceptions import HttpResponseError
from azure.core.pipeline.transport import RequestsTransport
from azure.identity import ClientSecretCredential
from azure.mgmt.redis import RedisManagementClient
from azure.mgmt.redisenterprise import RedisEnterpriseManagementClient

SUBSCRIPTION = "11111111-2222-3333-4444-555555555555"
TENANT = "99999999-8888-7777-6666-555555555555"
APPLICATION = "77777777-6666-5555-4444-333333333333"
GROUP = "Caches"
# Seconds between two polls: emulated clouds take seconds, not minutes.
POLL = 0.1


class Sandboxed(RequestsTransport):
    """Sends everything to the sandbox, and hands each answer to `watch` before the client sees it."""

    def __init__(self, endpoint, watch=None):
        super().__init__()
        self.endpoint = endpoint
        self.watch = watch

    def send(self, request, **kwargs):
        seen = urllib.parse.urlsplit(request.url)
        assert seen.scheme == "https", f"a token would have gone out over {seen.scheme}"
        request.headers["Host"] = seen.netloc
        request.headers["X-Forwarded-Proto"] = "https"
        shown = request.url
        request.url = self.endpoint + shown[len(f"https://{seen.netloc}") :]
        try:
            response = super().send(request, **kwargs)
        finally:
            request.url = shown
        if self.watch and seen.netloc == "management.azure.com":
            self.watch(request.method, seen.path, response)
        return response


class Clients:
    """Both management clients, with a token that was really asked for."""

    def __init__(self, endpoint, watch=None, secret="only-for-this-emulated-cloud"):
        self.token_transport = Sandboxed(endpoint)
        self.credential = ClientSecretCredential(TENANT, APPLICATION, secret, transport=self.token_transport)
        # No second attempt: what the server answers is what is tested.
        more = {"polling_interval": POLL, "retry_total": 0}
        self.managed = RedisEnterpriseManagementClient(
            self.credential, SUBSCRIPTION, transport=Sandboxed(endpoint, watch), **more
        )
        self.classic = RedisManagementClient(
            self.credential, SUBSCRIPTION, transport=Sandboxed(endpoint, watch), **more
        )

    def close(self):
        self.managed.close()
        self.classic.close()
        self.credential.close()


class Raised:
    """What a call raised, filled in when the block ends."""

    error = None


@contextlib.contextmanager
def raises(code, status):
    """The block must end in an error of ARM with this code on the wire."""
    raised = Raised()
    try:
        yield raised
    except HttpResponseError as error:
        raised.error = error
        got = error.error and error.error.code, error.status_code
        assert got == (code, status), f"wanted {code} {status}, got {got}: {error}"
    else:
        raise AssertionError(f"wanted {code}, and the call succeeded")


def mutate(endpoint, **change):
    """Changes the sandbox by another hand than the callers'."""
    answer = requests.post(f"{endpoint}/_sandbox/mutate", json=change, timeout=10)
    assert answer.ok, answer.text


def fault(endpoint, **fault_):
    """Orders trouble."""
    answer = requests.post(f"{endpoint}/_sandbox/faults", json=[fault_], timeout=10)
    assert answer.ok, answer.text


def counts(endpoint):
    """How often each call arrived."""
    return requests.get(f"{endpoint}/_sandbox/calls", timeout=10).json()["counts"]
