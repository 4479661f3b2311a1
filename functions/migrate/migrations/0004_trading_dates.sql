-- Trades by trading date, with nanoseconds, venues, conditions and revisions; bars that are updated incrementally.

-- The total order of trades as text: timestamp, sequence number, id (numeric ids as numbers), then what else identifies a trade.
CREATE FUNCTION trade_order(ts bigint, sequence bigint, trade_id text, venue text, trading_date date) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN lpad(ts::text, 19, '0') || lpad(coalesce(sequence + 1, 0)::text, 19, '0')
  || CASE WHEN trade_id ~ '^[0-9]+$'
       THEN '0' || lpad(length(ltrim(trade_id, '0'))::text, 2, '0') || ltrim(trade_id, '0') || ' '
       ELSE '1' END
  || trade_id || ' ' || venue || ' ' || lpad((trading_date - DATE '1970-01-01')::text, 6, '0');

ALTER TABLE trades RENAME TO trades_before;
ALTER TABLE trades_before RENAME CONSTRAINT trades_pkey TO trades_before_pkey;
ALTER INDEX trades_by_time RENAME TO trades_before_by_time;

CREATE TABLE trades (
  ts           bigint   NOT NULL,                   -- nanoseconds since 1970 in UTC
  sequence     bigint,                              -- the venue's
  trading_date date     NOT NULL,
  revision     bigint   NOT NULL,                   -- of the message that counts
  sets         smallint NOT NULL,                   -- what the trade may set in a bar: market.conditions.Sets
  symbol       text     NOT NULL COLLATE "C",
  venue        text     NOT NULL COLLATE "C",       -- empty where the source names none
  trade_id     text     NOT NULL COLLATE "C",
  action       text     NOT NULL COLLATE "C" CHECK (action IN ('new', 'correct', 'cancel')),
  price        numeric  NOT NULL,
  size         numeric  NOT NULL CHECK (size >= 0),
  conditions   text     NOT NULL COLLATE "C",       -- separated by blanks
  side         text     NOT NULL COLLATE "C" CHECK (side IN ('', 'buy', 'sell')),
  PRIMARY KEY (symbol, trading_date, venue, trade_id)
) PARTITION BY RANGE (trading_date);
CREATE INDEX trades_by_time ON trades (symbol, ts);

-- The days that have, or had, a partition. Trades of a day that was dropped are refused: nothing would tell which of them are repeats.
CREATE TABLE trade_partitions (
  trading_date date        PRIMARY KEY,
  made_at      timestamptz NOT NULL DEFAULT now(),
  dropped_at   timestamptz
);

CREATE FUNCTION make_trade_partitions(days date[]) RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
  day  date;
  name text;
  made integer := 0;
BEGIN
  -- One at a time. Attaching a partition does not block those who read and write the others.
  PERFORM pg_advisory_xact_lock(7206151908);
  FOR day IN SELECT d FROM unnest(days) AS d EXCEPT SELECT trading_date FROM public.trade_partitions ORDER BY 1 LOOP
    name := 'trades_' || to_char(day, 'YYYYMMDD');
    EXECUTE format('CREATE TABLE public.%I (LIKE public.trades INCLUDING ALL)', name);
    EXECUTE format('ALTER TABLE public.trades ATTACH PARTITION public.%I FOR VALUES FROM (%L) TO (%L)', name, day, day + 1);
    INSERT INTO public.trade_partitions (trading_date) VALUES (day);
    made := made + 1;
  END LOOP;
  RETURN made;
END
$$;

-- A day is kept from its own date or, where it came in later (a backfill), from then.
CREATE FUNCTION drop_trade_partitions(retention_days integer) RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
  day     date;
  dropped integer := 0;
BEGIN
  IF retention_days IS NULL OR retention_days < 1 THEN
    RAISE EXCEPTION 'retention_days must be 1 or more';
  END IF;
  PERFORM pg_advisory_xact_lock(7206151908);
  FOR day IN
    SELECT trading_date FROM public.trade_partitions
    WHERE dropped_at IS NULL AND greatest(trading_date, (made_at AT TIME ZONE 'UTC')::date) < (now() AT TIME ZONE 'UTC')::date - retention_days
    ORDER BY 1
  LOOP
    EXECUTE format('DROP TABLE public.%I', 'trades_' || to_char(day, 'YYYYMMDD'));
    UPDATE public.trade_partitions SET dropped_at = now() WHERE trading_date = day;
    dropped := dropped + 1;
  END LOOP;
  RETURN dropped;
END
$$;
REVOKE EXECUTE ON FUNCTION make_trade_partitions(date[]), drop_trade_partitions(integer) FROM PUBLIC;

SELECT make_trade_partitions(array_agg(DISTINCT (executed_at AT TIME ZONE 'UTC')::date)) FROM trades_before HAVING count(*) > 0;
INSERT INTO trades (ts, trading_date, revision, sets, symbol, venue, trade_id, action, price, size, conditions, side)
SELECT (extract(epoch FROM executed_at) * 1000000000)::bigint, (executed_at AT TIME ZONE 'UTC')::date, 0, 11,
  symbol, '', trade_id, 'new', price, size, '', ''
FROM trades_before;
DROP TABLE trades_before;

-- The keys are the places of the first and the last trade in the order of trades, with their prices; a leading 1 (open) or 0 (close)
-- stands for a trade that sets the price only where no other does. Prices are null where no trade of the interval may set them.
DROP TABLE bars, volatility;
CREATE TABLE bars (
  start      timestamptz NOT NULL,
  updated_at timestamptz NOT NULL DEFAULT now(),
  trades     bigint      NOT NULL,
  symbol     text        NOT NULL COLLATE "C",
  "interval" text        NOT NULL COLLATE "C" CHECK ("interval" IN ('1m', '5m', '15m', '30m', '1h', '1d', 'session')),
  open       numeric     GENERATED ALWAYS AS (CAST(split_part(open_key, '|', 2) AS numeric)) STORED,
  high       numeric,
  low        numeric,
  close      numeric     GENERATED ALWAYS AS (CAST(split_part(close_key, '|', 2) AS numeric)) STORED,
  volume     numeric     NOT NULL,
  value      numeric     NOT NULL,
  open_key   text        COLLATE "C",
  close_key  text        COLLATE "C",
  PRIMARY KEY (symbol, "interval", start)
) WITH (fillfactor = 80);

CREATE TABLE volatility (
  start      timestamptz      NOT NULL,
  updated_at timestamptz      NOT NULL DEFAULT now(),
  variance   double precision NOT NULL,             -- the sum of squared returns
  realised   double precision GENERATED ALWAYS AS (sqrt(variance)) STORED,
  returns    integer          NOT NULL CHECK (returns > 0),
  symbol     text             NOT NULL COLLATE "C",
  "interval" text             NOT NULL COLLATE "C" CHECK ("interval" IN ('1h', '1d', 'session')),
  PRIMARY KEY (symbol, "interval", start)
) WITH (fillfactor = 80);

-- What there was, worked out once more by the new definitions; later, analytics does this.
INSERT INTO bars (symbol, "interval", start, high, low, volume, value, trades, open_key, close_key)
SELECT symbol, length, to_timestamp(ts / 1000000000 / seconds * seconds), max(price), min(price), sum(size), sum(price * size), count(*),
  min('0' || place), max('1' || place)
FROM (SELECT *, trade_order(ts, sequence, trade_id, venue, trading_date) || '|' || price AS place FROM trades) AS placed,
  (VALUES ('1m', 60), ('5m', 300), ('15m', 900), ('30m', 1800), ('1h', 3600), ('1d', 86400)) AS lengths (length, seconds)
GROUP BY 1, 2, 3;

INSERT INTO volatility (symbol, "interval", start, variance, returns)
SELECT symbol, '1h', hour, sum(step * step ORDER BY start), count(*)
FROM (
  SELECT symbol, start, date_trunc('hour', start, 'UTC') AS hour,
    ln(CAST(close AS double precision) / CAST(lag(close) OVER (PARTITION BY symbol ORDER BY start) AS double precision)) AS step
  FROM bars WHERE "interval" = '1m'
) AS steps
WHERE step IS NOT NULL
GROUP BY symbol, hour;
INSERT INTO volatility (symbol, "interval", start, variance, returns)
SELECT symbol, '1d', date_trunc('day', start, 'UTC'), sum(variance ORDER BY start), sum(returns)
FROM volatility WHERE "interval" = '1h'
GROUP BY symbol, date_trunc('day', start, 'UTC');

GRANT SELECT, INSERT, UPDATE ON trades TO analytics_writer;
GRANT SELECT, INSERT, UPDATE, DELETE ON bars, volatility TO analytics_writer;
GRANT SELECT ON trade_partitions TO analytics_writer;
GRANT EXECUTE ON FUNCTION make_trade_partitions(date[]), drop_trade_partitions(integer) TO analytics_writer;
GRANT SELECT ON trades, bars, volatility TO api_reader;
GRANT SELECT ON trades, trade_partitions, bars, volatility TO analyst;
GRANT SELECT, INSERT, UPDATE, DELETE ON trades, trade_partitions, bars, volatility TO operator;
