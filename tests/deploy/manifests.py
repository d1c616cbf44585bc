"""What has to be true of rendered manifests. Each check yields what is wrong, in words."""

import re
import tomllib

import jsonschema
import kubernetes_validate

from conftest import MOUNTED

# The oldest in which every field is known (preStop.sleep), one in between, and the newest that the validator knows.
VERSIONS = ("1.30", "1.33", "1.37")
# No part of Kubernetes itself.
FOREIGN = {"ServiceMonitor"}
# Secrets that docs/deploy.md has people make, or a controller, and their keys.
SECRETS = {
    "cache-driver": {"k1", "orchestrator.sha256", "humanitec.sha256"},
    "cache-driver-tls": {"tls.crt", "tls.key"},
    "cache-driver-metrics": {"token", "token.sha256"},
}


def schema(documents):
    for document in documents:
        if document["kind"] in FOREIGN:
            continue
        for version in VERSIONS:
            try:
                kubernetes_validate.validate(document, version, strict=True)
            except (jsonschema.ValidationError, kubernetes_validate.SchemaNotFoundError) as error:
                yield f"{named(document)}: Kubernetes {version}: {error.message}"


def named(document):
    return f"{document['kind']} {document['metadata']['name']}"


def of(documents, kind):
    return [document for document in documents if document["kind"] == kind]


def templates(documents):
    """The pods: whose, labels and spec."""
    for kind, path in (("Deployment", ()), ("Job", ()), ("CronJob", ("jobTemplate", "spec"))):
        for document in of(documents, kind):
            spec = document["spec"]
            for step in path:
                spec = spec[step]
            template = spec["template"]
            yield named(document), template["metadata"]["labels"], template["spec"]


def selects(selector, labels):
    assert "matchExpressions" not in selector, "not understood here"
    return all(labels.get(key) == value for key, value in selector["matchLabels"].items())


def selectors(documents):
    pods = {owner: labels for owner, labels, _ in templates(documents)}
    servers = {owner for owner in pods if owner.startswith("Deployment")}

    def expect(who, selector, wanted):
        found = {owner for owner, labels in pods.items() if selects(selector, labels)}
        if found != wanted:
            yield f"{who} selects {sorted(found)}, expected {sorted(wanted)}"

    for document in of(documents, "Deployment"):
        yield from expect(named(document), document["spec"]["selector"], {named(document)})
        for constraint in document["spec"]["template"]["spec"]["topologySpreadConstraints"]:
            yield from expect(f"{named(document)} topologySpread", constraint["labelSelector"], {named(document)})
    for document in of(documents, "Service"):
        yield from expect(named(document), {"matchLabels": document["spec"]["selector"]}, servers)
    for document in of(documents, "PodDisruptionBudget"):
        yield from expect(named(document), document["spec"]["selector"], servers)
    for document in of(documents, "NetworkPolicy"):
        yield from expect(named(document), document["spec"]["podSelector"], set(pods))
    for document in of(documents, "HorizontalPodAutoscaler"):
        target = document["spec"]["scaleTargetRef"]
        if f"{target['kind']} {target['name']}" not in servers:
            yield f"{named(document)} scales {target}, which is not there"


def ports(documents):
    """Whoever names a port names one that is there."""
    services = {document["metadata"]["name"]: document for document in of(documents, "Service")}
    known = {port["name"] for _, _, spec in templates(documents) for c in spec["containers"] for port in c.get("ports", [])}
    for document in services.values():
        for port in document["spec"]["ports"]:
            if port["targetPort"] not in known:
                yield f"{named(document)} leads to the port {port['targetPort']}, the pods have {sorted(known)}"
    for document in of(documents, "NetworkPolicy"):
        for rule in document["spec"]["ingress"]:
            for port in rule["ports"]:
                if port["port"] not in known:
                    yield f"{named(document)} lets in to the port {port['port']}, the pods have {sorted(known)}"
    for document in of(documents, "Ingress"):
        for rule in document["spec"]["rules"]:
            for path in rule["http"]["paths"]:
                to = path["backend"]["service"]
                there = services.get(to["name"], {"spec": {"ports": []}})["spec"]["ports"]
                if to["port"]["name"] not in {port["name"] for port in there}:
                    yield f"{named(document)} leads to {to}, which is not there"
            if not any(rule["host"] in tls["hosts"] for tls in document["spec"].get("tls", [])):
                yield f"{named(document)} serves {rule['host']} without TLS"
    for document in of(documents, "ServiceMonitor"):
        matched = [s for s in services.values() if selects(document["spec"]["selector"], s["metadata"]["labels"])]
        there = {port["name"] for service in matched for port in service["spec"]["ports"]}
        for endpoint in document["spec"]["endpoints"]:
            if endpoint["port"] not in there:
                yield f"{named(document)} scrapes the port {endpoint['port']}, the services it selects have {sorted(there)}"
    for owner, labels, spec in templates(documents):
        for container in spec["containers"]:
            own = {port["name"]: port["containerPort"] for port in container.get("ports", [])}
            for probe in ("livenessProbe", "readinessProbe", "startupProbe"):
                if probe in container and container[probe]["httpGet"]["port"] not in own:
                    yield f"{owner}: {probe} asks a port that the container does not have"


def hardening(documents):
    for owner, _, spec in templates(documents):
        pod = spec.get("securityContext", {})
        wanted = {
            "securityContext.runAsNonRoot": pod.get("runAsNonRoot") is True,
            "securityContext.runAsUser": pod.get("runAsUser", 0) > 0,
            "securityContext.seccompProfile": pod.get("seccompProfile") == {"type": "RuntimeDefault"},
            "automountServiceAccountToken": spec.get("automountServiceAccountToken") is False,
            "enableServiceLinks": spec.get("enableServiceLinks") is False,
            "hostNetwork": not any(spec.get(key) for key in ("hostNetwork", "hostPID", "hostIPC")),
        }
        for container in spec["containers"]:
            own = container.get("securityContext", {})
            resources = container.get("resources", {})
            wanted |= {
                "allowPrivilegeEscalation": own.get("allowPrivilegeEscalation") is False,
                "readOnlyRootFilesystem": own.get("readOnlyRootFilesystem") is True,
                "capabilities": own.get("capabilities") == {"drop": ["ALL"]},
                "privileged": own.get("privileged", False) is False,
                "resources.requests": {"cpu", "memory"} <= set(resources.get("requests", {})),
                "resources.limits": "memory" in resources.get("limits", {}),
            }
        for key, good in wanted.items():
            if not good:
                yield f"{owner}: {key} is missing or too lax"


def images(documents):
    found = {container["image"] for _, _, spec in templates(documents) for container in spec["containers"]}
    if len(found) != 1:
        yield f"the pods run different images: {sorted(found)}"
    for image in found:
        if not re.fullmatch(r"[a-z0-9.-]+\.[a-z]+/[a-z0-9./-]+(:(?!latest$)[\w.-]+|@sha256:[0-9a-f]{64})", image):
            yield f"{image}: expected a registry, a name, and a tag other than latest or a digest"


def volumes(documents):
    """Mounts have volumes, volumes have what they are made of, and no secret stands among the manifests."""
    maps = {document["metadata"]["name"] for document in of(documents, "ConfigMap")}
    for document in of(documents, "Secret"):
        yield f"{named(document)}: secrets are made beside the manifests, never among them"
    for owner, _, spec in templates(documents):
        known = {volume["name"] for volume in spec.get("volumes", [])}
        mounted = {mount["name"] for c in spec["containers"] for mount in c.get("volumeMounts", [])}
        if known != mounted:
            yield f"{owner}: volumes {sorted(known)}, mounts {sorted(mounted)}"
        for volume in spec.get("volumes", []):
            if "configMap" in volume and volume["configMap"]["name"] not in maps:
                yield f"{owner}: there is no ConfigMap {volume['configMap']['name']}"
            if "secret" in volume:
                secret = volume["secret"]
                if secret["secretName"] not in SECRETS:
                    yield f"{owner}: nobody makes a Secret {secret['secretName']}"
                elif not {item["key"] for item in secret.get("items", [])} <= SECRETS[secret["secretName"]]:
                    yield f"{owner}: the Secret {secret['secretName']} has the keys {sorted(SECRETS[secret['secretName']])}"


def files(documents):
    """Where each pod finds its files."""
    contents = {document["metadata"]["name"]: set(document["data"]) for document in of(documents, "ConfigMap")}
    for owner, _, spec in templates(documents):
        by_name = {volume["name"]: volume for volume in spec.get("volumes", [])}
        found = set()
        for mount in spec["containers"][0].get("volumeMounts", []):
            volume = by_name.get(mount["name"], {})
            if "configMap" in volume:
                found |= {f"{mount['mountPath']}/{name}" for name in contents.get(volume["configMap"]["name"], ())}
            if "secret" in volume:
                items = volume["secret"].get("items")
                names = {i["path"] for i in items} if items else SECRETS.get(volume["secret"]["secretName"], ())
                found |= {f"{mount['mountPath']}/{name}" for name in names}
        yield owner, spec["containers"][0], found


def configuration(documents):
    """Every file that the configuration and the command lines name is mounted; numbers that belong together agree."""
    texts = "\n".join(text for document in of(documents, "ConfigMap") for text in document["data"].values())
    for owner, container, found in files(documents):
        named_in = set(re.findall(rf"{MOUNTED}/[\w./-]+", texts + " ".join(container.get("args", []))))
        for variable in container.get("env", []):
            named_in |= set(re.findall(rf"{MOUNTED}/[\w./-]+", variable.get("value", "")))
        for missing in sorted(named_in - found):
            yield f"{owner}: {missing} is named and not mounted"

    for document in of(documents, "Deployment"):
        spec = document["spec"]["template"]["spec"]
        container = spec["containers"][0]
        server = {}
        for config in of(documents, "ConfigMap"):
            server |= tomllib.loads(config["data"].get("driver.toml", "")).get("server", {})
        listen = server["listen"].rpartition(":")[2]
        if [port["containerPort"] for port in container["ports"]] != [int(listen)]:
            yield f"{named(document)}: the container's port is not server.listen ({listen})"
        patience = int(server["request_timeout"].removesuffix("s")) + container["lifecycle"]["preStop"]["sleep"]["seconds"]
        if spec["terminationGracePeriodSeconds"] < patience + 5:
            yield f"{named(document)}: terminationGracePeriodSeconds is less than preStop, server.request_timeout and 5 s"
        if document["spec"].get("replicas", 1) < 2:
            yield f"{named(document)}: fewer than two replicas"
        for probe, path in (("livenessProbe", "/alive"), ("startupProbe", "/alive"), ("readinessProbe", "/health")):
            if container.get(probe, {}).get("httpGet", {}).get("path") != path:
                yield f"{named(document)}: {probe} does not ask {path}"
        own_tls = any(variable["name"].endswith("TLS__CERT_FILE") for variable in container["env"])
        for probe in ("livenessProbe", "startupProbe", "readinessProbe"):
            if (container.get(probe, {}).get("httpGet", {}).get("scheme") == "HTTPS") != own_tls:
                yield f"{named(document)}: {probe} and the server do not agree on TLS"
        notes = document["spec"]["template"]["metadata"].get("annotations", {})
        if "prometheus.io/port" in notes and notes["prometheus.io/port"] != listen:
            yield f"{named(document)}: prometheus.io/port is not server.listen ({listen})"

    for scaler in of(documents, "HorizontalPodAutoscaler"):
        if scaler["spec"]["minReplicas"] < 2:
            yield f"{named(scaler)}: fewer than two replicas"
        for config in of(documents, "ConfigMap"):
            gcp = tomllib.loads(config["data"].get("cloud.toml", "")).get("providers", {}).get("gcp")
            if gcp and gcp["replicas"] != scaler["spec"]["maxReplicas"]:
                yield f"providers.gcp.replicas is {gcp['replicas']}, {named(scaler)} allows {scaler['spec']['maxReplicas']}"


def namespaces(documents):
    home = [document["metadata"]["name"] for document in of(documents, "Namespace")]
    for document in documents:
        if document["kind"] != "Namespace" and [document["metadata"].get("namespace")] != home:
            yield f"{named(document)} is not in the namespace {home}"
    accounts = {document["metadata"]["name"] for document in of(documents, "ServiceAccount")}
    for owner, _, spec in templates(documents):
        if spec.get("serviceAccountName") not in accounts:
            yield f"{owner}: there is no ServiceAccount {spec.get('serviceAccountName')}"


# By the name that a planted mistake gives.
CHECKS = (schema, selectors, ports, hardening, images, volumes, configuration, namespaces)


def problems(documents, only=None):
    checks = [check for check in CHECKS if only in (None, check.__name__)]
    assert checks, f"no check is called {only}"
    return [f"{check.__name__}: {problem}" for check in checks for problem in check(documents)]
