"""Numbers, their layouts in Go's ``fmt``, and conversions between the primitive types."""

import math
import re
import unicodedata
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation

from orchestrator.hcl.functions.binary import (
    OUT_OF_RANGE,
    Digits,
    Number,
    as_number,
    binary_digits,
    normalise,
    shortest_digits,
    trimmed,
)
from orchestrator.hcl.scope import FunctionError
from orchestrator.hcl.values import SetValue, Unknown, Value

_NUMBER = re.compile(r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?\Z")
SURROGATE = re.compile("[\ud800-\udfff]")
_FLOAT_BITS = 53


def parse_number(text: str) -> Number | None:
    """Return the number that a decimal text writes (``-1.5``, ``.5``, ``1e3``); None if it writes none."""
    if not _NUMBER.match(text):
        return None
    try:
        return normalise(Decimal(text))
    except InvalidOperation:
        # An exponent of twenty digits.
        raise FunctionError(OUT_OF_RANGE) from None


def number_text(value: Number) -> str:
    """Return the number in digits, never with an exponent, as Terraform turns it into a string."""
    if isinstance(value, int):
        return str(value)
    text = format(value, "f")
    return text.rstrip("0").rstrip(".") if "." in text else text


def decimal_digits(value: Number) -> Digits:
    """Return the digits of the absolute value as it is written."""
    _, digits, exponent = Decimal(value).as_tuple()
    assert isinstance(exponent, int)
    text = "".join(map(str, digits)).lstrip("0")
    return trimmed(text, len(text) + exponent)


def from_float(value: float) -> Number:
    """Return the number that Terraform shows for the result of a 64-bit computation (``log``, ``pow``).

    It is the shortest decimal of a 53-bit fraction: 2 to the power of 64 is 18446744073709550000.
    """
    if math.isnan(value):
        raise FunctionError("The result is not a number.")
    if math.isinf(value):
        raise FunctionError("The result is infinite.")
    if value == 0:
        return 0
    fraction, exponent = math.frexp(abs(value))
    digits = shortest_digits(int(math.ldexp(fraction, _FLOAT_BITS)), exponent - _FLOAT_BITS)
    number = as_number(digits)
    return number.copy_negate() if isinstance(number, Decimal) and value < 0 else -number if value < 0 else number


_SHORTEST_EXPONENT = 6
"""Digits before the point from which %g without a precision changes to an exponent."""

_SMALLEST_EXPONENT = -4
_DEFAULT_PRECISION = 6


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """The flags, width and precision of one formatting verb."""

    flags: str = ""
    width: int = 0
    precision: int | None = None

    def has(self, flag: str) -> bool:
        return flag in self.flags


def exponential(digits: Digits, *, precision: int) -> str:
    """Return ``d.ddde+dd`` with ``precision`` digits after the point; all digits there are when it is negative."""
    count = precision if precision >= 0 else max(len(digits.digits) - 1, 0)
    digits = digits.rounded(count + 1)
    body = digits.digits.ljust(count + 1, "0")
    exponent = digits.point - 1 if digits.digits else 0
    fraction = f".{body[1 : count + 1]}" if count else ""
    return f"{body[0]}{fraction}e{'-' if exponent < 0 else '+'}{abs(exponent):02d}"


def fixed(digits: Digits, *, precision: int) -> str:
    """Return ``ddd.ddd`` with ``precision`` digits after the point; all digits there are when it is negative."""
    count = precision if precision >= 0 else max(len(digits.digits) - digits.point, 0)
    digits = digits.rounded(digits.point + count)
    whole = digits.digits[: max(digits.point, 0)].ljust(max(digits.point, 0), "0")
    fraction = ("0" * max(-digits.point, 0) + digits.digits[max(digits.point, 0) :])[:count].ljust(count, "0")
    return f"{whole or '0'}.{fraction}" if count else whole or "0"


def general(digits: Digits, *, precision: int) -> str:
    """Choose the shorter of the two layouts, without trailing zeros; a negative precision means the shortest digits."""
    shortest = precision < 0
    if shortest:
        limit = _SHORTEST_EXPONENT
    else:
        digits = digits.rounded(precision or 1)
        limit = precision or 1
        if limit > len(digits.digits) >= digits.point:
            limit = len(digits.digits)
    exponent = digits.point - 1
    if digits.digits and (exponent < _SMALLEST_EXPONENT or exponent >= limit):
        return exponential(digits, precision=-1)
    return fixed(digits, precision=-1)


def format_fraction(value: Number, verb: str, layout: Layout) -> str:
    """Return a number by %e, %E, %f, %g or %G."""
    kind = verb.lower()
    precision = layout.precision
    if precision is None:
        precision = -1 if kind == "g" else _DEFAULT_PRECISION
    digits = decimal_digits(value) if precision < 0 else binary_digits(value)
    layouts = {"e": exponential, "f": fixed, "g": general}
    body = layouts[kind](digits, precision=precision)
    return _padded(_sign(value, layout), body.upper() if verb.isupper() else body, layout, zeros=layout.has("0"))


def format_integer(value: int, verb: str, layout: Layout) -> str:
    """Return a whole number by %d, %b, %o, %x or %X."""
    body = format(abs(value), verb)
    if layout.precision is not None:
        body = "" if layout.precision == 0 and value == 0 else body.rjust(layout.precision, "0")
    prefix = {"b": "0b", "o": "0", "x": "0x", "X": "0X"}.get(verb, "") if layout.has("#") else ""
    zeros = layout.has("0") and layout.precision is None
    return _padded(_sign(value, layout) + prefix, body, layout, zeros=zeros)


def shortest(value: Number) -> str:
    """Return the number as %v shows it."""
    return ("-" if value < 0 else "") + general(decimal_digits(value), precision=-1)


def _sign(value: Number, layout: Layout) -> str:
    if value < 0 or (isinstance(value, Decimal) and value.is_signed()):
        return "-"
    return "+" if layout.has("+") else " " if layout.has(" ") else ""


def _padded(prefix: str, body: str, layout: Layout, *, zeros: bool) -> str:
    if layout.has("-"):
        return (prefix + body).ljust(layout.width)
    if zeros:
        return prefix + body.rjust(layout.width - len(prefix), "0")
    return (prefix + body).rjust(layout.width)


_TRUE = ("true", "1")
_FALSE = ("false", "0")


class StillUnknownError(Exception):
    """A computation came to a part of its arguments that is not known yet; it has to be left for later."""


def type_name(value: Value) -> str:
    """Return what kind of value it is, in a word. Lists and tuples have one Python type, so have maps and objects."""
    match value:
        case None:
            return "null"
        case bool():
            return "bool"
        case int() | Decimal():
            return "number"
        case str():
            return "string"
        case list():
            return "tuple"
        case SetValue():
            return "set"
        case dict():
            return "object"
    raise StillUnknownError


def composed(text: str) -> str:
    """Return the text in Unicode normal form C, in which Terraform keeps every string.

    Half of a surrogate pair, with which Python stands for a byte that is not UTF-8, becomes the replacement character.
    """
    return text if text.isascii() else unicodedata.normalize("NFC", SURROGATE.sub("\ufffd", text))


def to_string(value: Value) -> str:
    """Return a primitive value as a string; raises FunctionError for anything else, null included."""
    match value:
        case str():
            return value
        case bool():
            return "true" if value else "false"
        case int() | Decimal():
            return number_text(value)
        case Unknown():
            raise StillUnknownError
    raise FunctionError(f"A string is required, not {type_name(value)}.")


def to_number(value: Value) -> Number:
    """Return a number, or the number that a string writes; raises FunctionError for anything else, null included."""
    match value:
        case bool():
            pass
        case int() | Decimal():
            return value
        case str():
            parsed = parse_number(value)
            if parsed is None:
                raise FunctionError(
                    f'Cannot convert "{value}" to a number: it must be a decimal representation of one.'
                )
            return parsed
        case Unknown():
            raise StillUnknownError
    raise FunctionError(f"A number is required, not {type_name(value)}.")


def to_bool(value: Value) -> bool:
    """Return a bool, or one of the strings that write one; raises FunctionError for anything else, null included."""
    match value:
        case bool():
            return value
        case str():
            if value in _TRUE:
                return True
            if value in _FALSE:
                return False
            raise FunctionError(f'Cannot convert "{value}" to a bool: only the strings "true" and "false" are allowed.')
        case Unknown():
            raise StillUnknownError
    raise FunctionError(f"A bool is required, not {type_name(value)}.")
