"""Trades, bars and notifications of S3."""

import io
import json
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from market.bars import Bar, Interval, average_price
from market.conditions import CONDITIONS, CTA, UTP, Sets, sets, unknown
from market.objects import buffered, created_objects
from market.trades import (
    Action,
    InvalidTradeError,
    Trade,
    format_nanoseconds,
    format_number,
    nanoseconds,
    parse_nanoseconds,
    parse_trade,
)

from tests.functions.conftest import patient

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
    [
        ("1m", "2026-01-31T13:37:00"), ("5m", "2026-01-31T13:35:00"), ("15m", "2026-01-31T13:30:00"), ("30m", "2026-01-31T13:30:00"),
        ("1h", "2026-01-31T13:00:00"), ("1d", "2026-01-31T00:00:00"), ("session", "2026-01-31T05:00:00"),
    ],
)  # fmt: skip
def test_intervals_begin_at_multiples_of_their_length(interval, start):
    moment = datetime(2026, 1, 31, 13, 37, 59, 999999, tzinfo=UTC)
    assert Interval(interval).start(moment, ZoneInfo("America/New_York")).isoformat() == f"{start}+00:00"


@pytest.mark.parametrize(
    ("value", "volume", "average"),
    [("43", "4", "10.75"), ("2", "3", "0.666666666666666667"), ("0.000000000000000001", "2", "0.000000000000000001")],
)
def test_d1_an_average_is_rounded_half_up_to_18_decimals(value, volume, average):
    assert average_price(Decimal(value), Decimal(volume)) == Decimal(average)


@pytest.mark.parametrize(
    ("day", "start", "end"),
    [
        ("2026-03-07", "2026-03-07T05:00", "2026-03-08T05:00"),
        ("2026-03-08", "2026-03-08T05:00", "2026-03-09T04:00"),
        ("2026-11-01", "2026-11-01T04:00", "2026-11-02T05:00"),
    ],
)
def test_d1_a_session_has_23_or_25_hours_when_clocks_change(day, start, end):
    zone = ZoneInfo("America/New_York")
    noon = datetime.fromisoformat(f"{day}T17:00+00:00")
    assert Interval.SESSION.start(noon, zone) == datetime.fromisoformat(f"{start}+00:00")
    assert Interval.SESSION.end(Interval.SESSION.start(noon, zone), zone) == datetime.fromisoformat(f"{end}+00:00")


def test_d1_a_bar_is_final_when_it_is_over_and_late_trades_have_arrived():
    bar = Bar(
        symbol="AAPL", interval=Interval.HOUR, start=NOON, open=None, high=None, low=None, close=None,
        volume=Decimal(0), value=Decimal(0), trades=0,
    )  # fmt: skip
    assert bar.vwap is None
    assert [bar.is_final(NOON + timedelta(minutes=m)) for m in (0, 60, 64, 65)] == [False, False, False, True]


@pytest.mark.parametrize(
    ("text", "last"),
    [("2026-01-30T14:30:00.123456100Z", 100), ("2026-01-30T09:30:00.1234569-0500", 900), ("2026-01-30T14:30:00.1234560000000Z", 0)],
)  # fmt: skip
def test_d3_no_nanosecond_is_lost(text, last):
    assert parse_nanoseconds(text, "timestamp") == 1769783400_123456_000 + last
    assert parse_nanoseconds(format_nanoseconds(parse_nanoseconds(text, "x")), "x") == 1769783400_123456_000 + last


@pytest.mark.parametrize(
    "text", ["2026-01-30T14:30:00.1234567891Z", "20260130T143000.1234567Z", "2026-01-30T14:30:00.1234567"]
)
def test_d3_a_timestamp_whose_digits_cannot_be_kept_is_refused(text):
    with pytest.raises(InvalidTradeError, match="at most nine decimals"):
        parse_nanoseconds(text, "timestamp")


def test_d2_a_trading_date_is_the_day_in_the_zone_or_the_one_that_the_row_names():
    row = {**GOOD, "timestamp": "2026-03-09T03:30:00Z"}
    assert str(parse_trade(row).trading_date) == "2026-03-09"
    assert str(parse_trade(row, zone=ZoneInfo("America/New_York")).trading_date) == "2026-03-08"
    assert str(parse_trade({**row, "trading_date": "2026-03-12"}).trading_date) == "2026-03-12"
    with pytest.raises(InvalidTradeError, match="more than 7 days"):
        parse_trade({**row, "trading_date": "2026-03-17"})


def test_d4_a_cancellation_needs_no_price_and_comes_after_a_correction():
    cancel = parse_trade({**GOOD, "action": "cancel", "price": "", "size": None})
    assert (cancel.action, cancel.revision, cancel.price) == (Action.CANCEL, 2, 0)
    assert [parse_trade({**GOOD, "action": action}).revision for action in ("new", "correct", "cancel")] == [0, 1, 2]
    assert parse_trade({**GOOD, "action": "cancel", "revision": "1"}).revision == 1
    with pytest.raises(InvalidTradeError, match="price missing"):
        parse_trade({**GOOD, "action": "correct", "price": ""})


@pytest.mark.parametrize(
    ("conditions", "allowed"),
    [
        ("", Sets.ALL),
        ("regular intermarket-sweep opening-print", Sets.ALL),
        ("odd-lot intermarket-sweep", Sets.VOLUME),
        ("sold-out-of-sequence", Sets.HIGH_LOW | Sets.LAST_IF_ONLY | Sets.VOLUME),
        ("corrected-consolidated-close", Sets.HIGH_LOW | Sets.LAST),
        ("official-close odd-lot", Sets.NOTHING),
        ("something-else", Sets.ALL),
    ],
)
def test_d4_a_trade_may_set_what_all_of_its_conditions_allow(conditions, allowed):
    assert sets(conditions.split()) == allowed
    assert unknown(conditions.split()) == ["something-else"] * ("something" in conditions)


def test_d4_every_code_of_the_tapes_has_a_rule():
    assert set(UTP.values()) | set(CTA.values()) == set(CONDITIONS)
    # Average price trades are W on one tape and B on the others, where B is a bunched trade on the first.
    assert (UTP["W"], UTP["B"], CTA["B"]) == ("average-price", "bunched", "average-price")


@pytest.mark.parametrize("symbol", ["EUR/USD", "1000SHIBUSDT", "7203", "ES=F", "^GSPC", "O:SPY251219C00650000", "BRK.B", "XBT_USD", "M&M"])  # fmt: skip
def test_d2_symbols_of_all_markets_are_accepted(symbol):
    trade = parse_trade({**GOOD, "symbol": symbol})
    assert parse_trade(json.loads(trade.to_json())) == trade


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
