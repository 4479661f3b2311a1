"""Keeps what a run leaves on disk: ``.platformctl/runs/<id>/`` with events, logs and report, and how long units took.

Also the lock that keeps two runs from working on one deployment at once; Terraform's own locks guard single states.
"""

import fcntl
import json
import os
import re
import secrets
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import msgspec

from orchestrator.adapters.workspaces import write_private
from orchestrator.engine.events import Event, RunFinished, RunStarted, read_events
from orchestrator.engine.junit import junit_of
from orchestrator.engine.report import Report, report_of
from orchestrator.errors import PlatformctlError, UsageError

_EVENTS = "events.jsonl"
_ID = re.compile(r"\d{8}-\d{6}-(?P<suffix>.+)-[0-9a-f]{4}")


@dataclass(frozen=True, slots=True, kw_only=True)
class RunFolder:
    """The folder of one run; its name sorts by time. ``id``: "20260131-081500-pr42-3f9a", in UTC."""

    id: str
    folder: Path

    @property
    def logs(self) -> Path:
        return self.folder / "logs"

    def append(self, event: Event) -> None:
        """Append an event to ``events.jsonl`` at once, so that it is on disk even if the process is killed.

        With the last event the report is written beside it. Raises PlatformctlError: the first or the last event, or
        the report, cannot be written. An event in between is dropped: a full disk must not break off a run while
        Terraform is at work.
        """
        try:
            with (self.folder / _EVENTS).open("ab") as stream:
                stream.write(event.to_line() + b"\n")
            if isinstance(event, RunFinished):
                self._write_report()
        except OSError as error:
            if isinstance(event, RunStarted | RunFinished):
                detail = f"{error.filename or self.folder / _EVENTS}: {error.strerror}."
                raise PlatformctlError("The run cannot be recorded", detail=detail) from error

    @property
    def suffix(self) -> str:
        found = _ID.fullmatch(self.id)
        return found["suffix"] if found else ""

    @property
    def report_file(self) -> Path:
        return self.folder / "report.json"

    def report(self) -> Report | None:
        """Build the report from the events, also of a run that is still running or was killed; None before the first event."""
        try:
            with (self.folder / _EVENTS).open("rb") as stream:
                return report_of(read_events(stream))
        except FileNotFoundError:
            return None

    def _write_report(self) -> None:
        report = self.report()
        if report is not None:
            write_private(self.report_file, json.dumps(report.to_json(), indent=2) + "\n")
            write_private(self.folder / "junit.xml", junit_of(report))


def find_runs(home: Path, *, suffix: str = "", identity: str = "") -> tuple[RunFolder, ...]:
    """Return the runs that have something to report, oldest first.

    ``identity``: only those whose id begins with this.
    """
    folders = sorted(file.parent for file in (home / "runs").glob(f"*/{_EVENTS}"))
    runs = (RunFolder(id=folder.name, folder=folder) for folder in folders)
    return tuple(run for run in runs if run.id.startswith(identity) and (not suffix or run.suffix == suffix))


def find_report(home: Path, *, identity: str, suffix: str) -> tuple[RunFolder, Report]:
    """Find a run and its report; the last of several if no id is given.

    ``identity``: the beginning of the run's id; empty for the last run. ``suffix``: only runs on this deployment; empty
    for any. Raises UsageError if there is none, or several begin like that.
    """
    runs = find_runs(home, identity=identity, suffix=suffix)
    meant = [run for run in runs if run.id == identity] or list(runs)
    if identity and len(meant) > 1:
        raise UsageError(
            "Several runs begin like that",
            detail=f'{len(meant)} runs begin with "{identity}": {meant[-2].id}, {meant[-1].id}, ...',
            hint="Give more of the id.",
        )
    # A run that was killed while it wrote its first event has nothing to report.
    for run in reversed(meant):
        report = run.report()
        if report is not None:
            return run, report
    last = find_runs(home)
    named = f'that begins with "{identity}"' if identity else ""
    described = " ".join([named, f'on "{suffix}"' if suffix else ""]).strip()
    raise UsageError(
        "No such run",
        detail=f"{home / 'runs'} holds no run {described}".rstrip() + ".",
        hint=f"The last run here is {last[-1].id}." if last else "up and destroy record their runs.",
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class ProjectJournal:
    """Implements ``commands.ports.Journal`` under ``home``, the project's ``.platformctl``."""

    home: Path

    def new_run(self, suffix: str) -> RunFolder:
        identity = f"{datetime.now(UTC):%Y%m%d-%H%M%S}-{suffix}-{secrets.token_hex(2)}"
        folder = self.home / "runs" / identity
        (folder / "logs").mkdir(parents=True, mode=0o700)
        return RunFolder(id=identity, folder=folder)

    def durations(self, *, command: str, environment: str) -> Mapping[str, float]:
        """Return the seconds that each unit took in the last runs, by unit name."""
        return _durations(self.home).get(f"{command} {environment}", {})

    def record_durations(self, *, command: str, environment: str, seconds: Mapping[str, float]) -> None:
        """Record how long units took, for the order of the next run."""
        recorded = _durations(self.home)
        recorded.setdefault(f"{command} {environment}", {}).update(seconds)
        with suppress(OSError):
            # Only an estimate is lost.
            write_private(self.home / "durations.json", json.dumps(recorded, indent=2, sort_keys=True) + "\n")

    @contextmanager
    def exclusive(self, *, target: str, suffix: str) -> Iterator[None]:
        """Hold the deployment for this process; raises UsageError if another process on this machine works on it."""
        folder = self.home / "locks"
        folder.mkdir(parents=True, exist_ok=True)
        with (folder / f"{target}-{suffix}.lock").open("a+", encoding="utf-8") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                file.seek(0)
                raise UsageError(
                    "Another run works on this deployment",
                    detail=f'Process {file.read().strip() or "unknown"} holds "{suffix}" on target {target}.',
                    hint="Wait for it to end, or press Ctrl-C there.",
                ) from None
            file.truncate(0)
            file.write(str(os.getpid()))
            file.flush()
            try:
                yield
            finally:
                file.truncate(0)

    @contextmanager
    def register_held(self, *, target: str) -> Iterator[None]:
        """Hold the register of deployments; wait for other processes on this machine.

        It keeps an ``up`` from creating the local cloud's state bucket while the last ``destroy`` removes it.
        """
        folder = self.home / "locks"
        folder.mkdir(parents=True, exist_ok=True)
        with (folder / f"{target}.register").open("a", encoding="utf-8") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            yield


def _durations(home: Path) -> dict[str, dict[str, float]]:
    try:
        return msgspec.json.decode((home / "durations.json").read_bytes(), type=dict[str, dict[str, float]])
    except (OSError, ValueError, RecursionError):
        # Only an estimate is lost, and the next run writes the file again.
        return {}
