import { Refused } from '@coldroom/domain';
import type { Session } from './session';

/** A user as OMERO knows them: for sign-in, roles and mail. */
export interface RosterPerson {
  readonly id: bigint;
  readonly login: string;
  readonly fullName: string;
  readonly email: string | null;
  readonly active: boolean;
  readonly administrator: boolean;
  /** Administrator privileges withheld from a restricted administrator, such as `WriteFile`. */
  readonly withheld: readonly string[];
}

export interface OmeroRoster {
  readonly people: readonly RosterPerson[];
  readonly groups: readonly { readonly id: bigint; readonly name: string }[];
  readonly memberships: readonly { readonly groupId: bigint; readonly personId: bigint; readonly leader: boolean }[];
}

/** Columns that are read for the roster only: without these rights, archiving works, and people are not known. */
export const rosterColumns = ['firstname', 'middlename', 'lastname', 'email'] as const;

/** Refuses a role that may not read names and e-mail addresses, and says what to grant. */
export async function checkRosterRights(session: Session): Promise<void> {
  const missing = await session.rows<{ name: string }>(
    "SELECT name FROM unnest($1::text[]) AS name WHERE NOT has_column_privilege('public.experimenter', name, 'SELECT')",
    [rosterColumns],
  );
  if (missing.length === 0) return;
  const names = missing.map(({ name }) => name);
  throw new Refused(
    'OMERO_PEOPLE_NOT_READABLE',
    `The database role may not read ${names.join(', ')} of experimenter in OMERO's database, so Coldroom knows no names and e-mail addresses. Run docs/omero-grants.sql there.`,
    { missing: names },
  );
}

/**
 * All users, groups and memberships, from one snapshot. An administrator is a member of the group `system`; an active
 * user is a member of the group `user`, which is not listed among the groups.
 */
export async function readRoster(session: Session): Promise<OmeroRoster> {
  await checkRosterRights(session);
  const people = await session.rows<RosterPerson>(
    `SELECT e.id, e.omename AS login,
       concat_ws(' ', nullif(btrim(e.firstname), ''), nullif(btrim(e.middlename), ''), nullif(btrim(e.lastname), '')) AS "fullName",
       nullif(btrim(e.email), '') AS email,
       EXISTS (SELECT FROM groupexperimentermap m WHERE m.child = e.id AND m.parent = r.user_group_id) AS active,
       EXISTS (SELECT FROM groupexperimentermap m WHERE m.child = e.id AND m.parent = r.system_group_id) AS administrator,
       ARRAY(SELECT DISTINCT substr(c.name, length('AdminPrivilege:') + 1) FROM experimenter_config c
         WHERE c.experimenter_id = e.id AND c.name LIKE 'AdminPrivilege:%' AND lower(btrim(c.value)) <> 'true' ORDER BY 1) AS withheld
     FROM experimenter e, _roles r ORDER BY e.id`,
  );
  const groups = await session.rows<{ id: bigint; name: string }>(
    'SELECT g.id, g.name FROM experimentergroup g, _roles r WHERE g.id <> r.user_group_id ORDER BY g.id',
  );
  const memberships = await session.rows<{ groupId: bigint; personId: bigint; leader: boolean }>(
    `SELECT m.parent AS "groupId", m.child AS "personId", bool_or(m.owner) AS leader
     FROM groupexperimentermap m, _roles r WHERE m.parent <> r.user_group_id GROUP BY 1, 2 ORDER BY 1, 2`,
  );
  return { people, groups, memberships };
}
