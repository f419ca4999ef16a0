import { execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Queue, Worker } from 'bullmq';
import { Redis } from 'ioredis';
import { freePort } from '@coldroom/local';
import { RedisConnection } from './redis';
import { RecordedLog } from './testing';

const log = new RecordedLog();
const awkward = 'p@:/%?#s';
let dir: string;
const servers: ChildProcess[] = [];

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'coldroom-redis-'));
});
afterEach(async () => {
  for (const server of servers.splice(0)) await ended(server);
  rmSync(dir, { recursive: true });
});

async function ended(server: ChildProcess): Promise<void> {
  if (server.exitCode !== null || server.signalCode !== null) return;
  const gone = new Promise((resolve) => server.once('exit', resolve));
  server.kill('SIGKILL');
  await gone;
}

function start(port: number, lines: readonly string[], ...args: readonly string[]): ChildProcess {
  const home = join(dir, String(port));
  mkdirSync(home);
  const file = join(home, 'redis.conf');
  writeFileSync(file, [`dir ${home}`, 'bind 127.0.0.1', 'save ""', ...lines].join('\n'));
  const server = spawn('redis-server', [file, ...args], { stdio: 'ignore' });
  servers.push(server);
  return server;
}

async function until<T>(look: () => Promise<T>, withinMs = 30_000): Promise<T> {
  for (const end = Date.now() + withinMs; ; await sleep(100)) {
    try {
      return await look();
    } catch (error) {
      if (Date.now() > end) throw error;
    }
  }
}

/** Puts a job on a queue and waits until a worker has taken it. */
async function deliver(connection: RedisConnection, name: string): Promise<void> {
  const queue = new Queue(name, { connection: connection.forQueues, prefix: 'coldroom' });
  let worker: Worker | undefined;
  await new Promise<void>((resolve, reject) => {
    worker = new Worker(name, async () => resolve(), { connection: connection.forWorkers, prefix: 'coldroom' });
    worker.on('error', () => undefined);
    until(() => queue.add('bag', {})).catch(reject);
  });
  await worker?.close();
  await queue.close();
}

test('a user of an access control list needs the rights that docs/configure.md names', async () => {
  const port = await freePort();
  const right = 'user coldroom on ~coldroom:* &* +@all -@admin -@dangerous +info';
  start(port, [`port ${port}`, 'maxmemory-policy noeviction', 'user default off', `${right} >${awkward}`]);
  const connection = new RedisConnection(`redis://coldroom:${encodeURIComponent(awkward)}@127.0.0.1:${port}`, log);
  await connection.check();
  await deliver(connection, 'with-a-user');
  connection.disconnect();
});

test('TLS is used with the authorities that Node.js knows and those of NODE_EXTRA_CA_CERTS, and no others', async () => {
  const port = await freePort();
  const [key, certificate] = [join(dir, 'key.pem'), join(dir, 'ca.pem')];
  const words = [
    ...['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '2', '-subj', '/CN=127.0.0.1'],
    ...['-addext', 'subjectAltName=IP:127.0.0.1', '-keyout', key, '-out', certificate],
  ];
  execFileSync('openssl', words, { stdio: 'ignore' });
  const files = [`tls-cert-file ${certificate}`, `tls-key-file ${key}`, `tls-ca-cert-file ${certificate}`];
  start(port, ['port 0', `tls-port ${port}`, 'tls-auth-clients no', 'maxmemory-policy noeviction', ...files]);
  const url = `rediss://127.0.0.1:${port}`;
  const stranger = new RedisConnection(url, log);
  await expect(stranger.check()).rejects.toMatchObject({ code: 'REDIS_UNAVAILABLE' });
  stranger.disconnect();
  const program = `const { RedisConnection } = require(${JSON.stringify(join(__dirname, '..', 'dist', 'redis.js'))});
    const connection = new RedisConnection(${JSON.stringify(url)}, { debug() {} });
    connection.check().then(() => process.exit(0), () => process.exit(1));`;
  execFileSync(process.execPath, ['-e', program], { env: { ...process.env, NODE_EXTRA_CA_CERTS: certificate } });
});

test('sentinels name the primary, and after a failover its successor', async () => {
  const [first, second, sentinel] = [await freePort(), await freePort(), await freePort()];
  const common = [
    'maxmemory-policy noeviction',
    'repl-diskless-sync-delay 0',
    `requirepass ${awkward}`,
    `masterauth ${awkward}`,
  ];
  const primary = start(first, [`port ${first}`, ...common]);
  start(second, [`port ${second}`, `replicaof 127.0.0.1 ${first}`, ...common]);
  const watch = [
    `sentinel monitor main 127.0.0.1 ${first} 1`,
    `sentinel auth-pass main ${awkward}`,
    'sentinel down-after-milliseconds main 1000',
    'sentinel failover-timeout main 5000',
  ];
  start(sentinel, [`port ${sentinel}`, ...watch, 'requirepass watching'], '--sentinel');
  const connection = new RedisConnection(
    `redis://:${encodeURIComponent(awkward)}@main?sentinels=127.0.0.1:1,127.0.0.1:${sentinel}&sentinelPassword=watching`,
    log,
  );
  await until(() => connection.check());
  // It learns of replicas every ten seconds.
  const asked = new Redis({ port: sentinel, password: 'watching' });
  await until(async () => {
    const known = JSON.stringify(await asked.call('SENTINEL', 'REPLICAS', 'main'));
    if (!known.includes('"master-link-status","ok"')) throw new Error(`no replica yet: ${known}`);
  });
  asked.disconnect();
  await deliver(connection, 'before');
  await ended(primary);
  await until(() => connection.check());
  await deliver(connection, 'after');
  expect(connection.forQueues.stream.remotePort).toBe(second);
  connection.disconnect();
}, 120_000);
