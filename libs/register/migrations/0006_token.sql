-- Up Migration

-- Access tokens of machines. Only a hash of each is kept: a copy of this table opens nothing.
CREATE TABLE token (
  id           bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  name         text NOT NULL,
  role         text NOT NULL,
  hash         bytea NOT NULL UNIQUE,
  created_by   text NOT NULL,
  created_at   timestamptz NOT NULL DEFAULT now(),
  expires_at   timestamptz NOT NULL,
  revoked_at   timestamptz,
  revoked_by   text,
  last_used_at timestamptz
);
-- The name of a token that can be used is unique; events name it.
CREATE UNIQUE INDEX token_name ON token (name) WHERE revoked_at IS NULL;

-- Down Migration

DROP TABLE token;
