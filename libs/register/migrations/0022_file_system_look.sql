-- Up Migration

-- What the file system of each hold directory and each directory of a store was found to be able to do.
CREATE TABLE file_system_look (
  part      text NOT NULL CHECK (part IN ('hold', 'store')),
  directory text NOT NULL,
  looked_at timestamptz NOT NULL,
  -- A FileSystemLook of libs/domain, as JSON.
  look      jsonb NOT NULL,
  PRIMARY KEY (part, directory)
);

-- Down Migration

DROP TABLE file_system_look;
