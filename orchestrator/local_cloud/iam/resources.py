"""The resources that a call is about, from its parameters and the ARNs of the Service Authorization Reference.

A parameter that is such an ARN names the resource. Otherwise the variables of the ARN are filled from parameters of the same
name, or from those of the table below. What a call does not name is "*" in the ARN of a required resource, as for AWS: a VPC
that is about to be created is "arn:aws:ec2:us-east-1:123456789012:vpc/*".
"""

import re
from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Any

from orchestrator.local_cloud.iam.calls import ApiCall
from orchestrator.local_cloud.identity import ACCOUNT_ID
from orchestrator.local_cloud.reference import ActionEntry, ResourceType

_VARIABLE = re.compile(r"\$\{(\w+)\}")
_OF_TAGS = re.compile(r"(?:request)?tag(?:s|set|list|slist|keys|ging|specifications?)?", re.IGNORECASE)

# Parameters that name a resource, by service and variable, where the two have different names.
_PARAMETERS: Mapping[tuple[str, str], tuple[str, ...]] = {
    ("acm", "CertificateId"): (),
    ("cloudtrail", "TrailName"): ("Name", "TrailName"),
    ("config", "ConfigRuleId"): (),
    ("events", "ApiDestinationName"): ("Name",),
    ("events", "ArchiveName"): ("ArchiveName",),
    ("events", "ConnectionName"): ("Name",),
    ("events", "EventBusName"): ("EventBusName", "Name"),
    ("events", "ReplayName"): ("ReplayName",),
    ("iam", "GroupNameWithPath"): ("GroupName",),
    ("iam", "InstanceProfileNameWithPath"): ("InstanceProfileName",),
    ("iam", "PolicyNameWithPath"): ("PolicyName",),
    ("iam", "RoleNameWithPath"): ("RoleName",),
    ("iam", "UserNameWithPath"): ("UserName",),
    ("lambda", "LayerVersion"): ("VersionNumber",),
    ("lambda", "UUID"): ("UUID",),
    ("rds", "CertificateName"): ("CertificateIdentifier",),
    ("rds", "ClusterParameterGroupName"): ("DBClusterParameterGroupName",),
    ("rds", "ClusterSnapshotName"): ("DBClusterSnapshotIdentifier", "FinalDBSnapshotIdentifier"),
    ("rds", "DbClusterInstanceName"): ("DBClusterIdentifier",),
    ("rds", "DbInstanceName"): ("DBInstanceIdentifier",),
    ("rds", "ParameterGroupName"): ("DBParameterGroupName",),
    ("rds", "SnapshotName"): ("DBSnapshotIdentifier", "FinalDBSnapshotIdentifier"),
    ("rds", "SubnetGroupName"): ("DBSubnetGroupName",),
    ("ssm", "ParameterNameWithoutLeadingSlash"): ("Name", "Names"),
    ("wafv2", "Scope"): ("Scope",),
}


def leaves(value: Any, name: str = "") -> Iterator[tuple[str, Any]]:
    """Yield every value among parameters with the name next to it, except tags, which name nothing."""
    if isinstance(value, Mapping):
        for key, inner in value.items():
            if not _OF_TAGS.fullmatch(str(key)):
                yield from leaves(inner, str(key))
    elif isinstance(value, list):
        for inner in value:
            yield from leaves(inner, name)
    else:
        yield name, value


def resources_of(call: ApiCall, entry: ActionEntry) -> list[tuple[ResourceType, str]]:
    """List the resources of a call with their types; none if it names none that the action requires."""
    arns = {value for _, value in leaves(call.parameters) if isinstance(value, str) and value.startswith("arn:")}
    variables = [_VARIABLE.findall(kind.arn) for kind, _ in entry.resources]
    found: list[tuple[ResourceType, str]] = []
    for kind, required in entry.resources:
        # Of kinds that share their variables, as those of WAF do, a name is that of the required one.
        shared = not required and variables.count(_VARIABLE.findall(kind.arn)) > 1
        named = sorted(arn for arn in arns if _pattern(kind.arn).fullmatch(arn))
        named = named or ([] if shared else _filled(call, kind))
        if not named and (required or len(entry.resources) == 1):
            named = [_VARIABLE.sub("*", _bound(kind.arn, call))]
        found += ((kind, arn) for arn in named)
    return list({arn: (kind, arn) for kind, arn in found}.values())


def _bound(arn: str, call: ApiCall) -> str:
    return arn.replace("${Region}", call.region).replace("${Account}", ACCOUNT_ID)


def _filled(call: ApiCall, kind: ResourceType) -> list[str]:
    """Fill the variables of an ARN from parameters; nothing if none of them is named."""
    arn = _bound(kind.arn, call)
    filled, names = [arn], _VARIABLE.findall(arn)
    given = {name: _values(call, name) for name in names}
    if not names or not any(given.values()) or (len(names) > 1 and not given[names[0]]):
        return []
    for name in names:
        filled = [one.replace(f"${{{name}}}", value) for one in filled for value in given[name] or ["*"]]
    return filled


def _values(call: ApiCall, variable: str) -> list[str]:
    stated = _PARAMETERS.get((call.prefix, variable))
    wanted = {name.lower() for name in ((variable, f"{variable}s") if stated is None else stated)}
    values: list[str] = []
    for name, value in call.parameters.items():
        if name.lower() in wanted:
            values += [one for one in (value if isinstance(value, list) else [value]) if isinstance(one, str) and one]
    return [value.lower() if variable == "Scope" else value for value in values if not value.startswith("arn:")]


@lru_cache(maxsize=1024)
def _pattern(arn: str) -> re.Pattern[str]:
    return re.compile("[^:]*".join(re.escape(part) for part in _VARIABLE.split(arn)[::2]))
