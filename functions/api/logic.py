"""Parse and check parameters, build answers, and define sessions.

Independent of HTTP: a mistake of the client is a ``BadParameterError`` whose message is meant for the client.
"""

import base64
import binascii
import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from market.bars import Bar, Interval, average_price
from market.trades import SYMBOL, SYMBOL_RULE, InvalidTradeError, format_number, format_timestamp, parse_timestamp

DEFAULT_LIMIT = 500
MAX_LIMIT = 1000
DEFAULT_SPAN = timedelta(days=1)
MAX_SPAN = timedelta(days=366)
MAX_VOLATILITIES = 1000
SESSION_LENGTH = timedelta(hours=8)
MAX_USER_ID = 128


class BadParameterError(ValueError):
    """A parameter is missing or malformed; the message says which one and what it must be."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """From ``start`` up to but not at ``end``, in UTC."""

    start: datetime
    end: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class BarsQuery:
    """A page of bars.

    Attributes:
        after: the start of the last bar of the previous page; None for the first page.

    """

    symbol: str
    interval: Interval
    span: Span
    limit: int
    after: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Summary:
    """The figures of a symbol in a span; numbers are None without trades."""

    volume: Decimal | None
    value: Decimal | None
    high: Decimal | None
    low: Decimal | None
    trades: int


def read_symbol(text: str) -> str:
    """Return a symbol in the spelling in which it is stored.

    Raises:
        BadParameterError: it is not a symbol.

    """
    symbol = text.upper()
    if not SYMBOL.fullmatch(symbol):
        raise BadParameterError(f"symbol must be {SYMBOL_RULE}")
    return symbol


def read_bars_query(symbol: str, parameters: Mapping[str, str], now: datetime) -> BarsQuery:
    """Parse the request for a page.

    Raises:
        BadParameterError: a parameter is missing or malformed.

    """
    try:
        interval = Interval(parameters.get("interval", ""))
    except ValueError:
        raise BadParameterError(f"interval must be one of {', '.join(Interval)}") from None
    limit = parameters.get("limit", str(DEFAULT_LIMIT))
    if not (limit.isascii() and limit.isdigit() and len(limit) <= len(str(MAX_LIMIT)) and 1 <= int(limit) <= MAX_LIMIT):
        raise BadParameterError(f"limit must be a whole number from 1 to {MAX_LIMIT}")
    return BarsQuery(
        symbol=read_symbol(symbol),
        interval=interval,
        span=read_span(parameters, now),
        limit=int(limit),
        after=_read_cursor(parameters["cursor"]) if "cursor" in parameters else None,
    )


def read_span(parameters: Mapping[str, str], now: datetime) -> Span:
    """Return the span between ``from`` and ``to``; the defaults are now and one day earlier.

    Raises:
        BadParameterError: it is malformed, empty, or too long.

    """
    try:
        end = parse_timestamp(parameters["to"], "to") if "to" in parameters else now
        start = parse_timestamp(parameters["from"], "from") if "from" in parameters else end - DEFAULT_SPAN
    except InvalidTradeError as error:
        # In a query string a plus sign means a blank unless it is written as %2B.
        raise BadParameterError(f"{error} (write + as %2B)") from None
    if start >= end:
        raise BadParameterError("from must lie before to")
    if end - start > MAX_SPAN:
        raise BadParameterError(f"from and to must not lie more than {MAX_SPAN.days} days apart")
    return Span(start=start, end=end)


def bars_page(query: BarsQuery, bars: Sequence[Bar]) -> dict[str, Any]:
    """Build the answer with a page of bars, and the cursor of the next page if there is one.

    Args:
        query: the request.
        bars: in the order of their starts; one more than the limit if there are more.

    """
    page = bars[: query.limit]
    return {
        "symbol": query.symbol,
        "interval": str(query.interval),
        "bars": [
            {
                "start": format_timestamp(bar.start),
                "open": _number(bar.open),
                "high": _number(bar.high),
                "low": _number(bar.low),
                "close": _number(bar.close),
                "volume": format_number(bar.volume),
                "vwap": _number(bar.vwap),
                "trades": bar.trades,
            }
            for bar in page
        ],
        "next_cursor": _cursor(page[-1].start) if len(bars) > query.limit else None,
    }


def analytics_answer(
    symbol: str, span: Span, summary: Summary, volatility: Sequence[tuple[str, datetime, float]]
) -> dict[str, Any]:
    """Build the answer with the figures of a span.

    Args:
        symbol: the symbol of the figures.
        span: the span of the figures.
        summary: of the minutes in the span.
        volatility: the latest first; one more than the limit if there are more.

    """
    vwap = average_price(summary.value, summary.volume) if summary.value is not None and summary.volume else None
    shown = sorted(volatility[:MAX_VOLATILITIES], key=lambda row: (row[1], row[0]))
    return {
        "symbol": symbol,
        "from": format_timestamp(span.start),
        "to": format_timestamp(span.end),
        "trades": summary.trades,
        "volume": _number(summary.volume),
        "vwap": _number(vwap),
        "high": _number(summary.high),
        "low": _number(summary.low),
        "volatility": [
            {"interval": interval, "start": format_timestamp(start), "realised": realised}
            for interval, start, realised in shown
        ],
        "volatility_complete": len(shown) == len(volatility),
    }


def _number(number: Decimal | None) -> str | None:
    return None if number is None else format_number(number)


def _cursor(start: datetime) -> str:
    return base64.urlsafe_b64encode(format_timestamp(start).encode()).decode().rstrip("=")


def _read_cursor(text: str) -> datetime:
    try:
        return parse_timestamp(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)).decode(), "cursor")
    except (ValueError, binascii.Error):
        raise BadParameterError("cursor must be the next_cursor of the page before") from None


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
