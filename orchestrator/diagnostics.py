"""Findings about configuration files, each with its place.

A diagnostic carries its source text, so that it can be rendered with the offending characters underlined, without reading
the file again. Diagnostics are collected and raised together as one ``ConfigurationError``.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

from orchestrator.errors import UsageError


@dataclass(frozen=True, slots=True, eq=False)
class Source:
    """One text that configuration was read from; compared by identity."""

    path: Path
    text: str

    def line(self, number: int) -> str:
        """Return the text of a line, counted from 1, without its line break; empty beyond the end."""
        lines = self.text.split("\n")
        return lines[number - 1].rstrip("\r") if 0 < number <= len(lines) else ""


@dataclass(frozen=True, slots=True, order=True)
class Position:
    """A place between two characters: line and column counted from 1, column in characters."""

    line: int
    column: int


@dataclass(frozen=True, slots=True)
class Range:
    """The characters of one source from ``start`` up to, but not including, ``end``."""

    source: Source
    start: Position
    end: Position

    def __str__(self) -> str:
        return f"{self.source.path}:{self.start.line}:{self.start.column}"


class Severity(StrEnum):
    """The severity of a finding: an error stops the command, a warning does not."""

    ERROR = "error"
    WARNING = "warning"


@dataclass(frozen=True, slots=True, kw_only=True)
class Diagnostic:
    """One finding.

    Attributes:
        summary: a constant sentence without a full stop, the same for every finding of its kind.
        detail: what is wrong here, and why; whole sentences.
        hint: the fix, or "Did you mean ...?"; shown last.
        range: the place, where there is one.
        values: what the names at the place stand for, each with its value in words; None where nobody looked.

    """

    summary: str
    detail: str = ""
    hint: str = ""
    range: Range | None = None
    severity: Severity = Severity.ERROR
    values: tuple[tuple[str, str], ...] | None = field(default=None, compare=False)

    @property
    def sort_key(self) -> tuple[str, int, int, str, str]:
        """Orders findings by file, line and column, so that the output is deterministic."""
        if self.range is None:
            return ("", 0, 0, self.summary, self.detail)
        start = self.range.start
        return (str(self.range.source.path), start.line, start.column, self.summary, self.detail)


class DiagnosticsError(UsageError):
    """Several things may be at fault; carries every finding, sorted and without repeats."""

    def __init__(self, diagnostics: Iterable[Diagnostic]) -> None:
        self.diagnostics: tuple[Diagnostic, ...] = tuple(sorted(set(diagnostics), key=lambda item: item.sort_key))
        first = self.diagnostics[0]
        super().__init__(first.summary, detail=first.detail, hint=first.hint)

    def __str__(self) -> str:
        return "\n".join(
            f"{f'{item.range}: ' if item.range else ''}{item.summary}. {item.detail}".strip()
            for item in self.diagnostics
        )


class ConfigurationError(DiagnosticsError):
    """Configuration files are at fault."""


@dataclass(slots=True)
class Collector:
    """Gathers findings, and raises them all at once."""

    found: list[Diagnostic] = field(default_factory=list)

    def add(self, diagnostic: Diagnostic) -> None:
        self.found.append(diagnostic)

    def report(self, place: Range | None, summary: str, detail: str, hint: str = "") -> None:
        """Add an error."""
        self.add(Diagnostic(summary=summary, detail=detail, hint=hint, range=place))

    def absorb(self, error: ConfigurationError) -> None:
        self.found.extend(error.diagnostics)

    def raise_if_any(self) -> None:
        """Raise ConfigurationError if an error (not only warnings) was found."""
        if any(item.severity is Severity.ERROR for item in self.found):
            raise ConfigurationError(item for item in self.found if item.severity is Severity.ERROR)


def failure(place: Range | None, summary: str, detail: str, hint: str = "") -> ConfigurationError:
    """Make an error of a single finding."""
    return ConfigurationError([Diagnostic(summary=summary, detail=detail, hint=hint, range=place)])


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """Return a hint with the nearest known word, or an empty string when none is near."""
    from difflib import get_close_matches  # noqa: PLC0415 - costs 5 ms and is needed only after a mistake

    matches = get_close_matches(word, sorted(known), n=1, cutoff=0.6)
    return f'Did you mean "{matches[0]}"?' if matches else ""
