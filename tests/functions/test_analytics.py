"""analytics: whatever the order, the repetition and the batches in which trades come, the same bars stand at the end (B5)."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import boto3
import pytest
from hypothesis import given
from hypothesis import strategies as st
from market.bars import Interval, bars_of_trades
from market.trades import InvalidTradeError, Trade

from tests.functions.conftest import load_function, patient, queue_event
from tests.functions.test_market import NOON, notification, trades

PROCESSED = "processed-analytics-1-demo"


class MemoryStore:
    """What the database does, in dictionaries."""

    def __init__(self):
        self.held = []
        self.known, self.kept, self.moved = {}, {}, {}

    def hold(self, symbol):
        self.held.append(symbol)

    def add_trades(self, trades):
        for trade in trades:
            assert trade.symbol == self.held[-1]
            self.known.setdefault((trade.symbol, trade.trade_id), trade)

    def trades(self, symbol, spans):
        mine = [trade for (name, _), trade in self.known.items() if name == symbol]
        return [trade for first, last in spans for trade in mine if first <= trade.timestamp < last]

    def bars(self, symbol, interval, start, end):
        return [
            b
            for (name, length, at), b in self.kept.items()
            if (name, length) == (symbol, interval) and start <= at < end
        ]

    def put_bars(self, bars):
        self.kept.update({(bar.symbol, bar.interval, bar.start): bar for bar in bars})

    def put_volatility(self, found):
        self.moved.update({(item.symbol, item.interval, item.start): item for item in found})


def shape(bars):
    return [(b.symbol, b.interval, b.start, b.open, b.high, b.low, b.close, b.trades) for b in bars]


@patient
@given(trades, st.integers(1, 7), st.randoms(use_true_random=False))
def test_late_repeated_and_split_trades_end_in_the_same_bars(found, size, random):
    logic = load_function("analytics").logic
    store = MemoryStore()
    arriving = [*found, *random.choices(found, k=len(found) // 2)]
    random.shuffle(arriving)
    for start in range(0, len(arriving), size):
        logic.update(store, arriving[start : start + size])
    for interval in Interval:
        kept = [store.kept[key] for key in sorted(store.kept) if key[1] == interval]
        assert shape(kept) == shape(bars_of_trades(found, interval))
    once = MemoryStore()
    logic.update(once, found)
    assert once.moved == store.moved


@patient
@given(trades)
def test_a_batch_that_runs_again_changes_nothing(found):
    logic = load_function("analytics").logic
    store = MemoryStore()
    written = logic.update(store, found)
    before = (dict(store.known), dict(store.kept), dict(store.moved))
    assert logic.update(store, found) == written
    assert (store.known, store.kept, store.moved) == before


@patient
@given(trades)
def test_symbols_are_held_in_the_order_of_their_names(found):
    logic = load_function("analytics").logic
    store = MemoryStore()
    logic.update(store, found)
    assert store.held == sorted({trade.symbol for trade in found})


def test_volatility_is_of_hours_and_days():
    logic = load_function("analytics").logic
    store = MemoryStore()
    found = [
        one_trade(number, NOON + timedelta(minutes=number * 30), price)
        for number, price in enumerate(["10", "11", "12"])
    ]
    logic.update(store, found)
    assert {(key[1], key[2]): item.bars for key, item in store.moved.items()} == {
        (Interval.HOUR, NOON): 2,
        (Interval.DAY, datetime(2026, 1, 31, tzinfo=UTC)): 3,
    }


def one_trade(number, moment, price):
    return Trade(trade_id=f"t{number}", symbol="AAPL", timestamp=moment, price=Decimal(price), size=Decimal(1))


def test_minutes_are_put_together_to_spans():
    logic = load_function("analytics").logic
    minute = timedelta(minutes=1)
    assert logic.spans([NOON + minute, NOON, NOON, NOON + 3 * minute]) == [
        (NOON, NOON + 2 * minute),
        (NOON + 3 * minute, NOON + 4 * minute),
    ]


def test_an_object_is_read_in_batches():
    logic = load_function("analytics").logic
    lines = [f"{one_trade(n, NOON, '1').to_json()}\n".encode() for n in range(logic.BATCH + 1)]
    assert [len(part) for part in logic.read_trades([*lines, b"\n"])] == [logic.BATCH, 1]


@pytest.mark.parametrize(("line", "error"), [(b"{", ValueError), (b"[]", ValueError), (b"{}", InvalidTradeError)])
def test_an_object_that_is_not_ours_is_refused(line, error):
    with pytest.raises(error):
        list(load_function("analytics").logic.read_trades([line]))


def test_b5_a_batch_of_the_queue(load, aws, context, environment):
    analytics = load("analytics")
    store, transactions = MemoryStore(), []

    class Database:
        @contextmanager
        def transaction(self) -> Iterator[MemoryStore]:
            transactions.append(len(transactions))
            yield store

    environment.setattr(analytics.handler, "database", Database)
    environment.setattr(analytics.handler, "PostgresStore", lambda session: session)
    client = boto3.client("s3")
    client.create_bucket(Bucket=PROCESSED)
    body = "".join(f"{one_trade(n, NOON, '1').to_json()}\n" for n in range(3))
    client.put_object(Bucket=PROCESSED, Key="trades/a.jsonl", Body=body.encode())
    client.put_object(Bucket=PROCESSED, Key="trades/b.jsonl", Body=b"broken")
    good, bad = notification(PROCESSED, "trades/a.jsonl"), notification(PROCESSED, "trades/b.jsonl")
    answer = analytics.handler.handler(queue_event(good, bad, good), context)
    assert answer == {"batchItemFailures": [{"itemIdentifier": "m1"}]}
    assert len(transactions) == 2
    (bar,) = [bar for key, bar in store.kept.items() if key[1] == Interval.MINUTE]
    assert bar.trades == 3


def test_numbers_go_to_the_database_as_text(load):
    modules = load("analytics")
    sent = []

    class Session:
        def run(self, sql, **parameters):
            sent.append((sql, parameters))

    store = modules.store.PostgresStore(Session())
    store.put_bars(bars_of_trades([one_trade(1, NOON, "0.10000001")], Interval.MINUTE))
    (row,) = json.loads(sent[0][1]["rows"])
    assert row["open"] == row["vwap"] == "0.10000001"
    assert "0.10000001" not in sent[0][0]
