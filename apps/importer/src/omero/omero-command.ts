import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { constants } from 'node:fs';
import { access, mkdir, open } from 'node:fs/promises';
import { join } from 'node:path';
import type { Readable, Writable } from 'node:stream';
import { messageOf, Refused } from '@coldroom/domain';
import { javaOptions, limitedBy, type OmeroLimits } from './limits';
import { groupGone, guarded, killGroup } from './process-group';
import { Redactor } from './redactor';
import { Silence } from './silence';

const outputLimit = 1024 * 1024;
const messageLimit = 8192;

export const OMERO_SETTINGS = Symbol("settings of OMERO's command");

export interface OmeroSettings {
  /** Path of OMERO's command `omero`. */
  readonly command: string;
  /** `PATH` of it: `java` is looked for there. */
  readonly path: string;
  /** Of this worker alone: `omero` keeps its sessions and temporary files in it. Made if missing. */
  readonly workDir: string;
  readonly host: string;
  readonly port: number;
  /** The directory with the jars of OMERO's Java client. */
  readonly clientDir: string;
  /** Milliseconds without output after which a command counts as hanging, and is killed. */
  readonly silenceMs: number;
  /** None: as the importer itself, with the heap that omero-py gives Java. */
  readonly limits?: OmeroLimits;
}

export interface OmeroOrder {
  readonly args: readonly string[];
  /** For `OMERO_PASSWORD`; only commands that log in get it. */
  readonly password?: string;
  /** Standard input; none if not given. */
  readonly input?: Buffer;
  /** Standard error is appended to this file. */
  readonly log?: string;
  /** Replaced in all that is kept of standard error. The password is so in any case. */
  readonly secrets?: readonly string[];
  /** Receives standard output instead of `OmeroEnd.output`; the command waits for it. Its error ends the command. */
  readonly read?: (piece: Buffer) => void | Promise<void>;
  /** Kills the command. */
  readonly signal?: AbortSignal;
}

export interface OmeroEnd {
  /** Null if `omero` itself was killed. */
  readonly code: number | null;
  /** Why it was killed, if it was by us. */
  readonly killed?: 'aborted' | 'silent';
  /** The first MiB of standard output. */
  readonly output: string;
  /** The end of standard error, without secrets. */
  readonly message: string;
}

/**
 * Runs OMERO's command line as a process group of its own. When this resolves or rejects, no process of the group runs,
 * except with `Transient` `OMERO_COMMAND_STILL_RUNS`. The group is killed when `omero` ends, on abort, on silence, and when
 * this process ends. `Refused` `OMERO_COMMAND_MISSING` if there is no such command.
 */
export async function runOmero(settings: OmeroSettings, order: OmeroOrder): Promise<OmeroEnd> {
  order.signal?.throwIfAborted();
  const env = await prepare(settings, order);
  const log = order.log === undefined ? undefined : await open(order.log, 'a', 0o640);
  try {
    const stdin = order.input ? 'pipe' : 'ignore';
    const words = [...limitedBy(settings.limits), settings.command, ...order.args];
    const child = spawn('/bin/sh', ['-c', guarded, 'sh', ...words], {
      cwd: settings.workDir,
      env,
      detached: true,
      stdio: [stdin, 'pipe', 'pipe', 'pipe'],
    });
    return await follow(child, order, settings.silenceMs, async (piece) => void (await log?.write(piece)));
  } finally {
    await log?.close();
  }
}

type Write = (piece: Buffer) => Promise<void>;

async function follow(child: ChildProcess, order: OmeroOrder, silenceMs: number, write: Write): Promise<OmeroEnd> {
  const started = once(child, 'spawn');
  const ended = once(child, 'exit') as Promise<[number | null]>;
  ended.catch(() => undefined);
  await started;
  const leader = child.pid as number;
  let killed: OmeroEnd['killed'];
  const kill = (why: 'aborted' | 'silent') => (): void => {
    killed ??= why;
    killGroup(leader);
  };
  const silence = new Silence(silenceMs, kill('silent'));
  const abort = kill('aborted');
  order.signal?.addEventListener('abort', abort, { once: true });
  // What left the group's pipes open is killed with it, so that they end.
  const code = ended.then(([exit]) => (killGroup(leader), exit));
  for (const pipe of child.stdio) pipe?.on('error', () => undefined);
  try {
    (child.stdin as Writable | null)?.end(order.input);
    if (order.signal?.aborted) abort();
    const [output, message] = await Promise.all([
      readOutput(child.stdout as Readable, silence, order.read),
      readErrors(child.stderr as Readable, silence, order, write),
    ]);
    return { code: await code, ...(killed ? { killed } : {}), output, message };
  } finally {
    silence.end();
    order.signal?.removeEventListener('abort', abort);
    killGroup(leader);
    await ended;
    await groupGone(leader);
    child.stdio[3]?.destroy();
  }
}

/** Reads on when the limit is reached: a command that cannot write would hang. */
async function readOutput(stdout: Readable, silence: Silence, read: OmeroOrder['read']): Promise<string> {
  const kept: Buffer[] = [];
  let size = 0;
  for await (const piece of stdout as AsyncIterable<Buffer>) {
    if (read) await silence.except(async () => read(piece));
    else if (size < outputLimit) kept.push(piece.subarray(0, outputLimit - size));
    size += piece.length;
    silence.heard();
  }
  return Buffer.concat(kept).toString();
}

/** A log that cannot be written does not end an import. */
async function readErrors(
  stderr: Readable,
  silence: Silence,
  { secrets = [], password = '' }: OmeroOrder,
  write: Write,
): Promise<string> {
  const redactor = new Redactor([...secrets, password]);
  let message = Buffer.alloc(0);
  const keep = async (piece: Buffer): Promise<void> => {
    message = Buffer.concat([message, piece]).subarray(-messageLimit);
    await write(piece).catch((error: unknown) => {
      message = Buffer.concat([message, Buffer.from(`\nthe log was not written: ${messageOf(error)}\n`)]);
    });
  };
  for await (const piece of stderr as AsyncIterable<Buffer>) {
    silence.heard();
    await keep(redactor.push(piece));
  }
  await keep(redactor.end());
  return message.toString().trim();
}

/** Makes the worker's directories. The environment has nothing of our own, whose settings contain passwords. */
async function prepare(
  { command, path, workDir, limits }: OmeroSettings,
  { password }: OmeroOrder,
): Promise<NodeJS.ProcessEnv> {
  await access(command, constants.X_OK).catch((cause: unknown) => {
    const text = `The command ${command} cannot be started: ${messageOf(cause)}. Install omero-py, and correct the path of its command.`;
    throw new Refused('OMERO_COMMAND_MISSING', text, { command }, { cause });
  });
  const [userDir, temporary] = [join(workDir, 'omero'), join(workDir, 'tmp')];
  for (const dir of [userDir, temporary]) await mkdir(dir, { recursive: true, mode: 0o700 });
  return Object.fromEntries([
    ['PATH', path],
    ...['HOME', 'OMERODIR', 'OMERO_USERDIR'].map((name) => [name, userDir]),
    ...['OMERO_TMPDIR', 'TMPDIR'].map((name) => [name, temporary]),
    // Python and Java read names of files by it.
    ['LC_ALL', 'C.UTF-8'],
    ['TZ', 'UTC'],
    ...(limits ? [['JAVA_OPTS', javaOptions(limits)]] : []),
    ...(password === undefined ? [] : [['OMERO_PASSWORD', password]]),
  ]) as NodeJS.ProcessEnv;
}
