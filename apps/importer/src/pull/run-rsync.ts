import { spawn } from 'node:child_process';
import { once } from 'node:events';
import type { Readable, Writable } from 'node:stream';
import { codeOf, Refused, Transient } from '@coldroom/domain';
import { groupGone, guarded, killGroup } from '../omero/process-group';

const keptBytes = 600;
const graceMs = 5000;
const programs = '/usr/local/bin:/usr/bin:/bin';

export interface RsyncOrder {
  readonly args: readonly string[];
  readonly input?: Buffer;
  /** Receives each line of standard output, as bytes in latin1. */
  readonly line: (line: string) => void;
  readonly signal: AbortSignal;
}

/**
 * Runs rsync as a process group of its own, which ends with this process. When this resolves or rejects, no process of it
 * runs. `Transient` `PULL_UNREACHABLE`, `PULL_SOURCE_CHANGED`, `PULL_BUFFER_FULL`, `PULL_STOPPED`, `PULL_FAILED`;
 * `Refused` `RSYNC_MISSING`.
 */
export async function runRsync({ args, input, line, signal }: RsyncOrder): Promise<void> {
  if (signal.aborted) throw stopped();
  const child = spawn('/bin/sh', ['-c', guarded, 'sh', 'rsync', ...args], {
    env: { PATH: programs, TZ: 'UTC', LC_ALL: 'C' },
    detached: true,
    stdio: ['pipe', 'pipe', 'pipe', 'pipe'],
  });
  const ended = once(child, 'exit') as Promise<[number | null]>;
  ended.catch(() => undefined);
  await once(child, 'spawn');
  const leader = child.pid as number;
  // rsync keeps what it has of a file when it is asked to end.
  let grace: NodeJS.Timeout | undefined;
  const abort = (): void => {
    ask(leader);
    grace = setTimeout(() => killGroup(leader), graceMs);
  };
  signal.addEventListener('abort', abort, { once: true });
  for (const pipe of child.stdio) pipe?.on('error', () => undefined); // a killed rsync closes its pipes
  const code = ended.then(([exit]) => (killGroup(leader), exit));
  try {
    (child.stdin as Writable).end(input);
    const [, words] = await Promise.all([readLines(child.stdout as Readable, line), readEnd(child.stderr as Readable)]);
    const exit = await code;
    if (signal.aborted) throw stopped();
    if (exit !== 0) throw meaning(exit, words);
  } finally {
    signal.removeEventListener('abort', abort);
    killGroup(leader);
    await ended;
    clearTimeout(grace);
    await groupGone(leader);
    child.stdio[3]?.destroy();
  }
}

function ask(leader: number): void {
  try {
    process.kill(-leader, 'SIGTERM');
  } catch (error) {
    if (codeOf(error) !== 'ESRCH') throw error;
  }
}

async function readLines(stdout: Readable, line: (line: string) => void): Promise<void> {
  let rest = '';
  for await (const piece of stdout) {
    const lines = (rest + (piece as Buffer).toString('latin1')).split('\n');
    rest = lines.pop() ?? '';
    for (const each of lines) line(each);
  }
  if (rest !== '') line(rest);
}

async function readEnd(stderr: Readable): Promise<string> {
  let kept = '';
  for await (const piece of stderr) kept = (kept + (piece as Buffer).toString('utf8')).slice(-keptBytes);
  return kept.trim().replaceAll(/\p{Cc}+/gu, ' ');
}

/** rsync(1), "EXIT VALUES". Where a disk is full, only its words say so. */
function meaning(exit: number | null, words: string): Error {
  const details = { exit };
  const said = words === '' ? `exit code ${exit}` : `${words} (exit code ${exit})`;
  if (exit === 127 && /rsync: (command )?not found/.test(words) && !/unexpectedly closed/.test(words))
    return new Refused('RSYNC_MISSING', 'There is no rsync on this machine. Install it.', details);
  if (/No space left on device|Disk quota exceeded/i.test(words))
    return new Transient('PULL_BUFFER_FULL', `The buffer is full: ${said}. Make room there.`, details);
  if (exit === 23 || exit === 24)
    return new Transient('PULL_SOURCE_CHANGED', `Not all could be read: ${said}. It will be tried again.`, details);
  if ([5, 10, 12, 30, 35, 127, 255].includes(exit ?? -1))
    return new Transient(
      'PULL_UNREACHABLE',
      `The instrument does not answer: ${said}. Look at its computer and the network.`,
      details,
    );
  return new Transient('PULL_FAILED', `rsync failed: ${said}.`, details);
}

const stopped = (): Transient => new Transient('PULL_STOPPED', 'The importer stops; the pull resumes where it was.');

/** Whether an error is one of a whole instrument and not of one set. */
export const isUnreachable = (error: unknown): boolean =>
  ['PULL_UNREACHABLE', 'PULL_STOPPED', 'RSYNC_MISSING', 'PULL_BUFFER_FULL', 'ROOT_UNAVAILABLE'].includes(codeOf(error));
