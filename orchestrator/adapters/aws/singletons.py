"""What AWS has once per account and region, and who holds it (requirement B15).

A deployment that owns these settings must find them free or its own; one that does not own them needs the recorder of another. Both are
told before anything is applied.
"""

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from orchestrator.adapters.aws.inventory.resource import ClientFactory, ends_in, last_part
from orchestrator.adapters.aws.session import explain

_MONITORING_GROUP = "RDSOSMetrics"


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountSettings:
    """The settings as they are; None is what nobody has made.

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


def account_settings(client: ClientFactory) -> AccountSettings:
    """Ask AWS.

    Args:
        client: gives a boto3 client for a service.

    Raises:
        PlatformctlError: AWS did not answer.

    """
    try:
        config = client("config")
        # One that another AWS service made for itself stands beside the account's own.
        recorders = [
            recorder["name"]
            for recorder in config.describe_configuration_recorders()["ConfigurationRecorders"]
            if not recorder.get("servicePrincipal")
        ]
        channels = [channel["name"] for channel in config.describe_delivery_channels()["DeliveryChannels"]]
        return AccountSettings(
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
    settings: AccountSettings, suffix: str, *, owned: Collection[str], used: Collection[str]
) -> tuple[dict[str, str], dict[str, str]]:
    """What stands in the way of a deployment: a sentence per setting.

    Args:
        settings: as they are.
        suffix: of the deployment.
        owned: what it wants to own: api-logs, config, database-monitoring.
        used: what it uses at all.

    Returns:
        what it wants to own and somebody else holds; what it leaves to others and nobody holds, although AWS demands it.

    """
    taken = {
        setting: text for setting, text in _held_by_others(settings, suffix) if setting in owned and setting in used
    }
    missing = {setting: text for setting, text in _held_by_nobody(settings) if setting in used and setting not in owned}
    return taken, missing


def _held_by_others(settings: AccountSettings, suffix: str) -> Iterator[tuple[str, str]]:
    named = [
        ("config", "The AWS Config delivery channel", settings.delivery_channel),
        # Where both are taken, the recorder's name says more.
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


def _held_by_nobody(settings: AccountSettings) -> Iterator[tuple[str, str]]:
    # The log group of RDS's enhanced monitoring is not among them: RDS makes it where it is missing.
    if settings.recorder is None:
        yield "config", "The account has no AWS Config recorder, and takes no rules without one."
    if settings.api_role is None:
        yield (
            "api-logs",
            "The account has no role with which API Gateway writes logs, and takes no stage with logs without one.",
        )


def overlapping_suffixes(suffix: str, others: Iterable[str]) -> list[str]:
    """The suffixes among the others that cannot live beside this one, sorted.

    "b" and "a-b" would share names: "table/*-b", which is how policies narrow what "b" may reach, matches "user-sessions-a-b".
    """
    return sorted(other for other in set(others) - {suffix} if ends_in(other, suffix) or ends_in(suffix, other))
