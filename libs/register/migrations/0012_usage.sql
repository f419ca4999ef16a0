-- Up Migration

-- The totals of each group at the last scan of a day (UTC), so that usage can be shown over time. A day without a scan has
-- no rows.
CREATE TABLE usage_day (
  day            date NOT NULL,
  group_id       bigint NOT NULL,
  -- As it was called on that day.
  group_name     text NOT NULL,
  held_files     bigint NOT NULL,
  held_bytes     bigint NOT NULL,
  -- Archived, and the originals no longer held.
  freed_files    bigint NOT NULL,
  freed_bytes    bigint NOT NULL,
  -- Filesets in OMERO; null while they could not be read.
  omero_bytes    bigint,
  PRIMARY KEY (day, group_id)
);

-- What OMERO has in filesets, as the scanner last read it. An owner or group without any has no row.
CREATE TABLE omero_usage (
  group_id          bigint NOT NULL,
  owner_id          bigint NOT NULL,
  -- Of the import.
  year              integer NOT NULL,
  -- How large the filesets are: 0 below 1 GiB, 1 below 10 GiB, 2 below 100 GiB, 3 from then on.
  size_class        integer NOT NULL CHECK (size_class BETWEEN 0 AND 3),
  images            bigint NOT NULL,
  filesets          bigint NOT NULL,
  files             bigint NOT NULL,
  bytes             bigint NOT NULL,
  -- Those of them whose images OMERO shows as archived.
  archived_filesets bigint NOT NULL,
  archived_bytes    bigint NOT NULL,
  PRIMARY KEY (group_id, owner_id, year, size_class)
);
CREATE INDEX omero_usage_owner ON omero_usage (owner_id);

-- The same by project. A fileset whose images are in several projects counts in each of them.
CREATE TABLE omero_project (
  project_id     bigint NOT NULL,
  group_id       bigint NOT NULL,
  owner_id       bigint NOT NULL,
  name           text NOT NULL,
  filesets       bigint NOT NULL,
  bytes          bigint NOT NULL,
  archived_bytes bigint NOT NULL,
  PRIMARY KEY (project_id, group_id, owner_id)
);
CREATE INDEX omero_project_bytes ON omero_project (bytes);

-- When usage was last read from OMERO, or why not; when it is read again at the earliest.
CREATE TABLE omero_usage_read (
  only_one boolean PRIMARY KEY DEFAULT true CHECK (only_one),
  read_at  timestamptz,
  next_at  timestamptz,
  failed   text
);
INSERT INTO omero_usage_read DEFAULT VALUES;

-- Down Migration

DROP TABLE omero_usage_read, omero_project, omero_usage, usage_day;
