-- The server's own tables, its enumerations, people, sessions and events.

CREATE SEQUENCE seq_dbpatch;
CREATE TABLE dbpatch (
  id bigint DEFAULT nextval('seq_dbpatch') PRIMARY KEY, permissions bigint NOT NULL DEFAULT -52, external_id bigint UNIQUE,
  currentpatch integer NOT NULL, currentversion varchar(255) NOT NULL, finished timestamp without time zone, message varchar(255),
  previouspatch integer NOT NULL, previousversion varchar(255) NOT NULL,
  CONSTRAINT unique_dbpatch UNIQUE (currentversion, currentpatch, previousversion, previouspatch));

CREATE TABLE configuration (name varchar(255) PRIMARY KEY, value text);

CREATE TABLE _roles (
  root_user_id bigint NOT NULL, root_user_name varchar(255) NOT NULL, guest_user_id bigint NOT NULL, guest_user_name varchar(255) NOT NULL,
  system_group_id bigint NOT NULL, system_group_name varchar(255) NOT NULL, user_group_id bigint NOT NULL, user_group_name varchar(255) NOT NULL,
  guest_group_id bigint NOT NULL, guest_group_name varchar(255) NOT NULL);

CREATE SEQUENCE _lock_seq;
CREATE TABLE _lock_ids (id integer DEFAULT nextval('_lock_seq') PRIMARY KEY, name varchar(255) NOT NULL, CONSTRAINT _lock_ids_name_key UNIQUE (name));

SELECT pg_temp.enumeration('eventtype', '{Bootstrap,Import,Internal,Shutdown,System,Test,User,Processing,FullText,Sessions,PixelData,Parse}');
SELECT pg_temp.enumeration('checksumalgorithm', '{Adler-32,CRC-32,MD5-128,Murmur3-32,Murmur3-128,SHA1-160,File-Size-64}');
SELECT pg_temp.enumeration('format', '{OMERO,TIFF,OMETiff,DV,STK,Zeiss CZI,Leica LIF,ND2,InCell,Fake,JPEG,Text}');
SELECT pg_temp.enumeration('dimensionorder', '{XYZCT,XYZTC,XYCTZ,XYCZT,XYTCZ,XYTZC}');
SELECT pg_temp.enumeration('pixelstype', '{bit,int8,int16,int32,uint8,uint16,uint32,float,double,complex,double-complex}');
SELECT pg_temp.enumeration('jobstatus', '{Submitted,Resubmitted,Queued,Requeued,Running,Error,Waiting,Finished,Cancelled}');

CREATE TABLE node (conn text NOT NULL, down timestamp without time zone, scale integer, up timestamp without time zone NOT NULL,
  uuid varchar(255) NOT NULL, version integer, CONSTRAINT node_uuid_key UNIQUE (uuid));
SELECT pg_temp.identify('node');

CREATE TABLE experimenter (email varchar(255), firstname varchar(255) NOT NULL, institution varchar(255), lastname varchar(255) NOT NULL,
  ldap boolean NOT NULL, middlename varchar(255), omename varchar(255) NOT NULL, version integer, CONSTRAINT experimenter_omename_key UNIQUE (omename));
SELECT pg_temp.identify('experimenter');
CREATE TABLE experimenter_config (experimenter_id bigint NOT NULL REFERENCES experimenter, name text NOT NULL, value text NOT NULL, index integer NOT NULL,
  CONSTRAINT experimenter_config_pkey PRIMARY KEY (experimenter_id, index));
CREATE TABLE password (experimenter_id bigint PRIMARY KEY, hash varchar(255), dn text, changed timestamp without time zone);

CREATE TABLE experimentergroup (description text, ldap boolean NOT NULL, name varchar(255) NOT NULL, version integer,
  CONSTRAINT experimentergroup_name_key UNIQUE (name));
SELECT pg_temp.identify('experimentergroup');

CREATE TABLE groupexperimentermap (parent bigint NOT NULL, child bigint NOT NULL, child_index integer NOT NULL, owner boolean NOT NULL, version integer,
  CONSTRAINT groupexperimentermap_parent_child_key UNIQUE (parent, child), CONSTRAINT groupexperimentermap_child_child_index_key UNIQUE (child, child_index));
SELECT pg_temp.identify('groupexperimentermap');
SELECT pg_temp.refer('groupexperimentermap', 'parent', 'experimentergroup'), pg_temp.refer('groupexperimentermap', 'child', 'experimenter');

CREATE TABLE session (closed timestamp without time zone, defaulteventtype varchar(255) NOT NULL, message text, started timestamp without time zone NOT NULL,
  timetoidle bigint NOT NULL, timetolive bigint NOT NULL, useragent varchar(255), userip varchar(45), uuid varchar(255) NOT NULL, version integer,
  node bigint NOT NULL, owner bigint NOT NULL, sudoer bigint, CONSTRAINT session_uuid_key UNIQUE (uuid));
SELECT pg_temp.identify('session');
SELECT pg_temp.refer('session', 'node', 'node'), pg_temp.refer('session', 'owner', 'experimenter'), pg_temp.refer('session', 'sudoer', 'experimenter');

CREATE TABLE event (status varchar(255), "time" timestamp without time zone NOT NULL, containingevent bigint, experimenter bigint NOT NULL,
  experimentergroup bigint NOT NULL, session bigint NOT NULL, type bigint NOT NULL);
SELECT pg_temp.identify('event');
SELECT pg_temp.refer('event', 'containingevent', 'event'), pg_temp.refer('event', 'experimenter', 'experimenter'),
       pg_temp.refer('event', 'experimentergroup', 'experimentergroup'), pg_temp.refer('event', 'session', 'session'), pg_temp.refer('event', 'type', 'eventtype');

CREATE TABLE eventlog (action varchar(255) NOT NULL, entityid bigint NOT NULL, entitytype varchar(255) NOT NULL, event bigint NOT NULL);
SELECT pg_temp.identify('eventlog');
SELECT pg_temp.refer('eventlog', 'event', 'event');
CREATE INDEX eventlog_entitytype ON eventlog (entitytype);
CREATE INDEX eventlog_entityid ON eventlog (entityid);
CREATE INDEX eventlog_action ON eventlog (action);

CREATE TABLE externalinfo (entityid bigint NOT NULL, entitytype varchar(255) NOT NULL, lsid varchar(255), uuid varchar(255));
SELECT pg_temp.identify('externalinfo');
ALTER TABLE externalinfo ADD COLUMN creation_id bigint NOT NULL, ADD COLUMN owner_id bigint NOT NULL, ADD COLUMN group_id bigint NOT NULL;
SELECT pg_temp.refer('externalinfo', 'creation_id', 'event'), pg_temp.refer('externalinfo', 'owner_id', 'experimenter'),
       pg_temp.refer('externalinfo', 'group_id', 'experimentergroup'), pg_temp.refer('externalinfo', 'external_id', 'externalinfo');
