"""Numeric functions, and those that convert to a type: tobool, tolist, tomap, tonumber, toset, tostring."""

import math
from collections.abc import Callable
from decimal import Decimal, localcontext
from functools import reduce

from orchestrator.hcl.functions.conversion import (
    CONTEXT,
    Number,
    from_float,
    normalise,
    to_bool,
    to_number,
    to_string,
    type_name,
)
from orchestrator.hcl.functions.declaration import Parameter, anything, declare, given, number, sequence, whole
from orchestrator.hcl.functions.typesystem import ConversionError, as_one_type, make_set
from orchestrator.hcl.scope import Function, FunctionError
from orchestrator.hcl.values import SetValue, Value


def _conversion(name: str, convert: Callable[[Value], Value]) -> Function:
    """Return a conversion that leaves null as it is."""

    def converted(value: Value) -> Value:
        return None if value is None else convert(value)

    parameter: Parameter = anything

    @declare(name, parameter)
    def function(value: Value) -> Value:
        try:
            return converted(value)
        except FunctionError as error:
            raise FunctionError(error.message, argument=0) from None
        except ConversionError:
            kind = name.removeprefix("to")
            raise FunctionError(
                f"Cannot convert {type_name(value)} to a {kind} of any single type.", argument=0
            ) from None

    return function


def _list(value: Value) -> Value:
    if not isinstance(value, list | SetValue):
        raise ConversionError
    return as_one_type(list(value))


def _set(value: Value) -> Value:
    if not isinstance(value, list | SetValue):
        raise ConversionError
    return make_set(list(value))


def _map(value: Value) -> Value:
    if not isinstance(value, dict):
        raise ConversionError
    return dict(zip(value, as_one_type(list(value.values())), strict=True))


CONVERSIONS: tuple[Function, ...] = (
    _conversion("tobool", to_bool),
    _conversion("tolist", _list),
    _conversion("tomap", _map),
    _conversion("tonumber", to_number),
    _conversion("toset", _set),
    _conversion("tostring", to_string),
)


_DIGITS = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
_MOST_DIGITS = 4000
_LARGEST_BASE = len(_DIGITS)
_CASELESS_BASE = 36
"""Up to this base, capital letters are the same digits as small ones."""


# abs() of a Decimal would round to the precision of the thread's context.
absolute = declare("abs", number)(lambda value: value.copy_abs() if isinstance(value, Decimal) else abs(value))
ceil = declare("ceil", number)(math.ceil)
floor = declare("floor", number)(math.floor)
maximum = declare("max", rest=number, rest_minimum=1)(lambda *values: max(values))
minimum = declare("min", rest=number, rest_minimum=1)(lambda *values: min(values))
signum = declare("signum", whole)(lambda value: (value > 0) - (value < 0))


@declare("log", number, number)
def logarithm(value: Number, base: Number) -> Value:
    """Compute in 64-bit floating point, as Terraform does."""
    if value <= 0 or base <= 0 or base == 1:
        raise FunctionError("The number and the base must be greater than zero, and the base must not be 1.")
    try:
        return from_float(math.log(value) / math.log(base))
    except (OverflowError, ValueError):
        raise FunctionError("The number or the base does not fit into a 64-bit number.") from None


@declare("parseint", given, whole)
def parse_integer(text: Value, base: int) -> Value:
    if not isinstance(text, str):
        raise FunctionError(f"The first argument must be a string, not {type_name(text)}.", argument=0)
    if not 2 <= base <= _LARGEST_BASE:  # noqa: PLR2004 - no number system has fewer digits
        raise FunctionError(f"The base must be a whole number between 2 and {_LARGEST_BASE} inclusive.", argument=1)
    digits = text[1:] if text[:1] in ("+", "-") else text
    folded = digits.lower() if base <= _CASELESS_BASE else digits
    places = [_DIGITS.find(character) for character in folded]
    if not places or not all(0 <= place < base for place in places):
        raise FunctionError(f'Cannot parse "{text}" as a base {base} integer.', argument=0)
    if len(places) > _MOST_DIGITS:
        raise FunctionError(f"The number is out of range: it has more than {_MOST_DIGITS} digits.", argument=0)
    value = reduce(lambda total, place: total * base + place, places, 0)
    return normalise(-value if text.startswith("-") else value)


@declare("pow", number, number)
def power(value: Number, exponent: Number) -> Value:
    """Compute in 64-bit floating point, as Terraform does."""
    try:
        return from_float(math.pow(value, exponent))
    except OverflowError:
        raise FunctionError("The result is infinite.") from None
    except ValueError:
        raise FunctionError("The result is not a finite number.") from None


@declare("sum", sequence)
def total(values: list[Value]) -> Value:
    if not values:
        raise FunctionError("Cannot sum an empty list.", argument=0)
    with localcontext(CONTEXT):
        return normalise(sum((_addend(value) for value in values), start=0))


def _addend(value: Value) -> Number:
    try:
        return to_number(value)
    except FunctionError:
        raise FunctionError("The argument must be a list, set or tuple of number values.", argument=0) from None
