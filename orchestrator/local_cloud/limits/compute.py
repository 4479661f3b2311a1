"""Limits of Lambda, IAM, KMS, EC2, SQS and SNS."""

import json
import re
from io import BytesIO
from typing import Any
from zipfile import is_zipfile

from orchestrator.local_cloud.backends import GLOBAL, backend
from orchestrator.local_cloud.iam import stored
from orchestrator.local_cloud.limits.keys import unknown_key
from orchestrator.local_cloud.limits.registry import CheckedRequest, limit

_SECONDS = 900
_MAPPINGS = "lambda/latest/api/API_CreateEventSourceMapping.html"
_FUNCTIONS = "lambda/latest/api/API_CreateFunction.html"


@limit(
    "lambda",
    "CreateFunction",
    "UpdateFunctionConfiguration",
    forbids="a timeout over 15 minutes",
    code="ValidationException",
    source="lambda/latest/dg/gettingstarted-limits.html",
)
def timeouts(request: CheckedRequest) -> str | None:
    seconds = request["Timeout"] or 0
    if seconds <= _SECONDS:
        return None
    constraint = f"Member must have value less than or equal to {_SECONDS}"
    return f"1 validation error detected: Value '{seconds}' at 'timeout' failed to satisfy constraint: {constraint}"


@limit(
    "lambda",
    "CreateFunction",
    "UpdateFunctionCode",
    forbids="code that is no zip archive",
    code="InvalidParameterValueException",
    source=_FUNCTIONS,
)
def archives(request: CheckedRequest) -> str | None:
    content = (request["Code"] or {}).get("ZipFile") or request["ZipFile"]
    if content is None or is_zipfile(BytesIO(content)):
        return None
    return "Could not unzip uploaded file. Please check your file, then try to upload again."


@limit(
    "lambda",
    "CreateFunction",
    forbids="a role that Lambda may not assume",
    code="InvalidParameterValueException",
    source="lambda/latest/dg/lambda-intro-execution-role.html",
)
def roles(request: CheckedRequest) -> str | None:
    role = stored.role(request["Role"])
    trusted = role is None or "lambda.amazonaws.com" in str(role.assume_role_policy_document)
    return None if trusted else "The role defined for the function cannot be assumed by Lambda."


@limit(
    "lambda",
    "CreateFunction",
    "UpdateFunctionConfiguration",
    forbids="a key that does not exist",
    code="InvalidParameterValueException",
    source=_FUNCTIONS,
)
def function_keys(request: CheckedRequest) -> str | None:
    key = request["KMSKeyArn"]
    return f"The provided KMS key was not found: {key}" if unknown_key(key, request.region) else None


@limit(
    "lambda",
    "CreateEventSourceMapping",
    "UpdateEventSourceMapping",
    forbids="batches of more than 10 messages of a queue without a window",
    code="InvalidParameterValueException",
    source=_MAPPINGS,
)
def batch_windows(request: CheckedRequest) -> str | None:
    large = (request["BatchSize"] or 0) > 10 and ":sqs:" in (request["EventSourceArn"] or "")  # noqa: PLR2004 - the limit
    if not large or request["MaximumBatchingWindowInSeconds"]:
        return None
    return "Maximum batch window in seconds must be greater than 0 if maximum batch size is greater than 10"


@limit(
    "lambda",
    "CreateEventSourceMapping",
    forbids="a queue whose visibility timeout is shorter than the function's timeout",
    code="InvalidParameterValueException",
    source="lambda/latest/dg/services-sqs-configure.html",
)
def visibility(request: CheckedRequest) -> str | None:
    source, function = request["EventSourceArn"] or "", _function(request)
    queue = stored.queue(source) if ":sqs:" in source else None
    if queue is None or function is None or int(queue.visibility_timeout) >= int(function.timeout):
        return None
    return f"Queue visibility timeout: {queue.visibility_timeout} seconds is less than Function timeout: {function.timeout} seconds"


def _function(request: CheckedRequest) -> Any:
    name = request["FunctionName"]
    arn = name if name.startswith("arn:") else f"arn:aws:lambda:{request.region}:0:function:{name}"
    return stored.function(arn)


@limit(
    "lambda",
    "CreateEventSourceMapping",
    forbids="a second mapping of the same source to the same function",
    code="ResourceConflictException",
    status=409,
    source=_MAPPINGS,
)
def mappings(request: CheckedRequest) -> str | None:
    source, name = request["EventSourceArn"], request["FunctionName"]
    for mapping in backend("lambda", request.region).list_event_source_mappings(source, None):
        if mapping.function_arn.endswith(f":{name}") or mapping.function_arn == name:
            return (
                f"An event source mapping with event source arn ({source}) and function name ({name}) already exists. "
                f"Please update or delete the existing mapping with UUID {mapping.uuid}"
            )
    return None


@limit(
    "lambda",
    "AddPermission",
    forbids="a second statement with the same id",
    code="ResourceConflictException",
    status=409,
    source="lambda/latest/api/API_AddPermission.html",
)
def statement_ids(request: CheckedRequest) -> str | None:
    function = _function(request)
    taken = function is not None and request["StatementId"] in {one.get("Sid") for one in function.policy.statements}
    if not taken:
        return None
    return (
        f"The statement id ({request['StatementId']}) provided already exists. "
        "Please provide a new statement id, or remove the existing statement."
    )


_IAM = "IAM/latest/UserGuide/reference_iam-quotas.html"
_SPACE = re.compile(r"\s")
_POLICY, _TRUST, _INLINE, _ATTACHED = 6144, 2048, 10_240, 10


def _size(document: str) -> int:
    return len(_SPACE.sub("", document))


@limit(
    "iam",
    "CreatePolicy",
    "CreatePolicyVersion",
    forbids="managed policies over 6,144 characters without white space",
    code="LimitExceeded",
    status=409,
    source=_IAM,
)
def policies(request: CheckedRequest) -> str | None:
    over = _size(request["PolicyDocument"]) > _POLICY
    return f"Cannot exceed quota for PolicySize: {_POLICY}" if over else None


@limit(
    "iam",
    "CreateRole",
    "UpdateAssumeRolePolicy",
    forbids="trust policies over 2,048 characters",
    code="LimitExceeded",
    status=409,
    source=_IAM,
)
def trust_policies(request: CheckedRequest) -> str | None:
    document = request["AssumeRolePolicyDocument"] or request["PolicyDocument"]
    return f"Cannot exceed quota for ACLSizePerRole: {_TRUST}" if _size(document) > _TRUST else None


@limit(
    "iam",
    "PutRolePolicy",
    forbids="inline policies of a role over 10,240 characters in all",
    code="LimitExceeded",
    status=409,
    source=_IAM,
)
def inline_policies(request: CheckedRequest) -> str | None:
    role = next((one for one in backend("iam", GLOBAL).get_roles() if one.name == request["RoleName"]), None)
    others = (
        {} if role is None else {name: text for name, text in role.policies.items() if name != request["PolicyName"]}
    )
    total = sum(map(_size, [*others.values(), request["PolicyDocument"]]))
    return (
        f"Maximum policy size of {_INLINE} bytes exceeded for role {request['RoleName']}" if total > _INLINE else None
    )


@limit(
    "iam",
    "AttachRolePolicy",
    forbids="more than 10 managed policies of a role",
    code="LimitExceeded",
    status=409,
    source=_IAM,
)
def attachments(request: CheckedRequest) -> str | None:
    role = next((one for one in backend("iam", GLOBAL).get_roles() if one.name == request["RoleName"]), None)
    attached = {} if role is None else role.managed_policies
    over = len(attached) >= _ATTACHED and request["PolicyArn"] not in attached
    return f"Cannot exceed quota for PoliciesPerRole: {_ATTACHED}" if over else None


@limit(
    "kms",
    "CreateAlias",
    "UpdateAlias",
    "DeleteAlias",
    forbids="aliases that begin with alias/aws/",
    code="NotAuthorizedException",
    source="kms/latest/APIReference/API_CreateAlias.html",
)
def reserved_aliases(request: CheckedRequest) -> str | None:
    return "" if request["AliasName"].startswith("alias/aws/") else None


@limit(
    "kms",
    "CreateKey",
    "PutKeyPolicy",
    forbids="key policies that are not JSON",
    code="MalformedPolicyDocumentException",
    source="kms/latest/APIReference/API_PutKeyPolicy.html",
)
def key_policies(request: CheckedRequest) -> str | None:
    return None if _is_json(request["Policy"]) else "The new key policy is not valid JSON."


def _is_json(document: str | None) -> bool:
    try:
        json.loads(document or "{}")
    except ValueError:
        return False
    return True


@limit(
    "ec2",
    "DeleteVpc",
    forbids="the deletion of a VPC that has security groups of its own",
    code="DependencyViolation",
    source="AWSEC2/latest/APIReference/API_DeleteVpc.html",
)
def vpc_groups(request: CheckedRequest) -> str | None:
    groups = backend("ec2", request.region).groups.get(request["VpcId"], {}).values()
    own = [group for group in groups if group.name != "default"]
    return f"The vpc '{request['VpcId']}' has dependencies and cannot be deleted." if own else None


@limit(
    "ec2",
    "CreateTags",
    forbids="tags that begin with aws:",
    code="InvalidParameterValue",
    source="AWSEC2/latest/UserGuide/Using_Tags.html",
)
def reserved_tags(request: CheckedRequest) -> str | None:
    reserved = any(tag.get("Key", "").lower().startswith("aws:") for tag in request["Tags"] or ())
    return "Tag keys starting with 'aws:' are reserved for internal use" if reserved else None


_QUEUE = re.compile(r"[a-zA-Z0-9_-]{1,80}|[a-zA-Z0-9_-]{1,75}\.fifo")
_PROTOCOLS = ("application", "email", "email-json", "firehose", "http", "https", "lambda", "sms", "sqs")
_TOPIC = re.compile(r"[a-zA-Z0-9_-]{1,256}|[a-zA-Z0-9_-]{1,251}\.fifo")


@limit(
    "sqs",
    "CreateQueue",
    forbids="names of queues with other characters than letters, digits, hyphens and underscores, or over 80",
    code="InvalidParameterValue",
    source="AWSSimpleQueueService/latest/APIReference/API_CreateQueue.html",
)
def queue_names(request: CheckedRequest) -> str | None:
    if _QUEUE.fullmatch(request["QueueName"]):
        return None
    return "Can only include alphanumeric characters, hyphens, or underscores. 1 to 80 in length"


@limit(
    "sqs",
    "CreateQueue",
    "SetQueueAttributes",
    forbids="policies that are not JSON",
    code="InvalidAttributeValue",
    source="AWSSimpleQueueService/latest/APIReference/API_SetQueueAttributes.html",
)
def queue_policies(request: CheckedRequest) -> str | None:
    attributes = request["Attributes"] or {}
    bad = next((name for name in ("Policy", "RedrivePolicy") if not _is_json(attributes.get(name))), None)
    return f"Invalid value for the parameter {bad}." if bad else None


@limit(
    "sns",
    "CreateTopic",
    forbids="names of topics with other characters than letters, digits, hyphens and underscores, or over 256",
    code="InvalidParameter",
    source="sns/latest/api/API_CreateTopic.html",
)
def topic_names(request: CheckedRequest) -> str | None:
    return None if _TOPIC.fullmatch(request["Name"]) else "Invalid parameter: Topic Name"


@limit(
    "sns",
    "Subscribe",
    forbids="protocols that SNS does not have",
    code="InvalidParameter",
    source="sns/latest/api/API_Subscribe.html",
)
def protocols(request: CheckedRequest) -> str | None:
    known = request["Protocol"] in _PROTOCOLS
    return (
        None if known else f"Invalid parameter: Amazon SNS does not support this protocol string: {request['Protocol']}"
    )
