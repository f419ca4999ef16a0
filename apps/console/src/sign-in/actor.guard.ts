import {
  createParamDecorator,
  ForbiddenException,
  Inject,
  Injectable,
  SetMetadata,
  UnauthorizedException,
  type CanActivate,
  type ExecutionContext,
} from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import type { Request } from 'express';
import { actorOf, type Actor } from '@coldroom/operations';
import { Register, type PersonInGroups } from '@coldroom/register';
import { CONSOLE, type ConsoleSettings } from '../console-settings';
import { Site } from '../site';
import { isSameToken } from './session';

/** Someone who is signed in, as of this request. */
export interface Visitor {
  readonly actor: Actor;
  readonly person: PersonInGroups;
  readonly csrf: string;
}

declare module 'express' {
  interface Request {
    visitor?: Visitor;
  }
}

const publicKey = 'coldroom:public';
/** For what anyone may see: the sign-in page and its style. */
export const Public = (): MethodDecorator & ClassDecorator => SetMetadata(publicKey, true);

export const CurrentVisitor = createParamDecorator(
  (_data: unknown, context: ExecutionContext) => context.switchToHttp().getRequest<Request>().visitor,
);

const safeMethods = ['GET', 'HEAD', 'OPTIONS'];

/** Admits only who is signed in, with the roles that they have now; refuses what another site sends in their name. */
@Injectable()
export class ActorGuard implements CanActivate {
  constructor(
    private readonly reflector: Reflector,
    private readonly register: Register,
    private readonly site: Site,
    @Inject(CONSOLE) private readonly settings: ConsoleSettings,
  ) {}

  async canActivate(context: ExecutionContext): Promise<boolean> {
    const request = context.switchToHttp().getRequest<Request>();
    const changes = !safeMethods.includes(request.method);
    if (changes) this.refuseOtherSites(request);
    const isPublic = this.reflector.getAllAndOverride<boolean>(publicKey, [context.getHandler(), context.getClass()]);
    request.visitor = await this.visitorOf(request);
    if (isPublic) return true;
    if (!request.visitor) throw new UnauthorizedException();
    if (changes && !isSameToken(request.visitor.csrf, tokenOf(request))) throw forged();
    return true;
  }

  private async visitorOf({ session }: Request): Promise<Visitor | undefined> {
    const { personId, signedInAt, csrf } = session;
    if (personId === undefined || signedInAt === undefined || csrf === undefined) return undefined;
    if (Date.now() - signedInAt > this.settings.sessionMaxMs) return undefined;
    const person = await this.register.people.byId(BigInt(personId));
    if (!person) return undefined;
    const actor = actorOf(person, this.settings.roles);
    return actor.roles.length > 0 ? { actor, person, csrf } : undefined;
  }

  /** Browsers name the origin of each request that may change something. */
  private refuseOtherSites({ headers }: Request): void {
    const { origin } = headers;
    if (origin !== undefined && origin !== this.site.origin) throw forged();
  }
}

function tokenOf({ headers, body }: Request): unknown {
  return headers['x-csrf-token'] ?? (body as { _csrf?: unknown } | undefined)?._csrf;
}

function forged(): ForbiddenException {
  return new ForbiddenException('This request did not come from a page of Coldroom. Reload the page, and try again.');
}
