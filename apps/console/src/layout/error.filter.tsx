import { Catch, HttpException, type ArgumentsHost, type ExceptionFilter } from '@nestjs/common';
import type { Request, Response } from 'express';
import type { VNode } from 'preact';
import { ZodError } from 'zod';
import { ColdroomError } from '@coldroom/domain';
import { failureOf } from '@coldroom/operations';
import { Log } from '@coldroom/runtime';
import { ApiProblem, problemDetails, type Failed } from '../api/problem';
import { Site } from '../site';
import { Page, toHtml, type Frame } from './html';

/** Answers every failure: a page for people, problem details (RFC 9457) for programs. */
@Catch()
export class ErrorFilter implements ExceptionFilter {
  constructor(
    private readonly site: Site,
    private readonly log: Log,
  ) {}

  catch(error: unknown, host: ArgumentsHost): void {
    const request = host.switchToHttp().getRequest<Request>();
    const response = host.switchToHttp().getResponse<Response>();
    const problem = problemOf(error);
    if (problem.status >= 500) this.log.error('request failed', { path: request.path, code: problem.code, error });
    if (response.headersSent) {
      response.destroy();
      return;
    }
    const isApi = this.site.isApi(request.originalUrl);
    if (problem.status === 401 && !isApi && request.method === 'GET')
      response.redirect(303, this.site.href(`/sign-in?next=${encodeURIComponent(request.originalUrl)}`));
    else if (isApi) {
      if (problem.status === 401) response.setHeader('WWW-Authenticate', 'Bearer');
      response
        .status(problem.status)
        .type('application/problem+json')
        .send(JSON.stringify(problemDetails(forPrograms(problem))));
    } else
      response
        .status(problem.status)
        .send(toHtml(ErrorPage({ site: this.site, visitor: request.visitor, ...problem })));
  }
}

function problemOf(error: unknown): Failed {
  if (error instanceof ZodError) return { status: 400, code: 'BAD_REQUEST', message: 'The form is not complete.' };
  if (error instanceof HttpException) return ofHttp(error);
  const { code, message } = failureOf(error);
  if (!(error instanceof ColdroomError))
    return { status: 500, code: 'INTERNAL', message: 'Something went wrong here.' };
  if (/^NO_SUCH_/.test(code)) return { status: 404, code, message: notFound };
  if (code === 'NOT_PERMITTED') return { status: 403, code, message };
  return { status: error.kind === 'transient' ? 503 : 409, code, message };
}

const notFound = 'There is no such page, or it is not for you.';

function ofHttp(error: HttpException): Failed {
  const status = error.getStatus();
  if (status === 404) return { status, code: 'NOT_FOUND', message: notFound };
  if (status === 401) return { status, code: 'NOT_SIGNED_IN', message: 'Sign in first.' };
  if (status === 413) return { status, code: 'TOO_LARGE', message: 'The request is too large.' };
  if (error instanceof ApiProblem) return { status, code: error.code, message: error.message, more: error.more };
  return { status, code: codes[status] ?? 'BAD_REQUEST', message: error.message };
}

const codes: Readonly<Record<number, string>> = {
  403: 'FORBIDDEN',
  415: 'UNSUPPORTED_MEDIA_TYPE',
  429: 'TOO_MANY_REQUESTS',
};

/** What did not come to an end may have happened: programs have to know it as people do. */
function forPrograms({ message, ...problem }: Failed): Failed {
  if (problem.status === 404) return { ...problem, message: 'This does not exist, or it is not for you.' };
  return { ...problem, message: problem.status >= 500 ? `${message} ${whatToDo(problem.status)}` : message };
}

function whatToDo(status: number): string {
  if (status === 404) return 'Check the address, or choose from the list of what you may see.';
  if (status === 503)
    return 'Try again in a minute. If you wanted to change something, look first whether it has happened.';
  if (status >= 500)
    return 'Look whether what you wanted has happened before you try again. If it fails again, tell the administrator when it happened: the log says why.';
  return 'Nothing was changed. Go back, and try again.';
}

function ErrorPage({ site, visitor, status, code, message }: Frame & Failed): VNode {
  return (
    <Page site={site} visitor={visitor} title={message}>
      <section class="card narrow">
        <h1>{message}</h1>
        <p>{whatToDo(status)}</p>
        <p>
          <a class="button" href={site.href('/requests')}>
            Go to the requests
          </a>
        </p>
        <p class="small muted">
          {status} {code}
        </p>
      </section>
    </Page>
  );
}
