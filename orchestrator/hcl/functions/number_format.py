"""Numbers in the layouts of Go's ``fmt``: %e, %f, %g for fractions, %d, %b, %o, %x for whole numbers."""

from dataclasses import dataclass
from decimal import Decimal

from orchestrator.hcl.functions.decimals import Digits, Number, binary_digits, decimal_digits

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
