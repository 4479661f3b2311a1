"""Trades, bars and volatilities in PostgreSQL.

Rows go over as one JSON document per statement: one round trip, whatever their number.
"""

import json
from collections.abc import Sequence
from datetime import datetime

from database import Session
from logic import Span, Volatility
from market.bars import Bar, Interval
from market.trades import Trade


class PostgresStore:
    """The store within one transaction."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def hold(self, symbol: str) -> None:
        self._session.run("SELECT pg_advisory_xact_lock(hashtextextended(:symbol, 1))", symbol=symbol)

    def add_trades(self, trades: Sequence[Trade]) -> None:
        self._session.run(
            """
            INSERT INTO trades (symbol, trade_id, executed_at, price, size)
            SELECT symbol, trade_id, "timestamp", price, size
            FROM jsonb_to_recordset(CAST(:rows AS jsonb))
              AS given (symbol text, trade_id text, "timestamp" timestamptz, price numeric, size numeric)
            ON CONFLICT (symbol, trade_id) DO NOTHING
            """,
            rows=f"[{','.join(trade.to_json() for trade in trades)}]",
        )

    def trades(self, symbol: str, spans: Sequence[Span]) -> list[Trade]:
        rows = self._session.run(
            """
            SELECT trade_id, executed_at, price, size
            FROM jsonb_to_recordset(CAST(:spans AS jsonb)) AS span (first timestamptz, last timestamptz)
            JOIN trades ON symbol = :symbol AND executed_at >= span.first AND executed_at < span.last
            """,
            symbol=symbol,
            spans=json.dumps([{"first": first.isoformat(), "last": last.isoformat()} for first, last in spans]),
        )
        return [
            Trade(trade_id=trade_id, symbol=symbol, timestamp=executed_at, price=price, size=size)
            for trade_id, executed_at, price, size in rows or []
        ]

    def bars(self, symbol: str, interval: Interval, start: datetime, end: datetime) -> list[Bar]:
        rows = self._session.run(
            """
            SELECT start, open, high, low, close, volume, value, trades
            FROM bars
            WHERE symbol = :symbol AND "interval" = :length AND start >= :first AND start < :last
            ORDER BY start
            """,
            symbol=symbol,
            length=str(interval),
            first=start,
            last=end,
        )
        names = ("start", "open", "high", "low", "close", "volume", "value", "trades")
        return [Bar(symbol=symbol, interval=interval, **dict(zip(names, row, strict=True))) for row in rows or []]

    def put_bars(self, bars: Sequence[Bar]) -> None:
        rows = [
            {
                "symbol": bar.symbol,
                "interval": str(bar.interval),
                "start": bar.start.isoformat(),
                "open": str(bar.open),
                "high": str(bar.high),
                "low": str(bar.low),
                "close": str(bar.close),
                "volume": str(bar.volume),
                "value": str(bar.value),
                "vwap": str(bar.vwap),
                "trades": bar.trades,
            }
            for bar in bars
        ]
        self._session.run(
            """
            INSERT INTO bars (symbol, "interval", start, open, high, low, close, volume, value, vwap, trades)
            SELECT symbol, "interval", start, open, high, low, close, volume, value, vwap, trades
            FROM jsonb_to_recordset(CAST(:rows AS jsonb)) AS given (
              symbol text, "interval" text, start timestamptz, open numeric, high numeric, low numeric, close numeric,
              volume numeric, value numeric, vwap numeric, trades bigint
            )
            ON CONFLICT (symbol, "interval", start) DO UPDATE SET
              open = excluded.open, high = excluded.high, low = excluded.low, close = excluded.close,
              volume = excluded.volume, value = excluded.value, vwap = excluded.vwap, trades = excluded.trades,
              updated_at = now()
            """,
            rows=json.dumps(rows),
        )

    def put_volatility(self, found: Sequence[Volatility]) -> None:
        rows = [
            {
                "symbol": item.symbol,
                "interval": str(item.interval),
                "start": item.start.isoformat(),
                "realised": item.realised,
                "bars": item.bars,
            }
            for item in found
        ]
        self._session.run(
            """
            INSERT INTO volatility (symbol, "interval", start, realised, bars)
            SELECT symbol, "interval", start, realised, bars
            FROM jsonb_to_recordset(CAST(:rows AS jsonb))
              AS given (symbol text, "interval" text, start timestamptz, realised double precision, bars integer)
            ON CONFLICT (symbol, "interval", start) DO UPDATE SET
              realised = excluded.realised, bars = excluded.bars, updated_at = now()
            """,
            rows=json.dumps(rows),
        )
