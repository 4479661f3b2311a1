"""Complete logins: TLS, token or password, a real server, and the functions' own code on top (B2, B9, C8)."""

import socket
import ssl
import struct
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from datetime import timedelta
from decimal import Decimal
from threading import Timer

import pytest
from database import Database, DatabaseAddress
from market.trades import Trade, nanoseconds
from pg8000 import native
from pg8000.exceptions import DatabaseError

from orchestrator.local_cloud.database import protocol
from orchestrator.local_cloud.database.binaries import installed
from orchestrator.local_cloud.database.databases import Databases
from orchestrator.local_cloud.iam.evaluate import Decision
from tests.eventually import eventually
from tests.functions.conftest import FUNCTIONS, MIGRATIONS, lines, load_function
from tests.functions.test_market import NOON
from tests.unit.local_cloud.database.conftest import FakeSource, auth_token

pytestmark = [pytest.mark.slow, pytest.mark.skipif(not installed(), reason="no PostgreSQL here")]


class Clients:
    """Reach a database as functions do, with the host map that their processes have."""

    def __init__(self, databases, source):
        self.databases = databases
        self.source = source

    @property
    def address(self):
        """Where the writer's endpoint is really reached."""
        return self.databases.extras().hosts[f"{self.source.found[0].writer_host}:5432"]

    def connect(self, user, *, host, port, **options):
        local = self.databases.extras().hosts[f"{host}:{port}"]
        opened = socket.create_connection(local, options["timeout"])
        try:
            return native.Connection(user, host=host, port=port, sock=opened, **options)
        except BaseException:
            opened.close()
            raise

    def database(self, user, *, host=None, password=None, name="analytics"):
        cluster = self.source.found[0]
        ca = self.databases.extras().environment["DATABASE_CA_FILE"]
        address = DatabaseAddress(host=host or cluster.writer_host, port=5432, name=name, user=user, ca_file=ca)

        def token():
            return auth_token(address.host, user=user)

        return Database(address, (lambda: password) if password else token, application="tests", connect=self.connect)

    def master(self, **options):
        return self.database("platform_admin", password=self.source.found[0].master_password, **options)

    def run(self, database, sql, **parameters):
        with self.session(database) as session:
            return session.run(sql, **parameters)

    @contextmanager
    def session(self, database):
        with closing(database), database.transaction() as session:
            yield session


@pytest.fixture(scope="module")
def running(tmp_path_factory, cluster):
    """Give a migrated database."""
    source = FakeSource([cluster()])
    denied = set()
    databases = Databases(
        tmp_path_factory.mktemp("home"),
        source=source,
        may_connect=lambda _key, arn: Decision(allowed=arn not in denied, cause="because it is denied"),
    )
    databases.start()
    clients = Clients(databases, source)
    clients.denied = denied
    logic = load_function("migrate").logic
    with clients.session(clients.master()) as session:
        clients.applied = logic.migrate(session, logic.read_migrations(FUNCTIONS / "migrate" / "migrations"))
    yield clients
    databases.stop()


@pytest.fixture
def unchanged(running):
    """Undo what a test changes in the cluster."""
    before = running.source.found[0]
    yield
    running.source.found[0] = before
    running.denied.clear()


def _refused(running, database):
    with pytest.raises(DatabaseError) as raised, running.session(database):
        pass
    return raised.value.args[0]["C"], raised.value.args[0]["M"]


def test_b2_the_migrations_of_the_functions_run(running):
    assert running.applied == MIGRATIONS


def test_b9_the_users_of_the_functions_log_in_with_tokens(running):
    for user in ("analytics_writer", "api_reader"):
        found = running.run(running.database(user), "SELECT current_user, current_database()")
        assert found == [[user, "analytics"]]


def test_b5_what_one_function_stores_the_other_reads(running):
    analytics, api = load_function("analytics"), load_function("api")
    trades = [
        Trade(
            trade_id=f"t{number}",
            symbol="MSFT",
            timestamp=nanoseconds(NOON),
            price=Decimal(number),
            size=Decimal("0.5"),
        )
        for number in range(1, 101)
    ]
    with running.session(running.database("analytics_writer")) as session:
        analytics.store.PostgresStore(session).add(lines(trades), zone="")
    span = api.store.Span(start=NOON, end=NOON + timedelta(days=1))
    reader = running.source.found[0].reader_host
    with running.session(running.database("api_reader", host=reader)) as session:
        summary = api.store.read_summary(session, "MSFT", span)
    assert (summary.trades, summary.high, summary.low, summary.volume) == (100, Decimal(100), Decimal(1), Decimal(50))


def test_b9_iam_decides_about_each_login(running, unchanged):
    running.denied.add("arn:aws:rds-db:us-east-1:123456789012:dbuser:cluster-AURORA-PR42/api_reader")
    text = 'PAM authentication failed for user "api_reader"'
    assert _refused(running, running.database("api_reader")) == ("28000", text)
    assert running.run(running.database("analytics_writer"), "SELECT 1") == [[1]]
    refusals = "/aws/rds/cluster/aurora-pr42/iam-db-auth-error"
    line = next(line for group, _, line in reversed(running.source.logs) if group == refusals)
    assert line.startswith(text)
    assert line.endswith("api_reader because it is denied")


def test_b9_the_master_is_no_superuser_and_grants_rds_iam(running):
    with running.session(running.master()) as session:
        rights = session.run("SELECT rolsuper, rolcreaterole FROM pg_roles WHERE rolname = current_user")
        assert rights == [[False, True]]
        session.run("CREATE ROLE late LOGIN; GRANT rds_iam TO late")
        session.run("CREATE ROLE plain LOGIN PASSWORD 'geheim'")
    assert running.run(running.database("late"), "SELECT current_user") == [["late"]]
    assert running.run(running.database("plain", password="geheim"), "SELECT current_user") == [["plain"]]
    assert _refused(running, running.database("plain", password="falsch"))[0] == "28P01"


def test_c8_a_changed_password_counts_at_once(running, unchanged):
    old = running.master()
    running.source.change(master_password="another password of 32 characters")
    assert _refused(running, old) == ("28P01", 'password authentication failed for user "platform_admin"')
    assert running.run(running.master(), "SELECT 1") == [[1]]


@pytest.mark.parametrize("user", ["rdsadmin", "nobody"])
def test_b9_nobody_else_logs_in(running, user):
    assert _refused(running, running.database(user, password="x"))[0] in ("28000", "28P01")


def test_b2_the_reader_endpoint_reads(running, unchanged):
    reader = running.source.found[0].reader_host
    statement = "INSERT INTO trade_partitions VALUES (CAST(:day AS date))"
    with pytest.raises(DatabaseError, match="read-only"):
        running.run(running.master(host=reader), statement, day="2026-01-01")
    running.source.change(instances=("aurora-instance-1-pr42",))
    running.run(running.master(host=reader), statement, day="2026-01-02")


def test_b2_plain_connections_are_refused_unless_the_parameter_group_allows_them(running, unchanged):
    def first_answer():
        with socket.create_connection(running.address, 10) as plain:
            plain.sendall(protocol.Startup({"user": "api_reader", "database": "analytics"}).packet())
            return plain.recv(1000)

    refused = first_answer()
    assert protocol.read_error(refused[5:])["M"].endswith('user "api_reader", database "analytics", no encryption')
    running.source.change(parameters={"rds.force_ssl": "0"})
    assert first_answer() == protocol.authentication_cleartext()


@pytest.mark.parametrize("sent", [b"GET / HTTP/1.1\r\n\r\n", b"\0\0\0\x08\0\2\0\0", b"\xff\xff\xff\xff", b""])
def test_a_client_of_another_protocol_reads_an_error_and_is_disconnected(running, sent):
    with socket.create_connection(running.address, 10) as other:
        other.sendall(sent)
        other.shutdown(socket.SHUT_WR)
        answer = other.makefile("rb").read()
    assert (b"08P01" in answer) == bool(sent)


def test_b2_tls_verifies_the_cluster(running):
    trust = ssl.create_default_context(cafile=running.databases.ca_file)
    with socket.create_connection(running.address, 10) as opened:
        opened.sendall(b"\0\0\0\x08\x04\xd2\x16\x2f")
        assert opened.recv(1) == b"S"
        with pytest.raises(ssl.SSLCertVerificationError):
            trust.wrap_socket(opened, server_hostname="aurora-pr43.cluster-abc123.us-east-1.rds.amazonaws.com")


def test_b7_parameters_take_effect_and_the_log_is_shipped(running, unchanged):
    running.source.change(parameters={"log_statement": "all", "shared_preload_libraries": "pgaudit"})
    with running.session(running.master()) as session:
        assert session.run("SHOW log_statement") == [["all"]]
        session.run("SELECT 'seen in the log'")

    def shipped():
        lines = [text for group, _, text in running.source.logs if group.endswith("/postgresql")]
        return [line for line in lines if "statement: SELECT 'seen in the log'" in line]

    assert "platform_admin@analytics" in eventually(shipped)[0]


def test_b2_large_answers_and_errors_pass_through(running):
    rows = running.run(running.database("api_reader"), "SELECT repeat('x', 1000000) FROM generate_series(1, 5)")
    assert [len(row[0]) for row in rows] == [1_000_000] * 5
    assert _refused(running, running.master(name="missing")) == ("3D000", 'database "missing" does not exist')


def test_b2_a_running_statement_can_be_cancelled(running):
    database = running.master()

    def cancel():
        key = database._connection._backend_key_data
        with socket.create_connection(running.address, 10) as other:
            other.sendall(struct.pack("!II", 16, 80877102) + key)
            assert other.recv(1) == b""

    with running.session(database) as session:
        Timer(0.1, cancel).start()
        with pytest.raises(DatabaseError, match="canceling statement"):
            session.run("SELECT pg_sleep(20)")
        session.run("ROLLBACK")
        assert session.run("SELECT 1") == [[1]]


def test_b15_many_log_in_at_once(running):
    def visit(number):
        return running.run(running.database("api_reader"), "SELECT :number", number=str(number))

    with ThreadPoolExecutor(20) as pool:
        assert list(pool.map(visit, range(40))) == [[[str(number)]] for number in range(40)]


def test_b2_sessions_end_when_the_cluster_stops_and_the_data_stay(running, unchanged):
    database = running.master()
    with running.session(database) as session:
        session.run("CREATE TABLE kept AS SELECT 42 AS answer")
    # A session that is open while the cluster stops.
    with database.transaction():
        pass
    running.source.change(stopped=True)
    running.databases.sync()
    assert _refused(running, running.master()) == ("57P03", "the database system is not running")
    running.source.change(stopped=False)
    # The first transaction finds the lost connection and opens another one.
    assert running.run(database, "SELECT answer FROM kept") == [[42]]


def test_b12_databases_come_and_go_with_their_clusters(tmp_path, cluster):
    source = FakeSource([cluster("aurora-one"), cluster("aurora-two", instances=())])
    databases = Databases(tmp_path, source=source, may_connect=lambda *_: Decision(allowed=True))
    databases.start()
    clients = Clients(databases, source)
    try:
        assert {name.partition(".")[0] for name in databases.extras().hosts} == {"aurora-one", "aurora-two"}
        with closing(clients.master()) as database:
            with database.transaction() as session:
                session.run("CREATE TABLE kept ()")
            process = databases._databases["cluster-AURORA-ONE"]._process
            folder = process.socket.parent
            assert folder.is_dir()
            assert process.running
            source.found = [cluster("aurora-one", resource_id="cluster-NEW")]
            databases.sync()
            assert not process.running
            assert not folder.exists()
            # The connection is lost, so this opens one to the new cluster.
            with database.transaction() as session:
                assert session.run("SELECT count(*) FROM pg_tables WHERE tablename = 'kept'") == [[0]]
        folder = databases._databases["cluster-NEW"]._process.socket.parent
    finally:
        databases.stop()
    assert not folder.exists()
    assert list((tmp_path / "database").iterdir()) == []
