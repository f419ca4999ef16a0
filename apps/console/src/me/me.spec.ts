import { Browser } from '../testing/browser';
import { RunningConsole, type Login } from '../testing/running-console';

let running: RunningConsole;
beforeAll(async () => {
  running = await RunningConsole.start('me');
});
afterAll(() => running.stop());

async function pageOf(login: Login): Promise<string> {
  const browser = new Browser(running);
  await browser.signIn(login);
  return (await browser.get('/me')).text;
}

test('a researcher reads in plain words what became of the files, without the names of states', async () => {
  const [waiting, started, declined] = [
    await running.newRequest(),
    await running.newRequest(),
    await running.newRequest(),
  ];
  const { requests } = running.register;
  await requests.approve(started, 'test');
  await requests.start(started, 'main', (nr) => `me-${nr}`, 'test');
  await requests.decline(declined, 'test', 'still in use');

  const text = await pageOf('alice');

  for (const id of [waiting, started, declined]) expect(text).toContain(`/requests/${id}"`);
  expect(text).toContain('waiting for a decision; nothing has been touched');
  expect(text).toContain('being copied and compared; OMERO works as always');
  expect(text).toContain('not archived; where they always were');
  expect(text).toContain('still in use');
  expect(text).not.toMatch(/registered|declined</);
});

test('only their own requests are there, also for those who may see all', async () => {
  await running.newRequest();
  for (const login of ['dora', 'lea', 'root'] as const) expect(await pageOf(login)).toContain('You have no requests.');
});
