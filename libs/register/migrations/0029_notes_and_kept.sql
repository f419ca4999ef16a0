-- Up Migration

-- What a person wrote about the data when they marked it: one row for each annotation ARCHIVE NOTE of a request.
CREATE TABLE request_note (
  id          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  written_by  text NOT NULL,
  -- As it was written. Scripts write years, 0 for no end.
  expiry      text NOT NULL,
  description text NOT NULL,
  reason      text NOT NULL
);
ALTER TABLE request_image ADD COLUMN note_id bigint REFERENCES request_note;

-- Images that people keep out of archiving, by their marks KEEP in OMERO. The scanner alone writes it.
CREATE TABLE kept_image (
  image_id   bigint PRIMARY KEY,
  kept_by    text NOT NULL,
  reason     text NOT NULL,
  -- Who may end it, as the mark says.
  lifted_by  text NOT NULL,
  kept_since timestamptz NOT NULL DEFAULT now(),
  -- The round of the scanner that last saw the mark. An image that a complete round did not see is no longer kept.
  round      bigint NOT NULL,
  lifted_at  timestamptz
);
CREATE INDEX kept_image_now ON kept_image (image_id) WHERE lifted_at IS NULL;
CREATE SEQUENCE kept_round;

-- Down Migration

DROP SEQUENCE kept_round;
DROP TABLE kept_image;
ALTER TABLE request_image DROP COLUMN note_id;
DROP TABLE request_note;
