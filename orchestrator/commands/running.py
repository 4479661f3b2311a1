"""A command at work: its steps and events, the run that it records, and how it ended."""

import time
from collections.abc import Callable, Collection, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from orchestrator.commands.deployment import Deployment
from orchestrator.commands.operators import Operator
from orchestrator.commands.ports import Ports, Run, TerraformSession
from orchestrator.engine.environments import LastRun
from orchestrator.engine.events import Event, RunFinished, RunStarted, StepFinished, StepStarted, UnitFinished
from orchestrator.engine.execution import Execution, Outcome, Work
from orchestrator.engine.operations import total
from orchestrator.errors import ExitCode, PlatformctlError
from orchestrator.model.schedule import Schedule
from orchestrator.model.status import Status


class Activity:
    """A command at work. Events go to the operator at once, and to the run's folder once it exists."""

    def __init__(self, command: str, ports: Ports, operator: Operator) -> None:
        self.command = command
        self.operator = operator
        self.run: Run | None = None
        self.interrupted = False
        self._journal = ports.journal
        self._started = time.time()
        self._deployment: Deployment | None = None
        self._seconds: dict[str, float] = {}

    def emit(self, event: Event) -> None:
        """Pass an event to the operator, the run's folder and the record of durations."""
        self.operator.emit(event)
        if self.run is not None:
            self.run.append(event)
        if isinstance(event, UnitFinished) and event.status is Status.CHANGED:
            self._seconds[event.unit] = event.seconds

    @contextmanager
    def step(self, doing: str) -> Iterator[list[str]]:
        """Show a step while the block runs, then the results that the block appends to the list."""
        since = time.time()
        self.emit(StepStarted(time=since, text=doing))
        results: list[str] = []
        try:
            yield results
        finally:
            now = time.time()
            self.emit(StepFinished(time=now, text=" ".join(results), seconds=now - since))

    def work_on_units(
        self,
        deployment: Deployment,
        terraform: TerraformSession,
        *,
        work: Callable[[Path], Work],
        needs: Mapping[str, Collection[str]],
        parallelism: int,
        fail_fast: bool = False,
    ) -> dict[str, Outcome]:
        """Work on units in parallel, each after those that it needs; returns the outcomes.

        ``terraform``: is stopped if the operator insists. ``work``: makes the work on a unit, given the folder of the
        run's logs. ``needs``: the units that must have succeeded before each unit; reports list units in this order.
        ``fail_fast``: start nothing more after the first failure.
        """
        environment = deployment.stack.environment
        run = self._journal.new_run(deployment.suffix)
        self.run, self._deployment = run, deployment
        schedule = Schedule(needs, self._journal.durations(command=self.command, environment=environment))
        self.emit(
            RunStarted(
                time=time.time(),
                run=run.id,
                command=self.command,
                environment=environment,
                suffix=deployment.suffix,
                target=str(deployment.request.target),
                units=tuple(needs),
            )
        )
        with (
            self.operator.interruptible() as interrupt,
            ThreadPoolExecutor(max_workers=parallelism, thread_name_prefix="unit") as pool,
        ):
            outcomes = Execution(
                schedule=schedule,
                work=work(run.logs),
                executor=pool,
                parallelism=parallelism,
                fail_fast=fail_fast,
                emit=self.emit,
                clock=time.time,
                interrupt=interrupt,
                stop_running=terraform.runner.interrupt,
                wind_down=terraform.runner.wind_down,
                confirm=self.operator.confirm_interrupting,
            ).run()
            self.interrupted = bool(interrupt)
        self._journal.record_durations(command=self.command, environment=environment, seconds=self._seconds)
        return outcomes

    def finish(self, outcomes: Mapping[str, Outcome], *, failed: bool = False) -> ExitCode:
        """Report how the run ended, and record it in the register; returns the exit code.

        ``failed``: something failed apart from the units.
        """
        code = ExitCode.OK
        if failed or any(outcome.status in {Status.FAILED, Status.SKIPPED} for outcome in outcomes.values()):
            code = ExitCode.FAILED
        if self.interrupted:
            code = ExitCode.INTERRUPTED
        now = time.time()
        self.emit(RunFinished(time=now, exit_code=int(code), seconds=now - self._started, changes=total(outcomes)))
        if self.run is not None and self._deployment is not None:
            self._record(self.run, self._deployment, code)
            if code is not ExitCode.OK:
                self.operator.say(f"report: {self.run.report_file}")
        return code

    def _record(self, run: Run, deployment: Deployment, code: ExitCode) -> None:
        finished = datetime.now(UTC).isoformat(timespec="seconds")
        try:
            deployment.record_run(LastRun(id=run.id, command=self.command, finished=finished, exit_code=int(code)))
        except PlatformctlError as error:
            # How the run itself ended matters more.
            self.operator.say(f"platformctl list will not show this run: {error.summary}. {error.detail}")


@contextmanager
def activity(command: str, ports: Ports, operator: Operator) -> Iterator[Activity]:
    """Show a command at work until the block ends."""
    with operator.activity(command):
        yield Activity(command, ports, operator)
