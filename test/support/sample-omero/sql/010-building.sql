-- How the tables below are built. These functions live only as long as the building session.

-- A table with an id taken from seq_<table>; OMERO has no column default on ids.
CREATE FUNCTION pg_temp.identify(t text) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  EXECUTE format('ALTER TABLE %I ADD COLUMN id bigint, ADD COLUMN permissions bigint NOT NULL, ADD COLUMN external_id bigint,
                  ADD CONSTRAINT %I PRIMARY KEY (id), ADD CONSTRAINT %I UNIQUE (external_id)',
                 t, t || '_pkey', t || '_external_id_key');
  EXECUTE format('CREATE SEQUENCE %I', 'seq_' || t);
END $$;

-- fk<table>_<column>_<target>, not deferrable; an index i_<table>_<column> beside it, as OMERO has for the columns it joins by.
CREATE FUNCTION pg_temp.refer(t text, c text, target text) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  EXECUTE format('ALTER TABLE %I ADD CONSTRAINT %I FOREIGN KEY (%I) REFERENCES %I', t, 'fk' || t || '_' || c || '_' || target, c, target);
  IF c NOT IN ('creation_id', 'update_id', 'external_id') THEN
    EXECUTE format('CREATE INDEX %I ON %I (%I)', 'i_' || t || '_' || replace(c, '_id', ''), t, c);
  END IF;
END $$;

-- What OMERO calls details: who owns a row, in which group, by which event.
CREATE FUNCTION pg_temp.detail(t text) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  PERFORM pg_temp.identify(t);
  EXECUTE format('ALTER TABLE %I ADD COLUMN version integer, ADD COLUMN creation_id bigint NOT NULL, ADD COLUMN update_id bigint NOT NULL,
                  ADD COLUMN owner_id bigint NOT NULL, ADD COLUMN group_id bigint NOT NULL', t);
  PERFORM pg_temp.refer(t, 'creation_id', 'event'), pg_temp.refer(t, 'update_id', 'event'),
          pg_temp.refer(t, 'owner_id', 'experimenter'), pg_temp.refer(t, 'group_id', 'experimentergroup'),
          pg_temp.refer(t, 'external_id', 'externalinfo');
END $$;

CREATE FUNCTION pg_temp.enumeration(t text, entries text[]) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  EXECUTE format('CREATE TABLE %I (value varchar(255) NOT NULL, CONSTRAINT %I UNIQUE (value))', t, t || '_value_key');
  PERFORM pg_temp.identify(t);
  EXECUTE format('INSERT INTO %I (id, permissions, value) SELECT nextval(%L), -52, unnest($1)', t, 'seq_' || t) USING entries;
END $$;

-- A link table: parent and child, once for each owner.
CREATE FUNCTION pg_temp.link(t text, parent text, child text) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  EXECUTE format('CREATE TABLE %I (parent bigint NOT NULL, child bigint NOT NULL)', t);
  PERFORM pg_temp.detail(t), pg_temp.refer(t, 'parent', parent), pg_temp.refer(t, 'child', child);
  EXECUTE format('ALTER TABLE %I ADD CONSTRAINT %I UNIQUE (parent, child, owner_id)', t, t || '_parent_child_owner_id_key');
END $$;
