-- Up Migration

-- A person wants the order ended. The importer does it: it ends what runs, asks OMERO what was made, and takes the lock away.
ALTER TABLE import_order ADD COLUMN cancel_by text;
CREATE INDEX import_order_cancel ON import_order (not_before, id) WHERE cancel_by IS NOT NULL AND state NOT IN ('done', 'emptied', 'cancelled');

CREATE INDEX import_order_to_empty ON import_order (not_before, id) WHERE state = 'done';

-- The file that the importer is given for a fileset, below the source; no orders were listed before.
ALTER TABLE import_fileset ADD COLUMN opened bytea NOT NULL;

-- Down Migration

ALTER TABLE import_fileset DROP COLUMN opened;
DROP INDEX import_order_to_empty, import_order_cancel;
ALTER TABLE import_order DROP COLUMN cancel_by;
