"""SQS and SNS: the limits of messages, batches and attributes."""

import json
import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from moto.sns.exceptions import SNSException, SNSInvalidParameter
from moto.sns.responses import SNSResponse
from moto.sqs import exceptions as sqs
from moto.sqs.responses import SQSResponse

from orchestrator.local_cloud.patches.registry import around, patch

_QUEUE_BATCH = 1_048_576
_TOPIC_MESSAGE = 262_144
_ENTRIES = 10
_ATTRIBUTES = 10
_RECEIVES = 1000
_REFUSED_CHARACTERS = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_RANGES = {
    "DelaySeconds": range(901),
    "KmsDataKeyReusePeriodSeconds": range(60, 86_401),
    "MaximumMessageSize": range(1024, _QUEUE_BATCH + 1),
    "MessageRetentionPeriod": range(60, 1_209_601),
    "ReceiveMessageWaitTimeSeconds": range(21),
    "VisibilityTimeout": range(43_201),
}


@patch(
    service="sqs",
    subject="SendMessage, SendMessageBatch",
    symptom="sizes are counted in characters and without attributes; empty bodies, characters outside of XML, more than 10 attributes and negative delays are accepted",
    restores="400 InvalidParameterValue, InvalidMessageContents, MissingParameter or BatchRequestTooLong",
    upstream="pull/9682",
)
def queue_messages() -> None:
    """Check messages before they enter a queue.

    https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/quotas-messages.html
    https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SendMessage.html
    """

    @around(SQSResponse, "send_message")
    def send_message(original: Callable[..., Any], self: Any) -> Any:
        body = _parameter(self, "MessageBody") or ""
        attributes = _parameter(self, "MessageAttributes") or {}
        delay = _parameter(self, "DelaySeconds")
        limit = self.sqs_backend.get_queue(self._get_queue_name()).maximum_message_size
        if not body:
            raise sqs.MissingParameter("MessageBody")
        if _REFUSED_CHARACTERS.search(body):
            raise sqs.SQSException("InvalidMessageContents", "The message contains characters outside the allowed set.")
        if len(attributes) > _ATTRIBUTES:
            message = f"Number of message attributes [{len(attributes)}] exceeds the allowed maximum [{_ATTRIBUTES}]."
            raise sqs.InvalidParameterValue(message)
        if delay is not None and int(delay) < 0:
            reason = "Reason: DelaySeconds must be >= 0 and <= 900."
            raise sqs.InvalidParameterValue(f"Value {delay} for parameter DelaySeconds is invalid. {reason}")
        if _size(body, attributes) > limit:
            reason = f"Reason: Message must be shorter than {limit} bytes."
            raise sqs.InvalidParameterValue(f"One or more parameters are invalid. {reason}")
        return original(self)

    @around(SQSResponse, "send_message_batch")
    def send_message_batch(original: Callable[..., Any], self: Any) -> Any:
        entries = _parameter(self, "Entries") or []
        total = sum(_size(entry.get("MessageBody"), entry.get("MessageAttributes")) for entry in entries)
        if total > _QUEUE_BATCH:
            raise sqs.BatchRequestTooLong(total)
        return original(self)


@patch(
    service="sqs",
    subject="DeleteMessageBatch, ChangeMessageVisibilityBatch",
    symptom="empty batches, more than 10 entries and repeated ids are accepted",
    restores="400 EmptyBatchRequest, TooManyEntriesInBatchRequest or BatchEntryIdsNotDistinct",
    upstream=None,
)
def queue_batches() -> None:
    """Check a batch before its entries are handled.

    https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_DeleteMessageBatch.html
    """
    for name, action in (("delete_message_batch", "Delete"), ("change_message_visibility_batch", "ChangeVisibility")):
        _check_batch(name, action)


def _check_batch(name: str, action: str) -> None:
    @around(SQSResponse, name)
    def batch(original: Callable[..., Any], self: Any) -> Any:
        entries: Sequence[Mapping[str, Any]] = _parameter(self, "Entries") or []
        if not entries:
            raise sqs.EmptyBatchRequest(action)
        if len(entries) > _ENTRIES:
            raise sqs.TooManyEntriesInBatchRequest(len(entries))
        repeated, count = Counter(entry["Id"] for entry in entries).most_common(1)[0]
        if count > 1:
            raise sqs.BatchEntryIdsNotDistinct(repeated)
        return original(self)


@patch(
    service="sqs",
    subject="aws_sqs_queue",
    symptom="delays, timeouts, periods and receive counts out of range are stored",
    restores="400 InvalidAttributeValue, or InvalidParameterValue for maxReceiveCount",
    upstream=None,
)
def queue_attributes() -> None:
    """Check attributes before they are stored.

    https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SetQueueAttributes.html
    """
    for name in ("create_queue", "set_queue_attributes"):

        @around(SQSResponse, name)
        def store(original: Callable[..., Any], self: Any) -> Any:
            attributes = _parameter(self, "Attributes") or {}
            for attribute, allowed in _RANGES.items():
                value = str(attributes.get(attribute, allowed.start))
                if not (
                    value.isascii()
                    and value.isdigit()
                    and len(value) <= len(str(allowed.stop))
                    and int(value) in allowed
                ):
                    raise sqs.InvalidAttributeValue(attribute)
            _check_redrive(attributes.get("RedrivePolicy"))
            return original(self)


def _check_redrive(policy: str | None) -> None:
    try:
        count = int(json.loads(policy or "{}").get("maxReceiveCount", 1))
    except (ValueError, TypeError, AttributeError):
        return  # moto refuses what is malformed
    if not 1 <= count <= _RECEIVES:
        reason = f"Reason: Invalid value for maxReceiveCount: {count}, valid values are from 1 to {_RECEIVES} both inclusive."
        raise sqs.InvalidParameterValue(f"Value {policy} for parameter RedrivePolicy is invalid. {reason}")


@patch(
    service="sns",
    subject="Publish, PublishBatch",
    symptom="sizes are counted in characters and without attributes, a batch's total not at all; empty messages and batches and a JSON message without a default are accepted",
    restores="400 InvalidParameter, BatchRequestTooLong or EmptyBatchRequest",
    upstream=None,
)
def topic_messages() -> None:
    """Check messages before they are published.

    https://docs.aws.amazon.com/sns/latest/api/API_Publish.html
    https://docs.aws.amazon.com/sns/latest/api/API_PublishBatch.html
    """

    @around(SNSResponse, "publish")
    def publish(original: Callable[..., Any], self: Any) -> Any:
        message = _parameter(self, "Message")
        if not message:
            raise SNSInvalidParameter("Invalid parameter: Empty message")
        if _parameter(self, "MessageStructure") == "json" and not _has_default(message):
            raise SNSInvalidParameter("Invalid parameter: Message Structure - No default entry in JSON message body")
        if _size(message, _parameter(self, "MessageAttributes")) > _TOPIC_MESSAGE:
            raise SNSInvalidParameter("Invalid parameter: Message too long")
        return original(self)

    @around(SNSResponse, "publish_batch")
    def publish_batch(original: Callable[..., Any], self: Any) -> Any:
        entries = _parameter(self, "PublishBatchRequestEntries") or []
        if not entries:
            raise SNSException("EmptyBatchRequest", "The batch request doesn't contain any entries.")
        if sum(_size(entry.get("Message"), entry.get("MessageAttributes")) for entry in entries) > _TOPIC_MESSAGE:
            raise SNSException(
                "BatchRequestTooLong", "The length of all the batch messages put together is more than the limit."
            )
        return original(self)


def _has_default(message: str) -> bool:
    try:
        return isinstance(json.loads(message)["default"], str)
    except (ValueError, KeyError, TypeError):
        return False


def _size(body: str | None, attributes: Mapping[str, Mapping[str, Any]] | None) -> int:
    """The size of a message in bytes, of which the names, types and values of its attributes are a part."""
    parts: list[Any] = [body]
    for name, attribute in (attributes or {}).items():
        parts += [name, attribute.get("DataType"), attribute.get("StringValue"), attribute.get("BinaryValue")]
    return sum(len(part if isinstance(part, bytes) else (part or "").encode()) for part in parts)


def _parameter(response: Any, name: str) -> Any:
    return response._get_param(name)  # noqa: SLF001 - moto's way to read a parameter
