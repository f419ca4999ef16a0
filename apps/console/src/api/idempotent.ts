import { createHash } from 'node:crypto';
import { applyDecorators, BadRequestException, Injectable, UseInterceptors } from '@nestjs/common';
import type { CallHandler, ExecutionContext, NestInterceptor } from '@nestjs/common';
import { ApiHeader } from '@nestjs/swagger';
import type { Request, Response } from 'express';
import { from, lastValueFrom, map, type Observable } from 'rxjs';
import { Register } from '@coldroom/register';
import { ApiProblem } from './problem';

const header = 'Idempotency-Key';

interface Answer {
  readonly status: number;
  readonly etag: string | null;
  readonly body: unknown;
}

/** Answers a request that is sent again with the same `Idempotency-Key` as the first time, without doing it again. */
@Injectable()
class IdempotencyInterceptor implements NestInterceptor {
  constructor(private readonly register: Register) {}

  intercept(context: ExecutionContext, next: CallHandler): Observable<unknown> {
    const request = context.switchToHttp().getRequest<Request>();
    const response = context.switchToHttp().getResponse<Response>();
    const key = request.get(header);
    if (key === undefined) return next.handle();
    if (!/^[\x21-\x7e]{1,200}$/.test(key))
      throw new BadRequestException(`${header} must have 1 to 200 visible ASCII characters`);
    const actor = request.visitor?.actor.name ?? '';
    const once = this.register.idempotency.once({ actor, key, fingerprint: fingerprintOf(request) }, async () => {
      const body: unknown = await lastValueFrom(next.handle());
      return { status: response.statusCode, etag: response.get('etag') ?? null, body };
    });
    return from(once).pipe(
      map((done) => {
        if (done.kind === 'running') throw running(response);
        if (done.kind === 'other')
          throw new ApiProblem(
            422,
            'IDEMPOTENCY_KEY_USED',
            `This ${header} belongs to another request, or your rights have changed. Use a new one.`,
          );
        return done.isRepeated ? repeated(response, done.answer) : done.answer.body;
      }),
    );
  }
}

/** For what starts work or decides. */
export const Idempotent = (): MethodDecorator =>
  applyDecorators(
    UseInterceptors(IdempotencyInterceptor),
    ApiHeader({
      name: header,
      required: false,
      description: 'Of your choice, new for each order: the same request with the same key is done once',
      schema: { type: 'string', minLength: 1, maxLength: 200 },
    }),
  );

/** With the rights of who sends it: whoever has lost a role gets no answer that needed it. */
function fingerprintOf({ method, originalUrl, headers, body, visitor }: Request): Buffer {
  const { roles = [], leads = [] } = visitor?.actor ?? {};
  const rights = [roles.toSorted(), leads.map(String).toSorted()];
  const sent = JSON.stringify([method, originalUrl, headers['if-match'] ?? null, body ?? null, rights]);
  return createHash('sha256').update(sent).digest();
}

function repeated(response: Response, { status, etag, body }: Answer): unknown {
  response.status(status).setHeader('Idempotency-Replayed', 'true');
  if (etag !== null) response.setHeader('ETag', etag);
  return body;
}

function running(response: Response): ApiProblem {
  response.setHeader('Retry-After', '5');
  return new ApiProblem(409, 'IDEMPOTENCY_RUNNING', 'The same request is still being worked on. Send it again later.');
}
