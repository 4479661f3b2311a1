"""Delivers an event to a rule's targets: functions, queues, topics and log groups.

Source: EventBridge User Guide, "Event bus targets in Amazon EventBridge", "Using resource-based policies" and "Using
dead-letter queues". What a target's policy forbids is not retried, on AWS as here; nothing else that fails here would
succeed on a second attempt, so the retry policy has no effect.
"""

import json
import logging
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

from orchestrator.local_cloud.backends import backend
from orchestrator.local_cloud.events.inputs import input_for
from orchestrator.local_cloud.events.scheduler import Scheduled
from orchestrator.local_cloud.iam.deliveries import may_deliver
from orchestrator.local_cloud.iam.patterns import arn_parts
from orchestrator.local_cloud.identity import ACCOUNT_ID, REGION
from orchestrator.local_cloud.serial import MOTO

_LOG = logging.getLogger("platformctl.local_cloud")
_EVENTS = "events.amazonaws.com"

Submit = Callable[[str, str], None]
"""Queues an event (JSON) for the function with that ARN."""


class UndeliverableError(Exception):
    """A target got nothing; ``code`` is for the dead letter ("NO_PERMISSIONS")."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


def as_seen(event: Mapping[str, Any]) -> dict[str, Any]:
    """Return moto's event as rules and targets see it on AWS: with its time as text, without moto's own fields."""
    seen = {name: value for name, value in event.items() if name != "ingestion-time"}
    if isinstance(seen.get("time"), int | float):
        seen["time"] = _stamp(datetime.fromtimestamp(seen["time"], UTC))
    return seen


def scheduled_rules() -> list[Scheduled]:
    """List moto's enabled rules that have a schedule."""
    with MOTO:
        return [Scheduled(rule.arn, rule.scheduled_expression) for rule in _rules()]


def fire(rule_arn: str, time: datetime, submit: Submit) -> None:
    """Call the targets of a scheduled rule, if it still is one."""
    event = {
        "version": "0",
        "id": str(uuid4()),
        "detail-type": "Scheduled Event",
        "source": "aws.events",
        "account": ACCOUNT_ID,
        "time": _stamp(time),
        "region": REGION,
        "resources": [rule_arn],
        "detail": {},
    }
    with MOTO:
        rule = next((one for one in _rules() if one.arn == rule_arn), None)
        for target in rule.targets if rule is not None else ():
            deliver(rule, target, event, submit)


def deliver(rule: Any, target: Mapping[str, Any], event: Mapping[str, Any], submit: Submit) -> None:
    """Deliver an event to a target (as in PutTargets) or its dead-letter queue. ``serial.MOTO`` must be held."""
    text = input_for(target, event, rule_name=rule.name, rule_arn=rule.arn)
    try:
        _send(rule, target, text, submit)
    except UndeliverableError as error:
        _LOG.warning("the rule %s could not reach %s: %s", rule.name, target["Arn"], error)
        _send_dead_letter(rule, target, event, error)


def _send(rule: Any, target: Mapping[str, Any], text: str, submit: Submit) -> None:
    arn = str(target["Arn"])
    match arn_parts(arn)[2]:
        case "lambda":
            _require_permission(arn, rule.arn)
            submit(arn, text)
        case "sqs":
            _require_permission(arn, rule.arn)
            _send_message(arn, text, (target.get("SqsParameters") or {}).get("MessageGroupId"))
        case "sns":
            # EventBridge names no source when it publishes: a topic whose policy requires one refuses it.
            _require_permission(arn, "")
            sns = backend("sns", arn_parts(arn)[3])
            _require(sns is not None and arn in sns.topics, "topic")
            sns.publish(message=text, arn=arn)
        case "logs":
            group = arn.removesuffix(":*")
            _require_permission(f"{group}:log-stream:{rule.name}", rule.arn)
            logs, name = backend("logs"), group.rpartition(":log-group:")[2]
            _require(name in logs.groups, "log group")
            logs.ensure_log_stream(name, rule.name)
            event = {"timestamp": int(datetime.now(UTC).timestamp() * 1000), "message": text}
            logs.put_log_events(name, rule.name, [event])
        case kind:
            raise UndeliverableError("UNSUPPORTED_TARGET", f"the local cloud does not deliver events to {kind or arn}")


def _require_permission(target: str, source_arn: str) -> None:
    if not may_deliver(_EVENTS, target, source_arn=source_arn):
        raise UndeliverableError("NO_PERMISSIONS", "its policy, or that of its key, does not allow EventBridge")


def _require(exists: bool, what: str) -> None:
    if not exists:
        raise UndeliverableError("RESOURCE_NOT_FOUND", f"the {what} does not exist")


def _send_message(arn: str, text: str, group_id: str | None, attributes: dict[str, Any] | None = None) -> None:
    sqs, name = backend("sqs", arn_parts(arn)[3]), arn.rpartition(":")[2]
    _require(sqs is not None and name in sqs.queues, "queue")
    sqs.send_message(name, text, group_id=group_id, message_attributes=attributes)


def _send_dead_letter(
    rule: Any, target: Mapping[str, Any], event: Mapping[str, Any], error: UndeliverableError
) -> None:
    arn = (target.get("DeadLetterConfig") or {}).get("Arn")
    if not arn or not may_deliver(_EVENTS, arn, source_arn=rule.arn):
        return
    stated = {"RULE_ARN": rule.arn, "TARGET_ARN": target["Arn"], "ERROR_CODE": error.code, "ERROR_MESSAGE": str(error)}
    attributes = {name: {"DataType": "String", "StringValue": str(value)} for name, value in stated.items()}
    try:
        _send_message(arn, json.dumps(event), None, attributes)
    except UndeliverableError as second:
        _LOG.warning("an event of the rule %s was lost: %s", rule.name, second)


def _rules() -> list[Any]:
    """List the rules that have a schedule and are enabled."""
    rules = backend("events").event_buses["default"].rules.values()
    return [rule for rule in rules if rule.scheduled_expression and rule.state != "DISABLED"]


def _stamp(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
