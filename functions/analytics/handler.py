"""Compute bars and volatility from the trades that ingest wrote."""

import logging
import os
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import boto3
from aws_lambda_powertools import Logger, Metrics
from aws_lambda_powertools.metrics import MetricUnit
from aws_lambda_powertools.utilities.typing import LambdaContext

from database import Database, DatabaseAddress, iam_token
from logic import read_trades, update
from market.objects import StoredObject, buffered, created_objects
from pipeline import METADATA, correlation_id, in_time, take_messages
from store import PostgresStore

if TYPE_CHECKING:
    from mypy_boto3_rds import RDSClient
    from mypy_boto3_s3 import S3Client

TIMEOUT = 60

logger = Logger()
# At DEBUG botocore logs whole answers, passwords and market data included.
logging.getLogger("botocore").setLevel(logging.INFO)
metrics = Metrics()


@lru_cache(maxsize=1)
def s3() -> "S3Client":
    """Return the client of this execution environment."""
    return boto3.client("s3")


@lru_cache(maxsize=1)
def database() -> Database:
    """Return the connection of this execution environment."""
    address = DatabaseAddress.of_environment(os.environ, user=os.environ["DATABASE_USER"])
    rds: RDSClient = boto3.client("rds")
    return Database(address, lambda: iam_token(rds, address), application=logger.service, timeout=TIMEOUT)


@logger.inject_lambda_context(clear_state=True)
@metrics.log_metrics
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """Handle a batch of the queue."""
    metrics.add_metric(name="Messages", unit=MetricUnit.Count, value=len(event["Records"]))
    return take_messages(event, context, take=lambda body: take_message(body, context), logger=logger)


def take_message(body: str, context: LambdaContext) -> None:
    """Process the objects that a message names."""
    for found in created_objects(body):
        take_object(found, context)


def take_object(found: StoredObject, context: LambdaContext) -> None:
    """Add the trades of an object, one idempotent transaction per batch."""
    logger.append_keys(key=found.key)
    answer = s3().get_object(Bucket=found.bucket, Key=found.key)
    logger.set_correlation_id(correlation_id(answer["Metadata"].get(METADATA), answer["ETag"].strip('"')))
    trades = bars = 0
    with buffered(answer["Body"]) as stream:
        for part in in_time(read_trades(stream), context):
            with database().transaction() as session:
                bars += update(PostgresStore(session), part)
            trades += len(part)
    metrics.add_metric(name="TradesProcessed", unit=MetricUnit.Count, value=trades)
    metrics.add_metric(name="BarsWritten", unit=MetricUnit.Count, value=bars)
    logger.info("worked out", extra={"trades": trades, "bars": bars})
