"""One connection per execution environment, opened when it is first used and again when it was lost.

The server's certificate is always verified, against the roots of Amazon RDS or those in the file that DATABASE_CA_FILE
names. There is no way to switch that off.
"""

import ssl
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from pg8000 import native  # type: ignore[import-untyped]  # it ships no types
from pg8000.exceptions import InterfaceError  # type: ignore[import-untyped]

if TYPE_CHECKING:
    from mypy_boto3_rds import RDSClient

RDS_ROOTS = Path(__file__).with_name("rds-us-east-1.pem")


class Session(Protocol):
    """An open transaction."""

    def run(self, sql: str, **parameters: Any) -> list[list[Any]] | None:
        """Run a statement; parameters are written ``:name``. Without any, several statements may stand behind each other."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DatabaseAddress:
    """Where the database is, and as whom to log in."""

    host: str
    port: int
    name: str
    user: str
    ca_file: Path = RDS_ROOTS

    @classmethod
    def of_environment(cls, environment: Mapping[str, str], *, user: str, host: str | None = None) -> "DatabaseAddress":
        """The address in the function's environment variables."""
        return cls(
            host=host or environment["DATABASE_HOST"],
            port=int(environment["DATABASE_PORT"]),
            name=environment["DATABASE_NAME"],
            user=user,
            ca_file=Path(environment.get("DATABASE_CA_FILE") or RDS_ROOTS),
        )


def iam_token(client: "RDSClient", address: DatabaseAddress) -> str:
    """What stands in for a password for 15 minutes. It is computed here from the function's credentials; nobody is asked."""
    return client.generate_db_auth_token(DBHostname=address.host, Port=address.port, DBUsername=address.user)


class Database:
    """A database and the connection to it.

    Args:
        address: where it is.
        password: called for each new connection, as tokens expire.
        application: as which the connection shows up in the server's activity and logs.
        timeout: seconds to wait for an answer, when connecting too. A paused Aurora needs about 15 to wake up.

    """

    def __init__(
        self,
        address: DatabaseAddress,
        password: Callable[[], str],
        *,
        application: str,
        timeout: float = 25,
        connect: Callable[..., Any] = native.Connection,
    ) -> None:
        self._address = address
        self._password = password
        self._application = application
        self._timeout = timeout
        self._connect = connect
        self._connection: Any = None

    @contextmanager
    def transaction(self) -> Iterator[Session]:
        """A transaction: committed at the end, rolled back when anything is raised in it."""
        connection = self._begin()
        try:
            yield connection
            connection.run("COMMIT")
        except BaseException:
            self._abandon()
            raise

    def close(self) -> None:
        """Let go of the connection; the next transaction opens another one."""
        if self._connection is not None:
            self._abandon()

    def _begin(self) -> Any:
        if self._connection is not None:
            try:
                self._connection.run("START TRANSACTION")
            except (InterfaceError, OSError):
                # The environment slept, and the server or the network has dropped the connection meanwhile.
                self._abandon()
            else:
                return self._connection
        address = self._address
        self._connection = self._connect(
            address.user,
            host=address.host,
            port=address.port,
            database=address.name,
            password=self._password(),
            ssl_context=tls(address.ca_file),
            timeout=self._timeout,
            application_name=self._application,
        )
        self._connection.run("START TRANSACTION")
        return self._connection

    def _abandon(self) -> None:
        """Let go of the connection: after a failure its state is not known, and a failover leaves it on a reader."""
        connection, self._connection = self._connection, None
        try:
            # The server rolls back what a closed connection leaves open.
            connection.close()
        except (InterfaceError, OSError):
            return


def tls(ca_file: Path) -> ssl.SSLContext:
    """TLS 1.2 or newer, with the server's certificate and name verified."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.load_verify_locations(cafile=str(ca_file))
    return context
