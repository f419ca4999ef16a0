import type { PersonInGroups } from '@coldroom/register';
import type { Actor, Role } from './rights';

/** Who has a role beside those that OMERO gives: OMERO login names, and `group:NAME` for everyone in that OMERO group. */
export interface RoleSettings {
  readonly managers: readonly string[];
  readonly administrators: readonly string[];
  readonly auditors: readonly string[];
}

/**
 * What an OMERO user is to Coldroom now. An inactive user has no role at all. Unrestricted OMERO administrators are
 * administrators; while no manager is named, they are managers, too.
 */
export function actorOf(person: PersonInGroups, settings: RoleSettings): Actor {
  const leads = person.groups.filter(({ leader }) => leader).map(({ id }) => id);
  return {
    name: person.login,
    personId: person.id,
    roles: rolesOf(person, settings),
    leads: person.active ? leads : [],
  };
}

function rolesOf(person: PersonInGroups, { managers, administrators, auditors }: RoleSettings): readonly Role[] {
  if (!person.active) return [];
  const administrator = (person.administrator && person.withheld.length === 0) || isNamed(person, administrators);
  const found: Role[] = ['researcher'];
  if (person.groups.some(({ leader }) => leader)) found.push('leader');
  if (isNamed(person, managers) || (administrator && managers.length === 0)) found.push('manager');
  if (administrator) found.push('administrator');
  if (isNamed(person, auditors)) found.push('auditor');
  return found;
}

function isNamed({ login, groups }: PersonInGroups, names: readonly string[]): boolean {
  return names.some((name) =>
    name.startsWith('group:') ? groups.some((group) => group.name === name.slice('group:'.length)) : name === login,
  );
}
