"""Finding environments and units, and loading only some of them (C1, C7)."""

import pytest

from orchestrator.config import discovery, environments, load_stack
from orchestrator.errors import ExitCode, UsageError


def test_units_are_found_at_any_depth_and_named_by_their_folder(tree):
    tree.unit("vpc")
    tree.unit("data/aurora")
    tree.write(
        {
            "live/dev/.terragrunt-cache/x/terragrunt.hcl": "",
            "live/dev/notes/README.md": "",
            "live/prod/vpc/terragrunt.hcl": "",
        }
    )

    stack = tree.load()

    assert list(stack.units) == ["data/aurora", "vpc"]
    assert stack.folder == tree.root / "live/dev"
    assert stack.units["data/aurora"].unit.folder == tree.root / "live/dev/data/aurora"
    assert environments(tree.root / "live") == ["dev", "prod"]


def test_a_linked_folder_is_a_unit_of_its_own(tree):
    """gruntwork-io/terragrunt#1611"""
    tree.write({"live/root.hcl": "inputs = { name = path_relative_to_include() }\n"})
    tree.unit("blue/vpc", 'include {\n  path = find_in_parent_folders("root.hcl")\n}\n')
    dev = tree.root / "live/dev"
    (dev / "green").symlink_to("blue")
    (dev / "red").symlink_to(tree.root / "live/dev/blue/vpc")
    (dev / "blue/loop").symlink_to("..")
    (dev / "nowhere").symlink_to("missing")

    units = tree.load().units

    assert {name: unit.evaluate({}).inputs["name"] for name, unit in units.items()} == {
        "blue/vpc": "dev/blue/vpc",
        "green/vpc": "dev/green/vpc",
        "red": "dev/red",
    }


def test_a_configuration_in_the_environment_folder_is_for_including(tree):
    tree.write({"live/dev/terragrunt.hcl": 'inputs = { name = "env" }\n'})
    tree.unit("vpc", 'include "env" {\n  path = find_in_parent_folders()\n}\n')

    assert tree.inputs("vpc") == {"name": "env"}
    assert list(tree.load().units) == ["vpc"]


@pytest.mark.parametrize(
    ("environment", "detail", "hint"),
    [
        ("dve", 'There is no environment "dve" in live.', 'Did you mean "dev"?'),
        ("x", 'There is no environment "x" in live.', "The environments are dev, staging."),
        ("..", 'There is no environment ".." in live.', "The environments are dev, staging."),
        ("_units", 'There is no environment "_units" in live.', "The environments are dev, staging."),
    ],
)
def test_unknown_environment(tree, environment, detail, hint):
    """C7: exit code 2 and the environments that there are."""
    tree.unit("vpc")
    tree.write({"live/staging/vpc/terragrunt.hcl": "", "live/_units/vpc.hcl": ""})

    with pytest.raises(UsageError) as raised:
        load_stack(live=tree.root / "live", environment=environment, env={})

    error = raised.value
    assert (error.summary, tree.plain(error.detail), error.hint) == ("Unknown environment", detail, hint)
    assert error.exit_code is ExitCode.BAD_INPUT


def test_live_folder_that_does_not_exist(tree):
    with pytest.raises(UsageError, match="Live tree not found"):
        load_stack(live=tree.root / "nowhere", environment="dev", env={})


def test_environment_without_units(tree):
    tree.write({"live/dev/terragrunt.hcl": ""})

    assert tree.errors() == [
        (
            "Environment without units. live/dev holds no folder with a terragrunt.hcl. A unit is a folder with a"
            " terragrunt.hcl below it."
        )
    ]


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("terragrunt.stack.hcl", "Stack files are not supported: write each unit as a folder with a terragrunt.hcl."),
        ("terragrunt.hcl.json", "Write it as terragrunt.hcl; configuration in JSON is not read."),
        (
            "terragrunt.values.hcl",
            "Stack files are not supported: use locals of an .hcl file and read_terragrunt_config.",
        ),
    ],
)
def test_files_that_would_be_passed_over_are_refused(tree, name, hint):
    tree.unit("vpc")
    tree.write({f"live/dev/data/{name}": ""})

    assert tree.errors() == [
        (
            f"live/dev/data/{name}:1:1: File is not supported. {name} is read by Terragrunt but not by platformctl."
            f" docs/language.md lists what is supported. {hint}"
        )
    ]


def test_only_the_named_units_and_what_they_depend_on_are_read(tree):
    tree.unit("vpc")
    tree.unit("db", 'dependency "vpc" {\n  config_path = "../vpc"\n}\n')
    tree.unit("app", 'dependency "db" {\n  config_path = "../db"\n}\n')
    tree.unit("broken", "nonsense = 1\n")

    stack = tree.load(names=["db"])

    assert list(stack.units) == ["db", "vpc"]
    assert stack.graph.order() == ("vpc", "db")


def test_unknown_unit(tree):
    """C7."""
    tree.unit("vpc")

    with pytest.raises(UsageError) as raised:
        tree.load(names=["vcp"])

    assert (raised.value.detail, raised.value.hint) == (
        'The environment "dev" has no unit "vcp".',
        'Did you mean "vpc"?',
    )


def test_each_file_is_parsed_once(tree, monkeypatch):
    parsed = []
    parse = discovery.parse_file
    monkeypatch.setattr(discovery, "parse_file", lambda path: parsed.append(path.name) or parse(path))
    tree.write({"live/root.hcl": 'locals {\n  env = read_terragrunt_config("../env.hcl")\n}\n', "live/dev/env.hcl": ""})
    for name in ("a", "b", "c"):
        tree.unit(name, 'include "root" {\n  path = find_in_parent_folders("root.hcl")\n}\n')

    tree.load().check()

    assert sorted(parsed) == ["env.hcl", "root.hcl", "terragrunt.hcl", "terragrunt.hcl", "terragrunt.hcl"]


def test_mistakes_of_unreadable_units_do_not_hide_or_cause_others(tree):
    tree.unit("a", "nonsense = 1\n")
    tree.unit("b", 'dependencies {\n  paths = ["../a", "../nowhere"]\n}\n')

    assert tree.errors() == [
        (
            'live/dev/a/terragrunt.hcl:4:1: Attribute is not supported. No attribute "nonsense" is known at the top level of a'
            " file. docs/language.md lists what is supported."
        ),
        (
            'live/dev/b/terragrunt.hcl:5:20: Dependency on a unit that does not exist. The dependencies block of unit "b"'
            ' points to "nowhere", where there is no terragrunt.hcl. Units of this environment: b.'
        ),
    ]


def test_units_whose_modules_would_have_one_name(tree):
    tree.unit("a/b")
    tree.unit("a__b")

    assert tree.errors() == [
        (
            'live/dev/a__b/terragrunt.hcl:1:1: Unit names are too similar. "a/b" and "a__b" would both be module.a__b in the'
            " plan of the stack. Rename one of the two folders."
        )
    ]


def test_a_syntax_error_has_its_place(tree):
    tree.unit("vpc", "inputs = {\n")

    (error,) = tree.errors()

    assert error.startswith("live/dev/vpc/terragrunt.hcl:")
