import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { crashPoints } from '@coldroom/domain';
import { freePort } from '@coldroom/local';
import { startService } from '@coldroom/runtime/process';
import { Browser } from './testing/browser';
import { RunningConsole } from './testing/running-console';

/** A console that goes on when the other one is killed, on the same register. */
let running: RunningConsole;
beforeAll(async () => {
  running = await RunningConsole.start('crashes');
});
afterAll(() => running.stop());

/** A console of its own process, which kills itself at a crash point. */
async function startKilled(crashAt: string): Promise<{ readonly address: string; readonly exited: Promise<unknown> }> {
  const port = await freePort();
  const { settings, omeroWeb } = running;
  const { exited } = startService({
    name: 'console',
    main: join(__dirname, '..', 'dist', 'main.js'),
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
    },
    onLine: () => undefined,
  });
  const address = `http://127.0.0.1:${port}`;
  const answers = async (): Promise<boolean> =>
    (await fetch(`${address}/coldroom/sign-in`).catch(() => undefined))?.ok ?? false; // nothing listens yet
  let ended = false;
  void exited.then(() => (ended = true));
  while (!(await answers())) {
    if (ended) throw new Error('the console ended before it answered');
    await sleep(50);
  }
  return { address, exited };
}

const decisionPoints = crashPoints.filter((name) => name.startsWith('decide:'));

test.each(decisionPoints)('killed at %s: the decision is there as a whole or not at all', async (crashPoint) => {
  const id = await running.newRequest('part.tif', 2);
  const browser = new Browser(running);
  await browser.signIn('dora');
  const csrf = await browser.csrf();
  const [first] = await running.register.meaning.filesets(id, 1);
  const form = { _csrf: csrf, revision: '1', choosing: 'true', filesets: first!.fileset };
  const { address, exited } = await startKilled(crashPoint);
  const sent = new Browser({ address, settings: running.settings });
  for (const [name, value] of browser.cookies) sent.cookies.set(name, value);

  await expect(sent.post(`/requests/${id}/approve`, form)).rejects.toThrow();
  expect(await exited).toMatchObject({ signal: 'SIGKILL' });
  const decided = crashPoint === 'decide:2-committed';
  expect((await running.register.requests.get(id))?.state).toBe(decided ? 'Approved' : 'New');

  const again = await browser.post(`/requests/${id}/approve`, form);
  expect(again.status).toBe(decided ? 409 : 303);
  expect(await running.register.requests.get(id)).toMatchObject({ state: 'Approved', filesets: 1 });
  const events = await running.register.reports.events({ requestId: id });
  expect(events.map(({ what }) => what)).toEqual(['approve', 'split', 'scan']);
  const rest = await running.register.requests.list({ states: ['New'] });
  expect(rest).toMatchObject([{ filesets: 1 }]);
  await running.register.requests.decline(rest[0]!.id, 'dora', 'not now');
});
