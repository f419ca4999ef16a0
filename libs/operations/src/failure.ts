import { codeOf, ColdroomError, messageOf, Refused, Transient } from '@coldroom/domain';
import { asRegisterError } from '@coldroom/register';
import { exitCodes, SettingsError } from '@coldroom/runtime';

export type ExitCode = (typeof exitCodes)[keyof typeof exitCodes];

/** A call that was not understood or is incomplete. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

/** The result of a command that fails. `stack` is present only if the fault is in Coldroom. */
export interface Failure {
  readonly code: string;
  readonly message: string;
  readonly exitCode: ExitCode;
  readonly details?: Readonly<Record<string, unknown>>;
  readonly stack?: string | undefined;
}

export function notFound(what: string, code: string, next: string): Refused {
  return new Refused(code, `There is no ${what}; ${next}`);
}

export function noSuchRequest(id: bigint): Refused {
  return notFound(`request ${id}`, 'NO_SUCH_REQUEST', '"coldroom requests list" shows all');
}

/** Describes a failure for a person and a script: code, one message with the next step, exit code. */
export function failureOf(error: unknown): Failure {
  if (error instanceof UsageError) return { code: 'USAGE', message: error.message, exitCode: exitCodes.usage };
  if (error instanceof SettingsError)
    return {
      code: 'SETTINGS',
      message: error.message,
      exitCode: exitCodes.settings,
      details: { faults: error.faults },
    };
  if (error instanceof ColdroomError)
    return { code: error.code, message: error.message, exitCode: exitCodeOf(error), details: error.details };
  const known = asRegisterError(error);
  if (known instanceof ColdroomError)
    return failureOf(
      known.code === 'REGISTER_UNAVAILABLE'
        ? new Transient(known.code, unavailableMessage(messageOf(error) || codeOf(error)))
        : known,
    );
  const code = codeOf(error);
  return (
    ofRegister(code, messageOf(error)) ?? {
      code,
      message: messageOf(error) || code,
      exitCode: exitCodes.failed,
      stack: error instanceof Error ? error.stack : undefined,
    }
  );
}

const notAllowed: readonly string[] = [
  'REQUEST_DECIDED',
  'NOT_PERMITTED',
  'NOT_SIGNED_IN',
  'BACKUP_LOGIN_REFUSED',
  'BACKUP_RIGHTS_MISSING',
  'DRILL_RIGHTS_MISSING',
];

function exitCodeOf(error: ColdroomError): ExitCode {
  if (error.code.startsWith('NO_SUCH_')) return exitCodes.notFound;
  if (['BAG_BUSY', 'REBUILD_RUNNING', 'BACKUP_RUNNING', 'DRILL_RUNNING'].includes(error.code)) return exitCodes.held;
  if (error.code === 'STORES_INVALID') return exitCodes.settings;
  if (notAllowed.includes(error.code) || error.code.endsWith('_NOT_ALLOWED')) return exitCodes.notAllowed;
  return error.kind === 'refused' ? exitCodes.failed : exitCodes.temporary;
}

/** By PostgreSQL's SQLSTATEs (its manual, appendix A). */
function ofRegister(code: string, message: string): Failure | undefined {
  const of = (ours: string, text: string, exitCode: ExitCode): Failure => ({ code: ours, message: text, exitCode });
  switch (code) {
    case '42P01':
    case '42703':
    case '3F000':
      return of(
        'REGISTER_NOT_MIGRATED',
        `The register lacks this version's tables (${message}); run "coldroom migrate"`,
        exitCodes.failed,
      );
    case '3D000':
      return of(
        'REGISTER_NOT_FOUND',
        `${message}; create the database, or correct REGISTER_DATABASE_URL`,
        exitCodes.settings,
      );
    case '28P01':
    case '28000':
      return of(
        'REGISTER_LOGIN_REFUSED',
        `${message}; correct the name and password in REGISTER_DATABASE_URL`,
        exitCodes.notAllowed,
      );
    case '42501':
      return of(
        'REGISTER_RIGHTS_MISSING',
        `The role in REGISTER_DATABASE_URL lacks a right: ${message}`,
        exitCodes.notAllowed,
      );
    default:
      return undefined;
  }
}

export function unavailableMessage(reason: string): string {
  return `The register's PostgreSQL does not answer (${reason}); check that it runs and that REGISTER_DATABASE_URL is right, then try again`;
}
