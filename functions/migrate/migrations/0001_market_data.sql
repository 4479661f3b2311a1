-- Trades as they were taken in, and what follows from them. Numbers keep every digit; moments are in UTC.

CREATE TABLE trades (
  symbol      text        NOT NULL,
  trade_id    text        NOT NULL,
  executed_at timestamptz NOT NULL,
  price       numeric     NOT NULL CHECK (price > 0),
  size        numeric     NOT NULL CHECK (size > 0),
  PRIMARY KEY (symbol, trade_id)
);

CREATE INDEX trades_by_time ON trades (symbol, executed_at);

CREATE TABLE bars (
  symbol     text        NOT NULL,
  "interval" text        NOT NULL CHECK ("interval" IN ('1m', '5m', '1h', '1d')),
  start      timestamptz NOT NULL,
  open       numeric     NOT NULL,
  high       numeric     NOT NULL,
  low        numeric     NOT NULL,
  close      numeric     NOT NULL,
  volume     numeric     NOT NULL,
  value      numeric     NOT NULL,
  vwap       numeric     NOT NULL,
  trades     bigint      NOT NULL,
  updated_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (symbol, "interval", start)
);

CREATE TABLE volatility (
  symbol     text             NOT NULL,
  "interval" text             NOT NULL CHECK ("interval" IN ('1h', '1d')),
  start      timestamptz      NOT NULL,
  realised   double precision NOT NULL,
  bars       integer          NOT NULL,
  updated_at timestamptz      NOT NULL DEFAULT now(),
  PRIMARY KEY (symbol, "interval", start)
);
