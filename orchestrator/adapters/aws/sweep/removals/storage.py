"""Where data lies: S3, DynamoDB, RDS. What no state knows was made moments before its Terraform died, and holds nothing of value."""

from typing import Any

from orchestrator.adapters.aws.sweep.removals.removal import Removal, StillInUseError

_BATCH = 1000
"""S3 deletes no more objects in one call."""


def _bucket(client: Any, bucket: str) -> None:
    """Every version of every object first."""
    for page in client.get_paginator("list_object_versions").paginate(Bucket=bucket):
        items = [*page.get("Versions", ()), *page.get("DeleteMarkers", ())]
        for start in range(0, len(items), _BATCH):
            objects = [{"Key": item["Key"], "VersionId": item["VersionId"]} for item in items[start : start + _BATCH]]
            answer = client.delete_objects(Bucket=bucket, Delete={"Objects": objects, "Quiet": True})
            for failure in answer.get("Errors", ()):
                raise StillInUseError(f"{failure['Key']}: {failure.get('Message') or failure['Code']}")
    client.delete_bucket(Bucket=bucket)


REMOVALS = {
    ("rds", "instance"): Removal(
        turn=20,
        remove=lambda client, name: client.delete_db_instance(DBInstanceIdentifier=name, SkipFinalSnapshot=True),
        words="rds delete-db-instance --db-instance-identifier {0} --skip-final-snapshot",
    ),
    ("rds", "cluster"): Removal(
        turn=21,
        remove=lambda client, name: client.delete_db_cluster(
            DBClusterIdentifier=name, SkipFinalSnapshot=True, DeleteAutomatedBackups=True
        ),
        words="rds delete-db-cluster --db-cluster-identifier {0} --skip-final-snapshot --delete-automated-backups",
    ),
    ("rds", "subnet-group"): Removal(
        turn=22,
        remove=lambda client, name: client.delete_db_subnet_group(DBSubnetGroupName=name),
        words="rds delete-db-subnet-group --db-subnet-group-name {0}",
    ),
    ("rds", "cluster-parameter-group"): Removal(
        turn=22,
        remove=lambda client, name: client.delete_db_cluster_parameter_group(DBClusterParameterGroupName=name),
        words="rds delete-db-cluster-parameter-group --db-cluster-parameter-group-name {0}",
    ),
    ("dynamodb", "table"): Removal(
        turn=40,
        remove=lambda client, name: client.delete_table(TableName=name),
        words="dynamodb delete-table --table-name {0}",
    ),
    ("s3", "bucket"): Removal(turn=40, remove=_bucket, words="s3 rb --force s3://{0}"),
}
