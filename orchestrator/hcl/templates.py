"""Templates: strings put together from text, interpolations and directives."""

from collections.abc import Sequence
from dataclasses import replace

from orchestrator.diagnostics import Range, failure
from orchestrator.hcl.dispatch import TOO_MUCH, evaluate, evaluate_all, evaluates, marked_if, split, truth
from orchestrator.hcl.function import FunctionError
from orchestrator.hcl.functions.conversion import composed, to_string, type_name
from orchestrator.hcl.limits import CHARACTERS
from orchestrator.hcl.loops import elements, fold_loop
from orchestrator.hcl.nodes import Expression, Literal, Template, TemplateFor, TemplateIf
from orchestrator.hcl.scope import Scope
from orchestrator.hcl.unknowns import as_expression
from orchestrator.hcl.values import Unknown, Value


@evaluates(Template)
def _template(node: Template, scope: Scope) -> Value:
    if len(node.parts) == 1 and not isinstance(node.parts[0], TemplateIf | TemplateFor):
        return evaluate(node.parts[0], scope)
    return _text(node, scope)


def _text(node: Template, scope: Scope) -> Value:
    """Return the template as a string; inside a directive a single interpolation is a string, too."""
    values = evaluate_all(node.parts, scope)
    return _joined(values, [part.range for part in node.parts], node.range)


def _joined(values: Sequence[Value], places: Sequence[Range], whole: Range) -> Value:
    """Return the values as one string; unknown, with the texts between the unknown parts melted together, if one is."""
    folded: list[Expression] = []
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
        for piece in inner.parts if isinstance(inner, Template) else (inner,):
            if isinstance(piece, Literal):
                text += _string(piece.value, place)
                continue
            if text:
                folded.append(Literal(value=text, range=whole))
                text = ""
            folded.append(piece)
    if not folded:
        return marked_if(secret, composed(text))
    if text:
        folded.append(Literal(value=text, range=whole))
    return marked_if(secret, Unknown(Template(parts=tuple(folded), range=whole)))


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


@evaluates(TemplateIf)
def _if(node: TemplateIf, scope: Scope) -> Value:
    condition, secret = split(evaluate(node.condition, scope))
    if isinstance(condition, Unknown):
        then, otherwise = _text(node.then, scope), _text(node.otherwise, scope)
        folded = replace(
            node,
            condition=condition.expression,
            then=_as_template(then, node.then.range),
            otherwise=_as_template(otherwise, node.otherwise.range),
        )
        return marked_if(secret, Unknown(Template(parts=(folded,), range=node.range)))
    choice = truth(condition, node.condition.range)
    return marked_if(secret, _text(node.then if choice else node.otherwise, scope))


@evaluates(TemplateFor)
def _for(node: TemplateFor, scope: Scope) -> Value:
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
        return marked_if(secret, Unknown(Template(parts=(folded,), range=node.range)))
    texts = [
        _text(node.body, inner)
        for inner in elements(node.collection, collection, node.key_name, node.value_name, scope)
    ]
    return marked_if(secret, _joined(texts, [node.body.range] * len(texts), node.range))


def _as_template(value: Value, place: Range) -> Template:
    return _template_of(as_expression(value, place))


def _template_of(expression: Expression) -> Template:
    """Return the body of a directive; what is there already is a string."""
    if isinstance(expression, Template):
        return expression
    return Template(parts=(expression,), range=expression.range)
