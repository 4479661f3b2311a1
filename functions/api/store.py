"""The queries of the API."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, TypeAlias

from pg8000.native import literal  # type: ignore[import-untyped]  # it ships no types

from database import Session
from exports import ExportFile
from logic import KnownSymbol, ListedTrade, Summary, Volatility
from market.bars import SETTLING, Interval
from market.trades import MAX_DAYS_APART
from parameters import BarsQuery, Export, Format, Page, Span, TradesQuery

BAR = ("start", "open", "high", "low", "close", "volume", "vwap", "trades", "final")
"""The members of a bar in answers, and the columns of files."""
ShownBar: TypeAlias = dict[str, Any]
# By its text trades are ordered: analytics has the same.
_ORDER = "trade_order(ts, sequence, trade_id, venue, trading_date)"
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_VWAP = "trim_scale(round((value + CAST(0 AS numeric(40, 40))) / nullif(volume, 0), 18))"
# Quotes nothing, because neither character occurs in a row.
_AS_IT_IS = r"FORMAT csv, DELIMITER E'\x01', QUOTE E'\x02'"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Bars:
    """All bars of a span."""

    symbol: str
    interval: Interval
    span: Span
    zone: str


def is_known(session: Session, symbol: str) -> bool:
    """Whether a symbol has ever had a trade."""
    return bool(session.run("SELECT 1 FROM bars WHERE symbol = :symbol LIMIT 1", symbol=symbol))


def read_symbols(session: Session, page: Page) -> list[KnownSymbol]:
    """Return the symbols of a page, and one more if there are more; the index is asked once per symbol, not once per bar."""
    rows = session.run(
        """
        WITH RECURSIVE names AS (
          (SELECT symbol, 1 AS number FROM bars WHERE symbol > :after ORDER BY symbol LIMIT 1)
          UNION ALL
          SELECT (SELECT symbol FROM bars WHERE symbol > names.symbol ORDER BY symbol LIMIT 1), number + 1
          FROM names WHERE symbol IS NOT NULL AND number < :count
        )
        SELECT symbol, min(start), max(start)
        FROM names, LATERAL (
          (SELECT start FROM bars WHERE bars.symbol = names.symbol AND "interval" = '1m' ORDER BY start LIMIT 1)
          UNION ALL
          (SELECT start FROM bars WHERE bars.symbol = names.symbol AND "interval" = '1m' ORDER BY start DESC LIMIT 1)
        ) AS ends
        GROUP BY symbol
        ORDER BY symbol
        """,
        after=page.after,
        count=page.limit + 1,
    )
    return [KnownSymbol(symbol=symbol, first=first, last=last) for symbol, first, last in rows or []]


def read_bars(session: Session, query: BarsQuery, now: datetime) -> list[ShownBar]:
    """Return the bars of a page as they are shown, and one more if there are more."""
    rows = session.run(_bars_of(query, now, after=query.after, most=query.page.limit + 1))
    return [_bar(row) for row in rows or []]


def read_last_price(session: Session, symbol: str, now: datetime) -> tuple[ShownBar, ShownBar, int] | None:
    """Return the last minute whose trades set a price, the day of that minute, and the nanoseconds of the trade that set the price."""
    rows = session.run(
        """
        SELECT start, CAST(substr(close_key, 2, 19) AS bigint)
        FROM bars
        WHERE symbol = :symbol AND "interval" = '1m' AND close IS NOT NULL
        ORDER BY start DESC
        LIMIT 1
        """,
        symbol=symbol,
    )
    if not rows:
        return None
    ((minute, moment),) = rows
    found = []
    for interval in (Interval.MINUTE, Interval.DAY):
        start = interval.start(minute)
        query = _Bars(symbol=symbol, interval=interval, span=Span(start=start, end=start + interval.length), zone="")
        (row,) = session.run(_bars_of(query, now)) or []
        found.append(_bar(row))
    return found[0], found[1], moment


def _bar(row: Sequence[Any]) -> ShownBar:
    return dict(zip(BAR, row, strict=True))


def read_trades(session: Session, query: TradesQuery) -> list[ListedTrade]:
    """Return the trades of a page, and one more if there are more: of each its last revision, none that were cancelled."""
    rows = session.run(
        f"""
        SELECT ts, trade_id, price, size, venue, trading_date, sequence, conditions, side, revision, sets, {_ORDER} AS place
        FROM trades
        WHERE symbol = :symbol AND ts >= :first AND ts < :last AND trading_date BETWEEN :first_day AND :last_day
          AND action <> 'cancel' AND {_ORDER} > :after
        ORDER BY ts, place
        LIMIT :count
        """,  # noqa: S608
        symbol=query.symbol,
        after=query.page.after,
        count=query.page.limit + 1,
        **_trade_bounds(query.span, after=query.page.after),
    )
    return [ListedTrade(*row) for row in rows or []]


def _trade_bounds(span: Span, *, after: str = "") -> dict[str, object]:
    """Return the bounds of a span in nanoseconds, and the trading dates, by which the table is partitioned, that trades in it may have."""
    first, last = (_nanoseconds(moment) for moment in (span.start, span.end))
    around = timedelta(days=MAX_DAYS_APART)
    return {
        "first": max(first, int(after[:19])) if after else first,
        "last": last,
        "first_day": (span.start - around).date(),
        "last_day": (min(span.end, _LATEST) + around).date(),
    }


_LATEST = datetime(9999, 1, 1, tzinfo=UTC)


def _nanoseconds(moment: datetime) -> int:
    return (moment - _EPOCH) // timedelta(microseconds=1) * 1000


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


def read_volatility(session: Session, symbol: str, span: Span, page: Page) -> list[Volatility]:
    """Return the volatilities of a page in the order of their starts, and one more if there are more."""
    rows = session.run(
        """
        SELECT "interval", start, realised, returns
        FROM volatility
        WHERE symbol = :symbol AND start >= :first AND start < :last
          AND to_char(start AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS ') || "interval" > :after
        ORDER BY start, "interval"
        LIMIT :count
        """,
        symbol=symbol,
        first=span.start,
        last=span.end,
        after=page.after,
        count=page.limit + 1,
    )
    return [Volatility(*row) for row in rows or []]


def write_export(session: Session, export: Export, file: ExportFile, now: datetime) -> None:
    """Write the rows of a file; PostgreSQL formats them, and the driver hands on one at a time."""
    csv = export.format is Format.CSV
    if export.interval is None:
        select = _trades_of(export)
    else:
        bars = _Bars(symbol=export.symbol, interval=export.interval, span=export.span, zone=export.zone)
        select = _bars_of(bars, now, csv=csv)
    if csv:
        copy = f"COPY ({select}) TO STDOUT (FORMAT csv, HEADER)"
    else:
        copy = f"COPY (SELECT row_to_json(rows) FROM ({select}) AS rows) TO STDOUT ({_AS_IT_IS})"  # noqa: S608
    session.run(copy, stream=file)


def _bars_of(
    wanted: _Bars | BarsQuery,
    now: datetime,
    *,
    after: datetime | None = None,
    most: int | None = None,
    csv: bool = False,
) -> str:
    """Select bars as they are shown: PostgreSQL formats a thousand of them in a third of the time that Python takes.

    COPY takes no parameters, so the values are literals.
    """
    end = f"start + {literal(wanted.interval.length)}"
    if wanted.interval is Interval.SESSION:
        # In the middle of the day after, clocks have changed if they do.
        end = f"date_trunc('day', start + INTERVAL '36 hours', {literal(wanted.zone)})"
    final = f"{end} + {literal(SETTLING)} <= {literal(now)}"
    return f"""
        SELECT {_moment("start")} AS start, {_numbers("open", "high", "low", "close", "volume")}, CAST({_VWAP} AS text) AS vwap, trades,
          {f"CAST(({final}) AS text)" if csv else final} AS final
        FROM ({select_bars(wanted, after=after, most=most)}) AS bars
        ORDER BY bars.start
    """  # noqa: S608 - literals only


def select_bars(wanted: _Bars | BarsQuery, *, after: datetime | None = None, most: int | None = None) -> str:
    """Select bars in the order of their starts; those that are not stored are composed of their parts.

    Args:
        wanted: whose and which.
        after: the start of the last one that is known already.
        most: how many; None for all.

    """
    interval, limit, length = wanted.interval, most or "ALL", literal(wanted.interval.length)
    first, end = (f"CAST({literal(moment)} AS timestamptz)" for moment in (wanted.span.start, wanted.span.end))
    if interval is Interval.SESSION:
        first = f"date_trunc('day', {first}, {literal(wanted.zone)})"
    if after:
        # Sessions have no bar between this one and the next, which may begin an hour earlier than usual.
        following = f"CAST({literal(after)} AS timestamptz) + INTERVAL '1 microsecond'"
        if interval is not Interval.SESSION:
            following = f"date_bin({length}, CAST({literal(after)} AS timestamptz), TIMESTAMPTZ 'epoch') + {length}"
        first = f"greatest({first}, {following})"
    rows = f"""FROM bars WHERE symbol = {literal(wanted.symbol)} AND "interval" = {literal(str(interval.part or interval))} AND start >= {first}"""
    if interval.part is None:
        return f"""
          SELECT start, open, high, low, close, volume, value, trades {rows} AND start < {end} ORDER BY start LIMIT {limit}
        """
    # So many parts make up at least as many bars as are wanted; what is cut off belongs to the bar after them.
    parts = most * (interval.length // interval.part.length) if most else "ALL"
    return f"""
      SELECT whole AS start, {_price_of("min(open_key)")} AS open, max(high) AS high, min(low) AS low, {_price_of("max(close_key)")} AS close,
        sum(volume) AS volume, sum(value) AS value, CAST(sum(trades) AS bigint) AS trades
      FROM (
        SELECT date_bin({length}, start, TIMESTAMPTZ 'epoch') AS whole, open_key, high, low, close_key, volume, value, trades
        {rows} AND start < {end} + {length}
        ORDER BY start LIMIT {parts}
      ) AS parts
      WHERE whole < {end}
      GROUP BY whole ORDER BY whole LIMIT {limit}
    """  # noqa: S608


def _price_of(key: str) -> str:
    return f"CAST(split_part({key}, '|', 2) AS numeric)"


def _trades_of(export: Export) -> str:
    bounds = {name: literal(value) for name, value in _trade_bounds(export.span).items()}
    return f"""
        SELECT {_moment("to_timestamp(ts / 1000000000)", "HH24:MI:SS.")} || lpad(CAST(ts % 1000000000 AS text), 9, '0') || 'Z' AS timestamp,
          trade_id, {_numbers("price", "size")}, nullif(venue, '') AS venue, trading_date, sequence,
          {"conditions" if export.format is Format.CSV else "string_to_array(conditions, ' ')"} AS conditions, nullif(side, '') AS side, revision
        FROM trades
        WHERE symbol = {literal(export.symbol)} AND ts >= {bounds["first"]} AND ts < {bounds["last"]}
          AND trading_date BETWEEN {bounds["first_day"]} AND {bounds["last_day"]} AND action <> 'cancel'
        ORDER BY ts, {_ORDER}
    """  # noqa: S608


def _moment(expression: str, time: str = 'HH24:MI:SS.US"Z"') -> str:
    return f"to_char(({expression}) AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"{time}')"


def _numbers(*names: str) -> str:
    return ", ".join(f"CAST(trim_scale({name}) AS text) AS {name}" for name in names)
