"""ingest: rows, files and requests; nothing is lost, and repetition changes nothing (B5)."""

import csv
import gzip
import io
import json
from datetime import UTC, datetime, timedelta

import boto3
import pytest
from botocore.exceptions import IncompleteReadError
from hypothesis import given
from hypothesis import strategies as st
from market.sources import BadRow, load_sources, read_rows
from market.sources.reader import MAX_LINE
from market.trades import Trade

from tests.functions.conftest import api_event, load_function, patient, queue_event
from tests.functions.test_market import notification

HEADER = "trade_id,symbol,timestamp,price,size\n"
ROW = "t{},AAPL,2026-01-31T14:30:00Z,101.5,3\n"
ONE_TRADE = json.dumps(
    {"trades": [dict(zip(HEADER.strip().split(","), ROW.format(1).strip().split(","), strict=True))]}
)
SOURCES = load_sources()
LATEST = 2**62
RAW, PROCESSED = "raw-data-1-demo", "processed-analytics-1-demo"


@pytest.fixture
def ingest(load, aws, environment):
    environment.setenv("RAW_BUCKET", RAW)
    environment.setenv("PROCESSED_BUCKET", PROCESSED)
    client = boto3.client("s3")
    for bucket in (RAW, PROCESSED):
        client.create_bucket(Bucket=bucket)
    return load("ingest")


def objects(bucket: str) -> dict[str, str]:
    client = boto3.client("s3")
    found = client.list_objects_v2(Bucket=bucket).get("Contents", [])
    return {
        o["Key"]: client.get_object(Bucket=bucket, Key=o["Key"])["Body"].read().decode(errors="replace") for o in found
    }


def quarantined() -> dict[str, str]:
    return {key: text for key, text in objects(RAW).items() if key.startswith("quarantine/")}


def put(key: str, data: bytes) -> str:
    boto3.client("s3").put_object(Bucket=RAW, Key=key, Body=data)
    return notification(RAW, key)


def rows(data: bytes, key: str = "incoming/x.csv"):
    found = list(read(data, key))
    good = [row.trade_id for row in found if isinstance(row, Trade)]
    return good, [(row.line, row.reason) for row in found if isinstance(row, BadRow)]


def read(data: bytes, key: str):
    return read_rows(io.BufferedReader(io.BytesIO(data)), key=key, sources=SOURCES, latest=LATEST)


@pytest.mark.parametrize("pack", [bytes, gzip.compress])
@pytest.mark.parametrize(
    ("key", "data"),
    [
        ("incoming/x.csv", HEADER + ROW.format(1) + "\n" + ROW.format(2)),
        ("incoming/X.CSV.gz", '\ufeffSize,Price,Symbol,Timestamp,Trade_ID,note\r\n3,1,AAPL,2026-01-31T14:30Z,t1,"a, b"\r\n3,1,AAPL,2026-01-31T14:30Z,t2,'),
        ("incoming/x.jsonl", '{"trade_id":"t1","symbol":"A","timestamp":"2026-01-31T14:30Z","price":1,"size":1.5}\n\n{"trade_id":"t2","symbol":"A","timestamp":"2026-01-31T14:30Z","price":"1","size":"2"}'),
    ],
)  # fmt: skip
def test_csv_and_json_lines_may_be_compressed(pack, key, data):
    assert rows(pack(data.encode()), key) == (["t1", "t2"], [])


def test_bad_rows_keep_their_line_and_reason():
    text = (
        HEADER + ROW.format(1) + "t2,AAPL,2026-01-31T14:30:00Z,-1,3\n\nt3,AAPL\n" + '"t4,AAPL,x,1,1\n' + ROW.format(5)
    )
    good, bad = rows(text.encode())
    assert good == ["t1", "t5"]
    assert [line for line, _ in bad] == [3, 5, 6]
    assert bad[0][1].startswith("price must be greater than 0")
    assert bad[1][1] == "2 cells under a header of 5"
    assert bad[2][1] == "its quotes do not match"


def test_without_a_usable_header_every_line_is_kept():
    good, bad = rows(b"a,b\n1,2\n3,4\n")
    assert good == []
    assert bad[0][1].startswith("the header lacks trade_id, symbol, timestamp, price, size; it has a, b; ")
    assert bad[1:] == [
        (2, "the header is unusable"),
        (3, "the header is unusable"),
    ]


@pytest.mark.parametrize("line", ["", "[1]", "1", "null", "{", "[" * 10_000, "\xff\xfe"])
def test_json_lines_that_are_not_objects_are_bad_rows(line):
    good, bad = rows(f"{line}\n".encode("latin-1"), "incoming/x.jsonl")
    assert good == []
    assert len(bad) == (1 if line else 0)


def test_a_line_too_long_to_be_a_row_does_not_fill_the_memory_and_the_next_one_counts():
    for length in (MAX_LINE - 1, MAX_LINE, MAX_LINE + 1, 3 * MAX_LINE + 7):
        good, bad = rows((HEADER + "x" * length + "\n" + ROW.format(1)).encode())
        assert good == ["t1"]
        assert [line for line, _ in bad] == [2]


def test_truncated_gzip_yields_the_readable_rows_and_the_line_of_the_damage():
    lines = [ROW.format(number) for number in range(5000)]
    packed = gzip.compress((HEADER + "".join(lines)).encode())
    good, bad = rows(packed[: len(packed) // 2])
    assert 0 < len(good) < 5000
    assert bad == [(len(good) + 2, "the compressed data end or are damaged here; what follows is not known")]


@patient
@given(st.binary(max_size=2000), st.sampled_from(["incoming/x.csv", "incoming/x.jsonl"]), st.booleans())
def test_no_sequence_of_bytes_stops_the_pipeline(data, key, pack):
    good, _ = rows(gzip.compress(data) if pack else data, key)
    assert isinstance(good, list)


def stored_trades(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(text.splitlines()))


def sort(data: bytes, **options):
    """Sort the rows of a CSV file; returns the counts and what was stored."""
    stored: dict[str, bytes] = {}
    sorter = load_function("ingest").logic.Sorter(
        name="n", store_trades=stored.__setitem__, store_bad=stored.__setitem__, quarantine="quarantine/x/n.jsonl", **options
    )  # fmt: skip
    return sorter.take(read(data, "x.csv")), stored


def test_d8_trades_of_all_symbols_and_days_share_objects_and_memory_stays_bounded():
    text = HEADER + "".join(
        f"t{n},SYM{n % 500},2026-01-{30 + n % 3 % 2}T00:00:00Z,1,{'bad' if n % 50 == 0 else 1}\n" for n in range(1000)
    )
    (counts, small), (_, again), (_, large) = (sort(text.encode(), limit=limit) for limit in (10_000, 10_000, 10**9))
    assert (counts.accepted, counts.rejected, counts.left_out) == (980, 20, 0)
    assert small == again
    assert sorted(large) == ["quarantine/x/n-00000.jsonl", "trades/n-00000.csv"]
    assert len(small) > 5
    assert max(map(len, small.values())) <= 10_300
    ids = [
        trade["trade_id"]
        for key in sorted(small)
        if key.startswith("trades/")
        for trade in stored_trades(small[key].decode())
    ]
    assert ids == [f"t{n}" for n in range(1000) if n % 50]


def test_d6_the_quarantine_of_an_object_is_capped_and_counts_what_it_left_out():
    counts, stored = sort((HEADER + "x\n" * 5000).encode(), limit=1000, quarantine_limit=10_000)
    assert counts.rejected == 5000
    lines = b"".join(stored[key] for key in sorted(stored)).decode().splitlines()
    assert json.loads(lines[-1]) == {"left_out": counts.left_out}
    assert counts.left_out == 5000 - (len(lines) - 1)
    assert sum(map(len, stored.values())) < 10_100


def test_d3_d6_a_trade_of_the_day_after_tomorrow_is_refused_and_kept(ingest, context):
    now = datetime.now(UTC)
    rows = [f"t{hours},A,{(now + timedelta(hours=hours)).isoformat()},1,1\n" for hours in (23, 25)]
    far = "t9,A,9999-12-31T23:59:59Z,1,1\n"
    assert ingest.handler.handler(queue_event(put("incoming/a.csv", (HEADER + "".join(rows) + far).encode())), context)
    (text,) = objects(PROCESSED).values()
    assert [trade["trade_id"] for trade in stored_trades(text)] == ["t23"]
    (bad,) = quarantined().values()
    assert ["timestamp lies" in json.loads(line)["reason"] for line in bad.splitlines()] == [True, True]
    body = json.dumps({"trades": [dict(zip(HEADER.strip().split(","), far.strip().split(","), strict=True))]})
    assert ingest.handler.handler(api_event("POST", "/market-data", body=body), context)["statusCode"] == 422


def test_d1_d6_a_key_that_a_request_has_twice_is_refused(ingest, context):
    body = ONE_TRADE.replace('"price"', '"size": "9", "price"')
    answer = ingest.handler.handler(api_event("POST", "/market-data", body=body), context)
    assert (answer["statusCode"], "the key size is there twice" in answer["body"]) == (400, True)
    assert objects(PROCESSED) == {}


def test_d6_empty_lines_in_a_small_gzip_end_early(ingest, context, logged):
    bomb = gzip.compress(b"\n" * 10_000_000, mtime=0)
    assert len(bomb) < 11_000
    left = iter([300_000, 300_000, *range(300_000, 0, -10_000), 14_000])
    context.get_remaining_time_in_millis = lambda: next(left)
    with pytest.raises(Exception, match="All records failed"):
        ingest.handler.handler(queue_event(put("incoming/a.csv.gz", bomb)), context)
    assert objects(PROCESSED) == {}


def test_b5_an_object_becomes_trades_and_quarantine_idempotently(ingest, context):
    message = put("incoming/feed/day 1.csv", (HEADER + ROW.format(1) + "x,y\n").encode())
    assert ingest.handler.handler(queue_event(message), context) == {"batchItemFailures": []}
    first, kept = objects(PROCESSED), quarantined()
    (key,) = first
    assert key.startswith("trades/")
    assert [trade["trade_id"] for trade in stored_trades(first[key])] == ["t1"]
    ((bad_key, bad),) = kept.items()
    assert bad_key.startswith("quarantine/feed/day 1.csv/")
    assert json.loads(bad) == {"line": 3, "reason": "2 cells under a header of 5", "text": "x,y"}
    ingest.handler.handler(queue_event(message, message), context)
    assert objects(PROCESSED) == first


def test_only_the_failed_message_of_a_batch_is_returned(ingest, context):
    good = put("incoming/a.csv", (HEADER + ROW.format(1)).encode())
    lost = notification(RAW, "incoming/not-there.csv")
    answer = ingest.handler.handler(queue_event(good, lost, "no json", good), context)
    assert answer == {"batchItemFailures": [{"itemIdentifier": "m1"}, {"itemIdentifier": "m2"}]}
    assert len(objects(PROCESSED)) == 1


def test_a_batch_that_fails_as_a_whole_is_an_error(ingest, context):
    with pytest.raises(Exception, match="All records failed"):
        ingest.handler.handler(queue_event("no json"), context)


PACKED = gzip.compress((HEADER + "".join(ROW.format(number) for number in range(5000))).encode(), mtime=0)
POISON = {
    "cut gzip": (PACKED[: len(PACKED) // 2], "trades before it were taken in"),
    "gzip damaged in the middle": (PACKED[:3000] + b"\0" * 100 + PACKED[3100:], "trades before it were taken in"),
    "gzip whose checksum is wrong": (PACKED[:-8] + b"\0" * 8, "5000 trades before it were taken in"),
    "cut in the header of gzip": (PACKED[:5], "line 1: the compressed data end or are damaged here; what follows is not known. 0 trades"),
    "another archive": (b"BZh91AY&SY" + bytes(range(256)) * 20, "line 1: bzip2 is not read: send CSV or JSON, plain or in gzip or zip"),
    "binary rubbish": (bytes(range(255, -1, -1)) * 30, "rows is a trade. Line 1: "),
    "CSV without a usable header": (b"a,b\n1,2\n3,4\n", "none of its 3 rows is a trade. Line 1: the header lacks trade_id, symbol"),
    "only a header that is none": (b"a,b\n", "none of its 1 rows is a trade. Line 1: the header lacks trade_id, symbol"),
    "not one acceptable row": ((HEADER + "t1,AAPL,SECRET,1,1\n").encode(), "none of its 1 rows is a trade. Line 2: timestamp must be"),
    "UTF-16": ((HEADER + ROW.format(1)).encode("utf-16"), "rows is a trade. Line 1: "),
}  # fmt: skip


@pytest.mark.parametrize(("data", "problem"), POISON.values(), ids=POISON)
def test_a_poison_object_is_quarantined_and_only_its_message_fails_every_time(ingest, context, logged, data, problem):
    poison, good = put("incoming/p.csv", data), put("incoming/a.csv", (HEADER + ROW.format("good")).encode())
    lines = logged(ingest.handler.logger)
    answer = ingest.handler.handler(queue_event(poison, good), context)
    assert answer == {"batchItemFailures": [{"itemIdentifier": "m0"}]}
    (line,) = [line for line in lines() if line["level"] == "ERROR"]
    assert line["message"].startswith("refused: incoming/p.csv: ")
    assert problem in line["message"]
    assert (line["key"], line["message_id"]) == ("incoming/p.csv", "m0")
    assert "SECRET" not in json.dumps(lines())
    first = objects(PROCESSED), quarantined()
    (quarantine,) = first[1]
    assert quarantine.startswith("quarantine/p.csv/")
    assert all(set(json.loads(row)) == {"line", "reason", "text"} for row in first[1][quarantine].split("\n")[:-1])
    # The message is retried until it is a dead letter, and changes nothing further.
    for _ in range(2):
        with pytest.raises(Exception, match="All records failed"):
            ingest.handler.handler(queue_event(poison), context)
    assert (objects(PROCESSED), quarantined()) == first


def test_rows_before_the_damage_are_ingested_and_the_whole_object_adds_the_rest_later(ingest, context):
    cut = put("incoming/p.csv.gz", PACKED[: len(PACKED) // 2])
    with pytest.raises(Exception, match="All records failed"):
        ingest.handler.handler(queue_event(cut), context)
    (before,) = objects(PROCESSED).values()
    assert 0 < len(stored_trades(before)) < 5000
    assert ingest.handler.handler(queue_event(put("incoming/p.csv.gz", PACKED)), context) == {"batchItemFailures": []}
    ids = {trade["trade_id"] for text in objects(PROCESSED).values() for trade in stored_trades(text)}
    assert len(ids) == 5000


@pytest.mark.parametrize("data", [b"", HEADER.encode(), b"\n\n", gzip.compress(b"", mtime=0)])
def test_an_object_without_rows_is_not_poison(ingest, context, data):
    assert ingest.handler.handler(queue_event(put("incoming/a.csv", data)), context) == {"batchItemFailures": []}
    assert objects(PROCESSED) == {}


def test_an_interrupted_download_is_a_failure_and_not_the_end_of_the_object(ingest, context, environment):
    good = put("incoming/a.csv", (HEADER + ROW.format(1)).encode())

    class Broken:
        def read(self, amount):
            raise IncompleteReadError(actual_bytes=1, expected_bytes=2)

    client = ingest.handler.s3()
    answer = client.get_object(Bucket=RAW, Key="incoming/a.csv") | {"Body": Broken()}
    environment.setattr(client, "get_object", lambda **_: answer)
    with pytest.raises(Exception, match="All records failed"):
        ingest.handler.handler(queue_event(good), context)
    assert objects(PROCESSED) == {}
    assert list(objects(RAW)) == ["incoming/a.csv"]


def test_no_message_is_begun_late_in_the_invocation(ingest, context, logged):
    # Read at the start, twice for the first object (its only piece, and its end), before and for the second, and before the others.
    left = iter([300_000, 290_000, 280_000, 160_000, 155_000, 154_000, 149_999, 149_000])
    context.get_remaining_time_in_millis = lambda: next(left)
    messages = [put(f"incoming/{name}.csv", (HEADER + ROW.format(name)).encode()) for name in "abcd"]
    lines = logged(ingest.handler.logger)
    answer = ingest.handler.handler(queue_event(*messages), context)
    assert answer == {"batchItemFailures": [{"itemIdentifier": "m2"}, {"itemIdentifier": "m3"}]}
    assert [line["message_id"] for line in lines() if line["level"] == "WARNING"] == ["m2", "m3"]
    assert len(objects(PROCESSED)) == 2


def test_an_object_too_large_for_one_invocation_fails_before_the_timeout(ingest, context, logged):
    # Read for each piece of 64 KiB.
    left = iter([300_000, 290_000, 100_000, 14_999, 14_000])
    context.get_remaining_time_in_millis = lambda: next(left)
    large = put("incoming/a.csv", (HEADER + "".join(map(ROW.format, range(5000)))).encode())
    small = put("incoming/b.csv", (HEADER + ROW.format(1)).encode())
    lines = logged(ingest.handler.logger)
    with pytest.raises(Exception, match="All records failed"):
        ingest.handler.handler(queue_event(large, small), context)
    assert [line["message"] for line in lines()] == [
        "refused: more than one call has time for: split it into smaller objects",
        "not begun: less than half of the time is left",
    ]
    assert objects(PROCESSED) == {}


def test_b7_the_correlation_id_of_an_upload_is_kept_with_its_trades(ingest, context, logged):
    named, other = (put(f"incoming/{name}.csv", (HEADER + ROW.format(name)).encode()) for name in "ab")
    boto3.client("s3").put_object(
        Bucket=RAW, Key="incoming/a.csv", Body=(HEADER + ROW.format("a")).encode(), Metadata={"correlation-id": "day-7"}
    )
    lines = logged(ingest.handler.logger)
    ingest.handler.handler(queue_event(named, other), context)
    client = boto3.client("s3")
    found = {
        client.head_object(Bucket=PROCESSED, Key=key)["Metadata"]["correlation-id"]: key for key in objects(PROCESSED)
    }
    logs = {line["key"]: line["correlation_id"] for line in lines() if line["message"] == "taken in"}
    assert logs == {"incoming/a.csv": "day-7", "incoming/b.csv": next(name for name in found if name != "day-7")}
    # Without an id the object's hash is used: the same in every attempt, and a part of the keys.
    assert logs["incoming/b.csv"] in found[logs["incoming/b.csv"]]


@pytest.mark.parametrize(
    ("brought", "answered"),
    [({}, "r"), ({"X-Correlation-Id": "client-1"}, "client-1"), ({"x-correlation-id": "a\nb"}, "r"), ({"x-correlation-id": "x" * 65}, "r")],
)  # fmt: skip
def test_b7_the_correlation_id_of_a_request_is_returned_and_kept_with_its_trades(ingest, context, brought, answered):
    answer = ingest.handler.handler(api_event("POST", "/market-data", body=ONE_TRADE, headers=brought), context)
    assert answer["multiValueHeaders"]["x-correlation-id"] == [answered]
    (key,) = objects(PROCESSED)
    assert boto3.client("s3").head_object(Bucket=PROCESSED, Key=key)["Metadata"] == {"correlation-id": answered}


def test_an_unavailable_bucket_is_503_without_the_cause(ingest, context, environment):
    environment.setenv("PROCESSED_BUCKET", "geheim")
    answer = ingest.handler.handler(api_event("POST", "/market-data", body=ONE_TRADE), context)
    assert answer["statusCode"] == 503
    assert "geheim" not in answer["body"]
    assert answer["multiValueHeaders"]["x-correlation-id"] == ["r"]


@pytest.mark.parametrize("number", ["999999999999.123456789012345678", "0.10000001"])
def test_d3_json_numbers_keep_every_digit(ingest, context, number):
    row = f'{{"trade_id":"t1","symbol":"A","timestamp":"2026-01-31T14:30Z","price":{number},"size":1}}'
    ingest.handler.handler(queue_event(put("incoming/a.jsonl", row.encode())), context)
    ingest.handler.handler(api_event("POST", "/market-data", body=f'{{"trades":[{row}]}}'), context)
    assert [trade["price"] for text in objects(PROCESSED).values() for trade in stored_trades(text)] == [number, number]


def test_objects_outside_of_incoming_are_ignored(ingest, context):
    message = put("quarantine/x.csv", (HEADER + ROW.format(1)).encode())
    assert ingest.handler.handler(queue_event(message), context) == {"batchItemFailures": []}
    assert objects(PROCESSED) == {}


def test_b5_a_request_is_ingested_and_the_rejected_rows_are_returned(ingest, context):
    good = {"trade_id": "t1", "symbol": "AAPL", "timestamp": "2026-01-31T14:30:00Z", "price": 1, "size": "2"}
    event = api_event("POST", "/market-data", body=json.dumps({"trades": [{**good, "price": 0}, good, 7]}))
    answer = ingest.handler.handler(event, context)
    assert answer["statusCode"] == 202
    assert json.loads(answer["body"]) == {
        "accepted": 1,
        "rejected": [
            {"index": 0, "reason": "price must be greater than 0"},
            {"index": 2, "reason": "not an object with the fields of a trade"},
        ],
    }
    assert [trade["trade_id"] for text in objects(PROCESSED).values() for trade in stored_trades(text)] == ["t1"]
    (bad,) = objects(RAW).values()
    assert len(bad.splitlines()) == 2
    before = objects(PROCESSED)
    ingest.handler.handler(event, context)
    assert objects(PROCESSED) == before


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ("", 400), ("{", 400), ("[]", 400), ("{}", 400), ('{"trades": []}', 400), ('{"trades": 1}', 400),
        (json.dumps({"trades": [1] * 1001}), 400), ('{"trades": [1]}', 422),
    ],
)  # fmt: skip
def test_c7_a_request_without_a_valid_trade_is_refused(ingest, context, body, status):
    answer = ingest.handler.handler(api_event("POST", "/market-data", body=body), context)
    assert answer["statusCode"] == status
    assert objects(PROCESSED) == {}


def test_c7_another_path_is_not_found(ingest, context):
    assert ingest.handler.handler(api_event("GET", "/market-data"), context)["statusCode"] == 404
