import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { chownSync, existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { Client } from 'pg';
import { clusterDirectory } from './postgres-data';
import { postgresUser, runnableBinaries, type SystemUser } from './postgres-binaries';
import { dieWithParent } from '@coldroom/runtime/process';
import { startServer, type LocalServer } from './server-process';

export interface PostgresPlace {
  readonly dir: string;
  /** PostgreSQL settings by name, for example `{ fsync: 'off' }` for data that is not needed after a crash. */
  readonly settings?: Readonly<Record<string, string>>;
  /** Another directory of binaries than npm's. */
  readonly binaries?: string;
  /**
   * The `dir` of another server, which has stopped: its data is copied if there is none yet, which is faster than
   * creating it.
   */
  readonly like?: string;
}

/**
 * Starts the PostgreSQL that npm installed, on a free port of 127.0.0.1, with its data in `dir` (created at the first
 * call, reused after that). The url is that of its superuser `coldroom`, database `postgres`. On Linux it ends by
 * itself when this process dies.
 */
export async function startPostgres({ dir, settings = {}, binaries, like }: PostgresPlace): Promise<LocalServer> {
  const home = resolve(dir);
  mkdirSync(home, { recursive: true });
  const user = postgresUser();
  const { native, copied } = runnableBinaries(user, binaries);
  const { data, outside } = clusterDirectory(home, user);
  const password =
    like === undefined ? makeCluster(home, data, native, user) : copyCluster(resolve(like), home, data, user);
  const urlOf = (port: number): string => `postgres://coldroom:${password}@127.0.0.1:${port}/postgres`;
  const options = Object.entries({ max_connections: '200', ...settings }).flatMap(([name, value]) => [
    '-c',
    `${name}=${value}`,
  ]);
  const running = await startServer({
    name: 'PostgreSQL',
    command: (port) => [
      join(native, 'bin', 'postgres'),
      '-D',
      join(data, 'cluster'),
      '-p',
      String(port),
      '-h',
      '127.0.0.1',
      '-k',
      '',
      ...options,
    ],
    ...(user ? { user } : {}),
    env: plainEnvironment(),
    logFile: join(home, 'postgres.log'),
    stopSignal: 'SIGINT',
    ready: (port) => answers(urlOf(port)),
  });
  const moved = [...(copied ? [`binaries copied to ${native}`] : []), ...(outside ? [`data in ${data}`] : [])];
  const why =
    moved.length > 0 ? ` (user postgres cannot enter ${outside ? home : 'node_modules'}: ${moved.join(', ')})` : '';
  return {
    url: urlOf(running.port),
    how: `PostgreSQL 16 on 127.0.0.1:${running.port}${user ? ' as user postgres' : ''}, data in ${join(home, 'postgres-data')}${why}`,
    stop: () => running.stop(),
  };
}

/**
 * Makes the cluster under another name and renames it when complete: a killed initdb leaves nothing half-made. Returns
 * the password.
 */
function makeCluster(home: string, data: string, native: string, user: SystemUser | undefined): string {
  const passwordFile = join(home, 'postgres.password');
  if (existsSync(join(data, 'cluster'))) return readFileSync(passwordFile, 'utf8');
  const password = randomBytes(12).toString('hex');
  writeFileSync(passwordFile, password, { mode: 0o600 });
  const unfinished = join(data, 'cluster.new');
  const passwordForInitdb = join(data, 'password.new');
  rmSync(unfinished, { recursive: true, force: true });
  writeFileSync(passwordForInitdb, password, { mode: 0o600 });
  if (user) chownSync(passwordForInitdb, user.uid, user.gid);
  try {
    // An initdb that outlived us would remove its directory when it fails, though another process may use it again.
    const [program = '', ...args] = [...dieWithParent('KILL'), join(native, 'bin', 'initdb')];
    execFileSync(
      program,
      [
        ...args,
        `--pgdata=${unfinished}`,
        '--username=coldroom',
        `--pwfile=${passwordForInitdb}`,
        '--auth=scram-sha-256',
        '--encoding=UTF8',
        '--locale=C',
        '--no-sync',
      ],
      { cwd: '/', env: plainEnvironment(), ...user, stdio: ['ignore', 'ignore', 'pipe'] },
    );
  } finally {
    rmSync(passwordForInitdb, { force: true });
  }
  renameSync(unfinished, join(data, 'cluster'));
  return password;
}

/** The same by a copy, with the password of the other one. */
function copyCluster(like: string, home: string, data: string, user: SystemUser | undefined): string {
  const password = readFileSync(join(like, 'postgres.password'), 'utf8');
  if (existsSync(join(data, 'cluster'))) return password;
  writeFileSync(join(home, 'postgres.password'), password, { mode: 0o600 });
  const unfinished = join(data, 'cluster.new');
  rmSync(unfinished, { recursive: true, force: true });
  execFileSync('cp', ['-a', join(clusterDirectory(like, user).data, 'cluster'), unfinished]);
  renameSync(unfinished, join(data, 'cluster'));
  return password;
}

function plainEnvironment(): NodeJS.ProcessEnv {
  return { PATH: process.env['PATH'], LC_ALL: 'C', TZ: 'UTC' };
}

export async function answers(url: string): Promise<boolean> {
  const client = new Client({ connectionString: url, connectionTimeoutMillis: 2_000 });
  client.on('error', () => undefined);
  try {
    await client.connect();
    await client.query('SELECT 1');
    return true;
  } catch (error) {
    if ((error as { code?: string }).code === '28P01')
      throw new Error(
        'PostgreSQL does not know the password kept beside its data; restore postgres.password or remove the directory.',
        { cause: error },
      );
    return false;
  } finally {
    await client.end().catch(() => undefined);
  }
}
