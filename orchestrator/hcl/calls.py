"""Calls of functions: their arguments, what is unknown and secret in them, and what may go wrong."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TypeAlias

from orchestrator.diagnostics import Position, Range, Source, did_you_mean, failure
from orchestrator.hcl.dispatch import evaluate_all, evaluates, marked_if, split
from orchestrator.hcl.function import Function, FunctionError
from orchestrator.hcl.functions.conversion import type_name
from orchestrator.hcl.nodes import FunctionCall, Literal
from orchestrator.hcl.scope import Scope
from orchestrator.hcl.unknowns import as_expression
from orchestrator.hcl.values import Sensitive, SetValue, Unknown, Value, has_sensitive, is_wholly_known, unmark

UNKNOWN_FUNCTION = "Call to unknown function"
NEEDS_KNOWN_VALUES = "Function needs values that are known"

_NOWHERE = Range(Source(Path(), ""), Position(1, 1), Position(1, 1))

SpecialForm: TypeAlias = Callable[[FunctionCall, Scope], Value]
special_forms: dict[str, SpecialForm] = {}
"""Functions that the language itself has, because they treat their arguments as no ordinary function can."""


def special_form(name: str) -> Callable[[SpecialForm], SpecialForm]:
    """Register a function of the language itself."""

    def register(form: SpecialForm) -> SpecialForm:
        special_forms[name] = form
        return form

    return register


@evaluates(FunctionCall)
def _call(node: FunctionCall, scope: Scope) -> Value:
    form = special_forms.get(node.name)
    if form is not None:
        return form(node, scope)
    function = scope.functions.get(node.name)
    if function is None:
        known = {*scope.functions, *special_forms}
        raise failure(
            node.name_range,
            UNKNOWN_FUNCTION,
            f'There is no function "{node.name}".',
            did_you_mean(node.name, known),
        )
    expanded = evaluate_arguments(node, scope)
    if expanded is None:
        return _left_unknown(node, function, evaluate_all(node.arguments, scope), expand_final=True)
    arguments, places = expanded
    check_count(node, len(arguments), function.minimum, function.maximum)
    return _apply(node, function, arguments, places)


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
    return (
        [*arguments, *(marked_if(secret, item) for item in final)],
        [*places, *(place for _ in final)],
    )


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
    if function.takes_unknown and any(map(has_sensitive, arguments)) and not any(map(_is_secret, arguments)):
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
    match value:
        case Sensitive():
            stand_in = Unknown(Literal(value=value, range=_NOWHERE))
            # Kept alive together with its id, by which it is found again.
            hidden[id(stand_in)] = (stand_in, value)
            return stand_in
        case dict():
            return {key: _hide_secrets(item, hidden) for key, item in value.items()}
        case list():
            return [_hide_secrets(item, hidden) for item in value]
        case SetValue():
            return SetValue(tuple(_hide_secrets(item, hidden) for item in value))
    return value


def _show_secrets(value: Value, hidden: dict[int, tuple[Unknown, Sensitive]]) -> Value:
    match value:
        case Unknown():
            return hidden[id(value)][1] if id(value) in hidden else value
        case dict():
            return {key: _show_secrets(item, hidden) for key, item in value.items()}
        case list():
            return [_show_secrets(item, hidden) for item in value]
        case SetValue():
            return SetValue(tuple(_show_secrets(item, hidden) for item in value))
    return value


def _is_secret(value: Value) -> bool:
    return isinstance(value, Sensitive)


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
