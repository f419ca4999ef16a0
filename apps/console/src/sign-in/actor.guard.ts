import {
  createParamDecorator,
  ForbiddenException,
  Injectable,
  SetMetadata,
  UnauthorizedException,
  type CanActivate,
  type ExecutionContext,
} from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import type { Request } from 'express';
import { Site } from '../site';
import { isSameToken } from './session';
import { Visitors, type Visitor } from './visitors';

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

/** Finds out who sends a request, with the roles that they have now; refuses what another site sends. */
@Injectable()
export class VisitorGuard implements CanActivate {
  constructor(
    private readonly visitors: Visitors,
    private readonly site: Site,
  ) {}

  async canActivate(context: ExecutionContext): Promise<boolean> {
    const request = context.switchToHttp().getRequest<Request>();
    if (changes(request) && isForeign(request, this.site)) throw forged();
    request.visitor = await this.visitors.of(request, this.site.isApi(request.path));
    return true;
  }
}

/** Admits only who is signed in; refuses what another site sends in their name. */
@Injectable()
export class ActorGuard implements CanActivate {
  constructor(private readonly reflector: Reflector) {}

  canActivate(context: ExecutionContext): boolean {
    const request = context.switchToHttp().getRequest<Request>();
    if (this.reflector.getAllAndOverride<boolean>(publicKey, [context.getHandler(), context.getClass()])) return true;
    if (!request.visitor) throw new UnauthorizedException();
    const { csrf } = request.visitor;
    if (changes(request) && csrf !== null && !isSameToken(csrf, tokenOf(request))) throw forged();
    return true;
  }
}

const changes = ({ method }: Request): boolean => !safeMethods.includes(method);

/** Whether another site sent this: browsers name the origin of each request that may change something. */
export function isForeign({ headers }: Pick<Request, 'headers'>, site: Site): boolean {
  return headers.origin !== undefined && headers.origin !== site.origin;
}

function tokenOf({ headers, body }: Request): unknown {
  return headers['x-csrf-token'] ?? (body as { _csrf?: unknown } | undefined)?._csrf;
}

function forged(): ForbiddenException {
  return new ForbiddenException('This request did not come from a page of Coldroom. Reload the page, and try again.');
}
