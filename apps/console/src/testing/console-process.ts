import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { freePort } from '@coldroom/local';
import { startService, type RunningService } from '@coldroom/runtime/process';
import type { RunningConsole } from './running-console';

type ConsoleProcess = RunningService & { readonly address: string };

/** A console in a process of its own, on the register of the other one; it can kill itself at a crash point. */
export async function startConsole(
  running: RunningConsole,
  crashAt = '',
  env: Readonly<Record<string, string>> = {},
): Promise<ConsoleProcess> {
  const port = await freePort();
  const { settings, omeroWeb } = running;
  const service = startService({
    name: 'console',
    main: join(__dirname, '../../dist/main.js'),
    env: {
      REGISTER_DATABASE_URL: settings.registerUrl,
      REDIS_URL: settings.redisUrl,
      COLDROOM_URL: settings.url,
      CONSOLE_PORT: String(port),
      COLDROOM_SESSION_SECRET: settings.sessionSecret,
      COLDROOM_MANAGERS: 'dora',
      OMERO_WEB_URL: omeroWeb.url,
      METRICS_PORT: '0',
      COLDROOM_CRASH_AT: crashAt,
      ...env,
    },
  });
  const address = `http://127.0.0.1:${port}`;
  const answers = async (): Promise<boolean> =>
    (await fetch(`${address}/coldroom/sign-in`).catch(() => undefined))?.ok ?? false; // nothing listens yet
  let ended = false;
  void service.exited.then(() => (ended = true));
  while (!(await answers())) {
    if (ended) throw new Error(`the console ended before it answered:\n${service.lines.join('\n')}`);
    await sleep(50);
  }
  return { ...service, address };
}
