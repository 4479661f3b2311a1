"""The whole-stack plan's folder and commands, with a fake terraform: nothing outlives it (C3, C8)."""

import json
from pathlib import Path

import pytest

from orchestrator.adapters.modules import Modules
from orchestrator.adapters.terraform.planner import StackPlanner
from orchestrator.engine.stack_plan import PlannedChange
from orchestrator.errors import PlatformctlError, UsageError

PLAN = {
    "format_version": "1.2",
    "resource_changes": [
        {"address": "module.vpc.aws_vpc.this", "mode": "managed", "change": {"actions": ["create"]}},
    ],
}


@pytest.fixture
def planner(tmp_path, toolchain):
    return StackPlanner(
        toolchain=toolchain(),
        modules=Modules(tmp_path / "sources"),
        providers=None,
        home=tmp_path / "home",
        parallelism=7,
    )


@pytest.fixture
def units(tree):
    stack = tree.standard().load()
    return [stack.units[name].evaluate({}) for name in ("kms", "vpc")]


def test_c3_the_plan_is_read_and_its_folder_removed(planner, units, terraform):
    terraform.answer("show", json.dumps(PLAN))
    plan = planner.plan(units, {"kms": {"version": 4, "resources": [], "secret": "hunter2"}})
    assert plan.units == {"kms": (), "vpc": (PlannedChange(address="aws_vpc.this", action="create"),)}
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
    assert {"main.tf", "provider.tf", "terraform.tfstate", ".terraform.lock.hcl"} <= set(planned["files"])
    assert "backend.tf" not in planned["files"], "a plan to look at takes no lock and writes no state"
    assert list(planner.home.iterdir()) == []


def test_c8_the_folder_is_private(planner, units, tmp_path):
    folder = tmp_path / "plan"
    folder.mkdir()
    planner.write(folder, units, {"kms": {"version": 4, "resources": []}})
    assert (folder / "main.tf").stat().st_mode & 0o077 == 0
    assert (folder / "terraform.tfstate").stat().st_mode & 0o077 == 0


def test_modules_are_read_where_they_lie(planner, units, tmp_path, tree):
    folder = tmp_path / "plan"
    folder.mkdir()
    planner.write(folder, units, {})
    assert f'source = "../{tree.root.name}/modules/kms"' in (folder / "main.tf").read_text()
    assert not (folder / "terraform.tfstate").exists()


@pytest.mark.parametrize("command", ["init", "plan", "show"])
def test_c8_the_folder_is_removed_after_a_failure_too(planner, units, terraform, command):
    terraform.answer("show", json.dumps(PLAN))
    diagnostic = {"type": "diagnostic", "diagnostic": {"severity": "error", "summary": "no such key"}}
    terraform.answer(command, diagnostic, code=1)
    with pytest.raises(PlatformctlError) as caught:
        planner.plan(units, {})
    error = caught.value
    assert (error.summary, error.hint) == (f"terraform {command} of the whole stack failed", "Nothing was changed.")
    assert list(planner.home.iterdir()) == []


@pytest.mark.parametrize("command", ["init", "plan", "show"])
def test_a_failure_says_why(planner, units, terraform, command):
    """Whatever the command writes, a message or plain text, is its explanation."""
    terraform.answer("show", json.dumps(PLAN))
    terraform.answer(command, "Error: no such key", code=1)
    with pytest.raises(PlatformctlError) as caught:
        planner.plan(units, {})
    assert caught.value.detail == "Error: no such key"


def test_units_that_cannot_be_planned_together_start_no_terraform(planner, tree, terraform):
    tree.standard()
    tree.unit(
        "docs",
        'generate "provider" {\n  path = "provider.tf"\n  if_exists = "overwrite"\n'
        '  contents = "provider \\"aws\\" {}"\n}\n',
    )
    stack = tree.load()
    with pytest.raises(UsageError, match="Units are configured with different providers"):
        planner.plan([stack.units[name].evaluate({}) for name in ("kms", "docs")], {})
    assert terraform.calls() == []
    assert list(planner.home.iterdir()) == []


class Attached:
    """Shared providers without processes."""

    holds = ()

    def __init__(self) -> None:
        self.configurations = []

    def reattach(self, configuration):
        self.configurations.append(configuration)
        return "{}"


def test_one_shared_provider_serves_the_whole_plan(planner, units, terraform):
    terraform.answer("show", json.dumps(PLAN))
    attached = Attached()
    StackPlanner(
        toolchain=planner.toolchain, modules=planner.modules, providers=attached, home=planner.home, parallelism=7
    ).plan(units, {})
    assert attached.configurations == ['region = "us-east-1"']
    assert all(call["environment"]["TF_REATTACH_PROVIDERS"] == "{}" for call in terraform.calls("init", "plan", "show"))


def test_c8_secrets_are_in_no_argument_and_no_variable(planner, tree, terraform):
    terraform.answer("show", json.dumps({"format_version": "1.2"}))
    stack = tree.standard().load()
    unit = stack.units["api"].evaluate({"kms": {"password": "hunter2"}, "vpc": {"vpc_id": "v"}})
    planner.plan([unit], {"api": {"version": 4, "resources": [], "outputs": {"p": "hunter2"}}})
    calls = terraform.calls()
    assert "hunter2" not in json.dumps([[call["arguments"], call["environment"]] for call in calls])
    assert not any(b"hunter2" in path.read_bytes() for path in Path(planner.home).rglob("*") if path.is_file())
