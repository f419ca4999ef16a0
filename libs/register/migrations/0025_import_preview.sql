-- Up Migration

-- What OMERO's importer would make of a source. Only the importer can find out: it answers what is asked here. Answers are
-- not kept for long, since files are added and removed.
CREATE TABLE import_preview (
  -- A path may be too long for an index.
  key         bytea GENERATED ALWAYS AS (sha256(source)) STORED PRIMARY KEY,
  source      bytea NOT NULL,
  asked_at    timestamptz NOT NULL DEFAULT clock_timestamp(),
  -- Until then one importer works on it.
  taken_until timestamptz,
  taken_by    text,
  answered_at timestamptz,
  answer      jsonb,
  -- Why there is no answer.
  code        text,
  reason      text,
  CHECK (answered_at IS NULL OR (answer IS NULL) <> (code IS NULL))
);
CREATE INDEX import_preview_asked ON import_preview (asked_at) WHERE answered_at IS NULL OR answered_at < asked_at;

-- Down Migration

DROP TABLE import_preview;
