"""A control plane without moto, and tokens."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from types import SimpleNamespace
from typing import Any

import pytest
from botocore.credentials import Credentials
from botocore.hooks import HierarchicalEmitter
from botocore.model import ServiceId
from botocore.signers import RequestSigner, generate_db_auth_token

import tests.functions.conftest  # noqa: F401 - it puts the packages that functions share on the path
from orchestrator.local_cloud.database.cluster import Cluster

ACCESS_KEY_ID, SECRET = "ASIAQEXAMPLEEXAMPLE1", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"


def auth_token(
    host, *, port=5432, user="api_reader", region="us-east-1", key=ACCESS_KEY_ID, secret=SECRET, session="token"
) -> str:
    """Give a token as the SDK makes it, without the second that a client takes."""
    emitter = HierarchicalEmitter()
    signer = RequestSigner(ServiceId("rds"), region, "rds-db", "v4", Credentials(key, secret, session), emitter)
    client = SimpleNamespace(_request_signer=signer, meta=SimpleNamespace(region_name=region))
    return str(generate_db_auth_token(client, host, port, user))


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
        """Modify the first cluster."""
        self.found[0] = replace(self.found[0], **changes)


@pytest.fixture(scope="session")
def cluster() -> Callable[..., Cluster]:
    """Build a cluster like that of the module aurora."""

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
