import { spawn } from 'node:child_process';
import { join } from 'node:path';

export interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

const bin = join(__dirname, '..', '..', 'bin', 'coldroom.js');

/** Runs the built command line as a separate process, with these settings only. */
export async function coldroom(
  words: readonly string[],
  env: Readonly<Record<string, string>> = {},
  limitMs = 40_000,
  uid?: number,
): Promise<Ended> {
  const child = spawn(process.execPath, [bin, ...words], {
    env: { PATH: process.env['PATH'], TZ: 'UTC', ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
    ...(uid === undefined ? {} : { uid }),
  });
  const [out, err]: [Buffer[], Buffer[]] = [[], []];
  child.stdout.on('data', (part: Buffer) => out.push(part));
  child.stderr.on('data', (part: Buffer) => err.push(part));
  const timer = setTimeout(() => child.kill('SIGKILL'), limitMs);
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
