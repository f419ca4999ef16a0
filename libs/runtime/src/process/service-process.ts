import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { dieWithParent } from './die-with-parent';

export interface ServiceExit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

export interface RunningService {
  readonly name: string;
  readonly pid: number;
  /** The last lines of its stdout and stderr, oldest first. */
  readonly lines: readonly string[];
  readonly exited: Promise<ServiceExit>;
  /** SIGTERM, and SIGKILL if it still runs after `graceMs`. */
  stop(graceMs: number): Promise<ServiceExit>;
  /** SIGKILL: the equivalent of a crash. */
  kill(): Promise<ServiceExit>;
}

export interface Service {
  readonly name: string;
  /** The built app's main file. */
  readonly main: string;
  readonly args?: readonly string[];
  /** A command prefix that finally replaces itself with the command, as exec does. */
  readonly by?: readonly string[];
  /** All of its settings: from the environment of this process it gets only what any program needs. */
  readonly env: Readonly<Record<string, string>>;
  readonly onLine?: (line: string) => void;
  /** Another user to run it as; only root may set one. */
  readonly user?: { readonly uid: number; readonly gid: number };
}

const INHERITED = ['PATH', 'HOME', 'USER', 'LANG', 'LC_ALL', 'TZ', 'TMPDIR', 'NODE_EXTRA_CA_CERTS'];
const LINES_KEPT = 2_000;

/**
 * V8 would let short-lived objects grow to 48 MiB before it collects them; a service should stay below 300 MB.
 * docs/install.md gives the same flags to those who start a service by hand.
 */
const memoryFlags = ['--max-semi-space-size=4', '--max-old-space-size=256'];

/**
 * Starts a built app with this process's Node as a separate process, which the kernel kills when this process dies
 * (Linux).
 */
export function startService({ name, main, args = [], by = [], env, onLine, user }: Service): RunningService {
  const inherited = Object.fromEntries(
    INHERITED.flatMap((key) => (process.env[key] === undefined ? [] : [[key, process.env[key]]])),
  );
  const [program = '', ...words] = [...dieWithParent('KILL'), ...by, process.execPath, ...memoryFlags, main, ...args];
  const child = spawn(program, words, { env: { ...inherited, ...env }, stdio: ['ignore', 'pipe', 'pipe'], ...user });
  const lines: string[] = [];
  const note = (line: string): void => {
    lines.push(line);
    if (lines.length > LINES_KEPT) lines.shift();
    onLine?.(line);
  };
  child.on('error', (error) => note(`${name}: ${error.message}`));
  if (child.pid === undefined) throw new Error(`${name} could not be started: ${program} ${words.join(' ')}`);
  for (const stream of [child.stdout, child.stderr]) {
    createInterface({ input: stream, crlfDelay: Infinity }).on('line', note);
  }
  const closed = new Promise<void>((resolve) => child.once('close', () => resolve()));
  const exited = new Promise<ServiceExit>((resolve) => {
    // Output may still arrive after the exit; a grandchild that holds the pipes must not make this wait without end.
    child.once(
      'exit',
      (code, signal) =>
        void Promise.race([closed, sleep(1_000, undefined, { ref: false })]).then(() => resolve({ code, signal })),
    );
  });
  return {
    name,
    pid: child.pid,
    lines,
    exited,
    async stop(graceMs) {
      child.kill('SIGTERM');
      const timer = setTimeout(() => child.kill('SIGKILL'), graceMs);
      const exit = await exited;
      clearTimeout(timer);
      return exit;
    },
    kill() {
      child.kill('SIGKILL');
      return exited;
    },
  };
}
