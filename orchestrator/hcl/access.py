"""Names, attributes, indexes and splats: the ways into a value."""

from dataclasses import replace

from orchestrator.diagnostics import ConfigurationError, Range, did_you_mean, failure
from orchestrator.hcl import nodes
from orchestrator.hcl.dispatch import evaluate, evaluate_all, evaluates, fold, marked_if, split, too_much, veiled
from orchestrator.hcl.functions.conversion import to_number, to_string, type_name
from orchestrator.hcl.scope import FunctionError, Scope
from orchestrator.hcl.values import SetValue, Unknown, Value, as_expression

UNDECLARED = "Reference to undeclared name"
UNSUPPORTED_ATTRIBUTE = "Unsupported attribute"
INVALID_INDEX = "Invalid index"

# No identifier, so that no variable can hide it.
_SPLAT_ITEM = "*"


@evaluates(nodes.VariableExpression)
def _variable(node: nodes.VariableExpression, scope: Scope) -> Value:
    try:
        return scope.variables[node.name]
    except KeyError:
        known = sorted(name for name in scope.variables if name != _SPLAT_ITEM)
        listed = f"The names here are {', '.join(known)}." if known else "There are no names here at all."
        raise failure(
            node.range, UNDECLARED, f'There is no "{node.name}" here. {listed}', did_you_mean(node.name, known)
        ) from None


@evaluates(nodes.GetAttribute)
def _get_attribute(node: nodes.GetAttribute, scope: Scope) -> Value:
    value, secret = split(evaluate(node.of, scope))
    return marked_if(secret, veiled(lambda: _attribute(node, value), secret=secret and isinstance(value, dict)))


def _attribute(node: nodes.GetAttribute, value: Value) -> Value:
    name = node.name
    match value:
        case dict():
            if name in value:
                return value[name]
            raise _missing(node.range, describe(node.of), name, value)
        case Unknown():
            _check_declared(node.range, value, name)
            return Unknown(replace(node, of=value.expression))
        case None:
            raise failure(
                node.range,
                "Attempt to get attribute from null value",
                f'{_capital(describe(node.of))} is null, so it has no attribute "{name}".',
            )
        case list() | SetValue():
            hint = f"Choose an element with [0], or take the attribute of every element with [*].{name}."
    if not isinstance(value, list | SetValue):
        hint = ""
    kind = "list" if isinstance(value, list) else type_name(value)
    raise failure(
        node.range,
        UNSUPPORTED_ATTRIBUTE,
        f'{_capital(describe(node.of))} is a {kind}, which has no attribute "{name}".',
        hint,
    )


def _check_declared(place: Range, value: Unknown, name: str) -> None:
    if value.attributes is not None and name not in value.attributes:
        raise _missing(place, value.description or "this value", name, value.attributes)


def _missing(place: Range, what: str, name: str, known: frozenset[str] | dict[str, Value]) -> ConfigurationError:
    names = ", ".join(sorted(known))
    listed = f"The attributes there are {names}." if known else "There are no attributes at all."
    return failure(
        place, UNSUPPORTED_ATTRIBUTE, f'There is no attribute "{name}" in {what}. {listed}', did_you_mean(name, known)
    )


def describe(expression: nodes.Expression) -> str:
    """Return the text of a reference, such as local.names[0]; "this value" for anything else."""
    match expression:
        case nodes.VariableExpression():
            return expression.name
        case nodes.GetAttribute():
            of = describe(expression.of)
            return of if of == "this value" else f"{of}.{expression.name}"
        case nodes.Index(key=nodes.Literal(value=str() | int() as key)):
            of = describe(expression.of)
            shown = f'"{key}"' if isinstance(key, str) else str(key)
            return of if of == "this value" else f"{of}[{shown}]"
    return "this value"


def _capital(text: str) -> str:
    return text[0].upper() + text[1:] if text == "this value" else text


# Indexes


@evaluates(nodes.Index)
def _index(node: nodes.Index, scope: Scope) -> Value:
    (of, of_secret), (key, key_secret) = map(split, evaluate_all((node.of, node.key), scope))
    value = veiled(lambda: _element(node, of, key, key_secret), secret=of_secret)
    return marked_if(of_secret or key_secret, value)


def _element(node: nodes.Index, of: Value, key: Value, key_secret: bool) -> Value:
    if of is None:
        raise failure(
            node.range, "Attempt to index null value", f"{_capital(describe(node.of))} is null, so it has no elements."
        )
    if key is None:
        raise failure(node.key.range, INVALID_INDEX, "The index is null, but it has to be a number or a string.")
    if isinstance(of, Unknown) or isinstance(key, Unknown):
        if isinstance(of, Unknown) and isinstance(key, str):
            _check_declared(node.range, of, key)
        return Unknown(replace(node, of=as_expression(of, node.of.range), key=as_expression(key, node.key.range)))
    match of:
        case list():
            return of[_position(node, key, len(of), key_secret)]
        case dict():
            return _entry(node, of, key, key_secret)
        case SetValue():
            detail = "The elements of a set have no order and no keys, so they cannot be chosen by an index."
            hint = "Turn it into a list first, with tolist(...) or sort(...)."
        case _:
            detail = f"{_capital(describe(node.of))} is a {type_name(of)}, which has no elements."
            hint = ""
    raise failure(node.range, INVALID_INDEX, detail, hint)


def _position(node: nodes.Index, key: Value, length: int, secret: bool) -> int:
    try:
        number = to_number(key)
    except FunctionError:
        raise failure(
            node.key.range, INVALID_INDEX, f"The index of a list has to be a number, not a {type_name(key)}."
        ) from None
    shown = "This index" if secret else f"The index {number}"
    if not isinstance(number, int):
        raise failure(node.key.range, INVALID_INDEX, f"{shown} is not a whole number.")
    if number < 0:
        raise failure(
            node.key.range,
            INVALID_INDEX,
            f"{shown} is negative, but the elements of a list are counted from 0.",
            "For the last element write x[length(x) - 1].",
        )
    if number >= length:
        elements = "1 element" if length == 1 else f"{length} elements"
        what = describe(node.of)
        raise failure(node.range, INVALID_INDEX, f"{shown} does not exist: {what} has {elements}, counted from 0.")
    return number


def _entry(node: nodes.Index, of: dict[str, Value], key: Value, secret: bool) -> Value:
    try:
        name = to_string(key)
    except FunctionError:
        raise failure(
            node.key.range, INVALID_INDEX, f"The key of an object has to be a string, not a {type_name(key)}."
        ) from None
    if name in of:
        return of[name]
    key_shown = "such key" if secret else f'key "{name}"'
    listed = f"The keys there are {', '.join(sorted(of))}." if of else "There are no keys at all."
    raise failure(
        node.range,
        INVALID_INDEX,
        f"There is no {key_shown} in {describe(node.of)}. {listed}",
        "" if secret else did_you_mean(name, of),
    )


# Splats


@evaluates(nodes.Splat)
def _splat(node: nodes.Splat, scope: Scope) -> Value:
    value, secret = split(evaluate(node.of, scope))
    if isinstance(value, Unknown):
        item = Unknown(nodes.SplatItem(range=node.each.range))
        each = fold(node.each, scope.child(**{_SPLAT_ITEM: item}))
        return marked_if(secret, Unknown(replace(node, of=value.expression, each=each)))
    if value is None:
        return marked_if(secret, [])
    elements = list(value) if isinstance(value, list | SetValue) else [value]
    if scope.work.exceeds(len(elements)):
        raise too_much(node.range)

    def over_elements() -> Value:
        return [evaluate(node.each, scope.child(**{_SPLAT_ITEM: item})) for item in elements]

    return marked_if(secret, veiled(over_elements, secret=secret))


@evaluates(nodes.SplatItem)
def _splat_item(_: nodes.SplatItem, scope: Scope) -> Value:
    return scope.variables[_SPLAT_ITEM]
