"""What a new Aurora cluster has inside: its database, its master user and the roles of RDS; and how a user may log in.

Source: https://docs.aws.amazon.com/AmazonRDS/latest/AuroraUserGuide/AuroraPostgreSQL.Roles.html
"""

from dataclasses import dataclass, field

from orchestrator.local_cloud.database.session import Session, identifier, literal

_ADMINISTERED = ("pg_monitor", "pg_signal_backend", "pg_checkpoint", "rds_password", "rds_replication")


@dataclass(frozen=True, slots=True, kw_only=True)
class Credentials:
    """How a user of the database may log in.

    Attributes:
        iam: with a token only, as a member of rds_iam, directly or through other roles.
        verifier: of his password, as the server stores it; None without one.

    """

    iam: bool
    verifier: str | None = field(repr=False)


def prepare(session: Session, *, master: str, database: str | None) -> None:
    """Makes what is not there yet.

    Args:
        session: of the superuser, in the database "postgres".
        master: name of the master user.
        database: the cluster's first database; None for none.

    """
    for role in ("rds_superuser", "rds_iam", "rds_password", "rds_replication"):
        _make_role(session, role, "NOLOGIN")
    _make_role(session, master, "LOGIN CREATEDB CREATEROLE")
    for role in _ADMINISTERED:
        session.run(f"GRANT {role} TO rds_superuser WITH ADMIN OPTION")
    # It may hand the role out, but is no member: a member could log in with a token only.
    session.run("GRANT rds_iam TO rds_superuser WITH ADMIN TRUE, INHERIT FALSE, SET FALSE")
    session.run(f"GRANT rds_superuser TO {identifier(master)}")
    if database and not session.run(f"SELECT FROM pg_database WHERE datname = {literal(database)}"):
        session.run(f"CREATE DATABASE {identifier(database)} OWNER {identifier(master)}")
    session.run(f"GRANT CREATE ON DATABASE postgres TO {identifier(master)}")


def credentials(session: Session, user: str) -> Credentials | None:
    """How that user may log in; None when there is no such user, or he may not."""
    rows = session.run(
        f"""
        WITH RECURSIVE held (role) AS (
          SELECT oid FROM pg_roles WHERE rolname = {literal(user)}
          UNION
          SELECT roleid FROM pg_auth_members JOIN held ON member = role WHERE inherit_option OR set_option
        )
        SELECT EXISTS (SELECT FROM held JOIN pg_roles ON oid = role WHERE rolname = 'rds_iam'), rolpassword
        FROM pg_authid
        WHERE rolname = {literal(user)} AND rolcanlogin AND coalesce(rolvaliduntil > now(), true)
        """  # noqa: S608 - a quoted literal
    )
    return Credentials(iam=rows[0][0] == "t", verifier=rows[0][1]) if rows else None


def _make_role(session: Session, name: str, options: str) -> None:
    if not session.run(f"SELECT FROM pg_roles WHERE rolname = {literal(name)}"):
        session.run(f"CREATE ROLE {identifier(name)} {options}")
