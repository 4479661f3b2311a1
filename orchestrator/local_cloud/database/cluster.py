"""What a database needs to know of its cluster, and where it learns it."""

import ssl
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

_TLS_VERSIONS = {"TLSv1.2": ssl.TLSVersion.TLSv1_2, "TLSv1.3": ssl.TLSVersion.TLSv1_3}
# What PostgreSQL 16 knows and a developer can see the effect of. Parameters of Aurora and of extensions that are not here would keep the
# server from starting.
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

    Attributes:
        resource_id: "cluster-ABC...", which no other cluster ever has.
        identifier: its name.
        account_id: twelve digits.
        region: "us-east-1".
        partition: "aws".
        engine_version: "17.7".
        port: of the endpoints.
        writer_host: the cluster endpoint.
        reader_host: the reader endpoint.
        instances: identifiers, the writer first. Without one nothing listens.
        stopped: by StopDBCluster.
        database: the first one; None for none.
        master: name of the master user.
        master_password: his current one, out of Secrets Manager if RDS manages it.
        iam_authentication: whether tokens are accepted at all.
        parameters: of the cluster's parameter group, as they were set.
        exported_logs: kinds of logs that go to CloudWatch: "postgresql", "iam-db-auth-error".

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
        """ssl_min_protocol_version; nothing older than TLS 1.2 is offered whatever it says."""
        return _TLS_VERSIONS.get(self.parameters.get("ssl_min_protocol_version", ""), ssl.TLSVersion.TLSv1_2)

    @property
    def settings(self) -> dict[str, str]:
        """Those parameters that the server itself follows."""
        return {name: value for name, value in sorted(self.parameters.items()) if name in _HONOURED}

    def user_arn(self, user: str) -> str:
        """The resource of rds-db:connect."""
        return f"arn:{self.partition}:rds-db:{self.region}:{self.account_id}:dbuser:{self.resource_id}/{user}"

    def log_group(self, kind: str) -> str:
        """The name that RDS fixes for a kind of log."""
        return f"/aws/rds/cluster/{self.identifier}/{kind}"


class ClusterSource(Protocol):
    """The control plane."""

    def clusters(self) -> Sequence[Cluster]:
        """All clusters with PostgreSQL that there are now."""

    def secret_access_key(self, access_key_id: str) -> str | None:
        """The secret of a key that was issued here; None for any other."""

    def write_log(self, cluster: Cluster, kind: str, events: Sequence[tuple[int, str]]) -> None:
        """Adds to a log group of the cluster, if it is exported and the group exists.

        Args:
            cluster: whose log it is.
            kind: "postgresql" or "iam-db-auth-error".
            events: Unix time in milliseconds and text, in the order of time.

        """
