-- Annotations of every kind share one table, told apart by their discriminator.

CREATE TABLE annotation (discriminator varchar(31) NOT NULL, description text, name text, ns text, boolvalue boolean, doublevalue double precision,
  longvalue bigint, termvalue text, textvalue text, timevalue timestamp without time zone, file bigint);
SELECT pg_temp.detail('annotation');
SELECT pg_temp.refer('annotation', 'file', 'originalfile');
CREATE INDEX annotation_discriminator ON annotation (discriminator);
CREATE INDEX annotation_ns ON annotation (ns);

CREATE TABLE annotation_mapvalue (annotation_id bigint NOT NULL, name text NOT NULL, value text NOT NULL, index integer NOT NULL,
  CONSTRAINT annotation_mapvalue_pkey PRIMARY KEY (annotation_id, index),
  CONSTRAINT fkannotation_mapvalue_map FOREIGN KEY (annotation_id) REFERENCES annotation);
CREATE INDEX annotation_mapvalue_name ON annotation_mapvalue (name);
CREATE INDEX annotation_mapvalue_value ON annotation_mapvalue (value);

CREATE TABLE namespace (description text, displayname text, multivalued boolean, name text NOT NULL);
SELECT pg_temp.detail('namespace');
CREATE UNIQUE INDEX namespace_name ON namespace (name);

SELECT pg_temp.link('imageannotationlink', 'image', 'annotation'), pg_temp.link('filesetannotationlink', 'fileset', 'annotation'),
       pg_temp.link('datasetannotationlink', 'dataset', 'annotation'), pg_temp.link('projectannotationlink', 'project', 'annotation'),
       pg_temp.link('screenannotationlink', 'screen', 'annotation'), pg_temp.link('plateannotationlink', 'plate', 'annotation'),
       pg_temp.link('wellannotationlink', 'well', 'annotation'), pg_temp.link('originalfileannotationlink', 'originalfile', 'annotation');

CREATE TABLE _reindexing_required (event_id bigint NOT NULL, entity_type varchar(255) NOT NULL, entity_id bigint NOT NULL);
CREATE INDEX _reindexing_required_entity ON _reindexing_required (entity_type, entity_id);

CREATE TABLE _fs_protected_mimetype (mimetype varchar(255) PRIMARY KEY);
INSERT INTO _fs_protected_mimetype VALUES ('Directory'), ('Repository');
CREATE TABLE _fs_deletelog (event_id bigint NOT NULL, file_id bigint NOT NULL, owner_id bigint NOT NULL, group_id bigint NOT NULL,
  path text NOT NULL, name text NOT NULL, repo varchar(36) NOT NULL, params text[]);
CREATE INDEX _fs_deletelog_event ON _fs_deletelog (event_id);
CREATE INDEX _fs_deletelog_file ON _fs_deletelog (file_id);
CREATE INDEX _fs_deletelog_path ON _fs_deletelog (path);

CREATE VIEW count_image_annotationlinks_by_owner (image_id, owner_id, count) AS
  SELECT parent, owner_id, count(*) FROM imageannotationlink GROUP BY parent, owner_id ORDER BY parent;
CREATE VIEW count_fileset_annotationlinks_by_owner (fileset_id, owner_id, count) AS
  SELECT parent, owner_id, count(*) FROM filesetannotationlink GROUP BY parent, owner_id ORDER BY parent;
