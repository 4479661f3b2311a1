-- Users for the functions and for people, without passwords: they log in with a token of their role. A function's user may do what
-- the function does; analysts read, operators repair.

DO $$
DECLARE
  name text;
BEGIN
  FOREACH name IN ARRAY ARRAY['analytics_writer', 'api_reader', 'analyst', 'operator'] LOOP
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = name) THEN
      EXECUTE format('CREATE ROLE %I LOGIN', name);
    END IF;
    -- Only Amazon's PostgreSQL has this role.
    IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'rds_iam') THEN
      EXECUTE format('GRANT rds_iam TO %I', name);
    END IF;
  END LOOP;
END
$$;

REVOKE CREATE ON SCHEMA public FROM PUBLIC;
GRANT USAGE ON SCHEMA public TO analytics_writer, api_reader, analyst, operator;
GRANT SELECT, INSERT ON trades TO analytics_writer;
GRANT SELECT, INSERT, UPDATE ON bars, volatility TO analytics_writer;
GRANT SELECT ON bars, volatility TO api_reader;
GRANT SELECT ON trades, bars, volatility TO analyst;
GRANT SELECT, INSERT, UPDATE, DELETE ON trades, bars, volatility TO operator;
