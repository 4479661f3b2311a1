"""The values that an error is about, in words: what the names at the place of the error stand for."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from decimal import Decimal

from orchestrator.diagnostics import Diagnostic, Range
from orchestrator.hcl import nodes
from orchestrator.hcl.print import print_value
from orchestrator.hcl.references import Reference, references
from orchestrator.hcl.values import Sensitive, SetValue, Unknown, Value, count_parts, is_wholly_known, redacted

_MOST = 5
"""Names that are explained for one error."""

_LONGEST = 50
"""Characters of a value that is shown as it is."""

_FEW = 20
"""Parts of a value that is shown as it is."""


def with_values(
    findings: Iterable[Diagnostic], expression: nodes.Expression, variables: Mapping[str, Value]
) -> Iterator[Diagnostic]:
    """Add to findings about an expression what its names stand for, unless something inside of it did so already."""
    found = references(expression)
    for finding in findings:
        if finding.values is None:
            # Both sides of an index are about the same thing; of everything else only the part at fault counts.
            near = [
                reference
                for reference in found
                if isinstance(expression, nodes.Index)
                or finding.range is None
                or _is_in(reference.range, finding.range)
            ]
            yield replace(finding, values=_described(near, variables))
        else:
            yield finding


def _is_in(part: Range, whole: Range) -> bool:
    return whole.start <= part.start and part.end <= whole.end


def _described(found: Iterable[Reference], variables: Mapping[str, Value]) -> tuple[tuple[str, str], ...]:
    texts: dict[str, str] = {}
    for reference in found:
        path, value = _resolved(reference.path, variables)
        # What a root such as local stands for is everything, and says nothing.
        if path and (len(path) > 1 or not isinstance(value, dict)):
            texts.setdefault(_name(path), _in_words(value))
    return tuple(texts.items())[:_MOST]


def _resolved(path: tuple[str | int, ...], variables: Mapping[str, Value]) -> tuple[tuple[str | int, ...], Value]:
    """Return as much of a path as there is, and its value; a secret or an unknown value ends it."""
    value: Value = {**variables}
    for length, step in enumerate(path):
        match value:
            case dict() if step in value:
                value = value[str(step)]
            case list() if isinstance(step, int) and step < len(value):
                value = value[step]
            case Unknown() | Sensitive():
                return path, value
            case _:
                return path[:length], value
    return path, value


def _name(path: tuple[str | int, ...]) -> str:
    root, *steps = path
    return "".join(
        (
            str(root),
            *(
                f".{step}" if isinstance(step, str) and step.isidentifier() else f"[{print_value(step)}]"
                for step in steps
            ),
        )
    )


def _in_words(value: Value) -> str:
    match value:
        case Sensitive():
            return "sensitive"
        case Unknown():
            return "known only after apply"
        case str():
            return _cut(print_value(value[:_LONGEST]), long=len(value) > _LONGEST)
        case None | bool() | int() | Decimal():
            return _cut(print_value(value))
    if count_parts(value, _FEW) <= _FEW and is_wholly_known(value):
        shown = _on_one_line(redacted(value))
        if len(shown) <= _LONGEST:
            return shown
    match value:
        case dict():
            return f"an object with {_counted(len(value), 'attribute')}"
        case SetValue():
            return f"a set of {_counted(len(value), 'element')}"
        case list():
            return f"a list of {_counted(len(value), 'element')}"
    raise AssertionError(type(value))


def _on_one_line(value: Value) -> str:
    match value:
        case dict():
            items = ", ".join(f"{_key(name)} = {_on_one_line(item)}" for name, item in value.items())
            return f"{{ {items} }}" if items else "{}"
        case list():
            return f"[{', '.join(map(_on_one_line, value))}]"
        case SetValue():
            return f"toset({_on_one_line(list(value))})"
    return print_value(value)


def _key(name: str) -> str:
    return name if name.isidentifier() else print_value(name)


def _cut(text: str, *, long: bool = False) -> str:
    return f"{text[: _LONGEST - 1]}…" if long or len(text) > _LONGEST else text


def _counted(count: int, what: str) -> str:
    return f"{count:,} {what}{'' if count == 1 else 's'}"
