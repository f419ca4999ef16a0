import { AsyncLocalStorage } from 'node:async_hooks';
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { Readable, Writable } from 'node:stream';
import { run } from '../program';

export interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** What a command finds on `process` instead of what this test has there. */
interface Surroundings {
  readonly env: NodeJS.ProcessEnv;
  readonly stdin: Readable;
  readonly stdout: Collected;
  readonly stderr: Collected;
}

class Collected extends Writable {
  private readonly parts: Buffer[] = [];

  override _write(part: Buffer, _encoding: string, written: () => void): void {
    this.parts.push(part);
    written();
  }

  get text(): string {
    return Buffer.concat(this.parts).toString();
  }
}

const bin = join(__dirname, '..', '..', 'bin', 'coldroom.js');
const running = new AsyncLocalStorage<Surroundings>();

// A test may go on while its command waits, so each of the two has its own.
for (const key of ['env', 'stdin', 'stdout', 'stderr'] as const) {
  const own = process[key];
  Object.defineProperty(process, key, { configurable: true, get: () => running.getStore()?.[key] ?? own });
}

const environmentOf = (env: Readonly<Record<string, string>>): NodeJS.ProcessEnv => ({
  PATH: process.env['PATH'],
  TZ: 'UTC',
  ...env,
});

/**
 * Runs a command line in this process, from its sources, with these settings only and without a terminal: many times
 * faster than in a process of its own.
 */
export async function coldroom(words: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<Ended> {
  if (words.includes('doctor') && !words.includes('--help'))
    throw new Error('doctor becomes another user for good: it needs a process of its own');
  const [stdout, stderr] = [new Collected(), new Collected()];
  const code = await running.run({ env: environmentOf(env), stdin: Readable.from([]), stdout, stderr }, () =>
    run([process.execPath, bin, ...words]),
  );
  return { code, stdout: stdout.text, stderr: stderr.text };
}

/** Runs the built command line as a separate process, with these settings only. */
export async function coldroomProcess(
  words: readonly string[],
  env: Readonly<Record<string, string>> = {},
  { uid, gid }: { readonly uid?: number; readonly gid?: number } = {},
): Promise<Ended> {
  const child = spawn(process.execPath, [bin, ...words], {
    env: environmentOf(env),
    stdio: ['ignore', 'pipe', 'pipe'],
    ...(uid === undefined ? {} : { uid }),
    ...(gid === undefined ? {} : { gid }),
  });
  const [out, err]: [Buffer[], Buffer[]] = [[], []];
  child.stdout.on('data', (part: Buffer) => out.push(part));
  child.stderr.on('data', (part: Buffer) => err.push(part));
  const timer = setTimeout(() => child.kill('SIGKILL'), 40_000);
  const code = await new Promise<number | null>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', resolve);
  });
  clearTimeout(timer);
  return { code, stdout: Buffer.concat(out).toString(), stderr: Buffer.concat(err).toString() };
}

/** The one document on standard output. */
export function json<T = Record<string, unknown>>(ended: Ended): T {
  return JSON.parse(ended.stdout) as T;
}
