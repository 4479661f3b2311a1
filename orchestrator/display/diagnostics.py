"""Findings as people read them: summary, place, the source line underlined, why, and the fix last."""

from collections.abc import Iterable
from pathlib import Path

from rich.console import Console
from rich.text import Text

from orchestrator.diagnostics import ConfigurationError, Diagnostic, Range, Severity
from orchestrator.errors import PlatformctlError

_STYLES = {Severity.ERROR: "bold red", Severity.WARNING: "bold yellow"}


def render_diagnostic(diagnostic: Diagnostic, *, base: Path | None = None) -> Text:
    """One finding; paths below ``base`` are shown relative to it."""
    text = Text()
    text.append(f"{diagnostic.severity}: ", style=_STYLES[diagnostic.severity])
    text.append(diagnostic.summary, style="bold")
    if diagnostic.range is not None:
        text.append("\n")
        text.append_text(_place(diagnostic.range, base))
    _append_explanation(text, diagnostic.detail, diagnostic.hint)
    return text


def render_error(error: PlatformctlError) -> Text:
    """An error that has no place in a file."""
    text = Text()
    text.append("error: ", style=_STYLES[Severity.ERROR])
    text.append(error.summary, style="bold")
    _append_explanation(text, error.detail, error.hint)
    return text


def print_error(console: Console, error: PlatformctlError, *, base: Path | None = None) -> None:
    """Print everything that an error has to say, a blank line between findings."""
    if isinstance(error, ConfigurationError):
        print_diagnostics(console, error.diagnostics, base=base)
    else:
        console.print(render_error(error), soft_wrap=not console.is_terminal, highlight=False)


def print_diagnostics(console: Console, diagnostics: Iterable[Diagnostic], *, base: Path | None = None) -> None:
    """Print findings, a blank line between them."""
    for number, diagnostic in enumerate(diagnostics):
        if number:
            console.print()
        console.print(render_diagnostic(diagnostic, base=base), soft_wrap=not console.is_terminal, highlight=False)


def _append_explanation(text: Text, detail: str, hint: str) -> None:
    if detail:
        text.append(f"\n{detail}")
    if hint:
        text.append("\n")
        text.append("fix: ", style="bold green")
        text.append(hint)


def _place(place: Range, base: Path | None) -> Text:
    path = place.source.path
    shown = path.relative_to(base) if base is not None and path.is_relative_to(base) else path
    number = str(place.start.line)
    margin = " " * len(number)
    line = place.source.line(place.start.line)
    one_line = place.end.line == place.start.line
    width = (place.end.column - place.start.column) if one_line else len(line) - place.start.column + 1
    # Tabs before the marks are kept, so that the marks stand under the right characters whatever a tab's width is.
    indent = "".join("\t" if character == "\t" else " " for character in line[: place.start.column - 1])
    text = Text()
    text.append(f"{margin} --> ", style="blue")
    text.append(f"{shown}:{place.start.line}:{place.start.column}\n")
    text.append(f"{margin} |\n{number} | ", style="blue")
    text.append(f"{line}\n")
    text.append(f"{margin} | ", style="blue")
    text.append(indent + "^" * max(width, 1), style="red")
    return text
