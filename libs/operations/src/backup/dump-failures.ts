import { Refused, Transient } from '@coldroom/domain';
import { withoutSecrets } from '@coldroom/runtime';
import type { ProgramConnection } from './connection';
import type { ProgramEnd } from './programs';

/** What went wrong, by what pg_dump or pg_restore wrote (in English, as LC_ALL is C). */
export function programFailed(
  { command, about }: { readonly command: string; readonly about: string },
  { code, signal, message }: ProgramEnd,
  connection: ProgramConnection,
): Error {
  const said = hide(message, connection.password) || (signal === null ? `exit code ${code}` : `ended by ${signal}`);
  const details = { database: connection.shown };
  const versions = /server version: (\S+?);? .*?pg_dump version: (\S+)/s.exec(said);
  if (versions)
    return new Refused(
      'BACKUP_PROGRAM_TOO_OLD',
      `${command} has version ${versions[2]}, and the server of ${about} has version ${versions[1]}: a dump needs a pg_dump that is at least as new as the server. Install postgresql-client of version ${versions[1]?.split('.')[0]} (https://www.postgresql.org/download/), or use the image of the profile backup with POSTGRES_IMAGE=postgres:${versions[1]?.split('.')[0]}`,
      { ...details, program: versions[2], server: versions[1] },
    );
  if (/password authentication failed|no password supplied|no pg_hba\.conf entry|role ".*" does not exist/.test(said))
    return new Refused(
      'BACKUP_LOGIN_REFUSED',
      `The server of ${about} (${connection.shown}) refuses the login: ${said}. Correct the name and password in its URL`,
      details,
    );
  if (/permission denied/.test(said))
    return new Refused(
      'BACKUP_RIGHTS_MISSING',
      `The role may not read all of ${about} (${connection.shown}): ${said}. Give it pg_read_all_data: docs/backup-and-restore.md`,
      details,
    );
  if (/certificate|does not support SSL/.test(said))
    return new Refused(
      'BACKUP_TLS_REFUSED',
      `The server of ${about} (${connection.shown}) is not trusted: ${said}. Name the certificate of its authority in the URL (sslrootcert=/path/to/ca.pem), and the server by the name in its certificate`,
      details,
    );
  if (
    /could not (connect|translate)|connection to server .* failed|server closed the connection|terminating connection|Connection refused/.test(
      said,
    )
  )
    return new Transient(
      'BACKUP_DATABASE_UNAVAILABLE',
      `The server of ${about} (${connection.shown}) does not answer: ${said}. Check that it runs, then run the command again`,
      details,
    );
  return new Refused('BACKUP_DUMP_FAILED', `${command} failed for ${about} (${connection.shown}): ${said}`, details);
}

export function hide(message: string, password: string | undefined): string {
  const text = withoutSecrets(message.trim().split('\n').slice(-4).join('; '));
  return password === undefined || password === '' ? text : text.replaceAll(password, '***');
}
