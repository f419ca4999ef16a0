-- The least rights that Coldroom needs on OMERO's database (schema OMERO5.4 patch 0: OMERO 5.4 to 5.6).
--
--   psql -d omero -f docs/omero-grants.sql               as the owner of OMERO's tables; may be repeated
--   psql -d omero -c "\password coldroom_scanner"        then name the role in OMERO_DATABASE_URL
--
-- Only the scanner uses this role; it is not the one that owns the register. It reads images, filesets and files, writes and
-- deletes map annotations, and changes image.archived. It cannot read sessions or passwords, and can neither change nor
-- delete images, pixels or original files.

DO $$ BEGIN
  IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'coldroom_scanner') THEN
    CREATE ROLE coldroom_scanner LOGIN;
  END IF;
  -- TEMPORARY: OMERO's function _prepare_session keeps the current event in a temporary table, a scan its list of files.
  EXECUTE format('GRANT CONNECT, TEMPORARY ON DATABASE %I TO coldroom_scanner', current_database());
END $$;

GRANT USAGE ON SCHEMA public TO coldroom_scanner;

-- Which OMERO is this?
GRANT SELECT ON dbpatch, configuration TO coldroom_scanner;

-- Who may request what.
GRANT SELECT (id, omename) ON experimenter TO coldroom_scanner;
GRANT SELECT (experimenter_id, name, value) ON experimenter_config TO coldroom_scanner;
GRANT SELECT (id, name, permissions) ON experimentergroup TO coldroom_scanner;
GRANT SELECT ON groupexperimentermap, _roles TO coldroom_scanner;

-- Names and e-mail addresses, for the console and for mail. Archiving works without this line.
GRANT SELECT (firstname, middlename, lastname, email) ON experimenter TO coldroom_scanner;

-- What has to be archived together, and where it is.
GRANT SELECT ON image, pixels, pixelsoriginalfilemap, filesetentry, filesetannotationlink, originalfile, checksumalgorithm, format TO coldroom_scanner;

-- Which images are in a dataset, project, plate or screen that someone names.
GRANT SELECT ON datasetimagelink, projectdatasetlink, screenplatelink, wellsample TO coldroom_scanner;
GRANT SELECT (id, name) ON dataset, project, plate, screen TO coldroom_scanner;
GRANT SELECT (id, plate) ON well TO coldroom_scanner;

-- Marks on images.
GRANT SELECT, INSERT, DELETE ON annotation, annotation_mapvalue, imageannotationlink TO coldroom_scanner;
GRANT UPDATE (archived, version, update_id) ON image TO coldroom_scanner;

-- Imports that are ordered by an annotation of a dataset, screen or project. Archiving works without these lines.
GRANT SELECT (parent, child, owner_id) ON datasetannotationlink, screenannotationlink, projectannotationlink TO coldroom_scanner;
GRANT SELECT (owner_id, group_id) ON dataset, screen, project TO coldroom_scanner;

-- OMERO's record of who changed what.
GRANT SELECT ON eventtype TO coldroom_scanner;
GRANT SELECT (id), INSERT ON event TO coldroom_scanner;
GRANT INSERT ON eventlog TO coldroom_scanner;

-- When images were imported, for the page Usage. Archiving works without this line.
GRANT SELECT (time) ON event TO coldroom_scanner;

-- The types of pixels, for the report on an image. Archiving works without this line.
GRANT SELECT (id, value) ON pixelstype TO coldroom_scanner;

-- OMERO's own triggers and functions run with the rights of whoever sets them off: ids, the search index, namespaces.
GRANT USAGE ON SEQUENCE seq_event, seq_eventlog, seq_annotation, seq_imageannotationlink, seq_namespace TO coldroom_scanner;
GRANT SELECT ON _lock_ids TO coldroom_scanner;
GRANT SELECT, INSERT ON _reindexing_required, namespace TO coldroom_scanner;
GRANT EXECUTE ON FUNCTION ome_nextval(varchar), ome_nextval(varchar, integer), _prepare_session(bigint, bigint, bigint) TO coldroom_scanner;
