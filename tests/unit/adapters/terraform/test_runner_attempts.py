"""What becomes of attempts that fail: those that pass are repeated, and a Terraform that died is told (C5, C6)."""

import os
import re
import signal
import threading
from dataclasses import replace

import pytest

from orchestrator.adapters.processes import Processes, living
from orchestrator.adapters.terraform.retries import transient_reason, wait_before
from orchestrator.config.arguments import ExtraArguments, GivenArgument
from orchestrator.config.behaviour import Behaviour, RetryRule
from orchestrator.engine.ports import Applied, Refusal, ResourceProgress, Retrying
from orchestrator.model.status import Changes


def diagnostic(detail, summary="creating EC2 Subnet"):
    return {"type": "diagnostic", "diagnostic": {"severity": "error", "summary": summary, "detail": detail}}


def complete(address):
    hook = {"resource": {"addr": address}, "action": "create", "elapsed_seconds": 1}
    return {"type": "apply_complete", "hook": hook}


def start(address, action="create"):
    return {"type": "apply_start", "hook": {"resource": {"addr": address}, "action": action}}


THROTTLED = diagnostic("api error RequestLimitExceeded: Request limit exceeded.")
BROKEN = diagnostic("api error VpcLimitExceeded: The maximum number of VPCs has been reached.")
DEPENDED_ON = diagnostic("api error DependencyViolation: has dependencies", summary="deleting EC2 Subnet")
REASON = "creating EC2 Subnet api error RequestLimitExceeded: Request limit exceeded."
PLAN = {"type": "change_summary", "changes": {"add": 1, "change": 0, "remove": 0, "operation": "plan"}}
KILLED = (
    "terraform apply was ended by SIGKILL, which platformctl did not send. The lock of its state may remain, and "
    "its last changes may be missing from the state. It was working on: delete aws_eip.old, create aws_subnet.this."
)


class Waits:
    """Does not wait, and notes for how long."""

    def __init__(self, *, interrupted=False) -> None:
        self.seconds, self.interrupted = [], interrupted

    def __call__(self, seconds):
        self.seconds.append(seconds)
        return self.interrupted


@pytest.fixture
def waits():
    return Waits()


@pytest.fixture
def bench(unit_bench, waits, terraform):
    terraform.answer("show", "{}")
    make = unit_bench.runner
    unit_bench.runner = lambda **settings: make(**({"pause": waits, "draw": lambda: 0.5} | settings))
    return unit_bench


def retries(bench):
    return [step for step in bench.told if isinstance(step, Retrying)]


def test_c5_what_passes_is_tried_again_and_all_that_was_done_is_counted(bench, terraform, waits):
    terraform.answer_once("apply", complete("aws_vpc.this"), THROTTLED, code=1)
    terraform.answer_once("apply", complete("aws_subnet.a"), complete("aws_subnet.b"), THROTTLED, code=1)
    terraform.answer("apply", complete("aws_subnet.c"))
    assert bench.apply() == Applied(succeeded=True, changes=Changes(add=4))
    assert waits.seconds == [5.0, 10.0]
    assert retries(bench) == [
        Retrying(attempt=2, seconds=5.0, reason=REASON),
        Retrying(attempt=3, seconds=10.0, reason=REASON),
    ]
    assert len(terraform.calls("init")) == 1
    assert f"# attempt 2 of 3 in 5.0 s: {REASON}" in bench.log.read_text().splitlines()


def test_c10_a_unit_has_rules_of_its_own_about_what_is_tried_again(bench, terraform, waits):
    rule = RetryRule(name="mine", errors=(re.compile("VpcLimitExceeded"),), attempts=4, seconds=7)
    terraform.answer("apply", BROKEN, code=1)
    unit = replace(bench.unit(), behaviour=Behaviour(retries=(rule,)))
    assert not bench.apply(unit).succeeded
    assert (len(terraform.calls("apply")), waits.seconds) == (4, [7, 7, 7])


def test_c10_arguments_and_environment_of_a_unit_reach_its_commands(bench, terraform):
    block = ExtraArguments(
        name="x",
        commands=frozenset({"apply"}),
        arguments=(
            GivenArgument(name="lock-timeout", value="7s"),
            GivenArgument(name="parallelism", value="3"),
        ),
        files=(),
        environment={"REGION": "x", "TF_VAR_cidr": "an input"},
        range=None,
    )
    assert bench.apply(replace(bench.unit(), behaviour=Behaviour(arguments=(block,)))).succeeded
    (init,), (apply,) = terraform.calls("init"), terraform.calls("apply")
    assert {"-lock-timeout=7s", "-parallelism=3"} <= set(apply["arguments"])
    assert apply["environment"]["REGION"] == "x"
    assert "TF_VAR_cidr" not in apply["environment"]
    assert "REGION" not in init["environment"]


def test_c5_there_are_three_attempts_and_the_last_one_counts(bench, terraform, waits):
    terraform.answer("apply", complete("aws_vpc.this"), THROTTLED, code=1)
    applied = bench.apply()
    assert (applied.succeeded, applied.changes, len(applied.errors)) == (False, Changes(add=3), 1)
    assert (len(terraform.calls("apply")), len(waits.seconds)) == (3, 2)


@pytest.mark.parametrize(
    ("lines", "settings"),
    [
        ([BROKEN], {}),
        ([THROTTLED, BROKEN], {}),
        ([DEPENDED_ON], {}),
        ([], {}),
        ([diagnostic("SlowDown: x", summary="Error acquiring the state lock")], {}),
        ([THROTTLED], {"dies": signal.SIGKILL}),
    ],
)
def test_c5_everything_else_fails_at_once(bench, terraform, waits, lines, settings):
    terraform.answer("apply", *lines, code=1, **settings)
    assert not bench.apply().succeeded
    assert (len(terraform.calls("apply")), waits.seconds, retries(bench)) == (1, [], [])


def test_c5_what_still_depends_on_something_passes_while_it_is_destroyed(bench, terraform, waits):
    terraform.answer_once("apply", DEPENDED_ON, code=1)
    assert bench.apply(destroy=True).succeeded
    assert len(waits.seconds) == 1


def test_c5_an_init_that_could_not_reach_the_bucket_is_repeated(bench, terraform, waits):
    terraform.answer_once("init", "Error: read tcp: connection reset by peer", code=1)
    assert bench.apply().succeeded
    assert (len(terraform.calls("init")), len(waits.seconds)) == (2, 1)


def test_c3_a_repeated_attempt_is_planned_and_accepted_anew(bench, terraform):
    terraform.answer("plan", PLAN, code=2)
    terraform.answer_once("apply", complete("aws_vpc.this"), THROTTLED, code=1)
    terraform.answer("apply", complete("aws_subnet.a"))
    asked = []
    applied = bench.apply(accept=asked.append)
    assert applied == Applied(succeeded=True, changes=Changes(add=2))
    assert len(asked) == 2
    assert [call["arguments"][0] for call in terraform.calls("plan", "apply")] == ["plan", "apply"] * 2


def test_c3_a_repeated_attempt_that_is_refused_ends_it(bench, terraform, waits):
    terraform.answer("plan", PLAN, code=2)
    terraform.answer("apply", complete("aws_vpc.this"), THROTTLED, code=1)
    verdicts = iter([None, Refusal(reason="beyond what was approved")])
    applied = bench.apply(accept=lambda _changes: next(verdicts))
    assert applied == Applied(
        succeeded=False, refused=True, changes=Changes(add=1), errors=("beyond what was approved",)
    )
    assert len(waits.seconds) == 1


@pytest.mark.parametrize("ending", ["interrupted", "refused", "died"])
def test_c5_only_a_failure_of_its_own_is_repeated(ending):
    failed = Applied(succeeded=False, changes=Changes(), errors=("Throttling: Rate exceeded",))
    assert transient_reason(failed, destroy=False) == "Throttling: Rate exceeded"
    assert transient_reason(replace(failed, **{ending: True}), destroy=False) == ""
    assert transient_reason(replace(failed, errors=()), destroy=False) == ""


def test_c6_no_process_is_started_after_an_interrupted_wait(bench, terraform):
    terraform.answer("apply", THROTTLED, code=1)
    applied = bench.apply(runner=bench.runner(pause=Waits(interrupted=True)))
    assert (applied.succeeded, applied.interrupted) == (False, True)
    assert len(terraform.calls("apply")) == 1


def test_c6_an_interrupt_ends_the_wait_and_there_is_no_other_attempt(bench, terraform):
    terraform.answer("apply", complete("aws_vpc.this"), THROTTLED, code=1)
    runner = bench.runner(pause=None, draw=lambda: 1000)

    def report(progress):
        if isinstance(progress, Retrying):
            threading.Timer(0.05, runner.interrupt).start()

    applied = bench.apply(report=report, runner=runner)
    assert (applied.succeeded, applied.interrupted, applied.changes) == (False, True, Changes(add=1))
    assert len(terraform.calls("apply")) == 1


def test_c6_after_an_interrupt_nothing_is_repeated(bench, terraform, waits):
    runner = bench.runner()
    terraform.answer("apply", complete("aws_vpc.this"), THROTTLED, code=1)

    def report(progress):
        if isinstance(progress, ResourceProgress):
            # It comes as the process ends: too late to be sent to it.
            runner.toolchain.processes._interrupted.set()

    assert bench.apply(report=report, runner=runner).interrupted
    assert waits.seconds == []


@pytest.mark.parametrize(
    ("attempt", "drawn", "seconds"),
    [(2, 0.0, 0.0), (2, 1.0, 10.0), (3, 1.0, 20.0), (4, 1.0, 40.0), (5, 1.0, 60.0), (50, 0.5, 30.0)],
)
def test_waits_are_drawn_from_bounds_that_double_up_to_a_minute(attempt, drawn, seconds):
    assert wait_before(attempt, draw=lambda: drawn) == seconds


def test_waits_are_random():
    drawn = {wait_before(3) for _ in range(20)}
    assert len(drawn) > 1
    assert all(0 <= seconds < 20 for seconds in drawn)


def test_c5_a_terraform_that_was_killed_is_told_with_what_it_was_doing(bench, terraform, toolchain, tmp_path):
    """Killed for real, from outside."""
    records = tmp_path / "records"
    tools = toolchain()
    object.__setattr__(tools, "processes", Processes(records=records))
    terraform.answer(
        "apply",
        complete("aws_kms_key.this"),
        start("aws_vpc.this"),
        start("aws_eip.old", "delete"),
        start("aws_subnet.this"),
        complete("aws_vpc.this"),
        waits=["never"],
    )

    def report(progress):
        if progress == ResourceProgress(address="aws_vpc.this", action="create", seconds=1.0):
            (child,) = living(records)
            assert (child.command, child.unit, child.log) == ("apply", "vpc", bench.log)
            os.kill(child.pid, signal.SIGKILL)

    applied = bench.apply(report=report, runner=bench.runner(toolchain=tools))
    assert applied == Applied(succeeded=False, died=True, changes=Changes(add=2), errors=(KILLED,))
    assert list(records.iterdir()) == []


@pytest.mark.parametrize("command", ["init", "plan", "apply"])
def test_c5_every_command_can_die(bench, terraform, command):
    terraform.answer("plan", PLAN, code=2)
    terraform.answer(command, "last words", dies=signal.SIGKILL)
    applied = bench.apply(accept=lambda _changes: None)
    assert (applied.succeeded, applied.died, applied.interrupted) == (False, True, False)
    assert applied.errors[0].startswith(f"terraform {command} was ended by SIGKILL, which platformctl did not send.")


def test_c6_a_terraform_that_ends_by_our_interrupt_has_not_died(bench, terraform):
    runner = bench.runner()
    terraform.answer("apply", start("aws_vpc.this"), waits=["never"])

    def report(progress):
        if isinstance(progress, ResourceProgress):
            runner.interrupt()

    applied = bench.apply(report=report, runner=runner)
    assert (applied.died, applied.interrupted) == (False, True)
