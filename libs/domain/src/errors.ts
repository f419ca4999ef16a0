/**
 * Errors, by what has to happen next. Code decides by kind, never by message text. `code` is stable and upper case;
 * docs/error-codes.md explains each one.
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

/** Something outside failed and may recover: retried with growing pauses, then stuck. */
export class Transient extends ColdroomError {
  readonly kind = 'transient';
}

/** Nothing is wrong, it is only too early. Not counted as an attempt; stuck after its deadline. */
export class NotYet extends ColdroomError {
  readonly kind = 'not-yet';
}

/**
 * `Transient` `CLAIM_LOST`: nothing more may be changed, because another worker has the claim or may have it. `why` is a
 * clause such as `its claim ran out`; `cause` is what stopped the work, where something did.
 */
export function claimLost(
  why: string,
  { bag, cause }: { readonly bag?: bigint; readonly cause?: unknown } = {},
): Transient {
  return new Transient(
    'CLAIM_LOST',
    `The work ended at once because ${why}; the worker that holds the claim repeats it.`,
    bag === undefined ? {} : { bag },
    cause === undefined ? {} : { cause },
  );
}

/** Must not be retried without a person's decision: stuck at once. */
export class Refused extends ColdroomError {
  readonly kind = 'refused';
}

/** The message of any thrown value. */
export function messageOf(thrown: unknown): string {
  return thrown instanceof Error ? thrown.message : String(thrown);
}

/** The code of any thrown value: ours, the system's (`ENOSPC`), or `UNKNOWN`. */
export function codeOf(thrown: unknown): string {
  const code = (thrown as { code?: unknown } | null)?.code;
  return typeof code === 'string' ? code : 'UNKNOWN';
}
