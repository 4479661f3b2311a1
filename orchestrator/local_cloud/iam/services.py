"""What calls to the other services need: the resource of each action, where the service has resources.

Source: Service Authorization Reference, one page per service.
"""

import re
from collections.abc import Callable, Iterator
from typing import Any

from orchestrator.local_cloud.iam.calls import Call, Wanted
from orchestrator.local_cloud.iam.dynamodb import dynamodb
from orchestrator.local_cloud.iam.keys import kms, used_through
from orchestrator.local_cloud.iam.messages import sns, sqs
from orchestrator.local_cloud.iam.s3 import s3
from orchestrator.local_cloud.identity import ACCOUNT_ID

_IDS_OF_EC2 = {
    "eipalloc": "elastic-ip",
    "eni": "network-interface",
    "i": "instance",
    "igw": "internet-gateway",
    "nat": "natgateway",
    "rtb": "route-table",
    "sg": "security-group",
    "subnet": "subnet",
    "vol": "volume",
    "vpc": "vpc",
    "vpce": "vpc-endpoint",
}
_EC2_ID = re.compile(r"([a-z]+)-[0-9a-f]{8,17}")
_CREATED_BY_EC2 = {"CreateNetworkInterface": "network-interface/*", "CreateSecurityGroup": "security-group/*"}
_VERBS_OF_APIGATEWAY = {"Create": "POST", "Delete": "DELETE", "Get": "GET", "Put": "PUT", "Update": "PATCH"}
_ON_STREAMS = frozenset({"GetLogEvents", "PutLogEvents", "DeleteLogStream"})
_ARN_PARTS = 6


def wanted(call: Call) -> list[Wanted]:
    """What a call needs; all of it must be allowed. Reads moto's state, so ``serial.MOTO`` must be held.

    A service that is not known here is asked about as its request names it: the action of the operation's name, on the ARN among its parameters,
    or on "*".
    """
    return list(_SERVICES.get(call.service, _by_arn)(call))


def secret(identifier: str, region: str) -> Any:
    """A secret by name, ARN or ARN without the six characters at its end; None without one."""
    from moto.secretsmanager.exceptions import SecretsManagerClientError  # noqa: PLC0415 - moto loads with the service
    from moto.secretsmanager.models import secretsmanager_backends  # noqa: PLC0415 - as above

    regions = secretsmanager_backends[ACCOUNT_ID]
    if region not in regions:
        return None
    try:
        return regions[region].secrets.get(identifier)
    except SecretsManagerClientError:
        return None


def deployed(arn: str) -> Any:
    """The function, or the version or alias of it, with that ARN; None without one."""
    from moto.awslambda.exceptions import UnknownFunctionException  # noqa: PLC0415 - moto loads with the service
    from moto.awslambda.models import lambda_backends  # noqa: PLC0415 - as above

    parts = arn.split(":")
    regions = lambda_backends[ACCOUNT_ID]
    if len(parts) <= _ARN_PARTS or parts[3] not in regions:
        return None
    qualifier = parts[_ARN_PARTS + 1] if len(parts) > _ARN_PARTS + 1 else None
    try:
        return regions[parts[3]].get_function(parts[_ARN_PARTS], qualifier)
    except UnknownFunctionException:
        return None


def _by_arn(call: Call) -> Iterator[Wanted]:
    named = (value for name, value in call.parameters.items() if name.lower().endswith("arn"))
    arn = next((value for value in named if isinstance(value, str) and value.startswith("arn:")), "*")
    yield Wanted(action=call.action(), resource=arn)


def _secretsmanager(call: Call) -> Iterator[Wanted]:
    identifiers = [call.text("SecretId", "Name")] if call.operation != "BatchGetSecretValue" else []
    if call.operation == "BatchGetSecretValue":
        yield Wanted(action="secretsmanager:BatchGetSecretValue")
        identifiers = [str(one) for one in call.listed("SecretIdList")]
    action = "GetSecretValue" if call.operation == "BatchGetSecretValue" else call.operation
    for identifier in identifiers:
        found = secret(identifier, call.region) if identifier else None
        named = identifier if identifier.startswith("arn:") else call.arn(f"secret:{identifier}")
        arn = str(found.arn) if found is not None else named
        context: dict[str, tuple[str, ...]] = {"secretsmanager:secretid": (identifier,)} if identifier else {}
        if stage := call.text("VersionStage"):
            context["secretsmanager:versionstage"] = (stage,)
        yield Wanted(action=f"secretsmanager:{action}", resource=arn if identifier else "*", context=context)
        uses = {"GetSecretValue": ("Decrypt",), "PutSecretValue": ("GenerateDataKey", "Decrypt")}.get(action, ())
        key_id = getattr(found, "kms_key_id", None)
        version = call.text("VersionId") or str(getattr(found, "default_version_id", ""))
        bound = {"SecretARN": arn, "SecretVersionId": version}
        yield from used_through(call, key_id, *uses, encryption_context=bound)


def _logs(call: Call) -> Iterator[Wanted]:
    group = call.text("logGroupName")
    identifier = call.text("logGroupIdentifier", "resourceArn", "logGroupArn")
    if call.operation in ("TagResource", "UntagResource", "ListTagsForResource"):
        yield Wanted(action=call.action(), resource=identifier or "*")
        return
    if identifier.startswith("arn:"):
        group = identifier.split(":log-group:")[-1].removesuffix(":*")
    stream = call.text("logStreamName") if call.operation in _ON_STREAMS else ""
    # CloudWatch Logs asks for groups, too, as for a stream without a name: that is why policies end in ":*".
    yield Wanted(action=call.action(), resource=call.arn(f"log-group:{group or identifier}:log-stream:{stream}"))


def _lambda(call: Call) -> Iterator[Wanted]:
    action = "InvokeFunction" if call.operation.startswith("Invoke") else call.operation
    name, qualifier = call.text("FunctionName"), call.text("Qualifier")
    if not name:
        yield from _by_arn(call)
        return
    arn = name if name.startswith("arn:") else call.arn(f"function:{name.rpartition(':function:')[2]}")
    yield Wanted(action=call.action(action), resource=f"{arn}:{qualifier}" if qualifier else arn)


def _sts(call: Call) -> Iterator[Wanted]:
    # To ask who one is cannot be forbidden.
    if call.operation != "GetCallerIdentity":
        context = {"sts:externalid": (value,)} if (value := call.text("ExternalId")) else {}
        session = {"sts:rolesessionname": (value,)} if (value := call.text("RoleSessionName")) else {}
        yield Wanted(action=call.action(), resource=call.text("RoleArn") or "*", context={**context, **session})


def _ssm(call: Call) -> Iterator[Wanted]:
    names = [str(name) for name in call.listed("Names")] or [call.text("Name", "Path", "ResourceId")]
    for name in names:
        known = name.startswith("arn:") or not name
        arn = name if known else call.arn(f"parameter/{name.lstrip('/')}")
        yield Wanted(action=call.action(), resource=arn or "*")


def _events(call: Call) -> Iterator[Wanted]:
    if call.operation == "PutEvents":
        buses = {str(one.get("EventBusName") or "default") for one in call.listed("Entries")}
        for bus in sorted(buses):
            yield Wanted(action=call.action(), resource=bus if bus.startswith("arn:") else call.arn(f"event-bus/{bus}"))
        return
    rule, bus = call.text("Rule", "Name"), call.text("EventBusName")
    path = f"rule/{bus}/{rule}" if bus and bus != "default" else f"rule/{rule}"
    yield Wanted(action=call.action(), resource=call.arn(path) if rule else "*")


def _cloudwatch(call: Call) -> Iterator[Wanted]:
    names = [call.text("AlarmName"), *(str(name) for name in call.listed("AlarmNames"))]
    arns = [call.arn(f"alarm:{name}") for name in names if name]
    context = {"cloudwatch:namespace": (value,)} if (value := call.text("Namespace")) else {}
    for arn in arns or ["*"]:
        yield Wanted(action=call.action(), resource=arn, context=context)


def _ec2(call: Call) -> Iterator[Wanted]:
    """The lists know no resources; the rest concerns every resource whose id the request names."""
    resources = [_CREATED_BY_EC2[call.operation]] if call.operation in _CREATED_BY_EC2 else []
    for value in call.parameters.values():
        match = _EC2_ID.fullmatch(value) if isinstance(value, str) else None
        if match and match.group(1) in _IDS_OF_EC2:
            resources.append(f"{_IDS_OF_EC2[match.group(1)]}/{value}")
    if not resources or call.operation.startswith("Describe"):
        yield Wanted(action=call.action())
        return
    for resource in dict.fromkeys(resources):
        yield Wanted(action=call.action(), resource=call.arn(resource))


def _iam(call: Call) -> Iterator[Wanted]:
    kinds = {"RoleName": "role", "UserName": "user", "GroupName": "group", "InstanceProfileName": "instance-profile"}
    found = next(((kind, value) for name, kind in kinds.items() if (value := call.text(name))), None)
    resource = f"arn:aws:iam::{ACCOUNT_ID}:{found[0]}/{found[1]}" if found else call.text("PolicyArn") or "*"
    context = {"iam:policyarn": (value,)} if found and (value := call.text("PolicyArn")) else {}
    yield Wanted(action=call.action(), resource=resource, context=context)


def _apigateway(call: Call) -> Iterator[Wanted]:
    """API Gateway's actions are HTTP methods on paths."""
    verb = next((verb for start, verb in _VERBS_OF_APIGATEWAY.items() if call.operation.startswith(start)), "POST")
    api = call.text("restapi_id", "restApiId")
    yield Wanted(
        action=f"apigateway:{verb}", resource=f"arn:aws:apigateway:{call.region}::/restapis{f'/{api}' if api else ''}"
    )


def _named(kind: str, *names: str) -> Callable[[Call], Iterator[Wanted]]:
    """For services whose one kind of resource is named, or given as an ARN, by one of these parameters."""

    def of(call: Call) -> Iterator[Wanted]:
        name = call.text(*names)
        if name:
            yield Wanted(action=call.action(), resource=name if name.startswith("arn:") else call.arn(f"{kind}/{name}"))
        else:
            yield from _by_arn(call)

    return of


_SERVICES: dict[str, Callable[[Call], Iterator[Wanted]]] = {
    "apigateway": _apigateway,
    "dynamodb": dynamodb,
    "ec2": _ec2,
    "events": _events,
    "firehose": _named("deliverystream", "DeliveryStreamName"),
    "iam": _iam,
    "kinesis": _named("stream", "StreamName", "StreamARN"),
    "kms": kms,
    "lambda": _lambda,
    "logs": _logs,
    "monitoring": _cloudwatch,
    "s3": s3,
    "secretsmanager": _secretsmanager,
    "sns": sns,
    "sqs": sqs,
    "ssm": _ssm,
    "sts": _sts,
}
