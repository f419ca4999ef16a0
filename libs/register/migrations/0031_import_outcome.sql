-- Up Migration

-- A manifest, or an empty marker, that OMERO's importer left out. It has no image, and goes with its set.
ALTER TABLE import_file ADD COLUMN control boolean NOT NULL DEFAULT false,
  ADD CONSTRAINT import_file_control CHECK (NOT control OR fileset IS NULL),
  DROP CONSTRAINT import_file_check,
  ADD CONSTRAINT import_file_removed CHECK (removed_at IS NULL OR proven_at IS NOT NULL OR control);
CREATE INDEX import_file_left_out ON import_file (order_id, id) WHERE fileset IS NULL;

-- When the images of an order got the key-value pairs that it names.
ALTER TABLE import_order ADD COLUMN annotated_at timestamptz;
CREATE INDEX import_order_annotate ON import_order (id)
  WHERE annotated_at IS NULL AND options ? 'annotations' AND state IN ('done', 'emptied');

-- When files that OMERO has in place were looked at again, and what is wrong with a file by then.
ALTER TABLE import_order ADD COLUMN looked_at timestamptz;
CREATE INDEX import_order_in_place ON import_order (coalesce(looked_at, proven_at), id)
  WHERE transfer IN ('ln', 'ln_s') AND state IN ('done', 'emptied');
ALTER TABLE import_file ADD COLUMN broken text;
CREATE INDEX import_file_broken ON import_file (id) WHERE broken IS NOT NULL;

-- Down Migration

DROP INDEX import_file_broken, import_order_in_place;
ALTER TABLE import_file DROP COLUMN broken;
ALTER TABLE import_order DROP COLUMN looked_at;

DROP INDEX import_order_annotate;
ALTER TABLE import_order DROP COLUMN annotated_at;

DROP INDEX import_file_left_out;
UPDATE import_file SET proven_at = removed_at WHERE control AND removed_at IS NOT NULL;
ALTER TABLE import_file DROP CONSTRAINT import_file_removed, DROP COLUMN control,
  ADD CONSTRAINT import_file_check CHECK (removed_at IS NULL OR proven_at IS NOT NULL);
