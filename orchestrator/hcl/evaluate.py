"""Syntax tree to value.

A tree walk with the semantics of Terraform 1.11, and a partial evaluator at the same time: whatever an unknown value
takes part in becomes an unknown value again, whose expression is the operation with everything known computed.
"""

from dataclasses import replace

from orchestrator.hcl import access, dispatch, operators, rendering  # noqa: F401 - they register what they do
from orchestrator.hcl.dispatch import evaluate_all, evaluates, marked_if, split, too_deep, too_much
from orchestrator.hcl.loops import object_key
from orchestrator.hcl.nodes import Expression, ListExpression, Literal, ObjectExpression, ObjectItem
from orchestrator.hcl.scope import WORK, Scope
from orchestrator.hcl.values import Unknown, Value, as_expression, count_parts


def evaluate(expression: Expression, scope: Scope) -> Value:
    """Compute the value of an expression, as Terraform does.

    Raises ConfigurationError: everything that is wrong with it.
    """
    try:
        value = dispatch.evaluate(expression, scope)
    except RecursionError:
        raise too_deep(expression.range) from None
    if count_parts(value, WORK) > WORK:
        # References make it large without a step: each local is a list of two of the local before.
        raise too_much(expression.range)
    return value


@evaluates(Literal)
def _literal(node: Literal, _: Scope) -> Value:
    value: Value = node.value
    return value


@evaluates(ListExpression)
def _list(node: ListExpression, scope: Scope) -> Value:
    return evaluate_all(node.items, scope)


@evaluates(ObjectExpression)
def _object(node: ObjectExpression, scope: Scope) -> Value:
    parts = evaluate_all((part for item in node.items for part in (item.key, item.value)), scope)
    keys = [split(key) for key in parts[::2]]
    values = parts[1::2]
    secret = any(own_mark for _, own_mark in keys)
    if any(isinstance(key, Unknown) for key, _ in keys):
        items = tuple(
            ObjectItem(key=as_expression(key, item.key.range), value=as_expression(value, item.value.range))
            for (key, _), value, item in zip(keys, values, node.items, strict=True)
        )
        return marked_if(secret, Unknown(replace(node, items=items)))
    result = {object_key(item.key, key): value for item, (key, _), value in zip(node.items, keys, values, strict=True)}
    return marked_if(secret, result)
