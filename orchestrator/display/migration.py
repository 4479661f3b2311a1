"""Renders what a Terragrunt repository would find under platformctl."""

from collections.abc import Iterator
from typing import Any

from rich.text import Text

from orchestrator.commands.migration import Construct, MigrationReport, SupportStatus

_MOST_PLACES = 5


def render_migration(report: MigrationReport) -> Text:
    """Render the report: what is missing with its places, what differs, what works in short, and a last line that sums up."""
    parts = [
        Text("\n").join([Text(heading, style="bold"), *(_explained(item) for item in found)])
        for heading, status in (("Missing", SupportStatus.MISSING), ("Different", SupportStatus.DIFFERS))
        if (found := report.of(status))
    ]
    works = report.of(SupportStatus.WORKS)
    if works:
        listed = ", ".join(f"{item.name} {len(item.units)}" for item in works)
        parts.append(Text("\n").join([Text("Works, with the number of units", style="bold"), Text(f"  {listed}")]))
    parts.append(Text(_sum(report)))
    return Text("\n\n").join(parts)


def _explained(item: Construct) -> Text:
    return Text("\n".join(_lines(item)))


def _lines(item: Construct) -> Iterator[str]:
    yield f"  {item.name}{f'  ({_units(len(item.units))})' if item.units else ''}"
    if item.reason:
        yield f"    {item.reason}"
    if item.hint:
        yield f"    fix: {item.hint}"
    yield from (f"    {place}" for place in item.places[:_MOST_PLACES])
    if len(item.places) > _MOST_PLACES:
        yield f"    and {len(item.places) - _MOST_PLACES} more places; --json names them"


def _sum(report: MigrationReport) -> str:
    missing = report.of(SupportStatus.MISSING)
    total = _units(len(report.units))
    if not report.units:
        return f"There are no units in {report.folder}."
    unread = (
        f" {_units(len(report.unread))} could not be evaluated, so more may come to light." if report.unread else ""
    )
    if not missing and report.unread:
        return f"Nothing is missing in {report.folder}, as far as it could be read.{unread}"
    if not missing:
        return f"Everything that {total} in {report.folder} use works."
    affected = {unit for item in missing for unit in item.units}
    return (
        f"{len(missing)} thing{'s' if len(missing) != 1 else ''} missing or wrong, in {len(affected)} of {total} in "
        f"{report.folder}.{unread}"
    )


def _units(count: int) -> str:
    return f"{count} unit{'s' if count != 1 else ''}"


def migration_document(report: MigrationReport) -> dict[str, Any]:
    """Describe the report as plain JSON values."""
    return {
        "folder": str(report.folder),
        "complete": report.is_complete,
        "units": list(report.units),
        "unread": list(report.unread),
        "constructs": [
            {
                "name": item.name,
                "status": str(item.status),
                "units": list(item.units),
                "places": list(item.places),
                "reason": item.reason,
                "hint": item.hint,
            }
            for item in report.constructs
        ],
    }
