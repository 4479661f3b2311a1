"""S3: bucket policies with conditions, access logging, EventBridge notifications."""

import json
from collections.abc import Callable, Iterator
from typing import Any

from orchestrator.adapters.local_cloud.identity import ACCOUNT_ID, REGION
from orchestrator.adapters.local_cloud.patches.registry import around, patch
from orchestrator.adapters.local_cloud.policy_conditions import conditions_hold, matches_pattern

_METHOD_ACTIONS = {"s3:HeadObject": "s3:GetObject", "s3:PostObject": "s3:PutObject"}
_LOGGING_SERVICE = "logging.s3.amazonaws.com"


@patch(
    service="s3",
    subject="aws_s3_bucket_policy with Condition",
    symptom="conditions are ignored, so that a denial without TLS denies every put and get with 403",
    restores="a statement applies when its principal, action, resource and conditions match; the connection to the local cloud counts as TLS 1.3",
)
def policy_conditions() -> None:
    from moto.iam.access_control import PermissionResult  # noqa: PLC0415 - moto loads with the service
    from moto.s3.models import FakeBucket  # noqa: PLC0415 - as above

    @around(FakeBucket, "get_permission")
    def get_permission(_original: Callable[..., Any], self: Any, action: str, resource: str) -> Any:
        if self.policy is None:
            return PermissionResult.NEUTRAL
        action = _METHOD_ACTIONS.get(action, action)
        context = _context()
        effects = {
            statement["Effect"]
            for statement in _statements(self.policy)
            if _applies(statement, action, resource) and conditions_hold(statement.get("Condition", {}), context)
        }
        if "Deny" in effects:
            return PermissionResult.DENIED
        return PermissionResult.PERMITTED if "Allow" in effects else PermissionResult.NEUTRAL


@patch(
    service="s3",
    subject="aws_s3_bucket_logging",
    symptom='PutBucketLogging fails with 500 when the target\'s policy has a statement with the principal "*"',
    restores="the target's policy may grant s3:PutObject to the logging service in any statement, with lists and wildcards",
)
def logging_target() -> None:
    from moto.s3.models import FakeBucket  # noqa: PLC0415 - moto loads with the service

    @around(FakeBucket, "_log_permissions_enabled_policy")
    def log_permissions(_original: Callable[..., bool], target_bucket: Any, target_prefix: str | None) -> bool:
        if not target_bucket.policy:
            return False
        bucket_arn = f"arn:{target_bucket.partition}:s3:::{target_bucket.name}"
        sample = f"{bucket_arn}/{target_prefix or ''}2026-01-01-00-00-00-0123456789ABCDEF"
        return any(
            statement["Effect"] == "Allow"
            and _LOGGING_SERVICE in _services(statement.get("Principal"))
            and _applies(statement, "s3:PutObject", sample, check_principal=False)
            for statement in _statements(target_bucket.policy)
        )


@patch(
    service="s3",
    subject="aws_s3_bucket_notification.eventbridge",
    symptom="reads false: every plan sets it again",
    restores="GetBucketNotificationConfiguration returns the empty EventBridgeConfiguration element",
)
def eventbridge_notification() -> None:
    from moto.core.responses import ActionResult  # noqa: PLC0415 - moto loads with the service
    from moto.s3.responses import S3Response  # noqa: PLC0415 - as above

    @around(S3Response, "get_bucket_notification")
    def get_bucket_notification(original: Callable[..., Any], self: Any) -> Any:
        stored = self.backend.get_bucket_notification_configuration(self.bucket_name)
        if stored is not None and stored.event_bridge is not None:
            serialized = self.serialized
            # An attribute of this one response object, which lives as long as the request.
            self.serialized = lambda answer: serialized(ActionResult({**answer.result, "EventBridgeConfiguration": {}}))
        return original(self)


@patch(
    service="s3",
    subject="aws_s3_bucket_logging.target_object_key_format",
    symptom="stored, and not returned: every plan sets it again",
    restores="GetBucketLogging returns the format of the target's keys",
)
def logging_key_format() -> None:
    from moto.core.responses import ActionResult  # noqa: PLC0415 - moto loads with the service
    from moto.s3.responses import S3Response  # noqa: PLC0415 - as above

    @around(S3Response, "get_bucket_logging")
    def get_bucket_logging(original: Callable[..., Any], self: Any) -> Any:
        stored = self.backend.get_bucket_logging(self.bucket_name) or {}
        key_format = stored.get("TargetObjectKeyFormat")
        if key_format is not None:
            serialized = self.serialized
            enabled = {"TargetObjectKeyFormat": {kind: detail or {} for kind, detail in key_format.items()}}

            def with_format(answer: Any) -> Any:
                return serialized(ActionResult({"LoggingEnabled": answer.result["LoggingEnabled"] | enabled}))

            # An attribute of this one response object, which lives as long as the request.
            self.serialized = with_format
        return original(self)


def _statements(policy: bytes) -> Iterator[dict[str, Any]]:
    statements = json.loads(policy)["Statement"]
    yield from statements if isinstance(statements, list) else [statements]


def _listed(value: Any) -> list[str]:
    return value if isinstance(value, list) else [value]


def _applies(statement: dict[str, Any], action: str, resource: str, *, check_principal: bool = True) -> bool:
    if "NotAction" in statement:
        concerned = not any(matches_pattern(item.lower(), action.lower()) for item in _listed(statement["NotAction"]))
    else:
        concerned = any(matches_pattern(item.lower(), action.lower()) for item in _listed(statement["Action"]))
    if "NotResource" in statement:
        concerned = concerned and not any(matches_pattern(item, resource) for item in _listed(statement["NotResource"]))
    else:
        concerned = concerned and any(matches_pattern(item, resource) for item in _listed(statement["Resource"]))
    return concerned and (not check_principal or _is_caller(statement))


def _is_caller(statement: dict[str, Any]) -> bool:
    """Whether the statement speaks of the local account's callers; single roles are told apart by IAM enforcement, not here."""
    excluded = statement.get("NotPrincipal")
    if excluded is not None:
        return not _names_account(excluded)
    return _names_account(statement.get("Principal"))


def _names_account(principal: Any) -> bool:
    if principal == "*":
        return True
    names = _listed(principal.get("AWS", [])) if isinstance(principal, dict) else []
    return any(name in ("*", ACCOUNT_ID, f"arn:aws:iam::{ACCOUNT_ID}:root") for name in names)


def _services(principal: Any) -> list[str]:
    return _listed(principal.get("Service", [])) if isinstance(principal, dict) else []


def _context() -> dict[str, str]:
    """Condition keys of the request that Flask is handling; the fixed ones alone outside a request."""
    from flask import has_request_context, request  # noqa: PLC0415 - Flask comes with moto

    context = {
        "aws:securetransport": "true",
        "s3:tlsversion": "1.3",
        "aws:requestedregion": REGION,
        "aws:principalaccount": ACCOUNT_ID,
        "aws:principalarn": f"arn:aws:iam::{ACCOUNT_ID}:user/local-cloud",
        "aws:resourceaccount": ACCOUNT_ID,
        "aws:principalisawsservice": "false",
        "aws:viaawsservice": "false",
    }
    if has_request_context():
        context["aws:sourceip"] = request.remote_addr or "127.0.0.1"
        for name in ("server-side-encryption", "server-side-encryption-aws-kms-key-id", "acl", "storage-class"):
            value = request.headers.get(f"x-amz-{name}")
            if value is not None:
                context[f"s3:x-amz-{name}"] = value
    return context
