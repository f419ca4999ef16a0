import { randomBytes } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { startFakeOmeroWeb } from '@coldroom/fake-omero-web';
import { freePort } from '@coldroom/local';
import type { Register } from '@coldroom/register';
import { startService, type RunningService } from '@coldroom/runtime/process';
import type { SampleReport } from '@coldroom/sample-omero';
import type { Layout } from './layout';
import { makeNewRequests } from './new-requests';
import type { Services } from './services';
import { untilInterrupted } from './stay';

const startMs = 30_000;

interface Surroundings {
  readonly omeroOwnerUrl: string;
  readonly registerUrl: string;
  /** The settings of the services. */
  readonly env: Readonly<Record<string, string>>;
  readonly report: SampleReport;
}

interface Demo {
  readonly register: Register;
  readonly services: Services;
  readonly say: (line: string) => void;
}

/** Until Ctrl-C; the services go on, so that what is approved in the console is archived. */
export async function offerConsole(layout: Layout, surroundings: Surroundings, demo: Demo): Promise<void> {
  await makeNewRequests(surroundings.omeroOwnerUrl, surroundings.report, demo.register, demo.services);
  const running = await startConsole(layout, surroundings);
  try {
    sayConsole(running, demo.say);
    await untilInterrupted();
  } finally {
    await running.stop();
  }
}

interface DemoConsole {
  readonly url: string;
  readonly accounts: readonly { readonly role: string; readonly login: string; readonly password: string }[];
  stop(): Promise<void>;
}

/** The console, in front of a stand-in for OMERO.web that has the sample's accounts, with passwords of this demo. */
async function startConsole(layout: Layout, { registerUrl, env, report }: Surroundings): Promise<DemoConsole> {
  const roles = { user: 'researcher', leader: 'data manager', administrator: 'administrator' } as const;
  const accounts = Object.entries(roles).map(([role, title]) => {
    const found = report.users.find((user) => user.role === role);
    if (!found) throw new Error(`the sample has no ${role}`);
    return { id: found.id, role: title, login: found.omename, password: randomBytes(4).toString('hex') };
  });
  const omeroWeb = await startFakeOmeroWeb({
    accounts: accounts.map(({ id, login, password }) => ({ id, username: login, password })),
  });
  const { REDIS_URL = '', COLDROOM_QUEUE_PREFIX = '' } = env;
  const port = await freePort();
  const url = `http://127.0.0.1:${port}/coldroom/`;
  const log = createWriteStream(join(layout.logs, 'console.log'), { flags: 'a' });
  const service = startService({
    name: 'console',
    main: join(__dirname, '..', '..', '..', 'apps', 'console', 'dist', 'main.js'),
    env: {
      REGISTER_DATABASE_URL: registerUrl,
      REDIS_URL,
      COLDROOM_QUEUE_PREFIX,
      COLDROOM_URL: url,
      CONSOLE_PORT: String(port),
      COLDROOM_SESSION_SECRET: randomBytes(24).toString('hex'),
      COLDROOM_MANAGERS: accounts.find(({ role }) => role === 'data manager')?.login ?? '',
      OMERO_WEB_URL: omeroWeb.url,
      METRICS_PORT: '0',
    },
    onLine: (line) => log.write(`${line}\n`),
  });
  const stop = async (): Promise<void> => {
    await service.stop(10_000);
    await omeroWeb.close();
  };
  try {
    await untilItAnswers(url, service);
  } catch (error) {
    await stop();
    throw error;
  }
  return { url, accounts, stop };
}

async function untilItAnswers(url: string, service: RunningService): Promise<void> {
  let ended = false;
  void service.exited.then(() => (ended = true));
  for (const start = Date.now(); ; await sleep(100)) {
    const answer = await fetch(`${url}sign-in`).catch(() => undefined);
    if (answer?.ok) return;
    if (ended || Date.now() - start > startMs)
      throw new Error(`the console did not start. Its last lines:\n${service.lines.slice(-5).join('\n')}`);
  }
}

function sayConsole({ url, accounts }: DemoConsole, say: (line: string) => void): void {
  say('\nThe console');
  say(`  ${url}`);
  for (const { role, login, password } of accounts)
    say(`  ${role.padEnd(13)}  ${login.padEnd(6)}  password ${password}`);
  say('  New requests wait for the data manager; what is approved there is archived at once.');
  say('\nCtrl-C ends the console, the services and the servers.');
}
