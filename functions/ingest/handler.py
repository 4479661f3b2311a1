"""Ingest market data: objects in the raw bucket, or the body of ``POST /market-data``."""

import json
import logging
import os
import time
from datetime import UTC, datetime
from functools import lru_cache
from http import HTTPStatus
from pathlib import Path
from typing import TYPE_CHECKING, Any

import boto3
from aws_lambda_powertools import Logger, Metrics
from aws_lambda_powertools.event_handler import APIGatewayRestResolver, Response, content_types
from aws_lambda_powertools.event_handler.exceptions import BadRequestError
from aws_lambda_powertools.metrics import MetricUnit
from aws_lambda_powertools.utilities.typing import LambdaContext
from botocore.exceptions import BotoCoreError, ClientError

from logic import (
    FOLDERS,
    QUARANTINE,
    Counts,
    DuplicateKeyError,
    Sorter,
    Store,
    identity,
    parse_json,
    quarantine_key,
    read_documents,
    receipt,
    receipt_key,
)
from market.objects import StoredObject, buffered, created_objects
from market.sources import BadRow, Source, load_sources, read_rows
from market.trades import DAY
from pipeline import (
    METADATA,
    RefusedError,
    answer_headers,
    correlation_id,
    cors_of,
    of_request,
    require_time,
    take_messages,
)

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

MAX_TRADES = 1000
OWN_MAPS = "own_sources"

logger = Logger()
# At DEBUG botocore logs whole answers, passwords and market data included.
logging.getLogger("botocore").setLevel(logging.INFO)
metrics = Metrics()
app = APIGatewayRestResolver(cors=cors_of(os.environ))


@lru_cache(maxsize=1)
def s3() -> "S3Client":
    """Return the client of this execution environment."""
    return boto3.client("s3")


@lru_cache(maxsize=1)
def sources() -> dict[str, Source]:
    """Return the source maps: the platform's, and the live tree's, which ``platformctl build`` packs beside this file."""
    return load_sources(Path(__file__).parent / OWN_MAPS)


@logger.inject_lambda_context(clear_state=True)
@metrics.log_metrics
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """Handle a batch of the queue, or a request of the API."""
    if "httpMethod" in event:
        metrics.add_metric(name="Requests", unit=MetricUnit.Count, value=1)
        correlation = of_request(event)
        logger.set_correlation_id(correlation)
        answer = app.resolve(event, context)
        answer["multiValueHeaders"] |= answer_headers(correlation)
        return answer
    metrics.add_metric(name="Messages", unit=MetricUnit.Count, value=len(event["Records"]))
    return take_messages(event, context, take=lambda body: take_message(body, context), logger=logger)


def take_message(body: str, context: LambdaContext) -> None:
    """Ingest the objects that a message of the queue names.

    Raises:
        RefusedError: of an object nothing, or not all, can be understood; what can is written all the same.

    """
    problems = [problem for found in created_objects(body) if (problem := take_object(found, context))]
    if problems:
        raise RefusedError("; ".join(problems))


def take_object(found: StoredObject, context: LambdaContext) -> str:
    """Read an object and write its contents; returns the problem that makes it unreadable, if there is one."""
    logger.append_keys(key=found.key)
    if not found.key.startswith(FOLDERS):
        logger.warning("left aside: not below %s", " or ".join(FOLDERS))
        return ""
    answer = s3().get_object(Bucket=found.bucket, Key=found.key)
    # The object may be newer than its notification: the name is that of the version that is read.
    name = identity(found.bucket, found.key, answer["ETag"])
    correlation = correlation_id(answer["Metadata"].get(METADATA), name)
    logger.set_correlation_id(correlation)
    sorter = _sorter(name, quarantine_key(found.key, name), correlation)
    with buffered(answer["Body"]) as stream:
        rows = read_rows(
            stream,
            key=found.key,
            sources=sources(),
            latest=_latest(),
            metadata=answer["Metadata"],
            on_piece=lambda: require_time(context),
        )
        try:
            problem = sorter.take(rows).problem
        except RefusedError as error:
            _keep_receipt(found, answer["ETag"], sorter, problem=str(error))
            raise
    _keep_receipt(found, answer["ETag"], sorter, problem=problem)
    _report(sorter.counts)
    if not problem:
        return ""
    metrics.add_metric(name="ObjectsRefused", unit=MetricUnit.Count, value=1)
    return f"{found.key}: {problem}"


def _keep_receipt(found: StoredObject, etag: str, sorter: Sorter, *, problem: str) -> None:
    text = receipt(sorter.counts, name=sorter.name, problem=problem, moment=datetime.now(UTC).isoformat())
    sorter.store_bad(receipt_key(found.key, etag, refused=bool(problem)), text)


@app.exception_handler([ClientError, BotoCoreError])  # type: ignore[untyped-decorator]  # it has no types
def unavailable(error: Exception) -> Response[str]:
    """Answer a failure of AWS; the cause goes to the log, not to the client."""
    logger.error("not available", exc_info=error)
    metrics.add_metric(name="Unavailable", unit=MetricUnit.Count, value=1)
    answer = {
        "statusCode": HTTPStatus.SERVICE_UNAVAILABLE,
        "message": "Not available at the moment. Send the same trades again in some seconds: none counts twice.",
    }
    return _answer(HTTPStatus.SERVICE_UNAVAILABLE, answer)


@app.post("/market-data")
def take_request() -> Response[str]:
    """Ingest the trades of a request: accept it and list the rejected rows, or refuse it if no row is valid."""
    try:
        body = parse_json(app.current_event.decoded_body or "")
    except DuplicateKeyError as error:
        raise BadRequestError(f"In the body {error}.") from None
    except (ValueError, RecursionError):
        raise BadRequestError("The body is not JSON.") from None
    trades = body.get("trades") if isinstance(body, dict) else None
    if not isinstance(trades, list) or not 1 <= len(trades) <= MAX_TRADES:
        raise BadRequestError(f"The body must be an object with 1 to {MAX_TRADES} trades.")
    name = identity("api", json.dumps(trades, sort_keys=True, default=str))
    rows = list(read_documents(trades, latest=_latest()))
    sorter = _sorter(name, f"{QUARANTINE}api/{name}.jsonl", logger.get_correlation_id() or name)
    counts = sorter.take(iter(rows))
    _report(counts)
    answer = {
        "accepted": counts.accepted,
        # As in the list of the request, from 0.
        "rejected": [{"index": row.line - 1, "reason": row.reason} for row in rows if isinstance(row, BadRow)],
    }
    status = HTTPStatus.ACCEPTED if counts.accepted else HTTPStatus.UNPROCESSABLE_ENTITY
    return _answer(status, answer)


def _answer(status: HTTPStatus, document: dict[str, Any]) -> Response[str]:
    return Response(status_code=status, content_type=content_types.APPLICATION_JSON, body=json.dumps(document))


def _latest() -> int:
    """Return the latest timestamp that is accepted: clocks differ, but not by more than a day."""
    return time.time_ns() + DAY


def _sorter(name: str, quarantine: str, correlation: str) -> Sorter:
    return Sorter(
        name=name,
        store_trades=_store(os.environ["PROCESSED_BUCKET"], correlation),
        store_bad=_store(os.environ["RAW_BUCKET"], correlation),
        quarantine=quarantine,
    )


def _store(bucket: str, correlation: str) -> Store:
    def store(key: str, data: bytes) -> None:
        kind = "text/csv" if key.endswith(".csv") else "application/x-ndjson"
        s3().put_object(Bucket=bucket, Key=key, Body=data, ContentType=kind, Metadata={METADATA: correlation})

    return store


def _report(counts: Counts) -> None:
    metrics.add_metric(name="TradesAccepted", unit=MetricUnit.Count, value=counts.accepted)
    metrics.add_metric(name="RowsRejected", unit=MetricUnit.Count, value=counts.rejected)
    metrics.add_metric(name="RowsSkipped", unit=MetricUnit.Count, value=counts.skipped)
    metrics.add_metric(name="RowsNotKept", unit=MetricUnit.Count, value=counts.left_out)
    extra = {
        "accepted": counts.accepted,
        "rejected": counts.rejected,
        "skipped": counts.skipped,
        "not_kept": counts.left_out,
    }
    logger.info("taken in", extra=extra)
