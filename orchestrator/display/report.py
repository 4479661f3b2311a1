"""Renders the report of a run: what became of each unit, and why."""

from rich.console import Group, RenderableType
from rich.text import Text

from orchestrator.display.live import seconds
from orchestrator.display.tables import Columns
from orchestrator.engine.report import Report, Result, UnitReport
from orchestrator.model.status import Status

_HEADINGS = ("UNIT", "STATUS", "CHANGES", "TIME", "NOTE")
_SLOWEST = 3
_WORTH_NAMING_SECONDS = 1.0


def render_report(report: Report, *, folder: str) -> RenderableType:
    """Render the report; ``folder`` is the run's, to which the paths of logs are relative."""
    where = "the local cloud" if report.target == "local" else "AWS"
    head = (
        f'{report.command} of "{report.suffix}", environment {report.environment}, on {where}\n'
        f"run {report.run}, {report.started:%Y-%m-%d %H:%M:%S} UTC\n"
        f"{_result(report)}\n"
    )
    rows = [
        (unit.name, str(unit.status), str(unit.changes), seconds(unit.seconds), _note(unit)) for unit in report.units
    ]
    parts: list[RenderableType] = [Text(head), Columns(_HEADINGS, rows, right=("TIME",))]
    failures = [_failure(unit, folder) for unit in report.units if unit.status is Status.FAILED]
    parts.extend(Text(f"\n{failure}") for failure in failures)
    slow = _slowest(report)
    if slow:
        parts.append(Text("\nThe slowest resources:\n" + "\n".join(f"  {line}" for line in slow)))
    return Group(*parts)


def _result(report: Report) -> str:
    changes = report.changes
    done = f"{changes.add} added, {changes.change} changed, {changes.destroy} destroyed in {seconds(report.seconds)}"
    if report.result is Result.UNFINISHED:
        return f"unfinished, {done}: it was killed, or is still running"
    return f"{report.result} (exit code {report.exit_code}), {done}"


def _note(unit: UnitReport) -> str:
    if unit.status is Status.SKIPPED:
        return f'because "{unit.cause}" failed'
    notes = []
    if unit.retries:
        notes.append(f"{unit.attempts} attempts")
    if unit.error:
        notes.append(_shown(unit.error.splitlines()[0]))
    return "; ".join(notes)


def _failure(unit: UnitReport, folder: str) -> str:
    lines = [f'Unit "{unit.name}" failed:']
    lines.extend(f"  {_shown(line)}" for line in (unit.error or "no error was reported").splitlines())
    lines.extend(f"  failed: {found.address} ({found.action})" for found in unit.resources if found.failed)
    if unit.log:
        lines.append(f"  log: {folder}/{unit.log}")
    return "\n".join(lines)


def _slowest(report: Report) -> list[str]:
    timed = [
        (found.seconds, f"{unit.name}: {found.address}")
        for unit in report.units
        for found in unit.resources
        if found.seconds is not None and found.seconds >= _WORTH_NAMING_SECONDS
    ]
    # By time, then by name: the same report is the same text every time.
    return [
        f"{seconds(taken)}  {name}" for taken, name in sorted(timed, key=lambda item: (-item[0], item[1]))[:_SLOWEST]
    ]


def _shown(text: str) -> str:
    """Escape what would move a terminal's cursor or cannot be written."""
    return "".join(char if char.isprintable() or char == "\t" else repr(char)[1:-1] for char in text)
