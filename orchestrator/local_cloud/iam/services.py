"""What calls to the other services need: the resource of each action, if the service has resources.

Source: Service Authorization Reference, one page per service.
"""

import re
from collections.abc import Callable, Iterator

from orchestrator.local_cloud.iam import stored
from orchestrator.local_cloud.iam.calls import ApiCall, MalformedCallError, Wanted
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
_NAMES_OF_IAM = {
    "RoleName": "role",
    "UserName": "user",
    "GroupName": "group",
    "InstanceProfileName": "instance-profile",
}
_ON_STREAMS = frozenset({"GetLogEvents", "PutLogEvents", "DeleteLogStream"})
_USES_OF_SECRETS = {"GetSecretValue": ("Decrypt",), "PutSecretValue": ("GenerateDataKey", "Decrypt")}


def wanted(call: ApiCall) -> list[Wanted]:
    """List what a call needs, all of which must be allowed, or raise MalformedCallError. Reads moto's state.

    A call to a service without an entry here needs the action of the operation's name, on the ARN among its parameters
    or on "*".
    """
    try:
        return list(_SERVICES.get(call.service, _by_arn)(call))
    except (AttributeError, IndexError, KeyError, RuntimeError, TypeError, ValueError) as error:
        # Parameters of another shape than the API's: a list for an object, a number for a name.
        raise MalformedCallError(f"{call.operation}: {type(error).__name__}: {error}") from error


def _by_arn(call: ApiCall) -> Iterator[Wanted]:
    named = (value for name, value in call.parameters.items() if name.lower().endswith("arn"))
    arn = next((value for value in named if isinstance(value, str) and value.startswith("arn:")), "*")
    yield Wanted(action=call.action(), resource=arn)


def _secretsmanager(call: ApiCall) -> Iterator[Wanted]:
    action, identifiers = call.operation, [call.text("SecretId", "Name")]
    if action == "BatchGetSecretValue":
        yield Wanted(action=call.action())
        action, identifiers = "GetSecretValue", [str(one) for one in call.listed("SecretIdList")]
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
    group = call.text("logGroupName")
    identifier = call.text("logGroupIdentifier", "resourceArn", "logGroupArn")
    if call.operation in ("TagResource", "UntagResource", "ListTagsForResource"):
        yield Wanted(action=call.action(), resource=identifier or "*")
        return
    if identifier.startswith("arn:"):
        group = identifier.split(":log-group:")[-1].removesuffix(":*")
    stream = call.text("logStreamName") if call.operation in _ON_STREAMS else ""
    # For CloudWatch Logs a group is a stream without a name: that is why policies end in ":*".
    yield Wanted(action=call.action(), resource=call.arn(f"log-group:{group or identifier}:log-stream:{stream}"))


def _lambda(call: ApiCall) -> Iterator[Wanted]:
    action = "InvokeFunction" if call.operation.startswith("Invoke") else call.operation
    name, qualifier = call.text("FunctionName"), call.text("Qualifier")
    if not name:
        yield from _by_arn(call)
        return
    arn = name if name.startswith("arn:") else call.arn(f"function:{name.rpartition(':function:')[2]}")
    yield Wanted(action=call.action(action), resource=f"{arn}:{qualifier}" if qualifier else arn)


def _sts(call: ApiCall) -> Iterator[Wanted]:
    # GetCallerIdentity cannot be denied.
    if call.operation != "GetCallerIdentity":
        context = call.keys({"sts:externalid": "ExternalId", "sts:rolesessionname": "RoleSessionName"})
        yield Wanted(action=call.action(), resource=call.text("RoleArn") or "*", context=context)


def _ssm(call: ApiCall) -> Iterator[Wanted]:
    for name in [str(one) for one in call.listed("Names")] or [call.text("Name", "Path", "ResourceId")]:
        arn = name if name.startswith("arn:") or not name else call.arn(f"parameter/{name.lstrip('/')}")
        yield Wanted(action=call.action(), resource=arn or "*")


def _events(call: ApiCall) -> Iterator[Wanted]:
    if call.operation == "PutEvents":
        for bus in sorted({str(one.get("EventBusName") or "default") for one in call.listed("Entries")}):
            yield Wanted(action=call.action(), resource=bus if bus.startswith("arn:") else call.arn(f"event-bus/{bus}"))
        return
    rule, bus = call.text("Rule", "Name"), call.text("EventBusName")
    path = f"rule/{bus}/{rule}" if bus and bus != "default" else f"rule/{rule}"
    yield Wanted(action=call.action(), resource=call.arn(path) if rule else "*")


def _cloudwatch(call: ApiCall) -> Iterator[Wanted]:
    names = [call.text("AlarmName"), *(str(name) for name in call.listed("AlarmNames"))]
    for arn in [call.arn(f"alarm:{name}") for name in names if name] or ["*"]:
        yield Wanted(action=call.action(), resource=arn, context=call.keys({"cloudwatch:namespace": "Namespace"}))


def _ec2(call: ApiCall) -> Iterator[Wanted]:
    """Yield every resource whose id the request names; describing calls know no resources."""
    resources = [_CREATED_BY_EC2[call.operation]] if call.operation in _CREATED_BY_EC2 else []
    for value in call.parameters.values():
        match = _EC2_ID.fullmatch(value) if isinstance(value, str) else None
        if match and match[1] in _IDS_OF_EC2:
            resources.append(f"{_IDS_OF_EC2[match[1]]}/{value}")
    if call.operation.startswith("Describe"):
        resources = []
    for arn in [call.arn(resource) for resource in dict.fromkeys(resources)] or ["*"]:
        yield Wanted(action=call.action(), resource=arn)


def _iam(call: ApiCall) -> Iterator[Wanted]:
    names = [f"{kind}/{value}" for name, kind in _NAMES_OF_IAM.items() if (value := call.text(name))]
    resource = f"arn:aws:iam::{ACCOUNT_ID}:{names[0]}" if names else call.text("PolicyArn") or "*"
    context = call.keys({"iam:policyarn": "PolicyArn"}) if names else {}
    yield Wanted(action=call.action(), resource=resource, context=context)


def _apigateway(call: ApiCall) -> Iterator[Wanted]:
    """Yield an HTTP method on a path, which is what actions of API Gateway are."""
    verb = next((verb for start, verb in _VERBS_OF_APIGATEWAY.items() if call.operation.startswith(start)), "POST")
    api = call.text("restapi_id", "restApiId")
    resource = f"arn:aws:apigateway:{call.region}::/restapis{f'/{api}' if api else ''}"
    yield Wanted(action=f"apigateway:{verb}", resource=resource)


def _named(kind: str, *names: str) -> Callable[[ApiCall], Iterator[Wanted]]:
    """Return what a service needs whose one kind of resource is named, or given as an ARN, by these parameters."""

    def of(call: ApiCall) -> Iterator[Wanted]:
        name = call.text(*names)
        if name:
            yield Wanted(action=call.action(), resource=name if name.startswith("arn:") else call.arn(f"{kind}/{name}"))
        else:
            yield from _by_arn(call)

    return of


_SERVICES: dict[str, Callable[[ApiCall], Iterator[Wanted]]] = {
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
