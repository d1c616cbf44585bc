"""The Terraform, read by a parser that is not Terraform's and needs no provider: that it can be read, and that its names agree
with each other, with what the driver prints, and with what people are told to set."""

import json
import re

import hcl2
import lark
import pytest

from conftest import CLOUDS, DEPLOY, KUSTOMIZE, ROOT, only, render, run

FILES = sorted(DEPLOY.rglob("*.tf"))
MODULES = sorted({file.parent for file in FILES})
# Terraform's own, beside what a resource has.
META = {"for_each", "count", "depends_on", "lifecycle"}


def name(path):
    return str(path.relative_to(DEPLOY))


def plain(value):
    """Without comments, and texts without their quotes."""
    if isinstance(value, dict):
        return {key.strip('"'): plain(inner) for key, inner in value.items() if not key.startswith("__")}
    if isinstance(value, list):
        return [plain(inner) for inner in value]
    return value.strip('"') if isinstance(value, str) else value


def read(*texts):
    """The blocks of several texts, by kind."""
    blocks = {}
    for text in texts:
        for kind, found in plain(hcl2.loads(text)).items():
            blocks.setdefault(kind, []).extend(found)
    return blocks


def module(directory):
    return read(*(file.read_text() for file in sorted(directory.glob("*.tf"))))


def named(blocks, kind):
    """Blocks with one label."""
    return {label: body for block in blocks.get(kind, []) for label, body in block.items()}


def resources(blocks, kind="resource"):
    """Blocks with two labels, as TYPE.NAME."""
    found = blocks.get(kind, [])
    return {f"{of}.{label}": body for block in found for of, inner in block.items() for label, body in inner.items()}


def printed():
    """Whatever the driver prints as Terraform."""
    commands = [("policy", cloud, "--output", "terraform", "--with", "all") for cloud in CLOUDS]
    more = ("--env-type", "production", "--account", "my-org/my-account")
    commands.append(("register", "--url", "https://cache-driver.example.com", "--format", "terraform", *more))
    for command in commands:
        done = run(*command)
        assert done.returncode == 0, done.stderr
        yield " ".join(command[:2]), read(done.stdout)


@pytest.mark.parametrize("directory", MODULES, ids=name)
def test_a_module_declares_what_it_uses_and_uses_what_it_declares(directory):
    blocks = module(directory)
    text = json.dumps(blocks)
    variables = named(blocks, "variable")
    assert set(re.findall(r"\bvar\.(\w+)", text)) == set(variables)
    assert all({"description", "type"} <= set(variable) for variable in variables.values())
    assert set(re.findall(r"\blocal\.(\w+)", text)) == {key for block in blocks.get("locals", []) for key in block}
    there = {f"data.{data}" for data in resources(blocks, "data")} | set(resources(blocks))
    providers = {key for block in blocks["terraform"] for inner in block["required_providers"] for key in inner}
    assert set(re.findall(rf"\b(?:data\.)?(?:{'|'.join(providers)})_\w+\.\w+", text)) <= there
    used = {resource.removeprefix("data.").partition("_")[0] for resource in there} or set(named(blocks, "provider"))
    assert used == providers


@pytest.mark.parametrize("there, instead", [("}\n", "\n"), ('"', ""), ("= ", ""), ("var.name", "var.nane"), ("aws_iam_role.", "aws_iam_rule.")])
def test_a_mistake_in_a_module_is_seen(there, instead, tmp_path):
    text = (DEPLOY / "iam/aws/main.tf").read_text()
    assert there in text
    (tmp_path / "main.tf").write_text(text.replace(there, instead, 1))
    with pytest.raises((lark.UnexpectedInput, AssertionError)):
        test_a_module_declares_what_it_uses_and_uses_what_it_declares(tmp_path)


def test_what_is_printed_sets_only_attributes_that_the_modules_set_too():
    known = {}
    for directory in MODULES:
        for resource, body in resources(module(directory)).items():
            known.setdefault(resource.partition(".")[0], set()).update(set(body) - META)
    for command, blocks in printed():
        made = resources(blocks)
        assert made, command
        for resource, body in made.items():
            assert set(body) <= known[resource.partition(".")[0]], f"{command}: {resource}"


def test_each_provider_and_terraform_itself_are_asked_for_in_one_version():
    versions, terraforms = {}, set()
    for blocks in [*map(module, MODULES), *(blocks for _, blocks in printed())]:
        for block in blocks.get("terraform", []):
            terraforms.add(block.get("required_version", ">= 1.5"))
            for wanted in block["required_providers"]:
                for provider in wanted.values():
                    versions.setdefault(provider["source"], set()).add(provider["version"])
    assert terraforms == {">= 1.5"}
    assert len(versions) == 5 and all(len(asked) == 1 for asked in versions.values()), versions


@pytest.mark.parametrize("cloud", CLOUDS)
def test_an_identity_is_for_the_service_account_of_the_manifests(cloud):
    account = only(render(KUSTOMIZE / "overlays" / cloud), "ServiceAccount")["metadata"]
    variables = named(module(DEPLOY / "iam" / cloud), "variable")
    assert variables["namespace"]["default"] == account["namespace"]
    assert variables["service_account"]["default"] == account["name"]
    file = next(variables[key]["default"] for key in ("policy_file", "role_file") if key in variables)
    assert (DEPLOY / "iam" / cloud / file).is_file()


CALLS = {
    "docs/deploy.md": "humanitec/terraform",
    "deploy/humanitec/terraform/versions.tf": "humanitec/terraform",
    "deploy/humanitec/restful/example/main.tf": "humanitec/restful/example",
    **{f"deploy/iam/README.md {cloud}": f"iam/{cloud}" for cloud in CLOUDS},
}


@pytest.mark.parametrize("call, directory", CALLS.items())
def test_whoever_does_as_told_sets_every_variable_without_a_default_and_none_that_is_not_there(call, directory):
    path, _, cloud = call.partition(" ")
    lines = [line for line in (ROOT / path).read_text().splitlines() if cloud in line and ("-var " in line or "TF_VAR_" in line)]
    told = set(re.findall(r"(?:-var |TF_VAR_)(\w+)", "\n".join(lines)))
    variables = named(module(DEPLOY / directory), "variable")
    needed = {key for key, variable in variables.items() if "default" not in variable}
    assert needed <= told <= set(variables)
