import { crashPoints } from '@coldroom/domain';
import { Browser } from './testing/browser';
import { startConsole } from './testing/console-process';
import { RunningConsole } from './testing/running-console';

/** A console that goes on when the other one is killed, on the same register. */
let running: RunningConsole;
beforeAll(async () => {
  running = await RunningConsole.start('crashes');
});
afterAll(() => running.stop());

const decisionPoints = crashPoints.filter((name) => name.startsWith('decide:'));

test.each(decisionPoints)('killed at %s: the decision is there as a whole or not at all', async (crashPoint) => {
  const id = await running.newRequest('part.tif', 2);
  const browser = new Browser(running);
  await browser.signIn('dora');
  const csrf = await browser.csrf();
  const [first] = await running.register.meaning.filesets(id, 1);
  const form = { _csrf: csrf, revision: '1', choosing: 'true', filesets: first!.fileset };
  const { address, exited } = await startConsole(running, crashPoint);
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
