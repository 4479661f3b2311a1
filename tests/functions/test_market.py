"""Trades, bars and notifications of S3."""

import io
import json
import math
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from market.bars import Bar, Interval, average_price
from market.objects import buffered, created_objects
from market.trades import InvalidTradeError, Trade, format_number, nanoseconds, parse_trade

from tests.functions.conftest import patient
from tests.functions.reference import bars_of_trades, realised_volatility

GOOD = {"trade_id": "t1", "symbol": "BRK.B", "timestamp": "2026-01-31T14:30:00.25+01:00", "price": "101.50", "size": 3}
NOON = datetime(2026, 1, 31, 12, tzinfo=UTC)

amounts = st.decimals(min_value="0.00000001", max_value="999999999999", places=8)
trades = st.lists(
    st.builds(
        Trade,
        trade_id=st.integers(0, 40).map("t{}".format),
        symbol=st.sampled_from(["AAPL", "MSFT"]),
        timestamp=st.integers(0, 2 * 86_400_000).map(lambda ms: nanoseconds(NOON) + ms * 1_000_000),
        price=amounts,
        size=amounts,
    ),
    min_size=1,
    max_size=40,
    unique_by=lambda trade: (trade.symbol, trade.trade_id),
)


def test_a_trade_has_one_json_form():
    line = parse_trade(GOOD).to_json()
    assert line == (
        '{"trade_id": "t1", "symbol": "BRK.B", "timestamp": "2026-01-31T13:30:00.250000000Z", "price": "101.5", "size": "3", '
        '"trading_date": "2026-01-31", "action": "new", "revision": 0}'
    )
    assert parse_trade(json.loads(line)).to_json() == line


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"symbol": ""}, "symbol missing"),
        ({"price": None, "size": ""}, "price, size missing"),
        ({"symbol": "aapl"}, "symbol must be"),
        ({"symbol": "TOOLONGFORASYMBOL" * 2}, "symbol must be"),
        ({"symbol": {}}, "symbol must be text or a number"),
        ({"trade_id": "a b"}, "trade_id must be"),
        ({"trade_id": "x" * 65}, "trade_id must be"),
        ({"timestamp": "2026-01-31T14:30:00"}, "timestamp says no time zone"),
        ({"timestamp": "yesterday"}, "timestamp must be ISO 8601"),
        ({"timestamp": "1969-12-31T23:59:59Z"}, "timestamp lies before 1970"),
        ({"timestamp": "0001-01-01T00:00:00+14:00"}, "timestamp must be ISO 8601"),
        ({"price": "0"}, "price must be greater than 0"),
        ({"price": "-1"}, "price must be greater than 0"),
        ({"price": "1,5"}, "price must be a decimal number"),
        ({"price": "NaN"}, "price must be a decimal number"),
        ({"price": float("inf")}, "price must be a decimal number"),
        ({"price": True}, "price must be text or a number"),
        ({"size": "1e13"}, "size must be a decimal number"),
        ({"size": "0.0000000000000000001"}, "size must be a decimal number"),
        ({"size": Decimal("1E+999999999")}, "size must be a decimal number"),
        ({"size": Decimal("NaN")}, "size must be a decimal number"),
    ],
)
def test_an_invalid_trade_is_refused_with_the_reason(change, reason):
    with pytest.raises(InvalidTradeError) as caught:
        parse_trade({**GOOD, **change})
    assert str(caught.value).startswith(reason)


@pytest.mark.parametrize(
    ("number", "text"), [(1e3, "1000"), (Decimal("1.5000000000"), "1.5"), (Decimal("2E-8"), "0.00000002"), (7, "7")]
)
def test_json_numbers_are_normalised(number, text):
    assert json.loads(parse_trade({**GOOD, "price": number}).to_json())["price"] == text


@patient
@given(st.dictionaries(st.sampled_from(list(GOOD)), st.one_of(st.none(), st.text(), st.floats(), st.integers())))
def test_any_row_is_a_trade_or_is_refused(row):
    try:
        trade = parse_trade(row)
    except InvalidTradeError:
        return
    assert parse_trade(json.loads(trade.to_json())) == trade


@patient
@given(amounts)
def test_numbers_keep_their_value(number):
    assert Decimal(format_number(number)) == number
    assert "E" not in format_number(number)


@pytest.mark.parametrize(
    ("interval", "start"),
    [("1m", "2026-01-31T13:37:00"), ("5m", "2026-01-31T13:35:00"), ("1h", "2026-01-31T13:00:00"), ("1d", "2026-01-31T00:00:00")],
)  # fmt: skip
def test_intervals_begin_at_multiples_of_their_length(interval, start):
    moment = datetime(2026, 1, 31, 13, 37, 59, 999999, tzinfo=UTC)
    assert Interval(interval).start(moment).isoformat() == f"{start}+00:00"


def test_a_bar():
    def trade(number, seconds, price, size):
        moment = NOON + timedelta(seconds=seconds)
        return Trade(
            trade_id=str(number), symbol="AAPL", timestamp=nanoseconds(moment), price=Decimal(price), size=Decimal(size)
        )

    bars = bars_of_trades(
        [trade(3, 59, "11", 1), trade(1, 0, "10", 2), trade(2, 30, "12", 1), trade(4, 60, "99", 1)], Interval.MINUTE
    )
    assert bars[0] == Bar(
        symbol="AAPL", interval=Interval.MINUTE, start=NOON, open=Decimal(10), high=Decimal(12), low=Decimal(10),
        close=Decimal(11), volume=Decimal(4), value=Decimal(43), trades=3,
    )  # fmt: skip
    assert bars[0].vwap == Decimal("10.75")
    assert [bar.start for bar in bars] == [NOON, NOON + timedelta(minutes=1)]


def test_an_average_is_rounded_as_postgresql_rounds():
    assert average_price(Decimal("0.01"), Decimal(128)) == Decimal("0.00007813")


def test_volatility_is_computed_from_returns_between_bars():
    def bar(minute, close):
        price = Decimal(close)
        start = NOON + timedelta(minutes=minute)
        return Bar(
            symbol="AAPL", interval=Interval.MINUTE, start=start, open=price, high=price, low=price, close=price,
            volume=Decimal(1), value=price, trades=1,
        )  # fmt: skip

    assert realised_volatility([]) is None
    assert realised_volatility([bar(0, "10")]) is None
    assert realised_volatility([bar(0, "10"), bar(1, "10")]) == 0
    expected = math.sqrt(math.log(1.1) ** 2 + math.log(10 / 11) ** 2)
    assert realised_volatility([bar(2, "10"), bar(0, "10"), bar(1, "11")]) == pytest.approx(expected)


def notification(bucket: str, *keys: str) -> str:
    return json.dumps({"Records": [{"s3": {"bucket": {"name": bucket}, "object": {"key": key}}} for key in keys]})


def test_a_notification_names_objects_by_their_real_keys():
    found = created_objects(notification("raw", "incoming/a+b%2Bc/%C3%A9.csv", "x"))
    assert [(item.bucket, item.key) for item in found] == [("raw", "incoming/a b+c/é.csv"), ("raw", "x")]


def test_the_test_message_of_s3_names_no_object():
    assert created_objects('{"Service":"Amazon S3","Event":"s3:TestEvent","Bucket":"raw"}') == []


@pytest.mark.parametrize("message", ["", "[]", "{}", '{"Records": 1}', '{"Records": [{"s3": {}}]}', '{"Records": [1]}'])
def test_another_message_is_refused(message):
    with pytest.raises(ValueError, match=r"not a notification of S3|Expecting value"):
        created_objects(message)


def test_a_body_is_read_as_a_stream():
    class Body:
        def __init__(self):
            self.source = io.BytesIO(b"one\ntwo\n" * 100_000)
            self.largest = 0

        def read(self, amount):
            self.largest = max(self.largest, amount)
            return self.source.read(min(amount, 1000))

    body = Body()
    with buffered(body) as stream:
        assert sum(1 for _ in stream) == 200_000
    assert body.largest <= 256 * 1024
