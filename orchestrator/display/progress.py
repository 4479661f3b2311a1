"""Renders the progress of a run as lines, for terminals and CI logs.

``RunView`` is a fold over the events; the rest are pure functions from a view or an event to text. ``display.live`` prints.
"""

from dataclasses import dataclass, field

from orchestrator.engine.events import (
    Event,
    ResourceFinished,
    ResourceStarted,
    RunFinished,
    RunInterrupted,
    RunStarted,
    RunStopped,
    StepFinished,
    StepStarted,
    UnitFinished,
    UnitPhase,
    UnitPlanned,
    UnitRetried,
    UnitStarted,
)
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
    finished: dict[str, UnitFinished] = field(default_factory=dict)
    units: tuple[str, ...] = ()

    def take(self, event: Event) -> None:
        """Fold one event in."""
        match event:
            case RunStarted():
                self.command, self.units = event.command, event.units
                self.started = self.started or event.time
                self.width = max((len(name) for name in event.units), default=0)
            case StepStarted():
                self.step, self.step_since = event.text, event.time
                self.started = self.started or event.time
            case StepFinished():
                self.step = ""
            case UnitStarted():
                self.running[event.unit] = UnitView(since=event.time)
            case UnitPhase():
                self.running[event.unit].phase = event.phase
            case UnitPlanned():
                self.running[event.unit].planned = event.changes
            case ResourceStarted():
                self.running[event.unit].resources[event.address] = event.time
            case ResourceFinished():
                unit = self.running[event.unit]
                unit.resources.pop(event.address, None)
                unit.finished += 1
            case UnitFinished():
                self.running.pop(event.unit, None)
                self.finished[event.unit] = event


def event_lines(event: Event, view: RunView) -> list[str]:
    """Return the lines for an event, given the view that includes it; most events have none."""
    clock = f"[{seconds(event.time - view.started):>6}]"
    match event:
        case RunStarted():
            where = "the local cloud" if event.target == "local" else "AWS"
            count = f"{len(event.units)} unit{'s' if len(event.units) != 1 else ''}"
            return [f'{event.command} of "{event.suffix}", environment {event.environment}, on {where}: {count}']
        case StepFinished() if event.text:
            return [f"{clock} {event.text}"]
        case UnitStarted():
            return [f"{clock} {event.unit:<{view.width}}  started"]
        case UnitPlanned():
            to_do = f"to do: {event.changes}" if event.changes else "nothing to do"
            return [f"{clock} {event.unit:<{view.width}}  {to_do}"]
        case UnitRetried():
            again = f"attempt {event.attempt} in {seconds(event.wait)}: {event.reason}"
            return [f"{clock} {event.unit:<{view.width}}  {again}"]
        case UnitFinished():
            return [f"{clock} {event.unit:<{view.width}}  {_ending(event, view)}"]
        case RunStopped():
            waiting = f"; finishing {', '.join(event.waiting_for)}" if event.waiting_for else ""
            return [f'{clock} stopped, because the plan of "{event.unit}" exceeds the approved one{waiting}']
        case RunInterrupted():
            waiting = (
                f"; finishing {', '.join(event.waiting_for)}, Ctrl-C again asks whether to interrupt them"
                if event.waiting_for
                else ""
            )
            return [f"{clock} interrupted: no further unit starts{waiting}"]
    return []


def heartbeat(view: RunView, now: float) -> str:
    """Return one line that says what is going on; empty when nothing is."""
    clock = f"[{seconds(now - view.started):>6}]" if view.started else ""
    if view.running:
        return f"{clock} working: " + "; ".join(_at_work(name, unit, now) for name, unit in view.running.items())
    if view.step:
        return f"{clock} {view.step} ({seconds(now - view.step_since)})"
    return ""


def summary_lines(view: RunView, end: RunFinished) -> list[str]:
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


def _ending(event: UnitFinished, view: RunView) -> str:
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
