"""What all of Google's APIs have in common and no discovery document says: errors, operations, and forms of text."""

import re
from datetime import datetime

# https://cloud.google.com/apis/design/errors
STATUS = {
    "INVALID_ARGUMENT": 400,
    "FAILED_PRECONDITION": 400,
    "OUT_OF_RANGE": 400,
    "UNAUTHENTICATED": 401,
    "PERMISSION_DENIED": 403,
    "NOT_FOUND": 404,
    "ABORTED": 409,
    "ALREADY_EXISTS": 409,
    "RESOURCE_EXHAUSTED": 429,
    "CANCELLED": 499,
    "DATA_LOSS": 500,
    "UNKNOWN": 500,
    "INTERNAL": 500,
    "UNIMPLEMENTED": 501,
    "UNAVAILABLE": 503,
    "DEADLINE_EXCEEDED": 504,
}
# https://github.com/googleapis/googleapis/blob/master/google/rpc/error_details.proto
DETAILS = {
    "BadRequest": {"fieldViolations"},
    "DebugInfo": {"stackEntries", "detail"},
    "ErrorInfo": {"reason", "domain", "metadata"},
    "Help": {"links"},
    "LocalizedMessage": {"locale", "message"},
    "PreconditionFailure": {"violations"},
    "QuotaFailure": {"violations"},
    "RequestInfo": {"requestId", "servingData"},
    "ResourceInfo": {"resourceType", "resourceName", "owner", "description"},
    "RetryInfo": {"retryDelay"},
}
ITEMS = {
    "fieldViolations": {"field", "description", "reason", "localizedMessage"},
    "links": {"description", "url"},
}
NAME = re.compile(r"projects/[^/]+/locations/[a-z0-9-]+/operations/[^/]+")
TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?Z")
DURATION = re.compile(r"-?\d+(\.\d{1,9})?s")
WHOLE = re.compile(r"-?\d+")


def text_fault(form, value):
    """What is wrong with a text of this form, if anything."""
    if form == "google-datetime":
        return None if _is_time(value) else f"is no time: {value!r}"
    if form == "google-duration":
        return None if DURATION.fullmatch(value) else f"is no duration: {value!r}"
    if form in ("int64", "uint64"):
        good = WHOLE.fullmatch(value) and (form == "int64" or not value.startswith("-"))
        return None if good else f"is no {form}: {value!r}"
    return None


def _is_time(value):
    if not TIME.fullmatch(value):
        return False
    try:
        datetime.fromisoformat(value[:19])
    except ValueError:
        return False
    return True


def error_faults(status, body):
    """What is wrong with the body of an error."""
    error = body.get("error") if isinstance(body, dict) else None
    if not isinstance(error, dict):
        return [f"no error object in a {status}"]
    found = [f"error.{name} is unknown" for name in error if name not in ("code", "message", "status", "details")]
    if error.get("code") != status:
        found.append(f"error.code is {error.get('code')!r} in a {status}")
    if not isinstance(error.get("message"), str) or not error["message"]:
        found.append("error.message is absent")
    word = error.get("status")
    if STATUS.get(word) != status:
        found.append(f"error.status is {word!r} in a {status}")
    return found + [
        f for place, d in enumerate(error.get("details", [])) for f in _detail(f"error.details[{place}]", d)
    ]


def _detail(at, detail):
    kind = str(detail.get("@type", ""))
    name = kind.removeprefix("type.googleapis.com/google.rpc.")
    if name == kind or name not in DETAILS:
        return [f"{at} is of the unknown type {kind!r}"]
    found = [
        f"{at}.{field} is unknown in {name}" for field in detail if field != "@type" and field not in DETAILS[name]
    ]
    for field, known in ITEMS.items():
        for item in detail.get(field, []):
            found += [f"{at}.{field} has the unknown {inner}" for inner in item if inner not in known]
    if name == "ErrorInfo":
        reason, domain = detail.get("reason", ""), detail.get("domain", "")
        if not re.fullmatch(r"[A-Z][A-Z0-9_]+[A-Z0-9]", reason):
            found.append(f"{at}.reason is {reason!r}")
        if not domain.endswith("googleapis.com"):
            found.append(f"{at}.domain is {domain!r}")
        if not all(isinstance(value, str) for value in detail.get("metadata", {}).values()):
            found.append(f"{at}.metadata holds what is no text")
    if name == "RetryInfo" and not DURATION.fullmatch(str(detail.get("retryDelay", ""))):
        found.append(f"{at}.retryDelay is {detail.get('retryDelay')!r}")
    return found


def operation_faults(operation):
    """What is wrong with an operation, apart from the fields of what it holds."""
    found = []
    if not NAME.fullmatch(str(operation.get("name", ""))):
        found.append(f"has the name {operation.get('name')!r}")
    done = operation.get("done")
    if not isinstance(done, bool):
        found.append("does not say whether it is done")
    results = [name for name in ("response", "error") if name in operation]
    if done and len(results) != 1:
        found.append(f"is done with {len(results)} results")
    if not done and results:
        found.append(f"is not done, and has {results[0]}")
    found += _metadata(operation.get("metadata"), bool(done))
    if "response" in operation and not isinstance(operation["response"], dict):
        found.append("has a response that is no object")
    if "error" in operation:
        found += _status(operation["error"])
    return found


def _metadata(metadata, done):
    if not isinstance(metadata, dict):
        return ["has no metadata"]
    wanted = ["@type", "createTime", "target", "verb", "apiVersion"] + (["endTime"] if done else [])
    found = [f"has metadata without {name}" for name in wanted if not metadata.get(name)]
    if not done and "endTime" in metadata:
        found.append("is not done, and has an endTime")
    start, end = str(metadata.get("createTime", "")), str(metadata.get("endTime", ""))
    if done and end[:19] < start[:19]:
        found.append("ended before it began")
    return found


def _status(status):
    """An error inside of an operation is a google.rpc.Status: its code is gRPC's."""
    if not isinstance(status, dict):
        return ["has an error that is no object"]
    found = [f"has an error with the unknown {name}" for name in status if name not in ("code", "message", "details")]
    code = status.get("code")
    if not isinstance(code, int) or isinstance(code, bool) or not 1 <= code <= 16:
        found.append(f"has an error with the code {code!r}, which is not gRPC's")
    if not isinstance(status.get("message"), str) or not status["message"]:
        found.append("has an error without a message")
    return found + [
        f for place, d in enumerate(status.get("details", [])) for f in _detail(f"error.details[{place}]", d)
    ]
