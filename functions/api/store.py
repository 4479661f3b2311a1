"""The queries of the API."""

from datetime import datetime

from database import Session
from logic import MAX_VOLATILITIES, BarsQuery, Span, Summary
from market.bars import Bar, Interval


def read_bars(session: Session, query: BarsQuery) -> list[Bar]:
    """Return the bars of a page, and one more if there are more."""
    rows = session.run(
        """
        SELECT start, open, high, low, close, volume, value, trades
        FROM bars
        WHERE symbol = :symbol AND "interval" = :length AND start >= :first AND start < :last AND start > :after
        ORDER BY start
        LIMIT :count
        """,
        symbol=query.symbol,
        length=str(query.interval),
        first=query.span.start,
        last=query.span.end,
        after=query.after or query.span.start - datetime.resolution,
        count=query.limit + 1,
    )
    names = ("start", "open", "high", "low", "close", "volume", "value", "trades")
    return [
        Bar(symbol=query.symbol, interval=query.interval, **dict(zip(names, row, strict=True))) for row in rows or []
    ]


def read_summary(session: Session, symbol: str, span: Span) -> Summary:
    """Return the figures of a span, to the minute."""
    rows = session.run(
        """
        SELECT sum(volume), sum(value), max(high), min(low), coalesce(sum(trades), 0)
        FROM bars
        WHERE symbol = :symbol AND "interval" = :length AND start >= :first AND start < :last
        """,
        symbol=symbol,
        length=str(Interval.MINUTE),
        first=span.start,
        last=span.end,
    )
    volume, value, high, low, trades = (rows or [[None, None, None, None, 0]])[0]
    return Summary(volume=volume, value=value, high=high, low=low, trades=int(trades))


def read_volatility(session: Session, symbol: str, span: Span) -> list[tuple[str, datetime, float]]:
    """Return the latest volatilities of a span, and one more if there are more: interval, start and value, the latest first."""
    rows = session.run(
        """
        SELECT "interval", start, realised
        FROM volatility
        WHERE symbol = :symbol AND start >= :first AND start < :last
        ORDER BY start DESC, "interval"
        LIMIT :count
        """,
        symbol=symbol,
        first=span.start,
        last=span.end,
        count=MAX_VOLATILITIES + 1,
    )
    return [(interval, start, realised) for interval, start, realised in rows or []]
