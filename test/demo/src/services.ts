import { createWriteStream } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { startService, type RunningService } from '@coldroom/runtime/process';
import type { Layout } from './layout';
import type { OmeroUser } from './omero-user';

/** The five services, with two transfer workers. */
const processes = ['scanner', 'checksum', 'transfer', 'transfer', 'ingest-watcher', 'linker'] as const;

export interface Services {
  /** Throws if a service ended by itself, with its last lines. */
  check(): void;
  /** The last warnings and errors of each service. */
  complaints(): readonly string[];
  stop(): Promise<void>;
}

/** Starts each service as a separate process; their logs go to files. */
export async function startServices(
  layout: Layout,
  env: Readonly<Record<string, string>>,
  user: OmeroUser | undefined,
): Promise<Services> {
  await mkdir(layout.logs, { recursive: true });
  const ended: RunningService[] = [];
  let stopping = false;
  const running = processes.map((name, index) => {
    const log = createWriteStream(join(layout.logs, `${name}-${index + 1}.log`), { flags: 'a' });
    const service = startService({
      name,
      main: join(__dirname, '..', '..', '..', 'apps', name, 'dist', 'main.js'),
      env: { ...env, METRICS_PORT: '0' },
      onLine: (line) => log.write(`${line}\n`),
      ...(user ? { user } : {}),
    });
    void service.exited.then(() => {
      ended.push(service);
    });
    return service;
  });
  return {
    check: () => {
      const [gone] = ended;
      if (gone && !stopping)
        throw new Error(`${gone.name} ended by itself. Its last lines:\n${gone.lines.slice(-5).join('\n')}`);
    },
    complaints: () =>
      running.flatMap((service) => service.lines.filter((line) => /"level":"(warn|error)"/.test(line)).slice(-1)),
    stop: async () => {
      stopping = true;
      await Promise.all(running.map((service) => service.stop(15_000)));
    },
  };
}
