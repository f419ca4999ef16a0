import type { Request } from 'express';
import { actorOf, actorOfToken, type Actor } from '@coldroom/operations';
import type { Register } from '@coldroom/register';
import type { ConsoleSettings } from '../console-settings';

/** Whoever sends a request, as of this request: a person who is signed in, or a machine with an access token. */
export interface Visitor {
  readonly actor: Actor;
  readonly fullName: string;
  /** What forms have to send along; null for a machine, in whose name no other site can send anything. */
  readonly csrf: string | null;
}

const bearer = /^Bearer (coldroom_[\w-]{43})$/i;

/** Who sends a request, with the roles that they have now: whoever lost a role has lost it here, too. */
export class Visitors {
  constructor(
    private readonly register: Register,
    private readonly settings: Pick<ConsoleSettings, 'sessionMaxMs' | 'roles'>,
  ) {}

  /** Undefined if no one is signed in, or no longer. A token is looked at only where `acceptsTokens`. */
  async of(
    { session, headers }: Pick<Request, 'session' | 'headers'>,
    acceptsTokens: boolean,
  ): Promise<Visitor | undefined> {
    if (headers.authorization === undefined) return this.ofSession(session);
    const secret = acceptsTokens ? bearer.exec(headers.authorization)?.[1] : undefined;
    const actor = secret === undefined ? undefined : await actorOfToken(this.register, secret);
    return actor && { actor, fullName: actor.name, csrf: null };
  }

  private async ofSession({ personId, signedInAt, csrf }: Request['session']): Promise<Visitor | undefined> {
    if (personId === undefined || signedInAt === undefined || csrf === undefined) return undefined;
    if (Date.now() - signedInAt > this.settings.sessionMaxMs) return undefined;
    const person = await this.register.people.byId(BigInt(personId));
    if (!person) return undefined;
    const actor = actorOf(person, this.settings.roles);
    return actor.roles.length > 0 ? { actor, fullName: person.fullName || person.login, csrf } : undefined;
  }
}
