-- Up Migration

-- Datasets, projects, plates and screens that someone named. Only the scanner reads OMERO's database: it answers what is
-- in them. Answers are not kept for long, since people move images.
CREATE TABLE container (
  kind        text NOT NULL CHECK (kind IN ('Dataset', 'Project', 'Plate', 'Screen')),
  id          bigint NOT NULL,
  asked_at    timestamptz NOT NULL DEFAULT now(),
  answered_at timestamptz,
  -- Null if OMERO has none of this id, or it could not be read.
  name        text,
  image_ids   bigint[] NOT NULL DEFAULT '{}',
  -- Why it could not be read.
  code        text,
  reason      text,
  PRIMARY KEY (kind, id)
);
CREATE INDEX container_asked ON container (asked_at) WHERE answered_at IS NULL OR answered_at < asked_at;

-- Down Migration

DROP TABLE container;
