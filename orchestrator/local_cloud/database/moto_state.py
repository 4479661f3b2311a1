"""Clusters, keys and logs as moto holds them.

moto's modules are looked up, not imported: before they are loaded there are no clusters, and ``preparation`` loads
them.
"""

import json
import sys
from collections.abc import Iterator, Sequence
from typing import Any

from orchestrator.local_cloud.database.cluster import Cluster
from orchestrator.local_cloud.identity import ACCESS_KEY_ID, SECRET_ACCESS_KEY
from orchestrator.local_cloud.serial import MOTO

_ENGINE = "aurora-postgresql"


class MotoClusters:
    """The control plane; takes moto's lock for every access."""

    def clusters(self) -> list[Cluster]:
        with MOTO:
            return [
                _read(cluster, backend)
                for backend in _backends("rds")
                for cluster in backend.clusters.values()
                if cluster.engine == _ENGINE
            ]

    def secret_access_key(self, access_key_id: str) -> str | None:
        if access_key_id == ACCESS_KEY_ID:
            return SECRET_ACCESS_KEY
        with MOTO:
            for backend in _backends("sts"):
                for role in backend.assumed_roles:
                    if role.access_key_id == access_key_id:
                        return str(role.secret_access_key)
            for backend in _backends("iam"):
                for user in backend.users.values():
                    for key in user.access_keys:
                        if key.access_key_id == access_key_id and key.status == "Active":
                            return str(key.secret_access_key)
        return None

    def write_log(self, cluster: Cluster, kind: str, events: Sequence[tuple[int, str]]) -> None:
        if kind not in cluster.exported_logs or not cluster.instances:
            return
        name, stream = cluster.log_group(kind), f"{cluster.instances[0]}.0"
        with MOTO:
            for backend in _backends("logs", cluster.account_id, cluster.region):
                group = backend.groups.get(name)
                if group is None:
                    continue
                if stream not in group.streams:
                    group.create_log_stream(stream)
                backend.put_log_events(name, stream, [{"timestamp": time, "message": text} for time, text in events])


def _backends(service: str, account_id: str | None = None, region: str | None = None) -> Iterator[Any]:
    """Yield the backends of a service that are in use."""
    module = sys.modules.get(f"moto.{service}.models")
    accounts: Any = getattr(module, f"{service}_backends", {})
    for account, regions in list(accounts.items()):
        if account_id in (None, account):
            for name, backend in list(regions.items()):
                if region in (None, name):
                    yield backend


def _read(cluster: Any, backend: Any) -> Cluster:
    members = sorted(cluster.members, key=lambda member: not member.is_cluster_writer)
    group = backend.db_cluster_parameter_groups.get(cluster.parameter_group)
    parameters = {} if group is None else group.parameters
    return Cluster(
        resource_id=cluster.db_cluster_resource_id,
        identifier=cluster.db_cluster_identifier,
        account_id=cluster.account_id,
        region=cluster.region,
        partition=cluster.partition,
        engine_version=cluster.engine_version,
        port=int(cluster.port),
        writer_host=cluster.endpoint,
        reader_host=cluster.reader_endpoint,
        instances=tuple(member.db_instance_identifier for member in members),
        # The public property is a state machine: reading it changes the state.
        stopped=vars(cluster).get("_status") == "stopped",
        database=cluster.database_name,
        master=cluster.master_username,
        master_password=_master_password(cluster),
        iam_authentication=bool(cluster.iam_auth),
        parameters={
            name: str(parameter["ParameterValue"])
            for name, parameter in parameters.items()
            if "ParameterValue" in parameter
        },
        exported_logs=frozenset(cluster.enabled_cloudwatch_logs_exports),
    )


def _master_password(cluster: Any) -> str | None:
    """Return the password that RDS accepts: what its secret holds now, or the one set by hand."""
    if not cluster.manage_master_user_password:
        password: str | None = vars(cluster).get("_master_user_password")
        return password
    secret = cluster.master_user_secret.secret
    current = secret.versions.get(secret.default_version_id, {})
    try:
        return str(json.loads(current.get("secret_string") or "{}")["password"])
    except (ValueError, KeyError, TypeError):
        # Anything else in the secret locks the master user out, as on AWS.
        return None
