"""The manifests: rendered as people render them, and held against Kubernetes' schemas and against each other."""

import urllib.parse

import pytest
import yaml

from conftest import CLOUDS, KUSTOMIZE, choose, only, render
from manifests import problems

COMPONENTS = sorted(path.name for path in (KUSTOMIZE / "components").iterdir())
# How each cloud knows the driver.
IDENTITIES = {
    "aws": "eks.amazonaws.com/role-arn",
    "gcp": "iam.gke.io/gcp-service-account",
    "azure": "azure.workload.identity/client-id",
}


@pytest.mark.parametrize("cloud", CLOUDS)
def test_an_overlay_has_nothing_wrong(cloud):
    assert problems(render(KUSTOMIZE / "overlays" / cloud)) == []


def test_the_base_has_nothing_wrong_but_the_cloud_that_it_lacks():
    wrong = problems(render(KUSTOMIZE / "base"))
    assert wrong and all(problem.endswith("/config/cloud.toml is named and not mounted") for problem in wrong)


@pytest.mark.parametrize("cloud", CLOUDS)
@pytest.mark.parametrize("component", COMPONENTS)
def test_each_component_fits_each_overlay(kustomize, cloud, component):
    plain = render(KUSTOMIZE / "overlays" / cloud)
    documents = render(choose(kustomize, cloud, [component]))
    assert problems(documents) == []
    assert documents != plain


def test_the_components_that_may_be_together_fit_together(kustomize):
    assert problems(render(choose(kustomize, "gcp", ["ingress", "service-monitor"]))) == []
    assert problems(render(choose(kustomize, "aws", ["tls", "otlp"]))) == []
    assert {"ingress", "otlp", "scrape-annotations", "service-monitor", "tls"} == set(COMPONENTS)


@pytest.mark.parametrize("cloud", CLOUDS)
def test_the_service_account_has_the_identity_of_its_cloud_and_of_no_other(cloud):
    documents = render(KUSTOMIZE / "overlays" / cloud)
    notes = only(documents, "ServiceAccount")["metadata"]["annotations"]
    assert [IDENTITIES[c] for c in CLOUDS if IDENTITIES[c] in notes] == [IDENTITIES[cloud]]
    for kind, path in (("Deployment", ("template",)), ("CronJob", ("jobTemplate", "spec", "template"))):
        template = only(documents, kind)["spec"]
        for step in path:
            template = template[step]
        used = template["metadata"]["labels"].get("azure.workload.identity/use")
        assert used == ("true" if cloud == "azure" else None)
        variables = {v["name"]: v.get("value") for v in template["spec"]["containers"][0].get("env", [])}
        assert variables.get("AWS_EC2_METADATA_DISABLED") == ("true" if cloud == "aws" else None)


def test_only_on_google_cloud_the_pods_reach_a_metadata_server():
    for cloud in CLOUDS:
        rules = only(render(KUSTOMIZE / "overlays" / cloud), "NetworkPolicy")["spec"]["egress"]
        blocks = {to["ipBlock"]["cidr"] for rule in rules for to in rule["to"] if "ipBlock" in to}
        assert ({"169.254.169.252/32", "169.254.169.254/32"} <= blocks) == (cloud == "gcp"), cloud
        everywhere = [to["ipBlock"] for rule in rules for to in rule["to"] if to.get("ipBlock", {}).get("cidr") == "0.0.0.0/0"]
        assert [block["except"] for block in everywhere] == [["169.254.0.0/16"]]


@pytest.mark.parametrize("cloud", CLOUDS)
def test_traces_are_let_out_to_where_the_configuration_sends_them_and_only_with_their_component(kustomize, cloud):
    def let_out(documents):
        rules = only(documents, "NetworkPolicy")["spec"]["egress"]
        ports = [(to, port["port"]) for rule in rules for to in rule["to"] for port in rule["ports"]]
        return [to["namespaceSelector"]["matchLabels"] for to, port in ports if port == 4318]

    assert let_out(render(kustomize / "overlays" / cloud)) == []
    documents = render(choose(kustomize, cloud, ["otlp"]))
    container = only(documents, "Deployment")["spec"]["template"]["spec"]["containers"][0]
    variables = {variable["name"]: variable["value"] for variable in container["env"]}
    collector = urllib.parse.urlsplit(variables["CACHE_DRIVER__TELEMETRY__OTLP__ENDPOINT"])
    _, namespace = collector.hostname.split(".")
    assert (collector.scheme, collector.port) == ("http", 4318)
    assert let_out(documents) == [{"kubernetes.io/metadata.name": namespace}]


def test_the_configuration_rolls_the_pods_when_it_changes(kustomize):
    before = render(kustomize / "overlays/aws")
    file = kustomize / "overlays/aws/cloud.toml"
    file.write_text(file.read_text().replace("eu-central-1", "eu-west-1"))
    after = render(kustomize / "overlays/aws")
    assert only(before, "ConfigMap")["metadata"]["name"] != only(after, "ConfigMap")["metadata"]["name"]
    assert problems(after) == []


def test_every_file_belongs_to_something():
    for kustomization in sorted(KUSTOMIZE.rglob("kustomization.yaml")):
        content = yaml.safe_load(kustomization.read_text())
        named = {kustomization.name, *content.get("resources", [])}
        named |= {patch["path"] for patch in content.get("patches", [])}
        named |= {file for made in content.get("configMapGenerator", []) for file in made["files"]}
        there = {path.name for path in kustomization.parent.iterdir()}
        assert there <= named, f"{kustomization}: nothing uses {sorted(there - named)}"


# File, what stands there, what is put in its place, the check that has to see it.
MISTAKES = [
    ("base/deployment.yaml", "  replicas: 2", "  replicaz: 2", "schema"),
    ("base/deployment.yaml", "periodSeconds: 10", 'periodSeconds: "ten"', "schema"),
    ("base/hpa.yaml", "apiVersion: autoscaling/v2", "apiVersion: autoscaling/v2beta2", "schema"),
    ("base/hpa.yaml", "    kind: Deployment\n    name: cache-driver", "    kind: Deployment\n    name: cache", "selectors"),
    ("base/service.yaml", "    app.kubernetes.io/component: server\n  ports", "    app.kubernetes.io/part-of: x\n  ports", "selectors"),
    ("base/service.yaml", "  selector:\n    app.kubernetes.io/name: cache-driver\n    app.kubernetes.io/component: server", "  selector:\n    app.kubernetes.io/name: cache-driver", "selectors"),
    ("base/pdb.yaml", "app.kubernetes.io/component: server", "app.kubernetes.io/component: sweep", "selectors"),
    ("base/service.yaml", "targetPort: http", "targetPort: web", "ports"),
    ("base/deployment.yaml", "              path: /health\n              port: http", "              path: /health\n              port: web", "ports"),
    ("base/deployment.yaml", "path: /health", "path: /ready", "configuration"),
    ("base/deployment.yaml", "readOnlyRootFilesystem: true", "readOnlyRootFilesystem: false", "hardening"),
    ("base/deployment.yaml", "runAsUser: 65532", "runAsUser: 0", "hardening"),
    ("base/sweep.yaml", "                  - ALL", "                  - NET_RAW", "hardening"),
    ("base/sweep.yaml", "          automountServiceAccountToken: false\n", "", "hardening"),
    ("overlays/aws/kustomization.yaml", "newTag: 0.1.0-aws", "newTag: latest", "images"),
    ("base/sweep.yaml", "image: cache-driver", "image: registry.example.com/other:1", "images"),
    ("base/deployment.yaml", "secretName: cache-driver", "secretName: cash-driver", "volumes"),
    ("base/sweep.yaml", "              configMap:\n                name: cache-driver", "              configMap:\n                name: other", "volumes"),
    ("base/deployment.yaml", "terminationGracePeriodSeconds: 45", "terminationGracePeriodSeconds: 30", "configuration"),
    ("base/deployment.yaml", "containerPort: 8080", "containerPort: 8081", "configuration"),
    ("base/driver.toml", "secrets/k1", "secrets/k2", "configuration"),
    ("base/driver.toml", 'request_timeout = "30s"', 'request_timeout = "90s"', "configuration"),
    ("base/sweep.yaml", "config/cloud.toml", "config/clouds.toml", "configuration"),
    ("base/sweep.yaml", "serviceAccountName: cache-driver", "serviceAccountName: default", "namespaces"),
]


@pytest.mark.parametrize("file, there, instead, check", MISTAKES)
def test_a_planted_mistake_is_seen(kustomize, file, there, instead, check):
    text = (kustomize / file).read_text()
    assert there in text, f"{file} no longer has: {there}"
    (kustomize / file).write_text(text.replace(there, instead, 1))
    assert problems(render(kustomize / "overlays/aws"), check)


def test_more_replicas_than_the_quotas_are_shared_by_are_seen(kustomize):
    file = kustomize / "base/hpa.yaml"
    file.write_text(file.read_text().replace("maxReplicas: 6", "maxReplicas: 7"))
    assert [p for p in problems(render(kustomize / "overlays/gcp")) if p.startswith("configuration: providers.gcp.replicas is 6")]


def test_a_secret_among_the_manifests_is_seen(kustomize):
    file = kustomize / "overlays/aws/kustomization.yaml"
    made = "secretGenerator:\n  - name: cache-driver\n    literals:\n      - k1=synthetic\n"
    file.write_text(file.read_text() + made)
    assert [p for p in problems(render(file.parent)) if p.startswith("volumes: Secret ")]
