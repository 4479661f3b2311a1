"""STS: who the caller is."""

from typing import Any

from moto.sts.models import STSBackend

from orchestrator.local_cloud.patches.registry import Original, around, patch


@patch(
    service="sts",
    subject="GetCallerIdentity",
    symptom='the ARN "arn:aws:sts::<account>:user/moto" has a shape that AWS never returns, which breaks ARNs derived from it',
    restores="an IAM user's ARN belongs to IAM, and its unique id begins with AIDA",
    upstream="pull/806",
)
def caller_identity() -> None:
    @around(STSBackend, "get_caller_identity")
    def get_caller_identity(original: Original, self: Any, *args: Any, **kwargs: Any) -> tuple[str, str, str]:
        user_id, arn, account = original(self, *args, **kwargs)
        if arn.endswith(":user/moto"):
            return "AIDALOCALPLATFORMCTL", f"arn:aws:iam::{account}:user/local-cloud", account
        return user_id, arn, account
