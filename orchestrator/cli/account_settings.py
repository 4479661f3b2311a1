"""What AWS has once per account and region: two deployments never both own it (requirement B15).

Asked before anything is applied, because Terraform would find out in the middle of a run, or, worse, take over silently: AWS
replaces API Gateway's log role without a question.
"""

from collections.abc import Sequence

from orchestrator.adapters.aws.singletons import account_settings, conflicts, overlapping_suffixes
from orchestrator.adapters.aws.state_bucket import Deployment as Registered
from orchestrator.cli.deployment import Deployment
from orchestrator.errors import UsageError

_UNITS = {"api-logs": "apigw", "config": "config", "database-monitoring": "aurora"}
"""The unit of the live tree that uses each setting."""
_WHAT = {
    "api-logs": "the role with which API Gateway writes logs",
    "config": "the AWS Config recorder and its delivery channel",
    "database-monitoring": "the log group of RDS's enhanced monitoring",
}


def require_room(deployment: Deployment, units: Sequence[str]) -> None:
    """Refuse a deployment that would take something from another one in the account.

    Args:
        deployment: about to be planned or applied.
        units: those of the run; settings of other units are not asked for.

    Raises:
        UsageError: a setting that it wants to own is somebody else's, one that it leaves to others is nobody's, or its
            names could be taken for those of another deployment.
        PlatformctlError: AWS did not answer.

    """
    others = _others(deployment)
    _require_distinct(deployment.asked.suffix, [other.suffix for other in others])
    wanted = [setting for setting in deployment.account_settings if _UNITS[setting] in deployment.stack.units]
    # The register knows of a deployment that is being applied at this moment, AWS does not yet.
    taken = {
        setting: f'Deployment "{other.suffix}" owns {_WHAT[setting]}.'
        for other in others
        for setting in wanted
        if setting in other.account_settings
    }
    missing: dict[str, str] = {}
    used = [setting for setting, unit in _UNITS.items() if unit in units]
    if used:
        settings = account_settings(deployment.session.client)
        found, missing = conflicts(settings, deployment.asked.suffix, owned=wanted, used=used)
        taken = found | taken
    if taken:
        rest = [setting for setting in deployment.account_settings if setting not in taken]
        raise UsageError(
            "Settings of the account belong to somebody else",
            detail=" ".join(taken[setting] for setting in sorted(taken)),
            hint=f"Leave them alone: --account-settings {','.join(rest) or 'none'}",
        )
    if missing:
        raise UsageError(
            "Settings that the account needs belong to nobody",
            detail=" ".join(missing[setting] for setting in sorted(missing)),
            hint=f"Let this deployment own them: --account-settings {','.join(sorted({*wanted, *missing}))}",
        )


def _others(deployment: Deployment) -> list[Registered]:
    if not deployment.bucket.exists():
        return []
    return [known for known in deployment.bucket.deployments() if known.suffix != deployment.asked.suffix]


def _require_distinct(suffix: str, others: Sequence[str]) -> None:
    overlapping = overlapping_suffixes(suffix, others)
    if overlapping:
        raise UsageError(
            "The suffix overlaps another deployment's",
            detail=f'Policies tell deployments apart by how names end, and "{suffix}" and "{overlapping[0]}" end alike.',
            hint="Choose a suffix that is not the end of another one, nor ends in one, after a hyphen.",
        )
