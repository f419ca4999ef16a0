import { spawn, type ChildProcess } from 'node:child_process';
import type { Readable, Writable } from 'node:stream';
import { codeOf, Refused } from '@coldroom/domain';

const messageLimit = 8192;

export interface ProgramOrder {
  readonly command: string;
  readonly args: readonly string[];
  readonly env: NodeJS.ProcessEnv;
  /** Ends it. */
  readonly signal?: AbortSignal | undefined;
}

export interface ProgramEnd {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  /** The end of what it wrote to standard error. */
  readonly message: string;
}

/** A program of the system that reads from one pipe and writes to another. */
export interface Program {
  readonly input: Writable;
  readonly output: Readable;
  /** Never rejects, except with `Refused` `BACKUP_PROGRAM_MISSING`. */
  readonly ended: Promise<ProgramEnd>;
  kill(): void;
}

/** What each program is part of in Debian. */
const packages: Readonly<Record<string, string>> = {
  pg_dump: 'postgresql-client',
  pg_restore: 'postgresql-client',
  age: 'age',
  gpg: 'gnupg',
};

/** Starts it with nothing of our own environment but what any program needs, and the given variables. */
export function startProgram({ command, args, env, signal }: ProgramOrder): Program {
  const child = spawn(command, args, { env, stdio: ['pipe', 'pipe', 'pipe'] });
  const kill = (): void => void child.kill('SIGKILL');
  signal?.addEventListener('abort', kill, { once: true });
  let message = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    message = (message + text).slice(-messageLimit);
  });
  // A program that ends early breaks its pipes; how it ended says why.
  for (const pipe of [child.stdin, child.stdout, child.stderr]) pipe.on('error', () => undefined);
  const ended = endOf(child, command, () => message).finally(() => signal?.removeEventListener('abort', kill));
  ended.catch(() => undefined);
  return { input: child.stdin, output: child.stdout, ended, kill };
}

/** The environment of a program: what any needs, and its own. */
export function programEnv(env: NodeJS.ProcessEnv, own: Readonly<Record<string, string>>): NodeJS.ProcessEnv {
  const inherited = ['PATH', 'HOME', 'TMPDIR', 'SSL_CERT_FILE'].flatMap((key) =>
    env[key] === undefined ? [] : [[key, env[key]] as const],
  );
  return { ...Object.fromEntries(inherited), LC_ALL: 'C', TZ: 'UTC', ...own };
}

function endOf(child: ChildProcess, command: string, message: () => string): Promise<ProgramEnd> {
  return new Promise((resolve, reject) => {
    child.once('error', (error) => {
      if (codeOf(error) !== 'ENOENT') return reject(error);
      reject(
        new Refused(
          'BACKUP_PROGRAM_MISSING',
          `The program ${command} is not installed on this machine. On Debian and Ubuntu: apt-get install ${packages[command] ?? command}`,
          { program: command },
        ),
      );
    });
    child.once('close', (code, signal) => resolve({ code, signal, message: message().trim() }));
  });
}

/** Writes with back-pressure; what a program that has ended no longer reads is dropped. */
export async function feed(input: Writable, piece: Buffer): Promise<void> {
  if (input.destroyed || input.writableEnded) return;
  if (input.write(piece)) return;
  await new Promise<void>((resolve) => {
    const go = (): void => {
      input.off('drain', go).off('close', go);
      resolve();
    };
    input.once('drain', go).once('close', go);
  });
}
