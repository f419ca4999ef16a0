-- Up Migration

-- How much work each stage has: bags that a worker could start on now (`due`), and bags that one holds (`claimed`). What is
-- postponed, stopped or stuck is in neither. Autoscalers start workers by it, and workers that end by themselves end by it,
-- so it must count what the runner runs.
CREATE VIEW backlog AS
  SELECT stage.service, stage.name AS stage,
    (SELECT count(*) FROM bag
     WHERE bag.state <> 'done' AND bag.state = stage.takes AND not_before <= now() AND (lease_until IS NULL OR lease_until < now())
       AND NOT EXISTS (SELECT FROM switch WHERE stopped AND (switch.name = 'stage:' || stage.name OR NOT stage.runs_while_stopped
         AND (switch.name = 'all' OR switch.name IN ('store:' || bag.store, 'store:' || bag.moving_to))))) AS due,
    (SELECT count(*) FROM bag
     WHERE bag.state <> 'done' AND bag.state = stage.takes AND lease_until >= now()) AS claimed
  FROM (VALUES
    ('checksum', 'hash', 'approved', false),
    ('transfer', 'copy', 'hashed', false),
    ('checksum', 'verify', 'copied', false),
    ('ingest-watcher', 'seal', 'verified', false),
    ('linker', 'link', 'sealed', false),
    ('linker', 'undo', 'undoing', true),
    ('linker', 'release', 'linked', false),
    ('ingest-watcher', 'bring-online', 'retrieving', true),
    ('transfer', 'fetch', 'online', true),
    ('checksum', 'verify-fetched', 'fetched', true),
    ('linker', 'place', 'fetchVerified', true),
    ('linker', 'expire', 'recalled', false),
    ('transfer', 'move-copy', 'moving', false),
    ('checksum', 'move-verify', 'moveCopied', false),
    ('ingest-watcher', 'move-seal', 'moveVerified', false),
    ('linker', 'move-link', 'moveSealed', false)
  ) AS stage (service, name, takes, runs_while_stopped);

-- Down Migration

DROP VIEW backlog;
