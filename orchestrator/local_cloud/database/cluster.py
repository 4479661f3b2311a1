"""What a database knows about its cluster, and where it learns it."""

import ssl
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

_TLS_VERSIONS = {"TLSv1.2": ssl.TLSVersion.TLSv1_2, "TLSv1.3": ssl.TLSVersion.TLSv1_3}
# Parameters that PostgreSQL 16 has and whose effect a developer can see. Those of Aurora and of extensions that are not
# installed would keep the server from starting.
_HONOURED = frozenset(
    {
        "deadlock_timeout",
        "default_transaction_isolation",
        "idle_in_transaction_session_timeout",
        "idle_session_timeout",
        "lock_timeout",
        "log_connections",
        "log_disconnections",
        "log_duration",
        "log_lock_waits",
        "log_min_duration_statement",
        "log_min_error_statement",
        "log_min_messages",
        "log_statement",
        "log_temp_files",
        "statement_timeout",
        "work_mem",
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Cluster:
    """An Aurora PostgreSQL cluster as the control plane describes it at one moment.

    ``resource_id`` ("cluster-ABC...") is never used again. ``instances`` are identifiers, the writer first; without one
    nothing listens. ``database`` was created with the cluster. ``master_password`` is the current one, from Secrets
    Manager if RDS manages it. ``exported_logs`` ("postgresql", "iam-db-auth-error") go to CloudWatch.
    """

    resource_id: str
    identifier: str
    account_id: str
    region: str
    partition: str = "aws"
    engine_version: str
    port: int
    writer_host: str
    reader_host: str
    instances: tuple[str, ...]
    stopped: bool = False
    database: str | None
    master: str
    master_password: str | None = field(repr=False)
    iam_authentication: bool
    parameters: Mapping[str, str] = field(default_factory=dict)
    exported_logs: frozenset[str] = frozenset()

    @property
    def hosts(self) -> tuple[str, str]:
        """The names that clients connect to."""
        return (self.writer_host, self.reader_host)

    @property
    def reader_is_writable(self) -> bool:
        """With one instance the reader endpoint leads to the writer."""
        return len(self.instances) < 2  # noqa: PLR2004 - a writer and one to read from

    @property
    def force_tls(self) -> bool:
        """rds.force_ssl, which is on by default from version 15."""
        return self.parameters.get("rds.force_ssl", "1").lower() not in ("0", "off", "false")

    @property
    def minimum_tls(self) -> ssl.TLSVersion:
        """ssl_min_protocol_version, but nothing older than TLS 1.2."""
        return _TLS_VERSIONS.get(self.parameters.get("ssl_min_protocol_version", ""), ssl.TLSVersion.TLSv1_2)

    @property
    def settings(self) -> dict[str, str]:
        """The parameters that the server itself obeys."""
        return {name: value for name, value in sorted(self.parameters.items()) if name in _HONOURED}

    def user_arn(self, user: str) -> str:
        """Return the resource of rds-db:connect."""
        return f"arn:{self.partition}:rds-db:{self.region}:{self.account_id}:dbuser:{self.resource_id}/{user}"

    def log_group(self, kind: str) -> str:
        """Return the name that RDS fixes for a kind of log."""
        return f"/aws/rds/cluster/{self.identifier}/{kind}"


class ClusterSource(Protocol):
    """The control plane."""

    def clusters(self) -> Sequence[Cluster]:
        """List all clusters with PostgreSQL."""

    def secret_access_key(self, access_key_id: str) -> str | None:
        """Return the secret of a key that was issued here; None for any other."""

    def write_log(self, cluster: Cluster, kind: str, events: Sequence[tuple[int, str]]) -> None:
        """Add (Unix time in milliseconds, text), in order of time, to an exported log whose group exists."""
