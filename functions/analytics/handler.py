"""Compute bars and volatilities from the messages that ingest wrote; make and drop the partitions of trades on a schedule."""

import hashlib
import logging
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import boto3
from aws_lambda_powertools import Logger, Metrics
from aws_lambda_powertools.metrics import MetricUnit
from aws_lambda_powertools.utilities.typing import LambdaContext

from database import Database, DatabaseAddress, Session, iam_token
from logic import Arrival, kept_lines, read_lines
from market.objects import Readable, StoredObject, buffered, created_objects
from pipeline import METADATA, OutOfTimeError, RefusedError, correlation_id, in_time, take_messages
from store import PostgresStore, TooManyDaysError, keep_partitions

if TYPE_CHECKING:
    from mypy_boto3_rds import RDSClient
    from mypy_boto3_s3 import S3Client

TIMEOUT = 60
TOGETHER = 32 * 1024 * 1024
"""Objects go into one transaction until they have this many bytes."""
CONFLICTS = "conflicts/"
DAYS_AHEAD = 3

logger = Logger()
# At DEBUG botocore logs whole answers, passwords and market data included.
logging.getLogger("botocore").setLevel(logging.INFO)
metrics = Metrics()


@dataclass(frozen=True, slots=True, kw_only=True)
class Opened:
    """An object whose contents are being read."""

    key: str
    size: int
    body: Readable
    correlation: str


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
    """Handle a batch of the queue, or keep the partitions when the schedule invokes the function."""
    if "Records" not in event:
        with database().transaction() as session:
            return keep(session)
    metrics.add_metric(name="Messages", unit=MetricUnit.Count, value=len(event["Records"]))
    if len(event["Records"]) > 1:
        try:
            take_objects([found for record in event["Records"] for found in created_objects(record["body"])], context)
        except OutOfTimeError:
            raise
        except Exception as error:  # noqa: BLE001 - each message is tried alone, and its failure logged with its cause
            logger.warning("not together: %s", type(error).__name__)
        else:
            return {"batchItemFailures": []}
    return take_messages(event, context, take=lambda body: take_objects(created_objects(body), context), logger=logger)


def keep(session: Session) -> dict[str, int]:
    """Make the partitions of the next days, and drop those after the retention."""
    today = datetime.now(UTC).date()
    days = [today + timedelta(days=number) for number in range(DAYS_AHEAD + 1)]
    made, dropped = keep_partitions(session, days, retention_days=int(os.environ["TRADE_RETENTION_DAYS"]))
    metrics.add_metric(name="PartitionsMade", unit=MetricUnit.Count, value=made)
    metrics.add_metric(name="PartitionsDropped", unit=MetricUnit.Count, value=dropped)
    logger.info("kept partitions", extra={"made": made, "dropped": dropped})
    return {"made": made, "dropped": dropped}


def take_objects(found: Sequence[StoredObject], context: LambdaContext) -> None:
    """Add the messages of objects, one idempotent transaction for as many as fit together."""
    group: list[Opened] = []
    for one in found:
        opened = _open(one)
        if group and sum(other.size for other in (*group, opened)) > TOGETHER:
            _add(group, context)
            group = []
        group.append(opened)
    if group:
        _add(group, context)


def _open(found: StoredObject) -> Opened:
    logger.append_keys(key=found.key)
    answer = s3().get_object(Bucket=found.bucket, Key=found.key)
    correlation = correlation_id(answer["Metadata"].get(METADATA), answer["ETag"].strip('"'))
    logger.set_correlation_id(correlation)
    return Opened(key=found.key, size=answer["ContentLength"], body=answer["Body"], correlation=correlation)


def _add(group: Sequence[Opened], context: LambdaContext) -> None:
    def lines() -> Iterator[bytes]:
        for opened in group:
            with buffered(opened.body) as stream:
                yield from in_time(read_lines(opened.key, stream), context)

    try:
        with database().transaction() as session:
            arrival = PostgresStore(session).add(lines(), zone=os.environ.get("SESSION_ZONE", ""))
            if arrival.kept:
                # Before the commit: afterwards, another attempt would find nothing to report.
                name = hashlib.sha256("\n".join(opened.key for opened in group).encode()).hexdigest()[:32]
                s3().put_object(
                    Bucket=os.environ["RAW_BUCKET"],
                    Key=f"{CONFLICTS}{name}.jsonl",
                    Body=kept_lines(arrival),
                    ContentType="application/x-ndjson",
                    Metadata={METADATA: group[0].correlation},
                )
    except TooManyDaysError as error:
        raise RefusedError(str(error)) from None
    _report(group, arrival)


def _report(group: Sequence[Opened], arrival: Arrival) -> None:
    counts = {
        "TradesProcessed": arrival.messages,
        "BarsWritten": arrival.bars,
        "TradesReplaced": arrival.replaced,
        "Conflicts": arrival.conflicts,
        "MessagesExpired": arrival.expired,
        "UnknownConditions": sum(arrival.unknown_conditions.values()),
    }
    for name, value in counts.items():
        metrics.add_metric(name=name, unit=MetricUnit.Count, value=value)
    for opened in group:
        logger.append_keys(key=opened.key)
        logger.set_correlation_id(opened.correlation)
        logger.info("worked out", extra={"objects": len(group), "trades": arrival.messages, "bars": arrival.bars})
    if arrival.conflicts or arrival.expired:
        extra = {"conflicts": arrival.conflicts, "expired": arrival.expired, "kept": f"below {CONFLICTS}"}
        logger.warning("messages that do not count", extra=extra)
    if arrival.unknown_conditions:
        logger.warning(
            "conditions without a rule", extra={"conditions": dict(sorted(arrival.unknown_conditions.items())[:20])}
        )
