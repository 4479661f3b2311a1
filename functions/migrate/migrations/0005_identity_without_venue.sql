-- Where the venue is not known, ids may start again within a day: the timestamp is part of the identity. Where it is, a correction
-- may change the timestamp.

ALTER TABLE trades DROP CONSTRAINT trades_pkey;
CREATE UNIQUE INDEX trades_identity ON trades (symbol, trading_date, venue, trade_id, (CASE venue WHEN '' THEN ts ELSE 0 END));
