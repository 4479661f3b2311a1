"""Which names an expression refers to, found without evaluating it."""

from collections.abc import Iterator
from dataclasses import dataclass, field

from orchestrator.diagnostics import Range
from orchestrator.hcl import nodes


@dataclass(frozen=True, slots=True)
class Reference:
    """A name and as much of the path behind it as the text alone tells.

    ``path``: begins with the root name: ("dependency", "vpc", "outputs", "subnet_ids", 0).
    """

    path: tuple[str | int, ...]
    range: Range = field(compare=False, repr=False)


def references(expression: nodes.Expression) -> tuple[Reference, ...]:
    """Return every reference of the expression, the longest static path of each, in the order of the text.

    A path ends where a splat, a call or a computed index begins; what is inside such an index counts on its own. Loop
    variables are not references.
    """
    return tuple(reference for reference, _ in _walk(expression, frozenset()))


def free_variables(expression: nodes.Expression) -> tuple[nodes.VariableExpression, ...]:
    """Return the nodes of all names that the expression does not bind itself, each as often as it occurs."""
    return tuple(variable for _, variable in _walk(expression, frozenset()))


def function_calls(expression: nodes.Expression) -> Iterator[nodes.FunctionCall]:
    """Yield every call in the expression, at any depth, the outer one first."""
    if isinstance(expression, nodes.FunctionCall):
        yield expression
    for part in _parts(expression):
        yield from function_calls(part)


def _parts(expression: nodes.Expression) -> Iterator[nodes.Expression]:
    match expression:
        case nodes.GetAttribute():
            yield expression.of
        case nodes.Index():
            yield from (expression.of, expression.key)
        case nodes.ForList() | nodes.ForObject() | nodes.TemplateFor():
            yield expression.collection
            yield from _loop_parts(expression)
        case _:
            yield from _children(expression)


def _loop_parts(expression: nodes.ForList | nodes.ForObject | nodes.TemplateFor) -> Iterator[nodes.Expression]:
    """Yield the expressions in which the loop's variables are bound."""
    match expression:
        case nodes.ForList():
            parts: tuple[nodes.Expression | None, ...] = (expression.result, expression.condition)
        case nodes.ForObject():
            parts = (expression.key_result, expression.value_result, expression.condition)
        case nodes.TemplateFor():
            parts = (expression.body,)
    yield from (part for part in parts if part is not None)


def _walk(expression: nodes.Expression, bound: frozenset[str]) -> Iterator[tuple[Reference, nodes.VariableExpression]]:
    match expression:
        case nodes.Literal() | nodes.SplatItem():
            pass
        case nodes.VariableExpression() | nodes.GetAttribute() | nodes.Index():
            yield from _traversal(expression, bound)
        case nodes.ForList() | nodes.ForObject() | nodes.TemplateFor():
            yield from _loop(expression, bound)
        case _:
            for child in _children(expression):
                yield from _walk(child, bound)


def _traversal(
    expression: nodes.VariableExpression | nodes.GetAttribute | nodes.Index, bound: frozenset[str]
) -> Iterator[tuple[Reference, nodes.VariableExpression]]:
    steps: list[nodes.GetAttribute | nodes.Index] = []
    node: nodes.Expression = expression
    while isinstance(node, nodes.GetAttribute | nodes.Index):
        steps.append(node)
        node = node.of
    if isinstance(node, nodes.VariableExpression):
        if node.name not in bound:
            path: list[str | int] = [node.name]
            end: nodes.Expression = node
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
        if isinstance(step, nodes.Index):
            yield from _walk(step.key, bound)


def _static_key(step: nodes.GetAttribute | nodes.Index) -> str | int | None:
    if isinstance(step, nodes.GetAttribute):
        return step.name
    if isinstance(step.key, nodes.Literal):
        key = step.key.value
        if isinstance(key, str) or (isinstance(key, int) and not isinstance(key, bool)):
            return key
    return None


def _loop(
    expression: nodes.ForList | nodes.ForObject | nodes.TemplateFor, bound: frozenset[str]
) -> Iterator[tuple[Reference, nodes.VariableExpression]]:
    yield from _walk(expression.collection, bound)
    names = {expression.value_name} | ({expression.key_name} if expression.key_name else set())
    inner = bound | names
    for part in _loop_parts(expression):
        yield from _walk(part, inner)


def _children(expression: nodes.Expression) -> tuple[nodes.Expression, ...]:
    match expression:
        case nodes.Template():
            return expression.parts
        case nodes.TemplateIf():
            return (expression.condition, expression.then, expression.otherwise)
        case nodes.ListExpression():
            return expression.items
        case nodes.ObjectExpression():
            return tuple(part for item in expression.items for part in (item.key, item.value))
        case nodes.Splat():
            return (expression.of, expression.each)
        case nodes.FunctionCall():
            return expression.arguments
        case nodes.Unary():
            return (expression.operand,)
        case nodes.Binary():
            return (expression.left, expression.right)
        case nodes.Conditional():
            return (expression.condition, expression.then, expression.otherwise)
    return ()
