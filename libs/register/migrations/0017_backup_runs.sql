-- Up Migration

-- Each run of a backup of one database to one place, and each drill. Kept for some months, and the last success for good.
CREATE TABLE backup_run (
  id          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  kind        text NOT NULL CHECK (kind IN ('backup', 'drill')),
  database    text NOT NULL CHECK (database IN ('register', 'omero')),
  place       text NOT NULL CHECK (place IN ('directory', 'bucket')),
  -- Where that is, without secrets.
  shown       text NOT NULL,
  started_at  timestamptz NOT NULL DEFAULT now(),
  -- NULL while it runs.
  finished_at timestamptz,
  started_by  text NOT NULL,
  -- The dump, once it is whole.
  name        text,
  bytes       bigint,
  sha256      text,
  -- Of a run that failed.
  code        text,
  reason      text,
  -- What a drill found.
  report      jsonb,
  CHECK ((code IS NULL) = (reason IS NULL)),
  CHECK (finished_at IS NOT NULL OR code IS NULL)
);
CREATE INDEX backup_run_last ON backup_run (kind, database, place, id);

-- Down Migration

DROP TABLE backup_run;
