import { ColdroomError, Refused, Transient, codeOf, messageOf } from '@coldroom/domain';
import { displayPath } from './path';

/** A `ColdroomError` in the form that crosses from a worker thread; structured clone would keep the message only. */
export interface Failure {
  readonly kind: ColdroomError['kind'];
  readonly code: string;
  readonly message: string;
  readonly details: Readonly<Record<string, unknown>>;
}

/**
 * Errors that are not ours become `Transient` with the system's code: unknown ones count as temporary until the
 * attempts are used up.
 */
export function failureOf(error: unknown): Failure {
  if (error instanceof ColdroomError) {
    return { kind: error.kind, code: error.code, message: error.message, details: error.details };
  }
  return { kind: 'transient', code: codeOf(error), message: messageOf(error), details: {} };
}

/** Carries an error that fails the whole call (a lost claim, a full disk) past the handling of single files. */
export class EndOfBatch extends Error {
  constructor(readonly reason: ColdroomError) {
    super(reason.message);
  }
}

/** What an error of opening, inspecting or reading an original (or a copy that is read back) means. */
export function readingFailed(error: unknown, path: Buffer): ColdroomError {
  if (error instanceof EndOfBatch) throw error;
  if (error instanceof ColdroomError) return error;
  const shown = displayPath(path);
  const code = codeOf(error);
  const details = { path: shown, code };
  switch (code) {
    case 'ENOENT':
      return new Refused('SOURCE_MISSING', `"${shown}" does not exist.`, details, { cause: error });
    case 'EACCES':
    case 'EPERM':
      return new Refused(
        'ACCESS_DENIED',
        `"${shown}" cannot be read (${code}); give this service's user the right to read it.`,
        details,
        { cause: error },
      );
    case 'ELOOP':
      return notRegular(shown, 'a symbolic link');
    case 'ENAMETOOLONG':
      return new Refused('PATH_NOT_ALLOWED', `"${shown}" has a name too long for its file system.`, details, {
        cause: error,
      });
    default:
      return new Transient('READ_FAILED', `"${shown}" could not be read (${code}: ${messageOf(error)}).`, details, {
        cause: error,
      });
  }
}

export function notRegular(shown: string, what: string): Refused {
  return new Refused('NOT_A_REGULAR_FILE', `"${shown}" is ${what}, not a regular file.`, { path: shown });
}

/**
 * What an error of writing to a store means for the whole call, or null where it concerns one file only. Codes of a
 * full, read-only, denied or failing disk concern every file.
 */
export function storeFailed(error: unknown, store: string): Transient | null {
  const code = codeOf(error);
  const details = { root: store, code };
  switch (code) {
    case 'ENOSPC':
    case 'EDQUOT':
      return new Transient('STORE_FULL', `The store at ${store} is full (${code}); make room.`, details, {
        cause: error,
      });
    case 'EROFS':
      return new Transient(
        'STORE_READ_ONLY',
        `The store at ${store} is mounted read-only; check the system log for the reason.`,
        details,
        { cause: error },
      );
    case 'EACCES':
    case 'EPERM':
      return new Transient(
        'STORE_DENIED',
        `The store at ${store} cannot be written (${code}); give this service's user the right to write there.`,
        details,
        { cause: error },
      );
    case 'EIO':
    case 'ENXIO':
    case 'ENODEV':
    case 'ESTALE':
    case 'EUCLEAN':
    case 'EREMOTEIO':
    case 'ESHUTDOWN':
    case 'ENOTCONN':
    case 'ETIMEDOUT':
    case 'EHOSTDOWN':
      return new Transient(
        'COPY_NOT_SYNCED',
        `The store at ${store} failed (${code}); what was being written there is void.`,
        details,
        { cause: error },
      );
    default:
      return null;
  }
}
