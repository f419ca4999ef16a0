-- Up Migration

-- What the last look at the source of an order found: it is settled when a later look finds the same.
CREATE TABLE import_look (
  order_id  bigint PRIMARY KEY REFERENCES import_order,
  -- SHA-256 over the names, kinds and identities of all that is in the source.
  found     text NOT NULL CHECK (found ~ '^[0-9a-f]{64}$'),
  -- The first look that found this.
  looked_at timestamptz NOT NULL DEFAULT now()
);

-- When the locks of a cancelled order were taken away.
ALTER TABLE import_order ADD COLUMN released_at timestamptz;
CREATE INDEX import_order_release ON import_order (id) WHERE state = 'cancelled' AND released_at IS NULL;

-- Down Migration

DROP INDEX import_order_release;
ALTER TABLE import_order DROP COLUMN released_at;
DROP TABLE import_look;
