import { Refused } from '@coldroom/domain';
import type { PersonGroup, PersonInGroups, Register } from '@coldroom/register';
import { notFound } from '../failure';

/** For whom something is imported, and in which of their groups. */
export interface ImportPerson {
  readonly person: PersonInGroups;
  readonly group: PersonGroup;
}

/**
 * The person as the register mirrors OMERO's users, and the named group, or the only one. `Refused` `IMPORT_PERSON_UNKNOWN`,
 * `IMPORT_PERSON_INACTIVE`, `IMPORT_GROUP_UNKNOWN`, `IMPORT_GROUP_MISSING`.
 */
export async function importPerson(
  register: Register,
  login: string,
  groupName: string | undefined,
): Promise<ImportPerson> {
  const person = await register.people.byLogin(login);
  if (!person)
    throw notFound(
      `OMERO user ${JSON.stringify(login)}`,
      'IMPORT_PERSON_UNKNOWN',
      'check the login; users who are new in OMERO are known after the next scan',
    );
  if (!person.active)
    throw new Refused(
      'IMPORT_PERSON_INACTIVE',
      `The OMERO account of ${login} is inactive. Nothing is imported for it: activate it in OMERO, or name another user.`,
    );
  return { person, group: groupOf(person, groupName) };
}

function groupOf({ login, groups, administrator }: PersonInGroups, name: string | undefined): PersonGroup {
  // Of administrators only: no data belongs there.
  const usable = groups.filter((group) => !(administrator && group.name === 'system'));
  const names = usable.map((group) => group.name).join(', ') || 'no group';
  if (name === undefined) {
    if (usable[0] && usable.length === 1) return usable[0];
    throw new Refused('IMPORT_GROUP_MISSING', `${login} is in ${names}. Name the group in which to import.`);
  }
  const group = usable.find((one) => one.name === name);
  if (group) return group;
  throw new Refused(
    'IMPORT_GROUP_UNKNOWN',
    `${login} is not in the group ${JSON.stringify(name)}, but in ${names}. Name one of these.`,
  );
}
