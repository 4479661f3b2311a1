"""Values of the configuration language, and how they map to Python.

========================  =====================================================================
HCL                       Python
========================  =====================================================================
null                      ``None``
bool                      ``bool``
number                    ``int`` when integral, else ``decimal.Decimal`` (0.1 + 0.2 is 0.3, as in Terraform)
string                    ``str``
list, tuple               ``list``
set                       ``SetValue``: without repeats, in Terraform's order
map, object               ``dict`` with ``str`` keys, in the order of the source
not known yet             ``Unknown``: carries the expression that is still to be computed
secret                    ``Sensitive`` around any of the above
========================  =====================================================================

Values are never changed in place once made. ``Unknown`` is what makes the evaluator a partial evaluator: every
operation on an unknown value yields another one, whose expression is the operation with all that is known folded in.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import TypeAlias

from orchestrator.diagnostics import Position, Range, Source
from orchestrator.hcl import nodes
from orchestrator.hcl.nodes import Expression


@dataclass(frozen=True, slots=True)
class SetValue:
    """A set: the elements without repeats, already in the order in which Terraform iterates over them."""

    elements: tuple["Value", ...]

    def __iter__(self) -> Iterator["Value"]:
        return iter(self.elements)

    def __len__(self) -> int:
        return len(self.elements)


@dataclass(frozen=True, slots=True, eq=False)
class Unknown:
    """A value that is known only after apply.

    Attributes:
        expression: what computes it, with everything known folded to literals; printable as HCL.
        attributes: the attribute names that it will have, where they are known beforehand (the outputs that a
            module declares); None where nothing is known about its shape.
        description: what it is, in words, for the messages about unknown attributes: "outputs of unit vpc".

    """

    expression: Expression
    attributes: frozenset[str] | None = None
    description: str = ""


@dataclass(frozen=True, slots=True, eq=False)
class Sensitive:
    """A secret. Never nested directly in another ``Sensitive``; its repr does not show what it holds."""

    value: "Value"

    def __repr__(self) -> str:
        return "Sensitive(...)"


Value: TypeAlias = "bool | int | Decimal | str | list[Value] | SetValue | dict[str, Value] | Unknown | Sensitive | None"


def rebuilt(value: Value, change: Callable[[Value], Value]) -> Value:
    """Return a collection with every element changed, and anything else as it is."""
    match value:
        case dict():
            return {key: change(item) for key, item in value.items()}
        case list():
            return [change(item) for item in value]
        case SetValue():
            return SetValue(tuple(change(item) for item in value))
    return value


def _any_part(value: Value, is_one: Callable[[Value], bool]) -> bool:
    match value:
        case _ if is_one(value):
            return True
        case Sensitive():
            return _any_part(value.value, is_one)
        case dict():
            return any(_any_part(item, is_one) for item in value.values())
        case list() | SetValue():
            return any(_any_part(item, is_one) for item in value)
    return False


def count_parts(value: Value, limit: int) -> int:
    """Count the parts of a value at every depth, a hundred characters or forty bits as one, up to a limit."""
    total = 0
    left = [value]
    while left and total <= limit:
        item = left.pop()
        total += 1
        # By type rather than by match: this runs for every argument of every call.
        kind = type(item)
        if kind is str:
            total += len(item) // 100  # type: ignore[arg-type]
        elif kind is dict:
            left += item.values()  # type: ignore[union-attr]
        elif kind is list:
            left += item  # type: ignore[arg-type]
        elif isinstance(item, int):
            total += item.bit_length() // 40
        elif isinstance(item, SetValue):
            left += item.elements
        elif isinstance(item, Sensitive):
            left.append(item.value)
        elif isinstance(item, Decimal):
            total += abs(item.adjusted()) // 10
    return total


def is_wholly_known(value: Value) -> bool:
    """Tell whether no part of the value, at any depth, is unknown."""
    return not _any_part(value, lambda part: isinstance(part, Unknown))


def has_sensitive(value: Value) -> bool:
    """Tell whether any part of the value, at any depth, is a secret."""
    return _any_part(value, lambda part: isinstance(part, Sensitive))


def unmark(value: Value) -> Value:
    """Remove every ``Sensitive``, at any depth; mark again whatever is made of the value."""
    return unmark(value.value) if isinstance(value, Sensitive) else rebuilt(value, unmark)


def redacted(value: Value) -> Value:
    """Replace every ``Sensitive``, at any depth, by "(sensitive)", so that the value can be shown."""
    return "(sensitive)" if isinstance(value, Sensitive) else rebuilt(value, redacted)


def mark(value: Value) -> Value:
    return value if isinstance(value, Sensitive) else Sensitive(value)


def unknown_reference(*path: str, attributes: frozenset[str] | None = None, description: str = "") -> Unknown:
    """Return an unknown value whose expression is the reference ``path[0].path[1]...``.

    ``*path``: the root name and the attributes behind it; at least the root.
    """
    root, *names = path
    source = Source(Path(".".join(path)), ".".join(path))
    end = len(root) + 1
    expression: nodes.Expression = nodes.VariableExpression(
        name=root, range=Range(source, Position(1, 1), Position(1, end))
    )
    for name in names:
        end += len(name) + 1
        expression = nodes.GetAttribute(of=expression, name=name, range=Range(source, Position(1, 1), Position(1, end)))
    return Unknown(expression=expression, attributes=attributes, description=description)


def as_expression(value: Value, place: Range) -> nodes.Expression:
    """Return the expression that stands for a value; what is wholly known becomes one literal."""
    return _unknown_part(value, place) or nodes.Literal(value=value, range=place)


def _unknown_part(value: Value, place: Range) -> nodes.Expression | None:
    """Return the expression of a value with unknown parts, None for one without; each part is looked at once."""
    match value:
        case Unknown():
            return value.expression
        case Sensitive():
            inner = _unknown_part(value.value, place)
            return call("sensitive", inner, place=place) if inner else None
        case list() | SetValue():
            parts = _all_parts(value, place)
            if parts is None:
                return None
            elements = nodes.ListExpression(items=parts, range=place)
            return elements if isinstance(value, list) else call("toset", elements, place=place)
        case dict():
            parts = _all_parts(value.values(), place)
            if parts is None:
                return None
            items = tuple(
                nodes.ObjectItem(key=nodes.Literal(value=key, range=place), value=part)
                for key, part in zip(value, parts, strict=True)
            )
            return nodes.ObjectExpression(items=items, range=place)
    return None


def _all_parts(values: Iterable[Value], place: Range) -> tuple[nodes.Expression, ...] | None:
    found = [(value, _unknown_part(value, place)) for value in values]
    if all(part is None for _, part in found):
        return None
    return tuple(part or nodes.Literal(value=value, range=place) for value, part in found)


def call(name: str, *arguments: nodes.Expression, place: Range) -> nodes.FunctionCall:
    """Return a call that the evaluator itself makes up."""
    return nodes.FunctionCall(name=name, arguments=arguments, expand_final=False, name_range=place, range=place)
