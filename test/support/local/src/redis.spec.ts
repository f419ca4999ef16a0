import { mkdirSync, mkdtempSync, readdirSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { removeServerData, startRedis, type LocalServer } from './index';

function command(url: string, line: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect(Number(new URL(url).port), '127.0.0.1', () => socket.write(`${line}\r\n`));
    socket.once('data', (reply) => {
      socket.destroy();
      resolve(reply.toString());
    });
    socket.once('error', reject);
  });
}

function directory(): string {
  const dir = mkdtempSync(join(tmpdir(), 'local-spec-'));
  dirs.push(dir);
  return dir;
}

async function start(dir: string): Promise<LocalServer> {
  const server = await startRedis({ dir });
  servers.push(server);
  return server;
}

const dirs: string[] = [];
const servers: LocalServer[] = [];
afterAll(async () => {
  for (const server of servers) await server.stop();
  for (const dir of dirs) removeServerData(dir);
});

test('starts empty, evicts nothing, writes nothing to disk, and is gone when stopped', async () => {
  const dir = directory();
  const first = await start(dir);
  for (const [key, value] of Object.entries({ 'maxmemory-policy': 'noeviction', appendonly: 'no', save: '' }))
    expect((await command(first.url, `CONFIG GET ${key}`)).split('\r\n')).toEqual(expect.arrayContaining([key, value]));
  await command(first.url, 'SET room cold');
  await first.stop();
  await expect(command(first.url, 'PING')).rejects.toThrow('ECONNREFUSED');
  expect(readdirSync(join(dir, 'redis-data'))).toEqual([]);
  const second = await start(dir);
  expect(await command(second.url, 'GET room')).toBe('$-1\r\n');
});

test('a broken append-only file and a broken dump of an earlier run are discarded', async () => {
  const dir = directory();
  const data = join(dir, 'redis-data');
  mkdirSync(join(data, 'appendonlydir'), { recursive: true });
  writeFileSync(join(data, 'dump.rdb'), 'REDIS0011\0\0broken');
  writeFileSync(join(data, 'appendonly.aof'), '*2\r\n$6\r\nSELECT\r\n\0\0\0');
  writeFileSync(
    join(data, 'appendonlydir', 'appendonly.aof.manifest'),
    'file appendonly.aof.1.incr.aof seq 1 type i\n',
  );
  writeFileSync(join(data, 'appendonlydir', 'appendonly.aof.1.incr.aof'), '\0\0\0\0');
  const server = await start(dir);
  expect(await command(server.url, 'DBSIZE')).toBe(':0\r\n');
  await server.stop();
  expect(readdirSync(data)).toEqual([]);
});

test('without redis-server and without the right to install it, the error names the command', async () => {
  const path = process.env['PATH'];
  const dir = directory();
  process.env['PATH'] = '/nonexistent';
  try {
    await expect(startRedis({ dir })).rejects.toThrow('apt-get install -y --no-install-recommends redis-server');
  } finally {
    process.env['PATH'] = path;
  }
});
