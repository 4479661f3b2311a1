"""Trades: the canonical message, its validation, and the one form in which the platform stores it.

A trade is identified by symbol, venue, trading date and id; where the venue is not known, ids may start again within a day, so that
the timestamp is part of the identity. Messages about a trade have an action and a revision: the highest revision counts, in whatever
order messages arrive. A message has one spelling (numbers without trailing zeros, timestamps in UTC with nanoseconds, a condition
once and in alphabetical order), so the same message that arrives twice is the same text twice.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, tzinfo
from decimal import Decimal, InvalidOperation
from enum import StrEnum
from functools import lru_cache
from typing import Any, TypeVar

FIELDS = ("trade_id", "symbol", "timestamp", "price", "size")
"""The columns that every message has; a cancellation may leave out price and size."""
OPTIONAL_FIELDS = ("venue", "trading_date", "sequence", "conditions", "side", "action", "revision")
COLUMNS = (
    "symbol", "venue", "trading_date", "trade_id", "ts", "sequence", "price", "size", "conditions", "side", "action", "revision"
)  # fmt: skip
"""The columns of a stored trade, in the objects that ingest writes and in the database."""
SYMBOL = re.compile(r"[A-Z0-9^][A-Z0-9.:/_=^&+@-]{0,31}")
SYMBOL_RULE = "1 to 32 capital letters, digits and . : / _ = ^ & + @ -, the first a letter, a digit or ^"
TIMESTAMP_EXAMPLE = "2026-01-31T14:30:00.250Z"
SECOND = 1_000_000_000
"""In nanoseconds, as all integers that are timestamps."""
DAY = 86_400 * SECOND
MAX_DAYS_APART = 7
"""How far the trading date may lie from the day of the timestamp: long weekends, sessions that begin the evening before."""
_TRADE_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:/-]{0,63}")
_VENUE = re.compile(r"[A-Z0-9][A-Z0-9._-]{0,15}")
_CONDITION = re.compile(r"[A-Za-z0-9@][A-Za-z0-9@._:-]{0,31}")
_MAX_CONDITIONS = 8
_NUMBER = re.compile(r"(-?)0*([0-9]{1,12}?)(?:\.([0-9]{0,18}?)0*)?")
_SCIENTIFIC = re.compile(r"[+-]?[0-9]{1,30}(\.[0-9]{0,30})?[eE][+-]?[0-9]{1,10}")
_WHOLE = re.compile(r"[0-9]{1,18}")
_MOMENT = re.compile(
    r"([0-9]{4}-[0-9]{2}-[0-9]{2}[T ][0-9]{2}:[0-9]{2}:[0-9]{2})(?:[.,]([0-9]{1,9})0*)?(Z|[+-][0-9]{2}:?[0-9]{2})"
)
_TOO_FINE = re.compile(r"[.,][0-9]{7}")
_NESTED = (dict, list, bool)
# Above any price or size, so that a number such as 1e999999999 is refused before it is written out.
_MAX_EXPONENT = 40
# The changes of an offset begin and end at multiples of this length: no time zone has changed to a finer one since 1972.
_QUARTER = 900 * SECOND
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
# What fits into 64 bits.
_LATEST = 2**63 - 1
_ZERO = Decimal(0)


Choice = TypeVar("Choice", bound=StrEnum)


class InvalidTradeError(ValueError):
    """A row is not a trade; the message tells the sender why."""


class Action(StrEnum):
    """What a message does to a trade."""

    NEW = "new"
    CORRECT = "correct"
    CANCEL = "cancel"

    @property
    def revision(self) -> int:
        """The revision of a message that names none: a correction follows the trade, a cancellation follows both."""
        return _REVISIONS[self]


_REVISIONS = {Action.NEW: 0, Action.CORRECT: 1, Action.CANCEL: 2}


class Side(StrEnum):
    """The side of the aggressor."""

    BUY = "buy"
    SELL = "sell"


@dataclass(frozen=True, slots=True, kw_only=True)
class Trade:
    """A message about one execution: new, corrected or cancelled.

    Attributes:
        trade_id: unique among the trades of its symbol, venue and trading date; without a venue, among those of the same timestamp.
        timestamp: when it was executed, in nanoseconds since 1970 in UTC.
        price: may be negative; 0 in a cancellation that has none.
        size: greater than 0, but 0 in a cancellation that has none.
        venue: empty where it is not known.
        trading_date: the day whose ids are unique, in the venue's zone; by default the day of the timestamp in UTC.
        sequence: the venue's sequence number, which orders trades of the same nanosecond.
        conditions: names from ``market.conditions`` or any others, each once, in alphabetical order.
        revision: the highest counts.

    """

    trade_id: str
    symbol: str
    timestamp: int
    price: Decimal
    size: Decimal
    venue: str = ""
    trading_date: date = date.min
    sequence: int | None = None
    conditions: tuple[str, ...] = ()
    side: Side | None = None
    action: Action = Action.NEW
    revision: int = -1

    def __post_init__(self) -> None:
        if self.trading_date == date.min:
            object.__setattr__(self, "trading_date", trading_date(self.timestamp))
        if self.revision < 0:
            object.__setattr__(self, "revision", self.action.revision)

    def to_line(self) -> str:
        """Return the message as a line of CSV with ``COLUMNS``; no value needs quotes."""
        sequence = "" if self.sequence is None else self.sequence
        return (
            f"{self.symbol},{self.venue},{self.trading_date},{self.trade_id},{self.timestamp},{sequence},{format_number(self.price)},"
            f"{format_number(self.size)},{' '.join(self.conditions)},{self.side or ''},{self.action},{self.revision}"
        )

    def to_json(self) -> str:
        """Return the message as one line of JSON, which ``parse_trade`` parses to the same message."""
        document = {
            "trade_id": self.trade_id,
            "symbol": self.symbol,
            "timestamp": format_nanoseconds(self.timestamp),
            "price": format_number(self.price),
            "size": format_number(self.size),
            "venue": self.venue,
            "trading_date": self.trading_date.isoformat(),
            "sequence": self.sequence,
            "conditions": " ".join(self.conditions),
            "side": self.side,
            "action": self.action,
            "revision": self.revision,
        }
        return json.dumps({name: value for name, value in document.items() if value not in (None, "")})


def parse_trade(
    row: Mapping[str, Any],
    *,
    timestamp: int | None = None,
    zone: tzinfo = UTC,
    latest: int = _LATEST,
    negative_prices: bool = False,
) -> Trade:
    """Parse a row of a file or of a request; other fields are ignored.

    Args:
        row: with the columns ``FIELDS`` and any of ``OPTIONAL_FIELDS``.
        timestamp: in nanoseconds, where the caller has converted it; else the row has one in ISO 8601.
        zone: whose day is the trading date where the row has none.
        latest: the latest timestamp that is accepted, in nanoseconds.
        negative_prices: whether prices may be 0 or less.

    Raises:
        InvalidTradeError: a field is missing or malformed.

    """
    action = _parse_choice(Action, row.get("action"), "action") or Action.NEW
    missing = []
    for name in FIELDS:
        value = row.get(name)
        if value is None or value == "":
            missing.append(name)
        elif isinstance(value, _NESTED):
            raise InvalidTradeError(f"{name} must be text or a number")
    if timestamp is not None and "timestamp" in missing:
        missing.remove("timestamp")
    if action is Action.CANCEL:
        missing = [name for name in missing if name not in {"price", "size"}]
    if missing:
        raise InvalidTradeError(f"{', '.join(missing)} missing")
    symbol = str(row["symbol"]).strip()
    if not SYMBOL.fullmatch(symbol):
        raise InvalidTradeError(f"symbol must be {SYMBOL_RULE}")
    trade_id = str(row["trade_id"]).strip()
    if not _TRADE_ID.fullmatch(trade_id):
        raise InvalidTradeError("trade_id must be 1 to 64 letters, digits and . _ : / -")
    if timestamp is None:
        timestamp = parse_nanoseconds(row["timestamp"], "timestamp")
    if timestamp > latest:
        raise InvalidTradeError("timestamp lies in the future")
    if timestamp < 0:
        raise InvalidTradeError("timestamp lies before 1970")
    without = action is Action.CANCEL
    price, size = row.get("price"), row.get("size")
    revision = _parse_whole(row.get("revision"), "revision")
    return Trade(
        trade_id=trade_id,
        symbol=symbol,
        timestamp=timestamp,
        price=_ZERO if without and _absent(price) else parse_number(price, "price", negative=negative_prices),
        size=_ZERO if without and _absent(size) else parse_number(size, "size"),
        venue=_parse_venue(row.get("venue")),
        trading_date=_parse_trading_date(row.get("trading_date"), timestamp, zone),
        sequence=_parse_whole(row.get("sequence"), "sequence"),
        conditions=_parse_conditions(row.get("conditions")),
        side=_parse_choice(Side, row.get("side"), "side"),
        action=action,
        revision=action.revision if revision is None else revision,
    )


def _absent(value: Any) -> bool:
    return value is None or value == ""


def _parse_venue(value: Any) -> str:
    if _absent(value):
        return ""
    if not _VENUE.fullmatch(venue := str(value).strip()):
        raise InvalidTradeError("venue must be 1 to 16 capital letters, digits and . _ -")
    return venue


def _parse_choice(kind: type[Choice], value: Any, name: str) -> Choice | None:
    if _absent(value):
        return None
    try:
        return kind(value)
    except ValueError:
        raise InvalidTradeError(f"{name} must be one of {', '.join(kind)}") from None


def _parse_whole(value: Any, name: str) -> int | None:
    if _absent(value):
        return None
    if isinstance(value, _NESTED) or not _WHOLE.fullmatch(text := str(value).strip()):
        raise InvalidTradeError(f"{name} must be a whole number of at most 18 digits")
    return int(text)


def _parse_conditions(value: Any) -> tuple[str, ...]:
    if _absent(value):
        return ()
    names = value if isinstance(value, list | tuple) else str(value).split()
    found = {str(name) for name in names}
    if len(found) > _MAX_CONDITIONS or not all(map(_CONDITION.fullmatch, found)):
        raise InvalidTradeError(
            f"conditions must be at most {_MAX_CONDITIONS} names of 1 to 32 letters, digits and @ . _ : -, separated by blanks"
        )
    return tuple(sorted(found))


def _parse_trading_date(value: Any, timestamp: int, zone: tzinfo) -> date:
    if _absent(value):
        return trading_date(timestamp, zone)
    try:
        day = date.fromisoformat(str(value).strip())
    except ValueError:
        raise InvalidTradeError("trading_date must be a day such as 2026-01-31") from None
    if abs((day - trading_date(timestamp)).days) > MAX_DAYS_APART:
        raise InvalidTradeError(f"trading_date lies more than {MAX_DAYS_APART} days from the timestamp")
    return day


def trading_date(timestamp: int, zone: tzinfo = UTC) -> date:
    """Return the day of a timestamp in a zone."""
    return _day_of_quarter(timestamp // _QUARTER, zone)


@lru_cache(maxsize=4096)
def _day_of_quarter(number: int, zone: tzinfo) -> date:
    return (_EPOCH + timedelta(seconds=number * 900)).astimezone(zone).date()


def parse_nanoseconds(value: Any, name: str) -> int:
    """Parse a moment in ISO 8601 with an offset; returns nanoseconds since 1970 in UTC.

    Raises:
        InvalidTradeError: it is malformed, has no offset, or has more than nine decimals that are not zero.

    """
    text = str(value).strip()
    if parts := _MOMENT.fullmatch(text):
        whole, fraction, offset = parts.groups()
        return _second(whole, offset, name) + (int(fraction.ljust(9, "0")) if fraction else 0)
    if _TOO_FINE.search(text):
        raise InvalidTradeError(
            f"{name} must be ISO 8601 with at most nine decimals and an offset, such as {TIMESTAMP_EXAMPLE}"
        )
    return nanoseconds(parse_timestamp(text, name))


@lru_cache(maxsize=4096)
def _second(whole: str, offset: str, name: str) -> int:
    """Return a whole second in nanoseconds: few of them, for many trades."""
    return nanoseconds(parse_timestamp(f"{whole}{offset}", name))


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
        raise InvalidTradeError(f"{name} must be ISO 8601, such as {TIMESTAMP_EXAMPLE}") from None
    if moment < _EPOCH:
        raise InvalidTradeError(f"{name} lies before 1970")
    return moment


def nanoseconds(moment: datetime) -> int:
    """Return a moment in nanoseconds since 1970 in UTC."""
    return (moment - _EPOCH) // timedelta(microseconds=1) * 1000


def moment_of(timestamp: int) -> datetime:
    """Return nanoseconds since 1970 as a moment in UTC, cut to microseconds."""
    return _EPOCH + timedelta(microseconds=timestamp // 1000)


def format_nanoseconds(timestamp: int) -> str:
    """Format nanoseconds since 1970 as ISO 8601 in UTC, always with nine decimals."""
    second, rest = divmod(timestamp, SECOND)
    return f"{(_EPOCH + timedelta(seconds=second)).replace(tzinfo=None).isoformat()}.{rest:09}Z"


def format_timestamp(moment: datetime) -> str:
    """Format a moment in UTC, always with microseconds."""
    return f"{moment.astimezone(UTC).replace(tzinfo=None).isoformat(timespec='microseconds')}Z"


def parse_number(value: Any, name: str, *, negative: bool = False) -> Decimal:
    """Parse a decimal number, also in scientific notation; trailing zeros mean nothing.

    Args:
        value: text or a number.
        name: of the field, for the message.
        negative: whether 0 and less are allowed.

    Raises:
        InvalidTradeError: it is malformed, or has more digits than are kept.

    """
    text = str(value).strip()
    parts = _NUMBER.fullmatch(text)
    if parts is None and _SCIENTIFIC.fullmatch(text):
        parts = _NUMBER.fullmatch(_written_out(text))
    if parts is None:
        raise InvalidTradeError(
            f"{name} must be a decimal number with at most 12 digits before the point and 18 behind"
        )
    sign, whole, fraction = parts.groups()
    number = Decimal(f"{sign}{whole}.{fraction}" if fraction else f"{sign}{whole}")
    if not negative and number <= 0:
        raise InvalidTradeError(f"{name} must be greater than 0")
    return number


def _written_out(text: str) -> str:
    """Return a number without an exponent and without trailing zeros; an empty text if it is out of bounds."""
    try:
        number = Decimal(text)
    except InvalidOperation:
        return ""
    exponent = number.as_tuple().exponent
    if not isinstance(exponent, int) or not -_MAX_EXPONENT <= exponent <= _MAX_EXPONENT:
        return ""
    return format_number(number)


def format_number(number: Decimal) -> str:
    """Format a number without an exponent and without trailing zeros."""
    text = format(number, "f")
    return text.rstrip("0").rstrip(".") if "." in text else text
