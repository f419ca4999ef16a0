-- Up Migration

-- The version of the process that reported last.
ALTER TABLE service_report ADD COLUMN version text;

-- Down Migration

ALTER TABLE service_report DROP COLUMN version;
