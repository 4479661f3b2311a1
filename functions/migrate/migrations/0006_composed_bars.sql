-- Bars of 5 and 15 minutes and of an hour are composed when they are read, of those of a minute and of half an hour: a trade changes
-- half as many rows.

DELETE FROM bars WHERE "interval" IN ('5m', '15m', '1h');
ALTER TABLE bars DROP CONSTRAINT bars_interval_check, ADD CONSTRAINT bars_interval_check CHECK ("interval" IN ('1m', '30m', '1d', 'session'));
