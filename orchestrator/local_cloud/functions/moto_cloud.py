"""The cloud around the runtime as moto keeps it; ``serial.MOTO`` is held for every access."""

import hashlib
import time
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from orchestrator.local_cloud.backends import GLOBAL, backend
from orchestrator.local_cloud.credentials import IssuedKeys
from orchestrator.local_cloud.functions.cloud import Mapped, Received
from orchestrator.local_cloud.functions.model import FunctionVersion, Keys, not_found
from orchestrator.local_cloud.iam import stored
from orchestrator.local_cloud.iam.deliveries import role_may
from orchestrator.local_cloud.identity import REGION
from orchestrator.local_cloud.serial import MOTO

# Longer than any process of a function lives.
_SESSION_SECONDS = 12 * 3600
_POLLING = ("ReceiveMessage", "DeleteMessage", "GetQueueAttributes")
_DEFAULT_CONCURRENCY = 5
_DEFAULT_RETRIES = 2
_DEFAULT_EVENT_AGE = 6 * 3600
# The system attributes of a message: their names, and those of moto's fields.
_ATTRIBUTES = {
    "ApproximateReceiveCount": "approximate_receive_count",
    "SentTimestamp": "sent_timestamp",
    "SenderId": "sender_id",
    "ApproximateFirstReceiveTimestamp": "approximate_first_receive_timestamp",
    "SequenceNumber": "sequence_number",
    "MessageGroupId": "group_id",
    "MessageDeduplicationId": "deduplication_id",
}


class MotoCloud:
    """Implements ``Cloud``; ``issued`` learns the keys that functions get, so that their requests are accepted."""

    def __init__(self, issued: IssuedKeys) -> None:
        self._issued = issued
        self._refused: set[str] = set()
        self._digests: dict[tuple[str, str], tuple[bytes, str]] = {}

    def find(self, name: str, qualifier: str | None) -> FunctionVersion:
        from moto.awslambda.exceptions import UnknownFunctionException  # noqa: PLC0415 - moto loads with the patches

        with MOTO:
            try:
                found: Any = backend("lambda").get_function(name, qualifier)
            except UnknownFunctionException as error:
                raise not_found(error.message.partition("Function not found: ")[2] or name) from error
            # Its latest version holds what belongs to the function as a whole.
            latest: Any = backend("lambda").get_function(found.function_name)
            published = found is not latest
            return self._function(found, latest, str(found.version) if published else "$LATEST")

    def credentials(self, role_arn: str, session: str) -> Keys:
        with MOTO:
            assumed = backend("sts", GLOBAL).assume_role(
                region_name=REGION,
                role_session_name=session,
                role_arn=role_arn,
                policy="",
                duration=_SESSION_SECONDS,
                external_id="",
            )
        self._issued.remember(assumed.access_key_id)
        return Keys(
            access_key_id=assumed.access_key_id,
            secret_access_key=assumed.secret_access_key,
            session_token=assumed.session_token,
        )

    def write_logs(self, function: FunctionVersion, stream: str, events: Sequence[tuple[int, str]]) -> None:
        group = function.log_group
        named = {"logGroupName": group, "logStreamName": stream}
        with MOTO:
            logs = backend("logs")
            if group not in logs.groups or not events:
                return
            if stream not in logs.groups[group].streams:
                if not role_may(function.role_arn, "logs", "CreateLogStream", named):
                    return
                logs.create_log_stream(group, stream)
            if not role_may(function.role_arn, "logs", "PutLogEvents", named):
                return
            batch = [{"timestamp": moment, "message": text} for moment, text in events]
            logs.put_log_events(group, stream, batch)

    def send_dead_letter(
        self, function: FunctionVersion, event: bytes, attributes: Mapping[str, tuple[str, str]]
    ) -> None:
        arn = function.dead_letter_arn
        text, name = event.decode(), arn.rpartition(":")[2]
        call = ("sqs", "SendMessage", {"QueueName": name}) if ":sqs:" in arn else ("sns", "Publish", {"TopicArn": arn})
        with MOTO:
            if not role_may(function.role_arn, *call):
                return
            if ":sqs:" in arn:
                stated = {key: {"DataType": kind, "StringValue": value} for key, (kind, value) in attributes.items()}
                backend("sqs").send_message(name, text, message_attributes=stated)
            else:
                typed = {key: {"Type": kind, "Value": value} for key, (kind, value) in attributes.items()}
                backend("sns").publish(message=text, arn=arn, message_attributes=typed)

    def mappings(self) -> Sequence[Mapped]:
        with MOTO:
            found: list[Any] = list(backend("lambda").list_event_source_mappings("", ""))
            return [
                Mapped(
                    identifier=mapping.uuid,
                    queue_arn=mapping.event_source_arn,
                    function_arn=mapping.function_arn,
                    batch_size=mapping.batch_size,
                    window=float(mapping.max_batch_window or 0),
                    maximum_concurrency=(mapping.scaling_config or {}).get("MaximumConcurrency")
                    or _DEFAULT_CONCURRENCY,
                    reports_failures="ReportBatchItemFailures" in (mapping.function_response_types or ()),
                )
                for mapping in found
                if mapping.enabled and ":sqs:" in mapping.event_source_arn
            ]

    def may_poll(self, mapping: Mapped) -> bool:
        name = mapping.queue_arn.rpartition(":")[2]
        with MOTO:
            found = stored.function(mapping.function_arn)
            allowed = found is not None and all(
                # While messages wait this runs five times a second; the refusal is logged once.
                role_may(
                    found.role, "sqs", operation, {"QueueName": name}, logged=mapping.identifier not in self._refused
                )
                for operation in _POLLING
            )
        if allowed:
            self._refused.discard(mapping.identifier)
        else:
            self._refused.add(mapping.identifier)
        return allowed

    def waiting(self, queue_arn: str) -> int:
        with MOTO:
            queue = _queue(queue_arn)
            return len(queue.messages) if queue is not None else 0

    def receive(self, queue_arn: str, count: int) -> Sequence[Received]:
        with MOTO:
            queue = _queue(queue_arn)
            if queue is None:
                return []
            name = queue_arn.rpartition(":")[2]
            messages = backend("sqs").receive_message(name, count, 0, queue.visibility_timeout, ["All"])
            return [_received(message, queue_arn) for message in messages]

    def delete(self, queue_arn: str, receipt_handles: Sequence[str]) -> None:
        for handle, _ in self._known(queue_arn, receipt_handles):
            backend("sqs").delete_message(queue_arn.rpartition(":")[2], handle)

    def show_again(self, queue_arn: str, receipt_handles: Sequence[str], seconds: int) -> None:
        limit = (time.time() + seconds) * 1000
        for handle, message in self._known(queue_arn, receipt_handles):
            if message.visible_at > limit:
                backend("sqs").change_message_visibility(queue_arn.rpartition(":")[2], handle, seconds)

    def _known(self, queue_arn: str, receipt_handles: Sequence[str]) -> Iterator[tuple[str, Any]]:
        """Yield the messages that the queue still holds: it may have been purged or deleted meanwhile."""
        for handle in receipt_handles:
            with MOTO:
                queue = _queue(queue_arn)
                # moto's public list has only the messages that can be received.
                held = queue._messages if queue is not None else ()  # noqa: SLF001 - see above
                message = next((one for one in held if one.had_receipt_handle(handle)), None)
                if message is not None:
                    yield handle, message

    def _function(self, found: Any, latest: Any, version: str) -> FunctionVersion:
        logging_config = latest.get_configuration()["LoggingConfig"]
        configs = latest.event_invoke_config
        invoke: dict[str, Any] = configs[-1].config if configs else {}
        reserved = latest.reserved_concurrency
        dead_letter = (getattr(latest, "dead_letter_config", None) or {}).get("TargetArn", "")
        code: bytes = found.code_bytes
        return FunctionVersion(
            arn=str(latest.function_arn).partition(":$LATEST")[0],
            name=found.function_name,
            version=version,
            handler=found.handler,
            runtime=found.run_time,
            role_arn=found.role,
            region=found.region,
            environment=dict(found.environment_vars or {}),
            timeout=int(found.timeout),
            memory_mb=int(found.memory_size),
            code=code,
            code_sha256=self._digest((found.function_name, version), code),
            log_group=logging_config["LogGroup"],
            log_format=logging_config["LogFormat"],
            application_log_level=logging_config.get("ApplicationLogLevel", "INFO"),
            system_log_level=logging_config.get("SystemLogLevel", "INFO"),
            reserved_concurrency=None if reserved is None else int(reserved),
            retries=int(invoke.get("MaximumRetryAttempts", _DEFAULT_RETRIES)),
            maximum_event_age=int(invoke.get("MaximumEventAgeInSeconds", _DEFAULT_EVENT_AGE)),
            dead_letter_arn=dead_letter,
        )

    def _digest(self, key: tuple[str, str], code: bytes) -> str:
        """Hash an archive once: 5 MB take longer than a warm call."""
        known = self._digests.get(key)
        if known is None or known[0] is not code:
            known = self._digests[key] = (code, hashlib.sha256(code).hexdigest())
        return known[1]


def _queue(arn: str) -> Any:
    queue = backend("sqs").queues.get(arn.rpartition(":")[2])
    return queue if queue is not None and queue.queue_arn == arn else None


def _received(message: Any, queue_arn: str) -> Received:
    attributes = {name: getattr(message, field) for name, field in _ATTRIBUTES.items()}
    trace = (message.system_attributes or {}).get("AWSTraceHeader")
    if trace:
        attributes["AWSTraceHeader"] = trace["StringValue"]
    record = {
        "messageId": message.id,
        "receiptHandle": message.receipt_handle,
        "body": message.body,
        "attributes": {name: str(value) for name, value in attributes.items() if value is not None},
        "messageAttributes": {name: _attribute(value) for name, value in message.message_attributes.items()},
        "md5OfBody": message.body_md5,
        "eventSource": "aws:sqs",
        "eventSourceARN": queue_arn,
        "awsRegion": REGION,
    }
    return Received(
        message_id=message.id,
        receipt_handle=message.receipt_handle,
        record=record,
        until=message.visible_at / 1000,
    )


def _attribute(value: Mapping[str, Any]) -> dict[str, Any]:
    binary = value.get("BinaryValue")
    stated = {
        "stringValue": value.get("StringValue"),
        "binaryValue": binary.decode() if isinstance(binary, bytes) else binary,
    }
    present = {name: text for name, text in stated.items() if text is not None}
    return {**present, "stringListValues": [], "binaryListValues": [], "dataType": value["DataType"]}
