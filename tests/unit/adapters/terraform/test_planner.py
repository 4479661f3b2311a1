"""The whole-stack plan's folder and commands, with a fake terraform: nothing outlives it (C3, C8)."""

import json
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from orchestrator.adapters.modules import Modules
from orchestrator.adapters.terraform.planner import StackPlanner
from orchestrator.adapters.workspaces import Workspaces
from orchestrator.engine.plan import PlannedChange
from orchestrator.errors import UsageError
from orchestrator.model.status import Action
from tests.fakes.errors import error_of
from tests.fakes.providers import FakeProviders

PLAN = {
    "format_version": "1.2",
    "resource_changes": [{"address": "module.vpc.aws_vpc.this", "mode": "managed", "change": {"actions": ["create"]}}],
}


@pytest.fixture
def planner(tmp_path, toolchain):
    return StackPlanner(
        toolchain=toolchain(),
        modules=Modules(tmp_path / "sources"),
        workspaces=Workspaces(root=tmp_path / "work"),
        providers=None,
        home=tmp_path / "home",
        parallelism=7,
    )


def written(planner, folder, units, states):
    return planner.write(folder, units, states, {unit.name: planner.render(unit) for unit in units})


@pytest.fixture
def units(tree):
    stack = tree.standard().load()
    return [stack.units[name].evaluate({}) for name in ("kms", "vpc")]


def test_c3_the_plan_is_read_and_its_folder_removed(planner, units, terraform):
    terraform.answer("show", json.dumps(PLAN))
    plan = planner.plan(units, {"kms": {"version": 4, "resources": [], "secret": "hunter2"}})
    assert plan.units == {"kms": (), "vpc": (PlannedChange(address="aws_vpc.this", action=Action.CREATE),)}
    init, planned, show = terraform.calls("init", "plan", "show")
    assert init["arguments"] == ["init", "-input=false", "-no-color", "-lockfile=readonly"]
    assert planned["arguments"] == [
        "plan",
        "-input=false",
        "-json",
        "-out=stack.tfplan",
        "-parallelism=7",
        "-lock=false",
    ]
    assert show["arguments"] == ["show", "-json", "stack.tfplan"]
    assert {"main.tf", "providers.tf", "terraform.tfstate", ".terraform.lock.hcl"} <= set(planned["files"])
    assert "backend.tf" not in planned["files"], "a plan to look at takes no lock and writes no state"
    assert list(planner.home.iterdir()) == []


def test_c8_the_folder_is_private(planner, units, tmp_path):
    folder = tmp_path / "plan"
    folder.mkdir()
    written(planner, folder, units, {"kms": {"version": 4, "resources": []}})
    assert (folder / "main.tf").stat().st_mode & 0o077 == 0
    assert (folder / "terraform.tfstate").stat().st_mode & 0o077 == 0


def test_c9_a_unit_is_planned_from_the_files_of_its_apply(planner, units, tmp_path, tree):
    folder = tmp_path / "plan"
    folder.mkdir()
    written(planner, folder, units, {})
    assert 'source = "./units/kms/kms"' in (folder / "main.tf").read_text()
    assert (folder / "units/kms/kms/main.tf").readlink() == tree.root / "modules/kms/main.tf"
    assert "provider" not in (folder / "units/kms/kms/provider.tf").read_text()
    assert "backend" not in (folder / "units/kms/kms/backend.tf").read_text()
    assert not (folder / "terraform.tfstate").exists()


def test_c9_a_file_that_depends_on_outputs_that_do_not_exist_yet_is_refused(planner, tree, terraform):
    tree.standard()
    text = 'generate "late" {\n  path = "late.tf"\n  if_exists = "error"\n  contents = "# ${dependency.kms.outputs.key_arn}"\n}\n'
    tree.unit("docs", 'dependency "kms" {\n  config_path = "../kms"\n}\n' + text)
    stack = tree.load()
    error = error_of(lambda: planner.plan([stack.units[name].evaluate({}) for name in ("kms", "docs")], {}), UsageError)
    assert error.detail == 'Unit "docs" generates late from outputs that do not exist yet.'
    assert terraform.calls() == []


@pytest.mark.parametrize("command", ["init", "plan", "show"])
def test_c8_the_folder_is_removed_after_a_failure_too(planner, units, terraform, command):
    terraform.answer("show", json.dumps(PLAN))
    diagnostic = {"type": "diagnostic", "diagnostic": {"severity": "error", "summary": "no such key"}}
    terraform.answer(command, diagnostic, code=1)
    error = error_of(lambda: planner.plan(units, {}))
    assert (error.summary, error.hint) == (f"terraform {command} of the whole stack failed", "Nothing was changed.")
    assert list(planner.home.iterdir()) == []


@pytest.mark.parametrize("command", ["init", "plan", "show"])
def test_a_failure_says_why(planner, units, terraform, command):
    """Whatever the command writes, a message or plain text, is its explanation."""
    terraform.answer("show", json.dumps(PLAN))
    terraform.answer(command, "Error: no such key", code=1)
    assert error_of(lambda: planner.plan(units, {})).detail == "Error: no such key"


ODD_PLANS = {
    "nothing": ([], "(no JSON). It printed: nothing."),
    "a banner alone": (["Welcome"], '(no JSON). It printed: "Welcome".'),
    "truncated": (['{"resource_changes": [{"address": "module'], "(Unterminated string"),
    "another document": ([{"values": {}, "resource_changes": 5}], "(Expected `array`, got `int`"),
    "of another stack": ([{"resource_changes": [{**PLAN["resource_changes"][0], "address": "module.x.a.b"}]}], "(module.x.a.b belongs to no unit)"),
    "without modules": ([{"resource_changes": [{**PLAN["resource_changes"][0], "address": "a.b"}]}], "(a.b is not in a module)"),
    "fields missing": ([{"resource_changes": [{"address": "module.vpc.a.b"}]}], "missing required field `change`"),
    "nested without end": (['{"a":' * 100_000], "(nested too deeply)"),
}  # fmt: skip


@pytest.mark.parametrize(("lines", "problem"), ODD_PLANS.values(), ids=ODD_PLANS)
def test_c5_a_plan_that_is_none_is_quoted_with_the_command(planner, units, terraform, lines, problem):
    terraform.answer("show", *lines)
    error = error_of(lambda: planner.plan(units, {}))
    assert error.summary == "Unexpected output of terraform"
    assert error.detail.startswith(f"{terraform.path} show -json stack.tfplan did not print a plan of the stack")
    assert problem in error.detail
    assert list(planner.home.iterdir()) == []


def test_c5_what_a_wrapper_prints_before_the_plan_is_ignored(planner, units, terraform):
    terraform.answer("show", "Welcome", json.dumps(PLAN))
    assert planner.plan(units, {}).units["vpc"][0].address == "aws_vpc.this"


def provider(text):
    contents = json.dumps(text)
    return f'generate "provider" {{\n  path = "provider.tf"\n  if_exists = "overwrite"\n  contents = {contents}\n}}\n'


STATE = {
    "version": 4,
    "outputs": {"key_arn": {"value": "arn:1", "type": "string"}},
    "resources": [
        {
            "mode": "managed",
            "type": "aws_kms_key",
            "name": "this",
            "provider": 'provider["registry.terraform.io/hashicorp/aws"]',
            "instances": [],
        }
    ],
}


def test_c3_other_provider_configurations_are_in_the_same_plan(planner, tree, terraform, tmp_path):
    tree.standard()
    tree.unit("docs", provider('provider "aws" { region = "eu-west-1" }'), module="kms")
    stack = tree.load()
    units = [stack.units[name].evaluate({}) for name in ("kms", "vpc", "docs")]
    terraform.answer("show", json.dumps(PLAN))
    assert planner.plan(units, {}).providers == 2
    (planned,) = terraform.calls("plan")
    assert "providers.tf" in planned["files"]
    folder = tmp_path / "written"
    folder.mkdir()
    assert written(planner, folder, units, {"kms": STATE, "docs": STATE}).providers == 2
    merged = json.loads((folder / "terraform.tfstate").read_text())
    aws = 'provider["registry.terraform.io/hashicorp/aws"]'
    assert {resource["module"]: resource["provider"] for resource in merged["resources"]} == {
        "module.kms": aws,
        "module.docs": f"{aws}.configuration2",
    }


def test_c3_the_outputs_of_the_modules_are_held_against_those_of_the_states(planner, units, tmp_path):
    folder = tmp_path / "plan"
    folder.mkdir()
    written(planner, folder, units, {"kms": STATE})
    text = (folder / "main.tf").read_text()
    assert 'output "kms__key_arn" {\n  value = module.kms.key_arn\n}' in text
    assert 'output "kms__password" {\n  sensitive = true\n' in text, "C8"
    merged = json.loads((folder / "terraform.tfstate").read_text())
    # The module declares password, too; Terraform kept none, so it was null. vpc has no state, and nothing to compare.
    assert merged["outputs"] == {"kms__key_arn": STATE["outputs"]["key_arn"]}


def test_c3_a_unit_that_an_output_alone_touches(planner, units, terraform):
    changes = {"kms__key_arn": {"actions": ["update"]}, "vpc__vpc_id": {"actions": ["no-op"]}}
    terraform.answer("show", json.dumps({"format_version": "1.2", "output_changes": changes}))
    plan = planner.plan(units, {})
    assert [name for name in plan.units if plan.touches(name)] == ["kms"]


def abandoned(planner, pid):
    """The folder of a plan, as a process leaves it that is killed."""
    folder = planner.home / f"plan-{pid}-x1y2z3"
    folder.mkdir(parents=True)
    (folder / "terraform.tfstate").write_text("hunter2")
    return folder


def test_c8_the_folder_of_a_plan_that_was_killed_is_removed_by_the_next_one(planner, units, terraform):
    with subprocess.Popen([sys.executable, "-c", ""]) as process:
        pass
    abandoned(planner, process.pid)
    terraform.answer("show", json.dumps(PLAN))
    planner.plan(units, {})
    assert list(planner.home.iterdir()) == []


@pytest.mark.parametrize("pid", [os.getpid(), 1, "dated", ""], ids=["ours", "of another user", "no number", "none"])
def test_c8_what_may_still_be_at_work_is_left_alone(planner, units, terraform, pid):
    folder = abandoned(planner, pid)
    terraform.answer("show", json.dumps(PLAN))
    planner.plan(units, {})
    assert list(planner.home.iterdir()) == [folder]


def test_c8_the_name_of_the_folder_tells_whose_it_is(planner, units, terraform):
    terraform.answer("show", json.dumps(PLAN))
    planner.plan(units, {})
    (planned,) = terraform.calls("plan")
    assert Path(planned["folder"]).name.startswith(f"plan-{os.getpid()}-")


def test_one_shared_provider_serves_the_whole_plan(planner, units, terraform):
    terraform.answer("show", json.dumps(PLAN))
    attached = FakeProviders()
    replace(planner, providers=attached).plan(units, {})
    assert attached.configurations == ['region = "us-east-1"']
    assert all(call["environment"]["TF_REATTACH_PROVIDERS"] == "{}" for call in terraform.calls("init", "plan", "show"))


def test_c8_secrets_are_in_no_argument_and_no_variable(planner, tree, terraform):
    terraform.answer("show", json.dumps({"format_version": "1.2"}))
    stack = tree.standard().load()
    unit = stack.units["api"].evaluate({"kms": {"password": "hunter2"}, "vpc": {"vpc_id": "v"}})
    state = {"version": 4, "resources": [], "outputs": {"p": {"value": "hunter2", "sensitive": True}}}
    planner.plan([unit], {"api": state})
    calls = terraform.calls()
    assert "hunter2" not in json.dumps([[call["arguments"], call["environment"]] for call in calls])
    assert not any(b"hunter2" in path.read_bytes() for path in Path(planner.home).rglob("*") if path.is_file())


def test_units_with_different_providers_share_no_process(planner, tree, terraform):
    """A provider process has one configuration at a time: the last one that it was given."""
    tree.standard()
    tree.unit("docs", provider('provider "aws" { region = "eu-west-1" }'), module="kms")
    stack = tree.load()
    terraform.answer("show", json.dumps(PLAN))
    attached = FakeProviders()
    replace(planner, providers=attached).plan([stack.units[name].evaluate({}) for name in ("kms", "vpc", "docs")], {})
    assert attached.configurations == []
    assert not any("TF_REATTACH_PROVIDERS" in call["environment"] for call in terraform.calls())
