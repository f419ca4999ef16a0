import { setTimeout as sleep } from 'node:timers/promises';
import { Browser } from '../testing/browser';
import { RunningConsole } from '../testing/running-console';

const cookie = 'coldroom.session';
let running: RunningConsole;
beforeAll(async () => {
  running = await RunningConsole.start('sessions');
});
afterAll(() => running.stop());

async function signedIn(login: string, to = running): Promise<Browser> {
  const browser = new Browser(to);
  expect((await browser.signIn(login)).status).toBe(303);
  return browser;
}

const statusOf = async (browser: Browser): Promise<number> => (await browser.get('/requests')).status;

test('signing out everywhere ends the sessions of one person in all browsers, and no others', async () => {
  const [here, there, olgas] = [await signedIn('dora'), await signedIn('dora'), await signedIn('olga')];
  const thief = new Browser(running);
  thief.cookies.set(cookie, here.cookies.get(cookie)!);
  expect(await statusOf(thief)).toBe(200);
  const page = await here.get('/me');
  expect(page.text).toContain('Sign out everywhere');
  const out = await here.post('/sign-out-everywhere', { _csrf: await here.csrf('/me') });
  expect([out.status, out.headers.get('location')]).toEqual([303, '/coldroom/sign-in']);
  expect(here.cookies.has(cookie)).toBe(false);
  for (const each of [here, there, thief]) expect(await statusOf(each)).toBe(303);
  expect(await statusOf(olgas)).toBe(200);
  expect(await statusOf(await signedIn('dora'))).toBe(200);
});

test('a stolen cookie is worth nothing afterwards, in the API, in Bull Board and for forms', async () => {
  const owner = await signedIn('root');
  const thief = new Browser(running);
  thief.cookies.set(cookie, owner.cookies.get(cookie)!);
  const token = await thief.csrf();
  await owner.post('/sign-out-everywhere', { _csrf: token });
  expect((await thief.get('/api/v1/requests')).status).toBe(401);
  expect((await thief.get('/queues/board')).status).toBe(404);
  expect((await thief.post('/sign-out-everywhere', { _csrf: token })).status).toBe(401);
});

test('requests that are on their way do not bring a session back', async () => {
  const [here, there] = [await signedIn('lea'), await signedIn('lea')];
  const token = await here.csrf();
  const asked = Array.from({ length: 20 }, () => there.get('/requests'));
  await here.post('/sign-out-everywhere', { _csrf: token });
  await Promise.all(asked);
  expect(await statusOf(there)).toBe(303);
});

test('another site cannot sign someone out', async () => {
  const browser = await signedIn('dora');
  expect((await browser.post('/sign-out-everywhere', {})).status).toBe(403);
  expect((await browser.post('/sign-out-everywhere', {}, { origin: 'https://evil.example' })).status).toBe(403);
  expect(await statusOf(browser)).toBe(200);
});

test('a session ends when it is not used, and at its latest end also when it is', async () => {
  const idle = await RunningConsole.start('sessions_idle', { sessionIdleMs: 2000 });
  const absolute = await RunningConsole.start('sessions_absolute', { sessionMaxMs: 3000 });
  try {
    const [used, unused, long] = [
      await signedIn('dora', idle),
      await signedIn('dora', idle),
      await signedIn('dora', absolute),
    ];
    for (let nr = 0; nr < 8; nr++) {
      await sleep(500);
      expect(await statusOf(used)).toBe(200);
      if (nr === 0) expect(await statusOf(long)).toBe(200);
      else await statusOf(long);
    }
    expect(await statusOf(unused)).toBe(303);
    expect(await statusOf(long)).toBe(303);
  } finally {
    await idle.stop();
    await absolute.stop();
  }
});
