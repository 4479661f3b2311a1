"""Drives a schedule: starts the units that are ready, records how they end, and emits events in one order.

The calling thread alone owns the schedule and emits events. Workers only put messages on one queue, so that any
``concurrent.futures.Executor`` that shares memory can run them.
"""

import queue
from collections.abc import Callable
from concurrent.futures import Executor, Future
from dataclasses import dataclass, field

from orchestrator.engine import events
from orchestrator.engine.ports import Phase, Planned, Progress, Reporter, ResourceProgress, Retrying
from orchestrator.model.schedule import Schedule
from orchestrator.model.status import Changes, Status

POLL_SECONDS = 0.1
"""How long the owner of the schedule waits for a message before it checks for an interrupt."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """How the work on one unit ended.

    ``error``: what went wrong, for people; empty unless the status is FAILED or CANCELLED. ``log``: the path of the log
    of the unit's Terraform commands. ``stops_run``: no further unit may start; running units finish. ``warnings``: what
    Terraform warned of.
    """

    status: Status
    changes: Changes = field(default_factory=Changes)
    error: str = ""
    log: str = ""
    stops_run: bool = False
    warnings: tuple[str, ...] = ()


Work = Callable[[str, Reporter], Outcome]
"""Works on the named unit in a worker thread and reports progress; an exception is a failure of the unit."""


@dataclass(slots=True)
class Interrupt:
    """Set by a signal handler, read by the owner of the schedule.

    After one request no further unit starts and running units finish, so that no resource is missing from its state. An
    urgent request interrupts running work in an orderly way. Requests are counted: a second one asks for more.
    """

    _requests: int = 0
    _urgent: bool = False

    def request(self, *, urgent: bool = False) -> None:
        """Ask to stop; safe to call in a signal handler."""
        self._requests += 1
        self._urgent = self._urgent or urgent

    @property
    def is_urgent(self) -> bool:
        return self._urgent

    @property
    def times(self) -> int:
        return self._requests

    def __bool__(self) -> bool:
        return self._requests > 0


@dataclass(frozen=True, slots=True)
class _Started:
    unit: str


@dataclass(frozen=True, slots=True)
class _Progressed:
    unit: str
    progress: Progress


@dataclass(frozen=True, slots=True)
class _Ended:
    unit: str
    future: "Future[Outcome]"


@dataclass(slots=True, kw_only=True)
class Execution:
    """One run of a schedule.

    Attributes:
        schedule: owned by the thread that calls ``run``.
        work: what is done with each unit, in a worker.
        emit: receives every event, in the calling thread.
        clock: returns seconds since the epoch.
        stop_running: interrupts running work in an orderly way; called once, after an urgent interrupt.
        wind_down: keeps running work from repeating what fails; called once, when the run is stopped.
        fail_fast: the first unit that fails stops the run.
        confirm: asks whether the running units are to be interrupted; called with their names when an interrupt is
            repeated. A yes makes it urgent.

    """

    schedule: Schedule
    work: Work
    executor: Executor
    parallelism: int
    emit: events.Listener
    clock: Callable[[], float]
    interrupt: Interrupt
    stop_running: Callable[[], None]
    wind_down: Callable[[], None] = lambda: None
    fail_fast: bool = False
    confirm: Callable[[tuple[str, ...]], bool] = lambda _running: True
    outcomes: dict[str, Outcome] = field(default_factory=dict)
    _messages: "queue.SimpleQueue[_Started | _Progressed | _Ended]" = field(default_factory=queue.SimpleQueue)
    _since: dict[str, float] = field(default_factory=dict)
    _stopping: bool = False
    _hurrying: bool = False
    _answered: int = 1

    def run(self) -> dict[str, Outcome]:
        """Run the schedule to its end and return how each unit ended, by name.

        The dependents of a failed unit are skipped, everything else goes on. After an interrupt no further unit starts and
        running units are waited for.
        """
        while True:
            if self.interrupt and not self._stopping:
                self.emit(events.RunInterrupted(time=self.clock(), waiting_for=self.schedule.running()))
                self._stop()
            self._consider_hurrying()
            if not self._stopping:
                for name in self.schedule.ready(self.parallelism - len(self.schedule.running())):
                    self._begin(name)
            if self.schedule.is_finished():
                return self.outcomes
            try:
                message = self._messages.get(timeout=POLL_SECONDS)
            except queue.Empty:
                continue
            self._take(message)

    def _begin(self, name: str) -> None:
        self.schedule.start(name)

        def work() -> Outcome:
            self._messages.put(_Started(name))
            return self.work(name, lambda progress: self._messages.put(_Progressed(name, progress)))

        future = self.executor.submit(work)
        future.add_done_callback(lambda done: self._messages.put(_Ended(name, done)))

    def _consider_hurrying(self) -> None:
        if self._hurrying or not self.interrupt:
            return
        if not self.interrupt.is_urgent and self.interrupt.times > self._answered and self.schedule.running():
            if self.confirm(self.schedule.running()):
                self.interrupt.request(urgent=True)
            # Requests while the question was open do not count.
            self._answered = self.interrupt.times
        if self.interrupt.is_urgent:
            self._hurrying = True
            self.stop_running()

    def _stop(self) -> None:
        self._stopping = True
        self.wind_down()
        for name in self.schedule.cancel_pending():
            self.outcomes[name] = Outcome(status=Status.CANCELLED)
            self.emit(events.UnitFinished(time=self.clock(), unit=name, status=Status.CANCELLED))

    def _take(self, message: "_Started | _Progressed | _Ended") -> None:
        now = self.clock()
        match message:
            case _Started(name):
                self._since[name] = now
                self.emit(events.UnitStarted(time=now, unit=name))
            case _Progressed(name, progress):
                self.emit(_progress_event(name, progress, time=now))
            case _Ended(name, future):
                outcome = _outcome_of(future)
                stops = outcome.stops_run or (self.fail_fast and outcome.status is Status.FAILED)
                self.outcomes[name] = outcome
                self.emit(_finished_event(name, outcome, time=now, seconds=now - self._since.get(name, now)))
                if stops and not self._stopping:
                    self.emit(events.RunStopped(time=now, unit=name, waiting_for=self._running_without(name)))
                for skip in self.schedule.finish(name, outcome.status):
                    self.outcomes[skip.name] = Outcome(status=Status.SKIPPED)
                    self.emit(events.UnitFinished(time=now, unit=skip.name, status=Status.SKIPPED, cause=skip.cause))
                if stops and not self._stopping:
                    self._stop()

    def _running_without(self, ended: str) -> tuple[str, ...]:
        return tuple(name for name in self.schedule.running() if name != ended)


def _outcome_of(future: "Future[Outcome]") -> Outcome:
    error = future.exception()
    if error is None:
        return future.result()
    if not isinstance(error, Exception):
        raise error
    return Outcome(status=Status.FAILED, error=describe(error))


def describe(error: Exception) -> str:
    """Return an exception as one text: its message, its detail and its hint."""
    parts = [str(error) or type(error).__name__, getattr(error, "detail", ""), getattr(error, "hint", "")]
    kept: list[str] = []
    for part in parts:
        if part and not any(part in earlier for earlier in kept):
            kept.append(part)
    return "\n".join(kept)


def _finished_event(name: str, outcome: Outcome, *, time: float, seconds: float) -> events.UnitFinished:
    return events.UnitFinished(
        time=time,
        unit=name,
        status=outcome.status,
        changes=outcome.changes,
        seconds=round(seconds, 3),
        error=outcome.error,
        log=outcome.log,
        warnings=outcome.warnings,
    )


def _progress_event(name: str, progress: Progress, *, time: float) -> events.Event:
    match progress:
        case Phase():
            return events.UnitPhase(time=time, unit=name, phase=progress.name)
        case Planned():
            return events.UnitPlanned(time=time, unit=name, changes=progress.changes)
        case Retrying():
            return events.UnitRetried(
                time=time, unit=name, attempt=progress.attempt, wait=progress.seconds, reason=progress.reason
            )
        case ResourceProgress(address=address, action=action, seconds=seconds, failed=failed):
            if seconds is None:
                return events.ResourceStarted(time=time, unit=name, address=address, action=action)
            return events.ResourceFinished(
                time=time, unit=name, address=address, action=action, seconds=seconds, failed=failed
            )
