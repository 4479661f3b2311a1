"""Unknown values, and the way from values back to expressions."""

from pathlib import Path

from orchestrator.diagnostics import Position, Range, Source
from orchestrator.hcl import nodes
from orchestrator.hcl.values import Sensitive, SetValue, Unknown, Value, is_wholly_known


def unknown_reference(*path: str, attributes: frozenset[str] | None = None, description: str = "") -> Unknown:
    """Return an unknown value whose expression is the reference ``path[0].path[1]...``.

    Args:
        *path: the root name and the attributes behind it; at least the root.
        attributes: the attribute names that the value will have, where they are known.
        description: what it is, in words, for messages: "the outputs of unit vpc".

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
    if is_wholly_known(value):
        return nodes.Literal(value=value, range=place)
    match value:
        case Unknown():
            return value.expression
        case Sensitive():
            return call("sensitive", as_expression(value.value, place), place=place)
        case list():
            return _list(value, place)
        case SetValue():
            return call("toset", _list(list(value), place), place=place)
        case dict():
            items = tuple(
                nodes.ObjectItem(key=nodes.Literal(value=key, range=place), value=as_expression(item, place))
                for key, item in value.items()
            )
            return nodes.ObjectExpression(items=items, range=place)
    raise AssertionError(type(value))


def call(name: str, *arguments: nodes.Expression, place: Range) -> nodes.FunctionCall:
    """Return a call that the evaluator itself makes up."""
    return nodes.FunctionCall(name=name, arguments=arguments, expand_final=False, name_range=place, range=place)


def _list(items: list[Value], place: Range) -> nodes.ListExpression:
    return nodes.ListExpression(items=tuple(as_expression(item, place) for item in items), range=place)
