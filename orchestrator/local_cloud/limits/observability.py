"""Limits of CloudWatch, CloudWatch Logs, EventBridge, Config, WAF and API Gateway."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from orchestrator.local_cloud.backends import backend
from orchestrator.local_cloud.iam import stored
from orchestrator.local_cloud.iam.documents import resource_policy
from orchestrator.local_cloud.iam.enforce import service_request
from orchestrator.local_cloud.iam.evaluate import decide
from orchestrator.local_cloud.iam.keys import key_context
from orchestrator.local_cloud.identity import ACCOUNT_ID
from orchestrator.local_cloud.limits.registry import CheckedRequest, limit

_RETENTIONS = (1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653)
_BATCH_BYTES, _EVENT_OVERHEAD = 1_048_576, 26
_DAY = 86_400
_KEY_LENGTHS = range(20, 129)
_MISSING = ("breaching", "notBreaching", "ignore", "missing")
_OWNER = ("bucket-owner-full-control",)
_INVALID = "InvalidParameterException"
_GROUPS = "AmazonCloudWatchLogs/latest/APIReference/API_CreateLogGroup.html"
_EVENTS = "AmazonCloudWatchLogs/latest/APIReference/API_PutLogEvents.html"


@limit(
    "logs",
    "PutRetentionPolicy",
    forbids="a retention that is not one of the 22 on offer",
    code=_INVALID,
    source="AmazonCloudWatchLogs/latest/APIReference/API_PutRetentionPolicy.html",
)
def retentions(request: CheckedRequest) -> str | None:
    days = request["retentionInDays"]
    if days in _RETENTIONS:
        return None
    constraint = f"Member must satisfy enum value set: [{', '.join(map(str, _RETENTIONS))}]"
    return (
        f"1 validation error detected: Value '{days}' at 'retentionInDays' failed to satisfy constraint: {constraint}"
    )


@limit("logs", "CreateLogGroup", forbids="names of groups that begin with aws/", code=_INVALID, source=_GROUPS)
def group_names(request: CheckedRequest) -> str | None:
    reserved = request["logGroupName"].startswith("aws/")
    return "Log groups starting with AWS/ are reserved for AWS." if reserved else None


@limit(
    "logs",
    "CreateLogGroup",
    "AssociateKmsKey",
    forbids="a key that does not exist, or whose policy does not let CloudWatch Logs use it for the group",
    code=_INVALID,
    source="AmazonCloudWatch/latest/logs/encrypt-log-data-kms.html",
)
def group_keys(request: CheckedRequest) -> str | None:
    identifier, name = request["kmsKeyId"], request["logGroupName"] or ""
    if not identifier:
        return None
    group = request["resourceIdentifier"] or f"arn:aws:logs:{request.region}:{ACCOUNT_ID}:log-group:{name}"
    key = stored.key(identifier, request.region)
    if key is not None and _may_encrypt(key, request.region, group):
        return None
    return f"The specified KMS key does not exist or is not allowed to be used with Arn '{group}'"


def _may_encrypt(key: Any, region: str, group: str) -> bool:
    bound = key_context(key, {"aws:logs:arn": group})
    service = f"logs.{region}.amazonaws.com"
    return all(_service_may(service, f"kms:{use}", key.arn, group, bound) for use in ("GenerateDataKey", "Decrypt"))


def _service_may(
    service: str, action: str, resource: str, source_arn: str, context: Mapping[str, tuple[str, ...]]
) -> bool:
    """Whether the policy of a resource lets a service use it."""
    request = service_request(service, action, resource, source_arn=source_arn)
    request = replace(request, context={**request.context, **context})
    return decide(request, identity=(), boundary=None, resource=resource_policy(resource)).allowed


@limit(
    "logs",
    "PutLogEvents",
    forbids="batches over 1,048,576 bytes, with 26 for each event, or over more than 24 hours",
    code=_INVALID,
    source=_EVENTS,
)
def log_batches(request: CheckedRequest) -> str | None:
    events = request["logEvents"] or []
    if sum(len(event["message"].encode()) + _EVENT_OVERHEAD for event in events) > _BATCH_BYTES:
        return f"Upload too large: the batch exceeds the limit of {_BATCH_BYTES} bytes"
    times = [event["timestamp"] for event in events]
    if times and max(times) - min(times) > _DAY * 1000:
        return "The batch of log events in a single PutLogEvents request cannot span more than 24 hours."
    return None


@limit(
    "monitoring",
    "PutMetricAlarm",
    forbids="periods that are neither 10, 20, 30 nor a multiple of 60 seconds, more datapoints to alarm than evaluation periods, unknown ways to treat missing data, and evaluations over more than a day (a week from periods of an hour)",
    code="ValidationError",
    source="AmazonCloudWatch/latest/APIReference/API_PutMetricAlarm.html",
)
def alarms(request: CheckedRequest) -> str | None:
    missing = request["TreatMissingData"]
    if missing is not None and missing not in _MISSING:
        return f"The value {missing} is not supported for TreatMissingData parameter. Supported values are [{', '.join(_MISSING)}]."
    period, periods = request["Period"], request["EvaluationPeriods"]
    if (request["DatapointsToAlarm"] or 0) > periods:
        return "DatapointsToAlarm must be less than or equal to EvaluationPeriods"
    if period is None:
        return None
    if period not in (10, 20, 30) and period % 60:
        return "Period must be 10, 20, 30 or a multiple of 60"
    longest = 7 * _DAY if period >= 3600 else _DAY  # noqa: PLR2004 - an hour
    if period * periods > longest:
        return "Metrics cannot be checked across more than a day (EvaluationPeriods * Period must be <= 86400); more than a week from periods of an hour"
    return None


@limit(
    "events",
    "PutRule",
    forbids="a rule with neither a pattern nor a schedule",
    code="ValidationException",
    source="eventbridge/latest/APIReference/API_PutRule.html",
)
def rules(request: CheckedRequest) -> str | None:
    empty = not request["EventPattern"] and not request["ScheduleExpression"]
    return "Parameter(s) EventPattern or ScheduleExpression must be specified." if empty else None


@limit(
    "events",
    "PutTargets",
    forbids="more than 5 targets of a rule",
    code="LimitExceededException",
    source="eventbridge/latest/userguide/eb-quota.html",
)
def targets(request: CheckedRequest) -> str | None:
    bus = backend("events", request.region).event_buses.get(request["EventBusName"] or "default")
    rule = bus.rules.get(request["Rule"]) if bus else None
    present = {target["Id"] for target in rule.targets} if rule else set()
    over = len(present | {target["Id"] for target in request["Targets"]}) > 5  # noqa: PLR2004 - the quota
    return "The requested resource exceeds the maximum number allowed." if over else None


@limit(
    "events",
    "DeleteRule",
    forbids="the deletion of a rule that has targets",
    code="ValidationException",
    source="eventbridge/latest/APIReference/API_DeleteRule.html",
)
def rules_with_targets(request: CheckedRequest) -> str | None:
    bus = backend("events", request.region).event_buses.get(request["EventBusName"] or "default")
    rule = bus.rules.get(request["Name"]) if bus else None
    return "Rule can't be deleted since it has targets." if rule and rule.targets else None


@limit(
    "cloudtrail",
    "CreateTrail",
    "UpdateTrail",
    forbids="a bucket whose policy does not let CloudTrail write the trail",
    code="InsufficientS3BucketPolicyException",
    source="awscloudtrail/latest/userguide/create-s3-bucket-policy-for-cloudtrail.html",
)
def trail_buckets(request: CheckedRequest) -> str | None:
    bucket = request["S3BucketName"]
    if bucket is None or stored.bucket(bucket) is None:
        return None
    trail = request["Name"] if request["Name"].startswith("arn:") else ""
    trail = trail or f"arn:aws:cloudtrail:{request.region}:{ACCOUNT_ID}:trail/{request['Name']}"
    prefix = f"{request['S3KeyPrefix']}/" if request["S3KeyPrefix"] else ""
    arn = f"arn:aws:s3:::{bucket}"
    uses = (("s3:GetBucketAcl", arn), ("s3:PutObject", f"{arn}/{prefix}AWSLogs/{ACCOUNT_ID}/CloudTrail/x"))
    may = all(_service_may("cloudtrail.amazonaws.com", *use, trail, {"s3:x-amz-acl": _OWNER}) for use in uses)
    return None if may else f"Incorrect S3 bucket policy is detected for bucket: {bucket}"


@limit(
    "config",
    "PutConfigRule",
    forbids="a rule before there is a recorder",
    code="NoAvailableConfigurationRecorderException",
    source="config/latest/APIReference/API_PutConfigRule.html",
)
def config_rules(request: CheckedRequest) -> str | None:
    recorders = backend("config", request.region).recorders
    return None if recorders else "Configuration recorder is not available to put config rule."


@limit(
    "wafv2",
    "PutLoggingConfiguration",
    forbids="log destinations whose name does not begin with aws-waf-logs-",
    code="WAFInvalidParameterException",
    source="waf/latest/developerguide/logging-destinations.html",
)
def waf_destinations(request: CheckedRequest) -> str | None:
    configuration: Mapping[str, Any] = request["LoggingConfiguration"]
    names = [arn.rsplit("/", 1)[-1].rsplit(":", 1)[-1] for arn in configuration["LogDestinationConfigs"]]
    if all(name.startswith("aws-waf-logs-") for name in names):
        return None
    return "Error reason: The ARN isn't valid. A valid ARN begins with arn: and includes other information separated by colons or slashes., field: LOG_DESTINATION"


@limit(
    "apigateway",
    "CreateApiKey",
    forbids="values of keys that are not of 20 to 128 characters",
    code="BadRequestException",
    source="apigateway/latest/developerguide/limits.html",
)
def api_keys(request: CheckedRequest) -> str | None:
    value = request["value"]
    # Terraform's provider sends an empty one where AWS is to make the key.
    if not value or len(value) in _KEY_LENGTHS:
        return None
    bound = f"least {_KEY_LENGTHS.start}" if len(value) < _KEY_LENGTHS.start else f"most {_KEY_LENGTHS.stop - 1}"
    return f"API Key value should be at {bound} characters"


@limit(
    "apigateway",
    "CreateModel",
    forbids="names of models that are not alphanumeric",
    code="BadRequestException",
    source="apigateway/latest/api/API_CreateModel.html",
)
def model_names(request: CheckedRequest) -> str | None:
    name = request["name"]
    return None if name.isascii() and name.isalnum() else f"Model name must be alphanumeric: {name}"


@limit(
    "apigateway",
    "PutMethod",
    forbids="a method that the resource has",
    code="ConflictException",
    status=409,
    source="apigateway/latest/api/API_PutMethod.html",
)
def methods(request: CheckedRequest) -> str | None:
    api = backend("apigateway", request.region).apis.get(request["restApiId"])
    resource = api.resources.get(request["resourceId"]) if api else None
    taken = resource is not None and request["httpMethod"] in resource.resource_methods
    return "Method already exists for this resource" if taken else None


@limit(
    "apigateway",
    "CreateResource",
    forbids="a path that a sibling has",
    code="ConflictException",
    status=409,
    source="apigateway/latest/api/API_CreateResource.html",
)
def paths(request: CheckedRequest) -> str | None:
    api = backend("apigateway", request.region).apis.get(request["restApiId"])
    siblings = [one for one in api.resources.values() if one.parent_id == request["parentId"]] if api else []
    taken = request["pathPart"] in {one.path_part for one in siblings}
    return f"Another resource with the same parent already has this name: {request['pathPart']}" if taken else None


@limit(
    "apigateway",
    "CreateStage",
    "CreateDeployment",
    forbids="names of stages with other characters than letters, digits, hyphens and underscores",
    code="BadRequestException",
    source="apigateway/latest/api/API_CreateStage.html",
)
def stage_names(request: CheckedRequest) -> str | None:
    name = request["stageName"] or ""
    good = name.replace("-", "").replace("_", "")
    return None if not name or (good.isascii() and good.isalnum()) else "Stage name only allows a-zA-Z0-9_-"


@limit(
    "apigateway",
    "UpdateAccount",
    forbids="a role for logs that API Gateway may not assume",
    code="BadRequestException",
    source="apigateway/latest/developerguide/set-up-logging.html",
)
def logging_roles(request: CheckedRequest) -> str | None:
    for one in request["patchOperations"] or ():
        role = stored.role(one.get("value") or "") if one.get("path") == "/cloudwatchRoleArn" else None
        if role is not None and "apigateway.amazonaws.com" not in str(role.assume_role_policy_document):
            return "The role ARN does not have required permissions set to API Gateway"
    return None
