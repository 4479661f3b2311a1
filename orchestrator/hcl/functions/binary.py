"""Arithmetic as Terraform computes it: in binary, with 512 bits, and written as the shortest decimal that reads back as the same.

A ``Number`` stands for the nearest binary number, as the text of a number does in Terraform.
"""

from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from typing import TypeAlias

from orchestrator.hcl.scope import FunctionError

Number: TypeAlias = int | Decimal

PRECISION_BITS = 512
"""Bits of Terraform's numbers."""

LARGEST_EXPONENT = 4000
OUT_OF_RANGE = f"The number is out of range: it has more than {LARGEST_EXPONENT} digits before or after the point."

_UNIQUE_DIGITS = 153
"""Decimals with so many digits are different in 512 bits, so each is the shortest of its binary number."""

_LARGEST_BITS = LARGEST_EXPONENT * 3.33
_FAR_FROM_ONE = 2000
"""Exponents of two from which not every digit is computed."""

_MANY_DIGITS = 200
_DIGITS_PER_BIT = 0.30103
_Binary: TypeAlias = tuple[int, int]
"""A mantissa, with its sign, and an exponent of two."""


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
        return trimmed(self.digits[:count], self.point)

    def up(self, count: int) -> "Digits":
        kept = str(int(self.digits[:count] or "0") + 1).rjust(count, "0")
        return trimmed(kept, self.point + len(kept) - count)


def trimmed(digits: str, point: int) -> Digits:
    """Return digits without the zeros at their end."""
    digits = digits.rstrip("0")
    return Digits(digits=digits, point=point if digits else 0)


def normalise(value: Number) -> Number:
    """Return an integral number as an int, and one of more than 512 bits rounded, as Terraform does.

    Raises FunctionError when it has thousands of digits, which only a mistake in an exponent explains.
    """
    if isinstance(value, int):
        return value if _is_exact(value) else _rounded(value, 1)
    if not value.is_finite():
        raise FunctionError("The number is infinite or undefined, which no argument of a resource can be.")
    if value and abs(value.adjusted()) > LARGEST_EXPONENT:
        raise FunctionError(OUT_OF_RANGE)
    sign, digits, exponent = value.as_tuple()
    assert isinstance(exponent, int)
    if len(digits) <= _UNIQUE_DIGITS and exponent >= 0:
        # Faster than int(value) where the exponent is large.
        whole = int("".join(map(str, digits))) * int(10**exponent)
        return -whole if sign else whole
    if len(digits) > _UNIQUE_DIGITS:
        return _rounded(*value.as_integer_ratio())
    return int(value) if value == value.to_integral_value() else value


def add(left: Number, right: Number) -> Number:
    return _computed(left, right, _sum)


def subtract(left: Number, right: Number) -> Number:
    return _computed(left, right, lambda first, second: _sum(first, (-second[0], second[1])))


def multiply(left: Number, right: Number) -> Number:
    return _computed(left, right, lambda first, second: (first[0] * second[0], first[1] + second[1]))


def divide(left: Number, right: Number) -> Number:
    """Divide by what is not zero."""
    return _of_binary(_quotient(_binary(left), _binary(right)))


def remainder(left: Number, right: Number) -> Number:
    """Return what the division of whole multiples leaves, with the sign of the dividend; by zero it leaves everything."""
    if right == 0:
        return left
    if isinstance(left, int) and isinstance(right, int) and _is_exact(left) and _is_exact(right):
        rest = abs(left) % abs(right)
        return -rest if left < 0 else rest
    dividend, divisor = _binary(left), _binary(right)
    mantissa, exponent = _quotient(dividend, divisor)
    whole = mantissa << exponent if exponent >= 0 else (abs(mantissa) >> -exponent) * (-1 if mantissa < 0 else 1)
    multiple, shift = _nearest(whole * divisor[0], 1)
    return _of_binary(_sum(dividend, (-multiple, shift + divisor[1])))


def _computed(left: Number, right: Number, operation: Callable[[_Binary, _Binary], _Binary]) -> Number:
    if isinstance(left, int) and isinstance(right, int) and _is_exact(left) and _is_exact(right):
        # Whole numbers have no exponent here, so the result has none either.
        return normalise(operation((left, 0), (right, 0))[0])
    return _of_binary(operation(_binary(left), _binary(right)))


def _sum(left: _Binary, right: _Binary) -> _Binary:
    exponent = min(left[1], right[1])
    return (left[0] << left[1] - exponent) + (right[0] << right[1] - exponent), exponent


def _quotient(left: _Binary, right: _Binary) -> _Binary:
    sign = -1 if right[0] < 0 else 1
    mantissa, exponent = _nearest(sign * left[0], abs(right[0]))
    return mantissa, exponent + left[1] - right[1]


def _is_exact(value: int) -> bool:
    return value.bit_length() <= PRECISION_BITS


def _binary(value: Number) -> _Binary:
    return (value, 0) if isinstance(value, int) and _is_exact(value) else _nearest(*value.as_integer_ratio())


def _nearest(numerator: int, denominator: int) -> _Binary:
    """Round a fraction to 512 bits, half to even."""
    size = abs(numerator)
    shift = PRECISION_BITS - size.bit_length() + denominator.bit_length()
    mantissa, rest, divisor = _divided(size, denominator, shift)
    if mantissa.bit_length() > PRECISION_BITS:
        shift -= 1
        mantissa, rest, divisor = _divided(size, denominator, shift)
    if 2 * rest > divisor or (2 * rest == divisor and mantissa % 2):
        mantissa += 1
    return (-mantissa if numerator < 0 else mantissa), -shift


def _divided(size: int, denominator: int, shift: int) -> tuple[int, int, int]:
    """Return quotient, remainder and divisor of a fraction times two to the power of ``shift``."""
    if shift < 0:
        denominator <<= -shift
    return (*divmod(size << max(shift, 0), denominator), denominator)


def _rounded(numerator: int, denominator: int) -> Number:
    return _of_binary(_nearest(numerator, denominator))


def _of_binary(value: _Binary) -> Number:
    """Return the number that Terraform writes for a binary number, after rounding it to 512 bits."""
    mantissa, exponent = value
    if mantissa == 0:
        return 0
    if abs(mantissa.bit_length() + exponent) > _LARGEST_BITS:
        # Before the digits are counted, which takes long for millions of them.
        raise FunctionError(OUT_OF_RANGE)
    if mantissa.bit_length() > PRECISION_BITS:
        rounded, shift = _nearest(mantissa, 1)
        mantissa, exponent = rounded, exponent + shift
    zeros = (mantissa & -mantissa).bit_length() - 1
    mantissa, exponent = mantissa >> zeros, exponent + zeros
    if exponent >= 0 and mantissa.bit_length() + exponent <= PRECISION_BITS:
        return mantissa << exponent
    # The mantissa in full length: its last bit is then the last one that counts.
    missing = PRECISION_BITS - mantissa.bit_length()
    digits = shortest_digits(abs(mantissa) << missing, exponent - missing)
    if abs(digits.point - 1) > LARGEST_EXPONENT:
        raise FunctionError(OUT_OF_RANGE)
    number = as_number(digits)
    return number.copy_negate() if isinstance(number, Decimal) and mantissa < 0 else -number if mantissa < 0 else number


def as_number(digits: Digits) -> Number:
    """Return digits as a number."""
    exponent = digits.point - len(digits.digits)
    if exponent >= 0:
        return int(digits.digits or 0) * int(10**exponent)
    return Decimal(f"{digits.digits}E{exponent}")


def shortest_digits(mantissa: int, exponent: int) -> Digits:
    """Return the shortest decimal that reads back as ``mantissa * 2 ** exponent``, by Go's algorithm (math/big ``roundShortest``).

    Every bit of the mantissa counts. For powers of two it ends up a digit shorter than other algorithms.
    """
    # One bit more than the precision: the lowest bit is then half a unit in the last place.
    mantissa, exponent = mantissa * 2, exponent - 1
    digits_of = exact_digits if abs(exponent) < _FAR_FROM_ONE else _leading_digits
    exact, lower, upper = (digits_of(mantissa + offset, exponent) for offset in (0, -1, 1))
    inclusive = mantissa & 2 == 0
    for index in range(_first_difference(lower.digits, upper.digits), len(exact.digits)):
        digit, above = exact.digits[index], upper.at(index)
        down = lower.at(index) != digit or (inclusive and index + 1 == len(lower.digits))
        up = digit != above and (inclusive or int(digit) + 1 < int(above) or index + 1 < len(upper.digits))
        if down and up:
            return exact.rounded(index + 1)
        if down:
            return exact.down(index + 1)
        if up:
            return exact.up(index + 1)
    return exact


def _first_difference(left: str, right: str) -> int:
    pairs = enumerate(zip(left, right, strict=False))
    return next((index for index, (one, other) in pairs if one != other), min(len(left), len(right)))


def exact_digits(mantissa: int, exponent: int) -> Digits:
    """Return the decimal digits of ``mantissa * 2 ** exponent``, all of them."""
    # By way of a decimal, for the length of an int's text has a limit.
    if exponent >= 0:
        text = str(Decimal(mantissa << exponent))
        return trimmed(text, len(text))
    text = str(Decimal(mantissa * 5**-exponent))
    return trimmed(text, len(text) + exponent)


def _leading_digits(mantissa: int, exponent: int) -> Digits:
    """Return more digits of ``mantissa * 2 ** exponent`` than 512 bits tell apart, and a 1 if others follow."""
    scale = _MANY_DIGITS - int((mantissa.bit_length() + exponent) * _DIGITS_PER_BIT)
    numerator = mantissa * 10 ** max(scale, 0) << max(exponent, 0)
    denominator = 10 ** max(-scale, 0) << max(-exponent, 0)
    whole, rest = divmod(numerator, denominator)
    text = str(whole)
    return trimmed(f"{text}1" if rest else text, len(text) - scale)


def binary_digits(value: Number) -> Digits:
    """Return the digits of the absolute value after rounding to 512 bits, which decides how a tie in decimal rounds."""
    mantissa, exponent = _binary(value)
    return exact_digits(abs(mantissa), exponent)
