"""Holds HTTP exchanges against the message types of Google's own clients.

The REST transport of a client has, for every method, its path and the types of its request and its answer. That is as
good as a discovery document, and for Memorystore for Valkey the only one there is: no package carries that document.
"""

import inspect
import re
import typing
from typing import NamedTuple
from urllib.parse import urlsplit

import proto
from google.cloud.memcache_v1.services.cloud_memcache.transports import CloudMemcacheRestTransport
from google.cloud.memorystore_v1.services.memorystore.transports import MemorystoreRestTransport
from google.cloud.redis_cluster_v1.services.cloud_redis_cluster.transports import CloudRedisClusterRestTransport
from google.cloud.redis_v1.services.cloud_redis.transports import CloudRedisRestTransport
from google.longrunning import operations_pb2
from google.protobuf import json_format

import gcp_rpc

TRANSPORTS = {
    "redis.googleapis.com": (CloudRedisRestTransport, CloudRedisClusterRestTransport),
    "memorystore.googleapis.com": (MemorystoreRestTransport,),
    "memcache.googleapis.com": (CloudMemcacheRestTransport,),
}
# The clients of these lag behind the service: `satisfiesPzi` of a cluster, the version of a Memcached node, the version
# 1.6.15 and `:upgrade`. What is unknown there, the discovery document finds.
LAG = {"redis.googleapis.com", "memcache.googleapis.com"}
# Google's common parameters; `$alt` is what the clients send.
COMMON = {"$alt", "alt", "fields", "key", "prettyPrint", "quotaUser"}


class Method(NamedTuple):
    name: str
    verb: str
    path: re.Pattern
    # The field of the request that the body is; "*" is the request itself, and None no body.
    body: str
    request: type
    # None where the answer is empty.
    response: type


class Messages:
    """The methods of all four clients."""

    def __init__(self):
        self.methods = {host: [m for t in transports for m in _methods(t)] for host, transports in TRANSPORTS.items()}

    def knows(self, exchange):
        return urlsplit(exchange.url).netloc in self.methods

    def method(self, exchange):
        for method in self.methods.get(urlsplit(exchange.url).netloc, ()):
            if method.verb == exchange.method and method.path.fullmatch(exchange.path()):
                return method
        return None

    def asked(self, exchange):
        """Faults of the request."""
        method = self.method(exchange)
        if method is None:
            return [] if _lags(exchange) else [f"{exchange.method} {exchange.path()} is no method of the client"]
        found = []
        for name, text in exchange.query():
            if name not in COMMON and not _field(method.request, name):
                found.append(f"query: {name} is unknown to {method.name}")
            if name == "updateMask" and not _lags(exchange):
                found += _mask(_pb(method.request).DESCRIPTOR.fields_by_name[method.body].message_type, text)
        if method.body is None:
            return found + (["a body where none belongs"] if exchange.request not in (None, {}) else [])
        target = _pb(method.request)
        if method.body != "*":
            target = getattr(target(), method.body).__class__
        return found + _parse(exchange.request or {}, target, "body", _lags(exchange))

    def answered(self, exchange):
        """Faults of the answer."""
        method = self.method(exchange)
        if exchange.status >= 400:
            return gcp_rpc.error_faults(exchange.status, exchange.response)
        if method is None:
            what = f"{exchange.method} {exchange.path()} is no method of the client, and it succeeded"
            return [] if _lags(exchange) else [what]
        if method.response is None:
            return [] if exchange.response == {} else ["an answer where none belongs"]
        found = _parse(exchange.response, _pb(method.response), "answer", _lags(exchange))
        if not found and method.response is operations_pb2.Operation:
            found += [f"the operation {fault}" for fault in gcp_rpc.operation_faults(exchange.response)]
        if exchange.method == "GET" and _field(method.response, "name"):
            wanted, got = exchange.path().removeprefix("/v1/"), exchange.response.get("name")
            if got != wanted:
                found.append(f"answer.name is {got!r}, and {wanted!r} was asked for")
        return found

    def parsed(self, exchange):
        """The answer as the client's own message, in which words and numbers of enumerations are the same."""
        message = _pb(self.method(exchange).response)()
        return json_format.ParseDict(exchange.response, message, ignore_unknown_fields=_lags(exchange))


def _methods(transport):
    module = vars(inspect.getmodule(transport))
    for name, inner in inspect.getmembers(transport, inspect.isclass):
        if not hasattr(inner, "_get_http_options") or name.startswith("_Base"):
            continue
        # `retry` decorates the calls with types that do not resolve; only these two are of use.
        hints = inspect.get_annotations(inner.__call__)
        kinds = {k: _resolve(hints.get(k), module) for k in ("request", "return")}
        for option in inner._get_http_options():
            path = re.sub(r"\{[\w.]+=([^}]*)\}", lambda found: _glob(found[1]), option["uri"])
            yield Method(
                name.removeprefix("_"),
                option["method"].upper(),
                re.compile(path),
                option.get("body"),
                kinds["request"],
                kinds["return"],
            )


def _resolve(hint, module):
    return typing.get_type_hints(type("Of", (), {"__annotations__": {"it": hint}}), module)["it"] if hint else None


def _glob(pattern):
    return "/".join("[^/:]+" if part == "*" else re.escape(part) for part in pattern.split("/"))


def _pb(kind):
    return kind.pb() if issubclass(kind, proto.Message) else kind


def _field(kind, json_name):
    return any(field.json_name == json_name for field in _pb(kind).DESCRIPTOR.fields)


def _mask(descriptor, text):
    for path in text.split(","):
        at = descriptor
        for part in path.split("."):
            if at is None:
                yield f"query: the field mask has {path}, which is no field"
                break
            if at.GetOptions().map_entry:
                break
            known = {name: f for f in at.fields for name in (f.name, f.json_name)}
            if part not in known:
                yield f"query: the field mask has {path}, which is no field"
                break
            at = known[part].message_type


def _lags(exchange):
    return urlsplit(exchange.url).netloc in LAG


def _parse(value, kind, at, lenient):
    message = kind()
    try:
        json_format.ParseDict(value, message, ignore_unknown_fields=lenient)
    except json_format.ParseError as error:
        return [f"{at}: {error}"]
    return [] if lenient else list(_strangers(message, at))


def _strangers(message, at):
    """Numbers of enumerations that nobody gave a name: a message takes them without a word."""
    for field, value in message.ListFields():
        here = f"{at}.{field.json_name}"
        if field.message_type and field.message_type.GetOptions().map_entry:
            continue
        items = value if field.is_repeated else [value]
        for item in items:
            if field.enum_type and item not in field.enum_type.values_by_number:
                yield f"{here} is the number {item}, which is not in the enumeration"
            elif field.message_type:
                yield from _strangers(item, here)
