-- Not OMERO's: its server keeps the group of an open session in memory. The stand-ins for the server and for its importer share it here.

CREATE SCHEMA IF NOT EXISTS server_memory;
CREATE TABLE IF NOT EXISTS server_memory.session_group (session bigint PRIMARY KEY, experimentergroup bigint NOT NULL);
