import { execFileSync, spawn, spawnSync } from 'node:child_process';
import {
  chmodSync,
  cpSync,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readlinkSync,
  rmSync,
  statSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Client } from 'pg';
import { createDatabase, removeServerData, startPostgres } from './index';
import { installedBinaries } from './postgres-binaries';

const asRoot = process.getuid?.() === 0;
const dirs: string[] = [];

function directory(mode: number): string {
  const dir = mkdtempSync(join(tmpdir(), 'local-spec-'));
  chmodSync(dir, mode);
  dirs.push(dir);
  return dir;
}

async function ask(url: string, sql: string): Promise<unknown> {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    return Object.values((await client.query<Record<string, unknown>>(sql)).rows[0] ?? {})[0];
  } finally {
    await client.end();
  }
}

afterAll(() => {
  for (const dir of dirs) removeServerData(dir);
});

test('keeps its data from one start to the next', async () => {
  const dir = directory(0o755);
  const first = await startPostgres({ dir });
  const url = await createDatabase(first.url, 'a "b');
  await ask(url, 'CREATE TABLE kept AS SELECT 42 AS n');
  expect(await ask(url, 'SHOW server_encoding')).toBe('UTF8');
  expect(await ask(url, `SELECT usesuper FROM pg_user WHERE usename = current_user AND usename = 'coldroom'`)).toBe(
    true,
  );
  await expect(createDatabase(first.url, 'a "b')).rejects.toThrow('already');
  expect(await createDatabase(first.url, 'a "b', { existing: 'keep' })).toBe(url);
  await first.stop();
  await expect(ask(url, 'SELECT 1')).rejects.toThrow();

  const second = await startPostgres({ dir });
  const again = new URL(url);
  again.port = new URL(second.url).port;
  expect(await ask(again.href, 'SELECT n FROM kept')).toBe(42);
  await createDatabase(second.url, 'a "b', { existing: 'drop' });
  await expect(ask(again.href, 'SELECT n FROM kept')).rejects.toThrow('does not exist');
  await second.stop();
  expect(second.how).toContain(dir);
});

test('starts with the data of another one that has stopped, and leaves that unchanged', async () => {
  const dir = directory(0o755);
  const first = await startPostgres({ dir });
  await ask(first.url, 'CREATE TABLE kept AS SELECT 42 AS n');
  await first.stop();
  const other = { dir: directory(0o755), like: dir };
  for (const n of [42, 43]) {
    const copy = await startPostgres(other);
    expect(await ask(copy.url, 'SELECT n FROM kept')).toBe(n);
    await ask(copy.url, 'UPDATE kept SET n = 43');
    await copy.stop();
  }
  const again = await startPostgres({ dir });
  expect(await ask(again.url, 'SELECT n FROM kept')).toBe(42);
  await again.stop();
});

test('two servers run in parallel', async () => {
  const [a, b] = await Promise.all([
    startPostgres({ dir: directory(0o755) }),
    startPostgres({ dir: directory(0o755) }),
  ]);
  expect(a.url).not.toBe(b.url);
  await Promise.all([a.stop(), b.stop()]);
});

(asRoot ? test : test.skip)(
  'a directory closed to user postgres: data and binaries go to an open place, and that is said',
  async () => {
    const home = directory(0o700);
    const binaries = join(home, 'native');
    cpSync(installedBinaries(), binaries, { recursive: true, verbatimSymlinks: true });
    const dir = join(home, 'state');
    const umask = process.umask(0o077);
    const server = await startPostgres({ dir, binaries }).finally(() => process.umask(umask));
    const target = readlinkSync(join(dir, 'postgres-data'));
    const copied = /binaries copied to (\S+),/.exec(server.how)?.[1] ?? '';
    try {
      expect(target).toMatch(/^\/var\/tmp\/coldroom-/);
      expect(statSync(target).mode & 0o777).toBe(0o700);
      expect(statSync(join(target, '..')).mode & 0o777).toBe(0o755);
      expect(server.how).toContain(target);
      await ask(server.url, 'CREATE TABLE kept AS SELECT 7 AS n');
      await server.stop();
      const again = await startPostgres({ dir, binaries });
      expect(await ask(again.url, 'SELECT n FROM kept')).toBe(7);
      await again.stop();
    } finally {
      await server.stop();
      removeServerData(dir);
      if (copied) rmSync(join(copied, '..'), { recursive: true });
    }
    expect(existsSync(target)).toBe(false);
    expect(copied).toMatch(/^\/var\/tmp\/coldroom-postgres-/);
  },
);

(asRoot ? test : test.skip)('a link that we did not make is refused and left alone', async () => {
  const dir = directory(0o755);
  const foreign = directory(0o755);
  mkdirSync(join(foreign, 'data'));
  execFileSync('ln', ['-s', join(foreign, 'data'), join(dir, 'postgres-data')]);
  await expect(startPostgres({ dir })).rejects.toThrow('was not made here');
  removeServerData(dir);
  expect(lstatSync(join(foreign, 'data')).isDirectory()).toBe(true);
});

(process.platform === 'linux' ? test : test.skip)('a killed parent leaves no server behind', async () => {
  const dir = directory(0o755);
  const script = `require(${JSON.stringify(join(__dirname, '..', 'dist'))}).startPostgres({ dir: ${JSON.stringify(dir)} }).then((s) => console.log(s.url))`;
  const parent = spawn(process.execPath, ['-e', `${script}; setInterval(() => {}, 1000)`], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const url = await new Promise<string>((resolve) =>
    parent.stdout.once('data', (data: Buffer) => resolve(data.toString().trim())),
  );
  expect(await ask(url, 'SELECT 1')).toBe(1);
  parent.kill('SIGKILL');
  let up = true;
  for (let tries = 0; up && tries < 100; tries += 1) {
    await sleep(50);
    up = await ask(url, 'SELECT 1').then(
      () => true,
      () => false,
    );
  }
  expect(up).toBe(false);
});

(process.platform === 'linux' ? test : test.skip)(
  'a parent that is killed during initdb leaves no initdb behind',
  async () => {
    const dir = directory(0o755);
    const script = `require(${JSON.stringify(join(__dirname, '..', 'dist'))}).startPostgres({ dir: ${JSON.stringify(dir)} })`;
    const parent = spawn(process.execPath, ['-e', script], { stdio: 'ignore' });
    const running = (): boolean => spawnSync('pgrep', ['-f', `initdb --pgdata=${dir}`]).status === 0;
    while (!running()) await sleep(5);
    parent.kill('SIGKILL');
    await sleep(100);
    expect(running()).toBe(false);
  },
);
