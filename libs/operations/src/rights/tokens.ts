import { createHash, randomBytes } from 'node:crypto';
import { Refused } from '@coldroom/domain';
import type { Register, Token } from '@coldroom/register';
import { notFound } from '../failure';
import { roles, type Actor, type Role } from './rights';

/** What a machine may be: a leader or a researcher is always a person. */
export const tokenRoles = ['manager', 'administrator', 'auditor'] as const satisfies readonly Role[];

/** Of the token of a workstation: no role, since it may do nothing that a role permits. See `Workstation`. */
export const agentRole = 'agent';

const namePattern = /^[\w.-]{1,64}$/;
const mostDays = 366;

export interface TokenOrder {
  readonly name: string;
  readonly role: string;
  /** For `agent` only, and needed then: a buffer, and logins. */
  readonly workstation?: { readonly buffer: string; readonly people: readonly string[] } | undefined;
  readonly days: number;
  readonly by: string;
}

/**
 * Makes a token. `secret` is what the machine sends; it is shown now and never again. `Refused`: `TOKEN_NAME`,
 * `TOKEN_ROLE`, `TOKEN_WORKSTATION`, `TOKEN_DAYS`, `TOKEN_EXISTS`.
 */
export async function createToken(
  register: Register,
  { name, role, workstation, days, by }: TokenOrder,
): Promise<{ readonly token: Token; readonly secret: string }> {
  if (!namePattern.test(name))
    throw new Refused('TOKEN_NAME', 'The name of a token has up to 64 letters, digits, dots, hyphens and underscores.');
  if (role !== agentRole && !tokenRoles.some((each) => each === role))
    throw new Refused('TOKEN_ROLE', `A token has one of the roles ${[...tokenRoles, agentRole].join(', ')}.`);
  const names = workstation && workstation.buffer !== '' && workstation.people.length > 0;
  if ((role === agentRole) !== (workstation !== undefined) || (workstation && !names))
    throw new Refused(
      'TOKEN_WORKSTATION',
      'A token with the role agent names a buffer and at least one OMERO login, and no other token does.',
    );
  if (!Number.isInteger(days) || days < 1 || days > mostDays)
    throw new Refused('TOKEN_DAYS', `A token is valid for 1 to ${mostDays} days.`);
  const secret = `coldroom_${randomBytes(32).toString('base64url')}`;
  return {
    token: await register.tokens.create({ name, role, workstation, hash: tokenHash(secret), days, by }),
    secret,
  };
}

/** `Refused` `NO_SUCH_TOKEN` if no token of this name can be used. */
export async function revokeToken(register: Register, name: string, by: string): Promise<void> {
  if (!(await register.tokens.revoke(name, by)))
    throw notFound(`token ${name}`, 'NO_SUCH_TOKEN', '"coldroom tokens list" shows all');
}

/** Who sends this secret now; undefined if it is unknown, revoked or expired. */
export async function actorOfToken(register: Register, secret: string): Promise<Actor | undefined> {
  const token = await register.tokens.use(tokenHash(secret));
  const role = roles.find((each) => each === token?.role);
  return token && role && { name: `token:${token.name}`, personId: null, roles: [role], leads: [] };
}

/** The secret has 256 random bits: a slow hash, as for passwords, would gain nothing. */
export const tokenHash = (secret: string): Buffer => createHash('sha256').update(secret).digest();
