import { spawn } from 'node:child_process';
import { join } from 'node:path';

export const repository = join(__dirname, '..', '..', '..');

export interface Ran {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a program in the repository, with these variables besides those of this process. */
export async function run(program: string, words: readonly string[], env: Record<string, string> = {}): Promise<Ran> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, words, {
      cwd: repository,
      env: { ...process.env, ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const text = { stdout: '', stderr: '' };
    for (const name of ['stdout', 'stderr'] as const)
      child[name].setEncoding('utf8').on('data', (part: string) => (text[name] += part));
    child.on('error', reject);
    child.on('close', (code) => resolve({ code: code ?? -1, ...text }));
  });
}

/** As `run`; a failure is an error with what the program said. */
export async function ran(
  program: string,
  words: readonly string[],
  env: Record<string, string> = {},
): Promise<string> {
  const { code, stdout, stderr } = await run(program, words, env);
  if (code !== 0)
    throw new Error(`${program} ${words.join(' ')} ended with ${code}:\n${(stdout + stderr).slice(-4000)}`);
  return stdout;
}
