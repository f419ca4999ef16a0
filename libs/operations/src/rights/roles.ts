import type { PersonInGroups, RoleHolders } from '@coldroom/register';
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
    roles: grantedRoles(person, settings).map(({ role }) => role),
    leads: person.active ? leads : [],
  };
}

/** A role, and what gives it to a person: each reason alone would be enough. */
export interface GrantedRole {
  readonly role: Role;
  readonly reasons: readonly string[];
}

/** None for an inactive user. */
export function grantedRoles(
  person: PersonInGroups,
  { managers, administrators, auditors }: RoleSettings,
): readonly GrantedRole[] {
  if (!person.active) return [];
  const administrator = [
    ...(person.administrator && person.withheld.length === 0 ? ['OMERO administrator'] : []),
    ...namings(person, 'COLDROOM_ADMINISTRATORS', administrators),
  ];
  const replaced =
    administrator.length > 0 && managers.length === 0 ? ['administrator, while no manager is named'] : [];
  const granted: readonly GrantedRole[] = [
    { role: 'researcher', reasons: ['active in OMERO'] },
    { role: 'leader', reasons: person.groups.filter(({ leader }) => leader).map(({ name }) => `leads ${name}`) },
    { role: 'manager', reasons: [...namings(person, 'COLDROOM_MANAGERS', managers), ...replaced] },
    { role: 'administrator', reasons: administrator },
    { role: 'auditor', reasons: namings(person, 'COLDROOM_AUDITORS', auditors) },
  ];
  return granted.filter(({ reasons }) => reasons.length > 0);
}

const groupPrefix = 'group:';
const groupOf = (name: string): string | undefined =>
  name.startsWith(groupPrefix) ? name.slice(groupPrefix.length) : undefined;

function namings({ login, groups }: PersonInGroups, setting: string, names: readonly string[]): readonly string[] {
  return names
    .filter((name) => (groupOf(name) === undefined ? name === login : groups.some((one) => one.name === groupOf(name))))
    .map((name) => `${name} in ${setting}`);
}

/** Who has a role, as a condition of the register: it finds exactly those to whom `grantedRoles` gives the role. */
export function holdersOf(role: Role, { managers, administrators, auditors }: RoleSettings): RoleHolders {
  const named = (names: readonly string[], more: Partial<RoleHolders> = {}): RoleHolders => ({
    logins: names.filter((name) => groupOf(name) === undefined),
    groups: names.flatMap((name) => groupOf(name) ?? []),
    ...more,
  });
  if (role === 'researcher') return named([], { everyone: true });
  if (role === 'leader') return named([], { leaders: true });
  if (role === 'auditor') return named(auditors);
  if (role === 'manager' && managers.length > 0) return named(managers);
  return named(administrators, { administrators: true });
}
