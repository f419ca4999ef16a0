import { randomUUID } from 'node:crypto';
import { ImportDatabase } from '@coldroom/omero';
import { failureOf } from '../../failure';
import type { Surroundings } from '../../surroundings';
import { examine, fault, ok, warning, type Finding } from '../findings';
import { lastLine, runAs, type ImporterSettings, type Ran } from './programs';

const limitMs = 240_000;
const about = 'OMERO account';
const grants = 'psql -d omero -f docs/omero-import-grants.sql, as the owner of its tables';
/** What the importer's account needs, of the privileges of an administrator. */
const needed = ['Sudo', 'ReadSession'];

/** The exit codes of omero-py, of which the system keeps the last byte. */
const refusals: Readonly<Record<number, readonly [found: string, next: string]>> = {
  [524 % 256]: ['its password is refused', 'correct IMPORT_OMERO_PASSWORD'],
  [525 % 256]: ['it is not active', 'activate it in OMERO.web'],
  [554 % 256]: ['OMERO.server does not answer', 'start it, or correct IMPORT_OMERO_HOST and IMPORT_OMERO_PORT'],
  [555 % 256]: ['the host of OMERO.server is not known', 'correct IMPORT_OMERO_HOST'],
  [556 % 256]: ['OMERO.server does not answer', 'start it, or correct IMPORT_OMERO_HOST and IMPORT_OMERO_PORT'],
};
const noSudo = [
  'it may not open sessions of others',
  'give it the privileges Sudo and ReadSession (OMERO.web: Admin, Users)',
] as const;

/** The role in OMERO's database, and the account: it opens a session of its own, as it does for people, and closes it. */
export async function examineAccount(around: Surroundings, settings: ImporterSettings): Promise<readonly Finding[]> {
  const database = ImportDatabase.connect(settings.IMPORT_OMERO_DATABASE_URL, { max: 1, statementTimeout: 15_000 });
  try {
    const role = await examine('OMERO import role', () => examineRole(database));
    const privileges = await examine(about, () => examinePrivileges(around, settings.IMPORT_OMERO_USER));
    return [...role, ...privileges, ...(await examine(about, () => openAndClose(settings, database), limitMs))];
  } finally {
    database.close().catch(() => undefined); // a hung server would block this process
  }
}

async function examineRole(database: ImportDatabase): Promise<Finding> {
  try {
    await database.filesOf([]);
    await database.hasEnded(0n);
    await database.sessionNumber(randomUUID());
    return ok('OMERO import role', 'reads what sessions made, and the number of a session by its key');
  } catch (error) {
    return fault('OMERO import role', failureOf(error).message, grants);
  }
}

/** As the scanner read them from OMERO. */
async function examinePrivileges(around: Surroundings, login: string): Promise<readonly Finding[]> {
  const person = await around.register(({ people }) => people.byLogin(login));
  if (!person) return []; // no scan has read it; the session below shows what counts
  if (!person.administrator) return [fault(about, `${login} is no administrator of OMERO`, noSudo[1])];
  const lacking = needed.filter((privilege) => person.withheld.includes(privilege));
  if (lacking.length > 0) return [fault(about, `${login} lacks the privilege ${lacking.join(', ')}`, noSudo[1])];
  if (person.withheld.length > 0) return [];
  return [
    warning(
      about,
      `${login} has all privileges of an administrator`,
      'restrict it to Sudo and ReadSession (OMERO.web: Admin, Users): its password is on this machine',
    ),
  ];
}

async function openAndClose(settings: ImporterSettings, database: ImportDatabase): Promise<Finding> {
  const { IMPORT_OMERO_USER: login } = settings;
  const sessions = (words: readonly string[]): Promise<Ran> => {
    const { IMPORT_OMERO_COMMAND: command, IMPORT_OMERO_HOST: host, IMPORT_OMERO_PORT: port, path } = settings;
    const server = ['sessions', '-s', host, '-p', String(port), '-u', login, '-C'];
    return runAs(command, [...server, ...words], path, { OMERO_PASSWORD: settings.IMPORT_OMERO_PASSWORD });
  };
  const opened = await sessions(['open', `--user-name=${login}`, '--group-name=user', '--timeout=60']);
  if (opened.code !== 0) return refused(opened, login);
  const key = opened.output.trim().split('\n').at(-1) ?? '';
  try {
    const number = await database.sessionNumber(key);
    if (number === undefined)
      return fault(
        about,
        `a session of ${login} is not in the database that the settings name`,
        'name the database of this OMERO.server in IMPORT_OMERO_DATABASE_URL',
      );
  } finally {
    await sessions(['close', key]); // it would end by itself after a minute
  }
  return ok(about, `${login} opens and closes sessions for others`);
}

function refused({ code, message }: Ran, login: string): Finding {
  const isPassword = message.includes('cannot request password');
  const isForbidden = [557 % 256, 111].includes(code ?? -1) || /^omero\.SecurityViolation/m.test(message);
  const known = isForbidden ? noSudo : refusals[isPassword ? 524 % 256 : (code ?? -1)];
  if (known) return fault(about, `${login}: ${known[0]}`, known[1]);
  return fault(about, `${login} opens no session (exit code ${code}): ${lastLine(message)}`, "see OMERO.server's log");
}
