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

-- Down Migration

DROP TABLE store_marker;
