-- Up Migration

-- What one person asked to archive, in one group: the unit of review.
CREATE TABLE request (
  id            bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  state         text NOT NULL CHECK (state IN ('New', 'Approved', 'Declined', 'Running', 'Error', 'Finished')),
  owner_id      bigint NOT NULL,
  owner         text NOT NULL,
  group_id      bigint NOT NULL,
  group_name    text NOT NULL,
  requester_id  bigint NOT NULL,
  requester     text NOT NULL,
  created_at    timestamptz NOT NULL DEFAULT now(),
  decided_at    timestamptz,
  decided_by    text,
  reason        text,
  -- The store named at the approval; null means the store of the settings.
  store         text
);
CREATE INDEX request_state ON request (state);

-- The images a request touches, marked or included by their fileset, and what OMERO should say of them.
CREATE TABLE request_image (
  request_id      bigint NOT NULL REFERENCES request,
  image_id        bigint NOT NULL,
  name            text NOT NULL,
  fileset         text NOT NULL,
  marked          boolean NOT NULL,
  archived_before boolean,
  mark_wanted     text NOT NULL DEFAULT 'pending' CHECK (mark_wanted IN ('pending', 'archived', 'none')),
  mark_written    text CHECK (mark_written IN ('pending', 'archived', 'none')),
  -- Who confirmed that OMERO lacks it because it was deleted on purpose: audits no longer report it.
  deletion_known_by text,
  PRIMARY KEY (request_id, image_id)
);
CREATE INDEX request_image_fileset ON request_image (request_id, fileset);
CREATE INDEX request_image_image ON request_image (image_id);
-- An image is in one request at a time.
CREATE UNIQUE INDEX request_image_once ON request_image (image_id) WHERE mark_wanted <> 'none';
CREATE INDEX request_image_pending ON request_image (mark_wanted, request_id, image_id) WHERE mark_written IS DISTINCT FROM mark_wanted;

-- The unit of work on a queue, and the unit written to a store.
CREATE TABLE bag (
  id           bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  request_id   bigint NOT NULL REFERENCES request,
  name         text NOT NULL UNIQUE,
  store        text NOT NULL,
  state        text NOT NULL CHECK (state IN
                 ('approved', 'hashed', 'copied', 'verified', 'sealed', 'undoing', 'linked',
                  'retrieving', 'online', 'fetched', 'fetchVerified', 'recalled', 'moving', 'moveCopied', 'moveVerified', 'moveSealed', 'done')),
  -- The store it is moving to, if it is; the one it was last moved from, which still has its copies.
  moving_to    text,
  moved_from   text,
  files        integer NOT NULL,
  bytes        bigint NOT NULL,
  created_at   timestamptz NOT NULL DEFAULT now(),
  done_bytes   bigint NOT NULL DEFAULT 0,
  sealed_at    timestamptz,
  -- The claim: which worker holds it, until when, with which fencing token.
  claimed_by   text,
  lease_until  timestamptz,
  fence        bigint NOT NULL DEFAULT 0,
  -- When it may be offered, how often it failed for transient reasons, and since when it waits.
  not_before   timestamptz NOT NULL DEFAULT now(),
  attempts     integer NOT NULL DEFAULT 0,
  waiting_since timestamptz,
  -- A fileset it waits for became complete while a worker held it: it is not postponed.
  due_now        boolean NOT NULL DEFAULT false,
  note         text
);
CREATE INDEX bag_turn ON bag (state, not_before, id) WHERE state <> 'done';
CREATE INDEX bag_request ON bag (request_id);
CREATE INDEX bag_running ON bag (request_id) WHERE state NOT IN ('linked', 'recalled', 'done');

CREATE TABLE file (
  id               bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  request_id       bigint NOT NULL REFERENCES request,
  bag_id           bigint REFERENCES bag,
  fileset          text NOT NULL,
  root             text NOT NULL CHECK (root IN ('ManagedRepository', 'Pixels', 'Files')),
  path             bytea NOT NULL,
  display          text NOT NULL,
  size             bigint NOT NULL,
  original_file_id bigint,
  pixels_id        bigint,
  omero_algorithm  text,
  omero_hash       text,
  state            text NOT NULL CHECK (state IN
                     ('registered', 'skipped', 'approved', 'declined', 'hashed', 'copied', 'verified',
                      'sealed', 'undoing', 'undone', 'linked', 'released', 'retrieving', 'online', 'fetched', 'fetchVerified',
                      'restored', 'recalled', 'moving', 'moveCopied', 'moveVerified', 'moveSealed', 'stuck', 'abandoned')),
  stuck_from       text,
  code             text,
  reason           text,
  -- dev:ino:size:mtime:ctime:links:mode:uid:gid, times in nanoseconds
  identity         text,
  digests          jsonb NOT NULL DEFAULT '{}',
  copy_version     text,
  copy_digest      text,
  copy_read        text CHECK (copy_read IN ('direct', 'dropped', 'cached', 'remote', 'attested')),
  copy_attempts    smallint NOT NULL DEFAULT 0,
  linked_at        timestamptz,
  -- Since when its original is no longer held, whatever becomes of the file after that; null while held or in place.
  released_at      timestamptz,
  -- The proof of the copy in the target store; copy_* stay those of the source store until all are linked.
  moved_version    text,
  moved_digest     text,
  moved_read       text CHECK (moved_read IN ('direct', 'dropped', 'cached', 'remote', 'attested')),
  moved_checked_at timestamptz,
  -- The retrieval: its kind, who requested it, how long; what was fetched (as identity); until when it stays online.
  retrieval         text CHECK (retrieval IN ('restore', 'recall')),
  retrieval_requested_by    text,
  -- The event by which it was last requested back, from a store or from where it is held; null again after a cancel.
  retrieval_event         bigint,
  online_days        integer,
  fetched          text,
  online_until       timestamptz,
  -- Fixity: when the copy was last read and compared, and what was wrong with it then.
  copy_checked_at  timestamptz,
  copy_fault       text,
  -- What the state means for the fileset. Indexes use the phase, not the state, so that few transitions change them.
  phase            text NOT NULL GENERATED ALWAYS AS (CASE
                     WHEN state = 'skipped' THEN 'skipped'
                     WHEN state = 'sealed' THEN 'sealed'
                     WHEN state IN ('linked', 'released') THEN 'linked'
                     WHEN coalesce(stuck_from, state) = 'recalled' THEN 'recalled'
                     WHEN coalesce(stuck_from, state) IN ('moving', 'moveCopied', 'moveVerified', 'moveSealed') THEN 'moving'
                     WHEN state = 'undoing' THEN 'undoing'
                     WHEN state = 'fetchVerified' THEN 'fetchVerified'
                     WHEN coalesce(stuck_from, state) IN ('retrieving', 'online', 'fetched', 'fetchVerified') THEN 'retrieving'
                     WHEN state = 'restored' THEN 'restored'
                     WHEN state IN ('declined', 'undone', 'abandoned') THEN 'given up'
                     ELSE 'early' END) STORED,
  CHECK ((state = 'stuck') = (stuck_from IS NOT NULL)),
  CHECK (state NOT IN ('stuck', 'skipped') OR code IS NOT NULL),
  CHECK (state = 'skipped' OR identity IS NOT NULL),
  CHECK (state <> 'released' OR released_at IS NOT NULL)
) WITH (fillfactor = 80);
CREATE INDEX file_bag ON file (bag_id);
CREATE INDEX file_fileset ON file (request_id, fileset, phase);
CREATE INDEX file_stuck ON file (request_id) WHERE stuck_from IS NOT NULL;
CREATE INDEX file_retrieval_event ON file (retrieval_event, phase) WHERE retrieval_event IS NOT NULL;
CREATE INDEX file_path ON file USING hash (path);
-- Copies that count, by when they were last read: gives the next ones for the rolling check.
CREATE INDEX file_copy_checked ON file (copy_checked_at NULLS FIRST, id)
  WHERE copy_version IS NOT NULL AND phase IN ('sealed', 'linked', 'recalled', 'retrieving', 'fetchVerified', 'moving');
-- A path is in one request at a time.
CREATE UNIQUE INDEX file_path_once ON file (root, path) WHERE phase NOT IN ('skipped', 'given up', 'restored');

-- The append-only audit log.
CREATE TABLE event (
  id         bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  at         timestamptz NOT NULL DEFAULT now(),
  actor      text NOT NULL,
  request_id bigint,
  bag_id     bigint,
  file_id    bigint,
  what       text NOT NULL,
  from_state text,
  to_state   text,
  code       text,
  detail     jsonb
);
CREATE INDEX event_request ON event (request_id, id);
CREATE INDEX event_file ON event (file_id) WHERE file_id IS NOT NULL;
CREATE INDEX event_bag ON event (bag_id) WHERE bag_id IS NOT NULL;
-- What was recently fetched from a store.
CREATE INDEX event_fetch ON event ((detail->>'store'), id) WHERE what = 'fetch';
-- How long the stages worked on their last bags.
CREATE INDEX event_took ON event (from_state, id) WHERE detail ? 'ms';

CREATE FUNCTION event_is_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'events are never changed or deleted' USING ERRCODE = 'insufficient_privilege';
END $$;
CREATE TRIGGER event_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON event
  FOR EACH STATEMENT EXECUTE FUNCTION event_is_append_only();

-- Stops, set by a person or by a breaker: `all`, `stage:<name>` or `store:<name>`.
CREATE TABLE switch (
  name       text PRIMARY KEY,
  stopped    boolean NOT NULL DEFAULT false,
  reason     text,
  changed_by text,
  changed_at timestamptz NOT NULL DEFAULT now(),
  failures   integer NOT NULL DEFAULT 0,
  window_started timestamptz NOT NULL DEFAULT now()
);

-- Requested scans and their results.
CREATE TABLE scan (
  id          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  asked_at    timestamptz NOT NULL DEFAULT now(),
  asked_by    text NOT NULL,
  started_at  timestamptz,
  finished_at timestamptz,
  failed      text,
  report      jsonb
);
CREATE INDEX scan_open ON scan (id) WHERE finished_at IS NULL;

-- Down Migration

DROP TABLE scan, switch, event, file, bag, request_image, request;
DROP FUNCTION event_is_append_only();
