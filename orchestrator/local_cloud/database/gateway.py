"""The entrance to one cluster: a port on 127.0.0.1, TLS, a login, then a copy of bytes to the cluster's server."""

import logging
import socket
import ssl
import threading
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime

from orchestrator.local_cloud.database import protocol, roles
from orchestrator.local_cloud.database.certificates import Authority
from orchestrator.local_cloud.database.cluster import Cluster, ClusterSource
from orchestrator.local_cloud.database.login import MayConnect, RefusedLoginError, check_entry, check_password
from orchestrator.local_cloud.database.postgres import PostgresProcess
from orchestrator.local_cloud.database.relay import relay
from orchestrator.local_cloud.database.session import AdminSession, DatabaseError
from orchestrator.local_cloud.errors import LocalCloudError

_LOG = logging.getLogger("platformctl.local_cloud")
_AUTHENTICATION_TIMEOUT = 60.0
_CANNOT_CONNECT_NOW, _PROTOCOL_VIOLATION, _SYSTEM_ERROR = "57P03", "08P01", "58000"


class _ServerSide(ssl.SSLSocket):
    """Remembers which of the cluster's names the client stated."""

    server_name = ""

    def remember(self, name: str | None) -> None:
        self.server_name = name or ""


class Gateway:
    """Logs clients in to the cluster that ``find`` returns (None: deleted), whose server ``server`` starts."""

    def __init__(
        self,
        find: Callable[[], Cluster | None],
        server: Callable[[Cluster], PostgresProcess],
        authority: Authority,
        source: ClusterSource,
        may_connect: MayConnect,
    ) -> None:
        self._find = find
        self._server = server
        self._authority = authority
        self._source = source
        self._may_connect = may_connect
        self._context: tuple[tuple[object, ...], ssl.SSLContext] | None = None
        self._open: set[_Connection] = set()
        self._lock = threading.Lock()
        self._stopping = False
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._thread = threading.Thread(target=self._accept, name="database gateway", daemon=True)

    @property
    def port(self) -> int:
        """The port on 127.0.0.1."""
        return int(self._listener.getsockname()[1])

    def start(self) -> None:
        """Start accepting connections."""
        self._thread.start()

    def stop(self) -> None:
        """Close the port and end every connection."""
        with self._lock:
            self._stopping = True
            connections = list(self._open)
        # Closing alone does not wake a thread that waits in accept.
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for connection in connections:
            connection.interrupt()

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(client,), name="database connection", daemon=True).start()

    def _serve(self, client: socket.socket) -> None:
        connection = _Connection(client)
        with self._lock:
            if self._stopping:
                client.close()
                return
            self._open.add(connection)
        try:
            self._greet(connection)
        except RefusedLoginError as refusal:
            connection.refuse(refusal.code, refusal.text)
        except protocol.ProtocolError as error:
            connection.refuse(_PROTOCOL_VIOLATION, str(error))
        except LocalCloudError as error:
            _LOG.exception("a database server is not available")
            connection.refuse(_SYSTEM_ERROR, f"{error.summary}. {error.detail} {error.hint}")
        except (OSError, DatabaseError) as error:
            # Clients come and go, and so do servers.
            _LOG.debug("a database connection ended: %s", error)
        except Exception:  # noqa: BLE001 - a thread's last handler: the client reads an error instead of waiting
            _LOG.exception("a defect of the local cloud ended a database connection")
            connection.refuse("XX000", "internal error of the local cloud; its traceback is in server.log")
        finally:
            with self._lock:
                self._open.discard(connection)
            connection.close()

    def _greet(self, connection: "_Connection") -> None:
        """Log a client in, then relay between it and the server."""
        connection.socket.settimeout(_AUTHENTICATION_TIMEOUT)
        startup = self._negotiate(connection)
        if startup is None:
            return
        cluster = self._find()
        if cluster is None or cluster.stopped or not cluster.instances:
            raise RefusedLoginError(_CANNOT_CONNECT_NOW, "the database system is not running")
        try:
            check_entry(cluster, startup, encrypted=connection.encrypted)
            server = self._server(cluster)
            with AdminSession(server.socket) as session:
                credentials = roles.credentials(session, startup.user)
            check_password(
                cluster,
                startup.user,
                connection.ask_password(),
                credentials,
                may_connect=self._may_connect,
                secret_access_key=self._source.secret_access_key,
                now=datetime.now(UTC),
            )
        except RefusedLoginError as refusal:
            self._note(cluster, startup, refusal)
            raise
        parameters = dict(startup.parameters)
        if connection.server_name == cluster.reader_host and not cluster.reader_is_writable:
            parameters["default_transaction_read_only"] = "on"
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as backend:
            backend.connect(str(server.socket))
            backend.sendall(protocol.Startup(parameters, startup.minor).packet())
            relay(connection.socket, backend)

    def _negotiate(self, connection: "_Connection") -> protocol.Startup | None:
        """Agree on encryption; None when the client did not come to log in."""
        while True:
            first = connection.read_start()
            if isinstance(first, protocol.Startup):
                return first
            if isinstance(first, protocol.CancelRequest):
                self._cancel(first)
                return None
            cluster = self._find() if first.tls and not connection.encrypted else None
            if cluster is None:
                connection.socket.sendall(protocol.TLS_NO)
            else:
                connection.socket.sendall(protocol.TLS_YES)
                connection.encrypt(self._context_of(cluster))

    def _cancel(self, request: protocol.CancelRequest) -> None:
        """Pass a cancel request on; its key is the server's own, which the client got through this gateway."""
        cluster = self._find()
        if cluster is not None and not cluster.stopped:
            with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as backend:
                backend.connect(str(self._server(cluster).socket))
                backend.sendall(request.packet)
                # The server closes the connection when it has sent the signal.
                backend.recv(1)

    def _context_of(self, cluster: Cluster) -> ssl.SSLContext:
        wanted = (cluster.hosts, cluster.minimum_tls)
        with self._lock:
            if self._context is None or self._context[0] != wanted:
                context = self._authority.server_context(cluster.hosts, minimum=cluster.minimum_tls)
                context.sslsocket_class = _ServerSide
                context.sni_callback = _remember_name
                self._context = (wanted, context)
            return self._context[1]

    def _note(self, cluster: Cluster, startup: protocol.Startup, refusal: RefusedLoginError) -> None:
        """Log a refusal for people, and in the cluster's logs: AWS has one for refused tokens."""
        _LOG.warning("%s: %s: %s", cluster.identifier, refusal.text, refusal.reason or "pg_hba.conf")
        now = datetime.now(UTC)
        prefix = f"{now:%Y-%m-%d %H:%M:%S} UTC:127.0.0.1:{startup.user}@{startup.database}:[gateway]"
        lines = {"postgresql": f"{prefix}:FATAL:  {refusal.text}"}
        if refusal.text.startswith("PAM"):
            lines["iam-db-auth-error"] = f"{refusal.text}: {refusal.reason}"
        for kind, line in lines.items():
            self._source.write_log(cluster, kind, [(int(now.timestamp() * 1000), line)])


def _remember_name(secured: ssl.SSLSocket | ssl.SSLObject, name: str | None, _context: ssl.SSLContext) -> None:
    if isinstance(secured, _ServerSide):
        secured.remember(name)


class _Connection:
    """A client before it is logged in."""

    def __init__(self, client: socket.socket) -> None:
        self.socket = client
        self.encrypted = False

    @property
    def server_name(self) -> str:
        """The host name that the client stated in TLS; empty without one."""
        return self.socket.server_name if isinstance(self.socket, _ServerSide) else ""

    def encrypt(self, context: ssl.SSLContext) -> None:
        """Do the handshake. Exactly one request was read, so no plain byte is mistaken for encrypted data."""
        self.socket = context.wrap_socket(self.socket, server_side=True)
        self.encrypted = True

    def read_start(self) -> protocol.EncryptionRequest | protocol.CancelRequest | protocol.Startup:
        return protocol.read_start(self._read(protocol.start_length(self._read(4))))

    def ask_password(self) -> str:
        """Ask for a password in clear text, as a token needs; TLS hides it."""
        self.socket.sendall(protocol.authentication_cleartext())
        kind, length = protocol.read_header(self._read(5))
        if kind != b"p" or length > protocol.LARGEST_PASSWORD:
            raise protocol.ProtocolError("expected password response")
        return protocol.read_password(self._read(length))

    def refuse(self, code: str, text: str) -> None:
        """Send an error, if the client still listens."""
        with suppress(OSError):
            self.socket.sendall(protocol.error(code, text))

    def interrupt(self) -> None:
        """End the connection for a thread that may be reading from it."""
        with suppress(OSError):
            # Not the method of SSLSocket, which would remove the encryption while the other thread uses it.
            socket.socket.shutdown(self.socket, socket.SHUT_RDWR)

    def close(self) -> None:
        """Close the connection; TLS is ended properly, so that nothing looks truncated."""
        with suppress(OSError, ValueError):
            self.socket.setblocking(False)
            if isinstance(self.socket, ssl.SSLSocket):
                self.socket.unwrap()
            else:
                # With unread data the system would reset the connection, and the client might never see our answer.
                self.socket.recv(protocol.LARGEST_START)
        self.socket.close()

    def _read(self, count: int) -> bytes:
        data = b""
        while len(data) < count:
            chunk = self.socket.recv(count - len(data))
            if not chunk:
                raise ConnectionResetError("the client closed the connection")
            data += chunk
        return data
