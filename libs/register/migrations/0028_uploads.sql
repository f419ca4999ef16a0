-- Up Migration

-- A token of a workstation may upload to one buffer, for the people that it names, and do nothing else.
ALTER TABLE token ADD COLUMN buffer text, ADD COLUMN people text[];
ALTER TABLE token ADD CONSTRAINT token_agent CHECK
  ((role = 'agent') = (buffer IS NOT NULL) AND (role = 'agent') = (people IS NOT NULL));

ALTER TABLE import_order DROP CONSTRAINT import_order_origin_check;
ALTER TABLE import_order ADD CONSTRAINT import_order_origin_check
  CHECK (origin IN ('command', 'console', 'annotation', 'buffer', 'bulk', 'agent'));

-- Sets that workstations upload.
CREATE TABLE upload (
  id          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  -- The name of the token, and the name that the workstation gives to the set: SHA-256 over what it sends, in hex.
  workstation text NOT NULL,
  set_name    text NOT NULL CHECK (set_name ~ '^[0-9a-f]{64}$'),
  state       text NOT NULL DEFAULT 'receiving' CHECK (state IN ('receiving', 'arrived', 'discarded')),
  buffer      text NOT NULL,
  -- For whom it is imported, and what else the order will say.
  login       text NOT NULL,
  wish        jsonb NOT NULL,
  -- The directory of the set, as bytes.
  directory   bytea NOT NULL,
  files       integer NOT NULL CHECK (files > 0),
  bytes       bigint NOT NULL CHECK (bytes > 0),
  begun_at    timestamptz NOT NULL DEFAULT now(),
  touched_at  timestamptz NOT NULL DEFAULT now(),
  -- The place below the buffer that it is about to get, or has, and the directory (device and inode) that gets it.
  place       bytea,
  moving      text,
  arrived_at  timestamptz,
  order_id    bigint REFERENCES import_order,
  UNIQUE (workstation, set_name),
  CHECK ((state = 'arrived') = (arrived_at IS NOT NULL)),
  CHECK (arrived_at IS NULL OR place IS NOT NULL),
  CHECK (order_id IS NULL OR arrived_at IS NOT NULL)
);
CREATE INDEX upload_receiving ON upload (touched_at) WHERE state = 'receiving';

-- The files of a set, as the workstation hashed them.
CREATE TABLE upload_file (
  upload_id bigint NOT NULL REFERENCES upload,
  number    integer NOT NULL CHECK (number >= 0),
  -- Bytes below the set.
  path      bytea NOT NULL,
  size      bigint NOT NULL CHECK (size > 0),
  mtime_ns  bigint NOT NULL,
  sha256    text NOT NULL CHECK (sha256 ~ '^[0-9a-f]{64}$'),
  -- When it was read here and had this SHA-256.
  proven_at timestamptz,
  PRIMARY KEY (upload_id, number)
);
-- Of the digest: a path may be longer than an entry of an index.
CREATE UNIQUE INDEX upload_file_path ON upload_file (upload_id, sha256(path));
CREATE INDEX upload_file_missing ON upload_file (upload_id, number) WHERE proven_at IS NULL;

-- Down Migration

DROP TABLE upload_file, upload;
ALTER TABLE import_order DROP CONSTRAINT import_order_origin_check;
ALTER TABLE import_order ADD CONSTRAINT import_order_origin_check
  CHECK (origin IN ('command', 'console', 'annotation', 'buffer', 'bulk'));
ALTER TABLE token DROP CONSTRAINT token_agent, DROP COLUMN buffer, DROP COLUMN people;
