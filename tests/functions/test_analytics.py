"""analytics: whatever the order, the repetition and the batches in which trades come, the same bars stand at the end (B5)."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import boto3
import pytest
from hypothesis import given
from hypothesis import strategies as st
from market.bars import Interval
from market.trades import InvalidTradeError, Trade

from tests.functions.conftest import load_function, patient, queue_event
from tests.functions.reference import bars_of_trades, longer_bars, realised_volatility
from tests.functions.test_market import NOON, notification, trades

PROCESSED = "processed-analytics-1-demo"


class MemoryStore:
    """What the database does, in dictionaries, by the definitions in market.bars."""

    def __init__(self):
        self.held = []
        self.known, self.kept, self.moved = {}, {}, {}

    def hold(self, symbol):
        self.held.append(symbol)

    def add_trades(self, symbol, trades):
        assert symbol == self.held[-1]
        for trade in trades:
            assert trade.symbol == symbol
            self.known.setdefault((symbol, trade.trade_id), trade)

    def work_out_minutes(self, symbol, spans):
        mine = [trade for (name, _), trade in self.known.items() if name == symbol]
        return self._put(bars_of_trades([trade for trade in mine if within(trade.timestamp, spans)], Interval.MINUTE))

    def work_out_longer(self, symbol, interval, shorter, spans):
        return self._put(longer_bars(self._bars(symbol, shorter, spans), interval))

    def work_out_volatility(self, symbol, interval, spans):
        groups = {}
        for bar in self._bars(symbol, Interval.MINUTE, spans):
            groups.setdefault(interval.start(bar.start), []).append(bar)
        for start, bars in groups.items():
            if len(bars) > 1:
                self.moved[symbol, interval, start] = (realised_volatility(bars), len(bars))

    def _bars(self, symbol, interval, spans):
        return [
            b for b in self.kept.values() if (b.symbol, b.interval) == (symbol, interval) and within(b.start, spans)
        ]

    def _put(self, bars):
        changed = {(bar.symbol, bar.interval, bar.start): bar for bar in bars}
        changed = {key: bar for key, bar in changed.items() if self.kept.get(key) != bar}
        self.kept |= changed
        return len(changed)


def within(moment, spans):
    return any(first <= moment < last for first, last in spans)


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
        assert kept == bars_of_trades(found, interval)
    once = MemoryStore()
    logic.update(once, found)
    assert once.moved == store.moved


@patient
@given(trades)
def test_a_batch_that_runs_again_changes_nothing(found):
    logic = load_function("analytics").logic
    store = MemoryStore()
    assert logic.update(store, found) == len(store.kept)
    before = (dict(store.known), dict(store.kept), dict(store.moved))
    assert logic.update(store, found) == 0
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
    assert {key[1:]: bars for key, (_, bars) in store.moved.items()} == {
        (Interval.HOUR, NOON): 2,
        (Interval.DAY, datetime(2026, 1, 31, tzinfo=UTC)): 3,
    }


def one_trade(number, moment, price):
    return Trade(trade_id=f"t{number}", symbol="AAPL", timestamp=moment, price=Decimal(price), size=Decimal(1))


def test_intervals_are_put_together_to_spans():
    logic = load_function("analytics").logic
    minute = timedelta(minutes=1)
    moments = [NOON + minute, NOON, NOON + minute / 2, NOON + 3 * minute]
    assert logic.spans(moments, Interval.MINUTE) == [
        (NOON, NOON + 2 * minute),
        (NOON + 3 * minute, NOON + 4 * minute),
    ]
    assert logic.spans(moments, Interval.HOUR) == [(NOON, NOON + 60 * minute)]


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


def test_b7_a_log_line_carries_the_id_that_ingest_wrote_along(load, aws, context, environment, logged):
    analytics = load("analytics")

    class Database:
        @contextmanager
        def transaction(self) -> Iterator[MemoryStore]:
            yield MemoryStore()

    environment.setattr(analytics.handler, "database", Database)
    environment.setattr(analytics.handler, "PostgresStore", lambda session: session)
    client = boto3.client("s3")
    client.create_bucket(Bucket=PROCESSED)
    body = f"{one_trade(1, NOON, '1').to_json()}\n".encode()
    client.put_object(Bucket=PROCESSED, Key="trades/a.jsonl", Body=body, Metadata={"correlation-id": "upload-7"})
    client.put_object(Bucket=PROCESSED, Key="trades/b.jsonl", Body=b"broken", Metadata={"correlation-id": "a b"})
    event = queue_event(notification(PROCESSED, "trades/a.jsonl"), notification(PROCESSED, "trades/b.jsonl"))
    lines = logged(analytics.handler.logger)
    analytics.handler.handler(event, context)
    lines = lines()
    (done,) = [line for line in lines if line.get("message") == "worked out"]
    (failed,) = [line for line in lines if line.get("level") == "ERROR"]
    assert (done["correlation_id"], done["key"], done["message_id"]) == ("upload-7", "trades/a.jsonl", "m0")
    # One that is unusable in a log line is not taken over.
    assert len(failed["correlation_id"]) == 32
    assert (failed["message"], failed["key"]) == ("message failed", "trades/b.jsonl")
