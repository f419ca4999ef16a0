import { mkdtempSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { removeServerData, startRedis } from './index';

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

test('keeps what it was given, evicts nothing, and is gone when stopped', async () => {
  const dir = mkdtempSync(join(tmpdir(), 'local-spec-'));
  const first = await startRedis({ dir });
  expect(await command(first.url, 'CONFIG GET maxmemory-policy')).toContain('noeviction');
  await command(first.url, 'SET room cold');
  await first.stop();
  await expect(command(first.url, 'PING')).rejects.toThrow('ECONNREFUSED');
  const second = await startRedis({ dir });
  expect(await command(second.url, 'GET room')).toContain('cold');
  await second.stop();
  removeServerData(dir);
});

test('without redis-server and without the right to install it, the error names the command', async () => {
  const path = process.env['PATH'];
  const dir = mkdtempSync(join(tmpdir(), 'local-spec-'));
  process.env['PATH'] = '/nonexistent';
  try {
    await expect(startRedis({ dir })).rejects.toThrow('apt-get install -y --no-install-recommends redis-server');
  } finally {
    process.env['PATH'] = path;
    removeServerData(dir);
  }
});
