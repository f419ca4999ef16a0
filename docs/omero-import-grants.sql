-- The least rights that the import of Coldroom needs on OMERO's database (schema OMERO5.4 patch 0: OMERO 5.4 to 5.6).
--
--   psql -d omero -f docs/omero-import-grants.sql        as the owner of OMERO's tables; may be repeated
--   psql -d omero -c "\password coldroom_importer"
--
-- Only the importer uses this role. Data is imported by OMERO's own command; the role reads afterwards what a session made:
-- filesets, the paths they were imported from, and the number of their images. It changes nothing. It cannot read the keys
-- of sessions, with which anyone could log in: a function in a schema of its own returns the number of a session to whoever
-- has its key, and nothing else.

DO $$ BEGIN
  IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'coldroom_importer') THEN
    CREATE ROLE coldroom_importer LOGIN;
  END IF;
  EXECUTE format('GRANT CONNECT ON DATABASE %I TO coldroom_importer', current_database());
END $$;

GRANT USAGE ON SCHEMA public TO coldroom_importer;

-- What a session made.
GRANT SELECT (id, session) ON event TO coldroom_importer;
GRANT SELECT (id, owner_id, group_id, creation_id) ON fileset TO coldroom_importer;
GRANT SELECT (fileset, fileset_index, clientpath, originalfile) ON filesetentry TO coldroom_importer;
GRANT SELECT (id, fileset) ON image TO coldroom_importer;
-- Where its files are, and what OMERO recorded of their content.
GRANT SELECT (id, path, name, repo, size, hash, hasher) ON originalfile TO coldroom_importer;
GRANT SELECT (id, value) ON checksumalgorithm TO coldroom_importer;
-- Which dataset of a project is meant.
GRANT SELECT (id, name) ON project TO coldroom_importer;
GRANT SELECT (parent, child) ON projectdatasetlink TO coldroom_importer;
GRANT SELECT (id, name, owner_id, group_id) ON dataset TO coldroom_importer;
-- Whether a session has ended; never its key.
GRANT SELECT (id, closed) ON session TO coldroom_importer;

-- The number of a session, by its key; null for an unknown key. The search path is fixed, because the function runs with
-- the rights of the owner of OMERO's tables.
CREATE SCHEMA IF NOT EXISTS coldroom_import;
CREATE OR REPLACE FUNCTION coldroom_import.session_number(key text) RETURNS bigint
  LANGUAGE sql STABLE STRICT SECURITY DEFINER SET search_path = pg_catalog, pg_temp
  AS 'SELECT id FROM public.session WHERE uuid = key';
REVOKE ALL ON FUNCTION coldroom_import.session_number(text) FROM PUBLIC;
GRANT USAGE ON SCHEMA coldroom_import TO coldroom_importer;
GRANT EXECUTE ON FUNCTION coldroom_import.session_number(text) TO coldroom_importer;
