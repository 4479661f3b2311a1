"""One run of a command that works on units: its folder, its events, its progress on the screen, its signals."""

import signal
import time
from collections.abc import Callable, Collection, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType

from orchestrator.adapters.runs import RunFolder, new_run, read_durations, record_durations
from orchestrator.adapters.terraform.runner import Runner
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
from orchestrator.engine.operations import total
from orchestrator.errors import ExitCode
from orchestrator.model.schedule import Schedule
from orchestrator.model.status import Status


class _UrgedError(Exception):
    """Breaks off the reading of an answer that does not matter any more."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """A command at work. Events go to the screen at once, and to the run's folder once the run has one."""

    command: str
    asked: Request
    display: ProgressLines
    interrupt: Interrupt
    started: float
    runs: list[tuple[RunFolder, Deployment]] = field(default_factory=list)
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

    def confirm_cutting_short(self, running: tuple[str, ...]) -> bool:
        """Ask whether Terraform is really to be interrupted; where there is no terminal, whoever insists means it."""
        if not console.err.is_terminal:
            return True
        question = (
            f"{', '.join(running)} {'is' if len(running) == 1 else 'are'} still at work and will end in order. Interrupt "
            "Terraform instead? That is sooner, but a call to the cloud that is cut off may have made something that no "
            "state knows of (platformctl recover looks for it)."
        )
        with self.display.paused():
            self.interrupt.is_being_asked_about = True
            try:
                return console.ask(question, expected="interrupt", otherwise="anything else waits")
            except (EOFError, _UrgedError):
                # Whether it was urged the interrupt knows by itself.
                return False
            finally:
                self.interrupt.is_being_asked_about = False


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
    runner: Runner,
    *,
    work: Callable[[Path], Work],
    needs: Mapping[str, Collection[str]],
    parallelism: int,
) -> dict[str, Outcome]:
    """Work on units in parallel, each after those that it needs; returns how each ended.

    Args:
        opened: the command.
        deployment: whose units they are.
        runner: runs Terraform; told to come to an end when the user insists.
        work: makes the work on a unit, given the folder of the run's logs.
        needs: for each unit those that must have succeeded before it, in the order in which they are listed.
        parallelism: how many units to work on at once.

    """
    home, environment = deployment.asked.project.home, deployment.stack.environment
    run = new_run(home, suffix=deployment.asked.suffix)
    opened.subscribe(run.append)
    opened.runs.append((run, deployment))
    schedule = Schedule(needs, read_durations(home, command=opened.command, environment=environment))
    opened.emit(
        RunStarted(
            time=time.time(),
            run=run.id,
            command=opened.command,
            environment=environment,
            suffix=deployment.asked.suffix,
            target=str(deployment.asked.target),
            units=tuple(needs),
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
            work=work(run.logs),
            executor=pool,
            parallelism=parallelism,
            emit=opened.emit,
            clock=time.time,
            interrupt=opened.interrupt,
            stop_running=runner.interrupt,
            wind_down=runner.wind_down,
            confirm=opened.confirm_cutting_short,
        ).run()
    record_durations(home, command=opened.command, environment=environment, seconds=took)
    return outcomes


def finish(opened: Session, outcomes: dict[str, Outcome], *, failed: bool = False) -> ExitCode:
    """Say how the run ended, and note it in the register; returns the exit code that says the same.

    Args:
        opened: the command.
        outcomes: how each unit ended.
        failed: something went wrong that is no unit's failure.

    """
    code = ExitCode.OK
    if failed or any(outcome.status in {Status.FAILED, Status.SKIPPED} for outcome in outcomes.values()):
        code = ExitCode.FAILED
    if opened.interrupt:
        code = ExitCode.INTERRUPTED
    now = time.time()
    opened.emit(RunFinished(time=now, exit_code=int(code), seconds=now - opened.started, changes=total(outcomes)))
    for run, deployment in opened.runs:
        deployment.note_run(run=run.id, command=opened.command, exit_code=int(code))
        if code is not ExitCode.OK:
            console.err.print(f"report: {run.report_file}", markup=False, soft_wrap=True)
    return code


def _stopwatch(took: dict[str, float]) -> Callable[[Event], None]:
    def note(event: Event) -> None:
        if isinstance(event, UnitFinished) and event.status is Status.CHANGED:
            took[event.unit] = event.seconds

    return note


@contextmanager
def interruptible(interrupt: Interrupt) -> Iterator[None]:
    """Turn signals into requests to stop; the old handlers come back afterwards.

    The first SIGINT lets running units finish. A second one asks whether to cut them short; SIGTERM, with which CI systems
    announce that they will not wait, does so at once.
    """

    def ask_to_stop(number: int, _frame: FrameType | None) -> None:
        urgent = number == signal.SIGTERM
        interrupt.request(urgent=urgent)
        if urgent and interrupt.is_being_asked_about:
            # Reading from the terminal would go on after this handler.
            raise _UrgedError

    before = {number: signal.signal(number, ask_to_stop) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
