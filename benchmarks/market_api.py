"""Measure the API: a page and an export at the handler, and how long a trade takes from its arrival to the bar in the API.

    .venv/bin/python benchmarks/market_api.py handler
    .venv/bin/python benchmarks/market_api.py latency --suffix pr42

``handler`` calls the function's own code, with a real PostgreSQL that holds a year of minutes of one symbol; DynamoDB and S3 are moto's, in this process. ``latency`` sends
trades to a deployment that is up on the local cloud and asks its API for each of some of them, by a symbol of its own, until the price is there.
"""

import argparse
import json
import os
import random
import statistics
import sys
import time
import urllib.request
import warnings
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from resource import RUSAGE_SELF, getrusage
from types import SimpleNamespace
from typing import Any
from urllib.error import HTTPError

from market_data import FUNCTIONS, _database, server

DAYS = 365
FIRST = "2025-01-01T00:00:00Z"
PAGES = 200
INTERVALS = ("1m", "5m", "15m")
"""The first is stored, the others are composed of it."""
# Bars as analytics stores them, of a price that wanders; the keys hold the places of the first and the last trade.
FILL = f"""
    INSERT INTO bars (symbol, "interval", start, high, low, volume, value, trades, open_key, close_key)
    SELECT 'BTC-USD', '1m', to_timestamp(moment), price + 11.25, price - 9.5, 1.75 * (1 + number % 7), price * 1.75 * (1 + number % 7), 1 + number % 50,
      '0' || place || price - 1.5, '1' || place || price + 2.25
    FROM (
      SELECT number, moment, round(CAST(95000 + 5000 * sin(number / 7000.0) + 40 * sin(number / 11.0) AS numeric), 2) AS price,
        trade_order(CAST(moment AS bigint) * 1000000000, number, CAST(number AS text), 'XCRY', DATE '2025-01-01') || '|' AS place
      FROM (
        SELECT number, extract(epoch FROM TIMESTAMPTZ '{FIRST}') + number * 60 AS moment FROM generate_series(0, {DAYS * 1440 - 1}) AS number
      ) AS minutes
    ) AS prices
"""
ENVIRONMENT = {
    "API_KEYS_TABLE": "api-keys",
    "AWS_ACCESS_KEY_ID": "testing",
    "AWS_DEFAULT_REGION": "us-east-1",
    "AWS_SECRET_ACCESS_KEY": "testing",
    "EXPORTS_BUCKET": "exports",
    "POWERTOOLS_METRICS_DISABLED": "true",
    "POWERTOOLS_METRICS_NAMESPACE": "benchmark",
    "POWERTOOLS_SERVICE_NAME": "benchmark",
    "POWERTOOLS_TRACE_DISABLED": "true",
    "SESSIONS_TABLE": "sessions",
}
RATES = (1, 10, 50)
SECONDS = 30
SAMPLES_PER_SECOND = 2
PATIENCE = 60.0
POLL = 0.02


def main() -> int:
    """Run one of the measurements."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("handler", help="a page of 1,000 bars, and a year of minutes as a file")
    latency_parser = commands.add_parser("latency", help="from POST and from upload to the bar")
    latency_parser.add_argument("--suffix", required=True, help="of a deployment on the local cloud")
    latency_parser.add_argument("--rates", type=int, nargs="+", default=RATES, help="posts per second")
    latency_parser.add_argument("--seconds", type=int, default=SECONDS, help="for each rate")
    options = parser.parse_args()
    if options.command == "handler":
        measure_handler()
    else:
        measure_latency(options.suffix, options.rates, options.seconds)
    return 0


def measure_handler() -> None:
    """Print the durations of pages and exports."""
    sys.path[:0] = [str(FUNCTIONS / "api"), str(FUNCTIONS)]
    import tempfile  # noqa: PLC0415 - of this measurement only
    from pathlib import Path  # noqa: PLC0415

    with (
        tempfile.TemporaryDirectory(prefix="platformctl-market-api-") as folder,
        server(Path(folder) / "postgresql") as socket,
    ):
        owner = _database(socket, "postgres")
        with owner.transaction() as session:
            session.run(FILL)
        with owner.transaction() as session:
            session.run("ANALYZE bars")
        owner.close()
        with handler(socket) as call:
            for interval in INTERVALS:
                measure_pages(call, interval)
            for kind in ("csv", "jsonl"):
                began, before = time.perf_counter(), getrusage(RUSAGE_SELF).ru_maxrss
                body = {
                    "symbol": "BTC-USD",
                    "interval": "1m",
                    "from": FIRST,
                    "to": "2026-01-01T00:00:00Z",
                    "format": kind,
                }
                answer = call("POST", "/exports", body=body)
                found, seconds = json.loads(answer["body"]), time.perf_counter() - began
                grown = (getrusage(RUSAGE_SELF).ru_maxrss - before) / 1024
                print(
                    f"{kind}: {found['rows']:,} minutes in {seconds:.1f} s, {found['bytes'] / 2**20:.1f} MiB; the process grew by {grown:.0f} MiB"
                )


def measure_pages(call: Callable[..., dict[str, Any]], interval: str) -> None:
    """Print how long the pages of a year of bars take, one after the other."""
    durations, size, used = [], 0, time.process_time()
    query = {"interval": interval, "from": FIRST, "to": "2026-01-01T00:00:00Z", "limit": "1000"}
    while "cursor" not in query or (query["cursor"] and len(durations) < PAGES):
        began = time.perf_counter()
        answer = call("GET", "/bars/{symbol}", query=query)
        durations.append((time.perf_counter() - began) * 1000)
        size = max(size, len(answer["body"]))
        query["cursor"] = json.loads(answer["body"])["next_cursor"]
    print(
        f"page of 1,000 bars of {interval} ({size / 1024:.0f} KiB), {len(durations)} pages: {spread(durations)} ms, processor {(time.process_time() - used) * 1000 / len(durations):.1f} ms"
    )


@contextmanager
def handler(socket: str) -> Iterator[Callable[..., dict[str, Any]]]:
    """Load the function ``api``; gives a function that sends it a request."""
    os.environ.update(ENVIRONMENT)
    warnings.simplefilter("ignore")
    import boto3  # noqa: PLC0415
    from moto import mock_aws  # noqa: PLC0415

    with mock_aws():
        for table, key in (("api-keys", "key_hash"), ("sessions", "session_id")):
            boto3.client("dynamodb").create_table(
                TableName=table,
                BillingMode="PAY_PER_REQUEST",
                AttributeDefinitions=[{"AttributeName": key, "AttributeType": "S"}],
                KeySchema=[{"AttributeName": key, "KeyType": "HASH"}],
            )
        boto3.client("s3").create_bucket(Bucket="exports")
        import handler as module  # noqa: PLC0415

        reader = _database(socket, "api_reader")
        module.database = lambda: reader
        context = SimpleNamespace(
            function_name="api", memory_limit_in_mb=256, invoked_function_arn="arn", aws_request_id="r",
            get_remaining_time_in_millis=lambda: 29_000,
        )  # fmt: skip

        def call(
            method: str, resource: str, *, query: dict[str, str] | None = None, body: object = None
        ) -> dict[str, Any]:
            event = {
                "httpMethod": method, "resource": resource, "path": resource.format(symbol="BTC-USD"),
                "headers": {"x-api-key": "k"}, "multiValueHeaders": {}, "pathParameters": {"symbol": "BTC-USD"},
                "queryStringParameters": query, "multiValueQueryStringParameters": {n: [v] for n, v in (query or {}).items()},
                "requestContext": {"identity": {"apiKeyId": "desk"}, "requestId": "r", "stage": "v1"},
                "body": json.dumps(body) if body else None, "isBase64Encoded": False,
            }  # fmt: skip
            answer: dict[str, Any] = module.handler(event, context)
            assert answer["statusCode"] in {200, 201}, answer
            return answer

        yield call
        reader.close()


def measure_latency(suffix: str, rates: list[int], seconds: int) -> None:
    """Print the time from arrival to the bar, for posts and for uploads, at each rate of posts."""
    from orchestrator.cli.wiring import wire  # noqa: PLC0415 - takes a second to load
    from orchestrator.commands import DeploymentRequest, Unattended, outputs  # noqa: PLC0415
    from orchestrator.platform.highlights import reachable  # noqa: PLC0415

    deployed = outputs(DeploymentRequest(suffix=suffix), wire(), Unattended(), show_sensitive=True)
    units = reachable(deployed.units, deployed.deployment.account.endpoint)
    keys = units["apigw"]["api_keys"]
    api = Api(units["apigw"]["api_url"], keys[min(keys)])
    s3, bucket = deployed.deployment.account.client("s3"), units["s3"]["bucket_names"]["raw-data"]
    run = f"{random.SystemRandom().randrange(36**4):X}"

    def upload(symbol: str) -> None:
        row = f"trade_id,symbol,timestamp,price,size\n1,{symbol},2026-01-30T14:30:00Z,101.5,3\n"
        s3.put_object(Bucket=bucket, Key=f"incoming/latency/{symbol}.csv", Body=row.encode())

    print(f"{'posts/s':>8} {'way':<8}{'samples':>8}{'median s':>10}{'99% s':>8}{'sent/s':>8}")
    # The first call of each function loads its code.
    api.seconds_until_known(api.post, f"W{run}")
    for rate in rates:
        for way, send in (("POST", api.post), ("upload", upload)):
            found, sent = under_load(api, send, rate=rate, seconds=seconds, name=f"{way[0].upper()}{rate}X{run}")
            late = sum(value >= PATIENCE for value in found)
            text = f"{statistics.median(found):>10.2f}{percentile(found, 99):>8.2f}{sent:>8.1f}"
            print(
                f"{rate:>8} {way:<8}{len(found):>8}{text}"
                + (f"  {late} not there after {PATIENCE:.0f} s" if late else ""),
                flush=True,
            )


def under_load(
    api: "Api", send: Callable[[str], None], *, rate: int, seconds: int, name: str
) -> tuple[list[float], float]:
    """Post at a rate, and measure some of the arrivals; returns their seconds, and the posts that were answered per second."""
    samples: list[Future[float]] = []
    with ThreadPoolExecutor(max_workers=64) as posting, ThreadPoolExecutor(max_workers=32) as watching:
        began, posts = time.monotonic(), []
        for number in range(rate * seconds):
            time.sleep(max(0.0, began + number / rate - time.monotonic()))
            if number % max(1, rate // SAMPLES_PER_SECOND) == 0:
                samples.append(watching.submit(api.seconds_until_known, send, f"{name}N{number}"))
            else:
                posts.append(posting.submit(api.post, f"LOAD{number % 20}", number))
        for post in posts:
            post.result()
        sent = rate * seconds / (time.monotonic() - began)
        return [sample.result() for sample in samples], sent


class Api:
    """Calls the deployed API."""

    def __init__(self, url: str, key: str) -> None:
        self._url, self._key = url, key
        self._opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))

    def post(self, symbol: str, number: int = 1) -> None:
        """Send one trade."""
        trade = {
            "trade_id": str(number),
            "symbol": symbol,
            "timestamp": "2026-01-30T14:30:00Z",
            "price": "101.5",
            "size": 3,
        }
        self._call("/market-data", json.dumps({"trades": [trade]}).encode())

    def seconds_until_known(self, send: Callable[[str], None], symbol: str) -> float:
        """Send a trade of a new symbol, and wait until the API has its price."""
        began = time.monotonic()
        send(symbol)
        while time.monotonic() - began < PATIENCE:
            try:
                self._call(f"/latest/{symbol}")
            except HTTPError as error:
                error.close()
                if error.code != 404:  # noqa: PLR2004 - Not Found: not there yet
                    raise
                time.sleep(POLL)
            else:
                return time.monotonic() - began
        return PATIENCE

    def _call(self, path: str, body: bytes | None = None) -> None:
        request = urllib.request.Request(
            self._url + path, body, {"x-api-key": self._key, "content-type": "application/json"}
        )
        with self._opener.open(request, timeout=PATIENCE) as answer:
            answer.read()


def spread(values: list[float]) -> str:
    """Format the median and the 99th percentile."""
    return f"median {statistics.median(values):.1f}, 99% {percentile(values, 99):.1f}"


def percentile(values: list[float], part: int) -> float:
    """Return the value below which that part of the values lies, in hundredths."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, len(ordered) * part // 100)]


if __name__ == "__main__":
    sys.exit(main())
