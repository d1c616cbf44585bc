"""Holds HTTP exchanges against Google's discovery documents.

A discovery document names methods, parameters and schemas, and says less than it means: that a field is required stands
in its description, a field mask is only "google-fieldmask", and what an operation may hold at which time is nowhere. The
rules for these are here. What was asked and what was answered are judged apart, since a server may take what a careful
client would not send.
"""

import re
from typing import Any, NamedTuple
from urllib.parse import parse_qsl, unquote, urlsplit

import gcp_rpc

# Not in any document, and sent by all of Google's own clients: enumerations travel as numbers then.
NUMBERS = ("$alt", "json;enum-encoding=int")
# Two schemas have one name in protocol buffers, or a name that is not their last part.
ANY = {
    "google.cloud.redis.v1.OperationMetadata": "GoogleCloudRedisV1OperationMetadata",
    "google.cloud.redis.v1.Instance": "Instance",
    "google.cloud.redis.cluster.v1.OperationMetadata": "OperationMetadata",
    "google.cloud.redis.cluster.v1.Cluster": "Cluster",
    "google.cloud.redis.cluster.v1.TokenAuthUser": "TokenAuthUser",
    "google.cloud.memcache.v1.OperationMetadata": "OperationMetadata",
    "google.cloud.memcache.v1.Instance": "Instance",
    "google.protobuf.Empty": "Empty",
}
PREFIX = "type.googleapis.com/"


class Exchange(NamedTuple):
    """One call as it went over the wire, with the address that it would have at Google."""

    method: str
    url: str
    request: Any
    status: int
    response: Any

    def __str__(self):
        return f"{self.method} {self.url} -> {self.status}"

    def query(self):
        return parse_qsl(urlsplit(self.url).query, keep_blank_values=True)

    def path(self):
        return unquote(urlsplit(self.url).path)


class Method(NamedTuple):
    """A method of a document, with the pattern that its path has."""

    document: dict
    about: dict
    path: re.Pattern


class Documents:
    """Discovery documents, as they are in the JSON files that Google publishes."""

    def __init__(self, *documents):
        self.methods = {}
        for document in documents:
            found = self.methods.setdefault(urlsplit(document["rootUrl"]).netloc, [])
            found += [Method(document, about, _pattern(about)) for about in _methods(document)]
            # The pattern of a name takes `:upgrade` for a part of it, so that the methods with a verb must come first.
            found.sort(key=lambda method: ":" not in method.about["path"])

    def knows(self, exchange):
        """Whether the host is one of these documents'."""
        return urlsplit(exchange.url).netloc in self.methods

    def method(self, exchange):
        for method in self.methods.get(urlsplit(exchange.url).netloc, ()):
            if method.about["httpMethod"] == exchange.method and method.path.fullmatch(exchange.path()):
                return method
        return None

    def asked(self, exchange):
        """Faults of the request."""
        method = self.method(exchange)
        if method is None:
            return [f"{exchange.method} {exchange.path()} is no method"]
        found = list(_query(method, exchange.query()))
        if "request" not in method.about:
            return found + (["a body where none belongs"] if exchange.request not in (None, {}) else [])
        # A PATCH holds what changes; everything else is whole.
        walk = Walk(method.document, asks=True, whole=exchange.method == "POST", numbers=_numbers(exchange))
        walk.value(method.about["request"], {} if exchange.request is None else exchange.request, "body")
        return found + walk.faults

    def answered(self, exchange):
        """Faults of the answer."""
        method = self.method(exchange)
        if exchange.status >= 400:
            return gcp_rpc.error_faults(exchange.status, exchange.response)
        if method is None:
            return [f"{exchange.method} {exchange.path()} is no method, and it succeeded"]
        walk = Walk(method.document, asks=False, whole=True, numbers=_numbers(exchange))
        walk.value(method.about["response"], exchange.response, "answer")
        return walk.faults + _name(method, exchange)


class Walk:
    """Compares one value with a schema. What is wrong gathers in `faults`."""

    def __init__(self, document, *, asks, whole, numbers):
        self.document = document
        self.asks = asks
        self.whole = whole
        self.numbers = numbers
        self.faults = []

    def value(self, schema, value, at):
        if "$ref" in schema:
            name, schema = schema["$ref"], self.document["schemas"][schema["$ref"]]
            if name == "Operation" and isinstance(value, dict):
                return self.operation(schema, value, at)
        kind = schema.get("type")
        if kind == "any":
            return None
        if "enum" in schema:
            return self.enumeration(schema, value, at)
        if kind == "object":
            return self.object(schema, value, at)
        if kind == "array":
            if not isinstance(value, list):
                return self.wrong(at, f"is no list: {value!r}")
            for place, item in enumerate(value):
                self.value(schema["items"], item, f"{at}[{place}]")
            return None
        problem = _scalar(kind, schema.get("format"), value)
        return self.wrong(at, problem) if problem else None

    def wrong(self, at, what):
        self.faults.append(f"{at} {what}")

    def enumeration(self, schema, value, at):
        number = isinstance(value, int) and not isinstance(value, bool)
        # Which number is which is not in the document; the messages of Google's clients know (gcp_messages.py).
        if number and not self.numbers:
            return self.wrong(at, f"is the number {value} where words were asked for")
        if number:
            return None
        if self.numbers and not self.asks:
            return self.wrong(at, f"is the word {value!r} where numbers were asked for")
        return None if value in schema["enum"] else self.wrong(at, f"is {value!r}, which is not in the enumeration")

    def object(self, schema, value, at):
        if not isinstance(value, dict):
            return self.wrong(at, f"is no object: {value!r}")
        known = schema.get("properties", {})
        for name, inner in value.items():
            about = known.get(name) or schema.get("additionalProperties")
            if about is None:
                self.wrong(f"{at}.{name}", "is unknown")
            elif self.asks and about.get("readOnly"):
                self.wrong(f"{at}.{name}", "is output only, and was sent")
            else:
                self.value(about, inner, f"{at}.{name}")
        for name, about in known.items():
            # The name of what is being made stands in the path and the query.
            required = _said(about).startswith("Required.") and not (self.asks and name == "name")
            if required and self.whole and name not in value:
                self.wrong(f"{at}.{name}", "is required, and absent")
        return None

    def operation(self, schema, value, at):
        self.faults += [f"{at} {fault}" for fault in gcp_rpc.operation_faults(value)]
        plain = {name: inner for name, inner in value.items() if name not in ("metadata", "response", "error")}
        self.object(schema, plain, at)
        for name in ("metadata", "response"):
            packed = value.get(name)
            if not isinstance(packed, dict):
                continue
            kind = str(packed.get("@type", ""))
            if kind.removeprefix(PREFIX) not in ANY or not kind.startswith(PREFIX):
                self.wrong(f"{at}.{name}", f"is of the unknown type {kind!r}")
                continue
            # Inside of an operation enumerations stay words, whatever was asked for.
            inner = Walk(self.document, asks=False, whole=True, numbers=False)
            bare = {key: item for key, item in packed.items() if key != "@type"}
            inner.value({"$ref": ANY[kind.removeprefix(PREFIX)]}, bare, f"{at}.{name}")
            self.faults += inner.faults


def _methods(resource):
    yield from resource.get("methods", {}).values()
    for inner in resource.get("resources", {}).values():
        yield from _methods(inner)


def _pattern(about):
    """`v1/{+name}:upgrade` with the pattern of `name` in its place."""
    parts = re.split(r"\{\+(\w+)\}", about["path"])
    for place in range(1, len(parts), 2):
        parts[place] = about["parameters"][parts[place]]["pattern"].removeprefix("^").removesuffix("$")
    for place in range(0, len(parts), 2):
        parts[place] = re.escape(parts[place])
    return re.compile("/" + "".join(parts))


def _numbers(exchange):
    return NUMBERS in exchange.query()


def _said(about):
    """The description, past an opening `Optional.` that says nothing."""
    return about.get("description", "").removeprefix("Optional. ")


def _name(method, exchange):
    """What was asked for by its name has that name."""
    target = method.document["schemas"][method.about["response"]["$ref"]]
    if (
        exchange.method != "GET"
        or "name" not in target.get("properties", {})
        or not isinstance(exchange.response, dict)
    ):
        return []
    wanted = exchange.path().removeprefix("/v1/")
    got = exchange.response.get("name")
    return [] if got == wanted else [f"answer.name is {got!r}, and {wanted!r} was asked for"]


def _query(method, query):
    own = {name: p for name, p in method.about["parameters"].items() if p["location"] == "query"}
    seen = set()
    for name, text in query:
        about = own.get(name) or method.document["parameters"].get(name)
        if (name, text) == NUMBERS:
            continue
        if about is None:
            yield f"query: {name} is unknown"
            continue
        if name in seen and not about.get("repeated"):
            yield f"query: {name} comes twice"
        seen.add(name)
        if about.get("format") == "google-fieldmask":
            yield from _mask(method, text)
        elif about["type"] == "integer" and not re.fullmatch(r"-?\d+", text):
            yield f"query: {name} is no number: {text!r}"
        elif about["type"] == "boolean" and text not in ("true", "false"):
            yield f"query: {name} is neither true nor false: {text!r}"
    for name, about in own.items():
        if _said(about).startswith("Required.") and name not in seen:
            yield f"query: {name} is required, and absent"


def _mask(method, text):
    if not text:
        yield "query: the field mask is empty"
        return
    for path in text.split(","):
        schema, read_only = method.about["request"], False
        for part in path.split("."):
            if "$ref" in schema:
                schema = method.document["schemas"][schema["$ref"]]
            camel = re.sub(r"_([a-z0-9])", lambda letter: letter[1].upper(), part)
            schema = schema.get("properties", {}).get(camel) or schema.get("additionalProperties")
            if schema is None:
                yield f"query: the field mask has {path}, which is no field"
                break
            read_only = read_only or schema.get("readOnly", False)
        if read_only:
            yield f"query: the field mask has {path}, which is output only"


def _scalar(kind, form, value):
    """What is wrong with a value without parts, if anything."""
    if kind == "boolean":
        return None if isinstance(value, bool) else f"is neither true nor false: {value!r}"
    if kind in ("integer", "number"):
        whole = isinstance(value, int) and not isinstance(value, bool)
        if kind == "number":
            return None if whole or isinstance(value, float) else f"is no number: {value!r}"
        low, high = (0, 2**32) if form == "uint32" else (-(2**31), 2**31)
        return None if whole and low <= value < high else f"is no {form}: {value!r}"
    if kind != "string":
        return f"has the unknown kind {kind!r}"
    if not isinstance(value, str):
        return f"is no text: {value!r}"
    return gcp_rpc.text_fault(form, value)
