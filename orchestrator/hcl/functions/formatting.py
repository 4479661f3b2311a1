"""format and formatlist: the verbs of Terraform's format strings."""

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal

from orchestrator.hcl.functions.conversion import (
    Layout,
    composed,
    format_fraction,
    format_integer,
    shortest,
    to_bool,
    to_number,
    to_string,
)
from orchestrator.hcl.functions.declaration import anything, declare, text
from orchestrator.hcl.functions.encoding import json_text
from orchestrator.hcl.functions.strings import graphemes
from orchestrator.hcl.scope import FunctionError, check_length
from orchestrator.hcl.values import SetValue, Value

_VERB = re.compile(
    r"%(?P<flags>[ #+0-]*)(?P<width>[1-9][0-9]*)?(?:\.(?P<precision>[0-9]*))?(?:\[(?P<index>[1-9][0-9]*)\])?"
    r"(?P<mode>[A-Za-z])"
)

# A width or a precision is smaller than a million, as in Go.
_MOST_DIGITS = 6
_INDEX_DIGITS = 9


@dataclass(frozen=True, slots=True, kw_only=True)
class Verb:
    """One ``%...`` of a format string. ``argument``: which argument it shows, from 0."""

    raw: str
    offset: int
    mode: str
    layout: Layout
    argument: int


@declare("format", text, rest=anything)
def format_string(template: str, *arguments: Value) -> Value:
    return _format(template, arguments)


@declare("formatlist", text, rest=anything)
def format_list(template: str, *arguments: Value) -> Value:
    """Format once for each element of the lists among the arguments; all others are the same every time."""
    lists: dict[int, Sequence[Value]] = {}
    for index, argument in enumerate(arguments):
        if not isinstance(argument, list | SetValue):
            continue
        elements = list(argument)
        first = next(iter(lists), None)
        if first is not None and len(elements) != len(lists[first]):
            raise FunctionError(
                f"Argument {index + 1} has length {len(elements)}, "
                f"which is inconsistent with argument {first + 1} of length {len(lists[first])}.",
                argument=index + 1,
            )
        lists[index] = elements
    count = len(next(iter(lists.values()))) if lists else 1
    rows = [
        [lists[index][row] if index in lists else argument for index, argument in enumerate(arguments)]
        for row in range(count)
    ]
    return [_format_row(template, row, number) for number, row in enumerate(rows)]


def _format_row(template: str, row: Sequence[Value], number: int) -> str:
    try:
        return _format(template, row)
    except FunctionError as error:
        raise FunctionError(f"On iteration {number}: {error.message}", argument=error.argument) from None


def _format(template: str, arguments: Sequence[Value]) -> str:
    parts: list[str] = []
    used = 0
    for piece in _pieces(template):
        if isinstance(piece, str):
            parts.append(piece)
            continue
        if piece.argument >= len(arguments):
            raise FunctionError(
                f'Not enough arguments for "{piece.raw}" at {piece.offset}: '
                f"need index {piece.argument + 1} but have {len(arguments)} total."
            )
        used = max(used, piece.argument + 1)
        parts.append(_show(piece, arguments[piece.argument]))
        check_length(sum(map(len, parts)))
    if used < len(arguments):
        reason = f"only {used} used by the format string" if used else "there are no verbs in the format string"
        raise FunctionError(f"Too many arguments; {reason}.", argument=used + 1)
    return composed("".join(parts))


def _pieces(template: str) -> Iterator[str | Verb]:
    at = 0
    following = 0
    while (start := template.find("%", at)) >= 0:
        yield template[at:start]
        if template.startswith("%%", start):
            yield "%"
            at = start + 2
            continue
        found = _VERB.match(template, start)
        if found is None:
            raise FunctionError(
                f"Invalid format string at offset {start}: {template[start : start + 8]!r}.", argument=0
            )
        index = int(found["index"][:_INDEX_DIGITS]) - 1 if found["index"] else following
        following = index + 1
        precision = int(found["precision"] or 0) if found["precision"] is not None else None
        if len(found["width"] or "") > _MOST_DIGITS or len(found["precision"] or "") > _MOST_DIGITS:
            raise FunctionError(f'The width or precision of "{found.group()}" at {start} is too large.', argument=0)
        layout = Layout(flags=found["flags"], width=int(found["width"] or 0), precision=precision)
        yield Verb(raw=found.group(), offset=start, mode=found["mode"], layout=layout, argument=index)
        at = found.end()
    yield template[at:]


def _show(verb: Verb, value: Value) -> str:
    if verb.mode == "v":
        return _show_any(verb, value)
    show = _MODES.get(verb.mode)
    if show is None:
        raise FunctionError(
            f'Unsupported format verb "{verb.mode}" in "{verb.raw}" at offset {verb.offset}.', argument=0
        )
    try:
        if value is None:
            raise FunctionError("A null value cannot be formatted.")  # noqa: TRY301 - the handler adds the place
        return show(verb, value)
    except FunctionError as error:
        reason = error.message[0].lower() + error.message[1:]
        raise FunctionError(
            f'Unsupported value for "{verb.raw}" at {verb.offset}: {reason}', argument=verb.argument + 1
        ) from None


def _show_any(verb: Verb, value: Value) -> str:
    match value:
        case str() if not verb.layout.has("#"):
            return _pad(verb.layout, value)
        case int() | Decimal() if not verb.layout.has("#") and not isinstance(value, bool):
            return _pad(verb.layout, shortest(value))
    return _pad(verb.layout, json_text(value))


def _show_string(verb: Verb, value: Value) -> str:
    return _pad(verb.layout, _truncated(verb, value))


def _show_quoted(verb: Verb, value: Value) -> str:
    return _pad(verb.layout, json_text(_truncated(verb, value)))


def _truncated(verb: Verb, value: Value) -> str:
    """Return the string, no longer than the precision; a precision of zero counts as none."""
    shown = to_string(value)
    return "".join(graphemes(shown)[: verb.layout.precision]) if verb.layout.precision else shown


def _show_bool(_verb: Verb, value: Value) -> str:
    return to_string(to_bool(value))


def _show_integer(verb: Verb, value: Value) -> str:
    number = to_number(value)
    if not isinstance(number, int):
        raise FunctionError("An integer is required.")
    return format_integer(number, verb.mode, verb.layout)


def _show_fraction(verb: Verb, value: Value) -> str:
    return format_fraction(to_number(value), verb.mode, verb.layout)


def _pad(layout: Layout, shown: str) -> str:
    missing = layout.width - len(graphemes(shown))
    if missing <= 0:
        return shown
    if layout.has("-"):
        return shown + " " * missing
    return ("0" if layout.has("0") else " ") * missing + shown


_MODES: dict[str, Callable[[Verb, Value], str]] = {
    "s": _show_string,
    "q": _show_quoted,
    "t": _show_bool,
    **dict.fromkeys("bdoxX", _show_integer),
    **dict.fromkeys("eEfgG", _show_fraction),
}
