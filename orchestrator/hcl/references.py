"""Which names an expression refers to, found without evaluating it."""

from collections.abc import Iterator
from dataclasses import dataclass, field

from orchestrator.diagnostics import Range
from orchestrator.hcl.nodes import (
    Binary,
    Conditional,
    Expression,
    ForList,
    ForObject,
    FunctionCall,
    GetAttribute,
    Index,
    ListExpression,
    Literal,
    ObjectExpression,
    Splat,
    SplatItem,
    Template,
    TemplateFor,
    TemplateIf,
    Unary,
    VariableExpression,
)


@dataclass(frozen=True, slots=True)
class Reference:
    """A name and as much of the path behind it as the text alone tells.

    Attributes:
        path: begins with the root name: ("dependency", "vpc", "outputs", "subnet_ids", 0).
        range: the text of the whole path.

    """

    path: tuple[str | int, ...]
    range: Range = field(compare=False, repr=False)


def references(expression: Expression) -> tuple[Reference, ...]:
    """Return every reference of the expression, the longest static path of each, in the order of the text.

    A path ends where a splat, a call or a computed index begins; what is inside such an index counts on its own. Loop
    variables are not references.
    """
    return tuple(reference for reference, _ in _walk(expression, frozenset()))


def free_variables(expression: Expression) -> tuple[VariableExpression, ...]:
    """Return the nodes of all names that the expression does not bind itself, each as often as it occurs."""
    return tuple(variable for _, variable in _walk(expression, frozenset()))


def _walk(expression: Expression, bound: frozenset[str]) -> Iterator[tuple[Reference, VariableExpression]]:
    match expression:
        case Literal() | SplatItem():
            pass
        case VariableExpression() | GetAttribute() | Index():
            yield from _traversal(expression, bound)
        case ForList() | ForObject() | TemplateFor():
            yield from _loop(expression, bound)
        case _:
            for child in _children(expression):
                yield from _walk(child, bound)


def _traversal(
    expression: VariableExpression | GetAttribute | Index, bound: frozenset[str]
) -> Iterator[tuple[Reference, VariableExpression]]:
    steps: list[GetAttribute | Index] = []
    node: Expression = expression
    while isinstance(node, GetAttribute | Index):
        steps.append(node)
        node = node.of
    if isinstance(node, VariableExpression):
        if node.name not in bound:
            path: list[str | int] = [node.name]
            end: Expression = node
            for step in reversed(steps):
                key = _static_key(step)
                if key is None:
                    break
                path.append(key)
                end = step
            yield Reference(tuple(path), end.range), node
    else:
        yield from _walk(node, bound)
    for step in reversed(steps):
        if isinstance(step, Index):
            yield from _walk(step.key, bound)


def _static_key(step: GetAttribute | Index) -> str | int | None:
    if isinstance(step, GetAttribute):
        return step.name
    if isinstance(step.key, Literal):
        key = step.key.value
        if isinstance(key, str) or (isinstance(key, int) and not isinstance(key, bool)):
            return key
    return None


def _loop(
    expression: ForList | ForObject | TemplateFor, bound: frozenset[str]
) -> Iterator[tuple[Reference, VariableExpression]]:
    yield from _walk(expression.collection, bound)
    names = {expression.value_name} | ({expression.key_name} if expression.key_name else set())
    inner = bound | names
    match expression:
        case ForList():
            parts: tuple[Expression | None, ...] = (expression.result, expression.condition)
        case ForObject():
            parts = (expression.key_result, expression.value_result, expression.condition)
        case TemplateFor():
            parts = (expression.body,)
    for part in parts:
        if part is not None:
            yield from _walk(part, inner)


def _children(expression: Expression) -> tuple[Expression, ...]:
    match expression:
        case Template():
            return expression.parts
        case TemplateIf():
            return (expression.condition, expression.then, expression.otherwise)
        case ListExpression():
            return expression.items
        case ObjectExpression():
            return tuple(part for item in expression.items for part in (item.key, item.value))
        case Splat():
            return (expression.of, expression.each)
        case FunctionCall():
            return expression.arguments
        case Unary():
            return (expression.operand,)
        case Binary():
            return (expression.left, expression.right)
        case Conditional():
            return (expression.condition, expression.then, expression.otherwise)
    return ()
