import { readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { ran } from '../run';
import { commandsOfBackupPage } from './backup-page';
import type { Stack } from './stack';
import { command, finished, packed, type Walk } from './walk';

/** A server that is not the register's: that of the sample's OMERO. Otherwise no drill restores OMERO's dump. */
export const drillServer = 'COLDROOM_DRILL_DATABASE_URL=postgres://omero:omero@database:5432/postgres';
/** Where the page has its backup directory. */
export const directoryOfPage = '/mnt/backup/coldroom';
const pauseMs = 1000;
const patienceMs = 180_000;

export interface Backups {
  readonly secrets: string;
  /** Where dumps are kept. */
  readonly directory: string;
  readonly image: string;
}

/**
 * Sets the profile up by docs/backup-and-restore.md, for both databases. Its service makes the newest dumps while a
 * request is approved and not yet archived; afterwards that request is archived, and others that the dumps do not have.
 *
 * @returns the stack with this profile
 */
export async function backUpAndWorkOn(
  { stack: plain, say }: Walk,
  { secrets, directory, image }: Backups,
): Promise<Stack> {
  const stack = plain.with({
    COMPOSE_PROFILES: 'backup',
    COLDROOM_BACKUPS: directory,
    COLDROOM_BACKUP_IMAGE: image,
    DOCKER_BUILDKIT: process.env['DOCKER_BUILDKIT'] ?? '0',
  });
  await command(stack, 'stop', '--reason', 'a backup is about to be made');
  await command(stack, 'requests', 'approve', '4', '--yes');
  await packed(stack);
  await makeOmeroRole(stack, secrets);
  const withService = await setUp(stack, directory, say);
  await dumpsOfService(withService, directory);
  say(`the service has made ${newestIn(directory, 'register')} while a request was approved and not archived`);
  await command(stack, 'resume');
  await stack.do('run', '--rm', '--no-deps', '-T', 'omero-sample', 'mark');
  await command(stack, 'scan');
  await command(stack, 'requests', 'approve', ...(await madeLater(stack)), '--yes');
  await finished(stack);
  await drill(stack, say);
  return withService;
}

/** Requests that were made after the dumps: before them there are four. */
export async function madeLater(stack: Stack): Promise<readonly string[]> {
  return (await stack.query('SELECT id FROM coldroom.request WHERE id > 4 ORDER BY id')).split('\n');
}

/** As the page has it. */
async function makeOmeroRole(stack: Stack, secrets: string): Promise<void> {
  const role = `CREATE ROLE omero_backup LOGIN PASSWORD 'a long random one'; GRANT pg_read_all_data TO omero_backup`;
  await stack.do('exec', '-T', 'database', 'psql', '-U', 'omero', '-d', 'postgres', '-c', role);
  const url = 'postgres://omero_backup:a%20long%20random%20one@database:5432/postgres\n';
  writeFileSync(join(secrets, 'backup_omero_url'), url);
}

async function setUp(stack: Stack, directory: string, say: Walk['say']): Promise<Stack> {
  let used = stack;
  for (const each of commandsOfBackupPage('As a service')) {
    if (each.startsWith('echo COLDROOM_BACKUPS=')) continue; // a variable of these commands
    if (each.endsWith('drill restore')) continue; // later, when there is something to compare
    if (each.endsWith('up -d')) used = stack.with({ COLDROOM_BACKUP_AT: inAMinute() });
    await used.shell(each.replaceAll(directoryOfPage, directory));
    say(`set-up of backups: ${each}`);
  }
  await used.untilHealthy(['backup']);
  return used;
}

/** By the clock of the containers; the dumps that were made before it do not count for this day. */
const inAMinute = (): string => new Date(Date.now() + 60_000).toISOString().slice(11, 16);

/** Until its first drill is done and both dumps are made; of each day, only the newest is kept. */
async function dumpsOfService(stack: Stack, directory: string): Promise<void> {
  const done = [
    '"event":"drill done"',
    '"event":"backup made","database":"register"',
    '"event":"backup made","database":"omero"',
  ];
  for (const begun = Date.now(); ; await sleep(pauseMs)) {
    const log = await stack.logs('backup');
    if (done.every((each) => log.includes(each))) break;
    if (Date.now() - begun > patienceMs) throw new Error(`the service makes no dumps, or no drill:\n${log}`);
  }
  for (const database of ['register', 'omero']) {
    const name = newestIn(directory, database) ?? '';
    await ran('sh', ['-c', 'cd "$1" && sha256sum --check --quiet "$2"', 'sh', directory, `${name}.sha256`]);
  }
}

/** All work since the dumps is found, and every difference is explained by it. */
async function drill(stack: Stack, say: Walk['say']): Promise<void> {
  const said = await stack.do(
    'run',
    '--rm',
    '-T',
    '-e',
    drillServer,
    'backup',
    'coldroom',
    'drill',
    'restore',
    '--json',
  );
  const { omero, since, audit } = JSON.parse(said) as Drill;
  const unexplained = audit.findings.filter(({ total, explained }) => total > explained);
  if (!omero || since.linked === 0 || since.broughtBack.count === 0 || unexplained.length > 0)
    throw new Error(`the drill does not find what was done since the dump, or more:\n${said}`);
  say(`a drill restored both dumps; ${since.linked} files in ${since.broughtBack.count} bags were linked since then`);
}

interface Drill {
  readonly omero: object | null;
  readonly since: { readonly linked: number; readonly broughtBack: { readonly count: number } };
  readonly audit: { readonly findings: readonly { readonly total: number; readonly explained: number }[] };
}

export const newestIn = (directory: string, database: string): string | undefined =>
  dumpsIn(directory, database).at(-1);

const dumpsIn = (directory: string, database: string): readonly string[] =>
  readdirSync(directory)
    .filter((name) => name.startsWith(`coldroom-${database}-`) && name.endsWith('.dump'))
    .sort();
