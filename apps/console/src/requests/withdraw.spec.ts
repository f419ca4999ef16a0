import { Browser } from '../testing/browser';
import { RunningConsole, type Login } from '../testing/running-console';

let running: RunningConsole;
beforeAll(async () => {
  running = await RunningConsole.start('withdraw');
});
afterAll(() => running.stop());

async function signedIn(login: Login): Promise<Browser> {
  const browser = new Browser(running);
  await browser.signIn(login);
  return browser;
}

test.each<[Login, boolean, number]>([
  ['alice', true, 303],
  ['lea', true, 303],
  ['dora', false, 303], // has Decline, which gives a reason
  ['root', false, 403],
  ['ada', false, 403],
  ['olga', false, 404],
])('%s has the button to withdraw the request of alice: %s, and gets %d', async (login, offered, status) => {
  const id = await running.newRequest();
  const browser = await signedIn(login);
  expect((await browser.get(`/requests/${id}`)).text.includes('Withdraw the request')).toBe(offered);
  const form = { _csrf: await browser.csrf(), revision: '1' };
  expect((await browser.post(`/requests/${id}/withdraw`, form)).status).toBe(status);
  const withdrawn = { state: 'Declined', decidedBy: login, reason: `withdrawn by ${login}` };
  expect(await running.register.requests.get(id)).toMatchObject(status === 303 ? withdrawn : { state: 'New' });
});

test('what is approved already is not withdrawn, and the page says so', async () => {
  const id = await running.newRequest();
  await running.register.requests.approve(id, 'dora');
  const alice = await signedIn('alice');
  const { status, text } = await alice.post(`/requests/${id}/withdraw`, { _csrf: await alice.csrf(), revision: '1' });
  expect([status, text]).toEqual([409, expect.stringContaining('already Approved')]);
  expect(text).not.toContain('Withdraw the request');
});

test('nothing is withdrawn in a state that was not reviewed', async () => {
  const id = await running.newRequest();
  const alice = await signedIn('alice');
  const { status } = await alice.post(`/requests/${id}/withdraw`, { _csrf: await alice.csrf(), revision: '2' });
  expect(status).toBe(409);
  expect((await running.register.requests.get(id))?.state).toBe('New');
});

test('a withdrawn request says who withdrew it, and its marks are removed', async () => {
  const id = await running.newRequest();
  const alice = await signedIn('alice');
  await alice.post(`/requests/${id}/withdraw`, { _csrf: await alice.csrf(), revision: '1' });
  expect((await alice.get(`/requests/${id}`)).text).toContain('Withdrawn by alice');
  const [event] = await running.register.reports.events({ requestId: id });
  expect(event).toMatchObject({ what: 'withdraw', actor: 'alice', to: 'Declined' });
  const [file] = await running.register.reports.files({ requestId: id });
  expect(file).toMatchObject({ state: 'declined' });
});
