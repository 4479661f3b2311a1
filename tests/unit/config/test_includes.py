"""Includes and their merge strategies, as Terragrunt's include-deep, include-multiple and include-expose behave (C1)."""

import pytest

from orchestrator.config import IfExists


def test_included_file_and_its_child_become_one(tree):
    tree.write({"live/root.hcl": 'inputs = {\n  name = "root"\n  region = "us-east-1"\n}\n'})
    tree.unit("vpc", 'include "root" {\n  path = find_in_parent_folders("root.hcl")\n}\ninputs = { name = "vpc" }\n')

    assert tree.inputs("vpc") == {"name": "vpc", "region": "us-east-1"}


@pytest.mark.parametrize(
    ("strategy", "expected"),
    [
        pytest.param("shallow", {"settings": {"b": 2, "list": ["child"]}, "region": "here"}, id="shallow by key"),
        pytest.param(
            "deep",
            {"settings": {"a": 1, "list": ["parent", "child"], "b": 2}, "region": "here"},
            id="deep: maps merge, lists concatenate",
        ),
        pytest.param("no_merge", {"settings": {"b": 2, "list": ["child"]}}, id="not at all"),
    ],
)
def test_merge_strategy_of_inputs(tree, strategy, expected):
    tree.write({"live/root.hcl": 'inputs = {\n  settings = { a = 1, list = ["parent"] }\n  region = "here"\n}\n'})
    tree.unit(
        "vpc",
        f"""
        include "root" {{
          path           = find_in_parent_folders("root.hcl")
          merge_strategy = "{strategy}"
        }}
        inputs = {{
          settings = {{ b = 2, list = ["child"] }}
        }}
        """,
    )

    assert tree.inputs("vpc") == expected


def test_deep_merge_lets_the_child_win_where_types_differ_and_for_null(tree):
    tree.write({"live/root.hcl": 'inputs = { settings = { a = [1], b = { x = 1 }, c = "set" } }\n'})
    tree.unit(
        "vpc",
        """
        include "root" {
          path           = find_in_parent_folders("root.hcl")
          merge_strategy = "deep"
        }
        inputs = { settings = { a = "text", b = [2], c = null } }
        """,
    )

    assert tree.inputs("vpc") == {"settings": {"a": "text", "b": [2], "c": None}}


def test_later_includes_win_over_earlier_ones_and_the_child_over_both(tree):
    tree.write(
        {
            "live/root.hcl": 'inputs = { a = "root", b = "root", c = "root" }\n',
            "live/region.hcl": 'inputs = { b = "region", c = "region" }\n',
        }
    )
    tree.unit(
        "vpc",
        """
        include "root" {
          path = find_in_parent_folders("root.hcl")
        }
        include "region" {
          path = find_in_parent_folders("region.hcl")
        }
        inputs = { c = "child" }
        """,
    )

    assert tree.inputs("vpc") == {"a": "root", "b": "region", "c": "child"}


def test_source_comes_from_an_included_file_relative_to_the_unit(tree):
    tree.write(
        {
            "live/_units/vpc.hcl": 'terraform {\n  source = "../../../modules//thing"\n}\n',
            "live/dev/vpc/terragrunt.hcl": 'include "unit" {\n  path = "../../_units/vpc.hcl"\n}\n',
        }
    )

    source = tree.evaluate("vpc").source

    assert (source.root, source.subdirectory) == (tree.root / "modules", "thing")


def test_generate_merges_by_label_and_remote_state_is_replaced_as_a_whole(tree):
    tree.write(
        {
            "live/root.hcl": """
            remote_state {
              backend  = "s3"
              config   = { bucket = "root", key = "k", region = "r" }
              generate = { path = "backend.tf", if_exists = "overwrite" }
            }
            generate "provider" {
              path      = "provider.tf"
              if_exists = "overwrite"
              contents  = "# root"
            }
            generate "versions" {
              path      = "versions_override.tf"
              if_exists = "skip"
              contents  = "# versions"
            }
            """
        }
    )
    tree.unit(
        "vpc",
        """
        include "root" {
          path           = find_in_parent_folders("root.hcl")
          merge_strategy = "deep"
        }
        remote_state {
          backend = "local"
          config  = { path = "x.tfstate" }
        }
        generate "provider" {
          path              = "provider.tf"
          if_exists         = "error"
          contents          = "# child"
          disable_signature = true
        }
        """,
    )

    unit = tree.evaluate("vpc")

    assert (unit.remote_state.backend, dict(unit.remote_state.config)) == ("local", {"path": "x.tfstate"})
    assert [(file.label, file.contents, file.if_exists) for file in unit.generated if file.label == "provider"] == [
        ("provider", "# child", IfExists.ERROR)
    ]
    assert [file.path for file in unit.generated] == ["provider.tf", "versions_override.tf"]


def test_exposed_include_shows_locals_and_inputs(tree):
    tree.write({"live/root.hcl": 'locals {\n  region = "us-east-1"\n}\ninputs = { name = "root", n = local.region }\n'})
    tree.unit(
        "vpc",
        """
        include "root" {
          path           = find_in_parent_folders("root.hcl")
          expose         = true
          merge_strategy = "no_merge"
        }
        locals {
          from_locals = include.root.locals.region
        }
        inputs = {
          a = local.from_locals
          b = include.root.inputs.name
          c = include.root.inputs["n"]
        }
        """,
    )

    assert tree.inputs("vpc") == {"a": "us-east-1", "b": "root", "c": "us-east-1"}


def test_exposed_inputs_may_hold_outputs_of_a_dependency(tree):
    tree.unit("vpc")
    tree.write(
        {
            "live/_units/app.hcl": """
            dependency "vpc" {
              config_path = "../vpc"
            }
            inputs = { name = dependency.vpc.outputs.id }
            """
        }
    )
    tree.unit(
        "app",
        """
        include "unit" {
          path   = "../../_units/app.hcl"
          expose = true
        }
        inputs = { settings = "${include.unit.inputs.name}!" }
        """,
    )

    assert tree.inputs("app", {"vpc": {"id": "vpc-1"}}) == {"name": "vpc-1", "settings": "vpc-1!"}


def test_bare_include_is_referred_to_without_a_label(tree):
    tree.write({"live/root.hcl": 'locals {\n  x = "root"\n}\n'})
    tree.unit(
        "vpc",
        """
        include {
          path   = find_in_parent_folders("root.hcl")
          expose = true
        }
        inputs = { name = include.locals.x, settings = path_relative_to_include() }
        """,
    )

    assert tree.inputs("vpc") == {"name": "root", "settings": "dev/vpc"}


def test_locals_are_never_merged(tree):
    tree.write({"live/root.hcl": 'locals {\n  x = "root"\n}\ninputs = { settings = local.x }\n'})
    tree.unit(
        "vpc",
        """
        include "root" {
          path           = find_in_parent_folders("root.hcl")
          merge_strategy = "deep"
        }
        locals {
          x = "child"
        }
        inputs = { name = local.x }
        """,
    )

    assert tree.inputs("vpc") == {"name": "child", "settings": "root"}


INCLUDE = 'include "root" {\n  path = find_in_parent_folders("root.hcl")\n}\n'
AT = "live/dev/vpc/terragrunt.hcl"


@pytest.mark.parametrize(
    ("root", "unit", "expected"),
    [
        pytest.param(
            'include "up" {\n  path = "x.hcl"\n}\n',
            INCLUDE,
            "live/root.hcl:1:1: Include inside an included file. root.hcl is included itself, and includes go one level"
            " deep only. Include both files from the unit, or use read_terragrunt_config for the second.",
            id="two levels",
        ),
        pytest.param(
            "",
            'include "root" {\n  path = "../nowhere.hcl"\n}\n',
            f"{AT}:5:10: Included file not found. There is no file live/dev/nowhere.hcl. Write path ="
            ' find_in_parent_folders("...") to look for it in the folders above.',
            id="missing file",
        ),
        pytest.param(
            "",
            INCLUDE + "inputs = { name = include.root.locals.x }\n",
            f'{AT}:7:19: Include is not exposed. The include "root" does not show its contents. Set expose = true in the'
            " include block.",
            id="not exposed",
        ),
        pytest.param(
            "",
            INCLUDE + "inputs = { name = include.rot.locals.x }\n",
            f'{AT}:7:19: Unknown include. The file has no include "rot". Did you mean "root"?',
            id="unknown label",
        ),
        pytest.param(
            "",
            'include "root" {\n  path = find_in_parent_folders("root.hcl")\n  merge_strategy = "depe"\n}\n',
            f'{AT}:6:20: Value is not one of those allowed. merge_strategy cannot be "depe". Did you mean "deep"?',
            id="unknown strategy",
        ),
        pytest.param(
            "",
            'locals {\n  x = "root.hcl"\n}\ninclude "root" {\n  path = local.x\n}\n',
            f"{AT}:8:10: Reference is not available here. Include blocks are evaluated before locals, so they cannot use"
            " them. Write the path out, or use functions: find_in_parent_folders, get_env.",
            id="locals in an include",
        ),
        pytest.param(
            "inputs = { name = include.root.locals.x }\n",
            INCLUDE,
            "live/root.hcl:1:19: Reference is not available here. An included file has no includes of its own. Use its own"
            " locals, or read_terragrunt_config.",
            id="include in an included file",
        ),
        pytest.param(
            "",
            INCLUDE + INCLUDE,
            f'{AT}:7:1: Block is repeated. There is another include block of this kind in the file. The label "root" is'
            " taken already.",
            id="label twice",
        ),
    ],
)
def test_errors_of_includes(tree, root, unit, expected):
    """C1, C7."""
    tree.write({"live/root.hcl": root})
    tree.unit("vpc", unit)

    assert tree.errors() == [expected]
