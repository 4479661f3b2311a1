"""One run of a command that works on units: its folder, its events, its progress on the screen, its signals."""

import signal
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from types import FrameType

from orchestrator.adapters.runs import new_run, read_durations, record_durations
from orchestrator.adapters.terraform.provider import SharedProviders
from orchestrator.cli import console
from orchestrator.cli.deployment import Deployment, Request
from orchestrator.display.live import ProgressLines
from orchestrator.engine.events import (
    Event,
    Listener,
    RunFinished,
    RunStarted,
    StepFinished,
    StepStarted,
    UnitFinished,
    fan_out,
)
from orchestrator.engine.execution import Execution, Interrupt, Outcome, Work
from orchestrator.engine.operations import UnitWork, total
from orchestrator.errors import ExitCode
from orchestrator.model.schedule import Schedule
from orchestrator.model.status import Status


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """A command at work. Events go to the screen at once, and to the run's folder once the run has one."""

    command: str
    asked: Request
    display: ProgressLines
    interrupt: Interrupt
    started: float
    _listeners: list[Listener] = field(default_factory=list)

    def emit(self, event: Event) -> None:
        """Tell everyone."""
        fan_out(self._listeners)(event)

    @contextmanager
    def step(self, doing: str) -> Iterator[list[str]]:
        """Say what is going on while the block runs, and what came of it, if the block appends a text to the list."""
        since = time.time()
        self.emit(StepStarted(time=since, text=doing))
        said: list[str] = []
        try:
            yield said
        finally:
            now = time.time()
            self.emit(StepFinished(time=now, text=" ".join(said), seconds=now - since))

    def subscribe(self, listener: Listener) -> None:
        self._listeners.append(listener)


@contextmanager
def session(command: str, asked: Request) -> Iterator[Session]:
    """Begin a command that takes time: progress is shown until the block ends.

    Outside of ``run_units`` nothing is half done, so SIGINT and SIGTERM break the command off like any Python program.
    """
    display = ProgressLines(console=console.err, clock=time.time)
    interrupt = Interrupt()
    opened = Session(
        command=command,
        asked=asked,
        display=display,
        interrupt=interrupt,
        started=time.time(),
        _listeners=[display],
    )
    before = signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        with display.ticking():
            yield opened
    finally:
        signal.signal(signal.SIGTERM, before)


def run_units(
    opened: Session,
    deployment: Deployment,
    providers: SharedProviders | None,
    *,
    units: Sequence[str],
    parallelism: int,
    reverse: bool,
) -> dict[str, Outcome]:
    """Work on the units in dependency order, or in reverse; returns how each ended."""
    run = new_run(deployment.asked.project.home, suffix=deployment.asked.suffix)
    opened.subscribe(run.append)
    graph, environment = deployment.stack.graph, deployment.stack.environment
    needs = {name: (graph.dependents if reverse else graph.dependencies)[name] for name in units}
    home = deployment.asked.project.home
    schedule = Schedule(needs, read_durations(home, command=opened.command, environment=environment))
    runner = deployment.runner(providers)
    unit_work = UnitWork(outputs=deployment.outputs, terraform=runner, logs=run.logs)
    work: Work = unit_work.destroy if reverse else unit_work.up
    opened.emit(
        RunStarted(
            time=time.time(),
            run=run.id,
            command=opened.command,
            environment=environment,
            suffix=deployment.asked.suffix,
            target=str(deployment.asked.target),
            units=tuple(units),
        )
    )
    took: dict[str, float] = {}
    opened.subscribe(_stopwatch(took))
    with (
        interruptible(opened.interrupt),
        ThreadPoolExecutor(max_workers=parallelism, thread_name_prefix="unit") as pool,
    ):
        outcomes = Execution(
            schedule=schedule,
            work=work,
            executor=pool,
            parallelism=parallelism,
            emit=opened.emit,
            clock=time.time,
            interrupt=opened.interrupt,
            stop_running=runner.interrupt,
        ).run()
    record_durations(home, command=opened.command, environment=environment, seconds=took)
    return outcomes


def finish(opened: Session, outcomes: dict[str, Outcome]) -> ExitCode:
    """Say how the run ended; returns the exit code that says the same."""
    code = ExitCode.OK
    if any(outcome.status in {Status.FAILED, Status.SKIPPED} for outcome in outcomes.values()):
        code = ExitCode.FAILED
    if opened.interrupt:
        code = ExitCode.INTERRUPTED
    now = time.time()
    opened.emit(RunFinished(time=now, exit_code=int(code), seconds=now - opened.started, changes=total(outcomes)))
    return code


def _stopwatch(took: dict[str, float]) -> Callable[[Event], None]:
    def note(event: Event) -> None:
        if isinstance(event, UnitFinished) and event.status is Status.CHANGED:
            took[event.unit] = event.seconds

    return note


@contextmanager
def interruptible(interrupt: Interrupt) -> Iterator[None]:
    """Turn signals into requests to stop; the old handlers come back afterwards.

    The first SIGINT lets running units finish. A second one, and SIGTERM, with which CI systems announce that they will
    not wait, cut them short.
    """

    def ask_to_stop(number: int, _frame: FrameType | None) -> None:
        interrupt.request(urgent=number == signal.SIGTERM)

    before = {number: signal.signal(number, ask_to_stop) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
