"""RDS: clusters from a snapshot, and from another cluster at a point in time."""

import secrets
from collections.abc import Mapping
from typing import Any

from moto.rds.models import RDSBackend

from orchestrator.local_cloud.patches.registry import Original, around, patch

_KEPT = (
    "allocated_storage",
    "backup_retention_period",
    "copy_tags_to_snapshot",
    "database_name",
    "engine",
    "engine_lifecycle_support",
    "engine_mode",
    "engine_version",
    "kms_key_id",
    "master_username",
    "port",
    "preferred_backup_window",
    "preferred_maintenance_window",
    "storage_encrypted",
    "storage_type",
)
"""What a restored cluster has of its source unless the request says otherwise; it gets default groups and no tags."""


@patch(
    service="rds",
    subject="aws_rds_cluster.snapshot_identifier, .restore_to_point_in_time",
    symptom="a 500: the source's internal state is passed to the new cluster, and settings of the request are lost",
    restores="a cluster of its own with the source's settings and those of the request; the rows do not come along",
    upstream=None,
)
def restored_clusters() -> None:
    @around(RDSBackend, "restore_db_cluster_from_snapshot")
    def from_snapshot(_original: Original, self: Any, from_snapshot_id: str, overrides: Mapping[str, Any]) -> Any:
        snapshot = self.describe_db_cluster_snapshots(
            db_cluster_identifier=None, db_snapshot_identifier=from_snapshot_id
        )[0]
        return self.create_db_cluster(_settings(snapshot.cluster, overrides))

    @around(RDSBackend, "restore_db_cluster_to_point_in_time")
    def to_point_in_time(_original: Original, self: Any, **overrides: Any) -> Any:
        source = self.describe_db_clusters(db_cluster_identifier=overrides["source_db_cluster_identifier"])[0]
        return self.create_db_cluster(_settings(source, overrides))


def _settings(source: Any, overrides: Mapping[str, Any]) -> dict[str, Any]:
    kept = {name: getattr(source, name, None) for name in _KEPT}
    # RDS makes another password as soon as it manages it; until then it is the source's, as after a restore on AWS.
    kept["master_user_password"] = vars(source).get("_master_user_password") or secrets.token_urlsafe(24)
    stated = {name: value for name, value in overrides.items() if value is not None}
    return {name: value for name, value in (kept | stated).items() if value is not None}
