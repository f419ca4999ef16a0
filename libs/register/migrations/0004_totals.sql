-- Up Migration

-- Totals are kept by the transactions that change files, so that no page and no command counts a million rows.
--
-- Files and bytes of a request by everything that people ask for. Rows whose files are 0 stay: the state is likely to
-- come again. A statement that changes files changes the rows of their requests in the order of the key. Code that
-- changes the state of files holds the lock on their request (`lockRequests`), so no one waits here who did not wait
-- there.
--
-- The store is part of the key, and follows the bag by a trigger of its own. Totals by bag would not need that trigger,
-- but there may be a hundred thousand bags, which would have to be added up each time. Group and owner are those of the
-- request.
CREATE TABLE file_total (
  request_id bigint NOT NULL REFERENCES request,
  -- That of the bag; '' while the files have no bag.
  store      text NOT NULL,
  phase      text NOT NULL,
  state      text NOT NULL,
  -- '' if there is none.
  code       text NOT NULL,
  -- The originals are no longer held; see `file.released_at`.
  released   boolean NOT NULL,
  files      bigint NOT NULL,
  bytes      bigint NOT NULL,
  PRIMARY KEY (request_id, store, phase, state, code, released)
) WITH (fillfactor = 50);
CREATE INDEX file_total_state ON file_total (state, request_id);

-- What the totals must be; an audit compares.
CREATE VIEW file_count AS
  SELECT f.request_id, coalesce(b.store, '') AS store, f.phase, f.state, coalesce(f.code, '') AS code, f.released_at IS NOT NULL AS released,
    count(*) AS files, sum(f.size)::bigint AS bytes
  FROM file f LEFT JOIN bag b ON b.id = f.bag_id GROUP BY 1, 2, 3, 4, 5, 6;

INSERT INTO file_total SELECT * FROM file_count;

-- What a request contains of images.
ALTER TABLE request
  ADD COLUMN images   integer NOT NULL DEFAULT 0,
  ADD COLUMN marked   integer NOT NULL DEFAULT 0,
  ADD COLUMN filesets integer NOT NULL DEFAULT 0;

CREATE VIEW image_count AS
  SELECT request_id, count(*)::int AS images, count(*) FILTER (WHERE marked)::int AS marked, count(DISTINCT fileset)::int AS filesets
  FROM request_image GROUP BY request_id;

UPDATE request r SET images = c.images, marked = c.marked, filesets = c.filesets FROM image_count c WHERE c.request_id = r.id;

-- The functions name the schema: someone who repairs the register by hand may have another search path.
CREATE FUNCTION file_total_insert() RETURNS trigger LANGUAGE plpgsql SET search_path = coldroom AS $$
BEGIN
  INSERT INTO file_total AS t
  SELECT request_id, store, phase, state, code, released, sum(files), sum(bytes) FROM (
    SELECT request_id, coalesce((SELECT b.store FROM bag b WHERE b.id = bag_id), '') AS store, phase, state, coalesce(code, '') AS code, released, files, bytes
    FROM (
      SELECT request_id, bag_id, phase, state, code, released_at IS NOT NULL AS released, count(*) AS files, sum(size) AS bytes
      FROM new_files GROUP BY 1, 2, 3, 4, 5, 6) d) changed
  GROUP BY 1, 2, 3, 4, 5, 6 HAVING sum(files) <> 0 OR sum(bytes) <> 0 ORDER BY 1, 2, 3, 4, 5, 6
  ON CONFLICT (request_id, store, phase, state, code, released) DO UPDATE SET files = t.files + excluded.files, bytes = t.bytes + excluded.bytes;
  RETURN NULL;
END $$;

CREATE FUNCTION file_total_delete() RETURNS trigger LANGUAGE plpgsql SET search_path = coldroom AS $$
BEGIN
  INSERT INTO file_total AS t
  SELECT request_id, store, phase, state, code, released, sum(files), sum(bytes) FROM (
    SELECT request_id, coalesce((SELECT b.store FROM bag b WHERE b.id = bag_id), '') AS store, phase, state, coalesce(code, '') AS code, released, files, bytes
    FROM (
      SELECT request_id, bag_id, phase, state, code, released_at IS NOT NULL AS released, -count(*) AS files, -sum(size) AS bytes
      FROM old_files GROUP BY 1, 2, 3, 4, 5, 6) d) changed
  GROUP BY 1, 2, 3, 4, 5, 6 HAVING sum(files) <> 0 OR sum(bytes) <> 0 ORDER BY 1, 2, 3, 4, 5, 6
  ON CONFLICT (request_id, store, phase, state, code, released) DO UPDATE SET files = t.files + excluded.files, bytes = t.bytes + excluded.bytes;
  RETURN NULL;
END $$;

CREATE FUNCTION file_total_update() RETURNS trigger LANGUAGE plpgsql SET search_path = coldroom AS $$
BEGIN
  INSERT INTO file_total AS t
  SELECT request_id, store, phase, state, code, released, sum(files), sum(bytes) FROM (
    SELECT request_id, coalesce((SELECT b.store FROM bag b WHERE b.id = bag_id), '') AS store, phase, state, coalesce(code, '') AS code, released, files, bytes
    FROM (
      SELECT request_id, bag_id, phase, state, code, released_at IS NOT NULL AS released, -count(*) AS files, -sum(size) AS bytes
      FROM old_files GROUP BY 1, 2, 3, 4, 5, 6
      UNION ALL
      SELECT request_id, bag_id, phase, state, code, released_at IS NOT NULL AS released, count(*) AS files, sum(size) AS bytes
      FROM new_files GROUP BY 1, 2, 3, 4, 5, 6) d) changed
  GROUP BY 1, 2, 3, 4, 5, 6 HAVING sum(files) <> 0 OR sum(bytes) <> 0 ORDER BY 1, 2, 3, 4, 5, 6
  ON CONFLICT (request_id, store, phase, state, code, released) DO UPDATE SET files = t.files + excluded.files, bytes = t.bytes + excluded.bytes;
  RETURN NULL;
END $$;

CREATE TRIGGER file_total_insert AFTER INSERT ON file REFERENCING NEW TABLE AS new_files
  FOR EACH STATEMENT EXECUTE FUNCTION file_total_insert();
CREATE TRIGGER file_total_delete AFTER DELETE ON file REFERENCING OLD TABLE AS old_files
  FOR EACH STATEMENT EXECUTE FUNCTION file_total_delete();
CREATE TRIGGER file_total_update AFTER UPDATE ON file REFERENCING OLD TABLE AS old_files NEW TABLE AS new_files
  FOR EACH STATEMENT EXECUTE FUNCTION file_total_update();

-- A bag that moved takes the totals of its files along.
CREATE FUNCTION file_total_switch() RETURNS trigger LANGUAGE plpgsql SET search_path = coldroom AS $$
BEGIN
  INSERT INTO file_total AS t
  SELECT f.request_id, s.store, f.phase, f.state, coalesce(f.code, ''), f.released_at IS NOT NULL, sum(s.sign), sum(s.sign * f.size)
  FROM file f CROSS JOIN (VALUES (OLD.store, -1), (NEW.store, 1)) AS s(store, sign) WHERE f.bag_id = NEW.id
  GROUP BY 1, 2, 3, 4, 5, 6 ORDER BY 1, 2, 3, 4, 5, 6
  ON CONFLICT (request_id, store, phase, state, code, released) DO UPDATE SET files = t.files + excluded.files, bytes = t.bytes + excluded.bytes;
  RETURN NULL;
END $$;
CREATE TRIGGER file_total_switch AFTER UPDATE OF store ON bag
  FOR EACH ROW WHEN (OLD.store IS DISTINCT FROM NEW.store) EXECUTE FUNCTION file_total_switch();

-- A fileset is new to its request if these rows are all that the request has of it; no more than that are read.
CREATE FUNCTION image_total_insert() RETURNS trigger LANGUAGE plpgsql SET search_path = coldroom AS $$
BEGIN
  UPDATE request r SET images = r.images + n.images, marked = r.marked + n.marked, filesets = r.filesets + n.filesets
  FROM (SELECT request_id, sum(images) AS images, sum(marked) AS marked, count(*) FILTER (WHERE images = (
          SELECT count(*) FROM (SELECT FROM request_image i WHERE i.request_id = added.request_id AND i.fileset = added.fileset LIMIT added.images + 1) known)) AS filesets
        FROM (SELECT request_id, fileset, count(*) AS images, count(*) FILTER (WHERE marked) AS marked FROM new_images GROUP BY 1, 2) added
        GROUP BY request_id) n
  WHERE r.id = n.request_id;
  RETURN NULL;
END $$;
CREATE TRIGGER image_total_insert AFTER INSERT ON request_image REFERENCING NEW TABLE AS new_images
  FOR EACH STATEMENT EXECUTE FUNCTION image_total_insert();

-- Images leave a request only when it is split: both parts are counted. Marks that are written change nothing here.
CREATE FUNCTION image_total_recount() RETURNS trigger LANGUAGE plpgsql SET search_path = coldroom AS $$
DECLARE
  changed bigint[];
BEGIN
  IF TG_OP = 'DELETE' THEN
    changed := ARRAY(SELECT DISTINCT request_id FROM old_images);
  ELSE
    changed := ARRAY(SELECT DISTINCT request_id FROM (
      SELECT request_id FROM (
        SELECT request_id, fileset, marked, -1 AS images FROM old_images UNION ALL SELECT request_id, fileset, marked, 1 FROM new_images) each
      GROUP BY request_id, fileset, marked HAVING sum(images) <> 0) differing);
  END IF;
  IF cardinality(changed) > 0 THEN
    UPDATE request r SET images = coalesce(c.images, 0), marked = coalesce(c.marked, 0), filesets = coalesce(c.filesets, 0)
    FROM unnest(changed) AS one(id) LEFT JOIN (SELECT * FROM image_count WHERE request_id = ANY(changed)) c ON c.request_id = one.id WHERE r.id = one.id;
  END IF;
  RETURN NULL;
END $$;
CREATE TRIGGER image_total_update AFTER UPDATE ON request_image REFERENCING OLD TABLE AS old_images NEW TABLE AS new_images
  FOR EACH STATEMENT EXECUTE FUNCTION image_total_recount();
CREATE TRIGGER image_total_delete AFTER DELETE ON request_image REFERENCING OLD TABLE AS old_images
  FOR EACH STATEMENT EXECUTE FUNCTION image_total_recount();

-- Pages and commands list files by request and number, and go on after the last one. The phase stands for the state,
-- because an index on the state would make all transitions slower. The first of these indexes replaces one that began
-- with the request; it comes first, because that decides between indexes that look the same to the planner.
DROP INDEX file_fileset;
CREATE INDEX file_fileset ON file (fileset, request_id, phase);
CREATE INDEX file_request ON file (request_id, phase, id);
CREATE INDEX file_code ON file (code, request_id, id) WHERE code IS NOT NULL;
-- Together with `file_path_once`, all files by path.
CREATE INDEX file_path_past ON file (root, path) WHERE phase IN ('skipped', 'given up', 'restored');

-- Images without a mark of their own: few, or none.
CREATE INDEX request_image_included ON request_image (request_id, image_id) WHERE NOT marked;

DROP INDEX request_state;
CREATE INDEX request_state ON request (state, id);
CREATE INDEX request_owner ON request (owner_id, id);
CREATE INDEX request_requester ON request (requester_id, id);
CREATE INDEX request_group ON request (group_id, id);

-- Down Migration

DROP INDEX request_state, request_owner, request_requester, request_group, file_fileset, file_request, file_code, file_path_past, request_image_included;
CREATE INDEX request_state ON request (state);
CREATE INDEX file_fileset ON file (request_id, fileset, phase);
DROP FUNCTION file_total_insert, file_total_delete, file_total_update, file_total_switch, image_total_insert, image_total_recount CASCADE;
DROP VIEW image_count, file_count;
DROP TABLE file_total;
ALTER TABLE request DROP COLUMN images, DROP COLUMN marked, DROP COLUMN filesets;
