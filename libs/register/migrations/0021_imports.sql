-- Up Migration

-- What one person ordered to be imported from one place: the unit of work of the importer.
CREATE TABLE import_order (
  id            bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  state         text NOT NULL CHECK (state IN
                  ('ordered', 'settled', 'locked', 'listed', 'hashed', 'synced', 'importing', 'imported', 'verified',
                   'done', 'emptied', 'stuck', 'cancelled')),
  stuck_from    text,
  code          text,
  reason        text,
  -- For whom it is imported, in which group of OMERO.
  person_id     bigint NOT NULL,
  person        text NOT NULL,
  group_id      bigint NOT NULL,
  group_name    text NOT NULL,
  -- The canonical path of the directory or file, as bytes and as it is shown.
  source        bytea NOT NULL,
  display       text NOT NULL,
  -- SHA-256 over the names, sizes and times of all files, in hex: known once the order is settled.
  content       text CHECK (content ~ '^[0-9a-f]{64}$'),
  target        text NOT NULL,
  transfer      text NOT NULL CHECK (transfer IN ('upload', 'cp', 'ln', 'ln_s')),
  -- Name, description and annotations of what is imported.
  options       jsonb NOT NULL DEFAULT '{}',
  origin        text NOT NULL CHECK (origin IN ('command', 'console', 'annotation', 'buffer', 'bulk')),
  ordered_by    text NOT NULL,
  ordered_at    timestamptz NOT NULL DEFAULT now(),
  -- How the files are kept from being deleted or changed meanwhile.
  lock          text CHECK (lock IN ('links', 'moved', 'none')),
  files         integer NOT NULL DEFAULT 0,
  bytes         bigint NOT NULL DEFAULT 0,
  proven_at     timestamptz,
  -- The claim, as of a bag.
  claimed_by    text,
  lease_until   timestamptz,
  fence         bigint NOT NULL DEFAULT 0,
  not_before    timestamptz NOT NULL DEFAULT now(),
  attempts      integer NOT NULL DEFAULT 0,
  waiting_since timestamptz,
  note          text,
  CHECK ((state = 'stuck') = (stuck_from IS NOT NULL)),
  CHECK (state <> 'stuck' OR code IS NOT NULL),
  CHECK (state NOT IN ('done', 'emptied') OR proven_at IS NOT NULL)
);
-- One order at a time for a person and a place; the same content is imported once.
CREATE UNIQUE INDEX import_order_open ON import_order (person_id, source) WHERE state NOT IN ('done', 'emptied', 'cancelled');
CREATE UNIQUE INDEX import_order_once ON import_order (person_id, source, content) WHERE content IS NOT NULL AND state <> 'cancelled';
CREATE INDEX import_order_turn ON import_order (state, not_before, id) WHERE state NOT IN ('done', 'emptied', 'cancelled', 'stuck');
CREATE INDEX import_order_person ON import_order (person_id, id);

-- One fileset of an order, as OMERO's importer groups its files, and what OMERO made of it.
CREATE TABLE import_fileset (
  order_id   bigint NOT NULL REFERENCES import_order,
  number     integer NOT NULL,
  reader     text NOT NULL,
  fileset_id bigint UNIQUE,
  images     integer,
  PRIMARY KEY (order_id, number),
  CHECK ((fileset_id IS NULL) = (images IS NULL)),
  CHECK (images > 0)
);

CREATE TABLE import_file (
  id               bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  order_id         bigint NOT NULL REFERENCES import_order,
  -- Null until the importer has listed it; a file that no fileset uses keeps null.
  fileset          integer,
  -- Bytes below the source; empty where the source is a file.
  path             bytea NOT NULL,
  display          text NOT NULL,
  size             bigint NOT NULL,
  -- As identity of `file`.
  identity         text NOT NULL,
  digests          jsonb NOT NULL DEFAULT '{}',
  original_file_id bigint,
  proven_at        timestamptz,
  removed_at       timestamptz,
  UNIQUE (order_id, path),
  FOREIGN KEY (order_id, fileset) REFERENCES import_fileset (order_id, number),
  CHECK (removed_at IS NULL OR proven_at IS NOT NULL)
);
CREATE INDEX import_file_fileset ON import_file (order_id, fileset);

-- One run of OMERO's importer, in an OMERO session of its own.
CREATE TABLE import_attempt (
  order_id   bigint NOT NULL REFERENCES import_order,
  number     integer NOT NULL,
  -- `session.id` of OMERO: recorded before the importer is started.
  session_id bigint NOT NULL UNIQUE,
  worker     text NOT NULL,
  started_at timestamptz NOT NULL DEFAULT now(),
  -- When the session was closed: nothing of this attempt can begin after that.
  closed_at  timestamptz,
  -- When OMERO was asked what it made.
  judged_at  timestamptz,
  exit_code  integer,
  log        text,
  PRIMARY KEY (order_id, number),
  CHECK (judged_at IS NULL OR closed_at IS NOT NULL)
);
-- No attempt begins before the last one is judged.
CREATE UNIQUE INDEX import_attempt_open ON import_attempt (order_id) WHERE judged_at IS NULL;

ALTER TABLE event ADD COLUMN import_id bigint;
CREATE INDEX event_import ON event (import_id, id) WHERE import_id IS NOT NULL;

-- Down Migration

DROP INDEX event_import;
ALTER TABLE event DROP COLUMN import_id;
DROP TABLE import_attempt, import_file, import_fileset, import_order;
