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
class Literal:
    """A value written out; in a folded tree any wholly known value.

    Attributes:
        value: a Value; not typed so, because values.py builds on this module.

    """

    value: Any
    range: Range = field(compare=False, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Template:
    """A string with ``${...}`` or ``%{...}`` in it; a part that is a ``Literal`` string is plain text.

    A template of a single interpolation yields the value of that expression with its own type.
    """

    parts: tuple["Expression", ...]
    range: Range = field(compare=False, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class TemplateIf:
    """``%{ if condition }...%{ else }...%{ endif }`` inside a template."""

    condition: "Expression"
    then: "Template"
    otherwise: "Template"
    range: Range = field(compare=False, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class TemplateFor:
    """``%{ for key, value in collection }...%{ endfor }`` inside a template."""

    key_name: str | None
    value_name: str
    collection: "Expression"
    body: "Template"
    range: Range = field(compare=False, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class ListExpression:
    """``[a, b]``."""

    items: tuple["Expression", ...]
    range: Range = field(compare=False, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class ObjectItem:
    """One ``key = value`` of an object; a bare key has become a ``Literal`` string."""

    key: "Expression"
    value: "Expression"


@dataclass(frozen=True, slots=True, kw_only=True)
class ObjectExpression:
    """``{ key = value }``."""

    items: tuple[ObjectItem, ...]
    range: Range = field(compare=False, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class VariableExpression:
    """The first name of a reference: ``local``, ``dependency``, a loop variable."""

    name: str
    range: Range = field(compare=False, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class GetAttribute:
    """``of.name``."""

    of: "Expression"
    name: str
    range: Range = field(compare=False, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Index:
    """``of[key]``, and the older ``of.0``."""

    of: "Expression"
    key: "Expression"
    range: Range = field(compare=False, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class SplatItem:
    """Stands for the current element inside ``Splat.each``."""

    range: Range = field(compare=False, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Splat:
    """``of[*]...`` (full) or ``of.*...`` (attribute only).

    ``each`` is what follows the star, applied to every element: attributes and, for the full one, indexes around a
    ``SplatItem``.
    """

    of: "Expression"
    each: "Expression"
    full: bool
    range: Range = field(compare=False, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class FunctionCall:
    """``name(arguments)``; with ``expand_final`` the last argument is a list of arguments: ``max(numbers...)``."""

    name: str
    arguments: tuple["Expression", ...]
    expand_final: bool
    name_range: Range = field(compare=False, repr=False)
    range: Range = field(compare=False, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Unary:
    """``-operand`` or ``!operand``."""

    operator: UnaryOperator
    operand: "Expression"
    range: Range = field(compare=False, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Binary:
    """``left operator right``."""

    operator: BinaryOperator
    left: "Expression"
    right: "Expression"
    range: Range = field(compare=False, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Conditional:
    """``condition ? then : otherwise``."""

    condition: "Expression"
    then: "Expression"
    otherwise: "Expression"
    range: Range = field(compare=False, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class ForList:
    """``[for key, value in collection : result if condition]``."""

    key_name: str | None
    value_name: str
    collection: "Expression"
    result: "Expression"
    condition: "Expression | None"
    range: Range = field(compare=False, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class ForObject:
    """``{for key, value in collection : key_result => value_result if condition}``, grouping with ``...``."""

    key_name: str | None
    value_name: str
    collection: "Expression"
    key_result: "Expression"
    value_result: "Expression"
    group: bool
    condition: "Expression | None"
    range: Range = field(compare=False, repr=False)


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
class Attribute:
    """``name = expression`` in a body; ``range`` covers all of it."""

    name: str
    expression: Expression
    name_range: Range = field(compare=False, repr=False)
    range: Range = field(compare=False, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """``type "label" { body }``; ``range`` covers the header up to and including the closing brace."""

    type: str
    labels: tuple[str, ...]
    body: "Body"
    type_range: Range = field(compare=False, repr=False)
    label_ranges: tuple[Range, ...] = field(compare=False, repr=False)
    range: Range = field(compare=False, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Body:
    """What a file or a block contains: attributes by name and blocks, both in the order of the source."""

    attributes: Mapping[str, Attribute]
    blocks: tuple[Block, ...]
    range: Range = field(compare=False, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class File:
    """One configuration file."""

    source: Source
    body: Body
