"""Build answers, and define sessions. Independent of HTTP."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from math import sqrt
from typing import Any

from market.bars import SETTLING, average_price
from market.conditions import Sets
from market.trades import format_nanoseconds, format_number, format_timestamp
from parameters import AnalyticsQuery, BadParameterError, BarsQuery, Export, Format, Page, TradesQuery, cursor

SESSION_LENGTH = timedelta(hours=8)
MAX_USER_ID = 128
LINK_LENGTH = timedelta(minutes=15)
VOLATILITY = (
    "square root of the sum of squared log returns between the closes of successive minutes with trades; "
    "a return belongs to the interval of its later minute"
)
_SETS = {"high_low": Sets.HIGH_LOW, "open_close": Sets.LAST | Sets.LAST_IF_ONLY, "volume": Sets.VOLUME}


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownSymbol:
    """A symbol with the starts of its first and last minute with trades."""

    symbol: str
    first: datetime
    last: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Summary:
    """The figures of a symbol in a span; numbers are None without trades."""

    volume: Decimal | None
    value: Decimal | None
    high: Decimal | None
    low: Decimal | None
    trades: int


@dataclass(frozen=True, slots=True)
class ListedTrade:
    """A trade as it counts now.

    Attributes:
        timestamp: in nanoseconds since 1970 in UTC.
        sets: what it may set in a bar, ``market.conditions.Sets``.
        place: in the order of trades, as text.

    """

    timestamp: int
    trade_id: str
    price: Decimal
    size: Decimal
    venue: str
    trading_date: date
    sequence: int | None
    conditions: str
    side: str
    revision: int
    sets: int
    place: str


@dataclass(frozen=True, slots=True)
class Volatility:
    """The realised volatility of an interval, from so many returns."""

    interval: str
    start: datetime
    realised: float
    returns: int


def bars_page(query: BarsQuery, bars: Sequence[Mapping[str, Any]], now: datetime) -> tuple[dict[str, Any], bool]:
    """Build the answer with a page of bars, and say whether all that can still change it is a correction.

    Args:
        query: the request.
        bars: in the order of their starts; one more than the limit if there are more.
        now: in UTC.

    """
    page, more = bars[: query.page.limit], len(bars) > query.page.limit
    answer = {
        "symbol": query.symbol,
        "interval": str(query.interval),
        "bars": page,
        "next_cursor": cursor(page[-1]["start"]) if more else None,
    }
    return answer, all(bar["final"] for bar in page) and (more or query.span.end + SETTLING <= now)


def symbols_page(page: Page, symbols: Sequence[KnownSymbol]) -> dict[str, Any]:
    """Build the answer with a page of symbols; one more than the limit if there are more."""
    shown = symbols[: page.limit]
    return {
        "symbols": [
            {"symbol": found.symbol, "first": format_timestamp(found.first), "last": format_timestamp(found.last)}
            for found in shown
        ],
        "next_cursor": cursor(shown[-1].symbol) if len(symbols) > page.limit else None,
    }


def trades_page(query: TradesQuery, trades: Sequence[ListedTrade]) -> dict[str, Any]:
    """Build the answer with a page of trades; one more than the limit if there are more."""
    shown = trades[: query.page.limit]
    return {
        "symbol": query.symbol,
        "trades": [
            {
                "timestamp": format_nanoseconds(trade.timestamp),
                "trade_id": trade.trade_id,
                "price": format_number(trade.price),
                "size": format_number(trade.size),
                "venue": trade.venue or None,
                "trading_date": trade.trading_date.isoformat(),
                "sequence": trade.sequence,
                "conditions": trade.conditions.split(),
                "side": trade.side or None,
                "revision": trade.revision,
                "sets": [name for name, flags in _SETS.items() if trade.sets & flags],
            }
            for trade in shown
        ],
        "next_cursor": cursor(shown[-1].place) if len(trades) > query.page.limit else None,
    }


def latest_answer(symbol: str, minute: Mapping[str, Any], day: Mapping[str, Any], timestamp: int) -> dict[str, Any]:
    """Build the answer with the latest price: of the last trade that may set one, with the bars of its minute and day."""
    return {
        "symbol": symbol,
        "price": minute["close"],
        "timestamp": format_nanoseconds(timestamp),
        "minute": minute,
        "day": day,
    }


def analytics_answer(query: AnalyticsQuery, summary: Summary, volatility: Sequence[Volatility]) -> dict[str, Any]:
    """Build the answer with the figures of a span.

    Args:
        query: the request.
        summary: of the minutes in the span.
        volatility: in the order of their starts; one more than the limit if there are more.

    """
    vwap = average_price(summary.value, summary.volume) if summary.value is not None and summary.volume else None
    shown = volatility[: query.page.limit]
    return {
        "symbol": query.symbol,
        "from": format_timestamp(query.span.start),
        "to": format_timestamp(query.span.end),
        "trades": summary.trades,
        "volume": _number(summary.volume),
        "vwap": _number(vwap),
        "high": _number(summary.high),
        "low": _number(summary.low),
        "volatility": [
            {
                "interval": item.interval,
                "start": format_timestamp(item.start),
                "realised": item.realised,
                "returns": item.returns,
                "annualised": item.realised * sqrt(per_year) if (per_year := query.per_year(item.interval)) else None,
            }
            for item in shown
        ],
        "volatility_definition": VOLATILITY,
        "days_per_year": query.annualise,
        "next_cursor": cursor(f"{shown[-1].start:%Y-%m-%dT%H:%M:%S} {shown[-1].interval}")
        if len(volatility) > query.page.limit
        else None,
    }


def _number(number: Decimal | None) -> str | None:
    return None if number is None else format_number(number)


def export_answer(export: Export, *, url: str, lines: int, size: int, now: datetime) -> dict[str, Any]:
    """Build the answer with a link to a file."""
    return {
        "url": url,
        "expires_at": format_timestamp(now + LINK_LENGTH),
        "format": str(export.format),
        "rows": lines - (export.format is Format.CSV),
        "bytes": size,
    }


def file_name(export: Export) -> str:
    """Return the name under which a browser saves a file."""
    symbol = "".join(c if c.isalnum() or c in ".-" else "-" for c in export.symbol)
    moments = "-".join(f"{moment:%Y%m%dT%H%M%SZ}" for moment in (export.span.start, export.span.end))
    return f"{symbol}-{export.interval or 'trades'}-{moments}.{export.format}.gz"


class ForeignUserError(Exception):
    """The caller wants a session for somebody else."""


def caller_of(context: Mapping[str, Any]) -> str | None:
    """Return whom the API's authorizer has authenticated; None where the API has none.

    Args:
        context: the request context of API Gateway, which no client can write: the subject of a Cognito token, the principal
            that an authorizer function names, or the unique id of the IAM principal that signed.

    """
    authorizer = context.get("authorizer") or {}
    signer = (context.get("identity") or {}).get("user")
    caller = (authorizer.get("claims") or {}).get("sub") or authorizer.get("principalId") or signer
    return str(caller) if caller else None


def new_session(body: Any, *, session_id: str, owner: str, now: datetime, caller: str | None = None) -> dict[str, Any]:
    """Build the item of a new session.

    Args:
        body: of the request.
        session_id: hard to guess.
        owner: the API key's id; the session is visible with that key only.
        now: in UTC.
        caller: who was authenticated; None where only the API key is known.

    Raises:
        BadParameterError: the body is malformed.
        ForeignUserError: it names another user than the caller.

    """
    user = body.get("user_id") if isinstance(body, dict) else None
    if not isinstance(user, str) or not 1 <= len(user) <= MAX_USER_ID or not user.isprintable():
        raise BadParameterError(
            f"The body must be an object with a user_id of 1 to {MAX_USER_ID} printable characters."
        )
    if caller is not None and user != caller:
        raise ForeignUserError
    return {
        "session_id": session_id,
        "user_id": user,
        "owner": owner,
        "created_at": format_timestamp(now),
        "expires_at": int((now + SESSION_LENGTH).timestamp()),
    }


def is_visible(item: Mapping[str, Any], *, owner: str, now: datetime, caller: str | None = None) -> bool:
    """Whether a session may be shown: it is the client's, and the caller's, and not expired. DynamoDB deletes it up to two days later."""
    theirs = item.get("owner") == owner and caller in (None, item.get("user_id"))
    return theirs and int(item.get("expires_at", 0)) > now.timestamp()


def session_answer(item: Mapping[str, Any]) -> dict[str, Any]:
    """Build the answer with a session."""
    expires = datetime.fromtimestamp(int(item["expires_at"]), tz=UTC)
    return {
        "session_id": item["session_id"],
        "user_id": item["user_id"],
        "created_at": item["created_at"],
        "expires_at": format_timestamp(expires),
    }


def key_hash(key: str) -> str:
    """Return the hash under which an API key is stored."""
    return hashlib.sha256(key.encode()).hexdigest()
