"""RDS: the database versions on offer."""

from typing import Any

from moto.core.responses import ActionResult
from moto.rds.responses import RDSResponse

from orchestrator.local_cloud.patches.registry import add, patch

_ON_OFFER = {
    "aurora-postgresql": {
        "15": (6, 7, 8, 10, 12, 13, 14, 15),
        "16": (3, 4, 6, 8, 9, 10, 11),
        "17": (4, 5, 6, 7),
    }
}
"""By engine and major version the minor ones: docs.aws.amazon.com/AmazonRDS/latest/AuroraPostgreSQLReleaseNotes/, read in 2026-11."""


@patch(
    service="rds",
    subject="DescribeDBEngineVersions",
    symptom="not implemented",
    restores="the versions of Aurora PostgreSQL that AWS supports, in the order of their numbers",
    upstream=None,
)
def engine_versions() -> None:
    @add(RDSResponse, "describe_db_engine_versions")
    def describe_db_engine_versions(self: Any) -> Any:
        engine, wanted = self.params.get("Engine"), self.params.get("EngineVersion")
        found = [
            {
                "Engine": name,
                "MajorEngineVersion": major,
                "EngineVersion": f"{major}.{minor}",
                "DBParameterGroupFamily": f"{name}{major}",
                "Status": "available",
            }
            for name, versions in _ON_OFFER.items()
            for major, minors in versions.items()
            for minor in minors
            if engine in (None, name) and wanted in (None, major, f"{major}.{minor}")
        ]
        return ActionResult({"DBEngineVersions": found})
