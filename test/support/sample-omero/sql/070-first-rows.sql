-- What a new server starts with: roles, root, guest, their groups, a running node, session 0 and event 0.

INSERT INTO _roles VALUES (0, 'root', 1, 'guest', 0, 'system', 1, 'user', 2, 'guest');
INSERT INTO dbpatch (currentversion, currentpatch, previousversion, previouspatch, message, finished)
VALUES ('OMERO5.4', 0, 'OMERO5.4', 0, 'Database ready.', now() AT TIME ZONE 'UTC');

INSERT INTO experimenter (id, permissions, version, omename, firstname, lastname, ldap)
VALUES (0, -52, 0, 'root', 'root', 'root', false), (1, -52, 0, 'guest', 'Guest', 'Account', false);
INSERT INTO experimentergroup (id, permissions, version, name, ldap)
VALUES (0, -120, 0, 'system', false), (1, -52, 0, 'user', false), (2, -120, 0, 'guest', false);
INSERT INTO groupexperimentermap (id, permissions, version, parent, child, child_index, owner)
VALUES (0, -52, 0, 0, 0, 0, true), (1, -52, 0, 1, 0, 1, false), (2, -52, 0, 2, 1, 0, false);

-- An empty hash takes any password, as OMERO has it for guest; root has none yet, which locks the account.
INSERT INTO password (experimenter_id, hash) VALUES (0, NULL), (1, '');

INSERT INTO node (id, permissions, version, uuid, conn, up) VALUES (0, -52, 0, '1000000000', 'unknown', now() AT TIME ZONE 'UTC');
UPDATE node SET down = up WHERE id = 0;
INSERT INTO session (id, permissions, version, uuid, started, timetoidle, timetolive, defaulteventtype, owner, node)
VALUES (0, -35, 0, '1000000000', now() AT TIME ZONE 'UTC', 0, 0, 'BOOTSTRAP', 0, 0);
INSERT INTO event (id, permissions, status, "time", experimenter, experimentergroup, session, type)
SELECT 0, -820, 'BOOTSTRAP', now() AT TIME ZONE 'UTC', 0, 0, 0, id FROM eventtype WHERE value = 'Bootstrap';

SELECT setval('seq_experimenter', 1), setval('seq_experimentergroup', 2), setval('seq_groupexperimentermap', 2);
INSERT INTO node (id, permissions, version, uuid, conn, up)
VALUES (ome_nextval('seq_node'), -52, 0, 'a3f1c5d2-6b7e-4c80-9d14-2f5e8a7b9c01', 'omeroserver', now() AT TIME ZONE 'UTC');
INSERT INTO configuration VALUES ('omero.db.uuid', '5c0e2b9a-41d7-4f63-8a25-97b3d6e1f048');
