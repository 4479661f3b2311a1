"""The REST API for clients: market data out, and sessions. API Gateway has already checked the API key and its limits."""

import json
import logging
import os
import re
import secrets
from collections.abc import Callable
from datetime import UTC, datetime
from functools import lru_cache
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import quote, unquote

import boto3
from aws_lambda_powertools import Logger, Metrics
from aws_lambda_powertools.event_handler import APIGatewayRestResolver, Response, content_types
from aws_lambda_powertools.event_handler.exceptions import ForbiddenError, NotFoundError
from aws_lambda_powertools.metrics import MetricUnit
from aws_lambda_powertools.utilities.typing import LambdaContext
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from caching import cache_control, entity_tag, is_current
from database import Database, DatabaseAddress, DatabaseError, Session, iam_token
from exports import ExportFile, ExportTooLongError
from logic import (
    LINK_LENGTH,
    ForeignUserError,
    analytics_answer,
    bars_page,
    caller_of,
    export_answer,
    file_name,
    is_visible,
    key_hash,
    latest_answer,
    new_session,
    session_answer,
    symbols_page,
    trades_page,
)
from parameters import (
    BadParameterError,
    read_analytics_query,
    read_bars_query,
    read_export,
    read_page,
    read_parameters,
    read_symbol,
    read_trades_query,
)
from pipeline import answer_headers, cors_of, of_request
from store import (
    is_known,
    read_bars,
    read_last_price,
    read_summary,
    read_symbols,
    read_trades,
    read_volatility,
    write_export,
)

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.service_resource import DynamoDBServiceResource
    from mypy_boto3_rds import RDSClient
    from mypy_boto3_s3 import S3Client

TIMEOUT = 20
SESSION_ID_BYTES = 32
READ = ["GET", "HEAD"]
Row = TypeVar("Row")
TO_END = 3000
"""Milliseconds that are reserved for what follows the last row of a file."""
_PARAMETER = re.compile(r"\{(\w+)\}")

logger = Logger()
# At DEBUG botocore logs whole answers, passwords and market data included.
logging.getLogger("botocore").setLevel(logging.INFO)
metrics = Metrics()
app = APIGatewayRestResolver(cors=cors_of(os.environ))


@lru_cache(maxsize=1)
def dynamodb() -> "DynamoDBServiceResource":
    """Return the DynamoDB resource of this execution environment."""
    return boto3.resource("dynamodb")


@lru_cache(maxsize=1)
def s3() -> "S3Client":
    """Return the client of this execution environment; S3 serves objects under a KMS key to links of version 4 only."""
    return boto3.client("s3", config=Config(signature_version="s3v4"))


@lru_cache(maxsize=1)
def database() -> Database:
    """Return the connection of this execution environment: to a reader, to relieve the writer."""
    host = os.environ.get("DATABASE_READER_HOST") or os.environ["DATABASE_HOST"]
    address = DatabaseAddress.of_environment(os.environ, user=os.environ["DATABASE_USER"], host=host)
    rds: RDSClient = boto3.client("rds")
    return Database(address, lambda: iam_token(rds, address), application=logger.service, timeout=TIMEOUT)


@logger.inject_lambda_context(clear_state=True)
@metrics.log_metrics
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """Handle a request from API Gateway."""
    metrics.add_metric(name="Requests", unit=MetricUnit.Count, value=1)
    correlation = of_request(event)
    logger.set_correlation_id(correlation)
    answer = app.resolve(_routable(event), context)
    answer["multiValueHeaders"] = answer_headers(correlation) | answer["multiValueHeaders"]
    return answer


def _routable(event: dict[str, Any]) -> dict[str, Any]:
    """Return the event with a path that has as many parts as its route: a parameter may hold a slash (``EUR/USD``), which API Gateway may have decoded."""
    given = event.get("pathParameters") or {}
    path = _PARAMETER.sub(lambda name: quote(unquote(given[name[1]]), safe=""), event["resource"])
    return {**event, "path": path}


@app.exception_handler(BadParameterError)  # type: ignore[untyped-decorator]  # it has no types
def bad_parameter(error: BadParameterError) -> Response[str]:
    """Answer a bad request."""
    return _answer(HTTPStatus.BAD_REQUEST, {"statusCode": HTTPStatus.BAD_REQUEST, "message": str(error)})


@app.exception_handler([DatabaseError, OSError, ClientError, BotoCoreError])  # type: ignore[untyped-decorator]
def unavailable(error: Exception) -> Response[str]:
    """Answer a failure of the database or of AWS; the cause goes to the log, not to the client."""
    logger.error("not available", exc_info=error)
    metrics.add_metric(name="Unavailable", unit=MetricUnit.Count, value=1)
    message = "Not available at the moment. Try again in some seconds."
    return _answer(HTTPStatus.SERVICE_UNAVAILABLE, {"statusCode": HTTPStatus.SERVICE_UNAVAILABLE, "message": message})


@app.exception_handler(ExportTooLongError)  # type: ignore[untyped-decorator]
def too_long(_: ExportTooLongError) -> Response[str]:
    """Answer a request for a file that cannot be written in time."""
    status = HTTPStatus.UNPROCESSABLE_ENTITY
    message = "The file takes longer than a request may. Ask for shorter spans."
    return _answer(status, {"statusCode": status, "message": message})


@app.route("/health", READ)
def health() -> Response[str]:
    """Answer without the database: a query would wake it up when it is paused."""
    _parameters()
    return _answer(HTTPStatus.OK, {"status": "ok"})


@app.route("/symbols", READ)
def symbols() -> Response[str]:
    """Return a page of the symbols that have bars."""
    _client()
    page = read_page(_parameters("cursor", "limit"))
    with database().transaction() as session:
        found = read_symbols(session, page)
    return _cacheable(symbols_page(page, found), settled=False)


@app.route("/bars/<symbol>", READ)
def bars(symbol: str) -> Response[str]:
    """Return a page of bars."""
    _client()
    now = _now()
    query = read_bars_query(unquote(symbol), _parameters("cursor", "from", "interval", "limit", "to"), now, _zone())
    found = _read(query.symbol, lambda session: read_bars(session, query, now))
    answer, settled = bars_page(query, found, now)
    return _cacheable(answer, settled=settled)


@app.route("/latest/<symbol>", READ)
def latest(symbol: str) -> Response[str]:
    """Return the latest price, with the bars of its minute and day."""
    _client()
    _parameters()
    name = read_symbol(unquote(symbol))
    with database().transaction() as session:
        found = read_last_price(session, name, _now())
        if found is None:
            _check_known(session, name)
            raise NotFoundError(f"No trade of {name} has set a price.")
    return _cacheable(latest_answer(name, *found), settled=False)


@app.route("/trades/<symbol>", READ)
def trades(symbol: str) -> Response[str]:
    """Return a page of trades."""
    _client()
    query = read_trades_query(unquote(symbol), _parameters("cursor", "from", "limit", "to"), _now())
    found = _read(query.symbol, lambda session: read_trades(session, query))
    return _cacheable(trades_page(query, found), settled=False)


@app.route("/analytics/<symbol>", READ)
def analytics(symbol: str) -> Response[str]:
    """Return the figures of a span: volume, average price, extremes, and a page of its volatilities."""
    _client()
    parameters = _parameters("annualise", "cursor", "from", "limit", "to")
    query = read_analytics_query(unquote(symbol), parameters, _now())
    with database().transaction() as session:
        summary = read_summary(session, query.symbol, query.span)
        volatility = read_volatility(session, query.symbol, query.span, query.page)
        if not summary.trades:
            _check_known(session, query.symbol)
    return _cacheable(analytics_answer(query, summary, volatility), settled=False)


@app.post("/exports")
def export() -> Response[str]:
    """Write a span of bars or trades to a file, and return a link to it."""
    owner, now = _client(), _now()
    wanted = read_export(_body(), now, _zone())
    key = f"exports/{owner}/{app.current_event.request_context.request_id}.{wanted.format}.gz"
    remaining = app.lambda_context.get_remaining_time_in_millis
    file = ExportFile(s3(), os.environ["EXPORTS_BUCKET"], key, in_time=lambda: remaining() > TO_END)
    try:
        with database().transaction() as session:
            _check_known(session, wanted.symbol)
            write_export(session, wanted, file, now)
        file.close()
    except BaseException:
        file.abort()
        raise
    place = {"Bucket": os.environ["EXPORTS_BUCKET"], "Key": key}
    name = {"ResponseContentDisposition": f'attachment; filename="{file_name(wanted)}"'}
    url = s3().generate_presigned_url("get_object", place | name, ExpiresIn=int(LINK_LENGTH.total_seconds()))
    return _answer(HTTPStatus.CREATED, export_answer(wanted, url=url, lines=file.lines, size=file.size, now=now))


@app.post("/sessions")
def open_session() -> Response[str]:
    """Open a session for one of the client's users."""
    owner = _client()
    try:
        item = new_session(
            _body(), session_id=secrets.token_urlsafe(SESSION_ID_BYTES), owner=owner, now=_now(), caller=_caller()
        )
    except ForeignUserError:
        raise ForbiddenError("The user_id of a session must be your own.") from None
    _sessions().put_item(Item=item, ConditionExpression="attribute_not_exists(session_id)")
    return _answer(HTTPStatus.CREATED, session_answer(item))


@app.route("/sessions/<session_id>", READ)
def show_session(session_id: str) -> Response[str]:
    """Return a session of the client."""
    _parameters()
    return _answer(HTTPStatus.OK, session_answer(_session(session_id)))


@app.delete("/sessions/<session_id>")
def close_session(session_id: str) -> Response[str]:
    """End a session of the client."""
    _parameters()
    _session(session_id)
    _sessions().delete_item(Key={"session_id": session_id})
    return Response(status_code=HTTPStatus.NO_CONTENT)


def _session(session_id: str) -> dict[str, Any]:
    owner = _client()
    item: dict[str, Any] | None = _sessions().get_item(Key={"session_id": session_id}, ConsistentRead=True).get("Item")
    if item is None or not is_visible(item, owner=owner, now=_now(), caller=_caller()):
        # Another client's or user's session: the answer must not reveal that it exists.
        raise NotFoundError("There is no such session.")
    return item


def _client() -> str:
    """Return the id of the request's API key.

    Raises:
        ForbiddenError: the key was revoked. API Gateway takes minutes to notice a disabled key; the table is up to date.

    """
    key = next((v for k, v in app.current_event.headers.items() if k.lower() == "x-api-key"), None)
    identity = app.current_event.request_context.identity.api_key_id
    if not key or not identity:
        raise ForbiddenError("An API key is needed.")
    table = dynamodb().Table(os.environ["API_KEYS_TABLE"])
    known = table.get_item(Key={"key_hash": key_hash(key)}, ConsistentRead=True).get("Item")
    if known is not None and known.get("revoked_at"):
        raise ForbiddenError("The API key was revoked.")
    return identity


def _caller() -> str | None:
    return caller_of(app.current_event.raw_event["requestContext"])


def _read(symbol: str, query: Callable[[Session], list[Row]]) -> list[Row]:
    """Return the rows of a query about a symbol.

    Raises:
        NotFoundError: there are none, because the symbol is unknown.

    """
    with database().transaction() as session:
        found = query(session)
        if not found:
            _check_known(session, symbol)
    return found


def _check_known(session: Session, symbol: str) -> None:
    if not is_known(session, symbol):
        raise NotFoundError(f"No trade of {symbol} has come in. GET /symbols lists the symbols.")


def _sessions() -> Any:
    return dynamodb().Table(os.environ["SESSIONS_TABLE"])


def _parameters(*known: str) -> dict[str, str]:
    return read_parameters(app.current_event.get("multiValueQueryStringParameters") or {}, known)


def _body() -> Any:
    try:
        return app.current_event.json_body
    except (ValueError, RecursionError):
        raise BadParameterError("The body is not JSON.") from None


def _zone() -> str:
    return os.environ.get("SESSION_ZONE", "")


def _now() -> datetime:
    return datetime.now(UTC)


def _cacheable(document: dict[str, Any], *, settled: bool) -> Response[str]:
    """Return an answer that the client may keep, or 304 if it has it already."""
    body = json.dumps(document)
    tag = entity_tag(body)
    headers: dict[str, str | list[str]] = {
        "Cache-Control": cache_control(settled=settled),
        "ETag": tag,
        "Vary": "Accept-Encoding, Origin",
    }
    condition = next((v for k, v in app.current_event.headers.items() if k.lower() == "if-none-match"), "")
    if is_current(tag, condition):
        return Response(status_code=HTTPStatus.NOT_MODIFIED, headers=headers)
    return Response(status_code=HTTPStatus.OK, content_type=content_types.APPLICATION_JSON, body=body, headers=headers)


def _answer(status: HTTPStatus, document: dict[str, Any]) -> Response[str]:
    return Response(status_code=status, content_type=content_types.APPLICATION_JSON, body=json.dumps(document))
