-- Up Migration

-- Who is signed in to the console; written by connect-pg-simple, which prescribes these columns.
CREATE TABLE session (
  sid    varchar PRIMARY KEY,
  sess   json NOT NULL,
  expire timestamp(6) NOT NULL
);
CREATE INDEX session_expire ON session (expire);
CREATE INDEX session_person ON session ((sess ->> 'personId'));

-- Changes whenever the content or the state of a request changes: a decision names the revision that was reviewed.
ALTER TABLE request ADD COLUMN revision integer NOT NULL DEFAULT 1;

-- Down Migration

ALTER TABLE request DROP COLUMN revision;
DROP TABLE session;
