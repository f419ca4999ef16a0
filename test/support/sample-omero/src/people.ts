import { createHash } from 'node:crypto';
import type { Client } from 'pg';
import type { SampleUser } from './server';

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
  /** OMERO's privileges that a restricted administrator lacks, such as `Sudo`. */
  readonly withheld?: readonly string[];
  /** Is not in group `user`: OMERO refuses every call of such an account. */
  readonly inactive?: boolean;
  /** Without one, the account is locked. */
  readonly password?: string;
}

/** A connection to the sample OMERO's database. */
interface Database {
  readonly client: Client;
}

const SYSTEM_GROUP = 0;
const USER_GROUP = 1;

/**
 * `permissions`: what the members may do, as in OMERO's permissions column (-120 private, -56 read-only, -40
 * read-annotate, -8 read-write).
 */
export async function createGroup(server: Database, name: string, permissions: number): Promise<SampleGroup> {
  const { rows } = await server.client.query<{ id: string }>(
    `INSERT INTO experimentergroup (id, permissions, version, name, ldap) VALUES (ome_nextval('seq_experimentergroup'), $1, 0, $2, false) RETURNING id`,
    [permissions, name],
  );
  return { id: Number(rows[0]?.id), name, permissions };
}

/** A person with a given group, and in group `user`, unless inactive. */
export async function createUser(server: Database, person: Person): Promise<SampleUser> {
  const { rows } = await server.client.query<{ id: string }>(
    `INSERT INTO experimenter (id, permissions, version, omename, firstname, lastname, email, ldap)
     VALUES (ome_nextval('seq_experimenter'), -52, 0, $1, $2, $3, $4, false) RETURNING id`,
    [person.omename, person.firstname, person.lastname, `${person.omename}@example.org`],
  );
  const id = Number(rows[0]?.id);
  const groups = [
    person.group.id,
    ...(person.inactive ? [] : [USER_GROUP]),
    ...(person.administrator ? [SYSTEM_GROUP] : []),
  ];
  for (const [index, group] of groups.entries()) {
    await server.client.query(
      `INSERT INTO groupexperimentermap (id, permissions, version, parent, child, child_index, owner)
      VALUES (ome_nextval('seq_groupexperimentermap'), -52, 0, $1, $2, $3, $4)`,
      [group, id, index, group === person.group.id && person.leader === true],
    );
  }
  for (const [index, privilege] of (person.withheld ?? []).entries()) {
    await server.client.query(
      `INSERT INTO experimenter_config (experimenter_id, name, value, index) VALUES ($1, $2, 'false', $3)`,
      [id, `AdminPrivilege:${privilege}`, index],
    );
  }
  await server.client.query('INSERT INTO password (experimenter_id, hash) VALUES ($1, $2)', [
    id,
    person.password === undefined ? null : passwordHash(id, person.password),
  ]);
  return { id, omename: person.omename, groupId: person.group.id, permissions: person.group.permissions };
}

/** As OMERO stores a password: MD5 of the account's id in eight bytes and of the password in Latin-1. */
function passwordHash(id: number, password: string): string {
  const salt = Buffer.alloc(8);
  salt.writeBigInt64BE(BigInt(id));
  return createHash('md5').update(salt).update(Buffer.from(password, 'latin1')).digest('base64');
}
