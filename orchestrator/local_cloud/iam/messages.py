"""What calls to SQS and SNS need.

Sources: Service Authorization Reference, "Actions, resources, and condition keys" of Amazon SQS and Amazon SNS; SQS
Developer Guide, "Key management"; SNS Developer Guide, "Managing Amazon SNS encryption keys and costs".
"""

from collections.abc import Iterator

from orchestrator.local_cloud.iam import stored
from orchestrator.local_cloud.iam.calls import ApiCall, Wanted
from orchestrator.local_cloud.iam.keys import used_through

_BATCHES = {
    "ChangeMessageVisibilityBatch": "ChangeMessageVisibility",
    "DeleteMessageBatch": "DeleteMessage",
    "PublishBatch": "Publish",
    "SendMessageBatch": "SendMessage",
}
_USES = {
    "Publish": ("GenerateDataKey", "Decrypt"),
    "ReceiveMessage": ("Decrypt",),
    "SendMessage": ("GenerateDataKey", "Decrypt"),
}


def sqs(call: ApiCall) -> Iterator[Wanted]:
    """Yield what a call to SQS needs, including its queue's key."""
    name = call.text("QueueName") or call.text("QueueUrl").rstrip("/").rpartition("/")[2]
    arn = call.text("SourceArn") or (call.arn(name) if name else "*")
    action = _BATCHES.get(call.operation, call.operation)
    yield Wanted(action=f"sqs:{action}", resource="*" if call.operation == "ListQueues" else arn)
    key_id = getattr(stored.queue(arn), "kms_master_key_id", None)
    yield from used_through(call, key_id, *_USES.get(action, ()), encryption_context={"aws:sqs:arn": arn})


def sns(call: ApiCall) -> Iterator[Wanted]:
    """Yield what a call to SNS needs, including its topic's key."""
    arn = call.text("TopicArn", "TargetArn", "ResourceArn", "SubscriptionArn", "PlatformApplicationArn", "EndpointArn")
    if call.text("SubscriptionArn"):
        # The topic's ARN and an id.
        arn = ":".join(arn.split(":")[:6])
    if call.operation == "CreateTopic":
        arn = call.arn(call.text("Name"))
    action = _BATCHES.get(call.operation, call.operation)
    context = {f"sns:{name.lower()}": (value,) for name in ("Endpoint", "Protocol") if (value := call.text(name))}
    yield Wanted(action=f"sns:{action}", resource=arn or "*", context=context)
    key_id = getattr(stored.topic(arn), "kms_master_key_id", None)
    yield from used_through(call, key_id, *_USES.get(action, ()), encryption_context={"aws:sns:topicArn": arn})
