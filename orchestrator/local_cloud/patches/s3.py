"""S3: bucket policies with conditions, access logging, EventBridge notifications."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from flask import has_request_context, request
from moto.core.responses import ActionResult
from moto.iam.access_control import PermissionResult
from moto.s3.models import FakeBucket
from moto.s3.responses import S3Response

from orchestrator.local_cloud.iam.enforce import ENFORCED
from orchestrator.local_cloud.iam.evaluate import AccessRequest, Principal, allows, denies
from orchestrator.local_cloud.iam.policy import parse
from orchestrator.local_cloud.identity import ACCOUNT_ID, REGION
from orchestrator.local_cloud.patches.registry import Original, around, patch

_METHOD_ACTIONS = {"s3:HeadObject": "s3:GetObject", "s3:PostObject": "s3:PutObject"}
_LOGGING_SERVICE = Principal(arn="logging.s3.amazonaws.com")
_CALLER = Principal(arn=f"arn:aws:iam::{ACCOUNT_ID}:user/local-cloud", account=ACCOUNT_ID)


@patch(
    service="s3",
    subject="aws_s3_bucket_policy with Condition",
    symptom="conditions are ignored: a denial of requests without TLS denies every put and get with 403",
    restores="a statement applies when its principal, action, resource and conditions match; the connection to the local cloud counts as TLS 1.3",
    upstream=None,
)
def policy_conditions() -> None:
    @around(FakeBucket, "get_permission")
    def get_permission(_original: Original, self: Any, action: str, resource: str) -> Any:
        environ = _request()
        if self.policy is None or environ.get(ENFORCED):
            return PermissionResult.NEUTRAL
        policy = parse(f"policy of bucket {self.name}", self.policy.decode())
        request = AccessRequest(
            principal=_CALLER,
            action=_METHOD_ACTIONS.get(action, action),
            resource=resource,
            context=_context(environ),
        )
        if denies(request, policy):
            return PermissionResult.DENIED
        return PermissionResult.PERMITTED if allows(request, policy) else PermissionResult.NEUTRAL


@patch(
    service="s3",
    subject="aws_s3_bucket_logging",
    symptom='PutBucketLogging fails with 500 when the target\'s policy has a statement with the principal "*"',
    restores="the target's policy may grant s3:PutObject to the logging service in any statement, with lists and wildcards",
    upstream=None,
)
def logging_target() -> None:
    @around(FakeBucket, "_log_permissions_enabled_policy")
    def log_permissions(_original: Original, target_bucket: Any, target_prefix: str | None) -> bool:
        if not target_bucket.policy:
            return False
        bucket_arn = f"arn:{target_bucket.partition}:s3:::{target_bucket.name}"
        sample = f"{bucket_arn}/{target_prefix or ''}2026-01-01-00-00-00-0123456789ABCDEF"
        given = parse(f"policy of bucket {target_bucket.name}", target_bucket.policy.decode())
        # Conditions refer to the bucket whose log it will be, which is unknown here; so they are ignored.
        policy = replace(given, statements=tuple(replace(one, conditions=()) for one in given.statements))
        return allows(AccessRequest(principal=_LOGGING_SERVICE, action="s3:PutObject", resource=sample), policy)


@patch(
    service="s3",
    subject="aws_s3_bucket_notification.eventbridge",
    symptom="reads false: every plan sets it again",
    restores="GetBucketNotificationConfiguration returns the empty EventBridgeConfiguration element",
    upstream="pull/7252",
)
def eventbridge_notification() -> None:
    @around(S3Response, "get_bucket_notification")
    def get_bucket_notification(original: Original, self: Any) -> Any:
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
    upstream=None,
)
def logging_key_format() -> None:
    @around(S3Response, "get_bucket_logging")
    def get_bucket_logging(original: Original, self: Any) -> Any:
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


def _request() -> Mapping[str, Any]:
    """Return the WSGI environment of the request that Flask is handling; empty outside of one."""
    return request.environ if has_request_context() else {}


def _context(environ: Mapping[str, Any]) -> dict[str, tuple[str, ...]]:
    """Build the condition keys of a request by a caller without a role: Terraform, or a person."""
    context = {
        "aws:securetransport": "true",
        "s3:tlsversion": "1.3",
        "aws:requestedregion": REGION,
        "aws:principalaccount": ACCOUNT_ID,
        "aws:principalarn": _CALLER.arn,
        "aws:resourceaccount": ACCOUNT_ID,
        "aws:principalisawsservice": "false",
        "aws:viaawsservice": "false",
        "aws:sourceip": str(environ.get("REMOTE_ADDR") or "127.0.0.1"),
    }
    for name in ("server-side-encryption", "server-side-encryption-aws-kms-key-id", "acl", "storage-class"):
        value = environ.get(f"HTTP_X_AMZ_{name.upper().replace('-', '_')}")
        if value is not None:
            context[f"s3:x-amz-{name}"] = str(value)
    return {name: (value,) for name, value in context.items()}
