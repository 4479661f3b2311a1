"""One connection per execution environment, opened at the first use and after a loss.

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
        """Run a statement with parameters written ``:name``, or several statements without parameters."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DatabaseAddress:
    """The address of the database and the user to log in as."""

    host: str
    port: int
    name: str
    user: str
    ca_file: Path = RDS_ROOTS

    @classmethod
    def of_environment(cls, environment: Mapping[str, str], *, user: str, host: str | None = None) -> "DatabaseAddress":
        """Read the address from the function's environment variables."""
        return cls(
            host=host or environment["DATABASE_HOST"],
            port=int(environment["DATABASE_PORT"]),
            name=environment["DATABASE_NAME"],
            user=user,
            ca_file=Path(environment.get("DATABASE_CA_FILE") or RDS_ROOTS),
        )


def iam_token(client: "RDSClient", address: DatabaseAddress) -> str:
    """Return a token that is valid as the password for 15 minutes. It is computed from the function's credentials without a request."""
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
        """Open a transaction: committed at the end, rolled back on any exception."""
        connection = self._begin()
        try:
            yield connection
            connection.run("COMMIT")
        except BaseException:
            self._abandon()
            raise

    def close(self) -> None:
        """Close the connection; the next transaction opens another one."""
        if self._connection is not None:
            self._abandon()

    def _begin(self) -> Any:
        if self._connection is not None:
            try:
                self._connection.run("START TRANSACTION")
            except (InterfaceError, OSError):
                # The server or the network dropped the connection while the environment was frozen.
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
        """Drop the connection: after a failure its state is unknown, and a failover leaves it on a reader."""
        connection, self._connection = self._connection, None
        try:
            # The server rolls back the open transaction of a closed connection.
            connection.close()
        except (InterfaceError, OSError):
            return


def tls(ca_file: Path) -> ssl.SSLContext:
    """Return a context for TLS 1.2 or newer that verifies the server's certificate and name."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.load_verify_locations(cafile=str(ca_file))
    return context
