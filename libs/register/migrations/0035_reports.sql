-- Up Migration

-- What the reports say of OMERO, as the scanner last read it: filesets by dataset and by format, the largest that are not
-- archived, and OMERO 4 data, which has no filesets. A fileset whose images are in several datasets counts in each of them.
CREATE TABLE omero_dataset (
  dataset_id        bigint NOT NULL,
  group_id          bigint NOT NULL,
  owner_id          bigint NOT NULL,
  name              text NOT NULL,
  images            bigint NOT NULL,
  filesets          bigint NOT NULL,
  files             bigint NOT NULL,
  bytes             bigint NOT NULL,
  archived_filesets bigint NOT NULL,
  archived_bytes    bigint NOT NULL,
  PRIMARY KEY (dataset_id, group_id, owner_id)
);
CREATE INDEX omero_dataset_bytes ON omero_dataset (bytes, dataset_id, group_id, owner_id);

CREATE TABLE omero_format (
  format            text NOT NULL,
  group_id          bigint NOT NULL,
  owner_id          bigint NOT NULL,
  images            bigint NOT NULL,
  filesets          bigint NOT NULL,
  files             bigint NOT NULL,
  bytes             bigint NOT NULL,
  archived_filesets bigint NOT NULL,
  archived_bytes    bigint NOT NULL,
  PRIMARY KEY (format, group_id, owner_id)
);

CREATE TABLE omero_large_fileset (
  fileset_id bigint PRIMARY KEY,
  group_id   bigint NOT NULL,
  owner_id   bigint NOT NULL,
  name       text NOT NULL,
  -- Of the import.
  year       integer NOT NULL,
  images     bigint NOT NULL,
  files      bigint NOT NULL,
  bytes      bigint NOT NULL
);

CREATE TABLE omero_legacy (
  group_id       bigint NOT NULL,
  owner_id       bigint NOT NULL,
  images         bigint NOT NULL,
  originals      bigint NOT NULL,
  original_bytes bigint NOT NULL,
  -- As they are on disk, or were before they were archived.
  pixels         bigint NOT NULL,
  pixels_bytes   bigint NOT NULL,
  pyramids       bigint NOT NULL,
  pyramid_bytes  bigint NOT NULL,
  PRIMARY KEY (group_id, owner_id)
);

-- Archived images that OMERO no longer had.
CREATE TABLE omero_missing_image (
  image_id bigint PRIMARY KEY
);

-- When each of these was last read, or why not; when it is read again at the earliest.
CREATE TABLE omero_detail_read (
  part    text PRIMARY KEY CHECK (part IN ('filesets', 'images')),
  read_at timestamptz,
  next_at timestamptz,
  failed  text
);
INSERT INTO omero_detail_read (part) VALUES ('filesets'), ('images');

-- Images and filesets that a report is about. Only the scanner reads OMERO's database and its files: it answers what they
-- are. Answers are not kept for long.
CREATE TABLE image_question (
  kind        text NOT NULL CHECK (kind IN ('Image', 'Fileset')),
  id          bigint NOT NULL,
  asked_at    timestamptz NOT NULL DEFAULT now(),
  answered_at timestamptz,
  -- Null if OMERO has none of this id, or it could not be read.
  answer      jsonb,
  -- Why it could not be read.
  code        text,
  reason      text,
  PRIMARY KEY (kind, id)
);
CREATE INDEX image_question_asked ON image_question (asked_at) WHERE answered_at IS NULL OR answered_at < asked_at;

-- Down Migration

DROP TABLE image_question, omero_detail_read, omero_missing_image, omero_legacy, omero_large_fileset, omero_format, omero_dataset;
