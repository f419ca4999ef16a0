import { codeOf, ColdroomError, messageOf, Refused, Transient } from '@coldroom/domain';
import { UnsuitableServer } from '@coldroom/postgres';

const networkCodes = [
  'ECONNREFUSED',
  'ECONNRESET',
  'EPIPE',
  'ETIMEDOUT',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
];
/** Of our driver, which gives these no code. */
const lostMessages =
  /Connection terminated|connection error and is not queryable|timeout exceeded when trying to connect|timeout expired/;

/**
 * What an error of the driver means, by SQLSTATE (PostgreSQL, appendix A). A lost or refused connection, a shutdown, a
 * serialization failure, a full disk and a server that refuses writes are transient; a pooler that does not keep sessions
 * is refused. Any other error is returned unchanged.
 */
export function asRegisterError(error: unknown): unknown {
  if (error instanceof ColdroomError) return error;
  const [code, message, cause] = [codeOf(error), messageOf(error), { cause: error }];
  if (error instanceof UnsuitableServer) return unsuitable(error);
  if (code === '25006')
    return new Transient('REGISTER_READ_ONLY', `The register's PostgreSQL refuses writes: ${message}`, {}, cause);
  if (code === '53100')
    return new Transient(
      'REGISTER_FULL',
      `The disk of the register's PostgreSQL is full (${message}); make room there, and work continues`,
      {},
      cause,
    );
  const isLost = networkCodes.includes(code) || /^(08|57|53|40)...$/.test(code) || lostMessages.test(message);
  return isLost
    ? new Transient('REGISTER_UNAVAILABLE', `The register's PostgreSQL does not answer: ${message || code}`, {}, cause)
    : error;
}

function unsuitable(error: UnsuitableServer): ColdroomError {
  const text = `REGISTER_DATABASE_URL ${error.message}`;
  switch (error.why) {
    case 'pooled':
      return new Refused('REGISTER_POOLED', text, {}, { cause: error });
    case 'silent':
      return new Transient('REGISTER_UNAVAILABLE', text, {}, { cause: error });
    default:
      return new Transient('REGISTER_READ_ONLY', text, {}, { cause: error });
  }
}
