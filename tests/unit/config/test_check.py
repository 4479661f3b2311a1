"""What Stack.check finds before anything runs (C7, C8)."""

from orchestrator.hcl.values import Sensitive, Unknown

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

    assert tree.errors() == [
        (
            f'{AT}:4:19: Input is null. The input "cidr" of unit "vpc" is null, which its module does not allow. Give it a value'
            " (string)."
        )
    ]


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

    assert tree.errors() == [
        (
            f'{AT}:1:1: Unit without a module. Unit "vpc" has no terraform block with a source, and there are no *.tf files in'
            ' its folder. Add terraform { source = "..." }.'
        )
    ]


def test_without_a_source_the_unit_folder_is_the_module(tree):
    tree.write({"live/dev/vpc/terragrunt.hcl": "", "live/dev/vpc/main.tf": 'output "id" {\n  value = 1\n}\n'})

    assert tree.evaluate("vpc").source.folder == tree.root / "live/dev/vpc"


def test_source_cannot_depend_on_outputs(tree):
    tree.unit("a")
    tree.write(
        {AT: 'dependency "a" {\n  config_path = "../a"\n}\nterraform {\n  source = dependency.a.outputs.id\n}\n'}
    )

    assert tree.errors() == [
        (
            f"{AT}:5:12: Reference is not available here. The source of a unit must be known before any output is, so it cannot"
            " depend on one. Write the source out, or use locals."
        )
    ]


def test_modules_from_git_are_not_looked_into(tree):
    tree.write({AT: 'terraform {\n  source = "git::https://example.com/x.git//vpc?ref=v1"\n}\ninputs = { any = 1 }\n'})
    tree.unit(
        "app", 'dependency "vpc" {\n  config_path = "../vpc"\n}\ninputs = { name = dependency.vpc.outputs.any }\n'
    )

    assert tree.load().check() == []
    assert isinstance(tree.inputs("app")["name"], Unknown)


def test_two_units_with_one_state(tree):
    state = 'remote_state {\n  backend = "local"\n  config  = { path = "same.tfstate" }\n}\n'
    tree.unit("a", state)
    tree.unit("b", state)
    tree.unit("c", state.replace("same", "other"))

    assert tree.errors() == [
        (
            'live/dev/b/terragrunt.hcl:1:1: Units share one state. Units "a" and "b" have the same local backend with the same'
            " settings, so each would destroy what the other made. Make the key of remote_state depend on the unit, for"
            " example with path_relative_to_include()."
        )
    ]


def test_mistakes_of_all_units_are_collected(tree):
    tree.unit("a", "inputs = { name = local.x }\n")
    tree.unit("b", "inputs = { name = local.y, settings = local.z }\n")

    assert [error.split(". ")[0] for error in tree.errors()] == [
        "live/dev/a/terragrunt.hcl:4:19: Unknown local",
        "live/dev/b/terragrunt.hcl:4:19: Unknown local",
        "live/dev/b/terragrunt.hcl:4:39: Unknown local",
    ]
