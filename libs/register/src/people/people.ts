import type pg from 'pg';
import { transaction } from '../db/connection';

/** A user of OMERO. */
export interface Person {
  /** OMERO's experimenter id. */
  readonly id: bigint;
  readonly login: string;
  readonly fullName: string;
  readonly email: string | null;
  /** Only active users can sign in to OMERO. */
  readonly active: boolean;
  readonly administrator: boolean;
  /** The administrator privileges that OMERO withholds; not empty for a restricted administrator. */
  readonly withheld: readonly string[];
}

export interface PersonGroup {
  readonly id: bigint;
  readonly name: string;
}

export interface Membership {
  readonly groupId: bigint;
  readonly personId: bigint;
  readonly leader: boolean;
}

/** All users and groups of an OMERO, as of one moment. */
export interface Roster {
  readonly people: readonly Person[];
  readonly groups: readonly PersonGroup[];
  readonly memberships: readonly Membership[];
}

export interface PersonInGroups extends Person {
  readonly groups: readonly (PersonGroup & { readonly leader: boolean })[];
}

/** Active users for whom one of these is true. */
export interface RoleHolders {
  readonly logins: readonly string[];
  /** Names of groups of which they are members. */
  readonly groups: readonly string[];
  readonly everyone?: boolean;
  /** Whoever leads a group. */
  readonly leaders?: boolean;
  /** OMERO's administrators with all privileges. */
  readonly administrators?: boolean;
}

export interface PeopleFilter {
  /** Part of the login name, full name, e-mail address or the name of a group, in any case of letters. */
  readonly text?: string | undefined;
  readonly groupId?: bigint | undefined;
  readonly holders?: RoleHolders | undefined;
  /** Only login names after this one: for paging. */
  readonly after?: string | undefined;
  readonly limit?: number | undefined;
}

const columns = `p.id, p.login, p.full_name AS "fullName", p.email, p.active, p.administrator, p.withheld`;
const inGroups = `coalesce((SELECT jsonb_agg(jsonb_build_object('id', g.id::text, 'name', g.name, 'leader', m.leader) ORDER BY g.name, g.id)
  FROM membership m JOIN person_group g ON g.id = m.group_id WHERE m.person_id = p.id), '[]') AS groups`;

/** OMERO's users and groups, mirrored by the scanner. No other service reads them from OMERO's database. */
export class People {
  constructor(private readonly pool: pg.Pool) {}

  /** Replaces what is known of people by `roster`, in one transaction. */
  async mirror({ people, groups, memberships }: Roster): Promise<void> {
    await transaction(this.pool, async (client) => {
      // Two scanners must not mix what they read.
      await client.query('SELECT FROM people_read FOR UPDATE');
      await client.query('DELETE FROM person WHERE id <> ALL($1)', [people.map(({ id }) => id)]);
      await client.query('DELETE FROM person_group WHERE id <> ALL($1)', [groups.map(({ id }) => id)]);
      await client.query(
        `INSERT INTO person (id, login, full_name, email, active, administrator, withheld)
         SELECT id, login, full_name, email, active, administrator, ARRAY(SELECT jsonb_array_elements_text(withheld))
         FROM unnest($1::bigint[], $2::text[], $3::text[], $4::text[], $5::boolean[], $6::boolean[], $7::jsonb[])
           AS now(id, login, full_name, email, active, administrator, withheld)
         ON CONFLICT (id) DO UPDATE SET login = excluded.login, full_name = excluded.full_name, email = excluded.email,
           active = excluded.active, administrator = excluded.administrator, withheld = excluded.withheld
         WHERE (person.*) IS DISTINCT FROM (excluded.*)`,
        [
          people.map(({ id }) => id),
          people.map(({ login }) => login),
          people.map(({ fullName }) => fullName),
          people.map(({ email }) => email),
          people.map(({ active }) => active),
          people.map(({ administrator }) => administrator),
          people.map(({ withheld }) => JSON.stringify(withheld)),
        ],
      );
      await client.query(
        `INSERT INTO person_group (id, name) SELECT * FROM unnest($1::bigint[], $2::text[])
         ON CONFLICT (id) DO UPDATE SET name = excluded.name WHERE person_group.name <> excluded.name`,
        [groups.map(({ id }) => id), groups.map(({ name }) => name)],
      );
      await client.query('DELETE FROM membership');
      await client.query(
        'INSERT INTO membership (group_id, person_id, leader) SELECT * FROM unnest($1::bigint[], $2::bigint[], $3::boolean[])',
        [
          memberships.map(({ groupId }) => groupId),
          memberships.map(({ personId }) => personId),
          memberships.map(({ leader }) => leader),
        ],
      );
      await client.query('UPDATE people_read SET read_at = now(), failed = NULL');
    });
  }

  /** Records why people could not be read; what is known of them stays. */
  async mirrorFailed(reason: string): Promise<void> {
    await this.pool.query('UPDATE people_read SET failed = $1', [reason]);
  }

  /** When people were last read from OMERO (null: never), and why the last attempt failed, if it did. */
  async lastRead(): Promise<{ readonly readAt: Date | null; readonly failed: string | null }> {
    const { rows } = await this.pool.query<{ readAt: Date | null; failed: string | null }>(
      'SELECT read_at AS "readAt", failed FROM people_read',
    );
    return rows[0] as { readAt: Date | null; failed: string | null };
  }

  /** By OMERO's login name, which is case-sensitive. */
  async byLogin(login: string): Promise<PersonInGroups | undefined> {
    const { rows } = await this.pool.query<PersonRow>(
      `SELECT ${columns}, ${inGroups} FROM person p WHERE p.login = $1`,
      [login],
    );
    return rows[0] && personOf(rows[0]);
  }

  async byId(id: bigint): Promise<PersonInGroups | undefined> {
    const { rows } = await this.pool.query<PersonRow>(`SELECT ${columns}, ${inGroups} FROM person p WHERE p.id = $1`, [
      id,
    ]);
    return rows[0] && personOf(rows[0]);
  }

  /** Full names by OMERO's ids, of those that are known. */
  async names(ids: readonly bigint[]): Promise<ReadonlyMap<bigint, string>> {
    const { rows } = await this.pool.query<{ id: bigint; name: string }>(
      `SELECT id, coalesce(nullif(full_name, ''), login) AS name FROM person WHERE id = ANY($1)`,
      [[...new Set(ids)]],
    );
    return new Map(rows.map(({ id, name }) => [id, name]));
  }

  /** By login name. */
  async list({ text, groupId, holders, after = '', limit = 100 }: PeopleFilter): Promise<readonly PersonInGroups[]> {
    const values: unknown[] = [];
    const value = (given: unknown): string => `$${values.push(given)}`;
    const conditions = [
      `p.login > ${value(after)}`,
      ...(text === undefined ? [] : [contains(`${value(text)}::text`)]),
      ...(groupId === undefined ? [] : [isMember(`g.id = ${value(groupId)}`)]),
      ...(holders === undefined ? [] : [holds(holders, value)]),
    ];
    const { rows } = await this.pool.query<PersonRow>(
      `SELECT ${columns}, ${inGroups} FROM person p WHERE ${conditions.join(' AND ')} ORDER BY p.login LIMIT ${value(limit)}`,
      values,
    );
    return rows.map(personOf);
  }
}

const isMember = (condition: string): string =>
  `EXISTS (SELECT FROM membership m JOIN person_group g ON g.id = m.group_id WHERE m.person_id = p.id AND ${condition})`;

const contains = (text: string): string =>
  `(strpos(lower(concat_ws(E'\\n', p.login, p.full_name, p.email)), lower(${text})) > 0
    OR ${isMember(`strpos(lower(g.name), lower(${text})) > 0`)})`;

function holds(holders: RoleHolders, value: (given: unknown) => string): string {
  const { logins, groups, everyone = false, leaders = false, administrators = false } = holders;
  const ways = [
    `p.login = ANY(${value(logins)}::text[])`,
    isMember(`g.name = ANY(${value(groups)}::text[])`),
    ...(everyone ? ['true'] : []),
    ...(leaders ? [isMember('m.leader')] : []),
    ...(administrators ? [`(p.administrator AND p.withheld = '{}')`] : []),
  ];
  return `p.active AND (${ways.join(' OR ')})`;
}

type PersonRow = Person & { groups: { id: string; name: string; leader: boolean }[] };

function personOf({ groups, ...person }: PersonRow): PersonInGroups {
  return { ...person, groups: groups.map((group) => ({ ...group, id: BigInt(group.id) })) };
}
