"""What a new Aurora cluster contains: its database, its master user and the roles of RDS; and how users log in.

Source: https://docs.aws.amazon.com/AmazonRDS/latest/AuroraUserGuide/AuroraPostgreSQL.Roles.html
"""

from dataclasses import dataclass, field

from orchestrator.local_cloud.database.session import AdminSession, identifier, literal

_ADMINISTERED = ("pg_monitor", "pg_signal_backend", "pg_checkpoint", "rds_password", "rds_replication")


@dataclass(frozen=True, slots=True, kw_only=True)
class Credentials:
    """How a user of the database may log in.

    ``iam`` is for members of rds_iam, direct or not, who need a token; ``verifier`` is the stored password, if there is
    one.
    """

    iam: bool
    verifier: str | None = field(repr=False)


def prepare(session: AdminSession, *, master: str, database: str | None) -> None:
    """Create what is missing; the session is the superuser's, in the database "postgres"."""
    for role in ("rds_superuser", "rds_iam", "rds_password", "rds_replication"):
        _make_role(session, role, "NOLOGIN")
    _make_role(session, master, "LOGIN CREATEDB CREATEROLE")
    for role in _ADMINISTERED:
        session.run(f"GRANT {role} TO rds_superuser WITH ADMIN OPTION")
    # It may grant the role, but is no member: members log in with a token only.
    session.run("GRANT rds_iam TO rds_superuser WITH ADMIN TRUE, INHERIT FALSE, SET FALSE")
    session.run(f"GRANT rds_superuser TO {identifier(master)}")
    if database and not session.run(f"SELECT FROM pg_database WHERE datname = {literal(database)}"):
        session.run(f"CREATE DATABASE {identifier(database)} OWNER {identifier(master)}")
    session.run(f"GRANT CREATE ON DATABASE postgres TO {identifier(master)}")


def credentials(session: AdminSession, user: str) -> Credentials | None:
    """Return how a user may log in; None for no user or one that may not."""
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


def _make_role(session: AdminSession, name: str, options: str) -> None:
    if not session.run(f"SELECT FROM pg_roles WHERE rolname = {literal(name)}"):
        session.run(f"CREATE ROLE {identifier(name)} {options}")
