"""A caller of the driver as the orchestrator is one: it keeps the cookie, polls after 202, and believes nothing.

Every answer is held against the contract: content type, request id, shape of body, and no secret in the clear.
"""

import json
import secrets
import time

import requests

import aws


# Every secret that went to or came from a driver, to be looked for in its log.
SECRETS = {aws.SECRET}


def guresid():
    """A permanent resource id as the orchestrator makes them: 40 hex digits."""
    return secrets.token_hex(20)


# The two spellings in which credentials of AWS arrive: static accounts, and STS's own for temporary ones.
def static_account(key=aws.KEY, secret=aws.SECRET):
    return {"aws_access_key_id": key, "aws_secret_access_key": secret}


def temporary_account(credentials):
    return {name: credentials[name] for name in ("AccessKeyId", "SecretAccessKey", "SessionToken")}


class Driver:
    """One resource's view of a running driver."""

    def __init__(self, base, route="redis", account=None, id_=None):
        self.base = base
        self.route = route
        self.account = static_account() if account is None else account
        self.id = id_ or guresid()
        self.cookie = None
        self.session = requests.Session()
        # What no answer but the outputs may contain.
        self.hidden = [v for k, v in self.account.items() if k.lower() not in ("aws_access_key_id", "accesskeyid")]
        SECRETS.update(self.hidden)

    def close(self):
        self.session.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    # --- single calls ---

    def put(self, values, **query):
        body = {
            "type": self.route,
            "resource": {},
            "driver": {"values": values, "secrets": {"account": self.account} if self.account else {}},
        }
        return self._call("PUT", json=body, params=query)

    def get(self):
        return self._call("GET")

    def delete(self):
        return self._call("DELETE")

    def _call(self, method, **more):
        headers = {"humanitec-driver-cookie": self.cookie} if self.cookie else {}
        url = f"{self.base}/{self.route}/{self.id}"
        answer = self.session.request(method, url, headers=headers, timeout=30, **more)
        self._check(method, answer)
        if "set-humanitec-driver-cookie" in answer.headers:
            self.cookie = answer.headers["set-humanitec-driver-cookie"]
        return answer

    def _check(self, method, answer):
        said = f"{method} {answer.status_code}: {answer.text[:600]}"
        assert answer.headers.get("x-request-id"), said
        for hidden in self.hidden:
            assert hidden not in answer.text, f"{method} {answer.status_code} shows a secret"
            assert all(hidden not in value for value in answer.headers.values()), f"{method} shows a secret in a header"
        if answer.status_code == 204:
            assert answer.content == b"", said
            if method == "DELETE":
                assert answer.headers.get("set-humanitec-driver-cookie") == "", said
            return
        assert answer.headers["content-type"].split(";")[0] == "application/json", said
        body = answer.json()
        if answer.status_code == 200:
            if "action" not in body:
                assert body["id"] == self.id and body["type"] == self.route, said
                assert set(body["resource"]) == {"values", "secrets"}, said
        elif answer.status_code in (202, 409):
            assert body["status"] in ("creating", "updating", "deleting"), said
            assert answer.status_code == 409 or int(answer.headers["retry-after"]) >= 0, said
        else:
            assert body["error"].startswith("RES-1") and body["message"], said

    # --- whole operations ---

    def create(self, values, within=60, instant=False):
        """PUT until 200. The first answer must be 202, unless the cloud is `instant`."""
        first = self.put(values)
        assert first.headers["set-humanitec-driver-cookie"].startswith("cd1."), first.text
        if not instant or first.status_code != 200:
            assert first.status_code == 202 and first.json()["status"] == "creating", first.text
            hint = first.json()
            assert hint["current_time"] <= hint["estimated_completion_time"] <= hint["timeout_deadline"], hint
        return outputs(self.until(200, lambda: self.put(values), within))

    def update(self, values, within=60):
        return outputs(self.until(200, lambda: self.put(values), within))

    def remove(self, within=60, instant=False):
        """DELETE until 204. The first answer must be 202, unless the cloud is `instant`."""
        first = self.delete()
        if instant and first.status_code == 204:
            return
        assert first.status_code == 202 and first.json()["status"] == "deleting", first.text
        self.until(204, self.delete, within)

    def until(self, status, call, within):
        """Repeats a call while it answers 202."""
        deadline = time.monotonic() + within
        while True:
            answer = call()
            if answer.status_code == status:
                return answer
            assert answer.status_code == 202, f"wanted {status}, got {answer.status_code}: {answer.text}"
            assert time.monotonic() < deadline, f"no {status} within {within} s; last: {answer.text}"
            time.sleep(0.2)


def outputs(answer):
    """Values and secrets of a 200."""
    assert answer.status_code == 200, f"{answer.status_code}: {answer.text}"
    resource = answer.json()["resource"]
    # Memcached has none.
    SECRETS.update(filter(None, [resource["secrets"].get("password")]))
    return resource["values"], resource["secrets"]


def error(answer, code, status=400):
    """The error body, which must have this code."""
    assert answer.status_code == status, f"{answer.status_code}: {answer.text}"
    body = answer.json()
    assert body["error"] == code, json.dumps(body)
    return body


def fields(body):
    """The paths of the fields that an error finds fault with."""
    return [field["path"] for field in body["details"]["fields"]]
