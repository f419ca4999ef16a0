import { UnsupportedMediaTypeException } from '@nestjs/common';
import type { NextFunction, Request, Response } from 'express';
import { ApiProblem } from './problem';

type Paths = Readonly<Record<string, object>>;

/**
 * What no operation of the API takes: a body that is no JSON, and methods that a path does not have. Comes before the
 * body is read. The bytes of files that workstations upload are no JSON.
 * @param paths those of the API's document, read when the first request arrives
 */
export function apiGate(paths: () => Paths) {
  return (request: Request, response: Response, next: NextFunction): void => {
    const allowed = methodsOf(paths(), request.path);
    if (allowed && !allowed.includes(request.method)) {
      response.setHeader('Allow', allowed.join(', '));
      throw new ApiProblem(
        405,
        'METHOD_NOT_ALLOWED',
        `${request.method} is not possible here. ${allowed.join(', ')} is.`,
      );
    }
    if (request.method === 'PATCH' && /^\/uploads\//i.test(request.path)) return next();
    if (request.get('content-length') !== '0' && request.is('application/json') === false)
      throw new UnsupportedMediaTypeException('The body must be JSON, with the header Content-Type: application/json.');
    next();
  };
}

/** @param path below the API's own */
function methodsOf(paths: Paths, path: string): readonly string[] | undefined {
  const found = Object.entries(paths).find(([template]) => isOf(template, path.replace(/\/$/, '')));
  if (!found) return undefined;
  const methods = Object.keys(found[1]).map((method) => method.toUpperCase());
  return methods.includes('GET') ? [...methods, 'HEAD', 'OPTIONS'] : [...methods, 'OPTIONS'];
}

function isOf(template: string, path: string): boolean {
  const [wanted, given] = [template.toLowerCase().split('/'), path.toLowerCase().split('/')];
  return wanted.length === given.length && wanted.every((part, at) => part.startsWith('{') || part === given[at]);
}
