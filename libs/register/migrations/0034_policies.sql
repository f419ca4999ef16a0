-- Up Migration

-- A request that a policy proposed: the rule's name and title as they were then, and until when its owner can object. No
-- one can approve it before that; null afterwards, and for all other requests.
ALTER TABLE request
  ADD COLUMN policy           text,
  ADD COLUMN policy_title     text,
  ADD COLUMN objections_until timestamptz,
  ADD CONSTRAINT request_objections CHECK (objections_until IS NULL OR (policy IS NOT NULL AND state IN ('New', 'Declined')));
CREATE INDEX request_policy ON request (policy, created_at) WHERE policy IS NOT NULL;
CREATE INDEX request_objections_until ON request (objections_until) WHERE objections_until IS NOT NULL;

-- Evaluations of rules, requested by a person or by the clock, and what each did.
CREATE TABLE policy_run (
  id          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  -- Null: all rules.
  policy      text,
  asked_at    timestamptz NOT NULL DEFAULT now(),
  asked_by    text NOT NULL,
  started_at  timestamptz,
  finished_at timestamptz,
  failed      text,
  report      jsonb
);
CREATE INDEX policy_run_open ON policy_run (id) WHERE finished_at IS NULL;
CREATE INDEX policy_run_all ON policy_run (asked_at) WHERE policy IS NULL;

-- The bags that a rule moved, for its limit of bytes a day.
CREATE TABLE policy_move (
  policy text NOT NULL,
  bag_id bigint NOT NULL REFERENCES bag,
  at     timestamptz NOT NULL DEFAULT now(),
  bytes  bigint NOT NULL,
  PRIMARY KEY (policy, at, bag_id)
);

-- Down Migration

DROP TABLE policy_move, policy_run;
DROP INDEX request_policy, request_objections_until;
ALTER TABLE request DROP CONSTRAINT request_objections, DROP COLUMN policy, DROP COLUMN policy_title, DROP COLUMN objections_until;
