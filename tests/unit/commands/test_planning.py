"""Plan, up, drift and kept plans (C2, C3, C5, C7)."""

import shutil
from datetime import timedelta

import pytest

from orchestrator.commands import DeploymentRequest, Target, UpRequest, drift, outputs, plan, up
from orchestrator.commands.planning import require_fresh, require_same_request, subject
from orchestrator.engine.environments import Lifetime
from orchestrator.engine.ports import Applied
from orchestrator.errors import ExitCode, UsageError
from orchestrator.hcl.values import unmark
from orchestrator.model.status import Action, Changes
from tests.fakes.cloud import FakeLock
from tests.fakes.errors import error_of
from tests.fakes.terraform import Intended
from tests.fakes.world import OUTPUTS, plan_of, planned_change

UPDATE = planned_change("update")


@pytest.fixture
def world(world):
    """Everything is applied."""
    world.put("kms", "vpc", "api", "docs")
    return world


@pytest.fixture
def run(world):
    """Runs a command on pr42: run(plan), run(up, ...)."""

    def call(command, *only, **settings):
        request = UpRequest if command is up else DeploymentRequest
        return command(request(**{"suffix": "pr42", "only": only} | settings), world.ports, world.operator)

    return call


@pytest.mark.parametrize("command", [plan, up])
def test_c9_an_output_that_was_never_applied_is_not_null(world, run, command):
    """api reads kms' password, which the state does not have: only a plan of kms tells whether it is null or new."""
    world.put("kms", outputs={"key_arn": "arn:1"})
    world.planner.plan_made = plan_of(outputs=["kms"])
    error = error_of(lambda: run(command, "api"), UsageError)
    assert error.detail == (
        'Unit "api" reads output "password" of "kms", whose module declares it and whose state does not have it yet.'
    )
    assert error.hint.startswith("Apply it first: add --only kms,")
    assert ([names for names, _ in world.planner.planned], world.worked_on) == ([("kms",)], [])


def test_c9_an_output_that_is_null_is_null(world, run):
    world.put("kms", outputs={"key_arn": "arn:1"})
    run(plan, "api")
    assert [names for names, _ in world.planner.planned] == [("kms",), ("api",)]
    world.planner.planned.clear()
    run(plan)
    assert [names for names, _ in world.planner.planned] == [("docs", "kms", "vpc", "api")]


def steps(world):
    return [event.text for event in world.operator.events if type(event).__name__ == "StepStarted"]


@pytest.mark.parametrize(
    ("planned", "changes"),
    [
        (plan_of(), False),
        (plan_of(vpc=(UPDATE,)), True),
        (plan_of(vpc=(planned_change("move"),)), True),
        (plan_of(outputs=["kms"]), True),
    ],
    ids=["none", "an update", "a move alone", "an output alone"],
)
def test_c3_a_plan_tells_whether_anything_would_change(world, run, planned, changes):
    world.planner.plan_made = planned
    assert run(plan).has_changes is changes
    assert world.worked_on == []


def test_c3_everything_is_planned_together_against_the_states_that_there_are(world, run):
    del world.account.held_states.states["pr42/dev/api/terraform.tfstate"]
    result = run(plan)
    assert world.planner.planned == [(("docs", "kms", "vpc", "api"), ["docs", "kms", "vpc"])]
    assert result.order == ("docs", "kms", "vpc", "api")
    assert steps(world) == ["opening the local cloud", "planning 4 units"]


def test_c3_a_selection_is_planned_with_the_outputs_of_the_others(world, run):
    deployment = run(outputs).deployment
    run(plan, "vpc")
    assert world.planner.planned == [(("vpc",), ["vpc"])]
    (unit,) = subject(deployment, ["vpc"]).units
    assert unit.inputs == {"kms_key_arn": "arn:1"}
    assert steps(world)[-1] == "planning 1 unit"


@pytest.mark.parametrize("command", [plan, up])
def test_c7_a_selection_whose_dependencies_are_not_applied_is_refused(world, run, refused, command):
    world.account.held_states.states.clear()
    error = refused(run, command, "vpc", error=UsageError)
    assert error.detail == '"vpc" reads outputs of "kms", which has no state yet.'
    assert world.planner.planned == []


@pytest.mark.parametrize("command", [plan, up])
def test_b15_a_deployment_for_which_there_is_no_room_is_neither_planned_nor_applied(world, run, refused, command):
    world.platform.refusal = UsageError("It belongs to somebody else")
    assert refused(run, command) is world.platform.refusal
    assert (world.planner.planned, world.bucket.registered) == ([], {})


def test_c3_orphans_are_named_in_the_plan_and_before_an_up(world, run):
    world.put("old")
    assert run(plan).kept.orphans == ("old",)
    run(up)
    (summary,) = world.operator.shown
    assert (summary.orphans, summary.order) == (("old",), ("docs", "kms", "vpc", "api"))


def test_a_kept_plan_says_what_it_is_for(world, run):
    world.platform.wanted = {"account_settings": ("config",)}
    kept = run(plan, "kms").kept
    assert (kept.suffix, kept.environment, kept.target, kept.account) == ("pr42", "dev", "local", "123456789012")
    assert (kept.only, kept.account_settings, sorted(kept.basis.states)) == (("kms",), ("config",), ["kms"])


def test_c5_a_kept_plan_is_applied_without_another_one(world, run):
    world.planner.plan_made = plan_of(vpc=(UPDATE,))
    world.terraform.plans["vpc"] = (Intended("aws_x.y", Action.UPDATE),)
    kept = run(plan).kept
    world.planner.planned.clear()
    assert run(up, plan=kept).code is ExitCode.OK
    assert world.worked_on == ["vpc"], "what is as it should be is not even started"
    assert world.planner.planned == []


def test_c5_what_is_shown_is_what_is_approved(world, run):
    world.planner.plan_made = plan_of(vpc=(UPDATE,))
    world.terraform.plans["vpc"] = (Intended("aws_x.y", Action.REPLACE),)
    result = run(up)
    assert result.code is ExitCode.FAILED
    assert "replace aws_x.y" in result.outcomes["vpc"].error
    assert world.operator.lines == [f"report: {result.report_file}"]


@pytest.mark.parametrize("keep", [True, False])
def test_c5_a_unit_of_which_an_output_alone_changes_is_applied(world, run, keep):
    world.planner.plan_made = plan_of(outputs=["kms"])
    assert run(up, plan=run(plan).kept if keep else None).code is ExitCode.OK
    assert world.worked_on == ["kms"]


def test_c5_a_unit_that_was_never_applied_is_not_idle(world, run):
    """A module without resources and outputs leaves nothing to plan; its state has to be written once."""
    del world.account.held_states.states["pr42/dev/docs/terraform.tfstate"]
    assert run(up).code is ExitCode.OK
    assert world.worked_on == ["docs"]


STALE = {
    "unit docs has been applied or changed": lambda world: world.put("docs", document={"serial": 2}),
    "unit docs is configured differently": lambda world: world.tree.unit("docs", "inputs = {\n  a = 1\n}\n"),
    "units api, docs, kms, vpc have been applied or changed": lambda world: world.put(*OUTPUTS, document={"serial": 2}),
    "unit more is new": lambda world: world.tree.unit("more", module="docs"),
}


@pytest.mark.parametrize(("why", "happens"), STALE.items())
def test_c7_a_stale_plan_is_refused_and_nothing_is_run(world, run, refused, why, happens):
    kept = run(plan).kept
    happens(world)
    error = refused(run, up, plan=kept, plan_file="stack.plan", error=UsageError)
    assert (error.summary, error.detail) == (
        "The plan is stale",
        f"Since stack.plan was made at {kept.created}, {why}.",
    )
    assert error.hint == "Make another one with platformctl plan --out, and review it."
    assert (world.worked_on, world.bucket.registered, world.journal.runs) == ([], {}, [])


def test_c7_a_plan_is_stale_once_a_module_has_changed(world, run, refused):
    kept = run(plan).kept
    world.tree.write({"modules/docs/new.tf": "locals {}\n"})
    assert refused(run, up, plan=kept).detail.endswith(", unit docs is configured differently.")


@pytest.mark.parametrize(
    ("request_settings", "differing"),
    [
        ({"only": ("docs",)}, "--only all, not docs"),
        ({"suffix": "pr43"}, "suffix pr42, not pr43"),
        ({"environment": "prod"}, "environment dev, not prod"),
        ({"target": Target.AWS}, "target local, not aws"),
    ],
)
def test_c7_a_plan_for_something_else_is_refused(world, run, refused, request_settings, differing):
    world.tree.standard(environment="prod")
    kept = run(plan).kept
    error = refused(run, up, plan=kept, plan_file="stack.plan", error=UsageError, **request_settings)
    assert (error.summary, error.detail) == ("The plan is for something else", f"stack.plan was made for {differing}.")
    assert error.hint == "Give the options that it was made with, or make another plan."
    assert world.worked_on == []


def test_c7_every_difference_of_the_request_is_named_at_once(world, run, refused):
    kept = run(plan).kept
    same = run(outputs).deployment
    require_same_request(same, kept, file="stack.plan")
    require_fresh(kept, kept.basis, file="stack.plan")
    world.platform.wanted = {"account_settings": ("config",)}
    world.account.account_id = "210987654321"
    error = refused(require_same_request, run(outputs).deployment, kept, file="stack.plan")
    assert error.detail == (
        "stack.plan was made for account 123456789012, not 210987654321; --account-settings none, not config."
    )


def test_c7_the_order_of_a_selection_does_not_matter(run):
    assert run(up, "vpc", "kms", plan=run(plan, "kms", "vpc").kept).code is ExitCode.OK


def test_a_first_up_creates_the_bucket_registers_the_deployment_and_applies_in_order(world, run):
    world.account.held_states.states.clear()
    world.account.endpoint = "http://127.0.0.1:1"
    world.connector.running = world.bucket.present = False
    result = run(up, lifetime=Lifetime(span=timedelta(hours=8)), parallelism=1)
    assert (result.code, world.bucket.present) == (ExitCode.OK, True)
    assert (world.worked_on.index("kms") < world.worked_on.index("vpc") < world.worked_on.index("api")) is True
    inputs = {name: unmark(value) for name, value in world.terraform.inputs["api"].items()}
    assert inputs == {"vpc_id": "v", "password": "hunter2"}
    record = world.bucket.registered["pr42"]
    assert (record.units["api"], record.last_run.command, record.expires is None) == (("kms", "vpc"), "up", False)
    results = [event.text for event in world.operator.events if type(event).__name__ == "StepFinished"]
    assert results == [
        "local cloud runs on http://127.0.0.1:1",
        "Terraform 1.11.4, provider 5.100.0",
        "",
        "",
        "state bucket states created",
    ]
    assert world.journal.runs[0].events[0].units == ("docs", "kms", "vpc", "api")
    assert sorted(world.journal.durations(command="up", environment="dev")) == ["api", "docs", "kms", "vpc"]
    assert world.journal.history == ["local-pr42", "register of local"]


def test_a2_an_up_after_the_end_of_its_time_says_so(world, run):
    world.register(ttl=-1)
    run(up)
    assert "its time to live is over, so platformctl reap will destroy it; --ttl gives it another" in [
        getattr(event, "text", "") for event in world.operator.events
    ]


@pytest.mark.parametrize(
    ("target", "confirmed", "asks"), [("aws", False, True), ("aws", True, False), ("local", False, False)]
)
def test_a4_up_asks_on_aws_unless_it_is_confirmed(world, run, target, confirmed, asks):
    assert run(up, target=Target(target), confirmed=confirmed).code is ExitCode.OK
    assert [(question.word, question.text) for question in world.operator.questions] == asks * [
        (
            "pr42",
            (
                'Apply this to 4 units of environment dev, as "pr42", in AWS account 123456789012?\n'
                "(platformctl plan --suffix pr42 --env dev --target aws shows every resource.)"
            ),
        )
    ]


def test_a4_a_refusal_on_aws_changes_nothing(world, run, refused):
    world.operator.approves = False
    world.bucket.present = False
    assert refused(run, up, target=Target.AWS, error=UsageError).summary == "Not confirmed"
    assert (world.worked_on, world.bucket.present, world.bucket.registered) == ([], False, {})


def test_c6_on_aws_a_locked_deployment_is_refused_before_anything_is_planned(world, run, refused):
    world.locks.locks.append(FakeLock(name="kms", foreign=True))
    assert refused(run, up, target=Target.AWS).summary == "Units of this deployment are locked"
    assert world.planner.planned == []


def test_c5_a_failure_is_in_the_result_and_dependents_are_skipped(world, run):
    world.account.held_states.states.clear()
    world.terraform.ends["vpc"] = Applied(succeeded=False, changes=Changes(add=1), errors=("no room",))
    result = run(up)
    assert result.code is ExitCode.FAILED
    assert (str(result.outcomes["vpc"].status), result.outcomes["vpc"].error) == ("failed", "no room")
    assert str(result.outcomes["api"].status) == "skipped"
    assert world.bucket.registered["pr42"].last_run.exit_code == 1


@pytest.mark.parametrize(
    ("planned", "differs", "kinds"),
    [
        (plan_of(), False, {}),
        (plan_of(drift={"vpc": (UPDATE,)}), False, {"vpc": ["outside"]}),
        (
            plan_of(vpc=(planned_change("create"),), drift={"vpc": (planned_change("delete"),)}),
            True,
            {"vpc": ["deleted"]},
        ),
    ],
    ids=["none", "left open", "deleted"],
)
def test_c5_drift_tells_whether_anything_differs(world, run, planned, differs, kinds):
    world.planner.plan_made = planned
    result = run(drift)
    assert (bool(result.drift), result.environment, len(result.order)) == (differs, "dev", 4)
    assert {unit: [str(item.kind) for item in found] for unit, found in result.drift.units.items()} == kinds
    assert steps(world) == ["opening the local cloud", "looking at the resources of 4 units"]


@pytest.mark.parametrize("running", [True, False])
@pytest.mark.parametrize(("command", "rest"), [(drift, ", so nothing can have drifted."), (outputs, ".")])
def test_c7_what_is_not_deployed_is_named_with_the_command_that_deploys_it(world, run, refused, command, rest, running):
    world.account.held_states.states.clear()
    world.connector.running = running
    error = refused(run, command, error=UsageError)
    assert (error.summary, error.detail) == ("No such deployment", f'There is no "pr42" on the local cloud{rest}')
    assert (error.hint, world.planner.planned) == ("Deploy it: platformctl up --suffix pr42", [])
    assert not any(start for _, start in world.connector.connected)


def test_c8_secret_outputs_are_left_out_unless_asked_for(world, run):
    shutil.rmtree(world.tree.root / "live/dev/docs")
    assert dict(run(outputs).units) == {"kms": {"key_arn": "arn:1"}, "vpc": {"vpc_id": "v"}, "api": {}}
    request = DeploymentRequest(suffix="pr42")
    shown = outputs(request, world.ports, world.operator, show_sensitive=True)
    assert shown.units["kms"] == {"key_arn": "arn:1", "password": "hunter2"}
    assert "hunter2" not in repr(shown)
