"""Values of variables from everywhere, in Terragrunt's order, and what else extra_arguments say (C1, C10)."""

import pytest

from orchestrator.config.arguments import NEED_VARS
from orchestrator.diagnostics import Severity

AT = "live/dev/vpc/terragrunt.hcl"
MODULE = """
variable "name" { type = string }
variable "list" {
  type    = list(number)
  default = []
}
"""


@pytest.fixture
def unit(tree):
    """Write the unit "vpc" with the contents of its terraform block, and its inputs."""
    tree.write({"modules/thing/main.tf": MODULE})

    def write(block: str = "", inputs: str = 'name = "inputs"', files: dict[str, str] | None = None):
        source = f'source = "{tree.root}/modules//thing"'
        text = f"terraform {{\n  {source}\n{block}\n}}\ninputs = {{ {inputs} }}\n"
        path = tree.root / AT
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        tree.write({f"live/dev/vpc/{name}": text for name, text in (files or {}).items()})
        return tree

    return write


def extra(*lines: str, commands: str = '["plan", "apply"]', name: str = "x") -> str:
    return f'extra_arguments "{name}" {{\n  commands = {commands}\n  ' + "\n  ".join(lines) + "\n}"


FILES = {
    "terraform.tfvars": 'name = "terraform.tfvars"\n',
    "a.auto.tfvars": 'name = "auto.tfvars"\n',
    "one.tfvars": 'name = "one"\n',
    "two.tfvars": 'name = "two"\n',
}
REQUIRED = 'required_var_files = ["one.tfvars"]'


@pytest.mark.parametrize(
    ("block", "env", "files", "expected"),
    [
        pytest.param("", {}, (), "inputs", id="inputs alone"),
        pytest.param("", {"TF_VAR_name": "caller"}, (), "caller", id="the caller's variable wins over inputs"),
        pytest.param(
            "",
            {"TF_VAR_name": "caller", "PLATFORMCTL_IGNORE_TF_VAR": "1"},
            (),
            "inputs",
            id="unless the caller's variables are ignored",
        ),
        pytest.param(
            extra('env_vars = { TF_VAR_name = "env_vars" }'),
            {"TF_VAR_name": "caller"},
            (),
            "env_vars",
            id="env_vars win over the caller's",
        ),
        pytest.param(
            extra('env_vars = { TF_VAR_name = "env_vars" }'),
            {},
            ("terraform.tfvars",),
            "terraform.tfvars",
            id="terraform.tfvars wins over every environment variable",
        ),
        pytest.param("", {}, ("terraform.tfvars", "a.auto.tfvars"), "auto.tfvars", id="automatic files win over it"),
        pytest.param(extra(REQUIRED), {}, ("a.auto.tfvars", "one.tfvars"), "one", id="required files win over those"),
        pytest.param(
            extra(REQUIRED, 'optional_var_files = ["two.tfvars", "missing.tfvars"]'),
            {},
            ("one.tfvars", "two.tfvars"),
            "two",
            id="optional files come after required ones",
        ),
        pytest.param(
            extra('arguments = ["-var", "name=var"]', REQUIRED),
            {},
            ("one.tfvars",),
            "one",
            id="files of a block come after its arguments",
        ),
        pytest.param(
            extra(REQUIRED) + "\n" + extra('arguments = ["-var=name=last"]', name="y"),
            {},
            ("one.tfvars",),
            "last",
            id="later blocks win",
        ),
        pytest.param(
            extra('arguments = ["-var-file=one.tfvars", "-var-file", "two.tfvars"]'),
            {},
            ("one.tfvars", "two.tfvars"),
            "two",
            id="files as arguments, in both spellings",
        ),
        pytest.param(
            extra('required_var_files = ["one.tfvars", "two.tfvars", "one.tfvars"]'),
            {},
            ("one.tfvars", "two.tfvars"),
            "one",
            id="of a file that is named twice the last mention counts",
        ),
        pytest.param(
            extra(REQUIRED, commands="get_terraform_commands_that_need_vars()"),
            {},
            ("one.tfvars",),
            "one",
            id="commands from the function",
        ),
        pytest.param(
            extra(REQUIRED, commands='["destroy"]'), {}, ("one.tfvars",), "inputs", id="a block of other commands"
        ),
    ],
)
def test_c10_variables_have_the_precedence_of_terragrunt(unit, block, env, files, expected):
    tree = unit(block, files={name: FILES[name] for name in files})

    assert tree.inputs("vpc", **env)["name"] == expected
    assert tree.errors(**env) == []


@pytest.mark.parametrize(
    ("text", "expected"), [("[1, 2]", [1, 2]), ('jsonencode("x")', None), ("{", None)], ids=["list", "call", "broken"]
)
def test_c10_a_text_for_a_list_is_an_expression_as_in_an_environment_variable(unit, text, expected):
    tree = unit(inputs='name = "x"')

    if expected is None:
        (error,) = tree.errors(TF_VAR_list=text)
        assert "Text is no value of the variable's type" in error
    else:
        assert tree.inputs("vpc", TF_VAR_list=text)["list"] == expected


def test_c10_variables_of_extra_arguments_are_inputs_that_the_module_requires(unit):
    tree = unit(extra(REQUIRED), inputs="", files={"one.tfvars": FILES["one.tfvars"]})

    assert tree.errors() == []


def test_c10_extra_arguments_of_an_included_file_are_merged_by_name(tree):
    tree.write({"modules/thing/main.tf": MODULE})
    arguments = 'extra_arguments "{}" {{\n  commands = ["plan"]\n  arguments = ["-var=name={}"]\n}}\n'
    root = "terraform {\n" + arguments.format("same", "root") + arguments.format("other", "other") + "}\n"
    tree.write({"live/root.hcl": root})
    block = arguments.format("same", "own")
    tree.write(
        {
            AT: f'include {{\n  path = find_in_parent_folders("root.hcl")\n}}\nterraform {{\n'
            f'  source = "{tree.root}/modules//thing"\n{block}}}\n'
        }
    )

    unit = tree.evaluate("vpc")

    assert [block.name for block in unit.behaviour.arguments] == ["same", "other"]
    assert unit.inputs["name"] == "other"


@pytest.mark.parametrize(
    ("argument", "hint"),
    [
        ("-target=aws_x.y", "A part of a unit would be planned, and what is planned would not be what is applied."),
        ("-replace=aws_x.y", "It would replace the resource at every run"),
        ("-refresh=false", "Without a refresh what is planned would not be what is applied."),
        ("-state=x", "the state is where remote_state says; write it there."),
        ("-out=plan", "platformctl keeps plans itself (plan --out)"),
        ("-destroy", "Every apply would destroy the unit. Use platformctl destroy."),
        ("-backend-config=x", "the state is where remote_state says; write it there."),
        ("-lock-timeot=1m", 'Did you mean "lock-timeout"?'),
    ],
)
def test_c10_arguments_that_break_the_contract_are_refused_with_their_place(unit, argument, hint):
    (error,) = unit(extra(f'arguments = ["{argument}"]')).errors()

    assert error.startswith(f"{AT}:5:15: Argument is not supported.")
    assert hint in error


@pytest.mark.parametrize("argument", ["-compact-warnings", "-lock=false", "-upgrade", "-json=false"])
def test_c10_arguments_without_effect_are_a_warning(unit, argument):
    tree = unit(extra(f'arguments = ["{argument}"]'))

    (warning,) = tree.warnings()

    assert warning.startswith(f"{AT}:5:15: Setting has no effect.")
    assert tree.errors() == []


@pytest.mark.parametrize("argument", ["-input=false", "-no-color", "-auto-approve", "-lock=true", "-refresh=true"])
def test_c10_arguments_that_platformctl_gives_anyway_are_fine(unit, argument):
    tree = unit(extra(f'arguments = ["{argument}"]'))

    assert (tree.errors(), tree.warnings()) == ([], [])


def test_c10_arguments_and_variables_for_the_processes_of_their_commands(unit):
    tree = unit(
        extra('arguments = ["-lock-timeout=20m"]', commands="get_terraform_commands_that_need_locking()")
        + "\n"
        + extra('arguments = ["-parallelism", "3"]', 'env_vars = { FOO = "bar" }', commands='["apply"]', name="y")
    )

    behaviour = tree.evaluate("vpc").behaviour

    assert behaviour.options("plan") == {"lock_timeout": "20m"}
    assert behaviour.options("apply") == {"lock_timeout": "20m", "parallelism": "3"}
    assert (behaviour.environment("plan"), behaviour.environment("apply")) == ({}, {"FOO": "bar"})


@pytest.mark.parametrize(
    ("block", "expected"),
    [
        (extra('arguments = ["-var=name=x"]', commands='["apply"]'), "Variables for apply alone"),
        (extra('required_var_files = ["missing.tfvars"]'), "File of variables not found"),
        (extra('env_vars = { TF_WORKSPACE = "x" }'), "Environment variable is not supported"),
        (extra("arguments = 5"), "Value has the wrong type"),
    ],
)
def test_c10_other_mistakes_are_named_with_their_place(unit, block, expected):
    (error,) = unit(block).errors()

    assert error.startswith(f"{AT}:")
    assert expected in error


def test_c10_a_block_whose_commands_never_run_is_a_warning(unit):
    (warning,) = unit(extra('arguments = ["-x"]', commands='["fmt"]')).warnings()

    assert "Its commands are none that platformctl runs." in warning


def test_the_commands_that_take_variables():
    """Terragrunt's list: https://terragrunt.gruntwork.io/docs/reference/hcl/functions/."""
    assert NEED_VARS == ("apply", "console", "destroy", "import", "plan", "push", "refresh")


def test_c10_a_variable_of_the_caller_that_replaces_an_input_is_a_warning(tree):
    tree.unit("app", 'inputs = { name = "app" }\n')
    (warning,) = tree.load(TF_VAR_name="caller").check()
    assert warning.severity is Severity.WARNING
    assert warning.detail == 'TF_VAR_name is set, and wins over the input "name" of unit "app", as under Terragrunt.'
    assert tree.load(TF_VAR_name="caller", PLATFORMCTL_IGNORE_TF_VAR="1").check() == []
