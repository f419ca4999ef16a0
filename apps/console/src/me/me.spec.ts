import { Browser, type Answer } from '../testing/browser';
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

describe('mail', () => {
  const choose = async (browser: Browser, choice: string, token?: string): Promise<Answer> =>
    browser.post('/me/mail', { choice, _csrf: token ?? (await browser.csrf()) });

  test('a person chooses for themselves how much mail they want, and sees what they chose', async () => {
    const browser = new Browser(running);
    await browser.signIn('alice');
    const before = (await browser.get('/me')).text;
    expect(before).toMatch(/<strong class="name">alice@[^<]+<\/strong>/);
    expect(before).toMatch(/value="atOnce" checked/);
    const answer = await choose(browser, 'daily');
    expect([answer.status, answer.headers.get('location')]).toEqual([
      303,
      expect.stringMatching(/\/me\?mail=saved#mail$/),
    ]);
    expect((await browser.get('/me?mail=saved')).text).toMatch(/role="status">Saved.*value="daily" checked/s);
    expect(await running.register.mailChoices.list()).toMatchObject([{ login: 'alice', choice: 'daily' }]);
    await choose(browser, 'atOnce');
  });

  test('anything else, and a form without its token, changes nothing', async () => {
    const browser = new Browser(running);
    await browser.signIn('alice');
    await browser.get('/me');
    expect((await choose(browser, 'never')).status).toBe(400);
    expect((await choose(browser, 'none', 'forged')).status).toBe(403);
    expect(await running.register.mailChoices.list()).toEqual([]);
  });
});
