"""Trades, bars and volatilities in PostgreSQL, which computes bars where the trades are.

The result is exact and depends only on the set of messages: ``numeric`` rounds nothing, text is ordered by its bytes whatever the
database's locale, and a statement is one round trip for any number of rows. New trades are added to the bars that exist. Only
where a message replaces another are bars recomputed, from all trades of the minute.
"""

# ruff: noqa: S608 - statements are composed of constants only; values are parameters

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from database import Session
from logic import MAX_CONFLICTS, MAX_NEW_DAYS, Arrival
from market.bars import Interval
from market.conditions import Sets, sets, unknown
from market.trades import COLUMNS, MAX_DAYS_APART, SECOND, Action, format_number, trading_date

_NAMES = ("symbol", "trading_date", "venue", "trade_id")
_CONTENT = ("revision", "action", "ts", "price", "size", "sequence", "conditions", "side")
_STRIPES = 256
"""Locks by a hash of the symbol: a lock for each of 10,000 symbols would exceed the server's lock table."""
_ANALYZED = 1000


def _columns(names: Iterable[str], prefix: str) -> str:
    return ", ".join(f"{prefix}.{name}" for name in names)


def _same(names: Iterable[str], one: str, other: str) -> str:
    return " AND ".join(f"{one}.{name} IS NOT DISTINCT FROM {other}.{name}" for name in names)


def _identity(prefix: str) -> list[str]:
    """Return what identifies a trade, as in the index ``trades_identity``: without a venue also its timestamp."""
    return [*(f"{prefix}.{name}" for name in _NAMES), f"CASE {prefix}.venue WHEN '' THEN {prefix}.ts ELSE 0 END"]


def _same_trade(one: str, other: str) -> str:
    return " AND ".join(f"{left} = {right}" for left, right in zip(_identity(one), _identity(other), strict=True))


def _rank(prefix: str) -> str:
    """Order the messages about a trade: by revision; of one revision, the rest only makes the choice the same in every order of arrival."""
    actions = ", ".join(f"'{action}'" for action in Action)
    rest = f"{prefix}.ts, {prefix}.price, {prefix}.size, coalesce({prefix}.sequence, -1), {prefix}.conditions, {prefix}.side"
    return f"({prefix}.revision, array_position(ARRAY[{actions}], {prefix}.action), {rest})"


# Temporary tables of the connection, empty at the end of every transaction; without TOAST tables, which would take longer to empty.
_TABLES = """
    SET LOCAL work_mem = '64MB';
    SET LOCAL jit = off;
    CREATE TEMP TABLE IF NOT EXISTS incoming (
      symbol text STORAGE PLAIN COLLATE "C", venue text STORAGE PLAIN COLLATE "C", trading_date date, trade_id text STORAGE PLAIN COLLATE "C",
      ts bigint, sequence bigint, price numeric STORAGE PLAIN, size numeric STORAGE PLAIN, conditions text STORAGE PLAIN COLLATE "C",
      side text STORAGE PLAIN COLLATE "C", action text STORAGE PLAIN COLLATE "C", revision bigint
    ) ON COMMIT DELETE ROWS;
    CREATE TEMP TABLE IF NOT EXISTS rules (conditions text STORAGE PLAIN COLLATE "C", sets smallint) ON COMMIT DELETE ROWS;
    CREATE TEMP TABLE IF NOT EXISTS rivals (LIKE incoming INCLUDING STORAGE) ON COMMIT DELETE ROWS;
    CREATE TEMP TABLE IF NOT EXISTS touched (symbol text STORAGE PLAIN COLLATE "C", minute bigint) ON COMMIT DELETE ROWS;
    CREATE TEMP TABLE IF NOT EXISTS stale (LIKE touched INCLUDING STORAGE) ON COMMIT DELETE ROWS;
    CREATE TEMP TABLE IF NOT EXISTS spans (
      symbol text STORAGE PLAIN COLLATE "C", "interval" text STORAGE PLAIN COLLATE "C", first timestamptz, last timestamptz
    ) ON COMMIT DELETE ROWS;
"""
_COPY = f"""
    COPY incoming ({", ".join(COLUMNS)}) FROM STDIN (FORMAT csv, FORCE_NOT_NULL (venue, conditions, side))
"""

_NEW, _KNOWN, _DROPPED = "new", "known", "dropped"
# What every batch has to be asked, in one round trip.
_ARRIVED = f"""
    SELECT trading_date, conditions,
      CASE WHEN made_at IS NULL THEN '{_NEW}' WHEN dropped_at IS NULL THEN '{_KNOWN}' ELSE '{_DROPPED}' END AS state, count(*)
    FROM incoming LEFT JOIN trade_partitions USING (trading_date)
    GROUP BY 1, 2, 3
"""


def _lengths(intervals: Iterable[Interval]) -> str:
    """Return a query of the lengths of bars, with the start and the end of the one that contains a minute, counted from 1970.

    Half as much again as a day after a midnight lies in the day that follows, also when clocks change.
    """
    fixed = ", ".join(
        f"('{interval}', {interval.length.total_seconds():.0f})"
        for interval in intervals
        if interval is not Interval.SESSION
    )
    return f"""(
      SELECT length, to_timestamp(minute * 60 / seconds * seconds) AS start, to_timestamp((minute * 60 / seconds + 1) * seconds) AS last
      FROM (VALUES {fixed}) AS lengths (length, seconds)
      UNION ALL
      SELECT '{Interval.SESSION}', midnight, date_trunc('day', midnight + INTERVAL '36 hours', CAST(:zone AS text))
      FROM (SELECT date_trunc('day', to_timestamp(minute * 60), CAST(:zone AS text)) AS midnight WHERE CAST(:zone AS text) <> '') AS days
    )"""


_LONGER = _lengths(interval for interval in Interval if interval.part is None and interval is not Interval.MINUTE)
_HOURS_AND_SESSIONS = _lengths([Interval.HOUR])
# Without the OFFSET, PostgreSQL would compute the place again for each aggregate.
_PLACED = f"""
      SELECT symbol, ts / 60000000000 AS minute, price, size, sets,
        trade_order(ts, sequence, trade_id, venue, trading_date) || '|' || price AS place
      FROM %s AS placed WHERE action <> '{Action.CANCEL}' AND sets <> 0
      OFFSET 0
"""
_BY_MINUTE = f"""
      SELECT symbol, minute,
        max(price) FILTER (WHERE sets & {Sets.HIGH_LOW:d} <> 0) AS high,
        min(price) FILTER (WHERE sets & {Sets.HIGH_LOW:d} <> 0) AS low,
        coalesce(sum(size) FILTER (WHERE sets & {Sets.VOLUME:d} <> 0), 0) AS volume,
        coalesce(sum(price * size) FILTER (WHERE sets & {Sets.VOLUME:d} <> 0), 0) AS value,
        count(*) FILTER (WHERE sets & {Sets.VOLUME:d} <> 0) AS trades,
        min(CASE WHEN sets & {Sets.LAST:d} <> 0 THEN '0' ELSE '1' END || place)
          FILTER (WHERE sets & {Sets.LAST | Sets.LAST_IF_ONLY:d} <> 0) AS open_key,
        max(CASE WHEN sets & {Sets.LAST:d} <> 0 THEN '1' ELSE '0' END || place)
          FILTER (WHERE sets & {Sets.LAST | Sets.LAST_IF_ONLY:d} <> 0) AS close_key
      FROM placed GROUP BY symbol, minute
"""
_ADD_UP = """
        max(high) AS high, min(low) AS low, sum(volume) AS volume, sum(value) AS value, sum(trades) AS trades,
        min(open_key) AS open_key, max(close_key) AS close_key
"""
_BAR = 'symbol, "interval", start, high, low, volume, value, trades, open_key, close_key'
# Whatever is added first: sums, extremes and the places of the first and the last trade do not depend on the order.
_MERGE = f"""
    INSERT INTO bars AS kept ({_BAR})
    SELECT symbol, '{Interval.MINUTE}', to_timestamp(minute * 60), high, low, volume, value, trades, open_key, close_key FROM minutes
    UNION ALL
    SELECT symbol, '{Interval.HALF_HOUR}', to_timestamp(half * 1800), high, low, volume, value, trades, open_key, close_key FROM halves
    UNION ALL
    SELECT symbol, '{Interval.DAY}', to_timestamp(half / 48 * 86400), {_ADD_UP} FROM halves GROUP BY symbol, half / 48
    UNION ALL
    SELECT symbol, '{Interval.SESSION}', date_trunc('day', to_timestamp(minute * 60), CAST(:zone AS text)), {_ADD_UP}
    FROM minutes WHERE CAST(:zone AS text) <> '' GROUP BY 1, 2, 3
    ORDER BY 1, 2, 3
    ON CONFLICT (symbol, "interval", start) DO UPDATE SET
      high = greatest(kept.high, excluded.high), low = least(kept.low, excluded.low),
      volume = kept.volume + excluded.volume, value = kept.value + excluded.value, trades = kept.trades + excluded.trades,
      open_key = least(kept.open_key, excluded.open_key), close_key = greatest(kept.close_key, excluded.close_key),
      updated_at = now()
    RETURNING 1
"""
# A touched minute stands for its quarter of an hour: no hour and no midnight of a time zone lies within one.
_ADD = f"""
    WITH fresh AS (
      INSERT INTO trades ({", ".join(COLUMNS)}, sets)
      SELECT {_columns(COLUMNS, "incoming")}, coalesce(rules.sets, {Sets.ALL:d})
      FROM incoming LEFT JOIN rules USING (conditions)
      ORDER BY symbol, ts
      ON CONFLICT DO NOTHING
      RETURNING {", ".join(COLUMNS)}, sets
    ), placed AS ({_PLACED % "fresh"}), minutes AS ({_BY_MINUTE}), halves AS (
      SELECT symbol, minute / 30 AS half, {_ADD_UP} FROM minutes GROUP BY symbol, minute / 30
    ), changed AS ({_MERGE}), noted AS (
      INSERT INTO touched SELECT DISTINCT symbol, minute / 15 * 15 FROM minutes
    ), left_over AS (
      INSERT INTO rivals SELECT {_columns(COLUMNS, "incoming")} FROM incoming
      WHERE NOT EXISTS (
        SELECT FROM fresh WHERE {" AND ".join(f"fresh.{name} = incoming.{name}" for name in (*_NAMES, "ts"))}
          AND {_same([name for name in _CONTENT if name != "ts"], "fresh", "incoming")}
      )
      RETURNING 1
    )
    SELECT (SELECT count(*) FROM fresh), (SELECT count(*) FROM changed), (SELECT count(*) FROM left_over)
"""
# Partitions that no day of the batch needs are not looked at.
_OF_DAYS = "trades.trading_date = ANY (CAST(:days AS date[]))"
# Repeats that say the same are not rivals.
_FORGET_REPEATS = f"""
    DELETE FROM rivals USING trades
    WHERE {_OF_DAYS} AND {_same_trade("rivals", "trades")} AND {_same(_CONTENT, "rivals", "trades")}
"""
_CONFLICTS = f"""
    SELECT {_columns(COLUMNS, "rivals")}, {_columns(COLUMNS, "trades")}, {_rank("rivals")} > {_rank("trades")}
    FROM rivals JOIN trades ON {_same_trade("rivals", "trades")}
    WHERE {_OF_DAYS} AND rivals.revision = trades.revision
    ORDER BY {", ".join(_identity("rivals"))}, {_rank("rivals")}
    LIMIT :most
"""
_COUNT_CONFLICTS = f"""
    SELECT count(*) FROM rivals JOIN trades ON {_same_trade("rivals", "trades")} WHERE {_OF_DAYS} AND rivals.revision = trades.revision
"""
_REPLACE = f"""
    WITH best AS (
      SELECT DISTINCT ON ({", ".join(_identity("rivals"))}) rivals.*, coalesce(rules.sets, {Sets.ALL:d}) AS sets
      FROM rivals LEFT JOIN rules USING (conditions)
      ORDER BY {", ".join(_identity("rivals"))}, {_rank("rivals")} DESC
    ), beaten AS (
      SELECT best.*, trades.ts AS before FROM best JOIN trades ON {_same_trade("best", "trades")}
      WHERE {_OF_DAYS} AND {_rank("best")} > {_rank("trades")}
    ), replaced AS (
      UPDATE trades SET ({", ".join(_CONTENT)}, sets) = ROW ({_columns(_CONTENT, "beaten")}, beaten.sets)
      FROM beaten WHERE {_OF_DAYS} AND {_same_trade("beaten", "trades")}
      RETURNING 1
    ), old AS (
      INSERT INTO stale
      SELECT symbol, before / 60000000000 FROM beaten UNION SELECT symbol, ts / 60000000000 FROM beaten
    )
    SELECT count(*) FROM replaced
"""
_FORGET_BARS = """
    WITH noted AS (INSERT INTO touched SELECT symbol, minute FROM stale)
    DELETE FROM bars USING stale
    WHERE bars.symbol = stale.symbol AND bars."interval" = '1m' AND bars.start = to_timestamp(stale.minute * 60)
"""
_PUT_MINUTES = f"""
    WITH found AS (
      SELECT trades.* FROM stale JOIN trades ON trades.symbol = stale.symbol
        AND trades.ts >= stale.minute * 60000000000 AND trades.ts < (stale.minute + 1) * 60000000000
      WHERE trades.trading_date BETWEEN CAST(:first AS date) AND CAST(:last AS date)
    ), placed AS ({_PLACED % "found"}), minutes AS ({_BY_MINUTE}), written AS (
      INSERT INTO bars ({_BAR})
      SELECT symbol, '1m', to_timestamp(minute * 60), high, low, volume, value, trades, open_key, close_key FROM minutes
      RETURNING 1
    )
    SELECT count(*) FROM written
"""
_STALE_SPANS = f"""
    INSERT INTO spans SELECT DISTINCT symbol, length, start, last FROM stale, LATERAL {_LONGER} AS lengths
"""
_FORGET_LONGER = """
    DELETE FROM bars USING spans WHERE bars.symbol = spans.symbol AND bars."interval" = spans."interval" AND bars.start = spans.first
"""
_PUT_LONGER = f"""
    WITH written AS (
      INSERT INTO bars ({_BAR})
      SELECT symbol, spans."interval", spans.first, {_ADD_UP}
      FROM spans JOIN bars USING (symbol)
      WHERE bars."interval" = '1m' AND bars.start >= spans.first AND bars.start < spans.last
      GROUP BY symbol, spans."interval", spans.first
      RETURNING 1
    )
    SELECT count(*) FROM written
"""
# A changed close also changes the next return, which may end in a later interval.
_VOLATILITY_SPANS = f"""
    WITH changed AS (
      SELECT DISTINCT symbol, length, start, last FROM touched, LATERAL {_HOURS_AND_SESSIONS} AS lengths
    )
    INSERT INTO spans
    SELECT symbol, length, start, last FROM changed
    UNION
    SELECT changed.symbol, changed.length, following.start, following.last
    FROM changed, LATERAL (
      SELECT CAST(extract(epoch FROM start) AS bigint) / 60 AS minute FROM bars
      WHERE symbol = changed.symbol AND "interval" = '1m' AND start >= changed.last AND close_key IS NOT NULL
      ORDER BY start LIMIT 1
    ) AS next, LATERAL {_HOURS_AND_SESSIONS} AS following
    WHERE following.length = changed.length
"""
_FORGET_VOLATILITY = f"""
    DELETE FROM volatility USING spans
    WHERE volatility.symbol = spans.symbol AND (
      (volatility."interval" = spans."interval" AND volatility.start = spans.first)
      OR (spans."interval" = '{Interval.HOUR}' AND volatility."interval" = '{Interval.DAY}' AND volatility.start = date_trunc('day', spans.first, 'UTC'))
    )
"""
_PUT_VOLATILITY = """
    ON CONFLICT (symbol, "interval", start) DO UPDATE SET
      variance = excluded.variance, returns = excluded.returns, updated_at = now()
    WHERE (kept.variance, kept.returns) IS DISTINCT FROM (excluded.variance, excluded.returns)
"""
# Per span, as the index then gives its closes in order.
_VOLATILITY = f"""
    INSERT INTO volatility AS kept (symbol, "interval", start, variance, returns)
    SELECT spans.symbol, spans."interval", first, variance, returns
    FROM spans, LATERAL (
      SELECT sum(step * step ORDER BY start) AS variance, count(*) AS returns
      FROM (
        SELECT start, ln(CAST(close AS double precision) / CAST(before AS double precision)) AS step
        FROM (
          SELECT start, close, lag(close) OVER (ORDER BY start) AS before
          FROM bars
          WHERE bars.symbol = spans.symbol AND bars."interval" = '1m' AND close_key IS NOT NULL AND start < last
            AND start >= coalesce((
              SELECT max(start) FROM bars WHERE symbol = spans.symbol AND "interval" = '1m' AND start < first AND close_key IS NOT NULL
            ), first)
        ) AS pairs
        WHERE start >= first AND close > 0 AND before > 0
      ) AS steps
    ) AS sums
    WHERE returns > 0
    {_PUT_VOLATILITY}
"""
# Every return belongs to one hour, so the variance of a day is the sum of those of its hours.
_DAYS_OF_HOURS = f"""
    INSERT INTO volatility AS kept (symbol, "interval", start, variance, returns)
    SELECT hours.symbol, '{Interval.DAY}', day, sum(variance ORDER BY start), sum(returns)
    FROM (SELECT DISTINCT symbol, date_trunc('day', first, 'UTC') AS day FROM spans WHERE "interval" = '{Interval.HOUR}') AS days
    JOIN volatility AS hours ON hours.symbol = days.symbol AND hours."interval" = '{Interval.HOUR}'
      AND hours.start >= day AND hours.start < day + INTERVAL '24 hours'
    GROUP BY hours.symbol, day
    {_PUT_VOLATILITY}
"""


class TooManyDaysError(ValueError):
    """A batch has trades of too many trading dates that are not known yet."""


def keep_partitions(session: Session, ahead: Sequence[date], *, retention_days: int) -> tuple[int, int]:
    """Make the partitions of days to come and drop those after the retention; returns how many were made and dropped."""
    ((made, dropped),) = session.run(
        "SELECT make_trade_partitions(CAST(:days AS date[])), drop_trade_partitions(CAST(:retention AS integer))",
        days=list(ahead),
        retention=retention_days,
    ) or [[0, 0]]
    return int(made), int(dropped)


class PostgresStore:
    """The store within one transaction."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def add(self, lines: Iterable[bytes], *, zone: str) -> Arrival:
        run = self._session.run
        run(_TABLES)
        run(_COPY, stream=lines)
        found = run(_ARRIVED) or []
        messages = sum(number for *_, number in found)
        unknown = self._find_rules(found)
        gone = sum(number for _, _, state, number in found if state == _DROPPED)
        expired = self._drop_expired() if gone else []
        days = self._make_partitions(found)
        run(
            f"SELECT count(pg_advisory_xact_lock(72061, stripe)) FROM ("
            f"SELECT DISTINCT abs(hashtext(symbol) % {_STRIPES}) AS stripe FROM incoming ORDER BY 1) AS stripes"
        )
        if messages > _ANALYZED:
            run("ANALYZE incoming")
        ((trades, bars, rivals),) = run(_ADD, zone=zone) or [[0, 0, 0]]
        replaced, conflicts, kept = 0, 0, list[dict[str, Any]]()
        if rivals:
            run(_FORGET_REPEATS, days=days)
            conflicts, kept = self._find_conflicts(days)
            replaced = self._count(_REPLACE, days=days)
        if replaced:
            bars += self._recompute(zone)
        if trades or replaced:
            run(_VOLATILITY_SPANS, zone=zone)
            if replaced:
                run(_FORGET_VOLATILITY)
            run(_VOLATILITY)
            run(_DAYS_OF_HOURS)
        return Arrival(
            messages=messages,
            trades=int(trades),
            replaced=replaced,
            bars=int(bars),
            conflicts=conflicts,
            expired=gone,
            kept=[*kept, *expired],
            unknown_conditions=unknown,
        )

    def _find_rules(self, found: Sequence[Sequence[Any]]) -> dict[str, int]:
        """Look up what each combination of conditions may set; returns the number of messages by condition without a rule."""
        combinations = Counter[str]()
        for _, conditions, _, number in found:
            combinations[conditions] += number
        del combinations[""]
        if combinations:
            self._session.run(
                "INSERT INTO rules SELECT * FROM unnest(CAST(:conditions AS text[]), CAST(:sets AS smallint[]))",
                conditions=list(combinations),
                sets=[int(sets(conditions.split())) for conditions in combinations],
            )
        counts = Counter[str]()
        for conditions, number in combinations.items():
            counts.update(dict.fromkeys(unknown(conditions.split()), number))
        return dict(counts)

    def _drop_expired(self) -> list[dict[str, Any]]:
        """Take out messages about dropped days; returns some of them."""
        of_day = "incoming.trading_date = trade_partitions.trading_date AND dropped_at IS NOT NULL"
        rows = self._session.run(
            f"SELECT {_columns(COLUMNS, 'incoming')} FROM incoming JOIN trade_partitions ON {of_day} LIMIT :most",
            most=MAX_CONFLICTS,
        )
        self._session.run(f"DELETE FROM incoming USING trade_partitions WHERE {of_day}")
        return [
            {"reason": "the trades of this trading date were dropped", "message": _message(row)} for row in rows or []
        ]

    def _make_partitions(self, found: Sequence[Sequence[Any]]) -> list[date]:
        """Make the partitions that the batch needs; returns the trading dates that are kept."""
        new = sorted({day for day, _, state, _ in found if state == _NEW})
        if len(new) > MAX_NEW_DAYS:
            raise TooManyDaysError(
                f"trades of {len(new)} trading dates that are not known yet; at most {MAX_NEW_DAYS} go in at once"
            )
        if new:
            self._session.run("SELECT make_trade_partitions(CAST(:days AS date[]))", days=new)
        return sorted({day for day, _, state, _ in found if state != _DROPPED})

    def _find_conflicts(self, days: Sequence[date]) -> tuple[int, list[dict[str, Any]]]:
        number = self._count(_COUNT_CONFLICTS, days=days)
        rows = (self._session.run(_CONFLICTS, days=days, most=MAX_CONFLICTS) or []) if number else []
        width = len(COLUMNS)
        return number, [
            {
                "reason": "differs from another message about the same trade with the same revision",
                "message": _message(row[:width]),
                "other": _message(row[width : 2 * width]),
                "counts": "message" if row[-1] else "other",
            }
            for row in rows
        ]

    def _recompute(self, zone: str) -> int:
        """Recompute the bars of all stale minutes; returns how many were written."""
        run = self._session.run
        ((first, last),) = run("SELECT min(minute), max(minute) FROM stale") or [[0, 0]]
        margin = timedelta(days=MAX_DAYS_APART)
        run(_FORGET_BARS)
        written = self._count(
            _PUT_MINUTES,
            first=trading_date(first * 60 * SECOND) - margin,
            last=trading_date(last * 60 * SECOND) + margin,
        )
        run(_STALE_SPANS, zone=zone)
        run(_FORGET_LONGER)
        written += self._count(_PUT_LONGER)
        run("TRUNCATE spans")
        return written

    def _count(self, sql: str, **parameters: Any) -> int:
        ((number,),) = self._session.run(sql, **parameters) or [[0]]
        return int(number)


def _message(row: Sequence[Any]) -> dict[str, Any]:
    """Return a row of ``COLUMNS`` as a document."""
    return {
        name: format_number(value) if isinstance(value, Decimal) else str(value) if isinstance(value, date) else value
        for name, value in zip(COLUMNS, row, strict=True)
    }
