"""Trades: their validation, and the one form in which the platform stores them.

A trade has one spelling: numbers without trailing zeros, timestamps in UTC with microseconds. So the same trade that
arrives twice is the same text twice.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from typing import Any

FIELDS = ("trade_id", "symbol", "timestamp", "price", "size")
SYMBOL = re.compile(r"[A-Z][A-Z0-9.-]{0,14}")
_TRADE_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:/-]{0,63}")
_NUMBER = re.compile(r"\d{1,12}(\.\d{1,8})?")
_NESTED = (dict, list, bool)
_JSON_NUMBERS = (int, float, Decimal)
# Above any price or size, so that a number such as 1e999999999 is refused before it is written out.
_MAX_EXPONENT = 40
_EARLIEST = datetime(1970, 1, 1, tzinfo=UTC)


class InvalidTradeError(ValueError):
    """A row is not a trade; the message tells the sender why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Trade:
    """One execution.

    Attributes:
        trade_id: unique among the trades of its symbol.
        timestamp: when it was executed, in UTC.

    """

    trade_id: str
    symbol: str
    timestamp: datetime
    price: Decimal
    size: Decimal

    def to_json(self) -> str:
        """Return the trade as one line of JSON, without a line break."""
        # A JSON encoder takes four times as long, and no character of a trade needs an escape.
        return (
            f'{{"trade_id":"{self.trade_id}","symbol":"{self.symbol}","timestamp":"{format_timestamp(self.timestamp)}",'
            f'"price":"{format_number(self.price)}","size":"{format_number(self.size)}"}}'
        )


def parse_trade(row: Mapping[str, Any]) -> Trade:
    """Parse a row of a file or of a request; other fields are ignored.

    Raises:
        InvalidTradeError: a field is missing or malformed.

    """
    missing = []
    for name in FIELDS:
        value = row.get(name)
        if value is None or value == "":
            missing.append(name)
        elif isinstance(value, _NESTED):
            raise InvalidTradeError(f"{name} must be text or a number")
    if missing:
        raise InvalidTradeError(f"{', '.join(missing)} missing")
    symbol = str(row["symbol"]).strip()
    if not SYMBOL.fullmatch(symbol):
        raise InvalidTradeError("symbol must be 1 to 15 capital letters, digits, dots and hyphens, a letter first")
    trade_id = str(row["trade_id"]).strip()
    if not _TRADE_ID.fullmatch(trade_id):
        raise InvalidTradeError("trade_id must be 1 to 64 letters, digits and . _ : / -")
    return Trade(
        trade_id=trade_id,
        symbol=symbol,
        timestamp=parse_timestamp(row["timestamp"], "timestamp"),
        price=_parse_number(row["price"], "price"),
        size=_parse_number(row["size"], "size"),
    )


def parse_timestamp(value: Any, name: str) -> datetime:
    """Parse a moment in ISO 8601 with an offset; returns it in UTC.

    Raises:
        InvalidTradeError: it is malformed, or has no offset.

    """
    try:
        moment = datetime.fromisoformat(str(value).strip())
        if moment.tzinfo is None:
            raise InvalidTradeError(f"{name} says no time zone: end it with Z or an offset")
        moment = moment.astimezone(UTC)
    except (ValueError, OverflowError) as error:
        if isinstance(error, InvalidTradeError):
            raise
        raise InvalidTradeError(f"{name} must be ISO 8601, such as 2026-01-31T14:30:00.250Z") from None
    if moment < _EARLIEST:
        raise InvalidTradeError(f"{name} lies before 1970")
    return moment


def format_timestamp(moment: datetime) -> str:
    """Format a moment in UTC, always with microseconds."""
    return f"{moment.astimezone(UTC).replace(tzinfo=None).isoformat(timespec='microseconds')}Z"


def _parse_number(value: Any, name: str) -> Decimal:
    text = str(value).strip()
    if not _NUMBER.fullmatch(text):
        # A JSON number may have an exponent.
        text = _written_out(text) if isinstance(value, _JSON_NUMBERS) else ""
    if not _NUMBER.fullmatch(text):
        raise InvalidTradeError(f"{name} must be a decimal number with at most 12 digits before the point and 8 behind")
    number = Decimal(text)
    if not number:
        raise InvalidTradeError(f"{name} must be greater than 0")
    return number


def _written_out(text: str) -> str:
    """Return a number without an exponent and without trailing zeros; an empty text if it is out of bounds."""
    try:
        number = Decimal(text)
    except InvalidOperation:
        return ""
    exponent = number.as_tuple().exponent
    # The exponent of NaN and infinity is a letter.
    if not isinstance(exponent, int) or not -_MAX_EXPONENT <= exponent <= _MAX_EXPONENT:
        return ""
    return format_number(number)


def format_number(number: Decimal) -> str:
    """Format a number without an exponent and without trailing zeros."""
    text = format(number, "f")
    return text.rstrip("0").rstrip(".") if "." in text else text
