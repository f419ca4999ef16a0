-- Up Migration

-- The jobs of the older tool that were taken over, each as one request.
CREATE TABLE adopted_job (
  -- The store that is its archive directory.
  store       text NOT NULL,
  job         text NOT NULL,
  request_id  bigint NOT NULL UNIQUE REFERENCES request,
  -- Until it is settled, the request is Finished whatever is left to do.
  settled_at  timestamptz,
  -- When the scanner added what is left to do, which people see before they decide.
  filled_at   timestamptz,
  PRIMARY KEY (store, job)
);

-- The files that the older tool still had to archive: who approved its job approved these.
CREATE TABLE adopted_name (
  request_id  bigint NOT NULL REFERENCES request,
  root        text NOT NULL,
  path        bytea NOT NULL,
  PRIMARY KEY (request_id, root, path)
);

-- Down Migration

DROP TABLE adopted_name, adopted_job;
