"""Holds the XML of an ElastiCache or STS answer against botocore's model of the service.

botocore itself passes over what it does not know, so a misspelt element looks like an absent one. Here it is an error,
as is a value that is not of its type and an element that comes twice where one is allowed.
"""

import re
from datetime import datetime
from xml.etree import ElementTree

WHOLE = re.compile(r"-?[0-9]+$")


def faults(operation, body):
    """Everything in a successful answer that the model of the operation does not know."""
    root = ElementTree.fromstring(body)
    namespace = operation.service_model.metadata["xmlNamespace"]
    wrong = []
    if root.tag != f"{{{namespace}}}{operation.name}Response":
        wrong.append(f"the root is <{root.tag}>")
    for element in root.iter():
        element.tag = element.tag.rpartition("}")[2]
    if root.find("ResponseMetadata/RequestId") is None:
        wrong.append("no ResponseMetadata/RequestId")
    shape = operation.output_shape
    if shape is None:
        return wrong + [f"unknown <{e.tag}>" for e in root if e.tag != "ResponseMetadata"]
    wrapper = shape.serialization.get("resultWrapper")
    known = {wrapper, "ResponseMetadata"}
    wrong += [f"unknown <{e.tag}> beside <{wrapper}>" for e in root if e.tag not in known]
    result = root.find(wrapper)
    if result is None:
        return wrong + [f"no <{wrapper}>"]
    return wrong + _structure(shape, result, operation.name)


def _structure(shape, element, path):
    members = {s.serialization.get("name", name): s for name, s in shape.members.items()}
    wrong, seen = [], set()
    for child in element:
        here = f"{path}.{child.tag}"
        if child.tag not in members:
            wrong.append(f"{here} is unknown")
        elif child.tag in seen:
            wrong.append(f"{here} comes twice")
        else:
            wrong += _value(members[child.tag], child, here)
        seen.add(child.tag)
    return wrong


def _value(shape, element, path):
    if shape.type_name == "structure":
        return _structure(shape, element, path)
    if shape.type_name == "list":
        item = shape.member.serialization.get("name", "member")
        wrong = [f"{path} holds <{c.tag}>, not <{item}>" for c in element if c.tag != item]
        return wrong + [f for n, c in enumerate(element) for f in _value(shape.member, c, f"{path}[{n}]")]
    text = element.text or ""
    if len(element):
        return [f"{path} is a {shape.type_name} with elements in it"]
    good = {
        "boolean": lambda: text in ("true", "false"),
        "integer": lambda: WHOLE.match(text),
        "long": lambda: WHOLE.match(text),
        "double": lambda: float(text) is not None,
        "timestamp": lambda: datetime.fromisoformat(text).tzinfo is not None,
        "string": lambda: not getattr(shape, "enum", None) or text in shape.enum,
    }[shape.type_name]
    try:
        return [] if good() else [f"{path} is no {shape.type_name}: {text!r}"]
    except ValueError:
        return [f"{path} is no {shape.type_name}: {text!r}"]


def watch(client, found):
    """Adds to `found` the faults of every successful answer that `client` gets from now on."""

    def before_parse(operation_model, response_dict, **_):
        if response_dict["status_code"] < 300:
            found.extend(faults(operation_model, response_dict["body"]))

    client.meta.events.register("before-parse.*", before_parse)
    return client
