"""How the built-in functions are declared: a body, and for each parameter what converts an argument to its type.

Terraform converts arguments before a function sees them (``upper(1)`` works, ``upper(null)`` does not). Here a
parameter *is* its converter: it takes a value, returns what the body wants, and raises ``FunctionError`` otherwise.
"""

from collections.abc import Callable
from typing import Any, TypeAlias, cast

from orchestrator.hcl.functions.binary import Number
from orchestrator.hcl.functions.conversion import StillUnknownError, to_bool, to_number, to_string, type_name
from orchestrator.hcl.functions.typesystem import ConversionError, as_one_type, make_set
from orchestrator.hcl.scope import Function, FunctionError
from orchestrator.hcl.values import SetValue, Unknown, Value

Parameter: TypeAlias = Callable[[Value], Any]

_INT64 = 2**63


def declare(
    name: str,
    *parameters: Parameter,
    optional: int = 0,
    rest: Parameter | None = None,
    rest_minimum: int = 0,
    takes_unknown: bool = False,
    compares: bool = False,
    cost: int = 1,
    portable: bool = True,
) -> Callable[[Callable[..., Value]], Function]:
    """Make a ``Function`` of a body.

    ``optional``: how many of the parameters, from the end, may be left out. ``rest``: the converter of all arguments
    after those. ``rest_minimum``: how many of those it needs. ``takes_unknown``, ``compares``, ``cost``, ``portable``: as in
    ``Function``; the body never sees an argument that is itself unknown.
    """

    def wrap(body: Callable[..., Value]) -> Function:
        def call(*arguments: Value) -> Value:
            try:
                converted = [
                    _convert(parameters[index] if index < len(parameters) else rest, value, index)
                    for index, value in enumerate(arguments)
                ]
                return body(*converted)
            except StillUnknownError:
                # The protocol of Function.call, which its return type cannot say.
                return cast("Value", NotImplemented)

        required = len(parameters) - optional
        return Function(
            name=name,
            call=call,
            minimum=required + rest_minimum,
            maximum=None if rest else len(parameters),
            portable=portable,
            takes_unknown=takes_unknown,
            compares=compares,
            cost=cost,
        )

    return wrap


def _convert(parameter: Parameter | None, value: Value, index: int) -> Any:
    if parameter is None:
        raise FunctionError("Too many arguments.", argument=index)
    try:
        return parameter(value)
    except FunctionError as error:
        raise FunctionError(error.message, argument=index) from None


def anything(value: Value) -> Value:
    """Accept any value, null included, whose top is known."""
    if isinstance(value, Unknown):
        raise StillUnknownError
    return value


def given(value: Value) -> Value:
    """Accept any value but null."""
    if value is None:
        raise FunctionError("The argument must not be null.")
    return anything(value)


def text(value: Value) -> str:
    """Return a string, or a number or bool as one."""
    return to_string(given(value))


def number(value: Value) -> Number:
    """Return a number, or a string that writes one."""
    return to_number(given(value))


def integer(value: Value) -> int:
    """Return a whole number of any size."""
    converted = number(value)
    if not isinstance(converted, int):
        raise FunctionError("The value must be a whole number.")
    return converted


def whole(value: Value) -> int:
    """Return a whole number that fits into 64 bits."""
    converted = number(value)
    if not isinstance(converted, int) or not -_INT64 <= converted < _INT64:
        raise FunctionError(f"The value must be a whole number, between {-_INT64} and {_INT64 - 1} inclusive.")
    return converted


def sequence(value: Value) -> list[Value]:
    """Return the elements of a list, tuple or set as they are, in order."""
    match given(value):
        case list() as elements:
            return elements
        case SetValue() as elements:
            return list(elements)
        case other:
            raise FunctionError(f"A list, tuple or set is required, not {type_name(other)}.")


def indexed(value: Value) -> list[Value]:
    """Return the elements of a list or tuple as they are; sets are refused, because their elements have no indices."""
    match given(value):
        case list() as elements:
            return elements
        case other:
            raise FunctionError(f"A list or tuple is required, not {type_name(other)}.")


def mapping(value: Value) -> dict[str, Value]:
    """Return a map or object."""
    match given(value):
        case dict() as items:
            return items
        case other:
            raise FunctionError(f"A map or object is required, not {type_name(other)}.")


def uniform(value: Value) -> list[Value]:
    """Return a list of any single type: elements of different types are converted to the one that fits them all."""
    try:
        return as_one_type(sequence(value))
    except ConversionError:
        raise FunctionError("All elements of the list must have the same type.") from None


def unique(value: Value) -> SetValue:
    """Return a set of any single type."""
    try:
        return make_set(sequence(value))
    except ConversionError:
        raise FunctionError("All elements of the set must have the same type.") from None


def list_of_strings(value: Value) -> list[str | None]:
    """Return a list of strings, in which null elements are allowed."""
    return [_element(to_string, item, index) for index, item in enumerate(sequence(value))]


def list_of_bools(value: Value) -> list[bool | None]:
    """Return a list of bools, in which null elements are allowed."""
    return [_element(to_bool, item, index) for index, item in enumerate(sequence(value))]


def _element(convert: Callable[[Value], Any], item: Value, index: int) -> Any:
    try:
        return None if item is None else convert(item)
    except FunctionError as error:
        raise FunctionError(f"Element {index}: {error.message[0].lower()}{error.message[1:]}") from None
