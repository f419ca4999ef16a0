import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { Client } from 'pg';
import { answersPing } from './redis';
import {
  createDatabase,
  serverImages,
  startPostgresContainer,
  startRedisContainer,
  whyNoContainers,
  type LocalServer,
} from './index';

const names = ['TEST_SERVERS', 'DOCKER_HOST'] as const;
const before = names.map((name) => process.env[name]);
function set(values: Partial<Record<(typeof names)[number], string>>): void {
  for (const name of names) {
    if (values[name] === undefined) delete process.env[name];
    else process.env[name] = values[name];
  }
}
afterEach(() => set(Object.fromEntries(names.flatMap((name, at) => (before[at] ? [[name, before[at]]] : [])))));

const nowhere = 'tcp://127.0.0.1:1';

test('without a Docker engine, the reason says so', () => {
  set({ DOCKER_HOST: nowhere });
  expect(whyNoContainers([])).toMatch(/^no Docker engine answers/);
});

test('TEST_SERVERS decides, and must be possible', () => {
  set({ TEST_SERVERS: 'embedded' });
  expect(whyNoContainers([])).toBe('TEST_SERVERS is embedded');
  set({ TEST_SERVERS: 'containers', DOCKER_HOST: nowhere });
  expect(() => whyNoContainers([])).toThrow(/TEST_SERVERS is containers, but no Docker engine answers/);
  set({ TEST_SERVERS: 'docker' });
  expect(() => whyNoContainers([])).toThrow(/must be embedded or containers, not "docker"/);
});

const engine = whyNoContainers([]);
if (engine !== undefined) process.stderr.write(`SKIPPED: an image that cannot be pulled: ${engine}\n`);
(engine === undefined ? test : test.skip)('an image that cannot be pulled is named', () => {
  expect(whyNoContainers(['coldroom.invalid/none:1'])).toMatch(/^the image coldroom.invalid\/none:1 cannot be pulled/);
});

const reason = whyNoContainers(serverImages);
if (reason !== undefined) process.stderr.write(`SKIPPED: PostgreSQL and Redis in containers: ${reason}\n`);
(reason === undefined ? describe : describe.skip)('servers in containers', () => {
  const running: LocalServer[] = [];
  afterAll(async () => {
    for (const each of running) await each.stop();
  });

  test('PostgreSQL has our superuser, UTF-8 and our settings, and is gone when stopped', async () => {
    const server = await startPostgresContainer({ fsync: 'off' });
    running.push(server);
    const client = new Client({ connectionString: await createDatabase(server.url, 'spec') });
    await client.connect();
    const asked = `SELECT current_setting('fsync') AS fsync, current_setting('server_encoding') AS encoding,
      usesuper, current_setting('max_connections') AS connections FROM pg_user WHERE usename = current_user`;
    expect((await client.query(asked)).rows).toEqual([
      { fsync: 'off', encoding: 'UTF8', usesuper: true, connections: '200' },
    ]);
    await client.end();
    await server.stop();
    await expect(new Client({ connectionString: server.url }).connect()).rejects.toThrow();
  });

  test('what a killed run left is removed by the next one, and what another run uses is not', async () => {
    const start = `require(${JSON.stringify(join(__dirname, '../dist/index.js'))}).startRedisContainer()
      .then(({ url }) => console.log(url))`;
    const killed = spawn(process.execPath, ['-e', `${start}; setInterval(() => undefined, 1000)`], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const mine = await startRedisContainer();
    running.push(mine);
    const [line] = (await once(killed.stdout, 'data')) as [Buffer];
    const answer = (url: string): Promise<boolean> => answersPing(Number(new URL(url).port), new URL(url).hostname);
    const left = line.toString().trim();
    expect(await answer(left)).toBe(true);
    killed.kill('SIGKILL');
    await once(killed, 'exit');
    running.push(await startRedisContainer());
    expect([await answer(left), await answer(mine.url)]).toEqual([false, true]);
  });
});
