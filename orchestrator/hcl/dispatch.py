"""The heart of the evaluator: each kind of node has one function that evaluates it.

The modules of the evaluator register their functions here, so that they can evaluate each other's nodes without
importing each other. What they share on errors and on secrets is here too.
"""

from collections.abc import Callable, Iterable
from typing import Any, TypeVar

from orchestrator.diagnostics import Collector, ConfigurationError, Diagnostic, Range, failure
from orchestrator.hcl.functions.conversion import to_bool, type_name
from orchestrator.hcl.involved import with_values
from orchestrator.hcl.nodes import Expression
from orchestrator.hcl.scope import WORK, FunctionError, Scope
from orchestrator.hcl.values import Sensitive, Value, as_expression, count_parts, mark

TOO_MUCH = "Expression takes too much work"
"""The summary of errors that no ``try`` catches, because each further attempt would fail as well."""

MOST_PROBLEMS = 10
"""Findings after which the rest of an expression is left alone."""

_Node = TypeVar("_Node")
_evaluators: dict[type, Callable[[Any, Scope], Value]] = {}


def evaluates(kind: type[_Node]) -> Callable[[Callable[[_Node, Scope], Value]], Callable[[_Node, Scope], Value]]:
    """Register a function as the one that evaluates a kind of node."""

    def register(function: Callable[[_Node, Scope], Value]) -> Callable[[_Node, Scope], Value]:
        _evaluators[kind] = function
        return function

    return register


def evaluate(expression: Expression, scope: Scope) -> Value:
    """Return the value of an expression, as Terraform computes it.

    Raises ConfigurationError: everything that is wrong with it.
    """
    if scope.work.exceeds(1):
        raise too_much(expression.range)
    try:
        return _evaluators[type(expression)](expression, scope)
    except TooMuchError:
        raise
    except ConfigurationError as error:
        if all(finding.values is not None for finding in error.diagnostics):
            raise
        raise ConfigurationError(with_values(error.diagnostics, expression, scope.variables)) from error.__cause__


def evaluate_all(expressions: Iterable[Expression], scope: Scope) -> list[Value]:
    """Return the values of several expressions; the errors of all of them are raised together."""
    problems = Collector()
    values: list[Value] = []
    for expression in expressions:
        try:
            values.append(evaluate(expression, scope))
        except TooMuchError:
            raise
        except ConfigurationError as error:
            problems.absorb(error)
            if len(problems.found) >= MOST_PROBLEMS:
                break
    problems.raise_if_any()
    return values


def fold(expression: Expression, scope: Scope) -> Expression:
    """Return the expression with all that is known in it computed."""
    return as_expression(evaluate(expression, scope), expression.range)


def split(value: Value) -> tuple[Value, bool]:
    """Return the value without its own mark, and whether it had one; marks inside of it stay."""
    return (value.value, True) if isinstance(value, Sensitive) else (value, False)


def marked_if(condition: bool, value: Value) -> Value:
    return mark(value) if condition else value


def too_deep(place: Range) -> ConfigurationError:
    """Make the error for an expression that the evaluator cannot follow."""
    return failure(
        place,
        "Expression nested too deeply",
        "The brackets and operators here, or the values that they refer to, are nested deeper than can be read.",
        "Split the expression with locals.",
    )


def charge(scope: Scope, place: Range, *values: Value, cost: int = 1) -> None:
    """Count the values that an operation is going to handle; raises TooMuchError when they are too many.

    ``cost``: the steps that each part of them takes.
    """
    if scope.work.exceeds(cost * sum(count_parts(value, WORK) for value in values)):
        raise too_much(place)


class TooMuchError(ConfigurationError):
    """An expression would take minutes, or all memory; nothing goes on behind it."""


def too_much(
    place: Range,
    detail: str = f"The expression takes more than {WORK:,} steps, or its values have more parts than that.",
    hint: str = "Loop over fewer elements, or compute what stays the same once, in a local.",
) -> TooMuchError:
    """Make the error for what takes too much work."""
    return TooMuchError([Diagnostic(summary=TOO_MUCH, detail=detail, hint=hint, range=place)])


def veiled(compute: Callable[[], Value], *, secret: bool) -> Value:
    """Compute with what was taken out of a secret; a finding then says only where, because it could quote the secret."""
    try:
        return compute()
    except TooMuchError:
        raise
    except ConfigurationError as error:
        if not secret:
            raise
        detail = "The values here are sensitive, so the reason is not shown."
        findings = [
            Diagnostic(summary=item.summary, detail=detail, range=item.range, values=()) for item in error.diagnostics
        ]
        raise ConfigurationError(findings) from None


def truth(condition: Value, place: Range) -> bool:
    """Tell whether a known condition holds; raises ConfigurationError where it is neither true nor false."""
    if condition is None:
        raise failure(place, "Null condition", "The condition is null, but it has to be either true or false.")
    try:
        return to_bool(condition)
    except FunctionError:
        detail = f"The condition has to be either true or false, not a {type_name(condition)}."
        raise failure(place, "Incorrect condition type", detail) from None
