import { mkdirSync, rmSync } from 'node:fs';
import { connect } from 'node:net';
import { join, resolve } from 'node:path';
import { haveProgram } from './debian-packages';
import { startServer, type LocalServer } from './server-process';

/**
 * Starts an empty redis-server from PATH on a free port of 127.0.0.1. If it is missing, apt-get installs it if that is
 * possible without a prompt; else the error names the command to run. It writes nothing to disk and loads nothing:
 * Redis holds only what the register knows as well, and a file that a power cut left broken would prevent its start. On
 * Linux it ends by itself when this process dies.
 */
export async function startRedis({ dir }: { readonly dir: string }): Promise<LocalServer> {
  const installed = haveProgram('redis-server', ['redis-server']);
  const data = join(resolve(dir), 'redis-data');
  rmSync(data, { recursive: true, force: true });
  mkdirSync(data, { recursive: true });
  const running = await startServer({
    name: 'Redis',
    command: (port) => [
      'redis-server',
      '--port',
      String(port),
      '--bind',
      '127.0.0.1',
      '--dir',
      data,
      '--appendonly',
      'no',
      '--save',
      '',
      '--maxmemory-policy',
      'noeviction',
    ],
    logFile: join(resolve(dir), 'redis.log'),
    stopSignal: 'SIGTERM',
    ready: answersPing,
  });
  return {
    url: `redis://127.0.0.1:${running.port}`,
    how: `Redis on 127.0.0.1:${running.port}, which keeps nothing on disk${installed ? ' (redis-server was installed by apt-get)' : ''}`,
    stop: () => running.stop(),
  };
}

export function answersPing(port: number, host = '127.0.0.1'): Promise<boolean> {
  return new Promise((resolvePing) => {
    const socket = connect({ port, host, timeout: 2_000 }, () => socket.write('PING\r\n'));
    const settle = (answer: boolean): void => {
      socket.destroy();
      resolvePing(answer);
    };
    socket.once('data', (reply) => settle(reply.toString().startsWith('+PONG')));
    socket.once('error', () => settle(false));
    socket.once('timeout', () => settle(false));
    socket.once('close', () => settle(false));
  });
}
