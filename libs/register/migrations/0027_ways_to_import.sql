-- Up Migration

-- Annotations of OMERO by which imports were ordered, and what each is answered.
CREATE TABLE import_mark (
  annotation_id bigint PRIMARY KEY,
  -- What became of it: an order, or the reason why there is none.
  order_id      bigint REFERENCES import_order,
  refused       text,
  -- The answer that the annotation has.
  written       text,
  -- The last answer is written: the annotation is not looked at before its owner asks again.
  closed        boolean NOT NULL DEFAULT false,
  CHECK ((order_id IS NULL) <> (refused IS NULL)),
  CHECK (NOT closed OR written IS NOT NULL)
);
CREATE INDEX import_mark_open ON import_mark (annotation_id) WHERE NOT closed;

-- Sets of watched buffers, as they looked last.
CREATE TABLE import_watched (
  path         bytea PRIMARY KEY,
  display      text NOT NULL,
  -- SHA-256 over names, sizes and times, in hex.
  look         text NOT NULL,
  since        timestamptz NOT NULL DEFAULT now(),
  seen_at      timestamptz NOT NULL DEFAULT now(),
  -- The last order for it, and how it looked then.
  order_id     bigint REFERENCES import_order,
  ordered_look text,
  -- Why it is not ordered, and how it looked when that was reported.
  fault        text,
  fault_look   text,
  CHECK ((order_id IS NULL) = (ordered_look IS NULL)),
  CHECK ((fault IS NULL) = (fault_look IS NULL))
);

-- Instruments that sets are pulled from: their last round, and the next one if a person asked for it.
CREATE TABLE import_instrument (
  name     text PRIMARY KEY,
  asked_at timestamptz,
  begun_at timestamptz,
  ended_at timestamptz,
  -- Why the last round failed as a whole.
  failure  text
);

-- Sets of instruments, as they looked last, and where they went.
CREATE TABLE import_pulled (
  instrument   text NOT NULL,
  -- Below the directory of the instrument.
  path         bytea NOT NULL,
  display      text NOT NULL,
  look         text NOT NULL,
  since        timestamptz NOT NULL DEFAULT now(),
  seen_at      timestamptz NOT NULL DEFAULT now(),
  files        integer NOT NULL,
  bytes        bigint NOT NULL,
  -- The directory (device and inode) that is about to get its name in the buffer.
  moving       text,
  destination  text,
  arrived_at   timestamptz,
  -- How it looked when its copy was proven.
  arrived_look text,
  attempts     integer NOT NULL DEFAULT 0,
  not_before   timestamptz NOT NULL DEFAULT now(),
  note         text,
  fault        text,
  fault_look   text,
  PRIMARY KEY (instrument, path),
  CHECK ((arrived_at IS NULL) = (arrived_look IS NULL)),
  CHECK ((fault IS NULL) = (fault_look IS NULL))
);

-- What is in the directories of people and was never imported, as it was found last.
CREATE TABLE import_unimported (
  buffer      text NOT NULL,
  path        bytea NOT NULL,
  display     text NOT NULL,
  login       text NOT NULL,
  files       integer NOT NULL,
  bytes       bigint NOT NULL,
  -- When it was changed last, and when data of that age has reached the lifetime of the buffer.
  changed_at  timestamptz NOT NULL,
  lifetime_at timestamptz NOT NULL,
  PRIMARY KEY (buffer, path)
);
CREATE INDEX import_unimported_login ON import_unimported (login, lifetime_at);

-- Down Migration

DROP TABLE import_unimported, import_pulled, import_instrument, import_watched, import_mark;
