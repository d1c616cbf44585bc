"""What a Score file (score.dev/v1b1) and Humanitec's extension of it may hold, as far as ours use it: a closed list, so that a
misspelled key is seen. After the specification of Score, https://docs.score.dev/docs/score-specification/."""

TEXT = {"type": "string", "minLength": 1}


def closed(required=(), **properties):
    return {
        "type": "object",
        "minProperties": 1,
        "additionalProperties": False,
        "required": list(required),
        "properties": properties,
    }


def named(what):
    return {"type": "object", "minProperties": 1, "propertyNames": {"pattern": "^[a-z0-9-]{1,63}$"}, "additionalProperties": what}


QUANTITIES = closed(cpu={"pattern": "^[0-9]+m?$"}, memory={"pattern": "^[0-9]+(Ki|Mi|Gi)$"})
PROBE = closed(["httpGet"], httpGet=closed(["path", "port"], path={"pattern": "^/"}, port={"type": "integer"}, scheme={"enum": ["HTTP", "HTTPS"]}))
FILE = closed(["target"], target={"pattern": "^/"}, mode={"pattern": "^0[0-7]{3}$"}, source=TEXT, content=TEXT, noExpand={"type": "boolean"})
CONTAINER = closed(
    ["image"],
    image={"pattern": r"^[a-z0-9.-]+/[a-z0-9./-]+:(?!latest$)[\w.-]+$"},
    command={"type": "array", "minItems": 1, "items": TEXT},
    args={"type": "array", "minItems": 1, "items": TEXT},
    variables={"type": "object", "minProperties": 1, "additionalProperties": {"type": "string"}},
    files={"type": "array", "minItems": 1, "items": FILE | {"oneOf": [{"required": ["source"]}, {"required": ["content"]}]}},
    livenessProbe=PROBE,
    readinessProbe=PROBE,
    resources=closed(["requests", "limits"], requests=QUANTITIES, limits=QUANTITIES),
)
PORT = closed(["targetPort"], port={"type": "integer"}, targetPort={"type": "integer"}, protocol={"enum": ["TCP", "UDP"]})
RESOURCE = closed(["type"], type=TEXT, **{"class": TEXT}, params={"type": "object"})
SCORE = closed(
    ["apiVersion", "metadata", "containers"],
    apiVersion={"const": "score.dev/v1b1"},
    metadata=closed(["name"], name={"pattern": "^[a-z0-9-]{1,63}$"}),
    containers=named(CONTAINER),
    service=closed(["ports"], ports=named(PORT)),
    resources=named(RESOURCE),
)

SCHEDULE = closed(["schedule"], schedule={"pattern": r"^\S+( \S+){4}$"})
EXTENSION = closed(
    ["apiVersion", "profile", "spec"],
    apiVersion={"const": "humanitec.org/v1b1"},
    profile={"enum": ["humanitec/default-module", "humanitec/default-cronjob"]},
    spec=closed(
        replicas={"type": "integer", "minimum": 2},
        schedules=named(SCHEDULE),
        cronjob=closed(concurrencyPolicy={"const": "Forbid"}),
        job=closed(backoffLimit={"type": "integer"}, activeDeadlineSeconds={"type": "integer"}),
    ),
)
