"""For expressions, and templates: strings put together from text, interpolations and directives.

Over an unknown collection the loop stays a loop: its variables stay symbols, and everything else in it is folded. The
same happens when the collection is known but a condition or a key, and so the shape of the result, is not.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from itertools import count
from typing import TypeVar

from orchestrator.diagnostics import Collector, ConfigurationError, Range, failure
from orchestrator.hcl import nodes
from orchestrator.hcl.dispatch import (
    MOST_PROBLEMS,
    TooMuchError,
    charge,
    evaluate,
    evaluate_all,
    evaluates,
    fold,
    marked_if,
    split,
    too_much,
    truth,
    veiled,
)
from orchestrator.hcl.functions.conversion import composed, to_string, type_name
from orchestrator.hcl.references import free_variables
from orchestrator.hcl.scope import CHARACTERS, ITERATIONS, FunctionError, Scope
from orchestrator.hcl.values import SetValue, Unknown, Value, as_expression

_Loop = TypeVar("_Loop", bound=nodes.Loop)


def elements(node: nodes.Loop, collection: Value, scope: Scope) -> Iterator[Scope]:
    """Return a scope for each element of a known collection; maps are walked in the order of their keys."""
    place = node.collection.range
    items: list[tuple[Value, Value]]
    match collection:
        case list():
            items = list(enumerate(collection))
        case SetValue():
            items = [(item, item) for item in collection]
        case dict():
            items = [(key, collection[key]) for key in sorted(collection)]
        case None:
            raise failure(place, "Iteration over null value", "A null value has no elements to iterate over.")
        case _:
            raise failure(
                place,
                "Iteration over non-iterable value",
                f"A {type_name(collection)} has no elements to iterate over.",
                "Write [...] around it to make a list of it.",
            )
    for key, value in items:
        if scope.work.is_too_much():
            raise too_much(
                place,
                f"The loops of this expression have more than {ITERATIONS:,} iterations together.",
                "Loop over fewer elements.",
            )
        names = {node.value_name: value} if node.key_name is None else {node.key_name: key, node.value_name: value}
        yield scope.child(**names)


def fold_loop(node: _Loop, collection: Value, scope: Scope, *fields: str) -> _Loop:
    """Return a loop with its variables left as symbols and everything else in ``fields`` folded.

    A folded part may contain names from outside that are called like the loop's own variable, which would then catch
    them; the loop's variables get other names in that case.
    """
    parts: dict[str, nodes.Expression] = {
        name: getattr(node, name) for name in fields if getattr(node, name) is not None
    }
    names = [name for name in (node.key_name, node.value_name) if name is not None]
    for attempt in count(1):
        suffix = "" if attempt == 1 else f"_{attempt}"
        symbols = {name: nodes.VariableExpression(name=f"{name}{suffix}", range=node.range) for name in names}
        inner = scope.child(**{name: Unknown(symbol) for name, symbol in symbols.items()})
        folded = {name: fold(part, inner) for name, part in parts.items()}
        own = list(symbols.values())
        caught = {symbol.name for symbol in own}
        free = (variable for part in folded.values() for variable in free_variables(part))
        if not any(variable.name in caught and not any(variable is symbol for symbol in own) for variable in free):
            return replace(
                node,
                key_name=None if node.key_name is None else symbols[node.key_name].name,
                value_name=symbols[node.value_name].name,
                collection=as_expression(collection, node.collection.range),
                **folded,  # type: ignore[arg-type]  # fields of the loop's own class
            )
    raise AssertionError


class _ShapeUnknownError(Exception):
    """Which elements there will be depends on something unknown."""


def _for(
    node: nodes.ForList | nodes.ForObject,
    scope: Scope,
    take: Callable[[Scope, bool], bool],
    result: Value,
    *fields: str,
) -> Value:
    """Let ``take`` add to the result in the scope of each element that passes the ``if``.

    It is told, and tells, whether the result is a secret.
    """
    collection, secret = split(evaluate(node.collection, scope))
    if isinstance(collection, Unknown):
        return marked_if(secret, Unknown(fold_loop(node, collection, scope, *fields, "condition")))

    def over_elements() -> Value:
        own_mark = secret
        problems = Collector()
        for inner in elements(node, collection, scope):
            try:
                kept, kept_mark = _kept(node.condition, inner)
                own_mark = own_mark or kept_mark
                if kept:
                    own_mark = take(inner, own_mark)
            except _ShapeUnknownError:
                return marked_if(own_mark, Unknown(fold_loop(node, collection, scope, *fields, "condition")))
            except TooMuchError:
                raise
            except ConfigurationError as error:
                problems.absorb(error)
                if len(problems.found) >= MOST_PROBLEMS:
                    break
        problems.raise_if_any()
        return marked_if(own_mark, result)

    return veiled(over_elements, secret=secret)


@evaluates(nodes.ForList)
def _for_list(node: nodes.ForList, scope: Scope) -> Value:
    result: list[Value] = []

    def take(inner: Scope, secret: bool) -> bool:
        result.append(evaluate(node.result, inner))
        return secret

    return _for(node, scope, take, result, "result")


@evaluates(nodes.ForObject)
def _for_object(node: nodes.ForObject, scope: Scope) -> Value:
    result: dict[str, Value] = {}

    def take(inner: Scope, secret: bool) -> bool:
        key, key_secret = _key(node, inner)
        secret = secret or key_secret
        value = evaluate(node.value_result, inner)
        if node.group:
            group = result.setdefault(key, [])
            assert isinstance(group, list)
            group.append(value)
        elif key in result:
            shown = "Two elements have the same key" if secret else f'Two elements have the key "{key}"'
            raise failure(
                node.key_result.range,
                "Duplicate object key",
                f"{shown}, but the keys of an object are unique.",
                "To collect all values of a key in a list, write ... behind the value.",
            )
        else:
            result[key] = value
        return secret

    return _for(node, scope, take, result, "key_result", "value_result")


def _kept(condition: nodes.Expression | None, scope: Scope) -> tuple[bool, bool]:
    """Tell whether the element passes the ``if``, and whether that is a secret."""
    if condition is None:
        return True, False
    value, secret = split(evaluate(condition, scope))
    if isinstance(value, Unknown):
        raise _ShapeUnknownError
    return truth(value, condition.range), secret


def _key(node: nodes.ForObject, scope: Scope) -> tuple[str, bool]:
    value, secret = split(evaluate(node.key_result, scope))
    if isinstance(value, Unknown):
        raise _ShapeUnknownError
    return object_key(node.key_result, value), secret


def object_key(node: nodes.Expression, value: Value) -> str:
    """Return a known value as the key of an object."""
    if value is None:
        raise failure(node.range, "Null value as key", "The key is null, but the keys of an object are strings.")
    try:
        return to_string(value)
    except FunctionError:
        raise failure(
            node.range, "Incorrect key type", f"The keys of an object are strings, but this is a {type_name(value)}."
        ) from None


@evaluates(nodes.Template)
def _template(node: nodes.Template, scope: Scope) -> Value:
    if len(node.parts) == 1 and not isinstance(node.parts[0], nodes.TemplateIf | nodes.TemplateFor):
        return evaluate(node.parts[0], scope)
    return _text(node, scope)


def _text(node: nodes.Template, scope: Scope) -> Value:
    """Return the template as a string; inside a directive a single interpolation is a string, too."""
    values = evaluate_all(node.parts, scope)
    charge(scope, node.range, *values)
    return _joined(values, [part.range for part in node.parts], node.range)


def _joined(values: Sequence[Value], places: Sequence[Range], whole: Range) -> Value:
    """Return the values as one string; unknown, with the texts between the unknown parts melted together, if one is."""
    folded: list[nodes.Expression] = []
    text = ""
    secret = False
    for marked, place in zip(values, places, strict=True):
        value, own_mark = split(marked)
        secret = secret or own_mark
        if not isinstance(value, Unknown):
            text += _string(value, place)
            if len(text) > CHARACTERS:
                raise too_much(whole, f"The string has more than {CHARACTERS:,} characters.", "")
            continue
        inner = value.expression
        for piece in inner.parts if isinstance(inner, nodes.Template) else (inner,):
            if isinstance(piece, nodes.Literal):
                text += _string(piece.value, place)
                continue
            if text:
                folded.append(nodes.Literal(value=text, range=whole))
                text = ""
            folded.append(piece)
    if not folded:
        return marked_if(secret, composed(text))
    if text:
        folded.append(nodes.Literal(value=text, range=whole))
    return marked_if(secret, Unknown(nodes.Template(parts=tuple(folded), range=whole)))


def _string(value: Value, place: Range) -> str:
    summary = "Invalid template interpolation value"
    if value is None:
        raise failure(place, summary, "The value is null, which cannot become part of a string.")
    try:
        return to_string(value)
    except FunctionError:
        raise failure(
            place,
            summary,
            f"A string is needed here, not a {type_name(value)}.",
            "Encode the value with jsonencode(...), or join(...) the elements of a list.",
        ) from None


@evaluates(nodes.TemplateIf)
def _if(node: nodes.TemplateIf, scope: Scope) -> Value:
    condition, secret = split(evaluate(node.condition, scope))
    if isinstance(condition, Unknown):
        then, otherwise = _text(node.then, scope), _text(node.otherwise, scope)
        folded = replace(
            node,
            condition=condition.expression,
            then=_as_template(then, node.then.range),
            otherwise=_as_template(otherwise, node.otherwise.range),
        )
        return marked_if(secret, Unknown(nodes.Template(parts=(folded,), range=node.range)))
    choice = truth(condition, node.condition.range)
    return marked_if(secret, _text(node.then if choice else node.otherwise, scope))


@evaluates(nodes.TemplateFor)
def _template_for(node: nodes.TemplateFor, scope: Scope) -> Value:
    collection, secret = split(evaluate(node.collection, scope))
    if isinstance(collection, Unknown):
        folded = fold_loop(node, collection, scope, "body")
        folded = replace(folded, body=_template_of(folded.body))
        return marked_if(secret, Unknown(nodes.Template(parts=(folded,), range=node.range)))

    def over_elements() -> Value:
        texts = [_text(node.body, inner) for inner in elements(node, collection, scope)]
        return marked_if(secret, _joined(texts, [node.body.range] * len(texts), node.range))

    return veiled(over_elements, secret=secret)


def _as_template(value: Value, place: Range) -> nodes.Template:
    return _template_of(as_expression(value, place))


def _template_of(expression: nodes.Expression) -> nodes.Template:
    """Return the body of a directive; what is there already is a string."""
    if isinstance(expression, nodes.Template):
        return expression
    return nodes.Template(parts=(expression,), range=expression.range)
