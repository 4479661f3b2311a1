"""Operators: what ``+``, ``==``, ``&&`` and the others do with values, known and unknown, and ``condition ? a : b``.

Two rules differ from Terraform's on purpose. A division by zero is an error, where Terraform goes on with an infinite
number that no argument of a resource can be. And a list equals a tuple with the same elements, because values do not
tell the two apart.
"""

from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from typing import TypeVar

from orchestrator.diagnostics import ConfigurationError, Range, failure
from orchestrator.hcl.dispatch import TooMuchError, charge, evaluate, evaluate_all, evaluates, marked_if, split, truth
from orchestrator.hcl.functions import binary
from orchestrator.hcl.functions.binary import Number
from orchestrator.hcl.functions.conversion import StillUnknownError, to_bool, to_number, type_name
from orchestrator.hcl.functions.typesystem import ConversionError, convert, identity, type_of, unify
from orchestrator.hcl.nodes import Binary, BinaryOperator, Conditional, Unary, UnaryOperator
from orchestrator.hcl.scope import FunctionError, Scope
from orchestrator.hcl.values import (
    Sensitive,
    SetValue,
    Unknown,
    Value,
    as_expression,
    has_sensitive,
    is_wholly_known,
    unmark,
)

_SUMMARY = "Invalid operand"
_LOGICAL = (BinaryOperator.AND, BinaryOperator.OR, UnaryOperator.NOT)
_Operand = TypeVar("_Operand")

_COMPARISONS: dict[BinaryOperator, Callable[[Number, Number], bool]] = {
    BinaryOperator.LESS: lambda left, right: left < right,
    BinaryOperator.LESS_OR_EQUAL: lambda left, right: left <= right,
    BinaryOperator.GREATER: lambda left, right: left > right,
    BinaryOperator.GREATER_OR_EQUAL: lambda left, right: left >= right,
}


_ARITHMETIC: dict[BinaryOperator, Callable[[Number, Number], Number]] = {
    BinaryOperator.ADD: binary.add,
    BinaryOperator.SUBTRACT: binary.subtract,
    BinaryOperator.MULTIPLY: binary.multiply,
    BinaryOperator.DIVIDE: binary.divide,
    BinaryOperator.MODULO: binary.remainder,
}


@evaluates(Unary)
def _unary(node: Unary, scope: Scope) -> Value:
    value, secret = split(evaluate(node.operand, scope))
    if isinstance(value, Unknown):
        return marked_if(secret, Unknown(replace(node, operand=value.expression)))
    if node.operator is UnaryOperator.NOT:
        return marked_if(secret, not _operand(to_bool, value, secret, node.operator, node.operand.range))
    number = _operand(to_number, value, secret, node.operator, node.operand.range)
    # The minus of a Decimal would round to the precision of the thread's context.
    return marked_if(secret, number.copy_negate() if isinstance(number, Decimal) else -number)


@evaluates(Binary)
def _binary(node: Binary, scope: Scope) -> Value:
    (left, left_secret), (right, right_secret) = map(split, evaluate_all((node.left, node.right), scope))
    secret = left_secret or right_secret
    charge(scope, node.range, left, right)
    if node.operator in (BinaryOperator.EQUAL, BinaryOperator.NOT_EQUAL):
        secret = secret or has_sensitive(left) or has_sensitive(right)
        equal = _equal(unmark(left), unmark(right))
        if equal is None:
            return marked_if(secret, _unknown(node, left, right))
        return marked_if(secret, equal == (node.operator is BinaryOperator.EQUAL))
    # A known operand is checked even when the other one is not known yet.
    is_logical = node.operator in (BinaryOperator.AND, BinaryOperator.OR)
    kind: Callable[[Value], bool | Number] = to_bool if is_logical else to_number
    operands = [
        value if isinstance(value, Unknown) else _operand(kind, value, marked, node.operator, part.range)
        for value, marked, part in ((left, left_secret, node.left), (right, right_secret, node.right))
    ]
    first, second = operands
    if node.operator is BinaryOperator.DIVIDE and second == 0:
        raise failure(node.right.range, "Division by zero", "The right side of the division is zero.")
    if isinstance(first, Unknown) or isinstance(second, Unknown):
        return marked_if(secret, _unknown(node, left, right))
    return marked_if(secret, _compute(node, first, second))


def _compute(node: Binary, left: bool | Number, right: bool | Number) -> bool | Number:
    match node.operator:
        case BinaryOperator.AND:
            return bool(left and right)
        case BinaryOperator.OR:
            return bool(left or right)
    if node.operator in _COMPARISONS:
        return _COMPARISONS[node.operator](left, right)
    try:
        return _ARITHMETIC[node.operator](left, right)
    except FunctionError as error:
        raise failure(node.range, "Operation failed", error.message) from None


def _unknown(node: Binary, left: Value, right: Value) -> Unknown:
    return Unknown(
        replace(node, left=as_expression(left, node.left.range), right=as_expression(right, node.right.range))
    )


def _operand(
    convert_operand: Callable[[Value], _Operand],
    value: Value,
    secret: bool,
    operator: UnaryOperator | BinaryOperator,
    place: Range,
) -> _Operand:
    """Return a known operand as the type that the operator wants."""
    wanted = "bool" if operator in _LOGICAL else "number"
    if value is None:
        raise failure(place, _SUMMARY, f"The operator {operator} needs a {wanted}, but this is null.")
    try:
        return convert_operand(value)
    except FunctionError:
        # Not the function's message: it quotes the value, which may be a secret.
        shown = f'"{value}"' if isinstance(value, str) and not secret else f"a {type_name(value)}"
        raise failure(place, _SUMMARY, f"The operator {operator} needs a {wanted}, but this is {shown}.") from None


def _equal(left: Value, right: Value) -> bool | None:
    """Tell whether two unmarked values are equal; None when that is not known yet."""
    if isinstance(left, Unknown) or isinstance(right, Unknown):
        return None
    if left is None or right is None:
        return left is right
    try:
        return identity(left) == identity(right)
    except StillUnknownError:
        return None


# Conditionals


@evaluates(Conditional)
def _conditional(node: Conditional, scope: Scope) -> Value:
    condition, secret = split(evaluate(node.condition, scope))
    if isinstance(condition, Unknown):
        then, otherwise = evaluate_all((node.then, node.otherwise), scope)
        folded = replace(
            node,
            condition=condition.expression,
            then=as_expression(then, node.then.range),
            otherwise=as_expression(otherwise, node.otherwise.range),
        )
        return marked_if(secret or has_sensitive(then) or has_sensitive(otherwise), Unknown(folded))
    choice = truth(condition, node.condition.range)
    chosen, other = (node.then, node.otherwise) if choice else (node.otherwise, node.then)
    value = evaluate(chosen, scope)
    try:
        counterpart = evaluate(other, scope)
    except TooMuchError:
        raise
    except ConfigurationError:
        # Only the type of the other side matters, and a side that fails has no type.
        return marked_if(secret, value)
    # The types of all their parts are compared.
    charge(scope, node.range, value, counterpart, cost=4)
    secret = secret or isinstance(counterpart, Sensitive)
    return marked_if(secret, _of_common_type(node, value, counterpart))


def _of_common_type(node: Conditional, value: Value, counterpart: Value) -> Value:
    """Return the chosen value, converted to the type that both sides have in common."""
    plain, other = unmark(value), unmark(counterpart)
    if not is_wholly_known(plain) or not is_wholly_known(other):
        if {_is_collection(plain), _is_collection(other)} == {True, False}:
            raise _inconsistent(node, plain, other)
        return value
    own, others = type_of(plain), type_of(other)
    if own == others:
        return value
    try:
        wanted = unify((own, others))
        return value if wanted == own else marked_if(has_sensitive(value), convert(plain, wanted))
    except ConversionError:
        raise _inconsistent(node, plain, other) from None


def _is_collection(value: Value) -> bool | None:
    """Tell whether a value is a list, set or object; None where that is not known, or null, which is of any type."""
    return None if value is None or isinstance(value, Unknown) else isinstance(value, list | SetValue | dict)


def _inconsistent(node: Conditional, value: Value, other: Value) -> ConfigurationError:
    return failure(
        node.range,
        "Inconsistent conditional result types",
        f"The two results of the condition must have one type, but they are {_kinds(value, other)}.",
    )


def _kinds(value: Value, other: Value) -> str:
    first, second = sorted((type_name(value), type_name(other)))
    return f"two values of the type {first} that do not fit together" if first == second else f"{first} and {second}"
