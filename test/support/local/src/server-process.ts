import { spawn } from 'node:child_process';
import { closeSync, openSync, readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { dieWithParent } from '@coldroom/runtime/process';

/** A server of this machine, started by us. `stop` may be called twice; it ends when the process is gone. */
export interface LocalServer {
  readonly url: string;
  /** One line for the user: what was started and where. */
  readonly how: string;
  stop(): Promise<void>;
}

export interface ServerProcess {
  readonly port: number;
  stop(): Promise<void>;
}

interface ServerCommand {
  readonly name: string;
  readonly command: (port: number) => readonly string[];
  /** Where the server must be found again; default: any free one. */
  readonly port?: number;
  readonly user?: { readonly uid: number; readonly gid: number };
  readonly env?: NodeJS.ProcessEnv;
  readonly logFile: string;
  /** Requests an orderly end. */
  readonly stopSignal: 'SIGTERM' | 'SIGINT';
  readonly ready: (port: number) => Promise<boolean>;
}

/**
 * Another process may take a free port before the server binds it, and a killed run's server may still be shutting
 * down.
 */
const TRIES = 5;
const FIRST_PAUSE_MS = 300;
const READY_WITHIN_MS = 60_000;
const STOP_WITHIN_MS = 20_000;

/** Starts a server on a free port of 127.0.0.1 and waits until it answers. */
export async function startServer(server: ServerCommand): Promise<ServerProcess> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await startOnce(server, server.port ?? (await freePort()));
    } catch (error) {
      if (attempt === TRIES) throw error;
      await sleep(FIRST_PAUSE_MS * 2 ** (attempt - 1));
    }
  }
}

async function startOnce(server: ServerCommand, port: number): Promise<ServerProcess> {
  const [program = '', ...args] = [
    ...dieWithParent(server.stopSignal === 'SIGINT' ? 'INT' : 'TERM'),
    ...server.command(port),
  ];
  const log = openSync(server.logFile, 'a', 0o600);
  const child = spawn(program, args, {
    cwd: '/',
    stdio: ['ignore', log, log],
    ...server.user,
    ...(server.env ? { env: server.env } : {}),
  });
  closeSync(log);
  let ended = false;
  const gone = new Promise<void>((resolve) => {
    child.once('error', () => {
      ended = true;
      resolve();
    });
    child.once('exit', () => {
      ended = true;
      resolve();
    });
  });
  const stop = async (): Promise<void> => {
    if (!ended) child.kill(server.stopSignal);
    const timer = setTimeout(() => child.kill('SIGKILL'), STOP_WITHIN_MS);
    await gone;
    clearTimeout(timer);
  };
  try {
    const deadline = Date.now() + READY_WITHIN_MS;
    while (!ended && Date.now() < deadline) {
      if ((await server.ready(port)) && !ended) return { port, stop };
      await sleep(30);
    }
  } catch (error) {
    await stop();
    throw error;
  }
  await stop();
  throw new Error(
    `${server.name} did not start on port ${port}; the end of ${server.logFile}:\n${lastLines(server.logFile)}`,
  );
}

/** A port that is free at this moment. */
export async function freePort(): Promise<number> {
  const probe = createServer();
  await new Promise<void>((resolve, reject) => {
    probe.once('error', reject).listen(0, '127.0.0.1', resolve);
  });
  const address = probe.address();
  await new Promise((resolve) => {
    probe.close(resolve);
  });
  if (address === null || typeof address === 'string') throw new Error('This machine gave no free port.');
  return address.port;
}

function lastLines(file: string): string {
  return readFileSync(file, 'utf8').trimEnd().split('\n').slice(-12).join('\n');
}
