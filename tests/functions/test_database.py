"""The database: how functions connect, and the migrations (B2)."""

import hashlib
import json
import re
import ssl
from datetime import UTC, datetime, timedelta

import boto3
import pytest
from database import Database, DatabaseAddress, iam_token
from database.connection import RDS_ROOTS, tls
from pg8000.exceptions import DatabaseError, InterfaceError

from tests.functions.conftest import FUNCTIONS, MIGRATIONS, load_function

ADDRESS = {"DATABASE_HOST": "cluster.example", "DATABASE_PORT": "5432", "DATABASE_NAME": "analytics"}


class Connection:
    """A connection that records statements and fails for those in ``fails``."""

    def __init__(self, user, **options):
        self.user, self.options = user, options
        self.ran, self.closed, self.fails = [], False, {}

    def run(self, sql, **_):
        self.ran.append(sql)
        if sql in self.fails:
            raise self.fails[sql]

    def close(self):
        self.closed = True


@pytest.fixture
def opened():
    return []


@pytest.fixture
def database(opened):
    def connect(user, **options):
        opened.append(Connection(user, **options))
        return opened[-1]

    passwords = iter(["first", "second", "third"])
    address = DatabaseAddress.of_environment(ADDRESS, user="api_reader")
    return Database(address, lambda: next(passwords), application="api", connect=connect)


def test_b2_the_connection_is_encrypted_and_the_server_verified(database, opened):
    with database.transaction():
        pass
    options = opened[0].options
    assert (opened[0].user, options["host"], options["port"], options["database"]) == ("api_reader", "cluster.example", 5432, "analytics")  # fmt: skip
    assert options["ssl_context"].verify_mode is ssl.CERT_REQUIRED
    assert options["ssl_context"].check_hostname
    assert options["ssl_context"].minimum_version == ssl.TLSVersion.TLSv1_2


def test_transactions_share_a_connection(database, opened):
    for _ in range(2):
        with database.transaction() as session:
            session.run("SELECT 1")
    assert len(opened) == 1
    assert opened[0].ran == ["START TRANSACTION", "SELECT 1", "COMMIT"] * 2


def test_a_failed_transaction_is_not_committed_and_its_connection_not_reused(database, opened):
    with pytest.raises(DatabaseError), database.transaction():
        raise DatabaseError
    assert "COMMIT" not in opened[0].ran
    assert opened[0].closed
    with database.transaction():
        pass
    assert [connection.options["password"] for connection in opened] == ["first", "second"]


@pytest.mark.parametrize("error", [InterfaceError("network error"), BrokenPipeError()])
def test_a_connection_lost_between_invocations_is_reopened(database, opened, error):
    with database.transaction():
        pass
    opened[0].fails["START TRANSACTION"] = error
    with database.transaction() as session:
        session.run("SELECT 1")
    assert opened[1].ran == ["START TRANSACTION", "SELECT 1", "COMMIT"]


def test_b2_the_password_is_a_token_signed_without_a_request(aws):
    address = DatabaseAddress.of_environment(ADDRESS, user="api_reader")
    token = iam_token(boto3.client("rds"), address)
    assert token.startswith("cluster.example:5432/?Action=connect&DBUser=api_reader&")
    assert "X-Amz-Expires=900" in token


def test_b2_the_roots_are_those_of_amazon_rds_in_this_region():
    text = RDS_ROOTS.read_text()
    stated = re.findall(r"# SHA-256 ([0-9a-f]{64})\n(-----BEGIN.*?-----END CERTIFICATE-----)", text, re.DOTALL)
    assert text.count("BEGIN CERTIFICATE") == len(stated) == 3
    for digest, certificate in stated:
        assert hashlib.sha256(ssl.PEM_cert_to_DER_cert(certificate)).hexdigest() == digest
    roots = tls(RDS_ROOTS).get_ca_certs()
    names = {dict(part[0] for part in root["subject"])["commonName"] for root in roots}
    assert names == {f"Amazon RDS us-east-1 Root CA {kind} G1" for kind in ("ECC384", "RSA2048", "RSA4096")}
    for root in roots:
        assert root["subject"] == root["issuer"]
        end = datetime.fromtimestamp(ssl.cert_time_to_seconds(root["notAfter"]), tz=UTC)
        assert end > datetime.now(UTC) + timedelta(days=365)


def test_another_file_of_roots_can_be_named(tmp_path):
    other = tmp_path / "ca.pem"
    address = DatabaseAddress.of_environment({**ADDRESS, "DATABASE_CA_FILE": str(other)}, user="x")
    assert address.ca_file == other
    with pytest.raises(FileNotFoundError):
        tls(other)


class Session:
    """A database that records applied migrations."""

    def __init__(self, applied=()):
        self.applied = [list(row) for row in applied]
        self.ran = []

    def run(self, sql, **parameters):
        self.ran.append(sql)
        if sql.startswith("SELECT version"):
            return self.applied
        if sql.startswith("INSERT INTO schema_migrations"):
            self.applied.append([parameters["version"], parameters["checksum"]])
        return None


def test_migrations_are_applied_once_in_order_under_a_lock():
    logic = load_function("migrate").logic
    migrations = logic.read_migrations(FUNCTIONS / "migrate" / "migrations")
    session = Session()
    assert logic.migrate(session, migrations) == MIGRATIONS
    assert session.ran[0].startswith("SELECT pg_advisory_xact_lock")
    order = [session.ran.index(migration.sql) for migration in migrations]
    assert order == sorted(order)
    again = Session(session.applied)
    assert logic.migrate(again, migrations) == []
    assert not {migration.sql for migration in migrations} & set(again.ran)


def test_a_migration_that_was_changed_after_it_had_been_applied_is_refused():
    logic = load_function("migrate").logic
    migrations = logic.read_migrations(FUNCTIONS / "migrate" / "migrations")
    with pytest.raises(logic.MigrationError, match="0001_market_data was changed"):
        logic.migrate(Session([[1, "other"]]), migrations)


def test_a_database_that_is_ahead_is_refused():
    logic = load_function("migrate").logic
    migrations = logic.read_migrations(FUNCTIONS / "migrate" / "migrations")
    with pytest.raises(logic.MigrationError, match="the database is ahead: it has migration 9"):
        logic.migrate(Session([[9, "x"]]), migrations)


@pytest.mark.parametrize("names", [["0002_b.sql"], ["0001_a.sql", "0003_c.sql"], ["0001_a.sql", "0001_b.sql"], ["1_a.sql"], ["0001_a.txt"]])  # fmt: skip
def test_misnumbered_migrations_are_refused(tmp_path, names):
    logic = load_function("migrate").logic
    for name in names:
        (tmp_path / name).write_text("")
    with pytest.raises(logic.MigrationError):
        logic.read_migrations(tmp_path)


def test_b9_every_user_of_the_live_tree_is_made_by_a_migration():
    text = "".join(file.read_text() for file in (FUNCTIONS / "migrate" / "migrations").iterdir())
    units = (FUNCTIONS.parent / "live" / "_units" / "lambda.hcl").read_text()
    users = set(re.findall(r'DATABASE_USER\s+= "(\w+)"', units))
    people = (FUNCTIONS.parent / "live" / "_units" / "database-access.hcl").read_text()
    users |= set(re.findall(r'database_user\s+= "(\w+)"', people))
    assert users == {"analytics_writer", "api_reader", "analyst", "operator"}
    for user in users:
        assert f"'{user}'" in text


def test_b2_the_master_secret_is_read_on_every_invocation(load, aws, context, environment, opened):
    migrate = load("migrate")
    secrets = boto3.client("secretsmanager")
    arn = secrets.create_secret(Name="master", SecretString=json.dumps({"username": "admin", "password": "one"}))["ARN"]
    for name, value in {**ADDRESS, "MASTER_SECRET_ARN": arn}.items():
        environment.setenv(name, value)

    def connect(user, **options):
        opened.append(Connection(user, **options))
        return opened[-1]

    real = migrate.handler.Database
    environment.setattr(migrate.handler, "Database", lambda *a, **k: real(*a, **k, connect=connect))
    assert migrate.handler.handler({}, context) == {"applied": MIGRATIONS, "version": len(MIGRATIONS)}
    secrets.put_secret_value(SecretId=arn, SecretString=json.dumps({"username": "admin", "password": "two"}))
    migrate.handler.handler({}, context)
    assert all(connection.closed for connection in opened)
    assert [(connection.user, connection.options["password"]) for connection in opened] == [
        ("admin", "one"),
        ("admin", "two"),
    ]
