"""The report of a run: a fold over its events, for programs and for people who were not there.

It says nothing that the events do not say, so a run that was killed has one too, with the result "unfinished". Its JSON
form is described in docs/reports.md; docs/report.schema.json is generated from the classes here.
"""

import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import PurePath
from typing import Annotated, Any, Literal, TypeAlias

import msgspec

from orchestrator.engine import events
from orchestrator.errors import ExitCode
from orchestrator.model.status import Changes, Count, Name, Seconds, Status, TargetName

Moment: TypeAlias = Annotated[
    datetime,
    msgspec.Meta(tz=True, extra_json_schema={"pattern": "^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z$"}),
]


class Result(StrEnum):
    """How a run ended."""

    SUCCEEDED = "succeeded"
    FAILED = "failed"
    INTERRUPTED = "interrupted"
    UNFINISHED = "unfinished"


class ResourceReport(msgspec.Struct, frozen=True, kw_only=True):
    """What was done with one resource instance.

    Attributes:
        address: Within the unit.
        action: create, update, delete or replace.
        seconds: null when no end is known.
        failed: Whether Terraform failed on it.

    """

    address: Name
    action: str
    seconds: Seconds | None
    failed: bool


class RetryReport(msgspec.Struct, frozen=True, kw_only=True):
    """Why another attempt was made.

    Attributes:
        attempt: The number of the attempt that followed.
        wait: Seconds until it.
        reason: The transient error.

    """

    attempt: Annotated[int, msgspec.Meta(ge=2)]
    wait: Seconds
    reason: str


class UnitReport(msgspec.Struct, frozen=True, kw_only=True):
    """What became of one unit.

    Attributes:
        name: Its folder below the environment's.
        status: pending and running only when the run is unfinished.
        planned: What Terraform was about to do; null when it did not get that far.
        changes: What was done, also by a unit that failed half-way.
        seconds: From the unit's start to its end; 0 when it did not start.
        error: What went wrong; empty when nothing did.
        cause: Of a skipped unit: the unit that failed; else empty.
        attempts: How often Terraform was run on the unit; 0 when it was not run, or there was nothing to do.
        retries: Attempts that failed with a transient error.
        log: Terraform's output, relative to the run's folder; empty when there is none.
        warnings: What Terraform warned of, failed checks included.
        resources: In the order in which Terraform started on them.

    """

    name: Name
    status: Status
    planned: Changes | None
    changes: Changes
    seconds: Seconds
    error: str
    cause: str
    attempts: Count
    retries: tuple[RetryReport, ...]
    log: str
    resources: tuple[ResourceReport, ...]
    warnings: tuple[str, ...] = ()


class UnitCounts(msgspec.Struct, frozen=True, kw_only=True):
    """How many units have each status."""

    pending: Count
    running: Count
    changed: Count
    unchanged: Count
    failed: Count
    skipped: Count
    cancelled: Count


class Totals(msgspec.Struct, frozen=True, kw_only=True):
    """Sums over the units.

    Attributes:
        units: How many units have each status.
        changes: What was done in all of them.

    """

    units: UnitCounts
    changes: Changes


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """The report of a platformctl run: report.json, and what `platformctl report --json` prints.

    Fields may be added; schema_version increases when one changes its meaning or is removed.

    Attributes:
        schema_version: Of this document.
        run: The run's id, and the name of its folder below .platformctl/runs.
        command: What was run: up or destroy.
        environment: The environment's folder in live/.
        suffix: The deployment.
        target: Where it lives.
        result: How the run ended; unfinished when it was killed, or is still running.
        exit_code: Of the process; null when the run is unfinished.
        interrupted: Whether a signal asked the run to stop.
        started: When the command began, UTC.
        finished: When it ended, UTC; null when the run is unfinished.
        seconds: Of the whole command, preparation included; of an unfinished run until its last event.
        totals: Sums over the units.
        units: In the order of the work.

    """

    schema_version: Literal[1] = 1
    run: Name
    command: str
    environment: str
    suffix: str
    target: TargetName
    result: Result
    exit_code: int | None
    interrupted: bool
    started: Moment
    finished: Moment | None
    seconds: Seconds
    totals: Totals
    units: tuple[UnitReport, ...]

    @property
    def changes(self) -> Changes:
        return self.totals.changes

    def count(self, status: Status) -> int:
        found: int = getattr(self.totals.units, status)
        return found

    def to_json(self) -> dict[str, Any]:
        """Return plain JSON values, as docs/report.schema.json has them."""
        document: dict[str, Any] = json.loads(json.dumps(msgspec.to_builtins(self)))
        return document


@dataclass(slots=True, kw_only=True)
class _Unit:
    """What the events have said of a unit so far."""

    name: str
    since: float | None = None
    last: float = 0.0
    ran: bool = False
    planned: Changes | None = None
    retries: list[RetryReport] = field(default_factory=list)
    resources: dict[tuple[str, str], ResourceReport] = field(default_factory=dict)
    end: events.UnitFinished | None = None

    def report(self, run: str) -> UnitReport:
        started = self.since is not None
        if self.end is None:
            status = Status.RUNNING if started else Status.PENDING
            seconds = self.last - self.since if self.since is not None else 0.0
        else:
            status, seconds = self.end.status, self.end.seconds
        return UnitReport(
            name=self.name,
            status=status,
            planned=self.planned,
            changes=self.end.changes if self.end else Changes(),
            seconds=round(seconds, 3),
            error=self.end.error if self.end else "",
            cause=self.end.cause if self.end else "",
            attempts=1 + len(self.retries) if self.ran else 0,
            retries=tuple(self.retries),
            log=_relative(self.end.log, run) if self.end else "",
            resources=tuple(self.resources.values()),
            warnings=self.end.warnings if self.end else (),
        )


def report_of(log: Iterable[events.Event]) -> Report | None:
    """Fold the events of one run into its report; None when the run never started."""
    start: events.RunStarted | None = None
    end: events.RunFinished | None = None
    interrupted = False
    last = 0.0
    units: dict[str, _Unit] = {}
    for event in log:
        last = event.time
        match event:
            case events.RunStarted():
                start = event
                units = {name: _Unit(name=name) for name in event.units}
            case events.RunInterrupted():
                interrupted = True
            case events.RunFinished():
                end = event
                # A signal that arrived after all units had ended shows in the exit code alone.
                interrupted = interrupted or event.exit_code == ExitCode.INTERRUPTED
            case _:
                _take(units, event)
    if start is None:
        return None
    began = end.time - end.seconds if end else start.time
    reports = tuple(unit.report(start.run) for unit in units.values())
    counts = {str(status): sum(unit.status is status for unit in reports) for status in Status}
    return Report(
        run=start.run,
        command=start.command,
        environment=start.environment,
        suffix=start.suffix,
        target=start.target,
        result=_result(end, interrupted=interrupted),
        exit_code=end.exit_code if end else None,
        interrupted=interrupted,
        started=_moment(began),
        finished=_moment(end.time) if end else None,
        seconds=round(end.seconds if end else last - began, 3),
        totals=Totals(
            units=UnitCounts(**counts),
            changes=end.changes if end else sum((unit.changes for unit in reports), Changes()),
        ),
        units=reports,
    )


def _take(units: dict[str, _Unit], event: events.Event) -> None:
    name = getattr(event, "unit", None)
    if name is None:
        return
    unit = units.setdefault(name, _Unit(name=name))
    unit.last = event.time
    match event:
        case events.UnitStarted():
            unit.since = event.time
            return
        case events.UnitFinished():
            unit.end = event
            return
        case events.UnitPlanned():
            unit.planned = event.changes
        case events.UnitRetried():
            unit.retries.append(RetryReport(attempt=event.attempt, wait=event.wait, reason=event.reason))
        case events.ResourceStarted() | events.ResourceFinished():
            # A later attempt on the same resource replaces the earlier one.
            unit.resources[event.address, event.action] = _resource(event)
    # Every other event of a unit, its phases included, comes from Terraform.
    unit.ran = True


def _resource(event: events.ResourceStarted | events.ResourceFinished) -> ResourceReport:
    seconds, failed = (event.seconds, event.failed) if isinstance(event, events.ResourceFinished) else (None, False)
    return ResourceReport(address=event.address, action=event.action, seconds=seconds, failed=failed)


def _result(end: events.RunFinished | None, *, interrupted: bool) -> Result:
    if end is None:
        return Result.UNFINISHED
    if interrupted:
        return Result.INTERRUPTED
    return Result.FAILED if end.exit_code else Result.SUCCEEDED


def _relative(log: str, run: str) -> str:
    """Return the path relative to the run's folder, which may be read on another machine, as an artifact of CI."""
    parts = PurePath(log).parts
    return PurePath(*parts[parts.index(run) + 1 :]).as_posix() if run in parts else log


def _moment(time: float) -> datetime:
    return datetime.fromtimestamp(time, UTC).replace(microsecond=0)
