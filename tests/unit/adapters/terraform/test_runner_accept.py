"""A unit whose own plan is put to somebody before it is applied: the plan is a contract (C3, C5, C6, C8)."""

import json
import signal
from pathlib import Path

import pytest

from orchestrator.engine.ports import Applied, Phase, Planned, Refusal, ResourceProgress
from orchestrator.model.status import Changes

PLAN_FILE = "platformctl.tfplan"


def planned_change(address, action, **more):
    resource = {"addr": address, "resource": address}
    return {"type": "planned_change", "change": {"resource": resource, "action": action} | more}


def summary(add=0, change=0, remove=0):
    return {"type": "change_summary", "changes": {"add": add, "change": change, "remove": remove, "operation": "plan"}}


PLAN = [
    {"type": "version", "terraform": "1.11.4"},
    planned_change("aws_vpc.this", "create"),
    planned_change("aws_eip.new", "update", previous_resource={"addr": "aws_eip.old"}),
    planned_change("data.aws_region.this", "read"),
    summary(add=1, change=1),
]
APPLY = [
    planned_change("aws_vpc.this", "create"),
    summary(add=1, change=1),
    {"type": "apply_start", "hook": {"resource": {"addr": "aws_vpc.this"}, "action": "create"}},
    {
        "type": "apply_complete",
        "hook": {"resource": {"addr": "aws_vpc.this"}, "action": "create", "elapsed_seconds": 1},
    },
]
SHOWN = {"format_version": "1.2", "resource_changes": []}


class Judge:
    """Decides on plans; notes what lay in the workspace meanwhile."""

    def __init__(self, root: Path, verdict=None) -> None:
        self.root, self.verdict = root, verdict
        self.asked = []
        self.files = []

    def __call__(self, changes):
        self.asked.append(changes)
        self.files.append(sorted(path.name for path in self.root.rglob("platformctl.*")))
        if isinstance(self.verdict, Exception):
            raise self.verdict
        return self.verdict


@pytest.fixture
def bench(unit_bench, terraform):
    terraform.answer("plan", *PLAN, code=2)
    terraform.answer("apply", *APPLY)
    terraform.answer("show", json.dumps(SHOWN))
    return unit_bench


@pytest.fixture
def judge(bench):
    return Judge(bench.root / "work")


def left(bench):
    return [path.name for path in (bench.root / "work").rglob("platformctl.*")]


def test_c3_the_plan_that_was_accepted_is_the_one_that_is_applied(bench, terraform, judge):
    assert bench.apply(accept=judge) == Applied(succeeded=True, changes=Changes(add=1))
    assert judge.asked == [SHOWN]
    plan, show, apply = (call["arguments"] for call in terraform.calls("plan", "show", "apply"))
    assert show == ["show", "-json", PLAN_FILE]
    assert plan == [
        "plan",
        "-json",
        f"-out={PLAN_FILE}",
        "-detailed-exitcode",
        "-input=false",
        "-parallelism=40",
        "-lock-timeout=60s",
    ]
    assert apply == ["apply", "-json", "-input=false", "-parallelism=40", "-lock-timeout=60s", PLAN_FILE]
    assert bench.told == [
        Phase(name="init"),
        Phase(name="plan"),
        Planned(changes=Changes(add=1, change=1)),
        Phase(name="apply"),
        ResourceProgress(address="aws_vpc.this", action="create"),
        ResourceProgress(address="aws_vpc.this", action="create", seconds=1.0),
    ]


def test_a2_a_destroy_is_planned_and_accepted_too(bench, terraform, judge):
    terraform.answer("plan", planned_change("aws_vpc.this", "delete"), summary(remove=1), code=2)
    assert bench.apply(destroy=True, accept=judge).succeeded
    assert judge.asked == [SHOWN]
    plan, apply = (call["arguments"] for call in terraform.calls("plan", "apply"))
    assert plan[:3] == ["plan", "-json", "-destroy"]
    assert "-destroy" not in apply, "a saved plan knows what it is"
    assert [step.name for step in bench.told if isinstance(step, Phase)] == ["init", "plan", "destroy"]


def test_c3_what_is_refused_is_not_applied(bench, terraform, judge):
    judge.verdict = Refusal(reason="aws_eip.new would be moved, and that was not approved")
    assert bench.apply(accept=judge) == Applied(
        succeeded=False, refused=True, changes=Changes(), errors=(judge.verdict.reason,)
    )
    assert terraform.calls("apply") == []
    assert left(bench) == []


def test_c8_inputs_and_plan_are_private_and_there_only_while_they_are_read(bench, terraform, judge):
    bench.apply(accept=judge)
    plan, apply = terraform.calls("plan", "apply")
    assert json.loads(plan["inputs"])["password"] == "hunter2"
    assert (plan["inputs_mode"], plan["plan_mode"]) == ("-rw-------", "-rw-------")
    assert judge.files == [[PLAN_FILE]]
    assert (apply["inputs"], apply["plan_mode"]) == (None, "-rw-------")
    assert left(bench) == []


def test_c8_the_plan_is_gone_while_terraform_still_applies_it(bench, terraform, judge):
    """Applying takes long, and platformctl may be killed meanwhile."""
    seen = []

    def report(progress):
        if isinstance(progress, ResourceProgress):
            seen.append(left(bench))
            terraform.go()

    terraform.answer("apply", *APPLY[:3], waits=APPLY[3:])
    assert bench.apply(report=report, accept=judge).succeeded
    assert seen == [[], []]


@pytest.mark.parametrize("fails", ["plan", "show", "apply", "accept", "odd", "dies"])
def test_c8_nothing_is_left_behind_however_it_ends(bench, terraform, judge, fails):
    if fails == "accept":
        judge.verdict = KeyError("a broken judge")
        with pytest.raises(KeyError, match="a broken judge"):
            bench.apply(accept=judge)
    elif fails == "odd":
        judge.verdict = ValueError("no plan")
        (error,) = bench.apply(accept=judge).errors
        assert "show -json platformctl.tfplan did not print a plan (no plan)" in error
        assert terraform.calls("apply") == []
    else:
        command = "apply" if fails == "dies" else fails
        terraform.answer(command, "boom", code=1, dies=signal.SIGKILL if fails == "dies" else None)
        assert not bench.apply(accept=judge).succeeded
    assert left(bench) == []


def test_a_plan_that_an_earlier_run_left_is_not_used(bench, terraform, judge):
    bench.apply(accept=judge)
    folder = Path(terraform.calls("plan")[0]["folder"])
    (folder / PLAN_FILE).write_text("old")
    (folder / PLAN_FILE).chmod(0o644)
    bench.apply(accept=judge)
    assert terraform.calls("plan")[1]["plan_mode"] == "-rw-------"


def test_c4_with_nothing_to_do_no_second_process_is_started(bench, terraform, judge):
    terraform.answer("plan", summary(), code=0)
    assert bench.apply(accept=judge) == Applied(succeeded=True, changes=Changes())
    assert judge.asked == []
    assert terraform.calls("apply") == []
    assert bench.told[-1] == Planned(changes=Changes())


@pytest.mark.parametrize(
    ("answer", "destroy"),
    [
        ({"lines": [summary()], "code": 2}, False),
        ({"lines": [{"type": "resource_drift", "change": {}}, summary()], "code": 0}, False),
        ({"lines": [summary()], "code": 0}, True),
    ],
    ids=["an output has changed", "something has vanished from the cloud", "everything has vanished from the cloud"],
)
def test_a_plan_without_resources_that_the_state_needs_is_applied(bench, terraform, judge, answer, destroy):
    terraform.answer("plan", *answer["lines"], code=answer["code"])
    assert bench.apply(accept=judge, destroy=destroy).succeeded
    assert len(terraform.calls("apply")) == 1


def test_c5_a_plan_that_fails_is_explained_and_put_to_nobody(bench, terraform, judge):
    diagnostic = {"severity": "error", "summary": "Invalid value", "detail": "No such zone."}
    terraform.answer("plan", {"type": "diagnostic", "diagnostic": diagnostic}, code=1)
    assert bench.apply(accept=judge) == Applied(
        succeeded=False, changes=Changes(), errors=("Invalid value\nNo such zone.",)
    )
    assert (judge.asked, terraform.calls("apply")) == ([], [])


def test_c5_a_crash_that_looks_like_a_plan_with_changes_is_none(bench, terraform, judge):
    """The Go runtime ends a program that panics with 2, as plan ends when there are changes."""
    terraform.answer("plan", "fatal error: concurrent map writes", code=2)
    applied = bench.apply(accept=judge)
    assert (applied.succeeded, applied.errors) == (False, ("fatal error: concurrent map writes",))
    assert judge.asked == []


@pytest.mark.parametrize(
    ("lines", "quoted"),
    [
        ([], "nothing"),
        (["Welcome"], '"Welcome"'),
        ([{"type": "version"}], "nothing"),
        (['{"type": "apply_'], '{"type": "****"'),
    ],
    ids=["nothing", "a banner", "no summary", "truncated"],
)
def test_c5_a_command_that_succeeds_and_makes_no_plan_is_quoted_with_its_log(bench, terraform, judge, lines, quoted):
    terraform.answer("plan", *lines)
    applied = bench.apply(accept=judge)
    assert (applied.succeeded, judge.asked, terraform.calls("apply")) == (False, [], [])
    (error,) = applied.errors
    assert error.startswith(f"{terraform.path} plan -json did not print a plan. It printed: ")
    assert quoted in error
    assert f"The log is {bench.log}." in error


@pytest.mark.parametrize("with_plan", [True, False])
def test_c5_an_apply_that_says_nothing_has_not_succeeded(bench, terraform, judge, with_plan):
    terraform.answer("apply", "Welcome")
    applied = bench.apply(accept=judge if with_plan else None)
    assert not applied.succeeded
    assert 'apply -json did not print what it applied. It printed: "Welcome".' in applied.errors[0]


def test_c5_a_plan_that_went_stale_is_explained(bench, terraform, judge):
    stale = {"severity": "error", "summary": "Saved plan is stale", "detail": "The given plan file can no longer ..."}
    terraform.answer("apply", {"type": "diagnostic", "diagnostic": stale}, code=1)
    (text,) = bench.apply(accept=judge).errors
    assert text == (
        "Saved plan is stale: somebody else changed this unit's state after it was planned, so the accepted plan is "
        "outdated. Nothing of it was applied. Run the same command again."
    )


def test_c6_after_an_interrupt_a_plan_is_neither_put_to_anybody_nor_applied(bench, terraform, judge):
    runner = bench.runner()

    def report(progress):
        if isinstance(progress, Planned):
            # It comes as the process ends: too late to be sent to it.
            runner.toolchain.processes._interrupted.set()

    assert bench.apply(report=report, runner=runner, accept=judge) == Applied(
        succeeded=False, interrupted=True, changes=Changes()
    )
    assert (judge.asked, terraform.calls("apply"), left(bench)) == ([], [], [])
