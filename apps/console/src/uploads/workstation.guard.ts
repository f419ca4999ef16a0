import {
  createParamDecorator,
  Injectable,
  UnauthorizedException,
  type CanActivate,
  type ExecutionContext,
} from '@nestjs/common';
import type { Request } from 'express';
import { workstationOfToken, type Workstation } from '@coldroom/operations';
import { Register } from '@coldroom/register';
import { bearerOf } from '../sign-in/visitors';

declare module 'express' {
  interface Request {
    workstation?: Workstation;
  }
}

export const CurrentWorkstation = createParamDecorator(
  (_data: unknown, context: ExecutionContext) => context.switchToHttp().getRequest<Request>().workstation,
);

/** Admits only the tokens of workstations. Everything else refuses these: they have no role. */
@Injectable()
export class WorkstationGuard implements CanActivate {
  constructor(private readonly register: Register) {}

  async canActivate(context: ExecutionContext): Promise<boolean> {
    const request = context.switchToHttp().getRequest<Request>();
    const secret = bearerOf(request);
    const workstation = secret === undefined ? undefined : await workstationOfToken(this.register, secret);
    if (!workstation) throw new UnauthorizedException();
    request.workstation = workstation;
    return true;
  }
}
