import type { Request } from 'express';
import { codeOf, Refused, Transient } from '@coldroom/domain';
import { actorOf, actorOfToken, type Actor } from '@coldroom/operations';
import type { PersonInGroups, Register } from '@coldroom/register';
import type { ConsoleSettings } from '../console-settings';
import type { ProxyIdentity } from './proxy-identity';
import { newCsrf, startSession } from './session';

/** Whoever sends a request, as of this request: a person who is signed in, or a machine with an access token. */
export interface Visitor {
  readonly actor: Actor;
  readonly fullName: string;
  /** What forms have to send along; null for a machine, in whose name no other site can send anything. */
  readonly csrf: string | null;
  /** What a person may end: all their sessions here, only that of the proxy in front, or nothing. */
  readonly signOut: 'everywhere' | 'proxy' | 'none';
}

type Sent = Pick<Request, 'session' | 'headers' | 'headersDistinct' | 'socket'>;

const bearer = /^Bearer (coldroom_[\w-]{43})$/i;

/** The access token that a request has. */
export const bearerOf = ({ headers }: Pick<Request, 'headers'>): string | undefined =>
  bearer.exec(headers.authorization ?? '')?.[1];

/** Who sends a request, with the roles that they have now: whoever lost a role has lost it here, too. */
export class Visitors {
  constructor(
    private readonly register: Register,
    private readonly settings: Pick<ConsoleSettings, 'sessionMaxMs' | 'roles'>,
    private readonly proxy?: ProxyIdentity,
  ) {}

  /** Undefined if no one is signed in, or no longer. A token is looked at only where `acceptsTokens`. */
  async of(request: Sent, acceptsTokens: boolean): Promise<Visitor | undefined> {
    const { authorization } = request.headers;
    const secret = acceptsTokens ? bearerOf(request) : undefined;
    if (secret !== undefined) return this.ofToken(secret);
    if (this.proxy !== undefined) return this.ofProxy(request, this.proxy, !acceptsTokens);
    // A proxy may send an Authorization of its own; anyone else who sends one means it.
    return authorization === undefined ? this.ofSession(request.session) : undefined;
  }

  /** Who the proxy says this is. `Refused` or `Transient` with the reason why it is no one. */
  async named(request: Sent, proxy: ProxyIdentity): Promise<PersonInGroups> {
    const person = await this.register.people.byLogin(proxy.loginOf(request));
    if (!person) throw await this.unknown();
    if (!person.active) throw new Refused('PERSON_INACTIVE', 'Your OMERO account is inactive.');
    return person;
  }

  /** The register knows people from the last scan. */
  async unknown(): Promise<Transient> {
    const { failed } = await this.register.people.lastRead();
    return new Transient(
      'PERSON_UNKNOWN',
      failed === null
        ? 'Your account is right, but Coldroom does not know it yet: it reads OMERO accounts at each scan. Try again in a few minutes.'
        : `Your account is right, but Coldroom could not read OMERO's accounts (${failed}). Ask the administrator.`,
    );
  }

  private async ofToken(secret: string): Promise<Visitor | undefined> {
    const actor = await actorOfToken(this.register, secret);
    return actor && { actor, fullName: actor.name, csrf: null, signOut: 'none' };
  }

  private async ofSession(session: Request['session']): Promise<Visitor | undefined> {
    if (session.personId === undefined || !this.isCurrent(session)) return undefined;
    const person = await this.register.people.byId(BigInt(session.personId));
    return person && this.visitor(person, session.csrf, 'everywhere');
  }

  /** The proxy's header decides at each request; the session holds only what forms have to send along. */
  private async ofProxy(request: Sent, proxy: ProxyIdentity, keepsSession: boolean): Promise<Visitor | undefined> {
    const person = await this.named(request, proxy).catch((error: unknown) => {
      if (refusals.includes(codeOf(error))) return undefined;
      throw error;
    });
    if (!person) return undefined;
    const isTheirs = request.session.personId === person.id.toString() && this.isCurrent(request.session);
    if (!isTheirs && keepsSession) await startSession(request, person.id);
    const csrf = isTheirs || keepsSession ? request.session.csrf : newCsrf();
    return this.visitor(person, csrf, proxy.signOutUrl === undefined ? 'none' : 'proxy');
  }

  private isCurrent({ signedInAt, csrf }: Request['session']): boolean {
    return signedInAt !== undefined && csrf !== undefined && Date.now() - signedInAt <= this.settings.sessionMaxMs;
  }

  private visitor(person: PersonInGroups, csrf: string | undefined, signOut: Visitor['signOut']): Visitor | undefined {
    const actor = actorOf(person, this.settings.roles);
    if (actor.roles.length === 0 || csrf === undefined) return undefined;
    return { actor, fullName: person.fullName || person.login, csrf, signOut };
  }
}

const refusals = ['PROXY_USER_MISSING', 'PROXY_USER_AMBIGUOUS', 'PERSON_UNKNOWN', 'PERSON_INACTIVE'];
