"""What AWS services do on their own behalf: deliveries, and what Lambda does with a function's role.

Sources: the pages on permissions of each service's guide: S3 "Granting permissions to publish event notification
messages", SNS "Giving permissions to send messages to a queue", EventBridge "Using resource-based policies", CloudWatch
Logs "Subscription filters", Lambda "Using Lambda with Amazon SQS".
"""

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from orchestrator.local_cloud.backends import backend
from orchestrator.local_cloud.iam import stored
from orchestrator.local_cloud.iam.calls import ApiCall
from orchestrator.local_cloud.iam.documents import resource_policy
from orchestrator.local_cloud.iam.enforce import first_refusal, log_denial, service_request
from orchestrator.local_cloud.iam.evaluate import AccessRequest, Decision, decide
from orchestrator.local_cloud.iam.keys import key_context
from orchestrator.local_cloud.iam.patterns import arn_parts
from orchestrator.local_cloud.iam.policy import Policy, PolicyError, parse
from orchestrator.local_cloud.iam.principals import caller_as
from orchestrator.local_cloud.identity import REGION
from orchestrator.local_cloud.serial import MOTO

_ACTIONS = {
    "lambda": "lambda:InvokeFunction",
    "logs": "logs:PutLogEvents",
    "sns": "sns:Publish",
    "sqs": "sqs:SendMessage",
}
_SESSION = "aws-lambda"
_LOGS = "logs.amazonaws.com"


def may_deliver(service: str, target: str, *, source_arn: str) -> bool:
    """Return whether a service ("s3.amazonaws.com") may deliver to a queue, topic, function or log group.

    The target's policy and that of its key decide; a denial is logged. ``source_arn`` is the bucket, topic, rule or log
    group on whose behalf, empty if the service does not state it.
    """
    with MOTO:
        for names in _requests(service, target, source_arn):
            decisions = [_decided(request) for request in names]
            if not any(decision.allowed for decision in decisions):
                log_denial(names[0], decisions[0])
                return False
    return True


def role_may(
    role_arn: str, service: str, operation: str, parameters: Mapping[str, Any], *, logged: bool = True
) -> bool:
    """Return whether Lambda may call a service with a function's role, outside of the function itself."""
    call = ApiCall(service=service, operation=operation, region=REGION, parameters=parameters)
    with MOTO:
        caller = caller_as(role_arn, _SESSION)
        return first_refusal(call, caller, now=datetime.now(UTC), source_ip="127.0.0.1", logged=logged) is None


def _requests(service: str, target: str, source_arn: str) -> list[list[AccessRequest]]:
    """Return what must be allowed, each under any of the names of the service."""
    _, _, kind, region, *_ = arn_parts(target)
    requests = [service_request(service, _ACTIONS.get(kind, f"{kind}:*"), target, source_arn=source_arn)]
    found = stored.queue(target) if kind == "sqs" else stored.topic(target) if kind == "sns" else None
    key = stored.customer_key(getattr(found, "kms_master_key_id", None), region)
    if key is not None:
        bound = {"aws:sqs:arn": target} if kind == "sqs" else {"aws:sns:topicArn": target}
        for action in ("kms:GenerateDataKey", "kms:Decrypt"):
            request = service_request(service, action, key.arn, source_arn=source_arn)
            requests.append(replace(request, context={**request.context, **key_context(key, bound)}))
    return [[request, *_regional(request)] for request in requests]


def _regional(request: AccessRequest) -> list[AccessRequest]:
    """Repeat a request of CloudWatch Logs under its regional name, which most policies use."""
    if request.principal.arn != _LOGS:
        return []
    regional = f"logs.{REGION}.amazonaws.com"
    context = {**request.context, "aws:principalservicename": (regional,)}
    return [replace(request, principal=replace(request.principal, arn=regional), context=context)]


def _decided(request: AccessRequest) -> Decision:
    try:
        policy = _logs_policy() if request.action.startswith("logs:") else resource_policy(request.resource)
    except PolicyError as error:
        return Decision(allowed=False, cause="because its policy cannot be read", finding=str(error))
    return decide(request, identity=(), boundary=None, resource=policy)


def _logs_policy() -> Policy | None:
    """Join the resource policies of CloudWatch Logs, which belong to the account."""
    documents = backend("logs").resource_policies.values()
    policies = [parse(f"resource policy {one.policy_name}", one.policy_document) for one in documents]
    statements = tuple(statement for policy in policies for statement in policy.statements)
    return Policy(name=", ".join(policy.name for policy in policies), statements=statements) if policies else None
