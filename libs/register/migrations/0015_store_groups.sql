-- Up Migration

-- Names of the OMERO groups whose requests go to this store unless another one is named.
ALTER TABLE store_health ADD COLUMN groups text[] NOT NULL DEFAULT '{}';

-- Down Migration

ALTER TABLE store_health DROP COLUMN groups;
