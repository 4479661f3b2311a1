"""The syntax tree of the configuration language: what a file says, with the place of everything it says.

Two nodes are equal when they say the same; the place does not count. Parentheses leave no node behind, because the
shape of the tree already tells what belongs together; only an object's key keeps them, where they change its meaning.
The partial evaluator makes nodes too: a folded one has the range of the node that it came from, and a ``Literal`` may
then hold any wholly known value, also a list, an object or a secret.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, TypeAlias

from orchestrator.diagnostics import Range, Source


class UnaryOperator(StrEnum):
    """An operator before its operand."""

    NEGATE = "-"
    NOT = "!"


class BinaryOperator(StrEnum):
    """An operator between its operands."""

    OR = "||"
    AND = "&&"
    EQUAL = "=="
    NOT_EQUAL = "!="
    LESS = "<"
    LESS_OR_EQUAL = "<="
    GREATER = ">"
    GREATER_OR_EQUAL = ">="
    ADD = "+"
    SUBTRACT = "-"
    MULTIPLY = "*"
    DIVIDE = "/"
    MODULO = "%"


@dataclass(frozen=True, slots=True, kw_only=True)
class Node:
    """A part of the syntax tree, and its place."""

    range: Range = field(compare=False, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Literal(Node):
    """A value written out; in a folded tree any wholly known value.

    ``value``: a Value; not typed so, because values.py builds on this module.
    """

    value: Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Template(Node):
    """A string with ``${...}`` or ``%{...}`` in it; a part that is a ``Literal`` string is plain text.

    A template of a single interpolation yields the value of that expression with its own type.
    """

    parts: tuple["Expression", ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class TemplateIf(Node):
    """``%{ if condition }...%{ else }...%{ endif }`` inside a template."""

    condition: "Expression"
    then: "Template"
    otherwise: "Template"


@dataclass(frozen=True, slots=True, kw_only=True)
class Loop(Node):
    """What every ``for`` begins with."""

    key_name: str | None
    value_name: str
    collection: "Expression"


@dataclass(frozen=True, slots=True, kw_only=True)
class TemplateFor(Loop):
    """``%{ for key, value in collection }...%{ endfor }`` inside a template."""

    body: "Template"


@dataclass(frozen=True, slots=True, kw_only=True)
class ListExpression(Node):
    """``[a, b]``."""

    items: tuple["Expression", ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ObjectItem:
    """One ``key = value`` of an object; a bare key has become a ``Literal`` string."""

    key: "Expression"
    value: "Expression"


@dataclass(frozen=True, slots=True, kw_only=True)
class ObjectExpression(Node):
    """``{ key = value }``."""

    items: tuple[ObjectItem, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class VariableExpression(Node):
    """The first name of a reference: ``local``, ``dependency``, a loop variable."""

    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class GetAttribute(Node):
    """``of.name``."""

    of: "Expression"
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Index(Node):
    """``of[key]``, and the older ``of.0``."""

    of: "Expression"
    key: "Expression"


@dataclass(frozen=True, slots=True, kw_only=True)
class SplatItem(Node):
    """Stands for the current element inside ``Splat.each``."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Splat(Node):
    """``of[*]...`` (full) or ``of.*...`` (attribute only).

    ``each`` is what follows the star, applied to every element: attributes and, for the full one, indexes around a
    ``SplatItem``.
    """

    of: "Expression"
    each: "Expression"
    full: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class FunctionCall(Node):
    """``name(arguments)``; with ``expand_final`` the last argument is a list of arguments: ``max(numbers...)``."""

    name: str
    arguments: tuple["Expression", ...]
    expand_final: bool
    name_range: Range = field(compare=False, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Unary(Node):
    """``-operand`` or ``!operand``."""

    operator: UnaryOperator
    operand: "Expression"


@dataclass(frozen=True, slots=True, kw_only=True)
class Binary(Node):
    """``left operator right``."""

    operator: BinaryOperator
    left: "Expression"
    right: "Expression"


@dataclass(frozen=True, slots=True, kw_only=True)
class Conditional(Node):
    """``condition ? then : otherwise``."""

    condition: "Expression"
    then: "Expression"
    otherwise: "Expression"


@dataclass(frozen=True, slots=True, kw_only=True)
class ForList(Loop):
    """``[for key, value in collection : result if condition]``."""

    result: "Expression"
    condition: "Expression | None"


@dataclass(frozen=True, slots=True, kw_only=True)
class ForObject(Loop):
    """``{for key, value in collection : key_result => value_result if condition}``, grouping with ``...``."""

    key_result: "Expression"
    value_result: "Expression"
    group: bool
    condition: "Expression | None"


Expression: TypeAlias = (
    Literal
    | Template
    | TemplateIf
    | TemplateFor
    | ListExpression
    | ObjectExpression
    | VariableExpression
    | GetAttribute
    | Index
    | SplatItem
    | Splat
    | FunctionCall
    | Unary
    | Binary
    | Conditional
    | ForList
    | ForObject
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Attribute(Node):
    """``name = expression`` in a body; ``range`` covers all of it."""

    name: str
    expression: Expression
    name_range: Range = field(compare=False, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Block(Node):
    """``type "label" { body }``; ``range`` covers the header up to and including the closing brace."""

    type: str
    labels: tuple[str, ...]
    body: "Body"
    type_range: Range = field(compare=False, repr=False)
    label_ranges: tuple[Range, ...] = field(compare=False, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Body(Node):
    """What a file or a block contains: attributes by name and blocks, both in the order of the source."""

    attributes: Mapping[str, Attribute]
    blocks: tuple[Block, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class File:
    """One configuration file."""

    source: Source
    body: Body
