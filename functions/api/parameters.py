"""Parse and check what a client asks for.

Independent of HTTP: a mistake of the client is a ``BadParameterError`` whose message is meant for the client.
"""

import base64
import binascii
import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from difflib import get_close_matches
from enum import StrEnum
from typing import Any, TypeVar

from market.bars import Interval
from market.trades import SYMBOL, SYMBOL_RULE, InvalidTradeError, parse_timestamp

DEFAULT_LIMIT = 500
MAX_LIMIT = 1000
DEFAULT_SPAN = timedelta(days=1)
MAX_SPAN = timedelta(days=366)
_SHOWN = 40
# What identifies the last item of a page: the place of a trade, the start and interval of a volatility.
_PLACE = re.compile(r"[0-9]{38}[01]")
_VOLATILITY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2} [a-z0-9]{1,8}")
Choice = TypeVar("Choice", bound=StrEnum)


class BadParameterError(ValueError):
    """A parameter is missing, unknown or malformed; the message says which one and what it must be."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """From ``start`` up to but not at ``end``, in UTC."""

    start: datetime
    end: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """A page of a list.

    Attributes:
        limit: how many items it may have.
        after: the cursor's content, which identifies the last item of the previous page; empty for the first page.

    """

    limit: int
    after: str


@dataclass(frozen=True, slots=True, kw_only=True)
class BarsQuery:
    """A page of bars; the first one contains the beginning of the span.

    Attributes:
        zone: the name of the sessions' zone; empty where there are no sessions.

    """

    symbol: str
    interval: Interval
    span: Span
    page: Page
    zone: str

    @property
    def after(self) -> datetime | None:
        """The start of the last bar of the previous page."""
        return moment_of(self.page)


@dataclass(frozen=True, slots=True, kw_only=True)
class TradesQuery:
    """A page of trades."""

    symbol: str
    span: Span
    page: Page


@dataclass(frozen=True, slots=True, kw_only=True)
class AnalyticsQuery:
    """The figures of a span, with a page of its volatilities.

    Attributes:
        annualise: days that a year counts; None where volatilities are not annualised.

    """

    symbol: str
    span: Span
    page: Page
    annualise: int | None

    def per_year(self, interval: str) -> float | None:
        """Return how many intervals a year has; an hour is a 24th of a day."""
        return None if self.annualise is None else self.annualise * (24 if interval == Interval.HOUR else 1)


class Format(StrEnum):
    """A format of files."""

    CSV = "csv"
    JSON_LINES = "jsonl"


@dataclass(frozen=True, slots=True, kw_only=True)
class Export:
    """A file of bars, or of trades where ``interval`` is None.

    Attributes:
        zone: the name of the sessions' zone; empty where there are no sessions.

    """

    symbol: str
    interval: Interval | None
    span: Span
    format: Format
    zone: str


def read_parameters(given: Mapping[str, Sequence[str]], known: Collection[str]) -> dict[str, str]:
    """Return the parameters of a query string by name.

    Raises:
        BadParameterError: one is unknown, or there more than once.

    """
    for name, values in given.items():
        _check_name(name, known, "parameter")
        if len(values) > 1:
            raise BadParameterError(f"{name} is there {len(values)} times")
    return {name: values[0] for name, values in given.items()}


def _check_name(name: str, known: Collection[str], kind: str) -> None:
    if name in known:
        return
    near = get_close_matches(name.lower(), known, n=1)
    hint = f"Did you mean {near[0]}?" if near else f"Known: {', '.join(sorted(known)) or 'none'}."
    raise BadParameterError(f"Unknown {kind} {name[:_SHOWN]}. {hint}")


def read_symbol(text: str) -> str:
    """Return a symbol in the spelling in which it is stored.

    Raises:
        BadParameterError: it is not a symbol.

    """
    symbol = text.upper()
    if not SYMBOL.fullmatch(symbol):
        raise BadParameterError(f"symbol must be {SYMBOL_RULE}")
    return symbol


def read_bars_query(symbol: str, parameters: Mapping[str, str], now: datetime, zone: str) -> BarsQuery:
    """Parse the request for a page of bars.

    Args:
        symbol: as in the path.
        parameters: of the query string.
        now: in UTC.
        zone: the name of the sessions' zone; empty where there are no sessions.

    Raises:
        BadParameterError: a parameter is missing or malformed.

    """
    interval = _read_interval(parameters.get("interval"), zone)
    query = BarsQuery(
        symbol=read_symbol(symbol),
        interval=interval,
        span=_whole(read_span(parameters, now), interval),
        page=read_page(parameters),
        zone=zone,
    )
    moment_of(query.page)
    return query


def read_trades_query(symbol: str, parameters: Mapping[str, str], now: datetime) -> TradesQuery:
    """Parse the request for a page of trades.

    Raises:
        BadParameterError: a parameter is malformed.

    """
    page = read_page(parameters)
    if page.after and not _PLACE.match(page.after):
        raise _bad_cursor()
    return TradesQuery(symbol=read_symbol(symbol), span=read_span(parameters, now), page=page)


def read_analytics_query(symbol: str, parameters: Mapping[str, str], now: datetime) -> AnalyticsQuery:
    """Parse the request for the figures of a span.

    Raises:
        BadParameterError: a parameter is malformed.

    """
    page = read_page(parameters)
    if page.after and not _VOLATILITY.fullmatch(page.after):
        raise _bad_cursor()
    days = _read_whole(parameters["annualise"], "annualise", 366) if "annualise" in parameters else None
    return AnalyticsQuery(symbol=read_symbol(symbol), span=read_span(parameters, now), page=page, annualise=days)


def _read_whole(text: str, name: str, most: int) -> int:
    if not (text.isascii() and text.isdigit() and len(text) <= len(str(most)) and 1 <= int(text) <= most):
        raise BadParameterError(f"{name} must be a whole number from 1 to {most}")
    return int(text)


def read_page(parameters: Mapping[str, str]) -> Page:
    """Parse ``limit`` and ``cursor``.

    Raises:
        BadParameterError: one is malformed.

    """
    limit = _read_whole(parameters.get("limit", str(DEFAULT_LIMIT)), "limit", MAX_LIMIT)
    text = parameters.get("cursor", "")
    try:
        after = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True).decode()
    except (ValueError, binascii.Error):
        raise _bad_cursor() from None
    if "cursor" in parameters and not (after and after.isprintable()):
        raise _bad_cursor()
    return Page(limit=limit, after=after)


def cursor(after: str) -> str:
    """Return the cursor of the page that follows an item."""
    return base64.urlsafe_b64encode(after.encode()).decode().rstrip("=")


def moment_of(page: Page) -> datetime | None:
    """Return the moment that a page follows.

    Raises:
        BadParameterError: the cursor holds something else.

    """
    try:
        return parse_timestamp(page.after, "cursor") if page.after else None
    except InvalidTradeError:
        raise _bad_cursor() from None


def _bad_cursor() -> BadParameterError:
    return BadParameterError("cursor must be the next_cursor of the page before")


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


def read_export(body: Any, now: datetime, zone: str) -> Export:
    """Parse the body of a request for a file.

    Raises:
        BadParameterError: a member is missing, unknown or malformed.

    """
    if not isinstance(body, dict):
        raise BadParameterError("The body must be an object.")
    for name, value in body.items():
        _check_name(name, ("symbol", "interval", "from", "to", "format"), "member")
        if not isinstance(value, str):
            raise BadParameterError(f"{name} must be text")
    missing = [name for name in ("symbol", "from", "to") if name not in body]
    if missing:
        raise BadParameterError(f"{', '.join(missing)} missing")
    interval = _read_interval(body["interval"], zone) if "interval" in body else None
    span = read_span(body, now)
    return Export(
        symbol=read_symbol(body["symbol"]),
        interval=interval,
        span=_whole(span, interval) if interval else span,
        format=_read_choice(Format, body.get("format", Format.CSV), "format"),
        zone=zone,
    )


def _read_interval(text: str | None, zone: str) -> Interval:
    interval = _read_choice(Interval, text, "interval")
    if interval is Interval.SESSION and not zone:
        raise BadParameterError("There are no bars of sessions here: the deployment names no zone for them.")
    return interval


def _whole(span: Span, interval: Interval) -> Span:
    """Return the span from the start of the interval that contains its beginning; where sessions start, the database knows."""
    return span if interval is Interval.SESSION else Span(start=interval.start(span.start), end=span.end)


def _read_choice(kind: type[Choice], text: str | None, name: str) -> Choice:
    try:
        return kind(text or "")
    except ValueError:
        raise BadParameterError(f"{name} must be one of {', '.join(kind)}") from None
