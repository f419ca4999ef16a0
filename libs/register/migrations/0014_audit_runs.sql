-- Up Migration

-- Each run of an audit: when, by whom, how much was looked at, and what was found, by code.
CREATE TABLE audit_run (
  id          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  started_at  timestamptz NOT NULL DEFAULT now(),
  -- NULL while it runs, and for a run that was interrupted.
  finished_at timestamptz,
  started_by  text NOT NULL,
  -- Only this store; NULL for everything.
  store       text,
  fix         boolean NOT NULL,
  -- Of a run that failed; what it had found until then is not kept.
  failed      text,
  looked      jsonb NOT NULL DEFAULT '{}',
  findings    jsonb NOT NULL DEFAULT '[]',
  not_looked  jsonb NOT NULL DEFAULT '[]'
);

-- How many copies were read again within the time that is set for it, by store: counted by the service that reads them.
CREATE TABLE fixity_figure (
  store      text PRIMARY KEY,
  counted_at timestamptz NOT NULL DEFAULT now(),
  every_ms   bigint NOT NULL,
  -- The copies of this store are read regularly.
  is_checked boolean NOT NULL,
  files      bigint NOT NULL,
  bytes      bigint NOT NULL,
  faults     bigint NOT NULL,
  -- Never read since the register recorded them; part of those that are overdue.
  unread     bigint NOT NULL,
  overdue    bigint NOT NULL,
  week_files bigint NOT NULL,
  week_bytes bigint NOT NULL,
  oldest     timestamptz
);

-- Copies that were not right when they were last read: few, or none.
CREATE INDEX file_copy_fault ON file (id) WHERE copy_fault IS NOT NULL;

-- Down Migration

DROP INDEX file_copy_fault;
DROP TABLE fixity_figure;
DROP TABLE audit_run;
