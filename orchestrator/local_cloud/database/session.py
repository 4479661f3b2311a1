"""A session of the superuser with a cluster's server, in which the gateway reads and changes things.

platformctl has no PostgreSQL client library among its dependencies: a dozen statements of our own do not need one.
"""

import socket
from pathlib import Path
from typing import Self

from orchestrator.local_cloud.database import protocol

SUPERUSER = "rdsadmin"
"""As on RDS the superuser belongs to the service; the master user is none."""


class DatabaseError(Exception):
    """The server refused a statement, with an SQLSTATE as ``code``."""

    def __init__(self, code: str, text: str) -> None:
        super().__init__(f"{text} ({code})")
        self.code = code


class AdminSession:
    """A connection over the server's own socket, where it trusts whoever can open it."""

    def __init__(self, path: Path, database: str = "postgres", *, timeout: float = 30) -> None:
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self._socket.settimeout(timeout)
        self._stream = self._socket.makefile("rb")
        try:
            self._socket.connect(str(path))
            start = {"user": SUPERUSER, "database": database, "application_name": "rds", "client_encoding": "UTF8"}
            self._socket.sendall(protocol.Startup(start).packet())
            self._answer()
        except BaseException:
            self._release()
            raise

    def run(self, sql: str) -> list[list[str | None]]:
        """Run one statement or several, all or none of them; return the rows as text, or raise DatabaseError."""
        self._socket.sendall(protocol.query(sql))
        return self._answer()

    def close(self) -> None:
        """End the session, if the server is still there."""
        try:
            self._socket.sendall(protocol.message(b"X"))
        except OSError:
            pass
        finally:
            self._release()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _release(self) -> None:
        self._stream.close()
        self._socket.close()

    def _answer(self) -> list[list[str | None]]:
        """Read until the server is ready for the next statement."""
        rows: list[list[str | None]] = []
        failure: DatabaseError | None = None
        while True:
            kind, length = protocol.read_header(self._read(5))
            body = self._read(length)
            if kind == b"D":
                rows.append(protocol.read_row(body))
            elif kind == b"E":
                fields = protocol.read_error(body)
                failure = DatabaseError(fields.get("C", "XX000"), fields.get("M", ""))
                if fields.get("V") == "FATAL":
                    raise failure
            elif kind == b"Z":
                if failure is not None:
                    raise failure
                return rows

    def _read(self, count: int) -> bytes:
        data = self._stream.read(count)
        if len(data) < count:
            raise ConnectionResetError("the server closed the connection")
        return data


def literal(value: str) -> str:
    """Quote a string constant of SQL, with standard_conforming_strings."""
    return "'" + value.replace("'", "''") + "'"


def identifier(name: str) -> str:
    """Quote an identifier of SQL."""
    return '"' + name.replace('"', '""') + '"'
