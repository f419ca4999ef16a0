-- Up Migration

-- OMERO's users and groups as the last scan found them. A user or a group that OMERO no longer has is removed here, too;
-- requests and events keep the login names that they were recorded with.
CREATE TABLE person (
  id            bigint PRIMARY KEY,
  login         text NOT NULL UNIQUE DEFERRABLE INITIALLY DEFERRED,
  full_name     text NOT NULL,
  email         text,
  active        boolean NOT NULL,
  administrator boolean NOT NULL,
  -- Administrator privileges that are withheld; someone with any of these is a restricted administrator.
  withheld      text[] NOT NULL
);

CREATE TABLE person_group (
  id   bigint PRIMARY KEY,
  name text NOT NULL
);

CREATE TABLE membership (
  group_id  bigint NOT NULL REFERENCES person_group ON DELETE CASCADE,
  person_id bigint NOT NULL REFERENCES person ON DELETE CASCADE,
  leader    boolean NOT NULL,
  PRIMARY KEY (group_id, person_id)
);
CREATE INDEX membership_person ON membership (person_id);

-- When people were last read from OMERO, or why not.
CREATE TABLE people_read (
  only_one boolean PRIMARY KEY DEFAULT true CHECK (only_one),
  read_at  timestamptz,
  failed   text
);
INSERT INTO people_read DEFAULT VALUES;

-- Down Migration

DROP TABLE people_read, membership, person_group, person;
