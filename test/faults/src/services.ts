import { readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { startService, type RunningService } from '@coldroom/runtime/process';

export const serviceNames = ['scanner', 'checksum', 'transfer', 'ingest-watcher', 'linker'] as const;
export type ServiceName = (typeof serviceNames)[number];

export interface Crash {
  /** A crash point, `link:4-swapped` or `link:4-swapped:2`, at which the process kills itself. */
  readonly crashAt?: string;
  /** A crash point at which the process stops itself by SIGSTOP; SIGCONT wakes it. */
  readonly freezeAt?: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly args?: readonly string[];
  /** Words before the command, which then run it. */
  readonly by?: readonly string[];
}

/** Services are started hundreds of times: what Node.js made of their code once is used again. */
const started = { NODE_COMPILE_CACHE: join(tmpdir(), 'coldroom-faults-compiled') };

const apps = join(__dirname, '..', '..', '..', 'apps');

/** Processes of services that one world has started. */
export class Services {
  private readonly running = new Set<RunningService>();
  /** Every line that any of them wrote, for the message of a test that fails. */
  readonly lines: string[] = [];

  constructor(readonly settings: Readonly<Record<string, string>>) {}

  /** Starts a service as a separate process; does not wait. */
  start(name: ServiceName, { crashAt, freezeAt, env = {}, args = [], by = [] }: Crash = {}): RunningService {
    const crash = {
      ...(crashAt ? { COLDROOM_CRASH_AT: crashAt } : {}),
      ...(freezeAt ? { COLDROOM_FREEZE_AT: freezeAt } : {}),
    };
    const service = startService({
      name,
      args,
      by,
      main: join(apps, name, 'dist', 'main.js'),
      env: { ...started, ...this.settings, ...crash, ...env },
      onLine: (line) => this.lines.push(`${name}: ${line}`),
    });
    this.running.add(service);
    void service.exited.then((exit) => {
      this.running.delete(service);
      this.lines.push(`${name}: ended with ${exit.signal ?? exit.code}`);
    });
    return service;
  }

  startAll(except: readonly ServiceName[] = [], crash: Crash = {}): readonly RunningService[] {
    return serviceNames.filter((name) => !except.includes(name)).map((name) => this.start(name, crash));
  }

  /** Runs the command line; the lines of the result contain its output. */
  command(...words: readonly string[]): RunningService {
    const command = startService({
      name: words.join(' '),
      main: join(apps, 'cli', 'dist', 'main.js'),
      args: words,
      env: { ...started, ...this.settings },
      onLine: (line) => this.lines.push(`coldroom: ${line}`),
    });
    this.running.add(command);
    void command.exited.then(() => this.running.delete(command));
    return command;
  }

  async killAll(): Promise<void> {
    await Promise.all([...this.running].map((service) => service.kill()));
  }
}

/** Waits until a service has written a line that contains `text`; fails if it ends before. */
export async function said(service: RunningService, text: string, withinMs = 60_000): Promise<void> {
  let ended = false;
  void service.exited.then(() => {
    ended = true;
  });
  for (const deadline = Date.now() + withinMs; !service.lines.some((line) => line.includes(text));) {
    if (ended || Date.now() > deadline)
      throw new Error(`${service.name} never said "${text}":\n${service.lines.slice(-15).join('\n')}`);
    await sleep(20);
  }
}

/** Waits until a service has stopped itself at its crash point. */
export async function frozen(service: RunningService, withinMs = 40_000): Promise<void> {
  for (
    const deadline = Date.now() + withinMs;
    !/^State:\tT/m.test(readFileSync(`/proc/${service.pid}/status`, 'utf8'));
  ) {
    if (Date.now() > deadline)
      throw new Error(`${service.name} was never frozen:\n${service.lines.slice(-15).join('\n')}`);
    await sleep(20);
  }
}

/** Wakes a frozen service, and waits until it has checked the situation: it writes a line about its bag. */
export async function wake(service: RunningService): Promise<void> {
  const before = service.lines.length;
  process.kill(service.pid, 'SIGCONT');
  for (
    const deadline = Date.now() + 10_000;
    !service.lines.slice(before).some((line) => /"(claim lost|bag moved|attempt failed|claim released)"/.test(line));
  ) {
    if (Date.now() > deadline)
      throw new Error(`${service.name} resumed and printed nothing:\n${service.lines.slice(-15).join('\n')}`);
    await sleep(20);
  }
}
