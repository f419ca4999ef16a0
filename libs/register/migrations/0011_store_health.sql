-- Up Migration

-- Each configured store as it was found at the last look: pages need no access to stores.
CREATE TABLE store_health (
  name       text PRIMARY KEY,
  kind       text NOT NULL,
  is_default boolean NOT NULL,
  -- Where its copies are, without secrets.
  place      text NOT NULL,
  looked_at  timestamptz NOT NULL,
  -- Why it cannot be used, and since when; NULL if it can.
  code       text,
  reason     text,
  since      timestamptz,
  -- The fullest of its directories; NULL for a store without any, and while it is not available.
  directory   text,
  free_bytes  bigint,
  total_bytes bigint,
  price_per_tb_year double precision CHECK (price_per_tb_year >= 0),
  currency    text,
  CHECK ((code IS NULL) = (reason IS NULL) AND (code IS NULL) = (since IS NULL)),
  CHECK ((directory IS NULL) = (free_bytes IS NULL) AND (directory IS NULL) = (total_bytes IS NULL)),
  CHECK ((price_per_tb_year IS NULL) = (currency IS NULL))
);

-- Down Migration

DROP TABLE store_health;
