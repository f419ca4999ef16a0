-- Up Migration

-- Since when files of the source may be at names of ours and not at their own: no other order may look at the source then.
ALTER TABLE import_order ADD COLUMN source_taken_at timestamptz;
CREATE INDEX import_order_taken ON import_order (id) WHERE source_taken_at IS NOT NULL;
-- Orders that may have moved files before this was recorded.
UPDATE import_order SET source_taken_at = now()
WHERE state NOT IN ('done', 'emptied', 'cancelled')
  AND (lock = 'moved' OR lock IS NULL AND 'settled' IN (state, stuck_from));

-- The earlier order that stood for this content until this one was settled.
ALTER TABLE import_order ADD COLUMN again_of bigint REFERENCES import_order;
-- What OMERO has of the attempts of this order that is not what was ordered.
ALTER TABLE import_order ADD COLUMN unclear_filesets bigint[] NOT NULL DEFAULT '{}';

-- The attempt was ended because its service was stopped.
ALTER TABLE import_attempt ADD COLUMN interrupted boolean NOT NULL DEFAULT false;
-- How many images each fileset has as the importer printed it, until that is compared with OMERO.
ALTER TABLE import_attempt ADD COLUMN printed jsonb;

-- An index row has 2704 bytes at most, a path 4095.
ALTER TABLE import_file DROP CONSTRAINT import_file_order_id_path_key;
CREATE UNIQUE INDEX import_file_path ON import_file (order_id, sha256(path));

-- Down Migration

DROP INDEX import_file_path;
ALTER TABLE import_file ADD CONSTRAINT import_file_order_id_path_key UNIQUE (order_id, path);
ALTER TABLE import_attempt DROP COLUMN printed, DROP COLUMN interrupted;
ALTER TABLE import_order DROP COLUMN unclear_filesets, DROP COLUMN again_of;
DROP INDEX import_order_taken;
ALTER TABLE import_order DROP COLUMN source_taken_at;
