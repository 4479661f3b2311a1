"""Numbers, their layouts in Go's ``fmt``, and conversions between the primitive types."""

import math
import re
import unicodedata
from dataclasses import dataclass
from decimal import Context, Decimal, InvalidOperation
from typing import TypeAlias

from orchestrator.hcl.scope import FunctionError
from orchestrator.hcl.values import SetValue, Unknown, Value

Number: TypeAlias = int | Decimal

PRECISION_BITS = 512
"""Bits of Terraform's numbers."""

CONTEXT = Context(prec=155)
"""Decimal digits that hold 512 bits."""

_EXACT = Context(prec=20_000)
_NUMBER = re.compile(r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?\Z")
_LARGEST_EXPONENT = 4000
_BITS_PER_DIGIT = math.log2(10)
_OUT_OF_RANGE = f"The number is out of range: it has more than {_LARGEST_EXPONENT} digits before or after the point."
_FLOAT_BITS = 53


def normalise(value: Number) -> Number:
    """Return an integral number as an int, and one of more than 512 bits rounded, as Terraform does.

    Raises FunctionError when it has thousands of digits, which only a mistake in an exponent explains.
    """
    if isinstance(value, int):
        if value.bit_length() <= PRECISION_BITS:
            return value
        if value.bit_length() > _LARGEST_EXPONENT * _BITS_PER_DIGIT:
            raise FunctionError(_OUT_OF_RANGE)
        value = Decimal(value)
    if not value.is_finite():
        raise FunctionError("The number is infinite or undefined, which no argument of a resource can be.")
    if value and abs(value.adjusted()) > _LARGEST_EXPONENT:
        raise FunctionError(_OUT_OF_RANGE)
    value = CONTEXT.plus(value)
    return int(value) if value == value.to_integral_value() else value


def parse_number(text: str) -> Number | None:
    """Return the number that a decimal text writes (``-1.5``, ``.5``, ``1e3``); None if it writes none."""
    if not _NUMBER.match(text):
        return None
    try:
        return normalise(Decimal(text))
    except InvalidOperation:
        # An exponent of twenty digits.
        raise FunctionError(_OUT_OF_RANGE) from None


def number_text(value: Number) -> str:
    """Return the number in digits, never with an exponent, as Terraform turns it into a string."""
    if isinstance(value, int):
        return str(value)
    text = format(value, "f")
    return text.rstrip("0").rstrip(".") if "." in text else text


@dataclass(frozen=True, slots=True, kw_only=True)
class Digits:
    """A number that is not negative, as decimal digits: 0.DIGITS times ten to the power of ``point``."""

    digits: str
    point: int

    def at(self, index: int) -> str:
        return self.digits[index] if index < len(self.digits) else "0"

    def rounded(self, count: int) -> "Digits":
        """Round to ``count`` digits, half to even."""
        if count < 0:
            return Digits(digits="", point=0)
        if count >= len(self.digits):
            return self
        rest = self.digits[count:]
        half = rest == "5"
        odd = count > 0 and self.digits[count - 1] in "13579"
        up = odd if half else rest[0] >= "5"
        return self.up(count) if up else self.down(count)

    def down(self, count: int) -> "Digits":
        return _trimmed(self.digits[:count], self.point)

    def up(self, count: int) -> "Digits":
        kept = str(int(self.digits[:count] or "0") + 1).rjust(count, "0")
        return _trimmed(kept, self.point + len(kept) - count)


def _trimmed(digits: str, point: int) -> Digits:
    digits = digits.rstrip("0")
    return Digits(digits=digits, point=point if digits else 0)


def decimal_digits(value: Number) -> Digits:
    """Return the digits of the absolute value as it is written."""
    _, digits, exponent = Decimal(value).as_tuple()
    assert isinstance(exponent, int)
    text = "".join(map(str, digits)).lstrip("0")
    return _trimmed(text, len(text) + exponent)


def binary_digits(value: Number) -> Digits:
    """Return the digits of the absolute value after rounding to 512 bits, which decides how a tie in decimal rounds."""
    numerator, denominator = abs(Decimal(value)).as_integer_ratio()
    if denominator == 1:
        return decimal_digits(value)
    shift = PRECISION_BITS - numerator.bit_length() + denominator.bit_length()
    if shift > 0 and (numerator << shift) // denominator >> PRECISION_BITS:
        shift -= 1
    mantissa, remainder = divmod(numerator << max(shift, 0), denominator)
    if 2 * remainder > denominator or (2 * remainder == denominator and mantissa % 2):
        mantissa += 1
    return _exact_digits(mantissa, -max(shift, 0))


def _exact_digits(mantissa: int, exponent: int) -> Digits:
    """Return the decimal digits of ``mantissa * 2 ** exponent``, all of them."""
    return decimal_digits(_EXACT.multiply(Decimal(mantissa), _EXACT.power(Decimal(2), exponent)))


def from_float(value: float) -> Number:
    """Return the number that Terraform shows for the result of a 64-bit computation (``log``, ``pow``).

    It is the shortest decimal of a 53-bit fraction by Go's algorithm (math/big ``roundShortest``), which for powers of
    two ends up one digit shorter than Python's: 2 to the power of 64 is 18446744073709550000.
    """
    if math.isnan(value):
        raise FunctionError("The result is not a number.")
    if math.isinf(value):
        raise FunctionError("The result is infinite.")
    if value == 0:
        return 0
    fraction, exponent = math.frexp(abs(value))
    # One bit more than the precision: the lowest bit is then half a unit in the last place.
    mantissa, exponent = int(math.ldexp(fraction, _FLOAT_BITS)) * 2, exponent - _FLOAT_BITS - 1
    digits = _shortest(mantissa, exponent)
    sign = 1 if value < 0 else 0
    decimal = Decimal((sign, tuple(map(int, digits.digits)), digits.point - len(digits.digits)))
    return normalise(decimal)


def _shortest(mantissa: int, exponent: int) -> Digits:
    exact, lower, upper = (_exact_digits(mantissa + offset, exponent) for offset in (0, -1, 1))
    inclusive = mantissa & 2 == 0
    for index, digit in enumerate(exact.digits):
        above = upper.at(index)
        down = lower.at(index) != digit or (inclusive and index + 1 == len(lower.digits))
        up = digit != above and (inclusive or int(digit) + 1 < int(above) or index + 1 < len(upper.digits))
        if down and up:
            return exact.rounded(index + 1)
        if down:
            return exact.down(index + 1)
        if up:
            return exact.up(index + 1)
    return exact


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
    """Return the text in Unicode normal form C, in which Terraform keeps every string."""
    return text if text.isascii() else unicodedata.normalize("NFC", text)


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
