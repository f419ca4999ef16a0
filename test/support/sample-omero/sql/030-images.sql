-- Files, filesets, images, pixels, what they are sorted into, and the jobs that imported them.
-- Columns that lead to tables this sample does not have (experiment, instrument...) stand without their foreign key.

CREATE TYPE unitslength AS ENUM ('m', 'mm', 'µm', 'nm', 'pm', 'Å', 'pixel', 'reference frame');
CREATE TYPE unitstime AS ENUM ('min', 's', 'ms', 'µs', 'ns');

CREATE TABLE originalfile (atime timestamp without time zone, ctime timestamp without time zone, hash text,
  mimetype varchar(255) DEFAULT 'application/octet-stream', mtime timestamp without time zone, name text NOT NULL, path text NOT NULL,
  repo varchar(36), size bigint, hasher bigint);
SELECT pg_temp.detail('originalfile');
SELECT pg_temp.refer('originalfile', 'hasher', 'checksumalgorithm');
CREATE INDEX originalfile_hash_index ON originalfile (hash);
CREATE INDEX originalfile_mime_index ON originalfile (mimetype);
CREATE INDEX originalfile_repo_index ON originalfile (repo);
CREATE UNIQUE INDEX originalfile_repo_path_index ON originalfile (repo, regexp_split_to_array('/' || path || name || '/', '/+')) WHERE repo IS NOT NULL;

CREATE TABLE fileset (templateprefix text NOT NULL);
SELECT pg_temp.detail('fileset');

CREATE TABLE filesetentry (clientpath text NOT NULL, fileset bigint NOT NULL, fileset_index integer NOT NULL, originalfile bigint NOT NULL,
  CONSTRAINT filesetentry_fileset_fileset_index_key UNIQUE (fileset, fileset_index));
SELECT pg_temp.detail('filesetentry');
SELECT pg_temp.refer('filesetentry', 'fileset', 'fileset'), pg_temp.refer('filesetentry', 'originalfile', 'originalfile');

CREATE TABLE image (acquisitiondate timestamp without time zone, archived boolean, description text, name text NOT NULL, partial boolean,
  series integer NOT NULL, experiment bigint, fileset bigint, format bigint, imagingenvironment bigint, instrument bigint,
  objectivesettings bigint, stagelabel bigint);
SELECT pg_temp.detail('image');
SELECT pg_temp.refer('image', 'fileset', 'fileset'), pg_temp.refer('image', 'format', 'format');

CREATE TABLE pixels (methodology varchar(255), name text, path text, repo varchar(36), sha1 varchar(255) NOT NULL,
  sizex integer NOT NULL, sizey integer NOT NULL, sizez integer NOT NULL, sizec integer NOT NULL, sizet integer NOT NULL, significantbits integer,
  physicalsizex double precision, physicalsizexunit unitslength, physicalsizey double precision, physicalsizeyunit unitslength,
  physicalsizez double precision, physicalsizezunit unitslength, timeincrement double precision, timeincrementunit unitstime,
  waveincrement integer, wavestart integer, dimensionorder bigint NOT NULL, image bigint NOT NULL, image_index integer NOT NULL,
  pixelstype bigint NOT NULL, relatedto bigint,
  CONSTRAINT pixels_image_image_index_key UNIQUE (image, image_index),
  CONSTRAINT pixels_physicalsizex_check CHECK ((physicalsizex IS NULL) = (physicalsizexunit IS NULL)),
  CONSTRAINT pixels_physicalsizey_check CHECK ((physicalsizey IS NULL) = (physicalsizeyunit IS NULL)),
  CONSTRAINT pixels_physicalsizez_check CHECK ((physicalsizez IS NULL) = (physicalsizezunit IS NULL)));
SELECT pg_temp.detail('pixels');
SELECT pg_temp.refer('pixels', 'image', 'image'), pg_temp.refer('pixels', 'dimensionorder', 'dimensionorder'),
       pg_temp.refer('pixels', 'pixelstype', 'pixelstype'), pg_temp.refer('pixels', 'relatedto', 'pixels');
CREATE INDEX pixels_repo_index ON pixels (repo);

SELECT pg_temp.link('pixelsoriginalfilemap', 'originalfile', 'pixels');

CREATE TABLE dataset (description text, name text NOT NULL);
CREATE TABLE project (description text, name text NOT NULL);
CREATE TABLE screen (description text, name text NOT NULL, protocoldescription text, protocolidentifier text, reagentsetdescription text,
  reagentsetidentifier text, type text);
CREATE TABLE plate ("columns" integer, "rows" integer, columnnamingconvention varchar(255), defaultsample integer, description text,
  externalidentifier text, name text NOT NULL, rownamingconvention varchar(255), status varchar(255));
SELECT pg_temp.detail('dataset'), pg_temp.detail('project'), pg_temp.detail('screen'), pg_temp.detail('plate');
SELECT pg_temp.link('datasetimagelink', 'dataset', 'image'), pg_temp.link('projectdatasetlink', 'project', 'dataset'), pg_temp.link('screenplatelink', 'screen', 'plate');

CREATE TABLE plateacquisition (description text, endtime timestamp without time zone, maximumfieldcount integer, name text,
  starttime timestamp without time zone, plate bigint NOT NULL);
SELECT pg_temp.detail('plateacquisition');
SELECT pg_temp.refer('plateacquisition', 'plate', 'plate');

CREATE TABLE well (alpha integer, blue integer, "column" integer, externaldescription text, externalidentifier text, green integer, red integer,
  "row" integer, status varchar(255), type text, plate bigint NOT NULL);
SELECT pg_temp.detail('well');
SELECT pg_temp.refer('well', 'plate', 'plate');
CREATE UNIQUE INDEX well_col_row ON well (plate, "column", "row");

CREATE TABLE wellsample (timepoint timestamp without time zone, image bigint NOT NULL, plateacquisition bigint, well bigint NOT NULL,
  well_index integer NOT NULL, CONSTRAINT wellsample_well_well_index_key UNIQUE (well, well_index));
SELECT pg_temp.detail('wellsample');
SELECT pg_temp.refer('wellsample', 'image', 'image'), pg_temp.refer('wellsample', 'plateacquisition', 'plateacquisition'), pg_temp.refer('wellsample', 'well', 'well');

CREATE TABLE job (finished timestamp without time zone, groupname varchar(255) NOT NULL, message varchar(255) NOT NULL,
  scheduledfor timestamp without time zone NOT NULL, started timestamp without time zone, submitted timestamp without time zone NOT NULL,
  type varchar(255) NOT NULL, username varchar(255) NOT NULL, status bigint NOT NULL);
SELECT pg_temp.detail('job');
SELECT pg_temp.refer('job', 'status', 'jobstatus');
CREATE TABLE uploadjob (job_id bigint PRIMARY KEY REFERENCES job);
CREATE TABLE metadataimportjob (job_id bigint PRIMARY KEY REFERENCES job);
CREATE TABLE pixeldatajob (job_id bigint PRIMARY KEY REFERENCES job);
CREATE TABLE thumbnailgenerationjob (job_id bigint PRIMARY KEY REFERENCES job);
CREATE TABLE indexingjob (job_id bigint PRIMARY KEY REFERENCES job);

CREATE TABLE filesetjoblink (parent bigint NOT NULL, child bigint NOT NULL, parent_index integer NOT NULL,
  CONSTRAINT filesetjoblink_parent_parent_index_key UNIQUE (parent, parent_index));
SELECT pg_temp.detail('filesetjoblink');
SELECT pg_temp.refer('filesetjoblink', 'parent', 'fileset'), pg_temp.refer('filesetjoblink', 'child', 'job');
SELECT pg_temp.link('joboriginalfilelink', 'job', 'originalfile');
