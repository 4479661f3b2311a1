"""A control plane without moto."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import pytest

import tests.functions.conftest  # noqa: F401 - it puts the packages that functions share on the path
from orchestrator.local_cloud.database.cluster import Cluster

ACCESS_KEY_ID, SECRET = "ASIAQEXAMPLEEXAMPLE1", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"


@dataclass(frozen=True)
class FakeVerdict:
    allowed: bool
    cause: str = ""


@dataclass
class FakeSource:
    """Clusters, issued keys and logs in plain lists."""

    found: list[Cluster] = field(default_factory=list)
    keys: dict[str, str] = field(default_factory=lambda: {ACCESS_KEY_ID: SECRET})
    logs: list[tuple[str, int, str]] = field(default_factory=list)

    def clusters(self) -> Sequence[Cluster]:
        return list(self.found)

    def secret_access_key(self, access_key_id: str) -> str | None:
        return self.keys.get(access_key_id)

    def write_log(self, cluster: Cluster, kind: str, events: Sequence[tuple[int, str]]) -> None:
        self.logs += [(cluster.log_group(kind), time, text) for time, text in events]

    def change(self, **changes: Any) -> None:
        """Modifies the first cluster."""
        self.found[0] = replace(self.found[0], **changes)


@pytest.fixture(scope="session")
def cluster() -> Callable[..., Cluster]:
    """Builds a cluster as the module aurora makes it."""

    def build(identifier: str = "aurora-pr42", **changes: Any) -> Cluster:
        tail = "abc123.us-east-1.rds.amazonaws.com"
        base = Cluster(
            resource_id=f"cluster-{identifier.upper()}",
            identifier=identifier,
            account_id="123456789012",
            region="us-east-1",
            engine_version="17.7",
            port=5432,
            writer_host=f"{identifier}.cluster-{tail}",
            reader_host=f"{identifier}.cluster-ro-{tail}",
            instances=("aurora-instance-1-pr42", "aurora-instance-2-pr42"),
            database="analytics",
            master="platform_admin",
            master_password="a password of 32 characters ....",
            iam_authentication=True,
            parameters={"rds.force_ssl": "1", "log_statement": "ddl", "shared_preload_libraries": "pgaudit"},
            exported_logs=frozenset({"postgresql", "iam-db-auth-error"}),
        )
        return replace(base, **changes)

    return build
