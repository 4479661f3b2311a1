"""Trades, bars and volatilities in PostgreSQL, which computes bars where the trades are.

The result is exact: ``numeric`` rounds nothing, and ids are ordered as Python orders them,
whatever the database's locale. A statement is one round trip for any number of rows; unchanged rows are not written.
"""

from collections.abc import Iterable, Sequence

from database import Session
from logic import Span
from market.bars import Interval
from market.trades import Trade, format_nanoseconds, format_number, format_timestamp

# The first bar begins here, as in market.bars: bars of all lengths begin at multiples of their length.
_EPOCH = "TIMESTAMPTZ '1970-01-01 00:00:00Z'"
_SPANS = "unnest(CAST(:firsts AS timestamptz[]), CAST(:lasts AS timestamptz[])) AS span (first, last)"
# PostgreSQL rounds a quotient to the digits of its operands, or to 16 in all; rounding that again could round up a value just below a half.
_KEEP_DIGITS = "CAST(0 AS numeric(40, 40))"
_PUT_BARS = f"""
    INSERT INTO bars AS kept (symbol, "interval", start, open, high, low, close, volume, value, vwap, trades)
    SELECT :symbol, :length, start, open, high, low, close, volume, value,
      round((value + {_KEEP_DIGITS}) / volume, 8), trades
    FROM made
    ON CONFLICT (symbol, "interval", start) DO UPDATE SET
      open = excluded.open, high = excluded.high, low = excluded.low, close = excluded.close,
      volume = excluded.volume, value = excluded.value, vwap = excluded.vwap, trades = excluded.trades,
      updated_at = now()
    WHERE (kept.open, kept.high, kept.low, kept.close, kept.volume, kept.value, kept.vwap, kept.trades) IS DISTINCT FROM
      (excluded.open, excluded.high, excluded.low, excluded.close, excluded.volume, excluded.value, excluded.vwap, excluded.trades)
    RETURNING 1
"""  # noqa: S608 - of constants only
_MINUTES_OF_TRADES = f"""
    WITH made AS (
      SELECT start, prices[1] AS open, high, low, prices[trades] AS close, volume, value, trades
      FROM (
        SELECT
          date_bin('1 minute', executed_at, {_EPOCH}) AS start,
          array_agg(price ORDER BY executed_at, trade_id COLLATE "C") AS prices,
          max(price) AS high, min(price) AS low, sum(size) AS volume, sum(price * size) AS value, count(*) AS trades
        FROM {_SPANS} JOIN trades ON symbol = :symbol AND executed_at >= span.first AND executed_at < span.last
        GROUP BY 1
      ) AS minutes
    ), written AS ({_PUT_BARS})
    SELECT count(*) FROM written
"""  # noqa: S608
_LONGER_OF_SHORTER = f"""
    WITH made AS (
      SELECT
        date_bin(CAST(:width AS interval), start, {_EPOCH}) AS start,
        (array_agg(open ORDER BY start))[1] AS open,
        max(high) AS high, min(low) AS low,
        (array_agg(close ORDER BY start DESC))[1] AS close,
        sum(volume) AS volume, sum(value) AS value, sum(trades) AS trades
      FROM {_SPANS} JOIN bars ON symbol = :symbol AND "interval" = :shorter AND start >= span.first AND start < span.last
      GROUP BY date_bin(CAST(:width AS interval), start, {_EPOCH})
    ), written AS ({_PUT_BARS})
    SELECT count(*) FROM written
"""  # noqa: S608
_VOLATILITY_OF_MINUTES = f"""
    INSERT INTO volatility AS kept (symbol, "interval", start, realised, bars)
    SELECT :symbol, :length, whole, sqrt(sum(step * step ORDER BY start)), count(*)
    FROM (
      SELECT whole, start,
        ln(CAST(close AS double precision) / lag(CAST(close AS double precision)) OVER (PARTITION BY whole ORDER BY start)) AS step
      FROM (
        SELECT date_bin(CAST(:width AS interval), start, {_EPOCH}) AS whole, start, close
        FROM {_SPANS} JOIN bars ON symbol = :symbol AND "interval" = '1m' AND start >= span.first AND start < span.last
      ) AS minutes
    ) AS steps
    GROUP BY whole
    HAVING count(*) >= 2
    ON CONFLICT (symbol, "interval", start) DO UPDATE SET
      realised = excluded.realised, bars = excluded.bars, updated_at = now()
    WHERE (kept.realised, kept.bars) IS DISTINCT FROM (excluded.realised, excluded.bars)
"""  # noqa: S608


class PostgresStore:
    """The store within one transaction."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def hold(self, symbol: str) -> None:
        self._session.run("SELECT pg_advisory_xact_lock(hashtextextended(:symbol, 1))", symbol=symbol)

    def add_trades(self, symbol: str, trades: Sequence[Trade]) -> None:
        self._session.run(
            """
            INSERT INTO trades (symbol, trade_id, executed_at, price, size)
            SELECT :symbol, trade_id, executed_at, price, size
            FROM unnest(
              CAST(:ids AS text[]), CAST(:moments AS timestamptz[]), CAST(:prices AS numeric[]), CAST(:sizes AS numeric[])
            ) AS given (trade_id, executed_at, price, size)
            ON CONFLICT (symbol, trade_id) DO NOTHING
            """,
            symbol=symbol,
            ids=_array(trade.trade_id for trade in trades),
            moments=_array(format_nanoseconds(trade.timestamp) for trade in trades),
            prices=_array(format_number(trade.price) for trade in trades),
            sizes=_array(format_number(trade.size) for trade in trades),
        )

    def work_out_minutes(self, symbol: str, spans: Sequence[Span]) -> int:
        return self._written(_MINUTES_OF_TRADES, symbol=symbol, length=str(Interval.MINUTE), **_arrays(spans))

    def work_out_longer(self, symbol: str, interval: Interval, shorter: Interval, spans: Sequence[Span]) -> int:
        return self._written(
            _LONGER_OF_SHORTER,
            symbol=symbol,
            length=str(interval),
            width=_width(interval),
            shorter=str(shorter),
            **_arrays(spans),
        )

    def work_out_volatility(self, symbol: str, interval: Interval, spans: Sequence[Span]) -> None:
        self._session.run(
            _VOLATILITY_OF_MINUTES, symbol=symbol, length=str(interval), width=_width(interval), **_arrays(spans)
        )

    def _written(self, sql: str, **parameters: str) -> int:
        ((count,),) = self._session.run(sql, **parameters) or [[0]]
        return int(count)


def _width(interval: Interval) -> str:
    return f"{interval.length.total_seconds():.0f} seconds"


def _arrays(spans: Sequence[Span]) -> dict[str, str]:
    return {
        "firsts": _array(format_timestamp(first) for first, _ in spans),
        "lasts": _array(format_timestamp(last) for _, last in spans),
    }


def _array(texts: Iterable[str]) -> str:
    """Format an array as PostgreSQL writes it: the driver's own formatting takes longer than the insert.

    Every element is quoted, else the id "NULL" would become null. There is nothing to escape: no id, number or
    moment contains quotes or backslashes.
    """
    inner = '","'.join(texts)
    return f'{{"{inner}"}}'
