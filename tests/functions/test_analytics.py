"""analytics: what is recomputed when trades arrive, and how a batch of the queue is processed (B5, B7)."""

from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from types import SimpleNamespace

import boto3
import pytest
from hypothesis import given
from market.bars import Interval
from market.trades import InvalidTradeError, Trade, nanoseconds

from tests.functions.conftest import load_function, patient, queue_event
from tests.functions.test_market import NOON, notification, trades

PROCESSED = "processed-analytics-1-demo"


class Recorder:
    """A store that records requests and reports one changed bar for each; test_postgresql checks the numbers."""

    def __init__(self):
        self.held, self.added, self.requests = [], [], []

    def hold(self, symbol):
        self.held.append(symbol)

    def add_trades(self, symbol, trades):
        assert {trade.symbol for trade in trades} == {symbol} == {self.held[-1]}
        self.added.extend(trades)

    def work_out_minutes(self, symbol, spans):
        return self._note(symbol, Interval.MINUTE, None, spans)

    def work_out_longer(self, symbol, interval, shorter, spans):
        return self._note(symbol, interval, shorter, spans)

    def work_out_volatility(self, symbol, interval, spans):
        self._note(symbol, interval, "volatility", spans)

    def _note(self, symbol, interval, source, spans):
        assert symbol == self.held[-1]
        self.requests.append((interval, source, spans))
        return 1


@patient
@given(trades)
def test_b5_symbols_are_locked_in_alphabetical_order_and_every_trade_is_added(found):
    store = Recorder()
    assert load_function("analytics").logic.update(store, found) == 4 * len(set(store.held))
    assert store.held == sorted({trade.symbol for trade in found})
    assert sorted(store.added, key=repr) == sorted(found, key=repr)


def test_b5_longer_bars_are_computed_from_shorter_ones_and_volatility_for_hours_and_days():
    minute, hour = timedelta(minutes=1), (NOON, NOON + timedelta(hours=1))
    store = Recorder()
    load_function("analytics").logic.update(store, [one_trade(n, NOON + 7 * minute * n, "1") for n in range(2)])
    day = (datetime(2026, 1, 31, tzinfo=UTC), datetime(2026, 2, 1, tzinfo=UTC))
    assert store.requests == [
        (Interval.MINUTE, None, [(NOON, NOON + minute), (NOON + 7 * minute, NOON + 8 * minute)]),
        (Interval.FIVE_MINUTES, Interval.MINUTE, [(NOON, NOON + 10 * minute)]),
        (Interval.HOUR, Interval.FIVE_MINUTES, [hour]),
        (Interval.HOUR, "volatility", [hour]),
        (Interval.DAY, Interval.HOUR, [day]),
        (Interval.DAY, "volatility", [day]),
    ]


def one_trade(number, moment, price):
    return Trade(
        trade_id=f"t{number}", symbol="AAPL", timestamp=nanoseconds(moment), price=Decimal(price), size=Decimal(1)
    )


def test_adjacent_intervals_are_merged_into_spans():
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
def test_an_object_that_ingest_did_not_write_is_refused(line, error):
    with pytest.raises(error):
        list(load_function("analytics").logic.read_trades([line]))


@pytest.fixture
def analytics(load, aws, environment):
    """The function with a recording store, and a bucket."""
    loaded, store = load("analytics"), Recorder()

    @contextmanager
    def transaction():
        yield store

    environment.setattr(loaded.handler, "database", lambda: SimpleNamespace(transaction=transaction))
    environment.setattr(loaded.handler, "PostgresStore", lambda session: session)
    boto3.client("s3").create_bucket(Bucket=PROCESSED)
    return SimpleNamespace(handler=loaded.handler, store=store)


def put(name, body, **options):
    """Put an object; returns the notification about it."""
    boto3.client("s3").put_object(Bucket=PROCESSED, Key=f"trades/{name}.jsonl", Body=body.encode(), **options)
    return notification(PROCESSED, f"trades/{name}.jsonl")


def test_b5_only_the_broken_object_of_a_batch_fails(analytics, context):
    good = put("a", "".join(f"{one_trade(n, NOON, '1').to_json()}\n" for n in range(3)))
    answer = analytics.handler.handler(queue_event(good, put("b", "broken"), good), context)
    assert answer == {"batchItemFailures": [{"itemIdentifier": "m1"}]}
    assert analytics.store.held == ["AAPL", "AAPL"], "a transaction for each batch of trades"
    assert len(analytics.store.added) == 6


def test_b7_log_lines_have_the_correlation_id_that_ingest_wrote(analytics, context, logged):
    good = put("a", f"{one_trade(1, NOON, '1').to_json()}\n", Metadata={"correlation-id": "upload-7"})
    bad = put("b", "broken", Metadata={"correlation-id": "a b"})
    lines = logged(analytics.handler.logger)
    analytics.handler.handler(queue_event(good, bad), context)
    lines = lines()
    (done,) = [line for line in lines if line.get("message") == "worked out"]
    (failed,) = [line for line in lines if line.get("level") == "ERROR"]
    assert (done["correlation_id"], done["key"], done["message_id"]) == ("upload-7", "trades/a.jsonl", "m0")
    # An id that is unusable in a log line is replaced.
    assert len(failed["correlation_id"]) == 32
    assert (failed["message"], failed["key"]) == ("message failed", "trades/b.jsonl")
