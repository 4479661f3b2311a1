"""analytics: how objects become batches, and what is reported about them (B5, B7, D2, D6)."""

import json
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from types import SimpleNamespace

import boto3
import pytest
from market.trades import InvalidTradeError, Trade, nanoseconds

from tests.functions.conftest import lines, load_function, queue_event
from tests.functions.test_market import NOON, notification

PROCESSED, RAW = "processed-analytics-1-demo", "raw-data-1-demo"
HEADER = "symbol,venue,trading_date,trade_id,ts,sequence,price,size,conditions,side,action,revision\n"


def one_trade(number):
    return Trade(trade_id=f"t{number}", symbol="AAPL", timestamp=nanoseconds(NOON), price=Decimal(1), size=Decimal(1))


def body(*numbers):
    return HEADER + b"".join(lines(map(one_trade, numbers))).decode()


def test_b5_an_object_is_read_in_chunks_and_one_of_a_former_version_is_converted():
    logic = load_function("analytics").logic
    csv = body(*range(5000)).encode().splitlines(keepends=True)
    chunks = list(logic.read_lines("trades/a.csv", csv))
    assert len(chunks) > 1
    assert b"".join(chunks) == b"".join(csv[1:])
    old = b'{"trade_id":"t1","symbol":"AAPL","timestamp":"2026-01-31T12:00:00.000000Z","price":"1","size":"1"}\n'
    assert b"".join(logic.read_lines("trades/symbol=AAPL/date=2026-01-31/a-00000.jsonl", [old, b"\n"])) == csv[2]
    assert b"".join(logic.read_lines("trades/a.csv", [])) == b""


@pytest.mark.parametrize(
    ("key", "line", "error"),
    [("a.jsonl", b"{", ValueError), ("a.jsonl", b"[]", ValueError), ("a.jsonl", b"{}", InvalidTradeError), ("a.csv", b"x,y\n", ValueError)],
)  # fmt: skip
def test_an_object_that_ingest_did_not_write_is_refused(key, line, error):
    with pytest.raises(error):
        list(load_function("analytics").logic.read_lines(key, [line]))


class Recorder:
    """A store that records what it is given; test_postgresql checks the numbers."""

    def __init__(self, session):
        self.session = session

    def add(self, chunks, *, zone):
        text = b"".join(chunks).decode()
        self.session.zones.append(zone)
        if "broken" in text:
            raise ValueError("broken")
        self.session.added.append(text.splitlines())
        return self.session.arrival


@pytest.fixture
def analytics(load, aws, environment):
    """The function with a recording store, and buckets."""
    loaded = load("analytics")
    arrival = loaded.logic.Arrival(
        messages=3, trades=2, replaced=0, bars=7, conflicts=0, expired=0, kept=(), unknown_conditions={}
    )
    session = SimpleNamespace(added=[], zones=[], arrival=arrival, statements=[])

    def run(sql, **parameters):
        session.statements.append((sql, parameters))
        return [[4, 1]]

    session.run = run

    @contextmanager
    def transaction():
        yield session

    environment.setenv("RAW_BUCKET", RAW)
    environment.setenv("SESSION_ZONE", "America/New_York")
    environment.setenv("TRADE_RETENTION_DAYS", "30")
    environment.setattr(loaded.handler, "database", lambda: SimpleNamespace(transaction=transaction))
    environment.setattr(loaded.handler, "PostgresStore", Recorder)
    for bucket in (PROCESSED, RAW):
        boto3.client("s3").create_bucket(Bucket=bucket)
    return SimpleNamespace(handler=loaded.handler, session=session, logic=loaded.logic)


def put(name, text, **options):
    """Put an object; returns the notification about it."""
    boto3.client("s3").put_object(Bucket=PROCESSED, Key=f"trades/{name}.csv", Body=text.encode(), **options)
    return notification(PROCESSED, f"trades/{name}.csv")


def test_d8_the_objects_of_a_batch_go_into_one_transaction(analytics, context):
    event = queue_event(put("a", body(1, 2)), put("b", body(3)), put("c", body(4)))
    assert analytics.handler.handler(event, context) == {"batchItemFailures": []}
    assert [len(texts) for texts in analytics.session.added] == [4]
    assert analytics.session.zones == ["America/New_York"]


def test_d8_a_transaction_is_bounded(analytics, context, environment):
    environment.setattr(analytics.handler, "TOGETHER", len(body(1)) * 2)
    analytics.handler.handler(queue_event(*(put(name, body(1)) for name in "abcde")), context)
    assert [len(texts) for texts in analytics.session.added] == [2, 2, 1]


def test_b5_only_the_broken_object_of_a_batch_fails(analytics, context):
    good = put("a", body(1, 2))
    answer = analytics.handler.handler(queue_event(good, put("b", f"{HEADER}broken"), good), context)
    assert answer == {"batchItemFailures": [{"itemIdentifier": "m1"}]}
    assert [len(texts) for texts in analytics.session.added] == [2, 2]


def test_b7_log_lines_have_the_correlation_id_that_ingest_wrote(analytics, context, logged):
    good = put("a", body(1), Metadata={"correlation-id": "upload-7"})
    bad = put("b", "broken", Metadata={"correlation-id": "a b"})
    read = logged(analytics.handler.logger)
    analytics.handler.handler(queue_event(good, bad), context)
    (done,) = [line for line in read() if line.get("message") == "worked out"]
    (failed,) = [line for line in read() if line.get("level") == "ERROR"]
    assert (done["correlation_id"], done["key"], done["message_id"]) == ("upload-7", "trades/a.csv", "m0")
    # An id that is unusable in a log line is replaced.
    assert len(failed["correlation_id"]) == 32
    assert (failed["message"], failed["key"]) == ("message failed", "trades/b.csv")


def test_b7_every_object_of_a_common_transaction_is_logged_with_its_own_correlation_id(analytics, context, logged):
    read = logged(analytics.handler.logger)
    objects = [put(name, body(1), Metadata={"correlation-id": f"upload-{name}"}) for name in "ab"]
    analytics.handler.handler(queue_event(*objects), context)
    done = {line["key"]: line["correlation_id"] for line in read() if line["message"] == "worked out"}
    assert done == {"trades/a.csv": "upload-a", "trades/b.csv": "upload-b"}


def test_d2_conflicts_are_kept_beside_the_quarantine_counted_and_logged(analytics, context, logged, capsys):
    conflict = {"reason": "differs", "message": {"price": "1"}, "other": {"price": "2"}, "counts": "other"}
    analytics.session.arrival = analytics.logic.Arrival(
        messages=3, trades=0, replaced=0, bars=0, conflicts=2, expired=0, kept=(conflict,), unknown_conditions={"x": 3}
    )
    read = logged(analytics.handler.logger)
    message = put("a", body(1))
    for _ in range(2):
        analytics.handler.handler(queue_event(message), context)
    client = boto3.client("s3")
    (found,) = client.list_objects_v2(Bucket=RAW)["Contents"]
    assert found["Key"].startswith("conflicts/")
    text = client.get_object(Bucket=RAW, Key=found["Key"])["Body"].read().decode()
    assert [json.loads(line) for line in text.splitlines()] == [conflict, {"left_out": 1}]
    warnings = [line for line in read() if line["level"] == "WARNING"]
    assert [line["message"] for line in warnings] == ["messages that do not count", "conditions without a rule"] * 2
    assert "price" not in json.dumps(warnings)
    metrics = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert (metrics["Conflicts"], metrics["UnknownConditions"]) == ([2], [3])


def test_d6_the_schedule_makes_partitions_ahead_and_drops_old_ones(analytics, context):
    assert analytics.handler.handler({"source": "aws.events"}, context) == {"made": 4, "dropped": 1}
    ((_, parameters),) = analytics.session.statements
    today = datetime.now(UTC).date()
    assert parameters == {"days": [today + timedelta(days=number) for number in range(4)], "retention": 30}
