-- Up Migration

-- Distinguishes this register from all others: a place for backups belongs to one. A restored register keeps it.
CREATE TABLE register_id (
  id   uuid NOT NULL DEFAULT gen_random_uuid(),
  one  boolean PRIMARY KEY DEFAULT true CHECK (one)
);
INSERT INTO register_id DEFAULT VALUES;

-- Down Migration

DROP TABLE register_id;
