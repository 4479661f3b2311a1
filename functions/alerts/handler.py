"""Turn log events into alerts: subscription filters of CloudWatch Logs invoke this function, and SNS delivers the alerts."""

import logging
import os
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import boto3
from aws_lambda_powertools import Logger, Metrics
from aws_lambda_powertools.metrics import MetricUnit
from aws_lambda_powertools.utilities.typing import LambdaContext

from logic import summarise, unpack

if TYPE_CHECKING:
    from mypy_boto3_sns import SNSClient

logger = Logger()
# At DEBUG botocore logs whole answers, passwords and market data included.
logging.getLogger("botocore").setLevel(logging.INFO)
metrics = Metrics()


@lru_cache(maxsize=1)
def sns() -> "SNSClient":
    """Return the client of this execution environment."""
    return boto3.client("sns")


@logger.inject_lambda_context(clear_state=True)
@metrics.log_metrics
def handler(event: dict[str, Any], _context: LambdaContext) -> dict[str, Any]:
    """Handle events from CloudWatch Logs. After an exception Lambda retries, and finally sends the event to the dead-letter queue."""
    found = unpack(event)
    metrics.add_metric(name="EventsAlerted", unit=MetricUnit.Count, value=len(found.events) if found else 0)
    if found is None or not found.events:
        return {"events": 0}
    alert = summarise(found, deployment=os.environ["PLATFORM_SUFFIX"])
    sns().publish(TopicArn=os.environ["ALERT_TOPIC_ARN"], Subject=alert.subject, Message=alert.message)
    # Not the events themselves: a function that read its own log group by mistake would feed itself.
    logger.info("alerted", extra={"log_group": found.group, "events": len(found.events)})
    return {"events": len(found.events)}
