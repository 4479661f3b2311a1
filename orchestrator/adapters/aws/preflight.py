"""Compares a plan with the account: what would fail half-way, or be refused after the first resources cost money, is found before.

A check belongs to resource types and runs only where the plan creates or changes one of them; it knows nothing of any platform. A finding
says what to run or to ask AWS for. A call that the caller may not make is a warning: the check is left out, and nothing else.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from orchestrator.adapters.aws.listing import ClientFactory, pages
from orchestrator.adapters.aws.objects import code_of
from orchestrator.adapters.aws.session import explain
from orchestrator.diagnostics import Diagnostic, Severity
from orchestrator.engine.plan import PlannedChange, StackPlan
from orchestrator.model.status import Action

_DENIED = frozenset({"AccessDenied", "AccessDeniedException", "AuthorizationError", "UnauthorizedOperation"})
_UNRESERVED = 100
"""Executions that reservations must leave in an account: docs.aws.amazon.com/lambda/latest/dg/configuration-concurrency.html."""
_USUAL_CONCURRENCY = 1000
_LAMBDA = ("lambda", "L-B99A9384")
_OLD_ZONES = frozenset({"use1-az3"})
"""Zones that lack what newer services need; AWS maps other names to them in every account."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountCheck:
    """What the account must have for resources of some types.

    Attributes:
        subject: what is compared, for the message when it cannot be.
        types: the Terraform types that need it; empty for any plan that changes something.
        singleton: whether it is about what an account has once.
        run: yields the findings about the planned changes of these types.

    """

    subject: str
    types: frozenset[str]
    run: Callable[[ClientFactory, Sequence[PlannedChange]], Iterator[Diagnostic]]
    singleton: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class _Quota:
    """A quota on resources of one type.

    ``what``: in the plural. ``code``: service and quota code of Service Quotas; None for a quota that AWS does not
    raise. ``default``: AWS's default. ``used``: counts what the account has. ``free``: how room is made.
    """

    what: str
    type: str
    code: tuple[str, str] | None
    default: int
    used: Callable[[ClientFactory], int]
    free: str


def _count(client: Any, operation: str, key: str, **arguments: Any) -> int:
    return sum(1 for _ in pages(client, operation, key, **arguments))


_QUOTAS = (
    _Quota(
        what="Elastic IP addresses",
        type="aws_eip",
        code=("ec2", "L-0263D0A3"),
        default=5,
        used=lambda client: _count(client("ec2"), "describe_addresses", "Addresses"),
        free="aws ec2 describe-addresses shows them",
    ),
    _Quota(
        what="VPCs",
        type="aws_vpc",
        code=("vpc", "L-F678F1CE"),
        default=5,
        used=lambda client: _count(client("ec2"), "describe_vpcs", "Vpcs"),
        free="aws ec2 describe-vpcs shows them; an unused default VPC counts, too",
    ),
    _Quota(
        what="CloudTrail trails",
        type="aws_cloudtrail",
        code=None,
        default=5,
        used=lambda client: len(client("cloudtrail").describe_trails(includeShadowTrails=True)["trailList"]),
        free="aws cloudtrail describe-trails shows them",
    ),
    _Quota(
        what="resource policies of CloudWatch Logs",
        type="aws_cloudwatch_log_resource_policy",
        code=None,
        default=10,
        used=lambda client: _count(client("logs"), "describe_resource_policies", "resourcePolicies"),
        free="aws logs describe-resource-policies shows them, aws logs delete-resource-policy deletes one",
    ),
    _Quota(
        what="AWS Config rules",
        type="aws_config_config_rule",
        code=None,
        default=1000,
        used=lambda client: _count(client("config"), "describe_config_rules", "ConfigRules"),
        free="aws configservice describe-config-rules shows them",
    ),
)


def examine_account(client: ClientFactory, plan: StackPlan, *, singletons: bool = True) -> tuple[Diagnostic, ...]:
    """Run every check that the plan needs.

    ``client``: returns a boto3 client for a service. ``plan``: of the stack; an empty one costs no call. ``singletons``: whether to
    look at what an account has once. Raises PlatformctlError: AWS did not answer.
    """
    changes = [change for unit in plan.units.values() for change in unit]
    kept = [change for change in changes if change.action not in (Action.DELETE, Action.FORGET)]
    found: list[Diagnostic] = []
    for check in CHECKS:
        needed = [change for change in kept if not check.types or change.type in check.types]
        if not needed or (check.singleton and not singletons):
            continue
        try:
            found.extend(check.run(client, needed))
        except ClientError as error:
            if code_of(error) not in _DENIED:
                raise explain(error, doing=f"Asking AWS for {check.subject}") from error
            found.append(
                _finding(
                    "The account could not be examined",
                    f"AWS does not let you ask for {check.subject}: {error}",
                    "Grant it; docs/deployment.md names the policies.",
                    severity=Severity.WARNING,
                )
            )
        except BotoCoreError as error:
            raise explain(error, doing=f"Asking AWS for {check.subject}") from error
    return tuple(found)


def _finding(summary: str, detail: str, hint: str, *, severity: Severity = Severity.ERROR) -> Diagnostic:
    return Diagnostic(summary=summary, detail=detail, hint=hint, severity=severity)


def _created(needed: Sequence[PlannedChange]) -> list[PlannedChange]:
    return [change for change in needed if change.action is Action.CREATE]


def _applied_quota(client: ClientFactory, code: tuple[str, str], default: int) -> int:
    try:
        quota = client("service-quotas").get_service_quota(ServiceCode=code[0], QuotaCode=code[1])["Quota"]
    except ClientError as error:
        # Only what differs from the default is stored; AWS's own tools fall back in the same way.
        if code_of(error) != "NoSuchResourceException":
            raise
        return default
    return int(quota["Value"])


def _request(code: tuple[str, str], value: int) -> str:
    return f"aws service-quotas request-service-quota-increase --service-code {code[0]} --quota-code {code[1]} --desired-value {value}"


def _quota_check(quota: _Quota) -> AccountCheck:
    def run(client: ClientFactory, needed: Sequence[PlannedChange]) -> Iterator[Diagnostic]:
        more = len(_created(needed))
        if not more:
            return
        used = quota.used(client)
        limit = quota.default if quota.code is None else _applied_quota(client, quota.code, quota.default)
        if used + more <= limit:
            return
        if quota.code is None:
            fix = f"Delete {used + more - limit} that nobody needs: {quota.free}. AWS does not raise this quota."
        else:
            fix = f"{_request(quota.code, used + more)}   (or delete some: {quota.free})"
        yield _finding(
            f"The account has no room for more {quota.what}",
            f"It has {used} of {limit} in this region, and the plan creates {more}.",
            fix,
        )

    return AccountCheck(subject=f"the quota of {quota.what}", types=frozenset({quota.type}), run=run)


def _concurrency(client: ClientFactory, needed: Sequence[PlannedChange]) -> Iterator[Diagnostic]:
    more = sum(_reservation(change) for change in needed)
    if more <= 0:
        return
    settings = client("lambda").get_account_settings()["AccountLimit"]
    limit, unreserved = settings["ConcurrentExecutions"], settings["UnreservedConcurrentExecutions"]
    if unreserved - more >= min(_UNRESERVED, limit):
        return
    enough = max(limit - unreserved + more + _UNRESERVED, _USUAL_CONCURRENCY)
    yield _finding(
        "The account has too few concurrent executions of Lambda",
        f"Its quota is {limit}, of which {limit - unreserved} are reserved; the plan reserves {more} more, and {_UNRESERVED} must stay "
        "unreserved.",
        f"{_request(_LAMBDA, enough)}   (or reserve nothing: -1)",
    )


def _reservation(change: PlannedChange) -> int:
    """Return how much more a change reserves; -1 stands for nothing."""
    one = next((one for one in change.attributes if one.name == "reserved_concurrent_executions"), None)
    if one is None:
        return 0
    before, after = (value if isinstance(value, int) else 0 for value in (one.before, one.after))
    return max(after, 0) - max(before, 0)


def _log_groups(client: ClientFactory, needed: Sequence[PlannedChange]) -> Iterator[Diagnostic]:
    logs = client("logs")
    for change in _created(needed):
        name = change.after("name")
        if not isinstance(name, str):
            continue
        # The shortest name with a prefix is listed first.
        found = logs.describe_log_groups(logGroupNamePrefix=name, limit=1)["logGroups"]
        if found and found[0]["logGroupName"] == name:
            yield _finding(
                "A log group exists already",
                f"{change.address} is to be created, and the account has a log group {name} that is in no state of the deployment.",
                f"aws logs delete-log-group --log-group-name {name}   (deletes what was logged; to keep it, adopt the group with an "
                "import block)",
            )


def _zones(client: ClientFactory, needed: Sequence[PlannedChange]) -> Iterator[Diagnostic]:
    wanted = sorted({str(name) for change in _created(needed) if (name := change.after("availability_zone"))})
    if not wanted:
        return
    every = {zone["ZoneName"]: zone for zone in client("ec2").describe_availability_zones()["AvailabilityZones"]}
    better = [name for name, zone in sorted(every.items()) if zone["ZoneId"] not in _OLD_ZONES and name not in wanted]
    hint = f"Choose other availability zones, such as {', '.join(better) or 'those of another region'}."
    for name in wanted:
        if name not in every:
            yield _finding(
                "An availability zone does not exist", f"The account has no zone {name} in this region.", hint
            )
        elif every[name]["ZoneId"] in _OLD_ZONES:
            yield _finding(
                "An availability zone lacks services",
                f"In this account {name} is {every[name]['ZoneId']}, an old zone in which newer services and instance types are missing.",
                hint,
                severity=Severity.WARNING,
            )


def _engine_version(client: ClientFactory, needed: Sequence[PlannedChange]) -> Iterator[Diagnostic]:
    for change in needed:
        engine, version = change.after("engine"), change.after("engine_version")
        if not isinstance(engine, str) or not isinstance(version, str):
            continue
        listed = pages(client("rds"), "describe_db_engine_versions", "DBEngineVersions", Engine=engine)
        offered = [one["EngineVersion"] for one in listed]
        if not any(one == version or one.startswith(f"{version}.") for one in offered):
            same = [one for one in offered if one.split(".")[0] == version.split(".")[0]]
            yield _finding(
                "A database version is not on offer",
                f"{change.address} asks for {engine} {version}, which AWS does not offer in this region.",
                f"Set one of {', '.join(same or offered)}, or the major version alone.",
            )


def _recorder(client: ClientFactory, needed: Sequence[PlannedChange]) -> Iterator[Diagnostic]:
    config = client("config")
    singletons = (
        (
            "aws_config_configuration_recorder",
            "recorder",
            config.describe_configuration_recorders,
            "ConfigurationRecorders",
        ),
        ("aws_config_delivery_channel", "delivery channel", config.describe_delivery_channels, "DeliveryChannels"),
    )
    for kind, what, describe, key in singletons:
        planned = [change for change in _created(needed) if change.type == kind]
        # AWS services may have recorders of their own beside the account's.
        others = [one["name"] for one in describe()[key] if not one.get("servicePrincipal")] if planned else []
        if others:
            yield _finding(
                f"AWS Config has a {what} already",
                f"{planned[0].address} is to be created; the account has one only, {others[0]}, which somebody else owns.",
                "Leave it to its owner: take it out of the plan.",
            )


def _trail_cost(client: ClientFactory, needed: Sequence[PlannedChange]) -> Iterator[Diagnostic]:
    if not _created(needed):
        return
    trails = client("cloudtrail").describe_trails(includeShadowTrails=True)["trailList"]
    if trails:
        organization = next((trail["Name"] for trail in trails if trail.get("IsOrganizationTrail")), None)
        yield _finding(
            "Another trail costs money",
            f"The account has {organization or trails[0]['Name']} already. Every copy of the management events after the first costs "
            "2.00 USD per 100,000.",
            "Leave the trail out where the other one is enough.",
            severity=Severity.WARNING,
        )


def _principal(client: ClientFactory, needed: Sequence[PlannedChange]) -> Iterator[Diagnostic]:
    caller = str(client("sts").get_caller_identity()["Arn"])
    if caller.endswith(":root"):
        yield _finding(
            "You deploy as the root user of the account",
            f"{caller} cannot be limited by any policy, and its use is what alarms watch for (PCI DSS 7.2, 8.2).",
            "Use a role with the deployer's policies: docs/deployment.md.",
            severity=Severity.WARNING,
        )
    if ":assumed-role/AWSReservedSSO_" in caller:
        for change in needed:
            trust = str(change.after("assume_role_policy") or "")
            if "aws-reserved/sso.amazonaws.com" in trust and "aws:MultiFactorAuth" in trust:
                yield _finding(
                    "Nobody from IAM Identity Center can take a role",
                    f"{change.address} demands aws:MultiFactorAuthPresent, which sessions of Identity Center never carry: it checks the "
                    "second factor itself.",
                    "Set require_mfa = false for roles that Identity Center's roles assume.",
                )


CHECKS = (
    AccountCheck(subject="the kind of its caller", types=frozenset({"aws_iam_role"}), run=_principal),
    AccountCheck(subject="its concurrent executions", types=frozenset({"aws_lambda_function"}), run=_concurrency),
    *map(_quota_check, _QUOTAS),
    AccountCheck(subject="its log groups", types=frozenset({"aws_cloudwatch_log_group"}), run=_log_groups),
    AccountCheck(subject="its availability zones", types=frozenset({"aws_subnet"}), run=_zones),
    AccountCheck(subject="the database versions on offer", types=frozenset({"aws_rds_cluster"}), run=_engine_version),
    AccountCheck(
        subject="its AWS Config recorder",
        types=frozenset({"aws_config_configuration_recorder", "aws_config_delivery_channel"}),
        run=_recorder,
        singleton=True,
    ),
    AccountCheck(subject="its trails", types=frozenset({"aws_cloudtrail"}), run=_trail_cost),
)
"""Every check; docs/deployment.md lists them."""
