"""The day that smoke sends, and the bars that it must become."""

import csv
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest

from orchestrator.platform.market_day import HourlyBar, Trade, as_csv, hourly_bars, trading_day
from tests.functions.independent import bars_and_volatilities

DAY = date(2026, 7, 1)


def trade(number, minute, price, size):
    moment = datetime(2026, 7, 1, 14 + minute // 60, minute % 60, tzinfo=UTC)
    return Trade(trade_id=f"T{number}", symbol="ACME", timestamp=moment, price=Decimal(price), size=size)


def test_the_bars_of_a_handful_of_trades():
    trades = [trade(3, 59, "11", 1), trade(1, 30, "10", 2), trade(4, 60, "9.5", 4), trade(2, 31, "8", 1)]
    assert hourly_bars(trades) == (
        HourlyBar(
            start=datetime(2026, 7, 1, 14, tzinfo=UTC),
            open=Decimal(10),
            high=Decimal(11),
            low=Decimal(8),
            close=Decimal(11),
            volume=4,
            vwap=Decimal("9.75000000"),
            trades=3,
        ),
        HourlyBar(
            start=datetime(2026, 7, 1, 15, tzinfo=UTC),
            open=Decimal("9.5"),
            high=Decimal("9.5"),
            low=Decimal("9.5"),
            close=Decimal("9.5"),
            volume=4,
            vwap=Decimal("9.50000000"),
            trades=1,
        ),
    )


def test_a_day_is_the_same_for_a_seed_and_in_no_order():
    first, second = (trading_day("ACME", DAY, trades=200, seed=7) for _ in range(2))
    assert first == second != trading_day("ACME", DAY, trades=200, seed=8)
    assert list(first) != sorted(first, key=lambda trade: trade.timestamp)
    assert len({trade.trade_id for trade in first}) == 200
    assert {trade.timestamp.date() for trade in first} == {DAY}
    assert min(trade.price for trade in first) > 0


def test_the_file_ends_with_a_row_that_must_not_be_taken():
    lines = as_csv(trading_day("ACME", DAY, trades=3, seed=1)).splitlines()
    assert lines[0] == "trade_id,symbol,timestamp,price,size"
    assert len(lines) == 5
    assert lines[-1].split(",")[3] == "-1"


@pytest.mark.parametrize("seed", range(5))
def test_d1_an_independent_calculation_comes_to_the_same_numbers(seed):
    """Two calculations that know nothing of each other."""
    day = trading_day("ACME", DAY, trades=300, seed=seed)
    rows = csv.DictReader(as_csv(day).splitlines()[:-1])
    columns = ("venue", "trading_date", "sequence", "conditions", "side", "revision")
    bars, _ = bars_and_volatilities([dict.fromkeys(columns, "") | {"action": "new"} | row for row in rows], "UTC")
    assert sorted((start, *figures) for (_, interval, start), figures in bars.items() if interval == "1h") == [
        (b.start, b.open, b.high, b.low, b.close, b.volume, value(day, b.start), b.trades) for b in hourly_bars(day)
    ]


def value(trades, start):
    return sum(t.price * t.size for t in trades if start <= t.timestamp < start + timedelta(hours=1))
