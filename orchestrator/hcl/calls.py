"""Calls of functions, and the functions of the language itself: lazy ones, and those about secrets."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TypeAlias

from orchestrator.diagnostics import Collector, ConfigurationError, Position, Range, Source, did_you_mean, failure
from orchestrator.hcl.dispatch import TOO_MUCH, charge, evaluate, evaluate_all, evaluates, marked_if, split, too_much
from orchestrator.hcl.functions.conversion import type_name
from orchestrator.hcl.nodes import Expression, FunctionCall, Literal
from orchestrator.hcl.scope import Function, FunctionError, Scope
from orchestrator.hcl.values import (
    Sensitive,
    SetValue,
    Unknown,
    Value,
    as_expression,
    has_sensitive,
    is_wholly_known,
    mark,
    rebuilt,
    unmark,
)

BUILT_IN = "core::"
"""The namespace of Terraform's own functions, which may be left out."""

UNKNOWN_FUNCTION = "Call to unknown function"
NEEDS_KNOWN_VALUES = "Function needs values that are known"

_CALL = 4
_WRITING = 4
"""Steps that a call takes besides those of its arguments."""

_NOWHERE = Range(Source(Path(), ""), Position(1, 1), Position(1, 1))

SpecialForm: TypeAlias = Callable[[FunctionCall, Scope], Value]
special_forms: dict[str, SpecialForm] = {}
"""Functions that the language itself has, because they treat their arguments as no ordinary function can."""

_CHANGES = "every call gives another result, so no two plans would be the same"
NOT_SUPPORTED: Mapping[str, str] = {
    "bcrypt": _CHANGES,
    "uuid": _CHANGES,
}
"""Functions of Terraform that are refused, and why."""


def special_form(name: str) -> Callable[[SpecialForm], SpecialForm]:

    def register(form: SpecialForm) -> SpecialForm:
        special_forms[name] = form
        return form

    return register


@evaluates(FunctionCall)
def _call(node: FunctionCall, scope: Scope) -> Value:
    name = node.name.removeprefix(BUILT_IN)
    form = special_forms.get(name)
    if form is not None:
        return form(node, scope)
    function = scope.functions.get(name)
    if function is None:
        raise _unknown_function(node, name, scope)
    expanded = evaluate_arguments(node, scope)
    if expanded is None:
        return _left_unknown(node, function, evaluate_all(node.arguments, scope), expand_final=True)
    arguments, places = expanded
    check_count(node, len(arguments), function.minimum, function.maximum)
    if scope.work.exceeds(_CALL):
        raise too_much(node.range)
    charge(scope, node.range, *arguments, cost=function.cost)
    result = _apply(node, function, arguments, places)
    plain, _ = split(result)
    if isinstance(plain, Unknown):
        # The call was written out with all parts of its arguments.
        charge(scope, node.range, *arguments, cost=_WRITING)
    parts = len(plain) // 100 if isinstance(plain, str) else len(plain) if isinstance(plain, list | dict) else 0
    if scope.work.exceeds(parts):
        raise too_much(node.range)
    return result


def _unknown_function(node: FunctionCall, name: str, scope: Scope) -> ConfigurationError:
    if name in NOT_SUPPORTED:
        detail = f"{name} is a function of Terraform that platformctl refuses: {NOT_SUPPORTED[name]}."
        return failure(node.name_range, UNKNOWN_FUNCTION, detail)
    hint = did_you_mean(name, {*scope.functions, *special_forms})
    return failure(node.name_range, UNKNOWN_FUNCTION, f'There is no function "{node.name}".', hint)


def evaluate_arguments(node: FunctionCall, scope: Scope) -> tuple[list[Value], list[Range]] | None:
    """Return the arguments and their places, with a final ``...`` expanded; None while that one is unknown."""
    arguments = evaluate_all(node.arguments, scope)
    places = [argument.range for argument in node.arguments]
    if not node.expand_final:
        return arguments, places
    final, secret = split(arguments.pop())
    place = places.pop()
    if isinstance(final, Unknown):
        return None
    if not isinstance(final, list | SetValue):
        raise failure(
            place,
            "Invalid expanding argument value",
            f'What stands before "..." has to be a list or a set, not {"null" if final is None else f"a {type_name(final)}"}.',
        )
    return ([*arguments, *(marked_if(secret, item) for item in final)], [*places, *(place for _ in final)])


def check_count(node: FunctionCall, count: int, minimum: int, maximum: int | None) -> None:
    """Refuse a call with too few or too many arguments."""
    if count >= minimum and (maximum is None or count <= maximum):
        return
    if maximum == minimum:
        wanted = f"{minimum} argument" if minimum == 1 else f"{minimum} arguments"
    elif maximum is None:
        wanted = f"at least {minimum} argument" if minimum == 1 else f"at least {minimum} arguments"
    else:
        wanted = f"{minimum} to {maximum} arguments"
    too_few = count < minimum
    place = node.range if too_few or len(node.arguments) < count else node.arguments[maximum or 0].range
    raise failure(
        place,
        "Not enough function arguments" if too_few else "Too many function arguments",
        f'The function "{node.name}" takes {wanted}, but {count} {"is" if count == 1 else "are"} given.',
    )


def _apply(node: FunctionCall, function: Function, arguments: Sequence[Value], places: Sequence[Range]) -> Value:
    if function.takes_unknown and not function.compares and any(map(has_sensitive, arguments)):
        result = _apply_around_secrets(function, arguments)
        if result is not None:
            return result
    secret = any(map(has_sensitive, arguments))
    plain = [unmark(argument) for argument in arguments] if secret else list(arguments)
    if not function.takes_unknown and not all(map(is_wholly_known, plain)):
        return _left_unknown(node, function, arguments)
    try:
        result = function.call(*plain)
    except FunctionError as error:
        place = node.range if error.argument is None else places[error.argument]
        reason = "its arguments are secret, so the reason is not shown." if secret else error.message
        raise failure(place, "Invalid function argument", f'The function "{node.name}" failed: {reason}') from None
    except (OSError, ValueError):
        if function.portable:
            raise
        reason = "the file system takes no such path: it is too long, or no text."
        raise failure(node.range, "Invalid function argument", f'The function "{node.name}" failed: {reason}') from None
    if result is NotImplemented:
        return _left_unknown(node, function, arguments)
    return marked_if(secret, result)


def _apply_around_secrets(function: Function, arguments: Sequence[Value]) -> Value:
    """Call a function that only moves elements, such as ``merge``, so that only the secret elements stay secret.

    To the function the secrets are unknown. None: it needs to know them, or has no result to speak of.
    """
    hidden: dict[int, tuple[Unknown, Sensitive]] = {}
    try:
        result = function.call(*(_hide_secrets(argument, hidden) for argument in arguments))
    except FunctionError:
        return None
    return None if result is NotImplemented else _show_secrets(result, hidden)


def _hide_secrets(value: Value, hidden: dict[int, tuple[Unknown, Sensitive]]) -> Value:
    if isinstance(value, Sensitive):
        stand_in = Unknown(Literal(value=value, range=_NOWHERE))
        # Kept alive together with its id, by which it is found again.
        hidden[id(stand_in)] = (stand_in, value)
        return stand_in
    return rebuilt(value, lambda item: _hide_secrets(item, hidden))


def _show_secrets(value: Value, hidden: dict[int, tuple[Unknown, Sensitive]]) -> Value:
    if id(value) in hidden:
        return hidden[id(value)][1]
    return rebuilt(value, lambda item: _show_secrets(item, hidden))


def _left_unknown(
    node: FunctionCall, function: Function, arguments: Sequence[Value], *, expand_final: bool = False
) -> Value:
    """Return the call as an expression that is still to be computed."""
    if not function.portable:
        places = (
            part.range for part, value in zip(node.arguments, arguments, strict=False) if not is_wholly_known(value)
        )
        raise failure(
            next(places, node.range),
            NEEDS_KNOWN_VALUES,
            f'The function "{node.name}" runs before Terraform does, but this value is known only after apply.',
            "Use a value here that does not depend on the outputs of other units.",
        )
    secret = any(map(has_sensitive, arguments))
    return marked_if(secret, Unknown(folded_call(node, arguments, expand_final=expand_final)))


def folded_call(node: FunctionCall, arguments: Sequence[Value], *, expand_final: bool = False) -> FunctionCall:
    """Return the call with values as arguments; ``...`` may have expanded to several."""
    last = len(node.arguments) - 1
    return FunctionCall(
        name=node.name,
        arguments=tuple(
            as_expression(value, node.arguments[min(index, last)].range) for index, value in enumerate(arguments)
        ),
        expand_final=expand_final,
        name_range=node.name_range,
        range=node.range,
    )


# These say that the expression itself is wrong, not that it fails with these values.
_NEVER_CAUGHT = (UNKNOWN_FUNCTION, NEEDS_KNOWN_VALUES, TOO_MUCH)


@special_form("try")
def _try(node: FunctionCall, scope: Scope) -> Value:
    """Return the first argument that can be evaluated; one that is not wholly known may fail later, so it stays."""
    problems = Collector()
    candidates: list[Value] = []
    for argument in _lazy_arguments(node, scope, 1, None):
        try:
            value = evaluate(argument, scope)
        except ConfigurationError as error:
            _check_caught(error)
            problems.absorb(error)
            continue
        if is_wholly_known(value) and not candidates:
            return value
        candidates.append(value)
        if is_wholly_known(value):
            break
    if candidates:
        return marked_if(any(map(has_sensitive, candidates)), Unknown(folded_call(node, candidates)))
    reasons = "; ".join(
        f"{finding.detail.rstrip('.')} (line {finding.range.start.line})" if finding.range else finding.detail
        for finding in problems.found
    )
    raise failure(node.range, "No expression of try succeeded", f"Every argument of try failed: {reasons}.")


@special_form("can")
def _can(node: FunctionCall, scope: Scope) -> Value:
    (argument,) = _lazy_arguments(node, scope, 1, 1)
    try:
        value = evaluate(argument, scope)
    except ConfigurationError as error:
        _check_caught(error)
        return False
    return True if is_wholly_known(value) else Unknown(folded_call(node, [value]))


def _lazy_arguments(node: FunctionCall, scope: Scope, minimum: int, maximum: int | None) -> Sequence[Expression]:
    """Return the arguments unevaluated; a final ``...`` is evaluated, because the number of arguments depends on it."""
    arguments = node.arguments
    if node.expand_final:
        expanded = evaluate_arguments(replace(node, arguments=arguments[-1:]), scope)
        if expanded is None:
            raise _uncounted(node)
        final = (as_expression(value, place) for value, place in zip(*expanded, strict=True))
        arguments = (*arguments[:-1], *final)
    check_count(node, len(arguments), minimum, maximum)
    return arguments


def _uncounted(node: FunctionCall) -> ConfigurationError:
    return failure(
        node.arguments[-1].range,
        "Invalid expanding argument",
        f'The function "{node.name}" needs its arguments now, but it is not known yet how many these are.',
    )


def _check_caught(error: ConfigurationError) -> None:
    if any(finding.summary in _NEVER_CAUGHT for finding in error.diagnostics):
        raise error


# Secrets


@special_form("sensitive")
def _sensitive(node: FunctionCall, scope: Scope) -> Value:
    return mark(_only_argument(node, scope))


@special_form("nonsensitive")
def _nonsensitive(node: FunctionCall, scope: Scope) -> Value:
    """Return the value without its mark; one that is unknown may turn out to be a secret, so the call stays."""
    value, _ = split(_only_argument(node, scope))
    return Unknown(folded_call(node, [value])) if isinstance(value, Unknown) else value


@special_form("issensitive")
def _issensitive(node: FunctionCall, scope: Scope) -> Value:
    value = _only_argument(node, scope)
    if isinstance(value, Sensitive):
        return True
    return Unknown(folded_call(node, [value])) if isinstance(value, Unknown) else False


def _only_argument(node: FunctionCall, scope: Scope) -> Value:
    expanded = evaluate_arguments(node, scope)
    if expanded is None:
        raise _uncounted(node)
    arguments, _ = expanded
    check_count(node, len(arguments), 1, 1)
    return arguments[0]
