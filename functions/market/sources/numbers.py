"""Numbers as senders write them: exact, bounded, with or without an exponent."""

import re
from decimal import Context, Decimal, localcontext
from typing import Any

# More digits than a price of 18 decimals and its scale have; with the trap on Inexact nothing is rounded.
EXACT = Context(prec=64)
_NUMBER = re.compile(r"[+-]?(\d{1,40}(\.\d{0,40})?|\.\d{1,40})([eE][+-]?\d{1,2})?", re.ASCII)


def parse_decimal(value: Any) -> Decimal | None:
    """Return a number of a file exactly, or None if it is none, or of a size that no price has."""
    if isinstance(value, bool) or not isinstance(value, (str, int, float, Decimal)):
        return None
    text = str(value).strip()
    return Decimal(text) if _NUMBER.fullmatch(text) else None


def multiplied(number: Decimal, factor: Decimal) -> Decimal:
    """Multiply without rounding."""
    with localcontext(EXACT):
        return number * factor
