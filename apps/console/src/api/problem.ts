import { STATUS_CODES } from 'node:http';
import { HttpException } from '@nestjs/common';

/** A refusal with a code of its own, and what else a program has to know of it. */
export class ApiProblem extends HttpException {
  constructor(
    status: number,
    readonly code: string,
    message: string,
    readonly more: Readonly<Record<string, unknown>> = {},
  ) {
    super(message, status);
  }
}

export interface Failed {
  readonly status: number;
  readonly code: string;
  readonly message: string;
  readonly more?: Readonly<Record<string, unknown>>;
}

/** RFC 9457. There is no page for each type of problem: `code` is what differs, and docs/api.md explains it. */
export function problemDetails({ status, code, message, more }: Failed): Readonly<Record<string, unknown>> {
  return {
    type: 'about:blank',
    title: STATUS_CODES[status] ?? 'Error',
    status,
    code,
    detail: message,
    ...more,
  };
}
