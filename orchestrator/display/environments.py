"""Renders deployments as a table: their age, time to live and last run."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from rich.console import Group, RenderableType
from rich.text import Text

from orchestrator.display.columns import Columns
from orchestrator.engine.environments import Environment, LastRun

_HEADINGS = ("SUFFIX", "ENV", "AGE", "RESOURCES", "TIME TO LIVE", "LAST RUN")
_RESULTS = {0: "ok", 130: "interrupted"}
_MINUTE, _HOUR, _DAY = 60, 3600, 86400


def render_environments(found: Sequence[Environment], now: datetime) -> RenderableType:
    """Render the deployments of one target, and below them the orphans, which cost money and which ``up`` does not touch."""
    rows = [
        (
            item.suffix,
            item.environment or "?",
            span(now - item.created) if item.created else "?",
            str(sum(item.resources.values())),
            time_to_live(item.expires, now),
            _last_run(item.last_run, now),
        )
        for item in found
    ]
    parts: list[RenderableType] = [Columns(_HEADINGS, rows, right=("RESOURCES",))]
    notes = [note for item in found for note in _notes(item)]
    if notes:
        parts.append(Text("\n" + "\n".join(notes)))
    return Group(*parts)


def time_to_live(expires: datetime | None, now: datetime) -> str:
    """Return a time to live for people: "3h", "expired 2h ago", or "none"."""
    if expires is None:
        return "none"
    return span(expires - now) if expires > now else f"expired {span(now - expires)} ago"


def span(length: timedelta) -> str:
    """Return a duration in its largest whole unit: "59s", "3h", "12d"; "0s" when the clock went back."""
    seconds = max(int(length.total_seconds()), 0)
    for size, unit in ((_DAY, "d"), (_HOUR, "h"), (_MINUTE, "m")):
        if seconds >= size:
            return f"{seconds // size}{unit}"
    return f"{seconds}s"


def _last_run(run: LastRun | None, now: datetime) -> str:
    if run is None:
        return "none recorded"
    return (
        f"{run.command} {_RESULTS.get(run.exit_code, 'failed')}, {span(now - datetime.fromisoformat(run.finished))} ago"
    )


def _notes(item: Environment) -> list[str]:
    notes = []
    if item.orphans:
        many = len(item.orphans) > 1
        resources = sum(item.resources[name] for name in item.orphans)
        notes.append(
            f"{item.suffix}: {', '.join(item.orphans)} {'are' if many else 'is'} not in live/{item.environment}, but "
            f"{'have states' if many else 'has a state'} with {resources} resource{'s' if resources != 1 else ''}."
        )
    if item.environment is None:
        notes.append(f"{item.suffix}: has states but is not registered; up --suffix {item.suffix} registers it.")
    return notes
