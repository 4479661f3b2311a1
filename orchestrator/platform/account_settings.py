"""What AWS has once per account and region: two deployments never both own it (requirement B15).

A deployment that owns a setting must find it free or its own; one that does not own it needs that of another. Both are checked
before anything is applied, because Terraform would find out in the middle of a run, or, worse, take over silently: AWS replaces
API Gateway's log role without a question.
"""

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from orchestrator.adapters.aws.listing import ClientFactory, ends_in, last_part
from orchestrator.adapters.aws.session import explain
from orchestrator.commands.ports import Applicant
from orchestrator.errors import UsageError

_MONITORING_GROUP = "RDSOSMetrics"

_UNITS = {"api-logs": "apigw", "config": "config", "database-monitoring": "aurora"}
"""The unit of the live tree that uses each setting."""

_DESCRIPTIONS = {
    "api-logs": "the role with which API Gateway writes logs",
    "config": "the AWS Config recorder and its delivery channel",
    "database-monitoring": "the log group of RDS's enhanced monitoring",
}

ACCOUNT_SETTINGS = tuple(sorted(_UNITS))
"""The settings that AWS has once per account and region (requirement B15)."""


def parse_account_settings(text: str) -> tuple[str, ...]:
    """Parse a list of settings, sorted; "all" and "none" stand for all of them and for none.

    Raises:
        UsageError: there is no such setting.

    """
    if text in {"all", "none"}:
        return ACCOUNT_SETTINGS if text == "all" else ()
    names = {name.strip() for name in text.split(",")}
    unknown = sorted(names - set(ACCOUNT_SETTINGS))
    if unknown:
        raise UsageError(
            "Unknown account setting",
            detail=f'--account-settings {text!r}: there is no "{unknown[0]}".',
            hint=f"Say all, none, or a list of {', '.join(ACCOUNT_SETTINGS)}.",
        )
    return tuple(sorted(names))


def require_room(applicant: Applicant) -> None:
    """Refuse a deployment that would conflict with another one in the account.

    Raises:
        UsageError: a setting that it wants to own is somebody else's, one that it leaves to others is nobody's, or its
            names could be taken for those of another deployment.
        PlatformctlError: AWS did not answer.

    """
    _require_distinct(applicant.suffix, [other.suffix for other in applicant.others])
    owned = applicant.settings.get("account_settings", ())
    wanted = [setting for setting in owned if _UNITS[setting] in applicant.every]
    # The register knows deployments that are being applied right now; AWS may not know them yet.
    taken = {
        setting: f'Deployment "{other.suffix}" owns {_DESCRIPTIONS[setting]}.'
        for other in applicant.others
        for setting in wanted
        if setting in other.settings.get("account_settings", ())
    }
    missing: dict[str, str] = {}
    used = [setting for setting, unit in _UNITS.items() if unit in applicant.selected]
    if used:
        found, missing = conflicts(read_account(applicant.account.client), applicant.suffix, owned=wanted, used=used)
        taken = found | taken
    if taken:
        rest = [setting for setting in owned if setting not in taken]
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


def _require_distinct(suffix: str, others: Sequence[str]) -> None:
    overlapping = overlapping_suffixes(suffix, others)
    if overlapping:
        raise UsageError(
            "The suffix overlaps another deployment's",
            detail=f'Policies tell deployments apart by how names end, and "{suffix}" and "{overlapping[0]}" end alike.',
            hint="Choose a suffix that is not the end of another one, nor ends in one, after a hyphen.",
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountState:
    """The current settings; None if nobody has created one.

    Attributes:
        recorder: name of the AWS Config recorder.
        delivery_channel: name of its delivery channel.
        api_role: ARN of the role with which API Gateway writes logs.
        monitoring_group: the tag "Suffix" of the log group of RDS's enhanced monitoring; empty where the group has none.

    """

    recorder: str | None = None
    delivery_channel: str | None = None
    api_role: str | None = None
    monitoring_group: str | None = None


def read_account(client: ClientFactory) -> AccountState:
    """Read the current settings from AWS.

    Args:
        client: returns a boto3 client for a service.

    Raises:
        PlatformctlError: AWS did not answer.

    """
    try:
        config = client("config")
        # AWS services may have recorders of their own beside the account's.
        recorders = [
            recorder["name"]
            for recorder in config.describe_configuration_recorders()["ConfigurationRecorders"]
            if not recorder.get("servicePrincipal")
        ]
        channels = [channel["name"] for channel in config.describe_delivery_channels()["DeliveryChannels"]]
        return AccountState(
            recorder=next(iter(recorders), None),
            delivery_channel=next(iter(channels), None),
            api_role=client("apigateway").get_account().get("cloudwatchRoleArn") or None,
            monitoring_group=_monitoring_group(client("logs")),
        )
    except (BotoCoreError, ClientError) as error:
        raise explain(error, doing="Asking AWS for the settings that an account has once") from error


def _monitoring_group(logs: Any) -> str | None:
    for group in logs.describe_log_groups(logGroupNamePrefix=_MONITORING_GROUP)["logGroups"]:
        if group["logGroupName"] == _MONITORING_GROUP:
            tags: dict[str, str] = logs.list_tags_for_resource(resourceArn=group["arn"].removesuffix(":*"))["tags"]
            return tags.get("Suffix", "")
    return None


def conflicts(
    settings: AccountState, suffix: str, *, owned: Collection[str], used: Collection[str]
) -> tuple[dict[str, str], dict[str, str]]:
    """Find what conflicts with a deployment: a sentence per setting.

    Args:
        settings: as they are.
        suffix: of the deployment.
        owned: what it wants to own: api-logs, config, database-monitoring.
        used: what it uses at all.

    Returns:
        the settings that it wants to own and somebody else holds, and those that it needs and nobody holds.

    """
    taken = {
        setting: text for setting, text in _held_by_others(settings, suffix) if setting in owned and setting in used
    }
    missing = {setting: text for setting, text in _held_by_nobody(settings) if setting in used and setting not in owned}
    return taken, missing


def _held_by_others(settings: AccountState, suffix: str) -> Iterator[tuple[str, str]]:
    named = [
        ("config", "The AWS Config delivery channel", settings.delivery_channel),
        # If both are taken, the recorder's name says more.
        ("config", "The AWS Config recorder", settings.recorder),
        ("api-logs", "The role with which API Gateway writes logs", settings.api_role),
    ]
    for setting, what, name in named:
        if name is not None and not ends_in(last_part(name), suffix):
            yield setting, f'{what} is "{last_part(name)}", and the account has one only.'
    if settings.monitoring_group not in (None, suffix):
        holder = f'deployment "{settings.monitoring_group}"' if settings.monitoring_group else "no deployment"
        yield (
            "database-monitoring",
            f"The log group {_MONITORING_GROUP} of RDS's enhanced monitoring exists and belongs to {holder}.",
        )


def _held_by_nobody(settings: AccountState) -> Iterator[tuple[str, str]]:
    # RDS creates the log group of its enhanced monitoring if it is missing.
    if settings.recorder is None:
        yield "config", "The account has no AWS Config recorder, and takes no rules without one."
    if settings.api_role is None:
        yield (
            "api-logs",
            "The account has no role with which API Gateway writes logs, and takes no stage with logs without one.",
        )


def overlapping_suffixes(suffix: str, others: Iterable[str]) -> list[str]:
    """Return the other suffixes that cannot share an account with this one, sorted.

    "b" and "a-b" would share names: "table/*-b", which is how policies narrow what "b" may reach, matches "user-sessions-a-b".
    """
    return sorted(other for other in set(others) - {suffix} if ends_in(other, suffix) or ends_in(suffix, other))
