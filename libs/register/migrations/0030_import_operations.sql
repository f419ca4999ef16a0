-- Up Migration

-- What OMERO's importer said last, without keys of sessions; null until the attempt is over.
ALTER TABLE import_attempt ADD COLUMN last_lines text CHECK (length(last_lines) <= 4000);

-- Down Migration

ALTER TABLE import_attempt DROP COLUMN last_lines;
