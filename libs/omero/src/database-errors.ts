import { codeOf, ColdroomError, messageOf, Refused, Transient } from '@coldroom/domain';
import { UnsuitableServer } from '@coldroom/postgres';

const unavailableCodes = ['ECONNREFUSED', 'ECONNRESET', 'EPIPE', 'ETIMEDOUT', 'ENOTFOUND', 'EAI_AGAIN', 'EHOSTUNREACH'];
const unavailableMessages =
  /Connection terminated|timeout exceeded when trying to connect|not queryable|Client was closed/;
/** Deadlock, serialization failure, lock timeout, statement timeout. */
const busyCodes = ['40P01', '40001', '55P03', '57014'];

/**
 * Classifies an error by SQLSTATE (PostgreSQL, appendix A): unavailable and busy may pass; a wrong login, right or
 * schema will not. Unknown errors stay as they are.
 */
export function asOmeroError(thrown: unknown): unknown {
  if (thrown instanceof ColdroomError) return thrown;
  const code = codeOf(thrown);
  const message = messageOf(thrown);
  const cause = { cause: thrown };
  if (thrown instanceof UnsuitableServer) return unsuitable(thrown);
  if (busyCodes.includes(code)) {
    return new Transient(
      'OMERO_DATABASE_BUSY',
      `OMERO's database cancelled a statement: ${message}. It will be tried again.`,
      { sqlState: code },
      cause,
    );
  }
  if (code === '25006') {
    return new Transient('OMERO_DATABASE_READ_ONLY', `OMERO's database refuses writes: ${message}.`, {}, cause);
  }
  if (unavailableCodes.includes(code) || /^(08|57|53).{3}$/.test(code) || unavailableMessages.test(message)) {
    return new Transient(
      'OMERO_DATABASE_UNAVAILABLE',
      `OMERO's database does not answer: ${message}.`,
      { sqlState: code },
      cause,
    );
  }
  if (/^28.{3}$/.test(code) || code === '3D000') {
    return new Refused(
      'OMERO_LOGIN_REFUSED',
      `OMERO's database refuses the login: ${message}. Check OMERO_DATABASE_URL.`,
      { sqlState: code },
      cause,
    );
  }
  if (code === '42501') {
    return new Refused(
      'OMERO_RIGHTS_MISSING',
      `The database role lacks a right: ${message}. Run docs/omero-grants.sql on OMERO's database.`,
      { sqlState: code },
      cause,
    );
  }
  if (/^42(P01|703|883)$/.test(code)) {
    return new Refused(
      'OMERO_SCHEMA_UNKNOWN',
      `OMERO's database is not as expected: ${message}.`,
      { sqlState: code },
      cause,
    );
  }
  return thrown;
}

function unsuitable(error: UnsuitableServer): ColdroomError {
  const text = `OMERO_DATABASE_URL ${error.message}.`;
  switch (error.why) {
    case 'pooled':
      return new Refused('OMERO_DATABASE_POOLED', text, {}, { cause: error });
    case 'silent':
      return new Transient('OMERO_DATABASE_UNAVAILABLE', text, {}, { cause: error });
    default:
      return new Transient('OMERO_DATABASE_READ_ONLY', text, {}, { cause: error });
  }
}
