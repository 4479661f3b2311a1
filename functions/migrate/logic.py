"""Migrations of the database: numbered SQL files, each applied once, in order, all of them or none.

What was applied is remembered with its checksum: a file that changed afterwards is refused, not applied again.
"""

import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

_NAME = re.compile(r"(\d{4})_[a-z0-9_]+\.sql")
# Any number, as long as all migrations use the same one.
LOCK = 7_206_151_907
REGISTER = """
CREATE TABLE IF NOT EXISTS schema_migrations (
  version    integer     PRIMARY KEY,
  name       text        NOT NULL,
  checksum   text        NOT NULL,
  applied_at timestamptz NOT NULL DEFAULT now()
)
"""


class MigrationError(Exception):
    """The migrations and the database do not match."""


class Session(Protocol):
    """An open transaction."""

    def run(self, sql: str, **parameters: Any) -> list[list[Any]] | None:
        """Run a statement, or several without parameters."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Migration:
    """One migration file."""

    version: int
    name: str
    sql: str

    @property
    def checksum(self) -> str:
        return hashlib.sha256(self.sql.encode()).hexdigest()


def read_migrations(folder: Path) -> list[Migration]:
    """Read the migrations of a folder, in order.

    Raises:
        MigrationError: a file is misnamed, or a number is missing or there twice.

    """
    found = []
    for file in sorted(folder.iterdir()):
        parts = _NAME.fullmatch(file.name)
        if parts is None:
            raise MigrationError(f"{file.name} is not named as a migration: 0001_what_it_does.sql")
        found.append(Migration(version=int(parts[1]), name=file.stem, sql=file.read_text(encoding="utf-8")))
    versions = [migration.version for migration in found]
    if versions != list(range(1, len(found) + 1)):
        raise MigrationError(f"migrations must be numbered from 1 without gaps; found {versions}")
    return found


def pending(migrations: Sequence[Migration], applied: Mapping[int, str]) -> list[Migration]:
    """Return the migrations that are still to be applied.

    Args:
        migrations: all there are, in order.
        applied: checksums of those that the database has, by version.

    Raises:
        MigrationError: the database has one that is not known here, or one that was changed since.

    """
    unknown = sorted(set(applied) - {migration.version for migration in migrations})
    if unknown:
        raise MigrationError(f"the database is ahead: it has migration {unknown[-1]}, which is not known here")
    for migration in migrations:
        if applied.get(migration.version, migration.checksum) != migration.checksum:
            raise MigrationError(f"{migration.name} was changed after it had been applied; write a new migration")
    return [migration for migration in migrations if migration.version not in applied]


def migrate(session: Session, migrations: Sequence[Migration]) -> list[str]:
    """Apply the pending migrations within the caller's transaction; returns their names."""
    # A concurrent migration waits here, and then finds nothing left to do.
    session.run("SELECT pg_advisory_xact_lock(:number)", number=LOCK)
    session.run(REGISTER)
    rows = session.run("SELECT version, checksum FROM schema_migrations") or []
    todo = pending(migrations, {int(version): str(checksum) for version, checksum in rows})
    for migration in todo:
        session.run(migration.sql)
        session.run(
            "INSERT INTO schema_migrations (version, name, checksum) VALUES (:version, :name, :checksum)",
            version=migration.version,
            name=migration.name,
            checksum=migration.checksum,
        )
    return [migration.name for migration in todo]
