-- Up Migration

-- The directory into which links of this bag led before, while its files are linked to where their store is now.
ALTER TABLE bag ADD COLUMN relink_from text;

-- Down Migration

ALTER TABLE bag DROP COLUMN relink_from;
