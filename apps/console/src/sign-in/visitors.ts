import type { Request } from 'express';
import { actorOf, type Actor } from '@coldroom/operations';
import type { PersonInGroups, Register } from '@coldroom/register';
import type { ConsoleSettings } from '../console-settings';

/** Someone who is signed in, as of this request. */
export interface Visitor {
  readonly actor: Actor;
  readonly person: PersonInGroups;
  readonly csrf: string;
}

/** Who sends a request, with the roles that they have now: whoever lost a role has lost it here, too. */
export class Visitors {
  constructor(
    private readonly register: Register,
    private readonly settings: Pick<ConsoleSettings, 'sessionMaxMs' | 'roles'>,
  ) {}

  /** Undefined if no one is signed in, or no longer. */
  async of({ session }: Pick<Request, 'session'>): Promise<Visitor | undefined> {
    const { personId, signedInAt, csrf } = session;
    if (personId === undefined || signedInAt === undefined || csrf === undefined) return undefined;
    if (Date.now() - signedInAt > this.settings.sessionMaxMs) return undefined;
    const person = await this.register.people.byId(BigInt(personId));
    if (!person) return undefined;
    const actor = actorOf(person, this.settings.roles);
    return actor.roles.length > 0 ? { actor, person, csrf } : undefined;
  }
}
