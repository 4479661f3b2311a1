"""What a call needs besides its own action: roles that it passes, tags that it sets, keys that it hands to a service.

Sources: IAM User Guide, "Grant a user permissions to pass a role to an AWS service"; each service's guide on tagging at
creation, for EC2 "Grant permission to tag Amazon EC2 resources during creation"; the dependent actions of the Service
Authorization Reference; the pages on encryption of RDS, DynamoDB, Lambda, Firehose and Secrets Manager; AWS WAF Developer
Guide, "Sending protection pack (web ACL) traffic logs to a CloudWatch Logs log group".
"""

import re
from collections.abc import Iterator, Mapping

from orchestrator.local_cloud.backends import GLOBAL, backend
from orchestrator.local_cloud.iam.calls import ApiCall, Wanted
from orchestrator.local_cloud.iam.keys import used_through
from orchestrator.local_cloud.iam.resources import leaves
from orchestrator.local_cloud.iam.tags import requested_tags
from orchestrator.local_cloud.identity import ACCOUNT_ID

_ROLE_ARN = re.compile(r"arn:aws:iam::\d{12}:role/.+")
# Services that name or trust a role without getting it.
_NOT_PASSED = frozenset({"iam", "kms", "sts"})
_PRINCIPALS = ("principal", "owner")
_RECEIVERS: Mapping[str, str] = {
    "DeliverLogsPermissionArn": "vpc-flow-logs.amazonaws.com",
    "MonitoringRoleArn": "monitoring.rds.amazonaws.com",
}
# The action with which a service's calls tag what they create, and the beginnings of the names of those calls.
_CREATING = ("Create", "Allocate", "Run", "Request", "Put", "Import", "Restore")
_TAGGING: Mapping[str, str] = {
    "cloudtrail": "AddTags",
    "cloudwatch": "TagResource",
    "config": "TagResource",
    "dynamodb": "TagResource",
    "ec2": "CreateTags",
    "events": "TagResource",
    "firehose": "TagDeliveryStream",
    "kms": "TagResource",
    "lambda": "TagResource",
    "logs": "TagResource",
    "rds": "AddTagsToResource",
    "secretsmanager": "TagResource",
    "sns": "TagResource",
    "sqs": "TagQueue",
    "wafv2": "TagResource",
}
# What has no name before it is there.
_UNNAMED = {"kms:CreateKey": "key/*", "lambda:CreateEventSourceMapping": "event-source-mapping:*"}
_TAGGING_OF_IAM = {
    "CreateInstanceProfile": "TagInstanceProfile",
    "CreateOpenIDConnectProvider": "TagOpenIDConnectProvider",
    "CreatePolicy": "TagPolicy",
    "CreateRole": "TagRole",
    "CreateUser": "TagUser",
}
# What the caller must be allowed to do with the key that a call hands to a service.
_FOR_GRANTS = ("CreateGrant", "DescribeKey")
_KEYS: Mapping[str, tuple[str, ...]] = {
    "dynamodb:CreateTable": (*_FOR_GRANTS, "Decrypt", "Encrypt", "GenerateDataKey"),
    "dynamodb:UpdateTable": (*_FOR_GRANTS, "Decrypt", "Encrypt", "GenerateDataKey"),
    "firehose:CreateDeliveryStream": ("CreateGrant",),
    "firehose:StartDeliveryStreamEncryption": ("CreateGrant",),
    "lambda:CreateFunction": ("CreateGrant", "Encrypt", "Decrypt"),
    "lambda:UpdateFunctionConfiguration": ("CreateGrant", "Encrypt", "Decrypt"),
    "rds:CreateDBCluster": (*_FOR_GRANTS, "Decrypt", "GenerateDataKey"),
    "rds:CreateDBInstance": _FOR_GRANTS,
    "rds:RestoreDBClusterFromSnapshot": _FOR_GRANTS,
    "rds:RestoreDBClusterToPointInTime": _FOR_GRANTS,
    "secretsmanager:CreateSecret": ("Decrypt", "GenerateDataKey"),
    "secretsmanager:UpdateSecret": ("Decrypt", "GenerateDataKey"),
}
_KEY_NAME = re.compile(
    r"(?:master)?kms(?:master)?key(?:id|arn|identifier)?|keyarn|masterusersecretkmskeyid", re.IGNORECASE
)
_WAF_LOGS = (
    "CreateLogDelivery",
    "DeleteLogDelivery",
    "DescribeLogGroups",
    "DescribeResourcePolicies",
    "PutResourcePolicy",
)


def consequences(call: ApiCall, own: list[Wanted]) -> Iterator[Wanted]:
    """Yield what a call needs besides its own actions. Reads moto's state."""
    yield from _passed(call)
    yield from _tagged(call, own)
    yield from _encrypted(call)
    action = call.action()
    if action == "rds:CreateDBCluster" and call.parameters.get("ManageMasterUserPassword"):
        for name in ("CreateSecret", "TagResource"):
            yield Wanted(action=f"secretsmanager:{name}", resource=call.arn("secret:rds!cluster-*", "secretsmanager"))
    if action in ("wafv2:AssociateWebACL", "wafv2:DisassociateWebACL"):
        yield Wanted(action="apigateway:SetWebACL", resource=call.text("ResourceArn") or "*")
    if action == "wafv2:PutLoggingConfiguration" and ":logs:" in str(call.parameters):
        for name in _WAF_LOGS:
            yield Wanted(action=f"logs:{name}")
    if action == "sts:AssumeRole":
        target = call.text("RoleArn") or "*"
        if call.parameters.get("Tags"):
            yield Wanted(action="sts:TagSession", resource=target)
        if call.text("SourceIdentity"):
            yield Wanted(action="sts:SetSourceIdentity", resource=target)


def _passed(call: ApiCall) -> Iterator[Wanted]:
    """Yield the passing of every role in the parameters to the service that will assume it."""
    if call.action() in ("ec2:RunInstances", "ec2:AssociateIamInstanceProfile", "iam:AddRoleToInstanceProfile"):
        yield from _passed_to_instances(call)
    if call.prefix in _NOT_PASSED or call.operation.startswith(("Tag", "Untag", "Describe", "List", "Get", "Invoke")):
        return
    passed = {}
    for name, value in leaves(call.parameters):
        if isinstance(value, str) and _ROLE_ARN.fullmatch(value) and not name.lower().endswith(_PRINCIPALS):
            passed[value] = _RECEIVERS.get(name, f"{call.prefix}.amazonaws.com")
    for role, service in sorted(passed.items()):
        yield _pass(role, service)


def _passed_to_instances(call: ApiCall) -> Iterator[Wanted]:
    if call.text("RoleName"):
        yield _pass(f"arn:aws:iam::{ACCOUNT_ID}:role/{call.text('RoleName')}", "ec2.amazonaws.com")
    given = call.parameters.get("IamInstanceProfile") or {}
    name = str(given.get("Name") or str(given.get("Arn", "")).rpartition("/")[2])
    for profile in backend("iam", GLOBAL).instance_profiles.values() if name else ():
        if profile.name == name:
            for role in profile.roles:
                yield _pass(role.arn, "ec2.amazonaws.com")


def _pass(role: str, service: str) -> Wanted:
    return Wanted(action="iam:PassRole", resource=role, context={"iam:passedtoservice": (service,)})


def _tagged(call: ApiCall, own: list[Wanted]) -> Iterator[Wanted]:
    if not call.operation.startswith(_CREATING) or not own:
        return
    if call.prefix == "ec2":
        if call.operation != "CreateTags":
            for one in call.listed("TagSpecifications"):
                kind = str(one.get("ResourceType"))
                made = next((each.resource for each in own if f":{kind}/*" in each.resource), call.arn(f"{kind}/*"))
                context = {"ec2:createaction": (call.operation,)}
                yield Wanted(action="ec2:CreateTags", resource=made, context=context)
        return
    action = _TAGGING_OF_IAM.get(call.operation) if call.prefix == "iam" else _TAGGING.get(call.prefix)
    if action is not None and action != call.operation and requested_tags(call):
        unnamed = _UNNAMED.get(call.action())
        yield Wanted(action=call.action(action), resource=call.arn(unnamed) if unnamed else own[0].resource)


def _encrypted(call: ApiCall) -> Iterator[Wanted]:
    uses = _KEYS.get(call.action(), ())
    keys = {value for name, value in leaves(call.parameters) if _KEY_NAME.fullmatch(name) and isinstance(value, str)}
    for key in sorted(keys) if uses else ():
        for one in used_through(call, key, *uses, encryption_context={}):
            granted = {"kms:grantisforawsresource": ("true",)} if one.action == "kms:CreateGrant" else {}
            yield Wanted(action=one.action, resource=one.resource, context={**one.context, **granted})
