"""Where data lies: S3, DynamoDB, RDS."""

from collections.abc import Iterator
from dataclasses import dataclass

from orchestrator.adapters.aws.inventory.resource import Clients, Owner, Resource, pages, tags_of

# The account's, whatever suffix its region's name may look like.
_STATE_BUCKET = "terraform-state-"


def s3(clients: Clients, owner: Owner) -> Iterator[Resource]:
    """Buckets."""
    for bucket in clients["s3"].list_buckets()["Buckets"]:
        name = bucket["Name"]
        if owner.owns(name) and not (owner.suffix and name.startswith(_STATE_BUCKET)):
            yield Resource(service="s3", type="bucket", identifier=name, name=name)


def dynamodb(clients: Clients, owner: Owner) -> Iterator[Resource]:
    """Tables, and backups that were asked for.

    DynamoDB itself keeps a last backup of every table with point-in-time recovery for 35 days, free of charge; nobody can delete it.
    """
    client = clients["dynamodb"]
    for name in pages(client, "list_tables", "TableNames"):
        if owner.owns(name):
            yield Resource(service="dynamodb", type="table", identifier=name, name=name)
    for backup in pages(client, "list_backups", "BackupSummaries", BackupType="USER"):
        if owner.owns(backup["BackupName"], backup["TableName"]):
            yield Resource(service="dynamodb", type="backup", identifier=backup["BackupArn"], name=backup["BackupName"])


@dataclass(frozen=True, slots=True, kw_only=True)
class _Listing:
    """How one kind of RDS object is listed: operation, where it stands in the answer, its id's field and that of what it was made of."""

    type: str
    operation: str
    key: str
    id: str
    parent: str = ""


_LISTINGS = (
    _Listing(type="cluster", operation="describe_db_clusters", key="DBClusters", id="DBClusterIdentifier"),
    _Listing(
        type="instance",
        operation="describe_db_instances",
        key="DBInstances",
        id="DBInstanceIdentifier",
        parent="DBClusterIdentifier",
    ),
    _Listing(
        type="cluster-parameter-group",
        operation="describe_db_cluster_parameter_groups",
        key="DBClusterParameterGroups",
        id="DBClusterParameterGroupName",
    ),
    _Listing(
        type="parameter-group",
        operation="describe_db_parameter_groups",
        key="DBParameterGroups",
        id="DBParameterGroupName",
    ),
    _Listing(type="subnet-group", operation="describe_db_subnet_groups", key="DBSubnetGroups", id="DBSubnetGroupName"),
    _Listing(
        type="cluster-snapshot",
        operation="describe_db_cluster_snapshots",
        key="DBClusterSnapshots",
        id="DBClusterSnapshotIdentifier",
        parent="DBClusterIdentifier",
    ),
    _Listing(
        type="cluster-automated-backup",
        operation="describe_db_cluster_automated_backups",
        key="DBClusterAutomatedBackups",
        id="DbClusterResourceId",
        parent="DBClusterIdentifier",
    ),
    _Listing(
        type="snapshot",
        operation="describe_db_snapshots",
        key="DBSnapshots",
        id="DBSnapshotIdentifier",
        parent="DBInstanceIdentifier",
    ),
    _Listing(
        type="instance-automated-backup",
        operation="describe_db_instance_automated_backups",
        key="DBInstanceAutomatedBackups",
        id="DBInstanceIdentifier",
    ),
)


def rds(clients: Clients, owner: Owner) -> Iterator[Resource]:
    """Clusters with their instances, groups, snapshots and backups."""
    client = clients["rds"]
    for listing in _LISTINGS:
        for item in pages(client, listing.operation, listing.key):
            identifier = str(item[listing.id])
            name = str(item.get(listing.parent) or identifier)
            # default.aurora-postgresql16 and the like appear by themselves.
            if identifier.split(".", 1)[0] == "default":
                continue
            if owner.owns(identifier, name, tags=tags_of(item.get("TagList"))):
                # Backups that nobody asked for; RDS begins the names of its own snapshots like this.
                automatic = listing.type.endswith("automated-backup") or identifier.startswith("rds:")
                yield Resource(
                    service="rds",
                    type=listing.type,
                    identifier=identifier,
                    name=name,
                    made_for=name if automatic else "",
                )
