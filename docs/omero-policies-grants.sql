-- The least rights that the policies of Coldroom need on OMERO's database (schema OMERO5.4 patch 0: OMERO 5.4 to 5.6).
--
--   psql -d omero -f docs/omero-policies-grants.sql       as the owner of OMERO's tables; may be repeated
--   psql -d omero -c "\password coldroom_policies"        then name the role in POLICIES_OMERO_DATABASE_URL
--
-- The scanner uses this role while it evaluates policies, and the command "coldroom policies test". It reads what
-- conditions are about, and changes nothing. It cannot read sessions, passwords, e-mail addresses or paths of files.

DO $$ BEGIN
  IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'coldroom_policies') THEN
    CREATE ROLE coldroom_policies LOGIN;
  END IF;
  EXECUTE format('GRANT CONNECT ON DATABASE %I TO coldroom_policies', current_database());
END $$;

GRANT USAGE ON SCHEMA public TO coldroom_policies;

-- Age, owner, group, format and fileset of images.
GRANT SELECT (id, name, acquisitiondate, archived, creation_id, update_id, owner_id, group_id, fileset, format) ON image TO coldroom_policies;
GRANT SELECT (id, time) ON event TO coldroom_policies;
GRANT SELECT (id, omename) ON experimenter TO coldroom_policies;
GRANT SELECT (id, name) ON experimentergroup TO coldroom_policies;
GRANT SELECT (id, value) ON format, pixelstype TO coldroom_policies;

-- Sizes.
GRANT SELECT (id, image, sizex, sizey, sizez, sizec, sizet, pixelstype, sha1) ON pixels TO coldroom_policies;
GRANT SELECT (fileset, originalfile) ON filesetentry TO coldroom_policies;
GRANT SELECT (id, size) ON originalfile TO coldroom_policies;

-- Projects, datasets and screens, tags, key-value pairs and marks.
GRANT SELECT (parent, child) ON datasetimagelink, projectdatasetlink, screenplatelink, imageannotationlink TO coldroom_policies;
GRANT SELECT (id, name) ON dataset, project, screen TO coldroom_policies;
GRANT SELECT (id, plate) ON well TO coldroom_policies;
GRANT SELECT (image, well) ON wellsample TO coldroom_policies;
GRANT SELECT (id, discriminator, ns, name, textvalue) ON annotation TO coldroom_policies;
GRANT SELECT (annotation_id, name, value) ON annotation_mapvalue TO coldroom_policies;
