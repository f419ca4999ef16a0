import { OmeroDatabase } from '@coldroom/omero';
import type { Register } from '@coldroom/register';
import { Log } from '@coldroom/runtime';
import { formatDuration } from '@coldroom/terminal';
import { failureOf } from '../failure';
import type { Surroundings } from '../surroundings';
import { examine, fault, ok, warning, type Finding } from './findings';
import type { KnownSettings } from './settings';

const clockLimitMs = 2000;

/** Whether the register, OMERO's database and Redis answer and meet the requirements. */
export async function examineConnections(context: Surroundings, settings: KnownSettings): Promise<readonly Finding[]> {
  const { REGISTER_DATABASE_URL: register, OMERO_DATABASE_URL: omero, REDIS_URL: redis } = settings;
  const found = await Promise.all([
    register === undefined ? [] : examine('register', () => context.register(examineRegister)),
    omero === undefined ? [] : examine('OMERO database', () => examineOmero(omero)),
    redis === undefined ? [] : examine('redis', () => examineRedis(redis)),
  ]);
  return found.flat();
}

async function examineRegister({ reports }: Register): Promise<readonly Finding[]> {
  const pending = await reports.pendingMigrations();
  return [
    pending.length === 0
      ? ok('register', 'answers, and has all tables of this version')
      : fault('register', `lacks ${pending.join(', ')}`, 'coldroom migrate'),
    clockFinding(await clockDifference(reports)),
  ];
}

/** Milliseconds by which the server's clock is ahead of this machine's, allowing for half the time of the query. */
async function clockDifference(reports: Register['reports']): Promise<number> {
  const asked = Date.now();
  const theirs = (await reports.clock()).getTime();
  return theirs - (asked + Date.now()) / 2;
}

function clockFinding(aheadMs: number): Finding {
  if (Math.abs(aheadMs) <= clockLimitMs) return ok('clocks', "this machine's and the register's agree");
  return warning(
    'clocks',
    `the register's is ${formatDuration(Math.abs(aheadMs))} ${aheadMs > 0 ? 'ahead of' : 'behind'} ours`,
    'let both keep time by NTP: hold times and leases go by these clocks',
  );
}

async function examineOmero(url: string): Promise<readonly Finding[]> {
  const database = OmeroDatabase.connect(url, { max: 1, statementTimeout: 15_000 });
  try {
    const { version, patch, managedRepository } = await database.check();
    return [
      ok(
        'OMERO database',
        `${version} patch ${patch}, with all rights for archiving; its managed repository is ${managedRepository.place}`,
      ),
      await examinePeople(database),
      await examineUsage(database),
    ];
  } finally {
    database.close().catch(() => undefined); // a hung server would block this process
  }
}

/** Names and e-mail addresses are for the console and for mail; archiving works without them. */
async function examinePeople(database: OmeroDatabase): Promise<Finding> {
  try {
    await database.checkRosterRights();
    return ok('people', 'names and e-mail addresses of OMERO users can be read');
  } catch (error) {
    const { message } = failureOf(error);
    return warning('people', message, 'psql -d omero -f docs/omero-grants.sql, as the owner of its tables');
  }
}

/** What is in OMERO is for the page Usage; archiving works without it. */
async function examineUsage(database: OmeroDatabase): Promise<Finding> {
  try {
    await database.checkUsageRights();
    return ok('usage', 'how much is in OMERO, and since when, can be read');
  } catch (error) {
    const { message } = failureOf(error);
    return warning('usage', message, 'psql -d omero -f docs/omero-grants.sql, as the owner of its tables');
  }
}

async function examineRedis(url: string): Promise<Finding> {
  // Loaded only here: it takes longer than all the rest.
  const { RedisConnection } = await import('@coldroom/pipeline');
  const connection = new RedisConnection(url, new Log('doctor', 'error'));
  try {
    await connection.check();
    return ok('redis', 'answers, and never drops a job (noeviction)');
  } finally {
    connection.disconnect();
  }
}
