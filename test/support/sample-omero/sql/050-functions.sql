-- Functions that direct writers to an OMERO database call.

-- Takes ids under the advisory lock the server uses; of several the last is returned.
CREATE FUNCTION ome_nextval(seq varchar, increment integer) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE lock_id integer; last_id bigint;
BEGIN
  SELECT id INTO lock_id FROM _lock_ids WHERE name = seq;
  IF lock_id IS NULL THEN
    INSERT INTO _lock_ids (name) VALUES (seq) RETURNING id INTO lock_id;
  END IF;
  PERFORM pg_advisory_lock(1, lock_id);
  BEGIN
    SELECT max(n) INTO last_id FROM (SELECT nextval(seq::regclass) AS n FROM generate_series(1, increment)) AS taken;
  EXCEPTION WHEN OTHERS THEN
    PERFORM pg_advisory_unlock(1, lock_id);
    RAISE;
  END;
  PERFORM pg_advisory_unlock(1, lock_id);
  RETURN last_id;
END $$;
CREATE FUNCTION ome_nextval(seq varchar) RETURNS bigint LANGUAGE sql AS $$ SELECT ome_nextval(seq, 1) $$;

-- Every sequence's lock is made here, as on a server that has run for a while.
INSERT INTO _lock_ids (name) SELECT sequencename FROM pg_sequences WHERE schemaname = 'public' AND sequencename LIKE 'seq\_%' ORDER BY 1;

-- The six letters of a permissions column: w includes annotating, a is annotating alone.
CREATE FUNCTION ome_perms(p bigint) RETURNS varchar LANGUAGE sql IMMUTABLE AS $$
  SELECT string_agg(CASE WHEN p & reading <> 0 THEN 'r' ELSE '-' END || CASE WHEN p & writing <> 0 THEN 'w' WHEN p & annotating <> 0 THEN 'a' ELSE '-' END,
                    '' ORDER BY reading DESC)
  FROM (VALUES (1024::bigint, 512::bigint, 256::bigint), (64, 32, 16), (4, 2, 1)) AS rights (reading, writing, annotating)
$$;

-- Names the event that triggers of this transaction write under; has to be called in every transaction.
CREATE FUNCTION _prepare_session(_event_id bigint, _user_id bigint, _group_id bigint) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  IF to_regclass('pg_temp._current_session') IS NULL THEN
    CREATE TEMP TABLE _current_session (event_id bigint, user_id bigint, group_id bigint) ON COMMIT DELETE ROWS;
  END IF;
  DELETE FROM _current_session;
  INSERT INTO _current_session VALUES (_event_id, _user_id, _group_id);
END $$;

-- The event of _prepare_session; without one a new event of root's for each call, which is what careless writers leave behind.
CREATE FUNCTION _current_or_new_event() RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE event_id bigint;
BEGIN
  IF to_regclass('pg_temp._current_session') IS NOT NULL THEN
    SELECT c.event_id INTO event_id FROM _current_session c;
  END IF;
  IF event_id IS NULL THEN
    event_id := ome_nextval('seq_event');
    INSERT INTO event (id, permissions, status, "time", experimenter, experimentergroup, session, type)
    SELECT event_id, -52, 'TRIGGERED', now() AT TIME ZONE 'UTC', root_user_id, system_group_id, 0, t.id FROM _roles, eventtype t WHERE t.value = 'Internal';
  END IF;
  RETURN event_id;
END $$;

CREATE FUNCTION _note_reindex(entity_type varchar, entity_id bigint) RETURNS void LANGUAGE sql AS $$
  INSERT INTO _reindexing_required SELECT _current_or_new_event(), $1, $2
    WHERE NOT EXISTS (SELECT FROM _reindexing_required r WHERE r.entity_type = $1 AND r.entity_id = $2)
$$;

-- The indexer's step: what waits becomes REINDEX rows of the event log.
CREATE FUNCTION updated_entities_note_reindex() RETURNS void LANGUAGE plpgsql AS $$
DECLARE waiting record;
BEGIN
  FOR waiting IN DELETE FROM _reindexing_required WHERE ctid IN
      (SELECT ctid FROM _reindexing_required LIMIT 100000) RETURNING * LOOP
    INSERT INTO eventlog (id, permissions, action, entityid, entitytype, event)
    VALUES (ome_nextval('seq_eventlog'), -52, 'REINDEX', waiting.entity_id, waiting.entity_type, waiting.event_id);
  END LOOP;
END $$;
