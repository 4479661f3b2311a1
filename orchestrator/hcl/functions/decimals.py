"""Numbers: from text, to text, and from the floating point that Terraform itself falls back to.

Terraform computes with 512-bit binary fractions and prints the shortest decimal that reads back as the same fraction.
Decimals of ``CONTEXT`` carry as many digits, so the two agree wherever a result can be written in fewer.
"""

import math
import re
from dataclasses import dataclass
from decimal import Context, Decimal, InvalidOperation
from typing import TypeAlias

from orchestrator.hcl.function import FunctionError

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
