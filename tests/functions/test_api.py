"""api: answers and refusals, and the isolation of clients from each other (B3, B6)."""

import gzip
import hashlib
import json
import random
from contextlib import contextmanager
from datetime import UTC, datetime

import boto3
import pytest
from pg8000.exceptions import DatabaseError

from tests.functions.conftest import api_event


def row(minute: int = 0, *, final: bool = True) -> list:
    """A row as the database formats it."""
    return [f"2026-01-31T12:{minute:02}:00.000000Z", "1.5", "1.5", "1.5", "1.5", "2", "1.5", 1, final]


class Rows:
    """A database that returns the same rows for every statement, and records the statements."""

    def __init__(self, rows=(), error=None):
        self.rows, self.error, self.asked = list(rows), error, []

    @contextmanager
    def transaction(self):
        if self.error:
            raise self.error
        yield self

    def run(self, sql, **parameters):
        self.asked.append((sql, parameters))
        return self.rows


@pytest.fixture
def api(load, tables):
    return load("api")


@pytest.fixture
def call(api, context, environment):
    """A function that sends a request, and returns the status and the body."""

    def send(method, path, *, database=None, body=None, query=None, key="k", context_of=None, remaining=None):
        environment.setattr(api.handler, "database", lambda: database)
        if remaining:
            context.get_remaining_time_in_millis = remaining
        event = api_event(
            method, path, body=json.dumps(body) if body is not None else None, query=query, key=key, context=context_of
        )
        answer = api.handler.handler(event, context)
        return answer["statusCode"], json.loads(answer["body"]) if answer["body"] else None

    return send


def test_health_does_not_query_the_database(call):
    assert call("GET", "/health") == (200, {"status": "ok"})


def test_b6_bars_come_in_pages(call):
    rows = [row(minute) for minute in range(3)]
    database = Rows(rows)
    query = {"interval": "1m", "limit": "2", "from": "2026-01-31T00:00:00Z", "to": "2026-02-01T00:00:00Z"}
    status, page = call("GET", "/bars/aapl", database=database, query=query)
    assert status == 200
    assert page["symbol"] == "AAPL"
    assert page["bars"][0] == {
        "start": "2026-01-31T12:00:00.000000Z", "open": "1.5", "high": "1.5", "low": "1.5", "close": "1.5",
        "volume": "2", "vwap": "1.5", "trades": 1, "final": True,
    }  # fmt: skip
    assert len(page["bars"]) == 2
    assert "LIMIT 3" in database.asked[0][0]
    last = Rows(rows[2:])
    status, page = call("GET", "/bars/AAPL", database=last, query={**query, "cursor": page["next_cursor"]})
    assert "'2026-01-31T12:01:00+00:00'" in last.asked[0][0]
    assert (len(page["bars"]), page["next_cursor"]) == (1, None)


@pytest.mark.parametrize(
    ("interval", "start", "asked"),
    [
        ("1m", "12:34:56", "12:34"),
        ("15m", "12:34:56", "12:30"),
        ("30m", "12:34:56", "12:30"),
        ("1h", "12:34:56", "12:00"),
    ],
)
def test_d7_the_first_bar_contains_the_beginning(call, interval, start, asked):
    database = Rows([row()])
    query = {"interval": interval, "from": f"2026-01-31T{start}Z", "to": "2026-02-01T00:00:00Z"}
    assert call("GET", "/bars/AAPL", database=database, query=query)[0] == 200
    assert f"start >= CAST('2026-01-31T{asked}:00+00:00' AS timestamptz)" in database.asked[0][0]


@pytest.mark.parametrize(
    ("now", "to", "rows", "kept"),
    [
        # The span is over at 12:01; late trades may come for five minutes.
        ("12:06", "12:01", [row()], "private, max-age=60"),
        ("12:05:59.999999", "12:01", [row()], "private, no-cache"),
        ("12:06", "12:01", [row(final=False)], "private, no-cache"),
        # Another bar may still come, unless the page is full.
        ("12:06", "13:00", [row()], "private, no-cache"),
        ("12:06", "13:00", [row(0), row(1)], "private, max-age=60"),
        ("12:06", "13:00", [row(0, final=False), row(1)], "private, no-cache"),
    ],
)
def test_d7_only_a_page_of_closed_bars_may_be_kept(api, context, environment, now, to, rows, kept):
    environment.setattr(api.handler, "_now", lambda: datetime.fromisoformat(f"2026-01-31T{now}Z"))
    environment.setattr(api.handler, "database", lambda: Rows(rows))
    query = {"interval": "1m", "from": "2026-01-31T12:00Z", "to": f"2026-01-31T{to}Z", "limit": "1"}
    answer = api.handler.handler(api_event("GET", "/bars/AAPL", query=query), context)
    assert answer["multiValueHeaders"]["Cache-Control"] == [kept]


@pytest.mark.parametrize(
    ("condition", "status"),
    [("{tag}", 304), ('W/"other", {tag}', 304), ("{strong}", 304), ("*", 304), ('W/"other"', 200), ("", 200)],
)
def test_d7_the_answer_that_the_client_has_is_not_sent_again(api, context, environment, condition, status):
    environment.setattr(api.handler, "database", lambda: Rows([row()]))
    query = {"interval": "1m", "from": "2026-01-31T12:00Z", "to": "2026-01-31T13:00Z"}
    first = api.handler.handler(api_event("GET", "/bars/AAPL", query=query), context)
    (tag,) = first["multiValueHeaders"]["ETag"]
    headers = {"if-none-match": condition.format(tag=tag, strong=tag.removeprefix("W/"))}
    again = api.handler.handler(api_event("GET", "/bars/AAPL", query=query, headers=headers), context)
    assert (again["statusCode"], again["multiValueHeaders"]["ETag"]) == (status, [tag])
    assert bool(again["body"]) == (status == 200)


@pytest.mark.parametrize("path", ["/bars/NONE", "/trades/NONE", "/latest/NONE", "/analytics/NONE"])
def test_d7_an_unknown_symbol_is_404(call, path):
    database = Rows()
    database.run = lambda sql, **_: [[None, None, None, None, 0]] if "sum(volume)" in sql else []
    query = {"interval": "1m"} if path.startswith("/bars") else None
    status, answer = call("GET", path, database=database, query=query)
    assert (status, answer["statusCode"]) == (404, 404)
    assert "No trade of NONE has come in" in answer["message"]


def test_d7_a_known_symbol_without_bars_in_the_span_is_an_empty_page(call):
    database = Rows()
    database.run = lambda sql, **_: [[1]] if "SELECT 1" in sql else []
    assert call("GET", "/bars/AAPL", database=database, query={"interval": "1m"})[1]["bars"] == []


@pytest.mark.slow
def test_d7_an_export_that_takes_too_long_is_422_and_leaves_nothing(api, call, environment):
    environment.setenv("EXPORTS_BUCKET", "exports")
    boto3.client("s3").create_bucket(Bucket="exports")
    chance = random.Random(1)
    database, left = Rows(), iter([29_000] * 250)
    environment.setattr(api.handler, "TO_END", 3000)

    def run(sql, *, stream=None, **_):
        if stream is not None:
            for _ in range(300):
                stream.write(chance.randbytes(api.exports._BATCH))
        return [[1]]

    database.run = run
    body = {"symbol": "AAPL", "from": "2026-01-01T00:00Z", "to": "2026-02-01T00:00Z"}
    status, answer = call("POST", "/exports", database=database, body=body, remaining=lambda: next(left, 2000))
    assert (status, answer["statusCode"]) == (422, 422)
    s3 = boto3.client("s3")
    assert "Contents" not in s3.list_objects_v2(Bucket="exports")
    assert "Uploads" not in s3.list_multipart_uploads(Bucket="exports")


@pytest.mark.slow
def test_d7_a_large_export_is_one_object_made_of_parts(api, aws):
    boto3.client("s3").create_bucket(Bucket="exports")
    file = api.exports.ExportFile(boto3.client("s3"), "exports", "exports/x", in_time=lambda: True)
    chance, hashed, peak = random.Random(1), hashlib.sha256(), 0
    for _ in range(400):
        data = chance.randbytes(api.exports._BATCH - 1) + b"\n"
        hashed.update(data)
        file.write(data)
        peak = max(peak, len(file._waiting))
    file.close()
    found = boto3.client("s3").get_object(Bucket="exports", Key="exports/x")
    body = found["Body"].read()
    assert hashlib.sha256(gzip.decompress(body)).digest() == hashed.digest()
    assert (file.size, peak < api.exports.PART + 2 * api.exports._BATCH) == (len(body), True)
    assert found["ETag"].endswith('-4"')


@pytest.mark.parametrize(
    ("path", "query", "message"),
    [
        ("/bars/AAPL", {}, "interval must be one of 1m, 5m, 15m, 30m, 1h, 1d, session"),
        ("/bars/AAPL", {"interval": "2m"}, "interval must be one of 1m, 5m, 15m, 30m, 1h, 1d, session"),
        ("/bars/AAPL", {"intervall": "1m"}, "Unknown parameter intervall. Did you mean interval?"),
        ("/bars/AAPL", {"interval": "1m", "Limit": "5"}, "Unknown parameter Limit. Did you mean limit?"),
        ("/trades/AAPL", {"colour": "red"}, "Unknown parameter colour. Known: cursor, from, limit, to."),
        ("/latest/AAPL", {"x" * 99: ""}, f"Unknown parameter {'x' * 40}. Known: none."),
        ("/symbols", {"limit": "01001"}, "limit must be a whole number from 1 to 1000"),
        ("/trades/AAPL", {"cursor": "MjAyNi0wMS0zMQ"}, "cursor must be the next_cursor of the page before"),
        ("/analytics/AAPL", {"cursor": "MjAyNi0wMS0zMQ"}, "cursor must be the next_cursor of the page before"),
        ("/analytics/AAPL", {"annualise": "367"}, "annualise must be a whole number from 1 to 366"),
        ("/bars/-1", {"interval": "1m"}, "symbol must be 1 to 32 capital letters"),
        ("/bars/AAPL", {"interval": "1m", "limit": "0"}, "limit must be a whole number from 1 to 1000"),
        ("/bars/AAPL", {"interval": "1m", "limit": "1001"}, "limit must be a whole number from 1 to 1000"),
        ("/bars/AAPL", {"interval": "1m", "limit": "9" * 5000}, "limit must be a whole number from 1 to 1000"),
        ("/bars/AAPL", {"interval": "1m", "limit": "²"}, "limit must be a whole number from 1 to 1000"),
        ("/bars/AAPL", {"interval": "1m", "cursor": "x"}, "cursor must be the next_cursor of the page before"),
        ("/bars/AAPL", {"interval": "1m", "cursor": "é"}, "cursor must be the next_cursor of the page before"),
        ("/analytics/AAPL", {"from": "yesterday"}, "from must be ISO 8601"),
        ("/analytics/AAPL", {"to": "2026-01-31T00:00:00 01:00"}, "(write + as %2B)"),
        ("/analytics/AAPL", {"from": "2026-01-31T00:00:00"}, "from says no time zone"),
        ("/analytics/AAPL", {"from": "2026-01-02T00:00Z", "to": "2026-01-02T00:00Z"}, "from must lie before to"),
        ("/analytics/AAPL", {"from": "2024-01-01T00:00Z", "to": "2026-01-02T00:00Z"}, "not lie more than 366 days"),
        ("/analytics/AAPL", {"to": "1970-01-01T00:00Z"}, None),
    ],
)
def test_c7_a_bad_parameter_is_named(call, path, query, message):
    status, answer = call("GET", path, database=Rows(), query=query)
    if message is None:
        assert (status, answer["message"].startswith("No trade of AAPL")) == (404, True)
    else:
        assert status == 400
        assert message in answer["message"]
        assert answer["statusCode"] == 400


@pytest.mark.parametrize("path", ["/bars/%27%3B%20DROP", "/bars/AAPL%00", "/analytics/../x"])
def test_c7_malformed_symbols_do_not_reach_the_database(call, path):
    database = Rows()
    status, _ = call("GET", path, database=database, query={"interval": "1m"})
    assert status in {400, 404}
    assert database.asked == []


@pytest.mark.parametrize("error", [DatabaseError({"M": "password geheim"}), TimeoutError("geheim")])
def test_c8_an_unavailable_database_is_503_without_the_cause(call, error):
    status, answer = call("GET", "/analytics/AAPL", database=Rows(error=error))
    assert status == 503
    assert "geheim" not in json.dumps(answer)


def test_b3_the_life_of_a_session(call):
    status, session = call("POST", "/sessions", body={"user_id": "anna"})
    assert status == 201
    assert len(session["session_id"]) >= 43
    path = f"/sessions/{session['session_id']}"
    assert call("GET", path) == (200, session)
    assert call("DELETE", path) == (204, None)
    assert call("GET", path)[0] == 404
    assert call("DELETE", path)[0] == 404


def test_b3_a_session_is_visible_only_with_the_key_that_opened_it(call):
    _, session = call("POST", "/sessions", body={"user_id": "anna"}, key="one")
    path = f"/sessions/{session['session_id']}"
    assert call("GET", path, key="two")[0] == 404
    assert call("DELETE", path, key="two")[0] == 404
    assert call("GET", path, key="one")[0] == 200


def authenticated(kind, user):
    """The request context as API Gateway sends it for each kind of authorizer."""
    return {
        "cognito": {"authorizer": {"claims": {"sub": user, "token_use": "id"}}},
        "lambda": {"authorizer": {"principalId": user, "integrationLatency": 3}},
        "iam": {"identity": {"apiKeyId": "id-k", "user": user, "userArn": f"arn:aws:iam::1:user/{user}"}},
    }[kind]


@pytest.mark.parametrize("kind", ["cognito", "lambda", "iam"])
def test_b3_an_authenticated_caller_opens_and_sees_only_sessions_of_its_own(call, kind):
    anna, bert = authenticated(kind, "anna"), authenticated(kind, "bert")
    status, answer = call("POST", "/sessions", body={"user_id": "anna"}, context_of=bert)
    assert (status, answer["message"]) == (403, "The user_id of a session must be your own.")
    status, session = call("POST", "/sessions", body={"user_id": "anna"}, context_of=anna)
    assert (status, session["user_id"]) == (201, "anna")
    path = f"/sessions/{session['session_id']}"
    # The same client, another user.
    assert [call(method, path, context_of=bert)[0] for method in ("GET", "DELETE")] == [404, 404]
    assert call("GET", path, context_of=anna) == (200, session)
    assert call("DELETE", path, context_of=anna)[0] == 204


def test_b3_an_expired_session_is_gone_before_dynamodb_deletes_it(api, call, environment):
    _, session = call("POST", "/sessions", body={"user_id": "anna"})
    later = datetime.now(UTC) + api.logic.SESSION_LENGTH
    environment.setattr(api.handler, "_now", lambda: later)
    assert call("GET", f"/sessions/{session['session_id']}")[0] == 404


@pytest.mark.parametrize(
    "body", [None, [], {}, {"user_id": ""}, {"user_id": 1}, {"user_id": "x" * 129}, {"user_id": "a\n"}]
)
def test_c7_a_malformed_session_is_refused(call, body):
    assert call("POST", "/sessions", body=body)[0] == 400


def test_b6_a_revoked_key_is_refused_at_once(api, call):
    table = boto3.resource("dynamodb").Table("api_keys")
    table.put_item(Item={"key_hash": api.logic.key_hash("k"), "revoked_at": "2026-01-31T00:00:00Z"})
    status, answer = call("POST", "/sessions", body={"user_id": "anna"})
    assert (status, answer["message"]) == (403, "The API key was revoked.")
    assert call("POST", "/sessions", body={"user_id": "anna"}, key="other")[0] == 201


def test_b6_a_request_without_a_key_is_refused(call):
    database = Rows()
    assert call("GET", "/bars/AAPL", database=database, query={"interval": "1m"}, key=None)[0] == 403
    assert database.asked == []


def test_another_path_is_not_found(call):
    assert call("GET", "/nothing")[0] == 404


@pytest.mark.parametrize(("path", "status"), [("/health", 200), ("/nothing", 404), ("/bars/1", 400)])
def test_b7_every_answer_has_a_correlation_id(api, context, path, status):
    answer = api.handler.handler(api_event("GET", path, headers={"x-correlation-id": "client-1"}), context)
    assert (answer["statusCode"], answer["multiValueHeaders"]["x-correlation-id"]) == (status, ["client-1"])
    answer = api.handler.handler(api_event("GET", path), context)
    assert answer["multiValueHeaders"]["x-correlation-id"] == ["r"]
