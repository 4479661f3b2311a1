"""Takes market data in: objects that were put into the raw bucket, or the body of ``POST /market-data``."""

import json
import logging
import os
from functools import lru_cache
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

import boto3
from aws_lambda_powertools import Logger, Metrics
from aws_lambda_powertools.event_handler import APIGatewayRestResolver, Response, content_types
from aws_lambda_powertools.event_handler.exceptions import BadRequestError
from aws_lambda_powertools.metrics import MetricUnit
from aws_lambda_powertools.utilities.batch import BatchProcessor, EventType, process_partial_response
from aws_lambda_powertools.utilities.data_classes.sqs_event import SQSRecord
from aws_lambda_powertools.utilities.typing import LambdaContext

from logic import (
    INCOMING,
    QUARANTINE,
    BadRow,
    Counts,
    Sorter,
    Store,
    identity,
    quarantine_key,
    read_documents,
    read_rows,
)
from market.objects import StoredObject, buffered, created_objects

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

MAX_TRADES = 1000

logger = Logger()
# At DEBUG botocore logs whole answers, passwords and market data included.
logging.getLogger("botocore").setLevel(logging.INFO)
metrics = Metrics()
app = APIGatewayRestResolver()
batch = BatchProcessor(event_type=EventType.SQS)


@lru_cache(maxsize=1)
def s3() -> "S3Client":
    """The client of this execution environment."""
    return boto3.client("s3")


@logger.inject_lambda_context(clear_state=True)
@metrics.log_metrics
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """Lambda calls this with a batch of the queue, or with a request of the API."""
    if "httpMethod" in event:
        metrics.add_metric(name="Requests", unit=MetricUnit.Count, value=1)
        return app.resolve(event, context)
    metrics.add_metric(name="Messages", unit=MetricUnit.Count, value=len(event["Records"]))
    return dict(process_partial_response(event=event, record_handler=take_message, processor=batch, context=context))


def take_message(record: SQSRecord) -> None:
    """Take in the objects that a message of the queue tells of; a failure brings the message back, and nothing else."""
    for found in created_objects(record.body):
        if not found.key.startswith(INCOMING):
            logger.warning("left aside: not below %s", INCOMING, extra={"key": found.key})
            continue
        take_object(found)


def take_object(found: StoredObject) -> None:
    """Read an object as it is now, and write what is in it."""
    answer = s3().get_object(Bucket=found.bucket, Key=found.key)
    # The notification may be older than what lies there by now: the name is that of what is read.
    name = identity(found.bucket, found.key, answer["ETag"])
    sorter = _sorter(name, quarantine_key(found.key, name))
    with buffered(answer["Body"]) as stream:
        counts = sorter.take(read_rows(stream, key=found.key))
    _report(counts, key=found.key)


@app.post("/market-data")
def take_request() -> Response[str]:
    """Take in the trades of a request: accepted with what was rejected, or refused where nothing is good."""
    try:
        body = app.current_event.json_body
    except ValueError:
        raise BadRequestError("The body is not JSON.") from None
    trades = body.get("trades") if isinstance(body, dict) else None
    if not isinstance(trades, list) or not 1 <= len(trades) <= MAX_TRADES:
        raise BadRequestError(f"The body must be an object with 1 to {MAX_TRADES} trades.")
    name = identity("api", json.dumps(trades, sort_keys=True))
    rows = list(read_documents(trades))
    sorter = _sorter(name, f"{QUARANTINE}api/{name}.jsonl")
    counts = sorter.take(iter(rows))
    _report(counts, key="POST /market-data")
    answer = {
        "accepted": counts.accepted,
        # Counted as in the request's list, from 0.
        "rejected": [{"index": row.line - 1, "reason": row.reason} for row in rows if isinstance(row, BadRow)],
    }
    status = HTTPStatus.ACCEPTED if counts.accepted else HTTPStatus.UNPROCESSABLE_ENTITY
    return Response(status_code=status, content_type=content_types.APPLICATION_JSON, body=json.dumps(answer))


def _sorter(name: str, quarantine: str) -> Sorter:
    return Sorter(
        name=name,
        store_trades=_store(os.environ["PROCESSED_BUCKET"]),
        store_bad=_store(os.environ["RAW_BUCKET"]),
        quarantine=quarantine,
    )


def _store(bucket: str) -> Store:
    def store(key: str, data: bytes) -> None:
        s3().put_object(Bucket=bucket, Key=key, Body=data, ContentType="application/x-ndjson")

    return store


def _report(counts: Counts, *, key: str) -> None:
    metrics.add_metric(name="TradesAccepted", unit=MetricUnit.Count, value=counts.accepted)
    metrics.add_metric(name="RowsRejected", unit=MetricUnit.Count, value=counts.rejected)
    logger.info("taken in", extra={"source": key, "accepted": counts.accepted, "rejected": counts.rejected})
