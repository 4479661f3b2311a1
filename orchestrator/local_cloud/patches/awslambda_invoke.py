"""Lambda: our own runtime runs functions instead of Docker, for clients and for services inside moto.

Services call functions while they hold moto's lock, and on AWS none of them waits for the answer. So all of them put their event into the function's queue of
asynchronous events; only the Invoke operation runs a function and waits, without the lock.
"""

import base64
import gzip
import json
import logging
from collections.abc import Callable, Sequence
from typing import Any
from urllib.parse import unquote

from moto.awslambda.models import LambdaBackend, LambdaFunction
from moto.awslambda.responses import LambdaResponse
from moto.logs.models import LogStream
from moto.sqs.models import sqs_backends

from orchestrator.local_cloud.functions.model import InvocationRefusedError
from orchestrator.local_cloud.functions.patterns import FilterPatternError, compile_pattern
from orchestrator.local_cloud.iam.deliveries import may_deliver
from orchestrator.local_cloud.patches.registry import Functions, Original, around, patch, runtime_patch

_LOG = logging.getLogger("platformctl.local_cloud")


def submitter(functions: Functions) -> Callable[[str, Any], None]:
    """Return the function with which services hand events to functions; it succeeds whatever becomes of the event."""

    def submit(arn: str, event: Any) -> None:
        try:
            functions.submit(arn, event if isinstance(event, bytes) else str(event or "{}").encode())
        except InvocationRefusedError as refusal:
            _LOG.warning("an event for %s was dropped: %s", arn, refusal)

    return submit


@runtime_patch(
    service="lambda",
    subject="Invoke, InvokeAsync",
    symptom="needs Docker; runs an event before it accepts it; a DryRun runs the function",
    restores="the function runs in a process of its own (RequestResponse), is queued (Event) or only looked up (DryRun)",
    upstream="issues/9916",
)
def invoke_operation(functions: Functions) -> None:
    submit = submitter(functions)

    @around(LambdaResponse, "invoke")
    def invoke(_original: Original, self: Any) -> tuple[int, dict[str, str], bytes]:
        name = unquote(self.path.rsplit("/", 2)[-2])
        qualifier = self.querystring.get("Qualifier", [None])[0]
        payload = self.body if isinstance(self.body, bytes) else (self.body or "").encode()
        kind = self.headers.get("X-Amz-Invocation-Type") or "RequestResponse"
        try:
            if kind == "DryRun":
                functions.check(name, qualifier)
                return _answer(204, {}, b"")
            if kind == "Event":
                request_id = functions.submit(name, payload, qualifier)
                return _answer(202, {"x-amzn-RequestId": request_id}, b"")
            result = functions.invoke(name, payload, qualifier)
        except InvocationRefusedError as refusal:
            return _refused(refusal)
        headers = {
            "content-type": "application/json",
            "x-amz-executed-version": result.version,
            "x-amzn-RequestId": result.request_id,
        }
        if result.function_error:
            headers["x-amz-function-error"] = result.function_error
        if self.headers.get("X-Amz-Log-Type") == "Tail":
            headers["x-amz-log-result"] = base64.b64encode(result.log_tail).decode()
        return _answer(200, headers, result.payload)

    @around(LambdaResponse, "invoke_async")
    def invoke_async(_original: Original, self: Any) -> tuple[int, dict[str, str], bytes]:
        name = unquote(self.path.rstrip("/").rsplit("/", 2)[-2])
        try:
            functions.submit(name, self.body if isinstance(self.body, bytes) else (self.body or "").encode())
        except InvocationRefusedError as refusal:
            return _refused(refusal)
        return _answer(202, {}, b"")

    @around(LambdaFunction, "invoke")
    def invoke_inside(_original: Original, self: Any, body: Any, _request_headers: Any, _response_headers: Any) -> str:
        submit(self.function_arn, body)
        return ""


def _answer(status: int, headers: dict[str, str], body: bytes) -> tuple[int, dict[str, str], bytes]:
    # moto takes the status from among the headers when it is there, and 200 when it is not.
    return status, {**headers, "status": str(status)}, body


def _refused(refusal: InvocationRefusedError) -> tuple[int, dict[str, str], bytes]:
    body: dict[str, str] = {"Type": "User", "message": refusal.message}
    if refusal.throttled:
        body["Reason"] = "ReservedFunctionConcurrentInvocationLimitExceeded"
    headers = {"content-type": "application/json", "x-amzn-ErrorType": refusal.code}
    return _answer(refusal.status, headers, json.dumps(body).encode())


@patch(
    service="lambda",
    subject="aws_lambda_event_source_mapping (delivery)",
    symptom="the function runs while a message is sent, one message at a time, even for a deleted mapping",
    restores="the runtime polls the queue: batches, window, maximum concurrency, partial failures, visibility and redrive",
    upstream=None,
)
def polled_queues() -> None:
    @around(LambdaBackend, "create_event_source_mapping")
    def create_event_source_mapping(original: Original, self: Any, spec: dict[str, Any]) -> Any:
        mapping = original(self, spec)
        for queue in sqs_backends[self.account_id][self.region_name].queues.values():
            if queue.queue_arn == mapping.event_source_arn:
                queue.lambda_event_source_mappings.clear()
        return mapping


@runtime_patch(
    service="logs",
    subject="aws_cloudwatch_log_subscription_filter (delivery)",
    symptom="the pattern is ignored, events are numbered from 0, and PutLogEvents runs the function and waits for it",
    restores="events that match the pattern are delivered, asynchronously to functions whose policy permits CloudWatch Logs",
    upstream=None,
)
def subscriptions(functions: Functions) -> None:
    submit = submitter(functions)

    @around(LogStream, "_send_log_events")
    def send_log_events(
        original: Original,
        self: Any,
        service: str,
        destination_arn: str,
        filter_name: str,
        log_events: list[dict[str, Any]],
    ) -> None:
        pattern = self.log_group.subscription_filters[filter_name].filter_pattern or ""
        selected = [{**event, "id": f"{event['id']:056d}"} for event in _selected(pattern, log_events)]
        if not selected:
            return
        if service != "lambda":
            original(self, service, destination_arn, filter_name, selected)
            return
        group_arn = f"arn:aws:logs:{self.region}:{self.account_id}:log-group:{self.log_group.name}:*"
        if not may_deliver("logs.amazonaws.com", destination_arn, source_arn=group_arn):
            return
        document = {
            "messageType": "DATA_MESSAGE",
            "owner": self.account_id,
            "logGroup": self.log_group.name,
            "logStream": self.log_stream_name,
            "subscriptionFilters": [filter_name],
            "logEvents": selected,
        }
        packed = base64.b64encode(gzip.compress(json.dumps(document).encode(), mtime=0)).decode()
        submit(destination_arn, json.dumps({"awslogs": {"data": packed}}))


def _selected(pattern: str, events: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    try:
        matches = compile_pattern(pattern)
    except FilterPatternError as error:
        _LOG.warning("nothing matches the filter pattern %s: %s", pattern, error)
        return []
    return [event for event in events if matches(event["message"])]
