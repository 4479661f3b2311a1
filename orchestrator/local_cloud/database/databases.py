"""The databases of all clusters: they appear, serve and disappear with them."""

import json
import logging
import threading
from collections.abc import Sequence
from pathlib import Path

from orchestrator.local_cloud.database import binaries, roles
from orchestrator.local_cloud.database.certificates import Authority
from orchestrator.local_cloud.database.cluster import Cluster, ClusterSource
from orchestrator.local_cloud.database.gateway import Gateway
from orchestrator.local_cloud.database.login import MayConnect
from orchestrator.local_cloud.database.postgres import PostgresProcess, end_leftovers
from orchestrator.local_cloud.database.postgres_log import LogFollower
from orchestrator.local_cloud.database.session import AdminSession
from orchestrator.local_cloud.functions.model import Extras

_LOG = logging.getLogger("platformctl.local_cloud")
_INTERVAL = 1.0


class Databases:
    """Follows the control plane; its files are in a folder "database" in ``home``, that of the local cloud.

    ``may_connect`` asks IAM about rds-db:connect, and must not wait for anything that waits for a login.
    """

    def __init__(self, home: Path, *, source: ClusterSource, may_connect: MayConnect) -> None:
        self._folder = home / "database"
        self._source = source
        self._may_connect = may_connect
        self._authority = Authority()
        self._databases: dict[str, _Database] = {}
        self._published = ""
        self._publishing = threading.Lock()
        self._lock = threading.Lock()
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._follow, name="databases", daemon=True)

    @property
    def ca_file(self) -> Path:
        """The certificate that clients must trust, in PEM."""
        return self._folder / "ca.pem"

    @property
    def endpoints_file(self) -> Path:
        """For people and other processes: a JSON object from "name:port" to ["127.0.0.1", port]."""
        return self._folder / "endpoints"

    def start(self) -> None:
        """Clean up after an earlier process, and start following."""
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        end_leftovers(self._folder)
        self.ca_file.write_bytes(self._authority.pem)
        self._publish()
        self._thread.start()

    def stop(self) -> None:
        """End every server and delete its data: the clusters live in this process and end with it."""
        self._stopped.set()
        if self._thread.is_alive():
            self._thread.join()
        self._keep([])
        self.ca_file.unlink(missing_ok=True)
        self.endpoints_file.unlink(missing_ok=True)

    def sync(self) -> None:
        """Open the gateways of new clusters and end the databases of deleted ones now, not within a second."""
        self._keep(self._source.clusters())

    def extras(self) -> Extras:
        """Return what a function's process needs to reach the databases under their own names."""
        self.sync()
        return Extras(environment={"DATABASE_CA_FILE": str(self.ca_file)}, hosts=self._hosts())

    def _hosts(self) -> dict[str, tuple[str, int]]:
        with self._lock:
            return {
                f"{host}:{database.cluster.port}": ("127.0.0.1", database.port)
                for database in self._databases.values()
                for host in database.cluster.hosts
            }

    def _publish(self) -> None:
        """Write the file atomically, and only when it changes: this runs every second."""
        with self._publishing:
            text = json.dumps(self._hosts(), indent=2, sort_keys=True)
            if text != self._published:
                temporary = self.endpoints_file.with_suffix(".tmp")
                temporary.write_text(text, encoding="utf-8")
                temporary.replace(self.endpoints_file)
                self._published = text

    def _follow(self) -> None:
        while not self._stopped.wait(_INTERVAL):
            try:
                self.sync()
                with self._lock:
                    databases = list(self._databases.values())
                for database in databases:
                    database.ship_log()
            except Exception:  # noqa: BLE001 - one failure must not end the thread
                _LOG.exception("the database clusters could not be followed; trying again in a second")

    def _keep(self, clusters: Sequence[Cluster]) -> None:
        """Keep databases for exactly these clusters."""
        wanted = {cluster.resource_id: cluster for cluster in clusters}
        with self._lock:
            gone = [self._databases.pop(name) for name in list(self._databases) if name not in wanted]
            for name, cluster in wanted.items():
                if name in self._databases:
                    self._databases[name].follow(cluster)
                elif not self._stopped.is_set():
                    self._databases[name] = _Database(
                        cluster, self._folder, self._authority, self._source, self._may_connect
                    )
            stopped = [database for database in self._databases.values() if not database.wanted]
        for database in gone:
            database.remove()
        for database in stopped:
            database.pause()
        self._publish()


class _Database:
    """One cluster's gateway and server; ``cluster`` is the latest description."""

    def __init__(
        self, cluster: Cluster, folder: Path, authority: Authority, source: ClusterSource, may_connect: MayConnect
    ) -> None:
        self.cluster = cluster
        self._folder = folder
        self._source = source
        self._process: PostgresProcess | None = None
        self._log: LogFollower | None = None
        self._prepared = False
        self._removed = False
        self._lock = threading.Lock()
        self._gateway = Gateway(self._find, self._ready, authority, source, may_connect)
        self._gateway.start()
        _LOG.info("%s is served on 127.0.0.1:%d", cluster.writer_host, self.port)

    @property
    def port(self) -> int:
        return self._gateway.port

    @property
    def wanted(self) -> bool:
        """Whether a server should run once somebody logs in."""
        return not self.cluster.stopped and bool(self.cluster.instances)

    def follow(self, cluster: Cluster) -> None:
        self.cluster = cluster

    def ship_log(self) -> None:
        """Send what the server logged to the cluster's log group."""
        if self._log is not None and (events := self._log.read()):
            self._source.write_log(self.cluster, "postgresql", events)

    def pause(self) -> None:
        """End the server; its data stay."""
        with self._lock:
            if self._process is not None:
                self._process.stop()

    def remove(self) -> None:
        """End gateway and server."""
        self._gateway.stop()
        with self._lock:
            self._removed = True
            if self._process is not None:
                self._process.remove()
        _LOG.info("%s is deleted", self.cluster.writer_host)

    def _find(self) -> Cluster | None:
        """Return the cluster as it is now, so that a new password counts at once; None once it is deleted."""
        for cluster in self._source.clusters():
            if cluster.resource_id == self.cluster.resource_id:
                self.follow(cluster)
                return cluster
        return None

    def _ready(self, cluster: Cluster) -> PostgresProcess:
        """Return the running server, prepared as a new cluster is, or raise LocalCloudError."""
        with self._lock:
            if self._removed:
                raise ConnectionAbortedError("the cluster was deleted")
            if self._process is None:
                installation = binaries.choose(binaries.installed(), cluster.engine_version)
                self._process = PostgresProcess(installation, binaries.server_user(), self._folder, cluster.resource_id)
            if not self._process.running:
                self._process.start(cluster.settings)
                self._log = self._log or LogFollower(self._process.log)
            self._process.configure(cluster.settings)
            if not self._prepared:
                with AdminSession(self._process.socket) as session:
                    roles.prepare(session, master=cluster.master, database=cluster.database)
                self._prepared = True
            return self._process
