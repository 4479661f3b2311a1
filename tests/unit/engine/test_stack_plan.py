"""The whole-stack plan: its root module, the merged state, and what is read out of Terraform's JSON (C3, C8)."""

import copy
from pathlib import Path

import pytest

from orchestrator.engine.stack_plan import (
    AttributeChange,
    PlannedChange,
    StackPlan,
    merge_states,
    read_plan,
    root_module,
)
from orchestrator.errors import ExitCode, UsageError
from orchestrator.hcl import parse_text, print_expression, references
from orchestrator.model.status import Changes


def module_of(stack, *names, outputs=None, sources=None):
    units = [stack.units[name].evaluate(outputs or {}) for name in names]
    return root_module(
        units,
        sources={name: f"../modules/{name}" for name in names} | (sources or {}),
        variables={name: stack.units[name].interface().variables for name in names},
    ).files


def test_c3_inputs_from_other_units_are_references_between_modules(bench):
    files = module_of(bench.stack, "kms", "vpc", "api")
    assert files["main.tf"] == (
        'module "kms" {\n  source = "../modules/kms"\n}\n'
        "\n"
        'module "vpc" {\n  source = "../modules/vpc"\n  kms_key_arn = module.kms.key_arn\n}\n'
        "\n"
        'module "api" {\n'
        '  source = "../modules/api"\n'
        "  password = sensitive(module.kms.password)\n"
        "  vpc_id = module.vpc.vpc_id\n"
        "}\n"
    )
    assert 'provider "aws"' in files["provider.tf"]
    assert sorted(files) == ["main.tf", "provider.tf"], "the backends of the units have no place in it"


def test_c3_the_root_module_is_valid_and_refers_only_to_modules_in_it(tree):
    tree.standard()
    tree.unit(
        "vpc",
        """
        dependency "kms" {
          config_path = "../kms"
        }

        inputs = {
          kms_key_arn = upper("${dependency.kms.outputs.key_arn}/alias ${1 + 1} %{if true}x%{endif}")
          not_asked   = "for"
          settings    = {
            list = [dependency.kms.outputs.key_arn, "quote \\" and $${literal}"]
            text = "two\\nlines"
          }
        }
        """,
    )
    tree.write({"modules/vpc/more.tf": 'variable "settings" { type = any }\n'})
    files = module_of(tree.load(), "kms", "vpc")
    body = parse_text(files["main.tf"], Path("main.tf")).body
    calls = {block.labels[0]: block.body.attributes for block in body.blocks}
    assert list(calls) == ["kms", "vpc"]
    assert sorted(calls["vpc"]) == ["kms_key_arn", "settings", "source"], "only what the module declares"
    found = {
        ".".join(map(str, reference.path))
        for attributes in calls.values()
        for attribute in attributes.values()
        for reference in references(attribute.expression)
    }
    assert found == {"module.kms.key_arn"}
    assert print_expression(calls["vpc"]["kms_key_arn"].expression) == 'upper("${module.kms.key_arn}/alias 2 x")'


def test_c3_outputs_from_outside_the_plan_are_literals(bench):
    files = module_of(bench.stack, "vpc", outputs={"kms": {"key_arn": "arn:1", "password": "p"}})
    assert files["main.tf"] == 'module "vpc" {\n  source = "../modules/vpc"\n  kms_key_arn = "arn:1"\n}\n'


def test_c3_a_nested_unit_has_a_name_that_terraform_allows(tree):
    tree.standard()
    tree.unit("data/2-aurora", module="kms")
    tree.unit(
        "api",
        """
        dependency "db" {
          config_path = "../data/2-aurora"
        }

        inputs = {
          vpc_id = dependency.db.outputs.key_arn
        }
        """,
    )
    text = module_of(tree.load(), "data/2-aurora", "api")["main.tf"]
    assert 'module "data__2-aurora" {' in text
    assert "vpc_id = module.data__2-aurora.key_arn" in text


def test_c3_units_with_different_providers_are_not_planned_together(tree):
    tree.standard()
    other = 'generate "provider" {\n  path = "provider.tf"\n  if_exists = "overwrite"\n  contents = "%s"\n}\n'
    tree.unit("docs", other % 'provider \\"aws\\" {\\n  region = \\"eu-west-1\\"\\n}\\n')
    stack = tree.load()
    with pytest.raises(UsageError) as caught:
        module_of(stack, "kms", "docs")
    error = caught.value
    assert (error.summary, error.detail, error.hint) == (
        "Units are configured with different providers",
        (
            'Units "kms" and "docs" generate different provider blocks; one plan of both would use one of them for all '
            "resources."
        ),
        "Plan them apart with --only.",
    )
    assert error.exit_code is ExitCode.BAD_INPUT


def test_other_generated_files_do_not_count_as_providers(tree):
    tree.standard()
    tree.unit(
        "docs", 'generate "x" {\n  path = "x.tf"\n  if_exists = "overwrite"\n  contents = "locals { a = 1 }"\n}\n'
    )
    assert sorted(module_of(tree.load(), "kms", "docs")) == ["main.tf", "provider.tf"]


KMS_STATE = {
    "version": 4,
    "terraform_version": "1.11.4",
    "serial": 7,
    "lineage": "one",
    "outputs": {"key_arn": {"value": "arn:1", "type": "string"}},
    "resources": [
        {
            "mode": "managed",
            "type": "aws_kms_key",
            "name": "this",
            "provider": 'provider["registry.terraform.io/hashicorp/aws"]',
            "instances": [{"index_key": "s3", "attributes": {"id": "k"}, "dependencies": ["data.aws_region.this"]}],
        },
        {
            "module": "module.alias[0]",
            "mode": "managed",
            "type": "aws_kms_alias",
            "name": "this",
            "provider": 'provider["registry.terraform.io/hashicorp/aws"]',
            "instances": [
                {"attributes": {}, "dependencies": ["aws_kms_key.this", "module.alias.data.aws_region.this"]},
                {"index_key": 1, "attributes": {}},
            ],
        },
    ],
}


def test_c3_resources_move_under_the_modules_of_their_units():
    merged = merge_states({"data/aurora": {"version": 4, "resources": []}, "kms": KMS_STATE})
    assert [resource["module"] for resource in merged["resources"]] == ["module.kms", "module.kms.module.alias[0]"]
    first, second = merged["resources"]
    assert first["instances"][0]["dependencies"] == ["module.kms.data.aws_region.this"]
    assert second["instances"][0]["dependencies"] == [
        "module.kms.aws_kms_key.this",
        "module.kms.module.alias.data.aws_region.this",
    ]
    assert "dependencies" not in second["instances"][1]
    assert (merged["version"], merged["outputs"], merged["terraform_version"]) == (4, {}, "1.11.4")


def test_the_states_themselves_are_left_as_they_are():
    before = copy.deepcopy(KMS_STATE)
    merged = merge_states({"kms": KMS_STATE})
    merged["resources"][0]["instances"][0]["attributes"]["id"] = "other"
    assert before == KMS_STATE


def test_the_merged_state_is_of_the_newest_terraform_that_wrote_one():
    """1.9 is older than 1.11, whatever the order of their letters."""
    states = {name: {"terraform_version": version} for name, version in {"a": "1.9.8", "b": "1.11.4"}.items()}
    assert merge_states(states)["terraform_version"] == "1.11.4"
    assert merge_states({})["terraform_version"] == "1.11.0"


def planned(*resources):
    return read_plan({"format_version": "1.2", "resource_changes": list(resources)}, units=["vpc", "data/aurora"])


def change(address, actions, *, mode="managed", **rest):
    return {"address": address, "mode": mode, "change": {"actions": actions, **rest}}


@pytest.mark.parametrize(
    ("actions", "action", "changes"),
    [
        (["create"], "create", Changes(add=1)),
        (["update"], "update", Changes(change=1)),
        (["delete"], "delete", Changes(destroy=1)),
        (["delete", "create"], "replace", Changes(add=1, destroy=1)),
        (["create", "delete"], "replace", Changes(add=1, destroy=1)),
    ],
)
def test_c3_actions(actions, action, changes):
    plan = planned(change("module.vpc.aws_vpc.this", actions, before={}, after={}))
    assert plan.units == {"vpc": (PlannedChange(address="aws_vpc.this", action=action),), "data/aurora": ()}
    assert (plan.changes(), plan.changes("vpc"), plan.changes("data/aurora")) == (changes, changes, Changes())


@pytest.mark.parametrize(
    "resource",
    [
        change("module.vpc.aws_vpc.this", ["no-op"]),
        change("module.vpc.data.aws_region.this", ["read"], mode="data"),
        change("module.vpc.data.aws_region.this", ["create"], mode="data"),
    ],
)
def test_c3_what_is_no_change(resource):
    assert not planned(resource).changes()


def test_c3_addresses_are_those_of_the_units_sorted():
    plan = planned(
        change('module.vpc.aws_subnet.this["b.c"]', ["create"]),
        change('module.vpc.aws_subnet.this["a"]', ["create"]),
        change("module.data__aurora.module.proxy[0].aws_db_proxy.this", ["create"]),
    )
    assert [item.address for item in plan.units["vpc"]] == ['aws_subnet.this["a"]', 'aws_subnet.this["b.c"]']
    assert [item.address for item in plan.units["data/aurora"]] == ["module.proxy[0].aws_db_proxy.this"]


def attributes_of(actions=("update",), **rest):
    plan = planned(change("module.vpc.aws_vpc.this", list(actions), **rest))
    return plan.units["vpc"][0].attributes


def shown(**rest):
    return [(item.name, item.before, item.after) for item in attributes_of(**rest)]


@pytest.mark.parametrize(
    ("rest", "expected"),
    [
        (
            {"before": {"a": 1, "b": "x", "c": None}, "after": {"a": 2, "b": "x", "c": {"z": 1, "y": "é"}}},
            [("a", "1", "2"), ("c", "null", '{"y": "é", "z": 1}')],
        ),
        ({"before": {}, "after": {"a": True}}, [("a", "null", "true")]),
        # Known after apply: the attribute is left out of "after".
        (
            {"before": {"arn": "x"}, "after": {}, "after_unknown": {"arn": True}},
            [("arn", '"x"', "(known after apply)")],
        ),
        # Unknown somewhere inside.
        (
            {"before": {"t": [{"k": 1}]}, "after": {"t": [{}]}, "after_unknown": {"t": [{"k": True}]}},
            [("t", '[{"k": 1}]', "(known after apply)")],
        ),
        # Terraform describes what is known, too: empty marks are no marks.
        (
            {"before": {"t": [{"k": 1}]}, "after": {"t": [{"k": 1}]}, "after_unknown": {"t": [{}], "n": {"m": False}}},
            [],
        ),
    ],
)
def test_c3_attributes_that_change(rest, expected):
    assert shown(**rest) == expected


SECRET = {"before": {"p": "hunter1"}, "after": {"p": "hunter2"}}
DEEP = {"before": {"p": [{"q": {"r": "hunter1"}}]}, "after": {"p": [{"q": {"r": "hunter2"}}]}}


@pytest.mark.parametrize(
    ("rest", "before", "after"),
    [
        (SECRET | {"before_sensitive": {"p": True}, "after_sensitive": {"p": True}}, "(sensitive)", "(sensitive)"),
        (SECRET | {"before_sensitive": True, "after_sensitive": {}}, "(sensitive)", "(sensitive)"),
        # Hidden on one side only: the other side may still be the same secret.
        (SECRET | {"before_sensitive": {}, "after_sensitive": {"p": True}}, "(sensitive)", "(sensitive)"),
        (SECRET | {"before_sensitive": {"p": True}, "after_sensitive": False}, "(sensitive)", "(sensitive)"),
        (DEEP | {"before_sensitive": {"p": [{"q": {"r": True}}]}}, "(sensitive)", "(sensitive)"),
        (DEEP | {"after_sensitive": {"p": [{"q": {"r": True}}]}}, "(sensitive)", "(sensitive)"),
        (
            SECRET | {"after_unknown": {"p": True}, "before_sensitive": {"p": True}},
            "(sensitive)",
            "(known after apply)",
        ),
    ],
)
def test_c8_a_secret_at_any_depth_hides_its_attribute(rest, before, after):
    (found,) = attributes_of(**rest)
    assert (found.before, found.after) == (before, after)
    assert "hunter" not in repr(found)


def test_c8_marks_that_mark_nothing_hide_nothing():
    marks = {"before_sensitive": {"p": [{"q": {}}]}, "after_sensitive": {"p": [False]}}
    (found,) = attributes_of(**(DEEP | marks))
    assert found.before == '[{"q": {"r": "hunter1"}}]'


def test_c3_what_forces_the_replacement_is_named():
    found = attributes_of(
        ("delete", "create"),
        before={"cidr_block": "10.0.0.0/16", "tags": {"a": "1"}, "arn": "x"},
        after={"cidr_block": "10.1.0.0/16", "tags": {"a": "2"}},
        after_unknown={"arn": True},
        replace_paths=[["cidr_block"], ["settings", 0, "name"], []],
    )
    assert found == (
        AttributeChange(name="arn", before='"x"', after="(known after apply)", forces_replacement=False),
        AttributeChange(name="cidr_block", before='"10.0.0.0/16"', after='"10.1.0.0/16"', forces_replacement=True),
        AttributeChange(name="tags", before='{"a": "1"}', after='{"a": "2"}', forces_replacement=False),
    )


def test_counts_add_up_over_units():
    create, delete = PlannedChange(address="a", action="create"), PlannedChange(address="b", action="delete")
    plan = StackPlan(units={"x": (create, create), "y": (delete,), "z": ()})
    assert plan.changes() == Changes(add=2, destroy=1)
