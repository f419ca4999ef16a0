import type { Session } from './session';

export interface Person {
  readonly id: bigint;
  /** OMERO's login name. */
  readonly name: string;
}

export type Standing = 'owner' | 'administrator' | 'leader';

interface Membership {
  parent: bigint;
  child: bigint;
  owner: boolean;
}

/** The rights of users on this OMERO, from one snapshot. A few thousand people at most, kept in memory. */
export class People {
  private constructor(
    private readonly names: ReadonlyMap<bigint, string>,
    private readonly active: ReadonlySet<bigint>,
    private readonly administrators: ReadonlySet<bigint>,
    private readonly leaders: ReadonlySet<string>,
    private readonly members: ReadonlySet<string>,
  ) {}

  static async load(session: Session): Promise<People> {
    const names = await session.rows<Person>('SELECT id, omename AS name FROM experimenter');
    const memberships = await session.rows<Membership>('SELECT parent, child, owner FROM groupexperimentermap');
    const [roles] = await session.rows<{ system: bigint; users: bigint }>(
      'SELECT system_group_id AS system, user_group_id AS users FROM _roles',
    );
    // An administrator who lacks any privilege is restricted; which one does not matter: no special rights here.
    const restricted = await session.rows<{ id: bigint }>(
      "SELECT DISTINCT experimenter_id AS id FROM experimenter_config WHERE name LIKE 'AdminPrivilege:%' AND lower(btrim(value)) <> 'true'",
    );
    const unrestricted = new Set(
      memberships.filter(({ parent }) => parent === roles?.system).map(({ child }) => child),
    );
    for (const { id } of restricted) unrestricted.delete(id);
    return new People(
      new Map(names.map(({ id, name }) => [id, name])),
      new Set(memberships.filter(({ parent }) => parent === roles?.users).map(({ child }) => child)),
      unrestricted,
      new Set(memberships.filter(({ owner }) => owner).map(({ parent, child }) => `${parent}:${child}`)),
      new Set(memberships.map(({ parent, child }) => `${parent}:${child}`)),
    );
  }

  find(id: bigint): Person | undefined {
    const name = this.names.get(id);
    return name === undefined ? undefined : { id, name };
  }

  /** OMERO treats a person who is not in the group `user` as inactive. */
  isActive(id: bigint): boolean {
    return this.active.has(id);
  }

  isMember(id: bigint, groupId: bigint): boolean {
    return this.members.has(`${groupId}:${id}`);
  }

  /** The right by which this person may decide on an image of that owner in that group; undefined: none. */
  standing(id: bigint, image: { readonly ownerId: bigint; readonly groupId: bigint }): Standing | undefined {
    if (id === image.ownerId) return 'owner';
    if (this.administrators.has(id)) return 'administrator';
    return this.leaders.has(`${image.groupId}:${id}`) ? 'leader' : undefined;
  }
}
