-- Up Migration

-- The markers of stores that are not in a directory.
CREATE TABLE store_marker (
  store    text PRIMARY KEY,
  -- Stores of kind copies that it is a part of: its copies are in bags of theirs.
  part_of  text[] NOT NULL,
  id       text NOT NULL UNIQUE,
  place    text NOT NULL,
  -- Null until it was read at that place.
  seen_at  timestamptz
);

-- What the server of a store does not keep in names.
ALTER TABLE store_health ADD COLUMN names_not_kept text[] NOT NULL DEFAULT '{}';

-- Under which name a store that was renamed is known now.
CREATE INDEX event_store_renamed ON event (id) WHERE what = 'store renamed';

-- Down Migration

DROP INDEX event_store_renamed;
ALTER TABLE store_health DROP COLUMN names_not_kept;

DROP TABLE store_marker;
