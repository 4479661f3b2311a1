"""Limits of S3, DynamoDB, RDS and Secrets Manager."""

import json
import re
from collections.abc import Iterator, Mapping
from ipaddress import ip_address
from typing import Any

from orchestrator.local_cloud.backends import backend
from orchestrator.local_cloud.iam import stored
from orchestrator.local_cloud.iam.deliveries import may_deliver
from orchestrator.local_cloud.limits.registry import CheckedRequest, limit

_BUCKET = re.compile(r"(?!xn--|sthree-|amzn-s3-demo-)[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]")
_RESERVED_ENDS = ("-s3alias", "--ol-s3", ".mrap", "--x-s3", "--table-s3")
_KEY_BYTES = 1024
_METADATA_BYTES = 2048
_BUCKET_TAGS = 50
_IA_DAYS = 30


@limit(
    "s3",
    "CreateBucket",
    forbids="names of buckets with capitals, underscores, adjacent periods or reserved ends, and IP addresses",
    code="InvalidBucketName",
    source="AmazonS3/latest/userguide/bucketnamingrules.html",
)
def bucket_names(request: CheckedRequest) -> str | None:
    name = request["Bucket"]
    good = _BUCKET.fullmatch(name) and ".." not in name and not name.endswith(_RESERVED_ENDS) and not _is_address(name)
    return None if good else "The specified bucket is not valid."


def _is_address(name: str) -> bool:
    try:
        return bool(ip_address(name))
    except ValueError:
        return False


@limit(
    "s3",
    "PutObject",
    "CopyObject",
    "CreateMultipartUpload",
    forbids="keys over 1,024 bytes",
    code="KeyTooLongError",
    source="AmazonS3/latest/userguide/object-keys.html",
)
def object_keys(request: CheckedRequest) -> str | None:
    return "Your key is too long" if len(request["Key"].encode()) > _KEY_BYTES else None


@limit(
    "s3",
    "PutObject",
    "CopyObject",
    "CreateMultipartUpload",
    forbids="more than 2 KB of metadata",
    code="MetadataTooLarge",
    source="AmazonS3/latest/userguide/UsingMetadata.html",
)
def object_metadata(request: CheckedRequest) -> str | None:
    size = sum(len(name.encode()) + len(value.encode()) for name, value in (request["Metadata"] or {}).items())
    return "Your metadata headers exceed the maximum allowed metadata size" if size > _METADATA_BYTES else None


@limit(
    "s3",
    "PutBucketTagging",
    forbids="more than 50 tags of a bucket",
    code="BadRequest",
    source="AmazonS3/latest/userguide/tagging.html",
)
def bucket_tags(request: CheckedRequest) -> str | None:
    tags = (request["Tagging"] or {}).get("TagSet") or []
    return f"Bucket tag count cannot be greater than {_BUCKET_TAGS}" if len(tags) > _BUCKET_TAGS else None


@limit(
    "s3",
    "PutBucketPolicy",
    forbids="policies that are not JSON, or about another bucket",
    code="MalformedPolicy",
    source="AmazonS3/latest/API/ErrorResponses.html",
)
def bucket_policies(request: CheckedRequest) -> str | None:
    try:
        statements = json.loads(request["Policy"])["Statement"]
        listed = statements if isinstance(statements, list) else [statements]
        found = [one for statement in listed for one in _listed(statement.get("Resource", []))]
    except (ValueError, KeyError, TypeError, AttributeError):
        return "Policies must be valid JSON and the first byte must be '{'"
    own = re.compile(rf"(?:arn:aws:s3:::|\*)(?:{re.escape(request['Bucket'])}|[^/]*[*?$][^/]*)?(?:/.*)?", re.DOTALL)
    return None if all(own.fullmatch(one) for one in found) else "Policy has invalid resource"


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _rules(request: CheckedRequest) -> list[Mapping[str, Any]]:
    return (request["LifecycleConfiguration"] or {}).get("Rules") or []


@limit(
    "s3",
    "PutBucketLifecycleConfiguration",
    forbids="lifecycle rules with the id of another, no action, days that are no positive numbers, transitions to infrequent access before 30 days, or an expiration that does not come after all transitions",
    code="InvalidArgument",
    source="AmazonS3/latest/userguide/lifecycle-transition-general-considerations.html",
)
def lifecycle_rules(request: CheckedRequest) -> str | None:
    rules = _rules(request)
    ids = [rule["ID"] for rule in rules if rule.get("ID")]
    if len(set(ids)) < len(ids):
        return "Rule ID must be unique. Found same ID for more than one rule"
    return next((message for rule in rules for message in _lifecycle(rule)), None)


def _lifecycle(rule: Mapping[str, Any]) -> Iterator[str]:
    transitions = [one for one in rule.get("Transitions", []) if "Days" in one]
    expiration = rule.get("Expiration", {}).get("Days")
    if expiration is not None and expiration < 1:
        yield "'Days' for Expiration action must be a positive integer"
    for one in transitions:
        if one["StorageClass"] in ("STANDARD_IA", "ONEZONE_IA") and one["Days"] < _IA_DAYS:
            yield f"'Days' in Transition action must be greater than or equal to {_IA_DAYS} for storageClass '{one['StorageClass']}'"
        if expiration is not None and expiration <= one["Days"]:
            yield "'Days' in the Expiration action must be greater than 'Days' in the Transition action"


@limit(
    "s3",
    "PutBucketLifecycleConfiguration",
    forbids="lifecycle rules without an action",
    code="InvalidRequest",
    source="AmazonS3/latest/API/API_PutBucketLifecycleConfiguration.html",
)
def lifecycle_actions(request: CheckedRequest) -> str | None:
    actions = {"AbortIncompleteMultipartUpload", "Expiration", "NoncurrentVersionExpiration"}
    actions |= {"NoncurrentVersionTransitions", "Transitions"}
    idle = any(not actions & rule.keys() for rule in _rules(request))
    return "At least one action needs to be specified in a rule" if idle else None


@limit(
    "s3",
    "PutBucketNotificationConfiguration",
    forbids="destinations whose policy does not let S3 deliver",
    code="InvalidArgument",
    source="AmazonS3/latest/userguide/grant-destinations-permissions-to-s3.html",
)
def destinations(request: CheckedRequest) -> str | None:
    if request["SkipDestinationValidation"]:
        return None
    stated = request["NotificationConfiguration"] or {}
    arns = [
        one[member]
        for name, member in (
            ("QueueConfigurations", "QueueArn"),
            ("TopicConfigurations", "TopicArn"),
            ("LambdaFunctionConfigurations", "LambdaFunctionArn"),
        )
        for one in stated.get(name, ())
    ]
    bucket = f"arn:aws:s3:::{request['Bucket']}"
    may = all(may_deliver("s3.amazonaws.com", arn, source_arn=bucket) for arn in arns)
    return None if may else "Unable to validate the following destination configurations"


_TABLE = re.compile(r"[a-zA-Z0-9_.-]{3,255}")
_EXPRESSION_BYTES = 4096
_DEPTH = 32
_EXPRESSIONS = (
    "ConditionExpression",
    "FilterExpression",
    "KeyConditionExpression",
    "ProjectionExpression",
    "UpdateExpression",
)


@limit(
    "dynamodb",
    "CreateTable",
    forbids="names of tables with other characters than letters, digits, underscores, hyphens and periods, or not of 3 to 255",
    code="ValidationException",
    source="amazondynamodb/latest/developerguide/HowItWorks.NamingRulesDataTypes.html",
)
def table_names(request: CheckedRequest) -> str | None:
    if _TABLE.fullmatch(request["TableName"]):
        return None
    return (
        "Invalid table/index name.  Table/index names must be between 3 and 255 characters long, "
        "and may contain only the characters a-z, A-Z, 0-9, '_', '-', and '.'"
    )


@limit(
    "dynamodb",
    "DeleteItem",
    "GetItem",
    "PutItem",
    "Query",
    "Scan",
    "UpdateItem",
    forbids="expressions over 4 KB",
    code="ValidationException",
    source="amazondynamodb/latest/developerguide/Constraints.html",
)
def expressions(request: CheckedRequest) -> str | None:
    sizes = ((name, len((request[name] or "").encode())) for name in _EXPRESSIONS)
    return next(
        (
            f"Invalid {name}: Expression size has exceeded the maximum allowed size; expression size: {size}"
            for name, size in sizes
            if size > _EXPRESSION_BYTES
        ),
        None,
    )


@limit(
    "dynamodb",
    "PutItem",
    forbids="items that are nested deeper than 32 levels",
    code="ValidationException",
    source="amazondynamodb/latest/developerguide/Constraints.html",
)
def nesting(request: CheckedRequest) -> str | None:
    deep = any(_depth(value) > _DEPTH for value in (request["Item"] or {}).values())
    return "Nesting Levels have exceeded supported limits" if deep else None


def _depth(value: Mapping[str, Any]) -> int:
    inner = [*value.get("L", ()), *value.get("M", {}).values()]
    return 1 + max(map(_depth, inner)) if inner else 0


@limit(
    "dynamodb",
    "CreateTable",
    "UpdateTable",
    forbids="encryption with a key that does not exist",
    code="ValidationException",
    source="amazondynamodb/latest/developerguide/encryption.usagenotes.html",
)
def table_keys(request: CheckedRequest) -> str | None:
    key = (request["SSESpecification"] or {}).get("KMSMasterKeyId")
    return f"KMS key does not exist: {key}" if unknown_key(key, request.region) else None


def unknown_key(identifier: str | None, region: str) -> bool:
    """Whether a request names a key that KMS does not know; AWS creates the keys behind its own aliases."""
    return bool(identifier) and "alias/aws/" not in str(identifier) and stored.key(str(identifier), region) is None


_SECRET = re.compile(r"[a-zA-Z0-9/_+=.@!-]+")


@limit(
    "secretsmanager",
    "CreateSecret",
    forbids="names of secrets with other characters than letters, digits and /_+=.@!-",
    code="ValidationException",
    source="secretsmanager/latest/apireference/API_CreateSecret.html",
)
def secret_names(request: CheckedRequest) -> str | None:
    if _SECRET.fullmatch(request["Name"]):
        return None
    return "Invalid name. Must be a valid name containing alphanumeric characters, or any of the following: -/_+=.@!"


@limit(
    "secretsmanager",
    "CreateSecret",
    "PutSecretValue",
    "UpdateSecret",
    forbids="the name or a new value of a secret that is scheduled for deletion",
    code="InvalidRequestException",
    source="secretsmanager/latest/userguide/troubleshoot.html",
)
def scheduled_secrets(request: CheckedRequest) -> str | None:
    creates = request.operation == "CreateSecret"
    found = stored.secret(request["Name"] if creates else request["SecretId"], request.region)
    if found is None or not found.is_deleted():
        return None
    if creates:
        return "You can't create this secret because a secret with this name is already scheduled for deletion."
    return "You can't perform this operation on the secret because it was marked for deletion."


_IDENTIFIER = re.compile(r"[a-zA-Z](?!.*--)[a-zA-Z0-9-]{0,62}(?<!-)")
_RETENTION = range(1, 36)
_CAPACITIES = (0.0, 256.0)
_REFUSED_IN_PASSWORDS = re.compile(r'[/@" ]|[^\x20-\x7e]')
_CLUSTERS = "AmazonRDS/latest/APIReference/API_CreateDBCluster.html"


@limit(
    "rds",
    "CreateDBCluster",
    "CreateDBInstance",
    forbids="identifiers that do not begin with a letter, end with a hyphen, hold two hyphens in a row or other characters, or are longer than 63",
    code="InvalidParameterValue",
    source=_CLUSTERS,
)
def database_identifiers(request: CheckedRequest) -> str | None:
    name = "DBClusterIdentifier" if request.operation == "CreateDBCluster" else "DBInstanceIdentifier"
    if _IDENTIFIER.fullmatch(request[name] or ""):
        return None
    return (
        f"The parameter {name} is not a valid identifier. Identifiers must begin with a letter; must contain only ASCII letters, "
        "digits, and hyphens; and must not end with a hyphen or contain two consecutive hyphens."
    )


@limit(
    "rds",
    "CreateDBCluster",
    "ModifyDBCluster",
    forbids="backups of another retention than 1 to 35 days, capacities outside of 0 to 256, in other steps than 0.5 or in the wrong order, and malformed passwords",
    code="InvalidParameterValue",
    source=_CLUSTERS,
)
def cluster_values(request: CheckedRequest) -> str | None:
    retention, scaling = request["BackupRetentionPeriod"], request["ServerlessV2ScalingConfiguration"] or {}
    if retention is not None and retention not in _RETENTION:
        return f"Invalid backup retention period: {retention}. Must be between 1 and 35."
    low, high = scaling.get("MinCapacity"), scaling.get("MaxCapacity")
    for value in (low, high):
        if value is not None and not (_CAPACITIES[0] <= value <= _CAPACITIES[1] and (value * 2).is_integer()):
            return (
                f"Serverless v2 capacity {value} isn't valid. Capacity must be between 0 and 256, in increments of 0.5."
            )
    if low is not None and high is not None and low > high:
        return "Serverless v2 maximum capacity must be greater than or equal to the minimum capacity."
    if _REFUSED_IN_PASSWORDS.search(request["MasterUserPassword"] or ""):
        return "The parameter MasterUserPassword is not a valid password. Only printable ASCII characters besides '/', '@', '\"', ' ' may be used."
    return None


@limit(
    "rds",
    "CreateDBCluster",
    "ModifyDBCluster",
    forbids="a password beside one that RDS manages",
    code="InvalidParameterCombination",
    source=_CLUSTERS,
)
def cluster_passwords(request: CheckedRequest) -> str | None:
    both = request["ManageMasterUserPassword"] and request["MasterUserPassword"]
    return "You can't specify MasterUserPassword when ManageMasterUserPassword is enabled." if both else None


@limit(
    "rds",
    "CreateDBCluster",
    forbids="the identifier of another cluster",
    code="DBClusterAlreadyExistsFault",
    source=_CLUSTERS,
)
def cluster_names(request: CheckedRequest) -> str | None:
    taken = request["DBClusterIdentifier"] in backend("rds", request.region).clusters
    return "DB Cluster already exists" if taken else None


@limit(
    "rds",
    "CreateDBCluster",
    forbids="a subnet group that does not exist",
    code="DBSubnetGroupNotFoundFault",
    status=404,
    source=_CLUSTERS,
)
def cluster_subnets(request: CheckedRequest) -> str | None:
    name = request["DBSubnetGroupName"]
    known = not name or name in backend("rds", request.region).subnet_groups
    return None if known else f"DB subnet group '{name}' does not exist."


@limit(
    "rds",
    "CreateDBCluster",
    "ModifyDBCluster",
    forbids="a parameter group that does not exist",
    code="DBClusterParameterGroupNotFound",
    status=404,
    source=_CLUSTERS,
)
def cluster_parameters(request: CheckedRequest) -> str | None:
    name = request["DBClusterParameterGroupName"]
    known = not name or name.startswith("default.")
    known = known or name in backend("rds", request.region).db_cluster_parameter_groups
    return None if known else f"DBClusterParameterGroup not found: {name}"


@limit(
    "rds",
    "CreateDBCluster",
    forbids="a key that does not exist",
    code="KMSKeyNotAccessibleFault",
    source=_CLUSTERS,
)
def cluster_keys(request: CheckedRequest) -> str | None:
    key = request["KmsKeyId"]
    return (
        f"The specified KMS key [{key}] does not exist, is not enabled or you do not have permissions to access it."
        if unknown_key(key, request.region)
        else None
    )


@limit(
    "rds",
    "DeleteDBCluster",
    forbids="a deletion with neither a final snapshot nor the wish to skip it",
    code="InvalidParameterCombination",
    source="AmazonRDS/latest/APIReference/API_DeleteDBCluster.html",
)
def final_snapshots(request: CheckedRequest) -> str | None:
    skipped, snapshot = request["SkipFinalSnapshot"], request["FinalDBSnapshotIdentifier"]
    if skipped and snapshot:
        return "FinalDBSnapshotIdentifier can not be specified when deleting a cluster with SkipFinalSnapshot."
    return (
        None if skipped or snapshot else "FinalDBSnapshotIdentifier is required unless SkipFinalSnapshot is specified."
    )


@limit(
    "rds",
    "CreateDBSubnetGroup",
    forbids="subnets of fewer than two availability zones",
    code="DBSubnetGroupDoesNotCoverEnoughAZs",
    source="AmazonRDS/latest/APIReference/API_CreateDBSubnetGroup.html",
)
def subnet_zones(request: CheckedRequest) -> str | None:
    ids = request["SubnetIds"]
    found = [subnet for subnet in backend("ec2", request.region).describe_subnets() if subnet.id in ids]
    zones = {subnet.availability_zone for subnet in found}
    if len(zones) > 1 or len(found) < len(ids):
        return None
    return f"The DB subnet group doesn't meet Availability Zone (AZ) coverage requirement. Current AZ coverage: {', '.join(sorted(zones))}. Add subnets to cover at least 2 AZs."
