"""Numeric functions, and those that convert to a type: tobool, tolist, tomap, tonumber, toset, tostring."""

import math
from collections.abc import Callable
from decimal import Decimal
from functools import reduce

from orchestrator.hcl.functions.binary import LARGEST_EXPONENT, Number, add, normalise
from orchestrator.hcl.functions.conversion import from_float, to_bool, to_number, to_string, type_name
from orchestrator.hcl.functions.declaration import Parameter, anything, declare, given, number, sequence, whole
from orchestrator.hcl.functions.typesystem import ConversionError, as_one_type, make_set
from orchestrator.hcl.scope import Function, FunctionError
from orchestrator.hcl.values import SetValue, Value


def _conversion(name: str, convert: Callable[[Value], Value]) -> Function:
    """Return a conversion that leaves null as it is."""

    def converted(value: Value) -> Value:
        return None if value is None else convert(value)

    parameter: Parameter = anything

    @declare(name, parameter, cost=5)
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

# No value is ephemeral here.
ephemeral_as_null = declare("ephemeralasnull", anything)(lambda value: value)


_DIGITS = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
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
        return from_float(_natural_logarithm(float(value)) / _natural_logarithm(float(base)))
    except (OverflowError, ValueError, ZeroDivisionError):
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
    if len(places) > LARGEST_EXPONENT:
        raise FunctionError(f"The number is out of range: it has more than {LARGEST_EXPONENT} digits.", argument=0)
    value = reduce(lambda total, place: total * base + place, places, 0)
    return normalise(-value if text.startswith("-") else value)


@declare("pow", number, number)
def power(value: Number, exponent: Number) -> Value:
    """Compute in 64-bit floating point, as Terraform does."""
    try:
        return from_float(_power(float(value), float(exponent)))
    except (OverflowError, ZeroDivisionError):
        raise FunctionError("The result is infinite.") from None
    except ValueError:
        raise FunctionError("The result is not a finite number.") from None


# Go has algorithms of its own for these, which the C library's differ from in the last digit: FreeBSD's e_log.c, and for
# powers repeated squaring. The fraction of an exponent goes through exp, which in Go depends on the processor.

_LN2_HIGH, _LN2_LOW = 6.93147180369123816490e-01, 1.90821492927058770002e-10
_ODD = (6.666666666666735130e-01, 2.857142874366239149e-01, 1.818357216161805012e-01, 1.479819860511658591e-01)
_EVEN = (3.999999999940941908e-01, 2.222219843214978396e-01, 1.531383769920937332e-01)


def _natural_logarithm(value: float) -> float:
    if math.isinf(value):
        raise OverflowError
    if value == 0:
        raise ValueError(value)
    fraction, exponent = math.frexp(value)
    if fraction < math.sqrt(2) / 2:
        fraction, exponent = fraction * 2, exponent - 1
    rest = fraction - 1
    ratio = rest / (2 + rest)
    square = ratio * ratio
    fourth = square * square
    odd, even = (reduce(lambda sum_, factor: factor + fourth * sum_, reversed(part)) for part in (_ODD, _EVEN))
    series = square * odd + fourth * even
    half = 0.5 * rest * rest
    return exponent * _LN2_HIGH - ((half - (ratio * (half + series) + exponent * _LN2_LOW)) - rest)


_HUGE = 2.0**63
_LARGEST_BITS = 1 << 12


def _power(value: float, exponent: float) -> float:
    fraction, whole = math.modf(abs(exponent))
    if value in {0, 1} or exponent in {0, 1, 0.5} or whole >= _HUGE or not math.isfinite(value):
        return math.pow(value, exponent)
    if exponent == -0.5:  # noqa: PLR2004 - as Go treats it
        return 1 / math.sqrt(value)
    result, bits = 1.0, 0
    if fraction:
        if value < 0:
            raise ValueError(value)
        if fraction > 0.5:  # noqa: PLR2004 - the half
            fraction, whole = fraction - 1, whole + 1
        result = math.exp(fraction * _natural_logarithm(value))
    factor, shift = math.frexp(value)
    count = int(whole)
    while count:
        if abs(shift) > _LARGEST_BITS:
            bits += shift
            break
        if count & 1:
            result, bits = result * factor, bits + shift
        factor, shift = factor * factor, shift * 2
        if factor < 0.5:  # noqa: PLR2004 - the half
            factor, shift = factor * 2, shift - 1
        count >>= 1
    return math.ldexp(1 / result, -bits) if exponent < 0 else math.ldexp(result, bits)


@declare("sum", sequence)
def total(values: list[Value]) -> Value:
    if not values:
        raise FunctionError("Cannot sum an empty list.", argument=0)
    return reduce(add, map(_addend, values))


def _addend(value: Value) -> Number:
    try:
        return to_number(value)
    except FunctionError:
        raise FunctionError("The argument must be a list, set or tuple of number values.", argument=0) from None
