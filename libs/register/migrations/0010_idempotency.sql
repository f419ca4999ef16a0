-- Up Migration

-- What programs sent with an Idempotency-Key, and how it was answered, for a day.
CREATE TABLE idempotency (
  actor         text NOT NULL,
  key           text NOT NULL,
  -- Of the request: a key belongs to one only.
  fingerprint   bytea NOT NULL,
  created_at    timestamptz NOT NULL DEFAULT now(),
  -- Prolonged while a process works on it; past if that process died.
  running_until timestamptz NOT NULL,
  -- Null until the work is done.
  answer        json,
  PRIMARY KEY (actor, key)
);
CREATE INDEX idempotency_age ON idempotency (created_at);

-- Down Migration

DROP TABLE idempotency;
