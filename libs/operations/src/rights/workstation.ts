import { Refused } from '@coldroom/domain';
import type { Register } from '@coldroom/register';
import { tokenHash } from './tokens';

/**
 * What the token of a workstation may do, and all of it: upload sets to one buffer, order their import for the people that
 * the token names, and see these uploads and orders. It has no role, so nothing else is open to it.
 */
export interface Workstation {
  /** The name of its token. */
  readonly name: string;
  readonly buffer: string;
  /** OMERO logins. */
  readonly people: readonly string[];
}

/** Whose token this secret is; undefined if it is unknown, revoked, expired, or no token of a workstation. */
export async function workstationOfToken(register: Register, secret: string): Promise<Workstation | undefined> {
  const token = await register.tokens.use(tokenHash(secret));
  if (!token || token.buffer === null || token.people === null) return undefined;
  return { name: token.name, buffer: token.buffer, people: token.people };
}

/** `Refused` `NOT_PERMITTED`. */
export function requirePerson({ name, people }: Workstation, login: string): void {
  if (people.includes(login)) return;
  throw new Refused(
    'NOT_PERMITTED',
    `The token of ${name} does not name ${JSON.stringify(login)}. An administrator makes a token that does.`,
  );
}
