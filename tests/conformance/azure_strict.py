"""Holds the JSON of ARM's answers against the models in Microsoft's clients, turned into a JSON schema.

The clients themselves pass over what they do not know, so a misspelt field looks like an absent one. Here it is an error, as is a
value that is not of its type, a word that its enumeration does not have, and a field that is required and absent.
"""

import enum
import functools
import inspect
import re

import azure.mgmt.redis.models as classic
import azure.mgmt.redisenterprise.models as managed
import jsonschema

SIMPLE = {
    "str": {"type": "string"},
    "int": {"type": "integer"},
    "float": {"type": "number"},
    "bool": {"type": "boolean"},
    "iso-8601": {"type": "string", "pattern": r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d"},
    "duration": {"type": "string", "pattern": "^P"},
    "object": {},
}

CLUSTER = r"/providers/Microsoft\.Cache/redisEnterprise"
CACHE = r"/providers/Microsoft\.Cache/redis"
NAME = r"/[^/]+"
# What each path answers with, the first that matches.
PATHS = [
    (f"{CLUSTER}$", managed, "ClusterList"),
    (f"{CLUSTER}{NAME}$", managed, "Cluster"),
    (f"{CLUSTER}{NAME}/listSkusForScaling$", managed, "SkuDetailsList"),
    (f"{CLUSTER}{NAME}/databases$", managed, "DatabaseList"),
    (f"{CLUSTER}{NAME}/databases{NAME}$", managed, "Database"),
    (f"{CLUSTER}{NAME}/databases{NAME}/(listKeys|regenerateKey)$", managed, "AccessKeys"),
    (f"{CLUSTER}{NAME}/databases{NAME}/accessPolicyAssignments$", managed, "AccessPolicyAssignmentList"),
    (f"{CLUSTER}{NAME}/databases{NAME}/accessPolicyAssignments{NAME}$", managed, "AccessPolicyAssignment"),
    (f"/operationsStatus{NAME}$", managed, "OperationStatus"),
    (f"{CACHE}$", classic, "RedisListResult"),
    (f"{CACHE}{NAME}$", classic, "RedisResource"),
    (f"{CACHE}{NAME}/(listKeys|regenerateKey)$", classic, "RedisAccessKeys"),
    (f"{CACHE}{NAME}/firewallRules$", classic, "RedisFirewallRuleListResult"),
    (f"{CACHE}{NAME}/firewallRules{NAME}$", classic, "RedisFirewallRule"),
    (f"{CACHE}{NAME}/patchSchedules{NAME}$", classic, "RedisPatchSchedule"),
    (f"{CACHE}{NAME}/accessPolicyAssignments{NAME}$", classic, "RedisCacheAccessPolicyAssignment"),
    (f"/asyncOperations{NAME}$", classic, "OperationStatus"),
]


@functools.cache
def definitions(models):
    """The JSON schema of every model; models refer to each other, and some to themselves."""
    classes = {name: model for name, model in vars(models).items() if hasattr(model, "_attribute_map")}
    known = {name: schema(models, model) for name, model in classes.items()}
    if models is managed:
        # The model has an error within the error of an operation. What the service sends, and the poller reads, has one.
        known["OperationStatus"]["properties"]["error"] = {"anyOf": [{"type": "null"}, {"$ref": "#/$defs/ErrorDetail"}]}
    return known


def schema(models, model):
    """The JSON schema of a model. Anything that is not required may be null, as it is in recorded traffic."""
    words = enumerations(models, model)
    root = nothing()
    for attribute, place in model._attribute_map.items():
        rules = model._validation.get(attribute, {})
        value = {"enum": words[attribute]} if attribute in words else of_type(place["type"])
        if "pattern" in rules:
            value = {**value, "pattern": rules["pattern"]}
        if place["key"] == "":
            root["additionalProperties"] = True
            continue
        # A dot leads into an object; a dot in a name itself stands behind a backslash.
        *way, last = [part.replace("\\.", ".") for part in re.split(r"(?<!\\)\.", place["key"])]
        node = root
        for part in way:
            node = node["properties"].setdefault(part, nothing())
        required = rules.get("required", False)
        node["properties"][last] = value if required else {"anyOf": [{"type": "null"}, value]}
        if required:
            node["required"].append(last)
    return root


def nothing():
    """The schema of an object without any properties."""
    return {"type": "object", "properties": {}, "required": [], "additionalProperties": False}


def of_type(kind):
    """The schema of a type as the models write it: `[X]` is a list, `{X}` a map."""
    if kind.startswith("["):
        return {"type": "array", "items": of_type(kind[1:-1])}
    if kind.startswith("{"):
        return {"type": "object", "additionalProperties": of_type(kind[1:-1])}
    return SIMPLE[kind] if kind in SIMPLE else {"$ref": f"#/$defs/{kind}"}


def enumerations(models, model):
    """The words of each attribute that has an enumeration; only the documentation of the models says which has."""
    found = {}
    documented = "\n".join(base.__doc__ or "" for base in inspect.getmro(model))
    for attribute, name in re.findall(r":vartype (\w+): str or\s+~[\w.]+\.models\.(\w+)", documented):
        words = getattr(models, name, None)
        if isinstance(words, type) and issubclass(words, enum.Enum):
            found[attribute] = [word.value for word in words]
    return found


def faults(method, path, status, body):
    """Everything in an answer that the models do not know."""
    if status >= 400:
        if body.get("type", "").startswith("https://tools.ietf.org/"):
            return []
        models, name = managed, "ErrorResponse"
    else:
        known = [(models, name) for pattern, models, name in PATHS if re.search(pattern, path, re.IGNORECASE)]
        if not known:
            return []
        models, name = known[0]
    wanted = {"$ref": f"#/$defs/{name}", "$defs": definitions(models)}
    errors = jsonschema.Draft202012Validator(wanted).iter_errors(body)
    return [f"{method} {path}: {error.json_path}: {error.message}" for error in errors]


def watcher(found):
    """A `watch` for the transport that adds to `found`."""

    def watch(method, path, response):
        body = response.body()
        if body:
            found.extend(faults(method, path, response.status_code, response.internal_response.json()))

    return watch
