"""Terragrunt's own functions, as its get-path, get-repo-root and read-config behave (C1, C7)."""

import pytest

AT = "live/dev/net/vpc/terragrunt.hcl"
ROOT_FUNCTIONS = """
inputs = {
  settings = {
    dir      = get_terragrunt_dir()
    parent   = get_parent_terragrunt_dir()
    original = get_original_terragrunt_dir()
    to       = path_relative_to_include()
    from     = path_relative_from_include()
    found    = find_in_parent_folders("marker.txt")
  }
}
"""


def test_in_an_included_file_the_functions_speak_of_the_child(tree):
    tree.write({"live/root.hcl": ROOT_FUNCTIONS, "live/dev/marker.txt": "", "live/marker.txt": ""})
    tree.unit("net/vpc", 'include "root" {\n  path = find_in_parent_folders("root.hcl")\n}\n')

    assert tree.inputs("net/vpc")["settings"] == {
        "dir": f"{tree.root}/live/dev/net/vpc",
        "parent": f"{tree.root}/live",
        "original": f"{tree.root}/live/dev/net/vpc",
        "to": "dev/net/vpc",
        "from": "../../..",
        "found": f"{tree.root}/live/dev/marker.txt",
    }


def test_in_the_child_the_include_is_named_when_there_are_several(tree):
    tree.write({"live/root.hcl": "", "live/dev/env.hcl": ""})
    tree.unit(
        "net/vpc",
        """
        include "root" {
          path = find_in_parent_folders("root.hcl")
        }
        include "env" {
          path = find_in_parent_folders("env.hcl")
        }
        inputs = {
          settings = [
            path_relative_to_include("root"), path_relative_to_include("env"),
            path_relative_from_include("env"), get_parent_terragrunt_dir("root"),
          ]
        }
        """,
    )

    assert tree.inputs("net/vpc")["settings"] == ["dev/net/vpc", "net/vpc", "../..", f"{tree.root}/live"]


def test_without_includes_relative_paths_are_a_dot(tree):
    tree.unit(
        "net/vpc",
        "inputs = { settings = [path_relative_to_include(), path_relative_from_include(),"
        " get_parent_terragrunt_dir()] }\n",
    )

    assert tree.inputs("net/vpc")["settings"] == [".", ".", f"{tree.root}/live/dev/net/vpc"]


def test_find_in_parent_folders_finds_folders_and_falls_back_and_starts_above_the_unit(tree):
    tree.write({"live/dev/net/vpc/here.txt": "", "live/terragrunt.hcl": ""})
    tree.unit(
        "net/vpc",
        """
        inputs = {
          settings = [
            find_in_parent_folders("modules"), find_in_parent_folders("here.txt", "fallback"), find_in_parent_folders(),
          ]
        }
        """,
    )

    assert tree.inputs("net/vpc")["settings"] == [
        f"{tree.root}/modules",
        "fallback",
        f"{tree.root}/live/terragrunt.hcl",
    ]


@pytest.mark.parametrize("marker", [".git/HEAD", ".git"], ids=["clone", "worktree"])
def test_repository_functions(tree, marker):
    tree.write({marker: ""})
    tree.unit(
        "net/vpc", "inputs = { settings = [get_repo_root(), get_path_from_repo_root(), get_path_to_repo_root()] }\n"
    )

    assert tree.inputs("net/vpc")["settings"] == [str(tree.root), "live/dev/net/vpc", "../../../.."]


def test_file_is_relative_to_the_file_that_calls_it(tree):
    tree.write(
        {
            "live/root.hcl": 'inputs = { name = file("text.txt"), settings = templatefile("t.tpl", { x = 1 }) }\n',
            "live/text.txt": "root",
            "live/t.tpl": "x=${x}",
            "live/dev/net/vpc/text.txt": "child",
        }
    )
    tree.unit(
        "net/vpc",
        'include "root" {\n  path = find_in_parent_folders("root.hcl")\n}\ninputs = { own = file("text.txt") }\n',
    )

    inputs = tree.inputs("net/vpc")
    assert [inputs[name].strip() for name in ("name", "own", "settings")] == ["root", "child", "x=1"]


def test_get_env_reads_the_given_environment_only(tree, monkeypatch):
    monkeypatch.setenv("FROM_PROCESS", "leaked")
    tree.unit(
        "net/vpc", 'inputs = { settings = [get_env("A"), get_env("FROM_PROCESS", "default"), get_env("E", "x")] }\n'
    )

    assert tree.inputs("net/vpc", A="a", E="")["settings"] == ["a", "default", ""]


def test_read_terragrunt_config_shows_the_sections_of_a_file(tree):
    tree.write(
        {
            "live/dev/env.hcl": """
            locals {
              name = "dev"
              size = local.sizes[local.name]
              sizes = { dev = 1 }
            }
            inputs = { region = "us-east-1" }
            """,
            "live/common.hcl": """
            include "shared" {
              path = "shared.hcl"
            }
            locals {
              here = [get_terragrunt_dir(), get_original_terragrunt_dir(), path_relative_to_include("shared")]
            }
            """,
            "live/shared.hcl": 'inputs = { from = "shared" }\n',
        }
    )
    tree.unit(
        "net/vpc",
        """
        locals {
          env    = read_terragrunt_config(find_in_parent_folders("env.hcl"))
          common = read_terragrunt_config("../../../common.hcl")
          none   = read_terragrunt_config("none.hcl", { locals = { name = "default" } })
        }
        inputs = {
          name     = "${local.env.locals.name}-${local.env.locals.size}-${local.env.inputs.region}"
          settings = [local.common.locals.here, local.common.inputs.from, local.none.locals.name]
        }
        """,
    )

    assert tree.inputs("net/vpc") == {
        "name": "dev-1-us-east-1",
        "settings": [[f"{tree.root}/live", f"{tree.root}/live/dev/net/vpc", "."], "shared", "default"],
    }


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ('get_env("PLATFORM_SUFFIX")', "The environment variable PLATFORM_SUFFIX is not set. Pass --suffix."),
        (
            'get_env("OTHER")',
            'The environment variable OTHER is not set. Set it, or give a default: get_env("OTHER", "...").',
        ),
        ('find_in_parent_folders("nowhere.hcl")', 'No folder above live/dev/net/vpc holds "nowhere.hcl".'),
        ("get_repo_root()", "live/dev/net/vpc is not inside a Git repository."),
        ('read_terragrunt_config("none.hcl")', "There is no file live/dev/net/vpc/none.hcl."),
        (
            'read_terragrunt_config("../app")',
            (
                "live/dev/net/app/terragrunt.hcl declares dependencies of its own, which the graph of this unit would not"
                " know. Read a file that only holds values, and declare the dependency in this unit."
            ),
        ),
        (
            'read_terragrunt_config("../../../circle.hcl")',
            "The files read each other in a cycle: live/circle.hcl -> live/circle.hcl.",
        ),
        ("path_relative_to_include()", 'The file has several includes; name one of "env", "root".'),
        ('get_parent_terragrunt_dir("rot")', 'There is no include "rot". Did you mean "root"?'),
    ],
)
def test_errors_of_functions(tree, expression, expected):
    """C7: what a function refuses is said once, at the call."""
    tree.write(
        {
            "live/root.hcl": "",
            "live/dev/env.hcl": "",
            "live/circle.hcl": 'locals {\n  x = read_terragrunt_config("circle.hcl")\n}\n',
        }
    )
    tree.unit("net/app", 'dependencies {\n  paths = ["../vpc"]\n}\n')
    tree.unit(
        "net/vpc",
        f"""
        include "root" {{
          path = find_in_parent_folders("root.hcl")
        }}
        include "env" {{
          path = find_in_parent_folders("env.hcl")
        }}
        inputs = {{ name = {expression} }}
        """,
    )

    errors = tree.errors()

    assert len(errors) == 1
    assert expected in errors[0]
    assert errors[0].startswith((f"{AT}:10:", "live/circle.hcl:2:"))
