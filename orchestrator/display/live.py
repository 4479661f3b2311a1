"""Renders the progress of a run as lines, for terminals and CI logs, and prints them as it happens.

``RunView`` is a fold over the events; lines are pure functions of a view or an event. At least one comes every two seconds: on
a terminal the line that says what is going on is updated in place; in a log it is printed when nothing else was.
"""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from rich.console import Console
from rich.status import Status as Spinner
from rich.text import Text

from orchestrator.engine import events
from orchestrator.model.status import Changes, Status

_VERBS = {"up": "applied", "destroy": "destroyed"}


@dataclass(slots=True)
class UnitView:
    """One running unit. Times are in seconds since the epoch."""

    since: float
    phase: str = ""
    planned: Changes | None = None
    finished: int = 0
    resources: dict[str, float] = field(default_factory=dict)


@dataclass(slots=True)
class RunView:
    """The run so far."""

    command: str = ""
    started: float = 0.0
    step: str = ""
    step_since: float = 0.0
    width: int = 0
    running: dict[str, UnitView] = field(default_factory=dict)
    finished: dict[str, events.UnitFinished] = field(default_factory=dict)
    units: tuple[str, ...] = ()

    def take(self, event: events.Event) -> None:
        match event:
            case events.RunStarted():
                self.command, self.units = event.command, event.units
                self.started = self.started or event.time
                self.width = max((len(name) for name in event.units), default=0)
            case events.StepStarted():
                self.step, self.step_since = event.text, event.time
                self.started = self.started or event.time
            case events.StepFinished():
                self.step = ""
            case events.UnitStarted():
                self.running[event.unit] = UnitView(since=event.time)
            case events.UnitPhase():
                self.running[event.unit].phase = event.phase
            case events.UnitPlanned():
                self.running[event.unit].planned = event.changes
            case events.ResourceStarted():
                self.running[event.unit].resources[event.address] = event.time
            case events.ResourceFinished():
                unit = self.running[event.unit]
                unit.resources.pop(event.address, None)
                unit.finished += 1
            case events.UnitFinished():
                self.running.pop(event.unit, None)
                self.finished[event.unit] = event


def event_lines(event: events.Event, view: RunView) -> list[str]:
    """Return the lines for an event, given the view that includes it; most events have none."""
    clock = f"[{seconds(event.time - view.started):>6}]"
    match event:
        case events.RunStarted():
            where = "the local cloud" if event.target == "local" else "AWS"
            count = f"{len(event.units)} unit{'s' if len(event.units) != 1 else ''}"
            return [f'{event.command} of "{event.suffix}", environment {event.environment}, on {where}: {count}']
        case events.StepFinished() if event.text:
            return [f"{clock} {event.text}"]
        case events.UnitStarted():
            text = "started"
        case events.UnitPlanned():
            text = f"to do: {event.changes}" if event.changes else "nothing to do"
        case events.UnitRetried():
            text = f"attempt {event.attempt} in {seconds(event.wait)}: {event.reason}"
        case events.UnitFinished():
            text = _ending(event, view)
        case events.RunStopped():
            waiting = f"; finishing {', '.join(event.waiting_for)}" if event.waiting_for else ""
            return [f'{clock} stopped after "{event.unit}" failed{waiting}']
        case events.RunInterrupted():
            waiting = (
                f"; finishing {', '.join(event.waiting_for)}, Ctrl-C again asks whether to interrupt them"
                if event.waiting_for
                else ""
            )
            return [f"{clock} interrupted: no further unit starts{waiting}"]
        case _:
            return []
    return [f"{clock} {event.unit:<{view.width}}  {text}"]


def heartbeat(view: RunView, now: float) -> str:
    """Return one line that says what is going on; empty when nothing is."""
    clock = f"[{seconds(now - view.started):>6}]" if view.started else ""
    if view.running:
        return f"{clock} working: " + "; ".join(_at_work(name, unit, now) for name, unit in view.running.items())
    if view.step:
        return f"{clock} {view.step} ({seconds(now - view.step_since)})"
    return ""


def summary_lines(view: RunView, end: events.RunFinished) -> list[str]:
    """Return the last lines of a run: what failed and why, and the numbers."""
    lines: list[str] = []
    for event in sorted(view.finished.values(), key=lambda item: item.unit):
        if event.status is Status.FAILED:
            lines.append(f'\nUnit "{event.unit}" failed:')
            lines.extend(f"  {line}" for line in (event.error or "no error was reported").splitlines())
            if event.log:
                lines.append(f"  log: {event.log}")
    for event in sorted(view.finished.values(), key=lambda item: item.unit):
        for warning in event.warnings:
            lines.append(f'\nUnit "{event.unit}" warns:')
            lines.extend(f"  {line}" for line in warning.splitlines())
    counts = [
        f"{sum(event.status is status for event in view.finished.values())} {word}"
        for status, word in (
            (Status.CHANGED, "changed"),
            (Status.UNCHANGED, "unchanged"),
            (Status.FAILED, "failed"),
            (Status.SKIPPED, "skipped"),
            (Status.CANCELLED, "cancelled"),
        )
        if any(event.status is status for event in view.finished.values())
    ]
    changes = end.changes
    lines.append(
        f"\n{', '.join(counts) or 'No units'} in {seconds(end.seconds)}: "
        f"{changes.add} added, {changes.change} changed, {changes.destroy} destroyed."
    )
    return lines


def seconds(value: float) -> str:
    """Return a duration for people: "8.4 s", "2m05s"."""
    if round(value, 1) < 100:  # noqa: PLR2004 - from here on the tenths say nothing
        return f"{value:.1f} s"
    minutes, rest = divmod(round(value), 60)
    return f"{minutes}m{rest:02d}s"


def _ending(event: events.UnitFinished, view: RunView) -> str:
    match event.status:
        case Status.CHANGED:
            return f"{_VERBS.get(view.command, 'done')}: {event.changes} ({seconds(event.seconds)})"
        case Status.UNCHANGED:
            return f"unchanged ({seconds(event.seconds)})"
        case Status.FAILED:
            reason = event.error.splitlines()[0] if event.error else "see its log"
            return f"FAILED after {seconds(event.seconds)}: {reason}"
        case Status.SKIPPED:
            return f'skipped, because "{event.cause}" failed'
    return str(event.status)


def _at_work(name: str, unit: UnitView, now: float) -> str:
    parts = [unit.phase or "starting"]
    if unit.planned:
        total = unit.planned.add + unit.planned.change + unit.planned.destroy
        parts.append(f"{unit.finished}/{total}")
    if unit.resources:
        address, since = min(unit.resources.items(), key=lambda item: (item[1], item[0]))
        parts.append(f"{address} for {seconds(now - since)}")
    return f"{name} {' '.join(parts)}"


SILENCE_SECONDS = 1.6
_TICK_SECONDS = 0.25


@dataclass(slots=True)
class ProgressLines:
    """A listener that prints; use it inside ``with display.ticking()``.

    Events come from one thread, ticks from another; a lock separates their lines.
    """

    console: Console
    clock: Callable[[], float]
    view: RunView = field(default_factory=RunView)
    _last: float = 0.0
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _spinner: Spinner | None = None
    _paused: bool = False

    def __call__(self, event: events.Event) -> None:
        with self._lock:
            self.view.take(event)
            lines = (
                summary_lines(self.view, event)
                if isinstance(event, events.RunFinished)
                else event_lines(event, self.view)
            )
            for line in lines:
                self._print(line)

    def say(self, text: Text | str) -> None:
        """Print a text that is not an event, between the lines of events."""
        with self._lock:
            self.console.print(Text(text) if isinstance(text, str) else text, soft_wrap=True)
            self._last = self.clock()

    @contextmanager
    def ticking(self) -> Iterator[None]:
        """Keep printing what is going on until the block ends."""
        stop = threading.Event()
        self._last = self.clock()
        ticker = threading.Thread(target=self._tick_until, args=(stop,), daemon=True)
        if self.console.is_terminal:
            self._spinner = self.console.status("starting", spinner="line")
            self._spinner.start()
        ticker.start()
        try:
            yield
        finally:
            stop.set()
            ticker.join()
            if self._spinner is not None:
                self._spinner.stop()
                self._spinner = None

    @contextmanager
    def paused(self) -> Iterator[None]:
        """Leave the terminal to a question until the block ends."""
        with self._lock:
            self._paused = True
            spinner, self._spinner = self._spinner, None
        if spinner is not None:
            spinner.stop()
        try:
            yield
        finally:
            if spinner is not None:
                spinner.start()
            with self._lock:
                self._spinner, self._paused = spinner, False

    def tick(self) -> None:
        """Print what is going on, if it is time to."""
        with self._lock:
            if self._paused:
                return
            now = self.clock()
            line = heartbeat(self.view, now)
            if self._spinner is not None:
                width = max(self.console.width - 4, 20)
                self._spinner.update(Text(line or "working", no_wrap=True, overflow="ellipsis", end="")[:width])
            elif line and now - self._last >= SILENCE_SECONDS:
                self._print(line)

    def _tick_until(self, stop: threading.Event) -> None:
        while not stop.wait(_TICK_SECONDS):
            self.tick()

    def _print(self, line: str) -> None:
        self.console.print(Text(line), soft_wrap=True)
        self._last = self.clock()
