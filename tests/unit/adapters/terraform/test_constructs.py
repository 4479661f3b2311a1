"""Hooks, extra arguments and environment variables of units, planned and applied by the real Terraform (C1, C9, C10)."""

import os
import shutil
import subprocess

import pytest

from orchestrator.config import LocalSource, Surroundings
from orchestrator.errors import PlatformctlError, UsageError
from tests.fakes.errors import error_of
from tests.fakes.local_stack import LocalStack
from tests.fakes.programs import FakePrograms

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(shutil.which("terraform") is None, reason="there is no terraform on the PATH"),
]


@pytest.fixture
def stack(tmp_path):
    """A stack whose programs may run."""
    made = LocalStack(tmp_path)
    made.tree.surroundings = Surroundings(programs=FakePrograms())
    return made


def unit(stack, block, module='resource "terraform_data" "own" {}', rest=""):
    stack.unit("a", module)
    source = f'source = "{stack.tree.root}/modules//a"'
    head = 'include "root" {\n  path = find_in_parent_folders("root.hcl")\n}\n'
    return stack.write({"live/dev/a/terragrunt.hcl": f"{head}terraform {{\n  {source}\n{block}\n}}\n{rest}"})


def hook(kind, execute, commands='["plan", "apply"]', more=""):
    return f'{kind} "{kind}" {{\n  commands = {commands}\n  execute  = {execute}\n  {more}\n}}\n'


def log(stack):
    return (stack.folder / "logs" / "a.log").read_text()


READS = 'output "text" { value = file("made.txt") }'


def test_c10_a_file_that_a_hook_makes_is_planned_and_applied(stack):
    unit(stack, hook("before_hook", '["sh", "-c", "echo $TF_VAR_name > made.txt"]'), f'variable "name" {{}}\n{READS}')
    stack.write(
        {
            "live/dev/a/terragrunt.hcl": stack.tree.root.joinpath("live/dev/a/terragrunt.hcl").read_text()
            + 'inputs = { name = "x" }\n'
        }
    )

    stack.up()

    assert stack.values("a") == {"text": "x\n"}
    assert stack.destroy("a").error == ""
    assert 'before_hook "before_hook" of apply: sh -c echo $TF_VAR_name > made.txt' in log(stack)
    assert not list(stack.tree.root.rglob("made.txt"))


def test_c10_a_configuration_file_that_a_hook_copies_belongs_to_the_unit(stack):
    copied = 'resource "terraform_data" "copied" {}\noutput "b" { value = "b" }\n'
    stack.write({"live/common.tf": copied})
    unit(stack, hook("before_hook", '["cp", "${get_parent_terragrunt_dir("root")}/common.tf", "."]'))

    plan = stack.up()

    assert [change.address for change in plan.units["a"]] == ["terraform_data.copied", "terraform_data.own"]
    assert stack.values("a") == {"b": "b"}


def test_c10_a_hook_that_fails_before_the_plan_stops_it_and_shows_its_output(stack):
    unit(stack, hook("before_hook", '["sh", "-c", "echo no luck; exit 3"]'))

    error = error_of(stack.plan, PlatformctlError)

    assert error.summary == "A hook failed"
    assert error.detail == 'before_hook "before_hook" ended with exit code 3: sh -c echo no luck; exit 3\nno luck'


def test_c10_hooks_of_apply_run_around_it_and_a_failure_of_one_fails_the_unit(stack):
    only = '["apply"]'
    unit(
        stack,
        hook("before_hook", '["sh", "-c", "echo before $TG_CTX_COMMAND"]', only)
        + hook("after_hook", '["sh", "-c", "echo after $TG_CTX_HOOK_NAME; exit 1"]', only)
        + hook("error_hook", '["echo", "told"]', only, 'on_errors = [".*exit code 1.*"]'),
    )

    outcome = stack.apply(stack.plan())["a"]

    assert (
        outcome.error
        == 'after_hook "after_hook" ended with exit code 1: sh -c echo after $TG_CTX_HOOK_NAME; exit 1\nafter after_hook'
    )
    lines = log(stack).splitlines()
    assert lines.index("before apply") < lines.index("after after_hook") < lines.index("told")


def test_c10_a_missing_program_of_a_hook_is_named(stack):
    unit(stack, hook("before_hook", '["no-such-program"]', '["apply"]'))

    outcome = stack.apply(stack.plan())["a"]

    assert 'before_hook "before_hook" could not be run: No such file or directory: no-such-program' in outcome.error


def test_c10_variables_of_extra_arguments_are_planned_and_applied(stack):
    unit(
        stack,
        'extra_arguments "x" {\n  commands = get_terraform_commands_that_need_vars()\n'
        '  required_var_files = ["one.tfvars"]\n  arguments = ["-lock-timeout=7s", "-compact-warnings"]\n}',
        'variable "name" { type = string }\nresource "terraform_data" "own" { input = var.name }\n'
        'output "name" { value = terraform_data.own.output }',
    )
    stack.write({"live/dev/a/one.tfvars": 'name = "from the file"\n'})

    stack.up()

    assert stack.values("a") == {"name": "from the file"}


def test_c10_units_that_need_different_environments_are_not_planned_in_one_process(stack):
    for name in ("a", "b"):
        stack.unit(name, 'resource "terraform_data" "own" {}')
        text = (stack.tree.root / f"live/dev/{name}/terragrunt.hcl").read_text()
        block = f'extra_arguments "x" {{\n  commands = ["plan"]\n  env_vars = {{ REGION = "{name}" }}\n}}\n'
        stack.write({f"live/dev/{name}/terragrunt.hcl": text.replace("terraform {", f"terraform {{\n{block}")})

    error = error_of(stack.plan, UsageError)

    assert error.detail == 'env_vars of "a" and "b" give REGION different values.'


def test_c10_terraform_checks_the_version_constraint(stack):
    unit(stack, "", rest='terraform_version_constraint = "< 1.0"\n')

    error = error_of(stack.plan, PlatformctlError)

    assert "required_version" in error.detail or "Unsupported Terraform Core version" in error.detail


def test_c10_an_ignored_error_is_a_success_with_a_warning(stack):
    broken = 'resource "terraform_data" "own" {\n  provisioner "local-exec" { command = "echo known bug; exit 1" }\n}'
    rules = 'errors {\n  ignore "bug" {\n    ignorable_errors = [".*local-exec.*"]\n    message = "never mind"\n    signals = { alert = false }\n  }\n}\n'
    unit(stack, "", broken, rules)

    outcome = stack.apply(stack.plan())["a"]

    assert (outcome.error, outcome.status.is_success) == ("", True)
    assert outcome.warnings[-1].startswith("never mind\n")
    assert (stack.workspaces.root / "a" / "a" / "error-signals.json").read_text() == '{\n  "alert": false\n}\n'


def test_c10_a_module_of_a_repository_is_planned_and_applied_like_a_local_one(stack, tmp_path, monkeypatch):
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", os.devnull)
    work = tmp_path / "work"
    (work / "net").mkdir(parents=True)
    (work / "net/main.tf").write_text(
        'module "inner" {\n  source = "../inner"\n  name   = var.name\n}\nvariable "name" { sensitive = true }\n'
        'output "name" {\n  value     = module.inner.name\n  sensitive = true\n}\n'
    )
    (work / "inner").mkdir()
    (work / "inner/main.tf").write_text(
        'variable "name" {}\nresource "terraform_data" "x" { input = var.name }\n'
        'output "name" { value = terraform_data.x.output }\n'
    )
    identity = ["-c", "user.name=t", "-c", "user.email=t@example.invalid"]
    for arguments in (["init", "--quiet"], ["add", "."], [*identity, "commit", "--quiet", "-m", "x"], ["tag", "v1"]):
        subprocess.run(["git", *arguments], cwd=work, check=True)
    stack.tree.surroundings = Surroundings(
        modules=lambda source: LocalSource(root=stack.modules.fetch(source), subdirectory=source.subdirectory)
    )
    stack.write(
        {
            "live/dev/a/terragrunt.hcl": 'include "root" {\n  path = find_in_parent_folders("root.hcl")\n}\n'
            f'terraform {{ source = "git::file://{work}//net?ref=v1&depth=1" }}\ninputs = {{ name = "x" }}\n'
        }
    )

    plan = stack.up()

    assert [change.address for change in plan.units["a"]] == ["module.inner.terraform_data.x"]
    assert stack.values("a") == {"name": "x"}


def test_c10_a_module_that_passes_provider_configurations_on_is_planned_and_applied(stack):
    required = 'terraform {\n  required_providers {\n    terraform = {\n      source = "terraform.io/builtin/terraform"\n      '
    stack.write(
        {
            "modules/a/inner/main.tf": f"{required}configuration_aliases = [terraform.east]\n    }}\n  }}\n}}\n"
            'resource "terraform_data" "x" {\n  provider = terraform.east\n  input = 1\n}\n'
            'output "x" { value = terraform_data.x.output }\n'
        }
    )
    call = 'module "inner" {\n  source    = "./inner"\n  providers = { terraform.east = terraform }\n}\n'
    provider = f'{required}\n    }}\n  }}\n}}\nprovider "terraform" {{}}\n'
    stack.unit("a", f'{provider}{call}output "x" {{ value = module.inner.x }}')

    stack.up()

    assert {name: int(value) for name, value in stack.values("a").items()} == {"x": 1}
