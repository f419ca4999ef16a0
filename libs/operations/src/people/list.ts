import type { PeopleFilter, PersonInGroups, Token } from '@coldroom/register';
import type { Reviewer } from '../requests/review';
import { requireSight } from '../rights/require';
import type { Role } from '../rights/rights';
import { grantedRoles, holdersOf, type GrantedRole, type RoleSettings } from '../rights/roles';
import { emailOf, type Email } from './email';

/** A user of OMERO, with what they are to Coldroom. */
export interface PersonListing extends Omit<PersonInGroups, 'email'> {
  readonly granted: readonly GrantedRole[];
  readonly email: Email;
  /** Of the last session that has not ended; null if there is none. */
  readonly signedInAt: Date | null;
}

export interface PeopleSearch extends Omit<PeopleFilter, 'holders'> {
  readonly role?: Role | undefined;
}

/** How current the list of people is. */
export interface PeopleRead {
  readonly readAt: Date | null;
  /** Why people could not be read at the last scan, and what helps. */
  readonly failed: string | null;
}

/** A page of people, by login name. `Refused` `NO_SUCH_PAGE` without the right `seePeople`. */
export async function peopleFor(
  reviewer: Reviewer,
  settings: RoleSettings,
  { role, ...filter }: PeopleSearch,
): Promise<readonly PersonListing[]> {
  requireSight(reviewer, 'seePeople');
  const { people, sessions } = reviewer.register;
  const found = await people.list({ ...filter, holders: role && holdersOf(role, settings) });
  const signedIn = await sessions.signedIn(found.map(({ id }) => id));
  return found.map((person) => ({
    ...person,
    granted: grantedRoles(person, settings),
    email: emailOf(person),
    signedInAt: signedIn.get(person.id) ?? null,
  }));
}

/** `Refused` `NO_SUCH_PAGE` as `peopleFor`. */
export async function peopleReadFor(reviewer: Reviewer): Promise<PeopleRead> {
  requireSight(reviewer, 'seePeople');
  return reviewer.register.people.lastRead();
}

/** Access tokens, without their secrets, which no one has. `Refused` `NO_SUCH_PAGE` as `peopleFor`. */
export async function tokensFor(reviewer: Reviewer): Promise<readonly Token[]> {
  requireSight(reviewer, 'seePeople');
  return reviewer.register.tokens.list();
}
