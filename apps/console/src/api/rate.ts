import { Injectable, type ExecutionContext } from '@nestjs/common';
import { ThrottlerGuard, ThrottlerModule } from '@nestjs/throttler';
import type { DynamicModule } from '@nestjs/common';
import type { Request } from 'express';
import type { Site } from '../site';

const minute = 60_000;

/** Counts requests to the API by who sends them: a person, a token, or an IP address without a sign-in. */
@Injectable()
export class ApiRate extends ThrottlerGuard {
  static module(perMinute: number, site: Site): DynamicModule {
    return ThrottlerModule.forRoot({
      throttlers: [{ ttl: minute, limit: perMinute }],
      errorMessage: `More than ${perMinute} requests in a minute. Retry-After says how many seconds to wait.`,
      skipIf: (context) => !isApi(context, site),
    });
  }

  protected override async getTracker(request: Request): Promise<string> {
    return request.visitor?.actor.name ?? `address ${await super.getTracker(request)}`;
  }

  /** One limit for all operations together. */
  protected override generateKey(_context: ExecutionContext, tracker: string): string {
    return tracker;
  }
}

const isApi = (context: ExecutionContext, site: Site): boolean =>
  site.isApi(context.switchToHttp().getRequest<Request>().path);
