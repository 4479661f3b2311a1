"""For expressions, and templates: strings put together from text, interpolations and directives.

Over an unknown collection the loop stays a loop: its variables stay symbols, and everything else in it is folded. The
same happens when the collection is known but a condition or a key, and so the shape of the result, is not.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import count

from orchestrator.diagnostics import Collector, ConfigurationError, Range, failure
from orchestrator.hcl import nodes
from orchestrator.hcl.dispatch import TOO_MUCH, evaluate, evaluate_all, evaluates, fold, marked_if, split, truth
from orchestrator.hcl.functions.conversion import composed, to_string, type_name
from orchestrator.hcl.references import free_variables
from orchestrator.hcl.scope import CHARACTERS, ITERATIONS, FunctionError, Scope
from orchestrator.hcl.values import SetValue, Unknown, Value, as_expression


def elements(
    node: nodes.Expression, collection: Value, key_name: str | None, value_name: str, scope: Scope
) -> Iterator[Scope]:
    """Return a scope for each element of a known collection; maps are walked in the order of their keys."""
    items: list[tuple[Value, Value]]
    match collection:
        case list():
            items = list(enumerate(collection))
        case SetValue():
            items = [(item, item) for item in collection]
        case dict():
            items = [(key, collection[key]) for key in sorted(collection)]
        case None:
            raise failure(node.range, "Iteration over null value", "A null value has no elements to iterate over.")
        case _:
            raise failure(
                node.range,
                "Iteration over non-iterable value",
                f"A {type_name(collection)} has no elements to iterate over.",
                "Write [...] around it to make a list of it.",
            )
    for key, value in items:
        if scope.work.is_too_much():
            raise failure(
                node.range,
                TOO_MUCH,
                f"The loops of this expression have more than {ITERATIONS:,} iterations together.",
                "Loop over fewer elements.",
            )
        names = {value_name: value} if key_name is None else {key_name: key, value_name: value}
        yield scope.child(**names)


def fold_loop(
    names: tuple[str | None, str], parts: Sequence[nodes.Expression], scope: Scope
) -> tuple[tuple[str | None, str], list[nodes.Expression]]:
    """Return the parts of a loop with its variables left as symbols; returns the variables' names, too.

    A folded part may contain names from outside that are called like the loop's own variable, which would then catch
    them; the loop's variables get other names in that case.
    """
    place = parts[0].range
    for attempt in count(1):
        suffix = "" if attempt == 1 else f"_{attempt}"
        symbols = {
            name: nodes.VariableExpression(name=f"{name}{suffix}", range=place) for name in names if name is not None
        }
        inner = scope.child(**{name: Unknown(symbol) for name, symbol in symbols.items()})
        folded = [fold(part, inner) for part in parts]
        own = list(symbols.values())
        caught = {symbol.name for symbol in own}
        free = (variable for part in folded for variable in free_variables(part))
        if not any(variable.name in caught and not any(variable is symbol for symbol in own) for variable in free):
            key_name, value_name = names
            return (None if key_name is None else symbols[key_name].name, symbols[value_name].name), folded
    raise AssertionError


class _ShapeUnknownError(Exception):
    """Which elements there will be depends on something unknown."""


@evaluates(nodes.ForList)
def _for_list(node: nodes.ForList, scope: Scope) -> Value:
    collection, secret = split(evaluate(node.collection, scope))
    if isinstance(collection, Unknown):
        return marked_if(secret, _symbolic_list(node, collection, scope))
    problems = Collector()
    result: list[Value] = []
    for inner in elements(node.collection, collection, node.key_name, node.value_name, scope):
        try:
            kept, own_mark = _kept(node.condition, inner)
            secret = secret or own_mark
            if kept:
                result.append(evaluate(node.result, inner))
        except _ShapeUnknownError:
            return marked_if(secret, _symbolic_list(node, collection, scope))
        except ConfigurationError as error:
            problems.absorb(error)
    problems.raise_if_any()
    return marked_if(secret, result)


def _symbolic_list(node: nodes.ForList, collection: Value, scope: Scope) -> Unknown:
    parts = [node.result] if node.condition is None else [node.result, node.condition]
    (key_name, value_name), folded = fold_loop((node.key_name, node.value_name), parts, scope)
    return Unknown(
        replace(
            node,
            key_name=key_name,
            value_name=value_name,
            collection=as_expression(collection, node.collection.range),
            result=folded[0],
            condition=folded[1] if node.condition is not None else None,
        )
    )


@evaluates(nodes.ForObject)
def _for_object(node: nodes.ForObject, scope: Scope) -> Value:
    collection, secret = split(evaluate(node.collection, scope))
    if isinstance(collection, Unknown):
        return marked_if(secret, _symbolic_object(node, collection, scope))
    problems = Collector()
    result: dict[str, Value] = {}
    groups: dict[str, list[Value]] = {}
    for inner in elements(node.collection, collection, node.key_name, node.value_name, scope):
        try:
            kept, own_mark = _kept(node.condition, inner)
            secret = secret or own_mark
            if not kept:
                continue
            key, key_secret = _key(node, inner)
            secret = secret or key_secret
            value = evaluate(node.value_result, inner)
            if node.group:
                groups.setdefault(key, []).append(value)
            elif key in result:
                shown = "Two elements have the same key" if secret else f'Two elements have the key "{key}"'
                problems.absorb(
                    failure(
                        node.key_result.range,
                        "Duplicate object key",
                        f"{shown}, but the keys of an object are unique.",
                        "To collect all values of a key in a list, write ... behind the value.",
                    )
                )
            else:
                result[key] = value
        except _ShapeUnknownError:
            return marked_if(secret, _symbolic_object(node, collection, scope))
        except ConfigurationError as error:
            problems.absorb(error)
    problems.raise_if_any()
    return marked_if(secret, dict(groups) if node.group else result)


def _symbolic_object(node: nodes.ForObject, collection: Value, scope: Scope) -> Unknown:
    parts = [node.key_result, node.value_result] + ([] if node.condition is None else [node.condition])
    (key_name, value_name), folded = fold_loop((node.key_name, node.value_name), parts, scope)
    return Unknown(
        replace(
            node,
            key_name=key_name,
            value_name=value_name,
            collection=as_expression(collection, node.collection.range),
            key_result=folded[0],
            value_result=folded[1],
            condition=folded[2] if node.condition is not None else None,
        )
    )


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
            node.range,
            "Incorrect key type",
            f"The keys of an object are strings, but this is a {type_name(value)}.",
        ) from None


@evaluates(nodes.Template)
def _template(node: nodes.Template, scope: Scope) -> Value:
    if len(node.parts) == 1 and not isinstance(node.parts[0], nodes.TemplateIf | nodes.TemplateFor):
        return evaluate(node.parts[0], scope)
    return _text(node, scope)


def _text(node: nodes.Template, scope: Scope) -> Value:
    """Return the template as a string; inside a directive a single interpolation is a string, too."""
    values = evaluate_all(node.parts, scope)
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
                raise failure(whole, TOO_MUCH, f"The string has more than {CHARACTERS:,} characters.")
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
def _for(node: nodes.TemplateFor, scope: Scope) -> Value:
    collection, secret = split(evaluate(node.collection, scope))
    if isinstance(collection, Unknown):
        names, (body,) = fold_loop((node.key_name, node.value_name), (node.body,), scope)
        folded = replace(
            node,
            key_name=names[0],
            value_name=names[1],
            collection=collection.expression,
            body=_template_of(body),
        )
        return marked_if(secret, Unknown(nodes.Template(parts=(folded,), range=node.range)))
    texts = [
        _text(node.body, inner)
        for inner in elements(node.collection, collection, node.key_name, node.value_name, scope)
    ]
    return marked_if(secret, _joined(texts, [node.body.range] * len(texts), node.range))


def _as_template(value: Value, place: Range) -> nodes.Template:
    return _template_of(as_expression(value, place))


def _template_of(expression: nodes.Expression) -> nodes.Template:
    """Return the body of a directive; what is there already is a string."""
    if isinstance(expression, nodes.Template):
        return expression
    return nodes.Template(parts=(expression,), range=expression.range)
