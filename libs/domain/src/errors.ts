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

/**
 * Errors of Linux that Node.js has no name for, by number: their code is `UNKNOWN` or `Unknown system error -116`.
 * Network file systems, quotas and damaged disks return them.
 */
const unnamed: Readonly<Record<number, readonly [code: string, text: string]>> = {
  116: ['ESTALE', 'stale file handle'],
  117: ['EUCLEAN', 'structure needs cleaning'],
  121: ['EREMOTEIO', 'remote I/O error'],
  122: ['EDQUOT', 'disk quota exceeded'],
  126: ['ENOKEY', 'required key not available'],
  127: ['EKEYEXPIRED', 'key has expired'],
  128: ['EKEYREVOKED', 'key has been revoked'],
};

function nameOf(thrown: unknown): readonly [code: string, text: string] | undefined {
  const errno = (thrown as { errno?: unknown } | null)?.errno;
  return typeof errno === 'number' ? unnamed[-errno] : undefined;
}

/** The message of any thrown value. */
export function messageOf(thrown: unknown): string {
  const message = thrown instanceof Error ? thrown.message : String(thrown);
  const name = nameOf(thrown);
  return name
    ? message.replace(/^(UNKNOWN|Unknown system error -\d+): (unknown|Unknown system) error( -\d+)?/, name.join(': '))
    : message;
}

/** The code of any thrown value: ours, the system's (`ENOSPC`), or `UNKNOWN`. */
export function codeOf(thrown: unknown): string {
  const code = (thrown as { code?: unknown } | null)?.code;
  return nameOf(thrown)?.[0] ?? (typeof code === 'string' ? code : 'UNKNOWN');
}
