"""What calls to SQS and SNS need.

Sources: Service Authorization Reference, "Actions, resources, and condition keys" of Amazon SQS and Amazon SNS; SQS Developer Guide, "Key management"; SNS
Developer Guide, "Managing Amazon SNS encryption keys and costs".
"""

from collections.abc import Iterator
from typing import Any

from orchestrator.local_cloud.iam.calls import Call, Wanted
from orchestrator.local_cloud.iam.keys import used_through
from orchestrator.local_cloud.identity import ACCOUNT_ID

_BATCHES = {
    "ChangeMessageVisibilityBatch": "ChangeMessageVisibility",
    "DeleteMessageBatch": "DeleteMessage",
    "PublishBatch": "Publish",
    "SendMessageBatch": "SendMessage",
}
_WITHOUT_QUEUE = frozenset({"ListQueues"})
_ARN_PARTS = 6


def sqs(call: Call) -> Iterator[Wanted]:
    """What a call to SQS needs, the queue's key included. Reads moto's state."""
    name = call.text("QueueName") or call.text("QueueUrl").rstrip("/").rpartition("/")[2]
    arn = call.text("SourceArn") or (call.arn(name) if name else "*")
    action = _BATCHES.get(call.operation, call.operation)
    yield Wanted(action=f"sqs:{action}", resource="*" if call.operation in _WITHOUT_QUEUE else arn)
    uses = {"SendMessage": ("GenerateDataKey", "Decrypt"), "ReceiveMessage": ("Decrypt",)}.get(action, ())
    key_id = getattr(queue(arn), "kms_master_key_id", None)
    yield from used_through(call, key_id, *uses, encryption_context={"aws:sqs:arn": arn})


def sns(call: Call) -> Iterator[Wanted]:
    """What a call to SNS needs, the topic's key included. Reads moto's state."""
    arn = call.text("TopicArn", "TargetArn", "ResourceArn", "SubscriptionArn", "PlatformApplicationArn", "EndpointArn")
    if call.text("SubscriptionArn"):
        # The topic's ARN and an id.
        arn = ":".join(arn.split(":")[:_ARN_PARTS])
    if call.operation == "CreateTopic":
        arn = call.arn(call.text("Name"))
    action = _BATCHES.get(call.operation, call.operation)
    context = {f"sns:{name.lower()}": (value,) for name in ("Endpoint", "Protocol") if (value := call.text(name))}
    yield Wanted(action=f"sns:{action}", resource=arn or "*", context=context)
    if action == "Publish":
        key_id = getattr(topic(arn), "kms_master_key_id", None)
        bound = {"aws:sns:topicArn": arn}
        yield from used_through(call, key_id, "GenerateDataKey", "Decrypt", encryption_context=bound)


def queue(arn: str) -> Any:
    """The queue with that ARN; None without one."""
    from moto.sqs.models import sqs_backends  # noqa: PLC0415 - moto loads with the service

    return _found(sqs_backends[ACCOUNT_ID], arn, "queues", arn.rpartition(":")[2])


def topic(arn: str) -> Any:
    """The topic with that ARN; None without one."""
    from moto.sns.models import sns_backends  # noqa: PLC0415 - moto loads with the service

    return _found(sns_backends[ACCOUNT_ID], arn, "topics", arn)


def _found(regions: Any, arn: str, store: str, name: str) -> Any:
    parts = arn.split(":")
    region = parts[3] if len(parts) >= _ARN_PARTS else ""
    return getattr(regions[region], store).get(name) if region in regions else None
