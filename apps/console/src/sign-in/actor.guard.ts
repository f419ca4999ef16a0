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

/** Admits only who is signed in, with the roles that they have now; refuses what another site sends in their name. */
@Injectable()
export class ActorGuard implements CanActivate {
  constructor(
    private readonly reflector: Reflector,
    private readonly visitors: Visitors,
    private readonly site: Site,
  ) {}

  async canActivate(context: ExecutionContext): Promise<boolean> {
    const request = context.switchToHttp().getRequest<Request>();
    const changes = !safeMethods.includes(request.method);
    if (changes && isForeign(request, this.site)) throw forged();
    const isPublic = this.reflector.getAllAndOverride<boolean>(publicKey, [context.getHandler(), context.getClass()]);
    request.visitor = await this.visitors.of(request, request.path.startsWith(this.site.href('/api/')));
    if (isPublic) return true;
    if (!request.visitor) throw new UnauthorizedException();
    const { csrf } = request.visitor;
    if (changes && csrf !== null && !isSameToken(csrf, tokenOf(request))) throw forged();
    return true;
  }
}

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
