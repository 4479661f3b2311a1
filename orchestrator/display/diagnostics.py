"""Renders diagnostics: summary, place, the underlined source line, the reason, and the fix last."""

from collections.abc import Iterable, Sequence
from pathlib import Path

from rich.cells import cell_len
from rich.console import Console
from rich.text import Text

from orchestrator.diagnostics import Diagnostic, DiagnosticsError, Position, Range, Severity, Source
from orchestrator.errors import PlatformctlError

_CUT = "…"
_STYLES = {Severity.ERROR: "bold red", Severity.WARNING: "bold yellow"}


def render_diagnostic(diagnostic: Diagnostic, *, base: Path | None = None, width: int | None = None) -> Text:
    """Render one diagnostic; show paths relative to ``base``, and cut the source line to ``width`` cells, if given."""
    text = Text()
    text.append(f"{diagnostic.severity}: ", style=_STYLES[diagnostic.severity])
    text.append(diagnostic.summary, style="bold")
    if diagnostic.range is not None:
        text.append("\n")
        text.append_text(_place(diagnostic.range, base, width))
        for name, value in diagnostic.values or ():
            text.append_text(_value(diagnostic.range, f"{name} is {value}", width))
    _append_explanation(text, diagnostic.detail, diagnostic.hint)
    return text


def render_error(error: PlatformctlError) -> Text:
    """Render an error that has no place in a file."""
    text = Text()
    text.append("error: ", style=_STYLES[Severity.ERROR])
    text.append(error.summary, style="bold")
    _append_explanation(text, error.detail, error.hint)
    return text


def print_error(console: Console, error: PlatformctlError, *, base: Path | None = None) -> None:
    """Print an error with all of its diagnostics, a blank line between them."""
    if isinstance(error, DiagnosticsError):
        print_diagnostics(console, error.diagnostics, base=base)
    else:
        console.print(render_error(error), soft_wrap=not console.is_terminal, highlight=False)


def print_diagnostics(console: Console, diagnostics: Iterable[Diagnostic], *, base: Path | None = None) -> None:
    """Print diagnostics, a blank line between them."""
    for number, diagnostic in enumerate(diagnostics):
        if number:
            console.print()
        width = console.width if console.is_terminal else None
        console.print(
            render_diagnostic(diagnostic, base=base, width=width), soft_wrap=not console.is_terminal, highlight=False
        )


def validation_document(diagnostics: Sequence[Diagnostic], *, base: Path | None = None) -> dict[str, object]:
    """Describe findings as ``terraform validate -json`` does, so that what reads that reads this; offsets count bytes."""
    errors = sum(item.severity is Severity.ERROR for item in diagnostics)
    return {
        "format_version": "1.0",
        "valid": not errors,
        "error_count": errors,
        "warning_count": len(diagnostics) - errors,
        "diagnostics": [diagnostic_document(item, base=base) for item in diagnostics],
    }


def diagnostic_document(diagnostic: Diagnostic, *, base: Path | None = None) -> dict[str, object]:
    """Describe a finding as plain JSON values, with the names of ``terraform validate -json`` and a hint."""
    document: dict[str, object] = {
        "severity": diagnostic.severity.value,
        "summary": diagnostic.summary,
        "detail": diagnostic.detail,
        "hint": diagnostic.hint,
    }
    place = diagnostic.range
    if place is None:
        return document
    code = place.source.line(place.start.line)
    end = place.end.column - 1 if place.end.line == place.start.line else len(code)
    return document | {
        "range": {
            "filename": str(_relative(place.source.path, base)),
            "start": _position(place.source, place.start),
            "end": _position(place.source, place.end),
        },
        "snippet": {
            "context": None,
            "code": code,
            "start_line": place.start.line,
            "highlight_start_offset": _bytes(code[: place.start.column - 1]),
            "highlight_end_offset": _bytes(code[:end]),
            "values": [{"traversal": name, "statement": f"is {value}"} for name, value in diagnostic.values or ()],
        },
    }


def _position(source: Source, position: Position) -> dict[str, int]:
    lines = source.text.split("\n")[: position.line - 1]
    before = sum(_bytes(line) + 1 for line in lines) + _bytes(source.line(position.line)[: position.column - 1])
    return {"line": position.line, "column": position.column, "byte": before}


def _bytes(text: str) -> int:
    return len(text.encode())


def _relative(path: Path, base: Path | None) -> Path:
    return path.relative_to(base) if base is not None and path.is_relative_to(base) else path


def _append_explanation(text: Text, detail: str, hint: str) -> None:
    if detail:
        text.append(f"\n{detail}")
    if hint:
        text.append("\n")
        text.append("fix: ", style="bold green")
        text.append(hint)


def _place(place: Range, base: Path | None, width: int | None) -> Text:
    shown = _relative(place.source.path, base)
    number = str(place.start.line)
    margin = " " * len(number)
    line = place.source.line(place.start.line)
    begin = place.start.column - 1
    end = place.end.column - 1 if place.end.line == place.start.line else len(line)
    if width is not None:
        line, begin, end = _window(line, begin, end, width - len(number) - 3)
    # Tabs before the marks are kept, so that the marks are under the right characters whatever a tab's width is.
    indent = "".join("\t" if character == "\t" else " " * cell_len(character) for character in line[:begin])
    text = Text()
    text.append(f"{margin} --> ", style="blue")
    text.append(f"{shown}:{place.start.line}:{place.start.column}\n")
    text.append(f"{margin} |\n{number} | ", style="blue")
    text.append(f"{line}\n")
    text.append(f"{margin} | ", style="blue")
    text.append(indent + "^" * max(cell_len(line[begin:end]), 1), style="red")
    return text


def _value(place: Range, statement: str, width: int | None) -> Text:
    margin = " " * len(str(place.start.line))
    if width is not None:
        statement, _, _ = _window(statement, 0, 0, width - len(margin) - 3)
    return Text.assemble("\n", (f"{margin} = ", "blue"), statement)


def _window(line: str, begin: int, end: int, width: int) -> tuple[str, int, int]:
    """Return the part of a line around its marks that fits into ``width`` cells, and the marks' place in it."""
    if cell_len(line.expandtabs()) <= width:
        return line, begin, end
    # Most of the room goes to the text before the marks, which says what they belong to.
    first = max(min(begin, end - width + 2 * len(_CUT), begin - width // 2), 0)
    before = _CUT if first else ""
    rest = line[first:]
    room = width - len(before)
    if cell_len(rest) > room:
        kept = rest
        while cell_len(kept) > room - len(_CUT):
            kept = kept[:-1]
        rest = kept + _CUT
    shown = before + rest
    offset = len(before) - first
    return shown, begin + offset, min(end + offset, len(shown))
