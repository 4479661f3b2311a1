"""Hands an event to a rule's targets: functions, queues, topics and log groups.

Source: EventBridge User Guide, "Event bus targets in Amazon EventBridge", "Using resource-based policies" and "Using dead-letter queues". What a target's policy
forbids is not tried again, on AWS as here; nothing else fails here that a second attempt would mend, so the retry policy has no effect.
"""

import json
import logging
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

from orchestrator.local_cloud.events.inputs import input_for
from orchestrator.local_cloud.events.scheduler import Scheduled
from orchestrator.local_cloud.iam.deliveries import may_deliver
from orchestrator.local_cloud.identity import ACCOUNT_ID, REGION
from orchestrator.local_cloud.serial import MOTO

_LOG = logging.getLogger("platformctl.local_cloud")
_EVENTS = "events.amazonaws.com"

Submit = Callable[[str, str], None]
"""Puts an event (JSON) into the queue of the function with that ARN."""


class UndeliverableError(Exception):
    """A target got nothing.

    Attributes:
        code: for the dead letter, "NO_PERMISSIONS".

    """

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


def as_seen(event: Mapping[str, Any]) -> dict[str, Any]:
    """An event of moto as rules and targets see it on AWS: with its time as text, and without moto's own fields."""
    seen = {name: value for name, value in event.items() if name != "ingestion-time"}
    if isinstance(seen.get("time"), int | float):
        seen["time"] = _stamp(datetime.fromtimestamp(seen["time"], UTC))
    return seen


def scheduled_event(rule_arn: str, time: datetime) -> dict[str, Any]:
    """What the targets of a scheduled rule get."""
    return {
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


def scheduled_rules() -> list[Scheduled]:
    """The rules of moto that are enabled and have a schedule."""
    with MOTO:
        return [Scheduled(rule.arn, rule.scheduled_expression) for rule in _rules() if _is_due(rule)]


def fire(rule_arn: str, time: datetime, submit: Submit) -> None:
    """Calls the targets of a scheduled rule, if it still is one."""
    event = scheduled_event(rule_arn, time)
    with MOTO:
        rule = next((one for one in _rules() if one.arn == rule_arn and _is_due(one)), None)
        for target in rule.targets if rule is not None else ():
            deliver(rule, target, event, submit)


def deliver(rule: Any, target: Mapping[str, Any], event: Mapping[str, Any], submit: Submit) -> None:
    """Hands an event to one target; what it cannot have goes to its dead-letter queue. ``serial.MOTO`` must be held.

    Args:
        rule: of moto.
        target: one of its targets, as in PutTargets.
        event: as targets see it.
        submit: calls functions.

    """
    text = input_for(target, event, rule_name=rule.name, rule_arn=rule.arn)
    try:
        _send(rule, target, text, submit)
    except UndeliverableError as error:
        _LOG.warning("the rule %s could not reach %s: %s", rule.name, target["Arn"], error)
        _bury(rule, target, event, error)


def _send(rule: Any, target: Mapping[str, Any], text: str, submit: Submit) -> None:
    arn = str(target["Arn"])
    match arn.split(":")[2]:
        case "lambda":
            _permitted(arn, rule.arn)
            submit(arn, text)
        case "sqs":
            _permitted(arn, rule.arn)
            _send_message(arn, text, (target.get("SqsParameters") or {}).get("MessageGroupId"))
        case "sns":
            # EventBridge names no source when it publishes: a topic whose policy asks for one turns it away.
            _permitted(arn, "")
            _publish(arn, text)
        case "logs":
            group = arn.removesuffix(":*")
            _permitted(f"{group}:log-stream:{rule.name}", rule.arn)
            _log(group.rpartition(":log-group:")[2], rule.name, text)
        case kind:
            raise UndeliverableError("UNSUPPORTED_TARGET", f"the local cloud does not deliver events to {kind}")


def _permitted(target: str, source_arn: str) -> None:
    if not may_deliver(_EVENTS, target, source_arn=source_arn):
        raise UndeliverableError("NO_PERMISSIONS", "its policy, or that of its key, does not let EventBridge in")


def _send_message(arn: str, text: str, group_id: str | None, attributes: dict[str, Any] | None = None) -> None:
    from moto.sqs.models import sqs_backends  # noqa: PLC0415 - moto loads with the patches

    backend, name = sqs_backends[ACCOUNT_ID][arn.split(":")[3]], arn.rpartition(":")[2]
    if name not in backend.queues:
        raise UndeliverableError("RESOURCE_NOT_FOUND", "the queue does not exist")
    backend.send_message(name, text, group_id=group_id, message_attributes=attributes)


def _publish(arn: str, text: str) -> None:
    from moto.sns.models import sns_backends  # noqa: PLC0415 - moto loads with the patches

    backend = sns_backends[ACCOUNT_ID][arn.split(":")[3]]
    if arn not in backend.topics:
        raise UndeliverableError("RESOURCE_NOT_FOUND", "the topic does not exist")
    backend.publish(message=text, arn=arn)


def _log(group: str, stream: str, text: str) -> None:
    from moto.logs.models import logs_backends  # noqa: PLC0415 - moto loads with the patches

    backend = logs_backends[ACCOUNT_ID][REGION]
    if group not in backend.groups:
        raise UndeliverableError("RESOURCE_NOT_FOUND", "the log group does not exist")
    backend.ensure_log_stream(group, stream)
    moment = int(datetime.now(UTC).timestamp() * 1000)
    backend.put_log_events(group, stream, [{"timestamp": moment, "message": text}])


def _bury(rule: Any, target: Mapping[str, Any], event: Mapping[str, Any], error: UndeliverableError) -> None:
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
    from moto.events.models import events_backends  # noqa: PLC0415 - moto loads with the patches

    return list(events_backends[ACCOUNT_ID][REGION].event_buses["default"].rules.values())


def _is_due(rule: Any) -> bool:
    return bool(rule.scheduled_expression) and rule.state != "DISABLED"


def _stamp(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
