/**
 * What went wrong, by what has to happen next. Code decides by kind, never by message text.
 * `code` is stable and upper case; docs/error-codes.md explains each one.
 */
export abstract class ColdroomError extends Error {
  abstract readonly kind: 'transient' | 'not-yet' | 'refused';

  constructor(
    readonly code: string,
    message: string,
    readonly details: Readonly<Record<string, unknown>> = {},
    options?: { cause?: unknown },
  ) {
    super(message, options);
    this.name = new.target.name;
  }
}

/** The outside world failed and may recover: tried again with growing pauses, then stuck. */
export class Transient extends ColdroomError {
  readonly kind = 'transient';
}

/** Nothing is wrong, it is only too early. Not an attempt; past its deadline it is stuck. */
export class NotYet extends ColdroomError {
  readonly kind = 'not-yet';
}

/** Must not be tried again without a person's decision: stuck at once. */
export class Refused extends ColdroomError {
  readonly kind = 'refused';
}

/** The message of anything that was thrown. */
export function messageOf(thrown: unknown): string {
  return thrown instanceof Error ? thrown.message : String(thrown);
}

/** The code of anything that was thrown: ours, the system's (`ENOSPC`), or `UNKNOWN`. */
export function codeOf(thrown: unknown): string {
  const code = (thrown as { code?: unknown } | null)?.code;
  return typeof code === 'string' ? code : 'UNKNOWN';
}
