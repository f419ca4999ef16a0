import { type ColdroomError, Refused, Transient } from '@coldroom/domain';
import type { OmeroEnd } from './omero-command';

/** Exit codes of omero-py (its plugins `sessions` and `import`), of which the system keeps the last byte. */
export const exits = {
  badSessionKey: 523 % 256,
  noSuchUser: 156,
  noJars: 103,
  nothingFound: 125,
} as const;
const connectionRefused = 554 % 256;
const unknownHost = 555 % 256;
const connectingFailed = 556 % 256;
const accountUnusable = 525 % 256;
const wrongPassword = 524 % 256;
const forbidden = [557 % 256, 111];

interface Asked {
  /** The account that logs in. */
  readonly account: string;
  readonly server: string;
}

/** What the end of a command that logs in means, for each code that is not success. */
export function loginError(end: OmeroEnd, { account, server }: Asked): ColdroomError {
  if (end.killed) return stopped(end);
  // With standard input that is no terminal, a wrong password has the code of a failed connection.
  switch (end.message.includes('cannot request password') ? wrongPassword : end.code) {
    case connectionRefused:
    case connectingFailed:
      return unavailable(`OMERO.server does not answer at ${server}. Start it; this will be tried again.`, end);
    case exits.badSessionKey:
      return new Transient(
        'OMERO_SESSION_ENDED',
        'OMERO.server does not know the key of a session: the session has ended, or the server was started again. A new one will be opened.',
        detailsOf(end),
      );
    case unknownHost:
      return unavailable(`The host of OMERO.server, ${server}, cannot be found. Correct its name or the DNS.`, end);
    case wrongPassword:
    case accountUnusable:
      return new Refused(
        'OMERO_SIGN_IN_REFUSED',
        `OMERO.server refuses the login of ${account}. Correct the name and password of the importer's account.`,
        detailsOf(end),
      );
    default:
      if (forbidden.includes(end.code ?? -1) || (end.code === 1 && /^omero\.SecurityViolation/m.test(end.message)))
        return new Refused(
          'OMERO_SESSION_REFUSED',
          `OMERO.server does not let ${account} open or close sessions of others. Give this account the privilege Sudo, and check that the person is a member of the group.`,
          detailsOf(end),
        );
      return failed(end);
  }
}

/** A command that was killed by us. */
export function stopped({ killed, code, message }: OmeroEnd): Transient {
  return killed === 'silent'
    ? new Transient(
        'OMERO_SERVER_UNAVAILABLE',
        'The command omero gave no output for too long and was killed. Check that OMERO.server answers.',
        { message },
      )
    : new Transient('OMERO_COMMAND_ABORTED', 'The command omero was killed because its worker stops.', { code });
}

/** Any other end. Its last words are in the message, without secrets. */
export function failed({ code, message }: OmeroEnd): Transient {
  const last = message.split('\n').at(-1) ?? '';
  return new Transient(
    'OMERO_COMMAND_FAILED',
    `The command omero ended with ${code === null ? 'a signal' : `exit code ${code}`}: ${last || 'no message'}. Correct what it names; this will be tried again.`,
    { code, message },
  );
}

export const detailsOf = ({ code, message }: OmeroEnd): Readonly<Record<string, unknown>> => ({
  exitCode: code,
  message,
});

const unavailable = (text: string, { message }: OmeroEnd): Transient =>
  new Transient('OMERO_SERVER_UNAVAILABLE', text, { message });
