"""The report of a run: a fold over its events, for programs and for people who were not there.

It says nothing that the events do not say, so it can be made of the log of a run that was killed, too; such a run is
"unfinished". Its JSON form is described in docs/reports.md and docs/report.schema.json.
"""

import dataclasses
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import PurePath
from typing import Any

from orchestrator.engine.events import (
    Event,
    ResourceFinished,
    ResourceStarted,
    RunFinished,
    RunInterrupted,
    RunStarted,
    UnitFinished,
    UnitPlanned,
    UnitRetried,
    UnitStarted,
)
from orchestrator.errors import ExitCode
from orchestrator.model.status import Changes, Status

SCHEMA_VERSION = 1
"""Goes up when a field changes its meaning or goes away; not when one is added."""


class Result(StrEnum):
    """How a run ended."""

    SUCCEEDED = "succeeded"
    FAILED = "failed"
    INTERRUPTED = "interrupted"
    UNFINISHED = "unfinished"


@dataclass(frozen=True, slots=True, kw_only=True)
class ResourceReport:
    """What was done with one resource instance; ``seconds`` is None where it was begun and no end is known."""

    address: str
    action: str
    seconds: float | None
    failed: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class RetryReport:
    """An attempt that failed for a reason that passes by itself, and how long the next one was put off."""

    attempt: int
    wait: float
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class UnitReport:
    """What became of one unit.

    Attributes:
        status: PENDING or RUNNING only where the run is unfinished.
        planned: what Terraform was about to do; None where it did not come so far.
        changes: what it did, also where it failed half-way.
        error: what went wrong; empty where nothing did.
        cause: of a skip: the unit that failed; else empty.
        attempts: how often Terraform was run on it: 0 where it did not come to that, or there was nothing to do.
        log: the path of its log, relative to the run's folder; empty where there is none.
        resources: in the order in which Terraform began with them.

    """

    name: str
    status: Status
    planned: Changes | None
    changes: Changes
    seconds: float
    error: str
    cause: str
    attempts: int
    retries: tuple[RetryReport, ...]
    log: str
    resources: tuple[ResourceReport, ...]

    def to_json(self) -> dict[str, Any]:
        """Plain JSON values: lists, where a frozen object has tuples."""
        values = dataclasses.asdict(self)
        return values | {"retries": list(values["retries"]), "resources": list(values["resources"])}


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """A run from its beginning to its end, or as far as it came.

    Attributes:
        started: when the command began.
        finished: None where the run is unfinished.
        seconds: of the whole command, what came before the first unit included; where it is unfinished, until its last sign.
        units: in the order of the work.

    """

    run: str
    command: str
    environment: str
    suffix: str
    target: str
    result: Result
    exit_code: int | None
    interrupted: bool
    started: datetime
    finished: datetime | None
    seconds: float
    changes: Changes
    units: tuple[UnitReport, ...]

    def count(self, status: Status) -> int:
        """How many units have the status."""
        return sum(unit.status is status for unit in self.units)

    def to_json(self) -> dict[str, Any]:
        """Plain JSON values, as docs/report.schema.json has them."""
        return {
            "schema_version": SCHEMA_VERSION,
            "run": self.run,
            "command": self.command,
            "environment": self.environment,
            "suffix": self.suffix,
            "target": self.target,
            "result": str(self.result),
            "exit_code": self.exit_code,
            "interrupted": self.interrupted,
            "started": _iso(self.started),
            "finished": _iso(self.finished) if self.finished else None,
            "seconds": self.seconds,
            "totals": {
                "units": {str(status): self.count(status) for status in Status},
                "changes": dataclasses.asdict(self.changes),
            },
            "units": [unit.to_json() for unit in self.units],
        }


@dataclass(slots=True, kw_only=True)
class _Unit:
    """What has been heard of a unit."""

    name: str
    since: float | None = None
    last: float = 0.0
    ran: bool = False
    planned: Changes | None = None
    retries: list[RetryReport] = field(default_factory=list)
    resources: dict[tuple[str, str], ResourceReport] = field(default_factory=dict)
    end: UnitFinished | None = None

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
        )


def report_of(events: Iterable[Event]) -> Report | None:
    """Fold the events of one run into its report; None where the run did not even begin."""
    start: RunStarted | None = None
    end: RunFinished | None = None
    interrupted = False
    last = 0.0
    units: dict[str, _Unit] = {}
    for event in events:
        last = event.time
        match event:
            case RunStarted():
                start = event
                units = {name: _Unit(name=name) for name in event.units}
            case RunInterrupted():
                interrupted = True
            case RunFinished():
                end = event
                # A signal that came when all units had ended was still a wish to stop, and the exit code says so.
                interrupted = interrupted or event.exit_code == ExitCode.INTERRUPTED
            case _:
                _take(units, event)
    if start is None:
        return None
    began = end.time - end.seconds if end else start.time
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
        changes=end.changes if end else sum((u.end.changes for u in units.values() if u.end), Changes()),
        units=tuple(unit.report(start.run) for unit in units.values()),
    )


def _take(units: dict[str, _Unit], event: Event) -> None:
    name = getattr(event, "unit", None)
    if name is None:
        return
    unit = units.setdefault(name, _Unit(name=name))
    unit.last = event.time
    match event:
        case UnitStarted():
            unit.since = event.time
            return
        case UnitFinished():
            unit.end = event
            return
        case UnitPlanned():
            unit.planned = event.changes
        case UnitRetried():
            unit.retries.append(RetryReport(attempt=event.attempt, wait=event.wait, reason=event.reason))
        case ResourceStarted() | ResourceFinished():
            # A later attempt on the same resource takes the place of the earlier one.
            unit.resources[event.address, event.action] = _resource(event)
    # Whatever else is heard of a unit, its phases included, is said by Terraform.
    unit.ran = True


def _resource(event: ResourceStarted | ResourceFinished) -> ResourceReport:
    seconds, failed = (event.seconds, event.failed) if isinstance(event, ResourceFinished) else (None, False)
    return ResourceReport(address=event.address, action=event.action, seconds=seconds, failed=failed)


def _result(end: RunFinished | None, *, interrupted: bool) -> Result:
    if end is None:
        return Result.UNFINISHED
    if interrupted:
        return Result.INTERRUPTED
    return Result.FAILED if end.exit_code else Result.SUCCEEDED


def _relative(log: str, run: str) -> str:
    """The path from the run's folder on: the folder itself may be read on another machine, as an artifact of CI."""
    parts = PurePath(log).parts
    return PurePath(*parts[parts.index(run) + 1 :]).as_posix() if run in parts else log


def _moment(time: float) -> datetime:
    return datetime.fromtimestamp(time, UTC)


def _iso(moment: datetime) -> str:
    return moment.isoformat(timespec="seconds").replace("+00:00", "Z")
