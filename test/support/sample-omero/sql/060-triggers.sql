-- Triggers that fire on a real server, as far as an archiver meets them.

CREATE FUNCTION add_to_namespace() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF NEW.ns IS NOT NULL THEN
    INSERT INTO namespace (id, permissions, name, creation_id, update_id, owner_id, group_id)
    SELECT ome_nextval('seq_namespace'), -52, NEW.ns, 0, 0, root_user_id, user_group_id FROM _roles
    WHERE NOT EXISTS (SELECT 1 FROM namespace WHERE name = NEW.ns);
  END IF;
  RETURN NULL;
END $$;
CREATE TRIGGER namespace_add_trigger AFTER INSERT OR UPDATE OF ns ON annotation FOR EACH ROW EXECUTE FUNCTION add_to_namespace();

CREATE FUNCTION map_annotation_mapvalue_delete() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  DELETE FROM annotation_mapvalue WHERE annotation_id = OLD.id;
  RETURN OLD;
END $$;
CREATE TRIGGER annotation_mapvalue_delete_trigger BEFORE DELETE ON annotation FOR EACH ROW EXECUTE FUNCTION map_annotation_mapvalue_delete();

-- A link's parent is queued for reindexing; the argument is the parent's entity type.
CREATE FUNCTION annotation_link_event_trigger() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  PERFORM _note_reindex(TG_ARGV[0], NEW.parent);
  RETURN NULL;
END $$;
CREATE FUNCTION annotation_link_delete_trigger() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  PERFORM _note_reindex(TG_ARGV[0], OLD.parent);
  RETURN NULL;
END $$;

-- A changed annotation queues everything it is linked to.
CREATE FUNCTION annotation_update_event_trigger() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  PERFORM _note_reindex('ome.model.core.Image', parent) FROM imageannotationlink WHERE child = NEW.id;
  PERFORM _note_reindex('ome.model.fs.Fileset', parent) FROM filesetannotationlink WHERE child = NEW.id;
  PERFORM _note_reindex('ome.model.containers.Dataset', parent) FROM datasetannotationlink WHERE child = NEW.id;
  PERFORM _note_reindex('ome.model.containers.Project', parent) FROM projectannotationlink WHERE child = NEW.id;
  PERFORM _note_reindex('ome.model.screen.Screen', parent) FROM screenannotationlink WHERE child = NEW.id;
  PERFORM _note_reindex('ome.model.screen.Plate', parent) FROM plateannotationlink WHERE child = NEW.id;
  PERFORM _note_reindex('ome.model.screen.Well', parent) FROM wellannotationlink WHERE child = NEW.id;
  RETURN NULL;
END $$;
CREATE TRIGGER annotation_trigger AFTER UPDATE ON annotation FOR EACH ROW EXECUTE FUNCTION annotation_update_event_trigger();

DO $$
DECLARE kind text[];
BEGIN
  FOREACH kind SLICE 1 IN ARRAY ARRAY[['image', 'ome.model.core.Image'], ['fileset', 'ome.model.fs.Fileset'], ['dataset', 'ome.model.containers.Dataset'],
      ['project', 'ome.model.containers.Project'], ['screen', 'ome.model.screen.Screen'], ['plate', 'ome.model.screen.Plate'],
      ['well', 'ome.model.screen.Well'], ['originalfile', 'ome.model.core.OriginalFile']] LOOP
    EXECUTE format('CREATE TRIGGER %I AFTER INSERT OR UPDATE ON %I FOR EACH ROW EXECUTE FUNCTION annotation_link_event_trigger(%L)',
                   kind[1] || '_annotation_link_event_trigger', kind[1] || 'annotationlink', kind[2]);
    EXECUTE format('CREATE TRIGGER %I AFTER DELETE ON %I FOR EACH ROW EXECUTE FUNCTION annotation_link_delete_trigger(%L)',
                   kind[1] || '_annotation_link_delete_trigger', kind[1] || 'annotationlink', kind[2]);
  END LOOP;
END $$;

-- Only a server may place a file in a repository: the name has to begin with the uuid of a running node, which is taken off.
CREATE FUNCTION _protect_originalfile_repo() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE node_uuid varchar;
BEGIN
  IF NEW.repo IS NULL THEN
    RETURN NEW;
  END IF;
  IF TG_OP = 'UPDATE' AND NEW.repo IS NOT DISTINCT FROM OLD.repo THEN
    RETURN NEW;
  END IF;
  SELECT uuid INTO node_uuid FROM node WHERE down IS NULL AND starts_with(NEW.name, uuid);
  IF node_uuid IS NULL THEN
    RAISE EXCEPTION 'may not set originalfile.repo: the name % does not begin with the uuid of a running node', NEW.name;
  END IF;
  NEW.name := substr(NEW.name, length(node_uuid) + 1);
  RETURN NEW;
END $$;
CREATE TRIGGER protect_originalfile_repo_insert BEFORE INSERT ON originalfile FOR EACH ROW EXECUTE FUNCTION _protect_originalfile_repo();
CREATE TRIGGER protect_originalfile_repo_update BEFORE UPDATE OF repo ON originalfile FOR EACH ROW EXECUTE FUNCTION _protect_originalfile_repo();

CREATE FUNCTION _fs_protected_mimetype() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF NEW.mimetype IS DISTINCT FROM OLD.mimetype AND EXISTS (SELECT 1 FROM _fs_protected_mimetype WHERE mimetype IN (OLD.mimetype, NEW.mimetype)) THEN
    RAISE EXCEPTION 'media type % may not be changed to % (file id=%)', OLD.mimetype, NEW.mimetype, OLD.id;
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER _fs_protected_mimetype BEFORE UPDATE ON originalfile FOR EACH ROW EXECUTE FUNCTION _fs_protected_mimetype();

CREATE FUNCTION _fs_dir_delete() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF OLD.repo IS NOT NULL AND OLD.mimetype = 'Directory'
     AND EXISTS (SELECT 1 FROM originalfile WHERE repo = OLD.repo AND path = ltrim(OLD.path || OLD.name || '/', '/')) THEN
    RAISE EXCEPTION 'may not delete a directory that is not empty (file id=%, name=%)', OLD.id, OLD.name;
  END IF;
  RETURN OLD;
END $$;
CREATE TRIGGER _fs_dir_delete BEFORE DELETE ON originalfile FOR EACH ROW EXECUTE FUNCTION _fs_dir_delete();
CREATE INDEX originalfile_path_index ON originalfile (path);

CREATE FUNCTION _fs_log_delete() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF OLD.repo IS NOT NULL THEN
    INSERT INTO _fs_deletelog (event_id, file_id, owner_id, group_id, path, name, repo)
    SELECT _current_or_new_event(), OLD.id, OLD.owner_id, OLD.group_id, OLD.path, OLD.name, OLD.repo;
  END IF;
  RETURN OLD;
END $$;
CREATE TRIGGER _fs_log_delete AFTER DELETE ON originalfile FOR EACH ROW EXECUTE FUNCTION _fs_log_delete();

CREATE FUNCTION image_series_default_zero() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  NEW.series := coalesce(NEW.series, 0);
  RETURN NEW;
END $$;
CREATE TRIGGER image_series_default_zero BEFORE INSERT OR UPDATE ON image FOR EACH ROW EXECUTE FUNCTION image_series_default_zero();

-- A row that takes the place of another in an ordered list moves that other one to -1 - index.
CREATE FUNCTION _index_move() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  EXECUTE format('UPDATE %1$I SET %2$I = -1 - %2$I WHERE %3$I = ($1).%3$I AND %2$I = ($1).%2$I AND id <> ($1).id', TG_TABLE_NAME, TG_ARGV[1], TG_ARGV[0]) USING NEW;
  RETURN NEW;
END $$;
CREATE TRIGGER pixels_image_index_trigger BEFORE INSERT ON pixels FOR EACH ROW EXECUTE FUNCTION _index_move('image', 'image_index');
CREATE TRIGGER filesetentry_fileset_index_trigger BEFORE INSERT ON filesetentry FOR EACH ROW EXECUTE FUNCTION _index_move('fileset', 'fileset_index');
CREATE TRIGGER wellsample_well_index_trigger BEFORE INSERT ON wellsample FOR EACH ROW EXECUTE FUNCTION _index_move('well', 'well_index');
