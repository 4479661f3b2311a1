"""Source maps: the files of vendors, read as trades (D5)."""

import gzip
import io
import json
import re
import tracemalloc
import zipfile
import zoneinfo
from dataclasses import fields
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from market.sources import BadRow, MapError, SkippedRow, load_sources, read_rows
from market.sources.archives import PIECE, RATIO_FROM
from market.sources.maps import TAPES, Disposition, Layout, Unit, _Reader
from market.trades import DAY, Action, Trade, format_nanoseconds, format_number, nanoseconds, parse_timestamp

from tests.functions.conftest import patient
from tests.functions.vendor_files import FILES, VendorFile, lines, messages, zipped

SOURCES = load_sources()
LATEST = 2**62
HEADER = "trade_id,symbol,timestamp,price,size"


def read(data: bytes, key: str, **options):
    return list(
        read_rows(io.BufferedReader(io.BytesIO(data)), key=key, **({"sources": SOURCES, "latest": LATEST} | options))
    )


def shown(trade: Trade) -> str:
    """Return a trade as the expectations write it."""
    parts = [trade.trade_id, trade.venue or "-", format_nanoseconds(trade.timestamp)[11:-1]]
    parts += [format_number(trade.price), format_number(trade.size)]
    parts += [f"sequence={trade.sequence}"] if trade.sequence is not None else []
    parts += [f"side={trade.side}"] if trade.side else []
    parts += [f"conditions={','.join(trade.conditions)}"] if trade.conditions else []
    parts += [f"action={trade.action} revision={trade.revision}"] if trade.action is not Action.NEW else []
    return " ".join(parts)


def reasons(rows) -> list[str]:
    return [row.reason for row in rows if isinstance(row, BadRow)]


def check(file: VendorFile, key: str, metadata: dict[str, str]) -> None:
    rows = read(file.data, key, metadata=metadata)
    assert reasons(rows) == []
    trades = [row for row in rows if isinstance(row, Trade)]
    assert tuple(shown(trade) for trade in trades) == file.trades
    assert {trade.symbol for trade in trades} == {file.symbol}
    assert {trade.trading_date for trade in trades} == {date(2026, 1, 30)}
    assert sum(isinstance(row, SkippedRow) for row in rows) == file.skipped


@pytest.mark.parametrize("file", FILES, ids=lambda file: f"{file.source}: {file.layout}")
def test_d5_a_vendors_file_becomes_trades_by_the_prefix_of_its_key(file):
    check(file, f"incoming/{file.source}/2026/{file.name}", file.metadata)


@pytest.mark.parametrize("file", FILES, ids=lambda file: f"{file.source}: {file.layout}")
def test_d5_a_vendors_file_becomes_trades_by_its_metadata(file):
    check(file, f"incoming/{file.name}", file.metadata | {"source": file.source})


@pytest.mark.parametrize("file", FILES, ids=lambda file: f"{file.source}: {file.layout}")
def test_d5_a_vendors_file_is_recognised_or_its_refusal_names_the_map(file):
    if file.recognised:
        check(file, f"incoming/feed/{file.name}", file.metadata)
    else:
        rows = read(file.data, f"incoming/feed/{file.name}")
        first = reasons(rows)[0] if reasons(rows) else ""
        named = f"source={file.source}" in first or "the likely map is" in first
        # A capture has other messages among its trades; these alone are refused. Of BitMEX's older files, whose columns are Bybit's, all rows are.
        assert first
        assert named or [shown(row) for row in rows if isinstance(row, Trade)] in ([], list(file.trades))


def test_d5_every_built_in_map_has_a_file_here():
    assert {file.source for file in FILES} | {"generic-negative"} == set(SOURCES)


ROW = {"trade_id": "1", "symbol": "A", "timestamp": "2026-01-30T14:30:01Z", "price": "10.5", "size": "2"}


def table(delimiter: str = ",", **changed: object) -> bytes:
    row = ROW | changed
    return lines(delimiter.join(row), delimiter.join(map(str, row.values())))


COMMON = {
    "semicolons": (table(";"), "x.csv"),
    "tabs": (table("\t"), "x.tsv"),
    "pipes": (table("|"), "x.txt"),
    "a byte order mark": (b"\xef\xbb\xbf" + table(), "x.csv"),
    "a JSON array": (messages([ROW]), "x.json"),
    "pretty-printed JSON": (json.dumps([ROW, ROW | {"trade_id": "2"}], indent=4).encode(), "x.json"),
    "pretty-printed documents in a row": (json.dumps({"trades": [ROW]}, indent=1).encode() * 2, "x.json"),
    "seconds": (table(timestamp=1769783401), "x.csv"),
    "milliseconds": (table(timestamp=1769783401000), "x.csv"),
    "microseconds": (table(timestamp=1769783401000000), "x.csv"),
    "nanoseconds": (table(timestamp=1769783401000000000), "x.csv"),
    "seconds with a fraction": (table(timestamp="1769783401.000000000"), "x.csv"),
    "scientific notation": (table(price="1.05e1", size="2E0"), "x.csv"),
    "24 decimals that are zeros": (table(price="10.500000000000000000000000"), "x.csv"),
    **{symbol: (table(symbol=symbol), "x.csv") for symbol in ("EUR/USD", "1000SHIBUSDT", "7203", "ES=F", "^GSPC", "O:SPY251219C00650000")},
}  # fmt: skip


@pytest.mark.parametrize(("data", "name"), COMMON.values(), ids=COMMON)
def test_d5_what_was_refused_though_common_goes_in(data, name):
    rows = read(data, f"incoming/{name}")
    assert reasons(rows) == []
    assert {(row.price, row.size, format_nanoseconds(row.timestamp)) for row in rows} == {
        (Decimal("10.5"), 2, "2026-01-30T14:30:01.000000000Z")
    }


def test_d5_negative_prices_go_in_where_the_map_allows_and_a_refusal_names_one():
    oil = table(symbol="CLK0", price="-37.63")
    (reason,) = reasons(read(oil, "incoming/x.csv"))
    assert (
        reason == "price must be greater than 0; a map with negative_prices = true allows it, such as generic-negative"
    )
    (trade,) = read(oil, "incoming/generic-negative/x.csv")
    assert trade.price == Decimal("-37.63")


def test_d5_eighteen_decimals_are_kept_and_nineteen_refused():
    (trade,) = read(table(price="0.000000000000000001"), "incoming/x.csv")
    assert trade.price == Decimal("1e-18")
    assert "18 behind" in reasons(read(table(price="0.0000000000000000001"), "incoming/x.csv"))[0]


REFUSALS = {
    "columns of another name": (
        lines("id;instrument;when;px;qty", "1;A;1769783401;10.5;2"),
        "incoming/x.csv",
        {},
        ("the header lacks trade_id, symbol, timestamp, price, size; it has id, instrument, when, px, qty; trade_id may be id, "
        "price may be px, size may be qty; docs/market-data-sources.md says how to write a map"),
    ),
    "a vendor's header without one column": (
        lines("exchange,symbol,timestamp,id,side,price,amount", "a,A,1769783401000000,1,buy,10.5,2"),
        "incoming/x.csv",
        {},
        ("the header lacks trade_id, size; it has exchange, symbol, timestamp, id, side, price, amount; trade_id may be id, size may be "
        "amount; the likely map is tardis (or bybit): upload the file below incoming/tardis/, or with the metadata source=tardis; "
        "docs/market-data-sources.md says how to write a map"),
    ),
    "rows without a header": (
        lines("9,10.5,2.0,21.0,1769783401000,True,True"),
        "incoming/ABCUSDT-trades-2026-01-30.csv",
        {},
        ("the header lacks trade_id, symbol, timestamp, price, size: the first line is a row of 7 cells, not the names of columns; the "
        "likely map is binance: upload the file below incoming/binance/, or with the metadata source=binance"),
    ),
    "the wrong map": (
        lines("a,b", "1,2"),
        "incoming/okx/x.csv",
        {},
        ("the header lacks trade_id, symbol, timestamp, price, size; it has a, b; the map okx needs created_time, instrument_name, price, "
        "size, trade_id too; docs/market-data-sources.md says how to write a map"),
    ),
    "an unknown map": (
        table(),
        "incoming/x.csv",
        {"source": "binanse"},
        ("there is no source map 'binanse'; did you mean binance? The maps are alpaca, binance, bitmex, bitstamp, bybit, coinbase, databento, "
        "gemini, generic, generic-negative, kraken, kucoin, lobster, massive, nyse-taq, okx, tardis"),
    ),
    "no symbol": (
        messages([{"time": "2026-01-30T14:30:01Z", "trade_id": 1, "price": "1", "size": "1", "side": "buy"}]),
        "incoming/coinbase/page1.json",
        {},
        "symbol missing: the metadata symbol and the file's name (symbol) have no value",
    ),
    "no day": (
        lines("34201.5,4,1,2,105000,-1"),
        "incoming/lobster/messages.csv",
        {"symbol": "A"},
        ("the header lacks trade_id, symbol, timestamp, price, size: the first line is a row of 6 cells, not the names of columns; it is no "
        "row of the map lobster (message file: time, type, order_id, size, price, direction)"),
    ),
    "a duplicate column": (
        lines("trade_id,symbol,timestamp,price,size,price", "1,A,1769783401,1,1,2"),
        "incoming/x.csv",
        {},
        "the column price is there twice",
    ),
    "a duplicate key": (
        b'{"trade_id":"1","symbol":"A","timestamp":"2026-01-30T14:30:01Z","price":"1","price":"2","size":"1"}',
        "incoming/x.jsonl",
        {},
        "the key price is there twice",
    ),
    "JSON of another name": (
        messages({"px": "1", "qty": "2", "id": 7}),
        "incoming/x.jsonl",
        {},
        ("the row lacks trade_id, symbol, timestamp, price, size; it has px, qty, id; trade_id may be id, price may be px, size may be qty; "
        "docs/market-data-sources.md says how to write a map"),
    ),
    "zstd": (b"(\xb5/\xfd\x04\x00", "incoming/databento/x.csv.zst", {}, "zstd is not read: send CSV or JSON, plain or in gzip or zip"),
    "an archive in an archive": (
        gzip.compress(zipped("x.csv", table().decode())),
        "incoming/x.zip.gz",
        {},
        "a compressed file in a compressed file: unpack the outer one and send what is in it",
    ),
    "a correction that names two trades": (
        messages([{"T": "c", "S": "A", "x": "M", "oi": 1, "op": 1, "os": 4, "oc": [" "], "ci": 2, "cp": 2, "cs": 4, "cc": [" "], "z": "B", "t": "2026-01-30T14:30:01Z"}]),
        "incoming/alpaca/x.jsonl",
        {},
        ("the row lacks trade_id, symbol, timestamp, price, size; it has T, S, x, oi, op, os, oc, ci, cp, cs, cc, z, t; trade_id may be T, "
        "symbol may be S, timestamp may be T, size may be S; the map alpaca needs i, p too; docs/market-data-sources.md says how to write a map"),
    ),
    "a file of rows of which nothing says whether they are trades": (
        lines(
            "ts_recv,ts_event,rtype,publisher_id,instrument_id,side,price,size,flags,ts_in_delta,sequence,symbol",
            "1,1769783401000000000,0,1,1,B,1000000000,1,0,0,1,A",
        ),
        "incoming/databento/x.csv",
        {},
        ("the header lacks trade_id, timestamp; it has ts_recv, ts_event, rtype, publisher_id, instrument_id, side, price, size, flags, ts_in_delta, sequence, symbol; "
        "trade_id may be sequence, timestamp may be ts_event; the map databento needs action too; docs/market-data-sources.md says how to write a map"),
    ),
    "a code that the map does not know": (
        lines(
            "ticker,conditions,correction,exchange,price,sip_timestamp,size",
            "A,,3,1,1,1769783401000000000,1",
        ),
        "incoming/x.csv",
        {},
        "correction: the map does not say what '3' means",
    ),
}  # fmt: skip


@pytest.mark.parametrize(("data", "key", "metadata", "reason"), REFUSALS.values(), ids=REFUSALS)
def test_d5_a_refusal_names_the_senders_columns_the_likely_map_and_what_to_do(data, key, metadata, reason):
    rows = read(data, key, metadata=metadata)
    assert not any(isinstance(row, Trade) for row in rows)
    assert reasons(rows)[0] == reason


def test_d1_d6_a_second_header_that_differs_ends_the_file_and_the_same_one_does_not():
    first, row = table().decode().splitlines()
    swapped = "trade_id,symbol,timestamp,size,price"
    again = read(lines(first, row, first, row.replace("1,", "2,", 1)), "incoming/x.csv")
    assert [type(item) for item in again] == [Trade, SkippedRow, Trade]
    rows = read(lines(first, row, swapped, row), "incoming/x.csv")
    assert reasons(rows) == [
        "a second header, which differs from the first: send two files",
        "stands below a second header, which differs from the first",
    ]


def test_d3_d6_timestamps_after_the_latest_are_refused():
    now = nanoseconds(parse_timestamp("2026-01-30T14:30:00Z", "now"))
    assert reasons(read(table(), "incoming/x.csv", latest=now)) == ["timestamp lies in the future"]
    assert reasons(read(table(), "incoming/x.csv", latest=now + DAY)) == []


def test_d5_daylight_saving_time_moves_times_of_day():
    header = "Time|Exchange|Symbol|Sale Condition|Trade Volume|Trade Price|Trade Correction Indicator|Sequence Number"
    times = {}
    for day in ("20260306", "20260309"):
        (trade,) = read(lines(header, "093000000000000|N|A|@|1|1|00|1"), f"incoming/EQY_US_ALL_TRADE_{day}")
        times[day] = (format_nanoseconds(trade.timestamp), trade.trading_date.isoformat())
    assert times == {
        "20260306": ("2026-03-06T14:30:00.000000000Z", "2026-03-06"),
        "20260309": ("2026-03-09T13:30:00.000000000Z", "2026-03-09"),
    }


def test_d5_the_members_of_a_zip_have_symbols_of_their_own_and_hidden_files_are_left_out():
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as archive:
        for symbol in ("AAAUSDT", "BBBUSDT"):
            # Stored and deflated.
            kind = zipfile.ZIP_STORED if symbol == "AAAUSDT" else zipfile.ZIP_DEFLATED
            archive.writestr(f"day/{symbol}-trades-2026-01-30.csv", "1,10.5,2,21,1769783401000,True,True\nx,y\n", kind)
        archive.writestr("__MACOSX/._x.csv", "rubbish")
    rows = read(target.getvalue(), "incoming/binance/day.zip")
    assert [row.symbol for row in rows if isinstance(row, Trade)] == ["AAAUSDT", "BBBUSDT"]
    assert [(row.line, row.reason) for row in rows if isinstance(row, BadRow)] == [
        (2, "2 cells under a header of 7"),
        (2, "BBBUSDT-trades-2026-01-30.csv: 2 cells under a header of 7"),
    ]


def unseekable_zip() -> bytes:
    """A zip written to a pipe: checksums and sizes stand behind the contents."""

    class Pipe(io.BytesIO):
        def seekable(self) -> bool:
            return False

        def tell(self) -> int:
            raise OSError

    target = Pipe()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive, archive.open("x.csv", "w") as member:
        member.write(table())
    return target.getvalue()


def test_d5_a_zip_from_a_pipe_is_read():
    assert [row.trade_id for row in read(unseekable_zip(), "incoming/x.zip")] == ["1"]


@pytest.mark.parametrize("cut", [1, 30, 60, 90])
def test_d5_a_damaged_zip_says_so_after_its_rows(cut):
    data = zipped(
        "x.csv", HEADER + "\n" + "".join(f"{n},A,{1769783401 + n * 7919 % 99991},10.5,2\n" for n in range(5000))
    )
    rows = read(data[: len(data) * cut // 100], "incoming/x.zip")
    assert rows[-1].cut
    wrong = bytearray(unseekable_zip())
    wrong[wrong.index(b"PK\x07\x08") + 4] ^= 1
    trade, end = read(bytes(wrong), "incoming/x.zip")
    assert (trade.trade_id, end.cut) == ("1", True)


BOMBS = {
    "gzip of zeros": gzip.compress(b"0" * 9_000_000, compresslevel=9),
    "gzip of empty lines": gzip.compress(b"\n" * 9_000_000, compresslevel=9),
    "zip of zeros": zipped("x.csv", "0" * 9_000_000),
    "zip of a file that nobody reads": zipped("__MACOSX/x", "0" * 9_000_000),
}


@pytest.mark.parametrize("data", BOMBS.values(), ids=BOMBS)
def test_d6_a_bomb_ends_early_with_its_reason(data):
    assert len(data) < 10_000
    pieces = 0

    def count():
        nonlocal pieces
        pieces += 1

    *_, last = read(data, "incoming/x.csv.gz", on_piece=count)
    assert last.reason == "unpacks to more than 250 times its size: no market data do"
    assert last.cut
    # What is behind these bytes is never unpacked.
    assert pieces <= RATIO_FROM // PIECE + 2


def test_d6_an_archive_of_too_many_files_ends():
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as archive:
        for number in range(1001):
            archive.writestr(f"{number}.csv", "")
    assert reasons(read(target.getvalue(), "incoming/x.zip")) == ["more than 1000 files in one archive: split it"]


@pytest.mark.parametrize("pack", [bytes, gzip.compress])
def test_d6_the_clock_is_looked_at_for_each_piece_whatever_is_in_it(pack):
    class OutOfTimeError(Exception):
        pass

    left = iter(range(20, 0, -1))

    def check():
        if next(left) < 15:
            raise OutOfTimeError

    with pytest.raises(OutOfTimeError):
        read(pack(b"\n" * 2_000_000), "incoming/x.csv", on_piece=check)


class Endless(io.RawIOBase):
    """A stream that makes its contents as it is read."""

    def __init__(self, start: bytes, piece: bytes, count: int, end: bytes) -> None:
        super().__init__()
        self.pieces = iter((start, *[piece] * count, end))
        self.left = b""

    def readable(self) -> bool:
        return True

    def readinto(self, target) -> int:
        self.left = self.left or next(self.pieces, b"")
        taken = self.left[: len(target)]
        target[: len(taken)] = taken
        self.left = self.left[len(taken) :]
        return len(taken)


LONG = json.dumps(ROW | {"note": "x" * 5000}).encode()


@pytest.mark.parametrize(
    ("start", "piece", "end", "limit"),
    [
        (b"[", LONG + b",\n", LONG + b"]", 1_000_000),
        (b'{"trades":[\n', LONG + b",", LONG + b"]}", 1_000_000),
        (table(), b"x" * 1000, b"", 1_000_000),
        # No rows, but a value beside them: it is given up after a mebibyte.
        (b'{"book": [', b"1, ", b'1], "trades": []}', 16_000_000),
    ],
    ids=["an array", "a document", "a line without end", "an array that has no trades"],
)
def test_d5_memory_is_bounded_whatever_the_size_of_a_document(start, piece, end, limit):
    tracemalloc.start()
    try:
        stream = io.BufferedReader(Endless(start, piece, 2_000_000 // len(piece), end))
        for _ in read_rows(stream, key="incoming/x", sources=SOURCES, latest=LATEST):
            pass
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < limit


def test_d5_a_message_of_a_capture_may_be_longer_than_a_row():
    small, large = ({"trades": [ROW | {"trade_id": f"{count}-{n}"} for n in range(count)]} for count in (1, 5000))
    assert len(read(messages(small, large, small), "incoming/capture.jsonl")) == 5002
    (reason,) = reasons(read(messages(small, "x" * 1_100_000), "incoming/capture.jsonl"))
    assert reason == "longer than 1 MiB: too long to be a message"


def test_d5_a_damaged_document_gives_the_rows_before_the_damage():
    text = json.dumps([ROW] * 3, indent=1)
    rows = read(text[:-20].encode(), "incoming/x.json")
    assert [isinstance(row, Trade) for row in rows] == [True, True, False]
    assert rows[-1].reason == "the JSON ends or is damaged here; what follows is not known"
    assert rows[-1].cut


ALPHABET = st.sampled_from(
    [*'{}[],:"\\ \n\r\t;|0123456789.eE+-TZ', "trades", "trade_id", "price", "null", "\ufeff", "\0", "é"]
)


@patient
@given(
    st.binary(max_size=3000),
    st.sampled_from(["x.csv", "x.json", "binance/x.zip", "kraken/x", "lobster/A_2026-01-30_1_2_message_1.csv"]),
)
def test_d5_no_bytes_stop_the_reader(data, name):
    for packed in (
        data,
        gzip.compress(data),
        zipped("x", data.decode("latin-1")),
        b"PK\x03\x04" + data,
        b"\x1f\x8b" + data,
    ):
        for row in read(packed, f"incoming/{name}"):
            assert not isinstance(row, BadRow) or len(row.text) <= 1000


@patient
@given(st.lists(ALPHABET, max_size=200).map("".join), st.sampled_from(sorted(SOURCES)))
def test_d5_no_text_stops_the_reader_with_any_map(text, source):
    for row in read(text.encode(), f"incoming/{source}/x"):
        assert not isinstance(row, BadRow) or (len(row.text) <= 1000 and len(row.reason) < 1000)


@patient
@given(st.sampled_from(FILES), st.randoms(use_true_random=False))
def test_d5_no_damage_to_a_vendors_file_stops_the_reader(file, chance):
    data = bytearray(file.data)
    for _ in range(chance.randint(1, 20)):
        data[chance.randrange(len(data))] = chance.randrange(256)
    read(bytes(data[: chance.randint(1, len(data))]), f"incoming/{file.source}/{file.name}")


OWN = """
title = "Our desk"
documentation = "the desk's wiki"
checked = 2026-11-28
venue = "DESK"

[[layouts]]
delimiter = ";"
decimal_comma = true
columns = ["deal", "paper", "when", "rate", "lots"]
zone = "Europe/Zurich"

[layouts.fields]
trade_id = "deal"
symbol = { column = "paper", upper = true }
timestamp = "when"
price = { column = "rate", scale = "0.01" }
size = "lots"
"""


@pytest.fixture
def own(tmp_path):
    def write(text: str, name: str = "our-desk.toml"):
        (tmp_path / name).write_text(text)
        return load_sources(tmp_path)

    return write


def test_d5_an_own_map_is_data_alone(own):
    (trade,) = read(
        lines("deal;paper;when;rate;lots", "D1;nesn;2026-01-30 15:30:01;1050,0;2"), "incoming/x.csv", sources=own(OWN)
    )
    assert shown(trade) == "D1 DESK 14:30:01.000000000 10.5 2"
    assert trade.symbol == "NESN"


def test_d5_an_own_map_replaces_one_of_its_name(own):
    assert own(OWN, "binance.toml")["binance"].title == "Our desk"


MISTAKES = {
    ("[[layouts]]", "[[layout]]"): [
        "our-desk.toml: layout: not a key of a map. Did you mean layouts?",
        "our-desk.toml: layouts: there must be at least one [[layouts]]",
    ],
    ('delimiter = ";"', 'delimiter = "::"'): ["our-desk.toml: layouts[0].delimiter: must be one of ',', ';', '\\t', '|', not '::'"],
    ('price = { column = "rate", scale = "0.01" }', 'price = { column = "rate", scale = "x" }\nprise = "y"'): [
        "our-desk.toml: layouts[0].fields.prise: not a key of a map. Did you mean price?",
        "our-desk.toml: layouts[0].fields.price.scale: must be a text with a number above 0, such as \"0.0001\", not 'x'",
    ],
    ('timestamp = "when"', 'timestamp = { column = "when", unit = "sec" }'): [
        "our-desk.toml: layouts[0].fields.timestamp.unit: must be one of iso, s, ms, us, ns, epoch, midnight, clock, not 'sec'"
    ],
    ('timestamp = "when"', 'timestamp = { column = "when", unit = "clock" }'): [
        'our-desk.toml: layouts[0].fields.timestamp.date: missing: a time of day needs its day, such as "@file.date"'
    ],
    ('size = "lots"', ""): ["our-desk.toml: layouts[0].fields.size: missing"],
    ('zone = "Europe/Zurich"', 'zone = "Zurich"'): ["our-desk.toml: layouts[0].zone: 'Zurich' is no time zone such as America/New_York"],
    ('symbol = { column = "paper", upper = true }', 'symbol = "@file.name"'): [
        ("our-desk.toml: layouts[0].fields.symbol: '@file.name' is neither a column nor one of @file.symbol, @file.date, @file.venue, "
        "@meta.NAME, @doc.NAME, @key, @line")
    ],
    ('venue = "DESK"', "venue = 7"): ["our-desk.toml: layouts[0].venue: must be a text"],
    ("checked = 2026-11-28", 'checked = "today"'): [
        "our-desk.toml: checked: must be the day on which the documentation was read, such as 2026-11-28"
    ],
    ("title =", "title"): ["our-desk.toml: not TOML: "],
    ('size = "lots"', 'size = "lots"\naction = { column = "x", values = { 1 = "kill" } }'): [
        "our-desk.toml: layouts[0].fields.action.values.1: must be one of new, correct, cancel, skip, not 'kill'"
    ],
}  # fmt: skip


@pytest.mark.parametrize(("change", "expected"), MISTAKES.items(), ids=[new or "left out" for _, new in MISTAKES])
def test_d5_a_mistake_in_an_own_map_is_named_with_its_place(own, change, expected):
    assert change[0] in OWN
    with pytest.raises(MapError) as found:
        own(OWN.replace(*change))
    problems = str(found.value).splitlines()
    assert len(problems) == len(expected)
    assert all(problem.startswith(begin) for problem, begin in zip(problems, expected, strict=True)), problems


@patient
@given(st.recursive(st.none() | st.booleans() | st.integers() | st.text(max_size=5) | st.just("id"), lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["column", "unit", "values", "scale", "date", "join", "tapes", "match", "count"]), inner, max_size=3), max_leaves=6), st.sampled_from(["trade_id", "symbol", "timestamp", "price", "size", "venue", "sequence", "conditions", "action", "side"]))  # fmt: skip
def test_d5_no_value_in_a_map_is_more_than_a_mistake(value, name):
    fields = dict.fromkeys(("trade_id", "symbol", "timestamp", "price", "size"), "id") | {name: value}
    reader = _Reader(place="x.toml", problems=[])
    layout = reader.layout("layouts[0]", {"columns": ["id"], "fields": fields})
    assert (layout is None) == bool(reader.problems)


MAPS = Path(__file__).resolve().parents[2] / "functions" / "market" / "sources" / "maps"
PAGE = (Path(__file__).resolve().parents[2] / "docs" / "market-data-sources.md").read_text(encoding="utf-8")


def test_d5_the_page_lists_every_map_key_and_unit():
    first, _, second = PAGE.partition("## What is read")[0].partition("### What the maps were compared with")
    listed, compared = (
        re.findall(r"^\| `([a-z0-9-]+)` \| .* \| .*\|$", part, re.MULTILINE) for part in (first, second)
    )
    assert listed == sorted(SOURCES)
    assert compared == [name for name in listed if not name.startswith("generic")]
    for word in (*Unit, *Disposition, *TAPES, *(field.name for field in fields(Layout) if field.name != "layouts")):
        assert f"`{word}`" in PAGE, word


def test_d5_the_head_of_every_vendors_map_says_what_it_was_compared_with():
    for path in MAPS.glob("*.toml"):
        head = path.read_text(encoding="utf-8").partition("\ntitle = ")[0]
        compared = re.search(r"# Seen \d{4}-\d\d-\d\d: |Not\s+(# )?verified against a document of ", head)
        assert compared or path.stem.startswith("generic"), path.name


def test_d5_the_pages_own_map_is_read_as_it_says(own):
    (example,) = re.findall(r"```toml\n(.*?)```", PAGE, re.DOTALL)
    rows = lines(
        "deal;paper;when;rate;lots;state", "D1;nesn;2026-01-30 15:30:01;1050,0;2;", "D1;nesn;2026-01-30 15:30:01;;;X"
    )
    new, cancel = read(rows, "incoming/x.csv", sources=own(example))
    assert shown(new) == "D1 DESK 14:30:01.000000000 10.5 2"
    assert (cancel.action, cancel.trade_id) == (Action.CANCEL, "D1")


def test_d5_the_pages_refusal_is_the_one_that_comes():
    assert (
        " ".join(re.findall(r"```\n(the header.*?)```", PAGE, re.DOTALL)[0].split())
        == REFUSALS["a vendor's header without one column"][-1]
    )


def test_d5_time_zones_of_maps_need_none_of_the_machine():
    zoneinfo.reset_tzpath(to=())
    zoneinfo.ZoneInfo.clear_cache()
    try:
        assert load_sources().keys() == SOURCES.keys()
    finally:
        zoneinfo.reset_tzpath()


def test_d5_a_price_that_databento_calls_undefined_is_no_price_and_a_short_row_no_crash():
    header = (
        "ts_recv,ts_event,rtype,publisher_id,instrument_id,action,side,price,size,flags,ts_in_delta,sequence,symbol"
    )
    undefined = "1,1769783401000000000,0,1,1,T,N,9223372036854775807,1,0,0,1,A"
    rows = read(
        lines(header, undefined, "1,2,3", undefined.replace("9223372036854775807", "7000000000")), "incoming/x.csv"
    )
    assert [type(row) for row in rows] == [SkippedRow, BadRow, Trade]
    assert rows[-1].price == 7


def test_d4_an_alpaca_correction_among_trades_is_kept_aside_with_its_reason():
    trade = {"T": "t", "S": "A", "i": 1, "x": "V", "p": 1, "s": 2, "c": ["@"], "t": "2026-01-30T14:30:01Z", "z": "A"}
    correction = {
        "T": "c",
        "S": "A",
        "x": "V",
        "oi": 1,
        "op": 1,
        "os": 2,
        "oc": [],
        "ci": 2,
        "cp": 3,
        "cs": 2,
        "cc": [],
        "z": "A",
        "t": "2026-01-30T14:30:09Z",
    }
    rows = read(messages([trade, correction]), "incoming/alpaca/x.jsonl")
    assert [type(row) for row in rows] == [Trade, BadRow]
    assert rows[1].reason == "T: the map does not say what 'c' means"
