"""Includes and their merge strategies, as Terragrunt's include-deep, include-multiple and include-expose behave (C1)."""

import pytest

from orchestrator.config import IfExists

AT = "live/dev/vpc/terragrunt.hcl"


def include(*settings, label='"root"'):
    """Return the block that includes a file above; ``settings`` are further lines of it."""
    name = label.strip('"') or "root"
    lines = "".join(f"  {line}\n" for line in settings)
    return f'include {label} {{\n  path = find_in_parent_folders("{name}.hcl")\n{lines}}}\n'


INCLUDE = include()
DEEP = include('merge_strategy = "deep"')
PARENT = 'inputs = {\n  settings = { a = 1, list = ["parent"] }\n  region = "here"\n}\n'
CHILD = 'inputs = {\n  settings = { b = 2, list = ["child"] }\n}\n'


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        pytest.param(
            {
                "live/root.hcl": 'inputs = {\n  name = "root"\n  region = "us-east-1"\n}\n',
                "vpc": INCLUDE + 'inputs = { name = "vpc" }\n',
            },
            {"name": "vpc", "region": "us-east-1"},
            id="included file and its child become one",
        ),
        pytest.param(
            {"live/root.hcl": PARENT, "vpc": include('merge_strategy = "shallow"') + CHILD},
            {"settings": {"b": 2, "list": ["child"]}, "region": "here"},
            id="shallow: by key",
        ),
        pytest.param(
            {"live/root.hcl": PARENT, "vpc": DEEP + CHILD},
            {"settings": {"a": 1, "list": ["parent", "child"], "b": 2}, "region": "here"},
            id="deep: maps merge, lists concatenate",
        ),
        pytest.param(
            {"live/root.hcl": PARENT, "vpc": include('merge_strategy = "no_merge"') + CHILD},
            {"settings": {"b": 2, "list": ["child"]}},
            id="no merge",
        ),
        pytest.param(
            {
                "live/root.hcl": 'inputs = { settings = { a = [1], b = { x = 1 }, c = "set" } }\n',
                "vpc": DEEP + 'inputs = { settings = { a = "text", b = [2], c = null } }\n',
            },
            {"settings": {"a": "text", "b": [2], "c": None}},
            id="deep: the child wins where types differ and for null",
        ),
        pytest.param(
            {
                "live/root.hcl": 'inputs = { a = "root", b = "root", c = "root" }\n',
                "live/region.hcl": 'inputs = { b = "region", c = "region" }\n',
                "vpc": INCLUDE + include(label='"region"') + 'inputs = { c = "child" }\n',
            },
            {"a": "root", "b": "region", "c": "child"},
            id="later includes win over earlier ones, and the child over both",
        ),
        pytest.param(
            {
                "live/root.hcl": 'locals {\n  region = "us"\n}\ninputs = { name = "root", n = local.region }\n',
                "vpc": include("expose = true", 'merge_strategy = "no_merge"')
                + "locals {\n  from_locals = include.root.locals.region\n}\n"
                'inputs = { a = local.from_locals, b = include.root.inputs.name, c = include.root.inputs["n"] }\n',
            },
            {"a": "us", "b": "root", "c": "us"},
            id="an exposed include shows locals and inputs",
        ),
        pytest.param(
            {
                "live/root.hcl": 'locals {\n  x = "root"\n}\n',
                "vpc": include("expose = true", label="")
                + "inputs = { name = include.locals.x, settings = path_relative_to_include() }\n",
            },
            {"name": "root", "settings": "dev/vpc"},
            id="a bare include is referred to without a label",
        ),
        pytest.param(
            {
                "live/root.hcl": 'locals {\n  x = "root"\n}\ninputs = { settings = local.x }\n',
                "vpc": DEEP + 'locals {\n  x = "child"\n}\ninputs = { name = local.x }\n',
            },
            {"name": "child", "settings": "root"},
            id="locals are never merged",
        ),
        pytest.param(
            {
                "app": "",
                "live/_units/vpc.hcl": 'dependency "app" {\n  config_path = "../app"\n}\n'
                "inputs = { name = dependency.app.outputs.id }\n",
                "vpc": 'include "unit" {\n  path   = "../../_units/vpc.hcl"\n  expose = true\n}\n'
                'inputs = { settings = "${include.unit.inputs.name}!" }\n',
            },
            {"name": "app-1", "settings": "app-1!"},
            id="exposed inputs may hold outputs of a dependency",
        ),
    ],
)
def test_c1_what_includes_give(tree, files, expected):
    assert tree.put(files).inputs("vpc", {"app": {"id": "app-1"}}) == expected


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
