"""A project without a disk or a person: the protocols ``Journal``, ``Run``, ``Platform`` and ``Operator``."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from orchestrator.commands.operators import DeploymentList, Findings, PlanSummary, Question
from orchestrator.commands.ports import Account, Applicant, RevisionDifference, Settings
from orchestrator.config import LocalSource, ModuleSource
from orchestrator.diagnostics import Diagnostic
from orchestrator.engine.events import Event
from orchestrator.engine.execution import Interrupt
from orchestrator.errors import PlatformctlError, UsageError


@dataclass(slots=True, kw_only=True)
class FakeRun:
    """Keeps its events."""

    id: str
    logs: Path = Path("/runs/1/logs")
    report_file: Path = Path("/runs/1/report.json")
    events: list[Event] = field(default_factory=list)

    def append(self, event: Event) -> None:
        self.events.append(event)


@dataclass(slots=True)
class FakeJournal:
    """Runs and durations in memory, and the locks that are held.

    Attributes:
        held: what a process of this machine holds: "local-pr42", or "register of local".
        history: what was held, in order.

    """

    runs: list[FakeRun] = field(default_factory=list)
    known: dict[str, dict[str, float]] = field(default_factory=dict)
    held: list[str] = field(default_factory=list)
    history: list[str] = field(default_factory=list)

    def new_run(self, suffix: str) -> FakeRun:
        self.runs.append(FakeRun(id=f"r{len(self.runs) + 1}-{suffix}"))
        return self.runs[-1]

    def durations(self, *, command: str, environment: str) -> Mapping[str, float]:
        return self.known.get(f"{command} {environment}", {})

    def record_durations(self, *, command: str, environment: str, seconds: Mapping[str, float]) -> None:
        self.known.setdefault(f"{command} {environment}", {}).update(seconds)

    @contextmanager
    def _holding(self, name: str) -> Iterator[None]:
        if name in self.held:
            raise UsageError("Another run works on this deployment")
        self.held.append(name)
        self.history.append(name)
        try:
            yield
        finally:
            self.held.remove(name)

    def exclusive(self, *, target: str, suffix: str):
        return self._holding(f"{target}-{suffix}")

    def register_held(self, *, target: str):
        return self._holding(f"register of {target}")


@dataclass(slots=True)
class FakeRepository:
    """Revisions, and what differs between the working tree and each.

    ``changed``: by revision; one that is missing does not exist. ``is_clean``: whether the working tree is committed.
    """

    changed: dict[str, frozenset[Path]] = field(default_factory=dict)
    is_clean: bool = True

    def difference(self, old: str, new: str) -> RevisionDifference:
        for revision in (old, new):
            if revision != "HEAD" and revision not in self.changed:
                raise UsageError("Unknown revision", detail=revision)
        paths = self.changed.get(old, frozenset()) | self.changed.get(new, frozenset())
        return RevisionDifference(paths=paths, is_of_working_tree=self.is_clean and new == "HEAD")


@dataclass(slots=True)
class FakePlatform:
    """A platform with settings of its own.

    Attributes:
        wanted: what the caller asks for.
        refusal: what ``require_room`` raises.
        applicants: whom it was asked about.
        built: what it builds, and from what.

    """

    wanted: Settings = field(default_factory=dict)
    refusal: PlatformctlError | None = None
    applicants: list[Applicant] = field(default_factory=list)
    built: dict[Path, Path] = field(default_factory=dict)

    def made_from(self) -> Mapping[Path, Path]:
        return self.built

    def settings(self, registered: Settings | None, account: Account | None) -> Settings:
        return {**(registered or {}), **self.wanted}

    def variables(self, settings: Settings, account_id: str) -> Mapping[str, str]:
        return {f"SETTING_{name.upper()}": ",".join(value) for name, value in settings.items()}

    def require_room(self, applicant: Applicant) -> None:
        self.applicants.append(applicant)
        if self.refusal:
            raise self.refusal


@dataclass(slots=True)
class FakeOperator:
    """Remembers what it was shown; approves, or refuses, everything.

    Attributes:
        approves: the answer to every question.
        insists: the answer to whether Terraform is to be interrupted.

    """

    approves: bool = True
    insists: bool = True
    events: list[Event] = field(default_factory=list)
    lines: list[str] = field(default_factory=list)
    warnings: list[Diagnostic] = field(default_factory=list)
    errors: list[PlatformctlError] = field(default_factory=list)
    shown: list[PlanSummary | Findings | DeploymentList] = field(default_factory=list)
    questions: list[Question] = field(default_factory=list)
    interrupt: Interrupt = field(default_factory=Interrupt)
    running: list[tuple[str, ...]] = field(default_factory=list)

    @contextmanager
    def activity(self, command: str) -> Iterator[None]:
        yield

    def emit(self, event: Event) -> None:
        self.events.append(event)

    def say(self, line: str) -> None:
        self.lines.append(line)

    def warn(self, findings: Sequence[Diagnostic]) -> None:
        self.warnings.extend(findings)

    def report(self, error: PlatformctlError) -> None:
        self.errors.append(error)

    def show(self, subject: PlanSummary | Findings | DeploymentList) -> None:
        self.shown.append(subject)

    def approve(self, question: Question) -> None:
        self.questions.append(question)
        if not self.approves:
            raise UsageError("Not confirmed", detail=question.refused)

    @contextmanager
    def interruptible(self) -> Iterator[Interrupt]:
        yield self.interrupt

    def confirm_interrupting(self, running: tuple[str, ...]) -> bool:
        self.running.append(running)
        return self.insists


@dataclass(slots=True)
class FakeSources:
    """Everything that is not on this machine lies in one folder; remembers what was fetched."""

    folder: Path
    fetched: list[str] = field(default_factory=list)

    def fetch(self, source: ModuleSource) -> Path:
        if isinstance(source, LocalSource):
            return source.root
        self.fetched.append(source.shown)
        return self.folder
