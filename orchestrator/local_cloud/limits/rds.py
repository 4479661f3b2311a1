"""Limits of RDS."""

import re

from orchestrator.local_cloud.backends import backend
from orchestrator.local_cloud.limits.keys import unknown_key
from orchestrator.local_cloud.limits.registry import CheckedRequest, limit

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
