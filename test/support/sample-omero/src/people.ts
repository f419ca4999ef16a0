import type { OmeroServer, SampleUser } from './server';

export interface SampleGroup {
  readonly id: number;
  readonly name: string;
  readonly permissions: number;
}

interface Person {
  readonly omename: string;
  readonly firstname: string;
  readonly lastname: string;
  readonly group: SampleGroup;
  /** Leads the group. */
  readonly leader?: boolean;
  /** Is in group `system` too. */
  readonly administrator?: boolean;
}

const SYSTEM_GROUP = 0;
const USER_GROUP = 1;

/**
 * `permissions`: what the members may do, as in OMERO's permissions column (-120 private, -56 read-only, -40
 * read-annotate, -8 read-write).
 */
export async function createGroup(server: OmeroServer, name: string, permissions: number): Promise<SampleGroup> {
  const { rows } = await server.client.query<{ id: string }>(
    `INSERT INTO experimentergroup (id, permissions, version, name, ldap) VALUES (ome_nextval('seq_experimentergroup'), $1, 0, $2, false) RETURNING id`,
    [permissions, name],
  );
  return { id: Number(rows[0]?.id), name, permissions };
}

/** A person with a given group, and in group `user`, like every active one. */
export async function createUser(server: OmeroServer, person: Person): Promise<SampleUser> {
  const { rows } = await server.client.query<{ id: string }>(
    `INSERT INTO experimenter (id, permissions, version, omename, firstname, lastname, email, ldap)
     VALUES (ome_nextval('seq_experimenter'), -52, 0, $1, $2, $3, $4, false) RETURNING id`,
    [person.omename, person.firstname, person.lastname, `${person.omename}@example.org`],
  );
  const id = Number(rows[0]?.id);
  const groups = [person.group.id, USER_GROUP, ...(person.administrator ? [SYSTEM_GROUP] : [])];
  for (const [index, group] of groups.entries()) {
    await server.client.query(
      `INSERT INTO groupexperimentermap (id, permissions, version, parent, child, child_index, owner)
      VALUES (ome_nextval('seq_groupexperimentermap'), -52, 0, $1, $2, $3, $4)`,
      [group, id, index, group === person.group.id && person.leader === true],
    );
  }
  return { id, omename: person.omename, groupId: person.group.id, permissions: person.group.permissions };
}
