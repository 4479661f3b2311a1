"""Conventions of all modules, checked in their sources, and what is not allowed (B13)."""

import re
from copy import deepcopy
from functools import cache
from pathlib import Path

import hcl2
import pytest

MODULES = sorted(path.parent for path in (Path(__file__).parents[2] / "modules").glob("*/variables.tf"))

every_module = pytest.mark.parametrize("module", MODULES, ids=lambda module: module.name)


@cache
def documents(module):
    return [hcl2.loads(path.read_text()) for path in sorted(module.glob("*.tf"))]


@cache
def document(path):
    return hcl2.loads(path.read_text())


def blocks(module, kind):
    """Yield the blocks of a kind in a module as (labels, body), in the order of files and lines."""
    for document in documents(module):
        for block in document.get(kind, []):
            labels, body = [], deepcopy(block)
            while isinstance(body, dict) and len(body) == 1 and next(iter(body)).startswith('"'):
                label, body = next(iter(body.items()))
                labels.append(label.strip('"'))
            yield labels, body


@every_module
def test_files_are_where_a_reader_looks_for_them(module):
    expected = {"README.md", "main.tf", "outputs.tf", "variables.tf", "versions.tf"}
    assert expected <= {path.name for path in module.iterdir()}
    assert (module / "examples" / "basic" / "main.tf").is_file()


@every_module
@pytest.mark.parametrize("kind", ["variable", "output"])
def test_variables_and_outputs_are_alphabetical_and_described(module, kind):
    found = list(blocks(module, kind))
    names = [labels[0] for labels, _ in found]
    assert names == sorted(names)
    assert [labels[0] for labels, body in found if not body.get("description")] == []


@every_module
def test_variables_are_typed_and_null_only_where_it_means_something(module):
    for labels, body in blocks(module, "variable"):
        assert "type" in body, labels
        # Null has a meaning if it is the default, or if the variable is declared nullable.
        means = body.get("nullable") is True or ("default" in body and body["default"] in (None, "null"))
        assert body.get("nullable") is False or means, labels


@every_module
def test_a_module_has_no_provider_and_no_backend(module):
    assert list(blocks(module, "provider")) == []
    assert all("backend" not in body for _, body in blocks(module, "terraform"))


@every_module
def test_a_module_uses_the_aws_provider_of_the_platform_and_no_other(module):
    [(_, settings)] = blocks(module, "terraform")
    assert settings["required_version"].strip('"') == ">= 1.11.0"
    [providers] = settings["required_providers"]
    aws = providers["aws"]
    assert (aws["source"].strip('"'), aws["version"].strip('"')) == ("hashicorp/aws", "~> 5.100.0")
    assert {name for name in providers if not name.startswith("__")} <= {"aws"}


@every_module
def test_b11_the_suffix_is_checked_the_same_way_everywhere(module):
    rules = [
        validation["condition"]
        for labels, body in blocks(module, "variable")
        if labels == ["suffix"]
        for validation in body["validation"]
    ]
    assert any("^[a-z]([a-z0-9-]{0,18}[a-z0-9])?$" in rule for rule in rules)


@every_module
def test_b13_a_module_holds_nothing_that_is_not_allowed(module):
    kinds = {labels[0] for labels, _ in blocks(module, "resource")}
    assert not [kind for kind in kinds if kind.startswith("aws_guardduty")]
    source = "\n".join(path.read_text() for path in sorted(module.glob("*.tf")))
    assert "x86_64" not in source
    assert not re.search(r'resource "aws_nat_gateway" "\w+" \{\s*(count|for_each)', source)


@every_module
def test_b9_policies_are_managed_and_attached_never_inline(module):
    kinds = {labels[0] for labels, _ in blocks(module, "resource")}
    assert not kinds & {"aws_iam_role_policy", "aws_iam_user_policy", "aws_iam_group_policy"}


@every_module
def test_b12_nothing_is_protected_from_destroy(module):
    source = "\n".join(path.read_text() for path in sorted(module.glob("*.tf")))
    assert not re.search(r"prevent_destroy\s*=\s*true", source)
    assert not re.search(r"deletion_protection(_enabled)?\s*=\s*true", source)
    assert not re.search(r"force_destroy\s*=\s*false", source)
    assert not re.search(r"skip_destroy\s*=\s*true", source)


# HashiCorp's version 6 upgrade guide, for the types that modules use; attributes of blocks that are read count as well.
REMOVED_BY_PROVIDER_6 = {
    "aws_api_gateway_account": {"reset_on_delete"},
    "aws_api_gateway_deployment": {"canary_settings", "execution_arn", "invoke_url", "stage_description", "stage_name"},
    "aws_eip": {"vpc"},
    "aws_flow_log": {"log_group_name"},
}


@every_module
def test_e4_a_module_uses_nothing_that_provider_6_has_removed(module):
    source = "\n".join(path.read_text() for path in sorted(module.glob("*.tf")))
    for labels, body in blocks(module, "resource"):
        removed = REMOVED_BY_PROVIDER_6.get(labels[0], set())
        assert set(body) & removed == set(), labels
        for name in removed:
            assert not re.search(rf"{labels[0]}\.{labels[1]}(\[[^]]*\])?\.{name}\b", source), (labels, name)


def test_e4_the_table_of_provider_6_in_the_docs_is_the_one_that_is_checked():
    lines = (MODULES[0].parents[1] / "docs" / "deployment.md").read_text().splitlines()
    documented = {line.split("`")[1]: line for line in lines if line.startswith("| `aws_")}
    assert set(documented) == set(REMOVED_BY_PROVIDER_6)
    for kind, removed in REMOVED_BY_PROVIDER_6.items():
        assert all(f"`{name}`" in documented[kind] for name in removed)
