"""What Stack.check finds before anything runs (C7, C8).

Finding environments and units, and loading only some of them (C1, C7).
"""

import pytest

from orchestrator.config import discovery, environments, load_stack
from orchestrator.engine.operations import select
from orchestrator.errors import ExitCode, UsageError
from orchestrator.hcl.values import Sensitive, Unknown
from tests.fakes.errors import error_of

AT = "live/dev/vpc/terragrunt.hcl"
STRICT = """
variable "cidr" {
  type     = string
  nullable = false
}
variable "password" {
  type      = string
  sensitive = true
  default   = null
}
output "id" { value = "x" }
"""
ROOT = 'include "root" {\n  path = find_in_parent_folders("root.hcl")\n}\n'


def test_a_sound_tree_has_no_findings(tree):
    tree.write({"modules/strict/main.tf": STRICT})
    tree.unit("vpc", 'inputs = { cidr = "10.0.0.0/16" }\n', module="strict")
    tree.unit("app", 'dependency "vpc" {\n  config_path = "../vpc"\n}\ninputs = { name = dependency.vpc.outputs.id }\n')

    assert tree.load().check() == []


def test_required_variable_without_input(tree):
    tree.write({"modules/strict/main.tf": STRICT})
    tree.unit("vpc", "inputs = { cdir = 1 }\n", module="strict")
    tree.unit("vpc2", "", module="strict")

    assert tree.errors() == [
        (
            f'{AT}:4:1: Input is missing. Unit "vpc" has no input "cidr", which its module requires (string).'
            ' Did you mean "cdir"?'
        ),
        (
            'live/dev/vpc2/terragrunt.hcl:1:1: Input is missing. Unit "vpc2" has no input "cidr", which its module requires'
            " (string). Add cidr to inputs."
        ),
    ]


def test_null_for_a_variable_that_is_not_nullable(tree):
    tree.write({"modules/strict/main.tf": STRICT})
    tree.unit("vpc", "inputs = { cidr = null }\n", module="strict")

    assert "\n".join(tree.errors()) == (
        f'{AT}:4:19: Input is null. The input "cidr" of unit "vpc" is null, which its module does not allow. Give it a value'
        " (string)."
    )


def test_unused_inputs_are_warned_of_unless_every_unit_includes_them(tree):
    tree.write(
        {
            "live/root.hcl": "inputs = { common = 1, shared = { a = 1 } }\n",
            "live/_units/vpc.hcl": "inputs = { nmae = 1 }\n",
        }
    )
    tree.unit("vpc", ROOT + 'include "unit" {\n  path = "../../_units/vpc.hcl"\n}\ninputs = { typo = 1 }\n')
    tree.unit("app", ROOT)

    assert tree.errors() == []
    assert tree.warnings() == [
        (
            'live/_units/vpc.hcl:1:19: Input is not used. The module of unit "vpc" declares no variable "nmae".'
            ' Did you mean "name"?'
        ),
        (
            f'{AT}:10:19: Input is not used. The module of unit "vpc" declares no variable "typo". Remove it, or declare the'
            " variable."
        ),
    ]


def test_sensitive_variables_make_sensitive_inputs(tree):
    """C8."""
    tree.write({"modules/strict/main.tf": STRICT})
    tree.unit("vpc", 'inputs = { cidr = "x", password = get_env("P") }\n', module="strict")

    unit = tree.evaluate("vpc", P="hunter2")

    assert isinstance(unit.inputs["password"], Sensitive)
    assert unit.inputs["password"].value == "hunter2"
    assert unit.inputs["cidr"] == "x"
    assert "hunter2" not in repr(unit)


def test_source_that_does_not_exist(tree):
    tree.write({"live/dev/vpc/terragrunt.hcl": 'terraform {\n  source = "../../../modules//thin"\n}\n'})
    tree.write({"live/dev/app/terragrunt.hcl": 'terraform {\n  source = "../../../modules"\n}\n'})

    assert tree.errors() == [
        (
            "live/dev/app/terragrunt.hcl:2:12: Module not found. modules holds no *.tf files. Correct the source of the"
            " terraform block."
        ),
        f"{AT}:2:12: Module not found. modules/thin does not exist. Correct the source of the terraform block.",
    ]


def test_unit_without_a_module(tree):
    tree.write({"live/dev/vpc/terragrunt.hcl": "inputs = {}\n"})

    assert "\n".join(tree.errors()) == (
        f'{AT}:1:1: Unit without a module. Unit "vpc" has no terraform block with a source, and there are no *.tf files in'
        ' its folder. Add terraform { source = "..." }.'
    )


def test_without_a_source_the_unit_folder_is_the_module(tree):
    tree.write({"live/dev/vpc/terragrunt.hcl": "", "live/dev/vpc/main.tf": 'output "id" {\n  value = 1\n}\n'})

    assert tree.evaluate("vpc").source.folder == tree.root / "live/dev/vpc"


def test_source_cannot_depend_on_outputs(tree):
    tree.unit("a")
    tree.write(
        {AT: 'dependency "a" {\n  config_path = "../a"\n}\nterraform {\n  source = dependency.a.outputs.id\n}\n'}
    )

    assert "\n".join(tree.errors()) == (
        f"{AT}:5:12: Reference is not available here. The source of a unit must be known before any output is, so it cannot"
        " depend on one. Write the source out, or use locals."
    )


def test_modules_from_git_are_not_looked_into(tree):
    tree.write({AT: 'terraform {\n  source = "git::https://example.com/x.git//vpc?ref=v1"\n}\ninputs = { any = 1 }\n'})
    tree.unit(
        "app", 'dependency "vpc" {\n  config_path = "../vpc"\n}\ninputs = { name = dependency.vpc.outputs.any }\n'
    )

    assert tree.load().check() == []
    assert isinstance(tree.inputs("app")["name"], Unknown)


def test_two_units_with_one_state(tree):
    state = 'remote_state {\n  backend = "local"\n  config  = { path = "/srv/same.tfstate" }\n}\n'
    tree.unit("a", state)
    tree.unit("b", state)
    tree.unit("c", state.replace("same", "other"))

    assert "\n".join(tree.errors()) == (
        'live/dev/b/terragrunt.hcl:1:1: Units share one state. Units "a" and "b" have the same local backend with the same'
        " settings, so each would destroy what the other made. Make the key of remote_state depend on the unit, for"
        " example with path_relative_to_include()."
    )


def test_mistakes_of_all_units_are_collected(tree):
    tree.unit("a", "inputs = { name = local.x }\n")
    tree.unit("b", "inputs = { name = local.y, settings = local.z }\n")

    assert [error.split(". ")[0] for error in tree.errors()] == [
        "live/dev/a/terragrunt.hcl:4:19: Unknown local",
        "live/dev/b/terragrunt.hcl:4:19: Unknown local",
        "live/dev/b/terragrunt.hcl:4:39: Unknown local",
    ]


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


@pytest.mark.parametrize("environment", ["dve", "x", "..", "_units"])
def test_c7_an_unknown_environment_is_named_with_those_that_there_are(tree, environment):
    tree.unit("vpc")
    tree.write({"live/staging/vpc/terragrunt.hcl": "", "live/_units/vpc.hcl": ""})
    error = error_of(lambda: load_stack(live=tree.root / "live", environment=environment, env={}), UsageError)
    hint = 'Did you mean "dev"?' if environment == "dve" else "The environments are dev, staging."
    assert (error.summary, tree.plain(error.detail), error.hint) == (
        "Unknown environment",
        f'There is no environment "{environment}" in live.',
        hint,
    )
    assert error.exit_code is ExitCode.BAD_INPUT


def test_live_folder_that_does_not_exist(tree):
    with pytest.raises(UsageError, match="Live tree not found"):
        load_stack(live=tree.root / "nowhere", environment="dev", env={})


def test_c10_a_relative_state_file_is_one_for_each_unit(tree):
    state = 'remote_state {\n  backend = "local"\n  config  = { path = "unit.tfstate" }\n}\n'
    assert tree.unit("a", state).unit("b", state).load().check() == []


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("terragrunt.stack.hcl.json", "Write it as terragrunt.stack.hcl; stack files in JSON are not read."),
    ],
)
def test_files_that_would_be_passed_over_are_refused(tree, name, hint):
    tree.unit("vpc")
    tree.write({f"live/dev/data/{name}": ""})

    assert "\n".join(tree.errors()) == (
        f"live/dev/data/{name}:1:1: File is not supported. {name} is read by Terragrunt but not by platformctl."
        f" docs/language.md lists what is supported. {hint}"
    )


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

    error = error_of(lambda: tree.load(names=["vcp"]), UsageError)
    assert (error.detail, error.hint) == (
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

    assert "\n".join(tree.errors()) == (
        'live/dev/a__b/terragrunt.hcl:1:1: Unit names are too similar. "a/b" and "a__b" would both be module.a__b in the'
        " plan of the stack. Rename one of the two folders."
    )


def test_a_syntax_error_has_its_place(tree):
    tree.unit("vpc", "inputs = {\n")

    (error,) = tree.errors()

    assert error.startswith("live/dev/vpc/terragrunt.hcl:")


def test_c10_a_unit_in_a_hidden_folder_is_refused(tree):
    tree.unit("vpc").unit(".old/vpc").unit(".terragrunt-cache/x")
    (finding,) = tree.errors()
    assert finding.startswith("live/dev/.old/vpc/terragrunt.hcl:1:1: Unit in a hidden folder.")
    assert finding.endswith("hidden folders are passed over. Rename the folder.")


def test_c10_a_unit_at_the_top_of_an_environment_is_one_like_any_other(tree):
    tree.write({"live/dev/terragrunt.hcl": "inputs = {}\n", "live/dev/main.tf": ""}).unit("vpc")
    stack = tree.load()
    assert (list(stack.units), stack.units["dev"].unit.folder) == (["dev", "vpc"], tree.root / "live/dev")
    assert stack.check() == []


def test_c10_a_file_that_units_include_is_no_unit_if_it_has_no_module(tree):
    """The root file of older Terragrunt trees is named like those of units."""
    tree.write({"live/dev/terragrunt.hcl": "inputs = {}\n", "live/dev/net/terragrunt.hcl": "inputs = {}\n"})
    tree.unit("vpc", "include {\n  path = find_in_parent_folders()\n}\n")
    tree.unit("net/dns", "include {\n  path = find_in_parent_folders()\n}\n")
    assert list(tree.load().units) == ["net/dns", "vpc"]


def test_c10_a_dependency_in_another_environment_is_read_and_not_run(tree):
    tree.write({"modules/vpc/main.tf": 'output "id" { value = 1 }\n', "modules/app/main.tf": 'variable "id" {}\n'})
    tree.write({"live/shared/net/vpc/terragrunt.hcl": 'terraform {\n  source = "../../../../modules/vpc"\n}\n'})
    text = (
        'dependency "vpc" {\n  config_path = "../../shared/net/vpc"\n}\ninputs = { id = dependency.vpc.outputs.id }\n'
    )
    stack = tree.unit("app", text, module="app").load()
    assert (list(stack.units), stack.external) == (["../shared/net/vpc", "app"], {"../shared/net/vpc"})
    assert select(stack, ()) == ("app",)
    assert select(stack, ["../shared/net/vpc", "app"]) == ("../shared/net/vpc", "app")
    assert stack.check() == []


def test_c10_any_folder_with_units_is_an_environment(tree):
    tree.unit("us-east-1/qa/vpc", module="vpc")
    assert list(load_stack(live=tree.root / "live", environment="dev/us-east-1", env={}).units) == ["qa/vpc"]
    assert list(load_stack(live=tree.root / "live", environment=".", env={}).units) == ["dev/us-east-1/qa/vpc"]
