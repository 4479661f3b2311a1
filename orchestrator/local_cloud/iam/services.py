"""What calls need: actions, their resources and their condition keys.

Source: Service Authorization Reference. Most services need no row here: the action is named like the operation, the resources
follow from its parameters (``resources``), the condition keys from parameters and tags (``context``).
"""

import re
from collections.abc import Callable, Iterator

from orchestrator.local_cloud.backends import GLOBAL, backend
from orchestrator.local_cloud.iam import stored
from orchestrator.local_cloud.iam.calls import ApiCall, MalformedCallError, Wanted
from orchestrator.local_cloud.iam.consequences import consequences
from orchestrator.local_cloud.iam.context import derived
from orchestrator.local_cloud.iam.dynamodb import dynamodb
from orchestrator.local_cloud.iam.keys import kms, used_through
from orchestrator.local_cloud.iam.messages import sns, sqs
from orchestrator.local_cloud.iam.resources import leaves, resources_of
from orchestrator.local_cloud.iam.s3 import s3
from orchestrator.local_cloud.identity import ACCOUNT_ID
from orchestrator.local_cloud.reference import action_entry

_IDS_OF_EC2 = {
    "acl": "network-acl",
    "ami": "image",
    "eipalloc": "elastic-ip",
    "eni": "network-interface",
    "fl": "vpc-flow-log",
    "i": "instance",
    "igw": "internet-gateway",
    "lt": "launch-template",
    "nat": "natgateway",
    "rtb": "route-table",
    "sg": "security-group",
    "sgr": "security-group-rule",
    "snap": "snapshot",
    "subnet": "subnet",
    "vol": "volume",
    "vpc": "vpc",
    "vpce": "vpc-endpoint",
}
_EC2_ID = re.compile(r"([a-z]+)-[0-9a-f]{8,17}")
_ON_STREAMS = frozenset({"GetLogEvents", "PutLogEvents", "DeleteLogStream"})
_USES_OF_SECRETS = {"GetSecretValue": ("Decrypt",), "PutSecretValue": ("GenerateDataKey", "Decrypt")}
_ACTIONS_OF_LAMBDA = {"GetLayerVersionByArn": "GetLayerVersion"}


def wanted(call: ApiCall) -> list[Wanted]:
    """List what a call needs, all of which must be allowed, or raise MalformedCallError. Reads moto's state."""
    try:
        own = list(_SERVICES.get(call.service, _generic)(call))
        return [_completed(call, one) for one in (*own, *consequences(call, own))]
    except (AttributeError, IndexError, KeyError, RuntimeError, TypeError, ValueError) as error:
        # Parameters of another shape than the API's: a list for an object, a number for a name.
        raise MalformedCallError(f"{call.operation}: {type(error).__name__}: {error}") from error


def _completed(call: ApiCall, one: Wanted) -> Wanted:
    """Add what the Service Authorization Reference says: condition keys, and "*" for an action without resources."""
    entry = action_entry(one.action)
    if entry is None:
        return one
    resource = one.resource if entry.resources else "*"
    found = Wanted(action=one.action, resource=resource, context=one.context)
    return Wanted(action=one.action, resource=resource, context={**derived(call, entry, found), **one.context})


def _generic(call: ApiCall, action: str = "") -> Iterator[Wanted]:
    entry = action_entry(call.action(action))
    if entry is not None:
        for arn in [arn for _, arn in resources_of(call, entry)] or ["*"]:
            yield Wanted(action=call.action(action), resource=arn)
        return
    arns = (value for name, value in call.parameters.items() if name.lower().endswith("arn"))
    arn = next((value for value in arns if isinstance(value, str) and value.startswith("arn:")), "*")
    yield Wanted(action=call.action(), resource=arn)


def _secretsmanager(call: ApiCall) -> Iterator[Wanted]:
    action, identifiers = call.operation, [call.text("SecretId", "Name")]
    if action == "BatchGetSecretValue":
        yield Wanted(action=call.action())
        action, identifiers = "GetSecretValue", [str(one) for one in call.listed("SecretIdList")]
    if action == "CreateSecret":
        # The name gets a hyphen and six characters.
        yield Wanted(action=call.action(), resource=call.arn(f"secret:{call.text('Name')}-??????"))
        return
    for identifier in identifiers:
        found = stored.secret(identifier, call.region) if identifier else None
        named = identifier if identifier.startswith("arn:") else call.arn(f"secret:{identifier}")
        arn = str(found.arn) if found is not None else named
        context = call.keys({"secretsmanager:versionstage": "VersionStage"})
        context |= {"secretsmanager:secretid": (identifier,)} if identifier else {}
        yield Wanted(action=call.action(action), resource=arn if identifier else "*", context=context)
        version = call.text("VersionId") or str(getattr(found, "default_version_id", ""))
        bound = {"SecretARN": arn, "SecretVersionId": version}
        key_id, uses = getattr(found, "kms_key_id", None), _USES_OF_SECRETS.get(action, ())
        yield from used_through(call, key_id, *uses, encryption_context=bound)


def _logs(call: ApiCall) -> Iterator[Wanted]:
    entry = action_entry(call.action())
    if entry is not None and not any(kind.name.startswith("log-") for kind, _ in entry.resources):
        yield from _generic(call)
        return
    identifiers = [call.text("logGroupName"), call.text("logGroupIdentifier", "resourceArn", "logGroupArn")]
    identifiers += [*call.listed("logGroupNames"), *call.listed("logGroupIdentifiers")]
    if call.operation in ("TagResource", "UntagResource", "ListTagsForResource"):
        yield Wanted(action=call.action(), resource=identifiers[1] or "*")
        return
    stream = call.text("logStreamName") if call.operation in _ON_STREAMS else ""
    for identifier in [one for one in identifiers if one] or [""]:
        group = identifier.split(":log-group:")[-1].removesuffix(":*")
        # For CloudWatch Logs a group is a stream without a name: that is why policies end in ":*".
        yield Wanted(action=call.action(), resource=call.arn(f"log-group:{group}:log-stream:{stream}"))


def _lambda(call: ApiCall) -> Iterator[Wanted]:
    action = "InvokeFunction" if call.operation.startswith("Invoke") else call.operation
    action = _ACTIONS_OF_LAMBDA.get(action, action)
    name, qualifier = call.text("FunctionName"), call.text("Qualifier")
    entry = action_entry(call.action(action))
    if not name or (entry is not None and not any(kind.name.startswith("function") for kind, _ in entry.resources)):
        yield from _generic(call, action)
        return
    arn = name if name.startswith("arn:") else call.arn(f"function:{name.rpartition(':function:')[2]}")
    yield Wanted(action=call.action(action), resource=f"{arn}:{qualifier}" if qualifier else arn)


def _sts(call: ApiCall) -> Iterator[Wanted]:
    # GetCallerIdentity and the like cannot be denied.
    if call.operation not in ("GetCallerIdentity", "GetSessionToken"):
        yield Wanted(action=call.action(), resource=call.text("RoleArn") or "*", context=_session_keys(call))


def _session_keys(call: ApiCall) -> dict[str, tuple[str, ...]]:
    names = {
        "sts:externalid": "ExternalId",
        "sts:rolesessionname": "RoleSessionName",
        "sts:sourceidentity": "SourceIdentity",
    }
    transitive = tuple(str(key) for key in call.listed("TransitiveTagKeys"))
    return call.keys(names) | ({"sts:transitivetagkeys": transitive} if transitive else {})


def _ssm(call: ApiCall) -> Iterator[Wanted]:
    entry = action_entry(call.action())
    if entry is not None and not any(kind.name == "parameter" for kind, _ in entry.resources):
        yield from _generic(call)
        return
    for name in [str(one) for one in call.listed("Names")] or [call.text("Name", "Path", "ResourceId")]:
        arn = name if name.startswith("arn:") or not name else call.arn(f"parameter/{name.lstrip('/')}")
        yield Wanted(action=call.action(), resource=arn or "*")


def _events(call: ApiCall) -> Iterator[Wanted]:
    if call.operation == "PutEvents":
        for bus in sorted({str(one.get("EventBusName") or "default") for one in call.listed("Entries")}):
            yield Wanted(action=call.action(), resource=bus if bus.startswith("arn:") else call.arn(f"event-bus/{bus}"))
        return
    entry = action_entry(call.action())
    if (
        entry is None
        or not any(kind.name.startswith("rule") for kind, _ in entry.resources)
        or call.text("ResourceARN")
    ):
        yield from _generic(call)
        return
    rule, bus = call.text("Rule", "Name"), call.text("EventBusName")
    yield Wanted(
        action=call.action(), resource=call.arn(f"rule/{bus}/{rule}" if bus not in ("", "default") else f"rule/{rule}")
    )


def _ec2(call: ApiCall) -> Iterator[Wanted]:
    """Yield every resource whose id the request names, and the kinds that it creates."""
    entry = action_entry(call.action())
    kinds = {} if entry is None else {kind.name: (kind, required) for kind, required in entry.resources}
    named: dict[str, list[str]] = {}
    for _, value in leaves(call.parameters):
        match = _EC2_ID.fullmatch(value) if isinstance(value, str) else None
        kind = _IDS_OF_EC2.get(match[1], "") if match else ""
        if kind in kinds:
            named.setdefault(kind, []).append(f"{kind}/{value}")
    named |= {kind: resources for kind, resources in _associated(call).items() if kind in kinds and kind not in named}
    made = [str(one.get("ResourceType")) for one in call.listed("TagSpecifications")]
    for kind, (_, required) in kinds.items():
        if kind not in named and (required or kind in made):
            named[kind] = [f"{kind}/*"]
    for arn in [call.arn(one) for found in named.values() for one in dict.fromkeys(found)] or ["*"]:
        yield Wanted(action=call.action(), resource=arn)


def _associated(call: ApiCall) -> dict[str, list[str]]:
    """Return the resources behind the id of an association, by their kinds."""
    ec2, identifier = backend("ec2", call.region), call.text("AssociationId")
    if ec2 is None or not identifier:
        return {}
    found: dict[str, list[str]] = {}
    for kind, stores in (("route-table", ec2.route_tables), ("network-acl", ec2.network_acls)):
        for one in stores.values():
            if identifier in one._associations:  # noqa: SLF001 - its property is a list without ids
                target = one._associations[identifier]  # noqa: SLF001 - as above
                subnet = str(getattr(target, "subnet_id", target))
                found[kind] = [f"{kind}/{one.id}"]
                found["subnet"] = [f"subnet/{subnet}"] if subnet.startswith("subnet-") else []
    found["elastic-ip"] = [
        f"elastic-ip/{one.allocation_id}" for one in ec2.addresses if one.association_id == identifier
    ]
    return {kind: resources for kind, resources in found.items() if resources}


def _iam(call: ApiCall) -> Iterator[Wanted]:
    if call.operation == "CreateServiceLinkedRole":
        service = call.text("AWSServiceName")
        arn = f"arn:aws:iam::{ACCOUNT_ID}:role/aws-service-role/{service}/*"
        yield Wanted(action=call.action(), resource=arn, context={"iam:awsservicename": (service,)})
        return
    context = call.keys({"iam:policyarn": "PolicyArn"}) if call.operation.startswith(("Attach", "Detach")) else {}
    boundary = call.text("PermissionsBoundary") or _present_boundary(call)
    context |= {"iam:permissionsboundary": (boundary,)} if boundary else {}
    named = {name: value for name, value in call.parameters.items() if name != "PolicyArn" or not context}
    path = call.text("Path").strip("/")
    for one in _generic(ApiCall(service="iam", operation=call.operation, region=call.region, parameters=named)):
        kind, _, name = one.resource.partition("/")
        arn = f"{kind}/{path}/{name}" if path and call.operation.startswith("Create") else one.resource
        yield Wanted(action=call.action(), resource=stored.with_path(arn), context=context)


def _present_boundary(call: ApiCall) -> str:
    """Return the boundary of the role or user that a call would change; IAM compares it, too."""
    if call.operation in ("CreateRole", "CreateUser"):
        return ""
    iam = backend("iam", GLOBAL)
    if call.text("RoleName"):
        role = next((one for one in iam.get_roles() if one.name == call.text("RoleName")), None)
        return str(getattr(role, "permissions_boundary_arn", None) or "")
    user = iam.users.get(call.text("UserName"))
    return str(getattr(user, "permissions_boundary", None) or "")


def _apigateway(call: ApiCall) -> Iterator[Wanted]:
    """Yield an HTTP method on a path, which is what actions of API Gateway are."""
    path = call.path or "/"
    yield Wanted(action=f"apigateway:{call.method}", resource=f"arn:aws:apigateway:{call.region}::{path}")


def _config(call: ApiCall) -> Iterator[Wanted]:
    """Yield rules by the ids that AWS Config gives them."""
    config = backend("config", call.region)
    names = [call.text("ConfigRuleName"), *call.listed("ConfigRuleNames")]
    names.append(str((call.parameters.get("ConfigRule") or {}).get("ConfigRuleName") or ""))
    rules = [getattr(config, "config_rules", {}).get(name) for name in names if name]
    arns = [str(rule.config_rule_arn) for rule in rules if rule is not None]
    if not arns:
        yield from _generic(call)
    for arn in arns:
        yield Wanted(action=call.action(), resource=arn)


def _rds(call: ApiCall) -> Iterator[Wanted]:
    """Yield the resources of a call, and the groups of AWS that apply where it names none."""
    yield from _generic(call)
    engine, major = call.text("Engine"), call.text("EngineVersion").partition(".")[0] or "*"
    if call.operation == "CreateDBInstance":
        if not call.text("DBParameterGroupName"):
            yield Wanted(action=call.action(), resource=call.arn(f"pg:default.{engine}{major}"))
        if not call.text("OptionGroupName"):
            yield Wanted(action=call.action(), resource=call.arn(f"og:default:{engine}-{major}"))


_SERVICES: dict[str, Callable[[ApiCall], Iterator[Wanted]]] = {
    "apigateway": _apigateway,
    "config": _config,
    "dynamodb": dynamodb,
    "ec2": _ec2,
    "events": _events,
    "iam": _iam,
    "kms": kms,
    "lambda": _lambda,
    "logs": _logs,
    "rds": _rds,
    "s3": s3,
    "secretsmanager": _secretsmanager,
    "sns": sns,
    "sqs": sqs,
    "ssm": _ssm,
    "sts": _sts,
}
