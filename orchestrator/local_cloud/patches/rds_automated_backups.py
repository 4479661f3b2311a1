"""RDS: automated backups of clusters, and their end."""

from typing import Any

from moto.core.responses import ActionResult
from moto.rds.responses import RDSResponse

from orchestrator.local_cloud.patches.registry import Original, add, around, patch


@patch(
    service="rds",
    subject="DescribeDBClusterAutomatedBackups",
    symptom="not implemented: nothing shows whether a deleted cluster left backups",
    restores="a cluster has automated backups while it exists; none are retained after it",
    upstream=None,
)
def cluster_automated_backups() -> None:
    @add(RDSResponse, "describe_db_cluster_automated_backups")
    def describe_db_cluster_automated_backups(self: Any) -> Any:
        wanted = (self.params.get("DBClusterIdentifier"), self.params.get("DbClusterResourceId"))
        found = [
            {
                "DBClusterArn": cluster.db_cluster_arn,
                "DBClusterIdentifier": cluster.db_cluster_identifier,
                "DbClusterResourceId": cluster.db_cluster_resource_id,
                "BackupRetentionPeriod": cluster.backup_retention_period,
                "Engine": cluster.engine,
                "Region": self.region,
                "Status": "active",
            }
            for cluster in self.backend.describe_db_clusters(None)
            if wanted[0] in (None, cluster.db_cluster_identifier)
            and wanted[1] in (None, cluster.db_cluster_resource_id)
        ]
        return ActionResult({"DBClusterAutomatedBackups": found})


@patch(
    service="rds",
    subject="aws_rds_cluster (destroy)",
    symptom="the cluster's automated snapshot is left behind",
    restores="DeleteDBCluster deletes the automated snapshots, unless DeleteAutomatedBackups is false",
    upstream=None,
)
def automated_snapshots_go_with_the_cluster() -> None:
    @around(RDSResponse, "delete_db_cluster")
    def delete_db_cluster(original: Original, self: Any) -> Any:
        answer = original(self)
        if self.params.get("DeleteAutomatedBackups", True):
            snapshots = self.backend.cluster_snapshots
            for identifier, snapshot in list(snapshots.items()):
                of_the_cluster = snapshot.cluster.db_cluster_identifier == self.params["DBClusterIdentifier"]
                if of_the_cluster and snapshot.snapshot_type == "automated":
                    del snapshots[identifier]
        return answer
