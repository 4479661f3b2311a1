"""The REST API for clients: bars, analytics and sessions. API Gateway has already checked the API key and its limits."""

import json
import logging
import os
import secrets
from datetime import UTC, datetime
from functools import lru_cache
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

import boto3
from aws_lambda_powertools import Logger, Metrics
from aws_lambda_powertools.event_handler import APIGatewayRestResolver, Response, content_types
from aws_lambda_powertools.event_handler.exceptions import ForbiddenError, NotFoundError
from aws_lambda_powertools.metrics import MetricUnit
from aws_lambda_powertools.utilities.typing import LambdaContext
from botocore.exceptions import BotoCoreError, ClientError

from database import Database, DatabaseAddress, DatabaseError, iam_token
from logic import (
    BadParameterError,
    ForeignUserError,
    analytics_answer,
    bars_page,
    caller_of,
    is_visible,
    key_hash,
    new_session,
    read_bars_query,
    read_span,
    read_symbol,
    session_answer,
)
from pipeline import answer_headers, of_request
from store import read_bars, read_summary, read_volatility

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.service_resource import DynamoDBServiceResource
    from mypy_boto3_rds import RDSClient

TIMEOUT = 20
SESSION_ID_BYTES = 32

logger = Logger()
# At DEBUG botocore logs whole answers, passwords and market data included.
logging.getLogger("botocore").setLevel(logging.INFO)
metrics = Metrics()
app = APIGatewayRestResolver()


@lru_cache(maxsize=1)
def dynamodb() -> "DynamoDBServiceResource":
    """Return the DynamoDB resource of this execution environment."""
    return boto3.resource("dynamodb")


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
    answer = app.resolve(event, context)
    answer["multiValueHeaders"] |= answer_headers(correlation)
    return answer


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


@app.get("/health")
def health() -> Response[str]:
    """Answer without the database: a query would wake it up when it is paused."""
    return _answer(HTTPStatus.OK, {"status": "ok"})


@app.get("/bars/<symbol>")
def bars(symbol: str) -> Response[str]:
    """Return a page of bars."""
    _client()
    query = read_bars_query(symbol, _parameters(), _now())
    with database().transaction() as session:
        found = read_bars(session, query)
    return _answer(HTTPStatus.OK, bars_page(query, found))


@app.get("/analytics/<symbol>")
def analytics(symbol: str) -> Response[str]:
    """Return the figures of a span: volume, average price, extremes, volatility."""
    _client()
    name, span = read_symbol(symbol), read_span(_parameters(), _now())
    with database().transaction() as session:
        summary = read_summary(session, name, span)
        volatility = read_volatility(session, name, span)
    return _answer(HTTPStatus.OK, analytics_answer(name, span, summary, volatility))


@app.post("/sessions")
def open_session() -> Response[str]:
    """Open a session for one of the client's users."""
    owner = _client()
    try:
        body = app.current_event.json_body
    except ValueError:
        raise BadParameterError("The body is not JSON.") from None
    try:
        item = new_session(
            body, session_id=secrets.token_urlsafe(SESSION_ID_BYTES), owner=owner, now=_now(), caller=_caller()
        )
    except ForeignUserError:
        raise ForbiddenError("The user_id of a session must be your own.") from None
    _sessions().put_item(Item=item, ConditionExpression="attribute_not_exists(session_id)")
    return _answer(HTTPStatus.CREATED, session_answer(item))


@app.get("/sessions/<session_id>")
def show_session(session_id: str) -> Response[str]:
    """Return a session of the client."""
    return _answer(HTTPStatus.OK, session_answer(_session(session_id)))


@app.delete("/sessions/<session_id>")
def close_session(session_id: str) -> Response[str]:
    """End a session of the client."""
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


def _sessions() -> Any:
    return dynamodb().Table(os.environ["SESSIONS_TABLE"])


def _parameters() -> dict[str, str]:
    return dict(app.current_event.query_string_parameters or {})


def _now() -> datetime:
    return datetime.now(UTC)


def _answer(status: HTTPStatus, document: dict[str, Any]) -> Response[str]:
    return Response(status_code=status, content_type=content_types.APPLICATION_JSON, body=json.dumps(document))
