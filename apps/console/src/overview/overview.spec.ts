import { Client } from 'pg';
import { Browser } from '../testing/browser';
import { RunningConsole, type Login } from '../testing/running-console';
import { brought } from '../testing/sample-requests';

let running: RunningConsole;
beforeAll(async () => {
  running = await RunningConsole.start('overview');
});
afterAll(() => running.stop());

async function signedIn(login: Login): Promise<Browser> {
  const browser = new Browser(running);
  await browser.signIn(login);
  return browser;
}

test('an empty register says that nothing waits, and that OMERO was not scanned yet', async () => {
  const { text } = await (await signedIn('dora')).get('/');
  expect(text).toContain('Nothing waits, and nothing is under way');
  expect(text).toContain('OMERO has not been scanned yet.');
  expect(text).not.toContain('<h2>Stop'); // a manager may not, and nothing is stopped
});

test('a manager sees what waits, what is stuck and what helps', async () => {
  const [waiting, stuck] = [await running.newRequest(), await running.newRequest()];
  const { register } = running;
  await register.requests.approve(stuck, 'test');
  await register.requests.start(stuck, 'main', (nr) => `bag-${nr}`, 'test');
  const [due] = await register.claims.due(['approved']);
  const claim = (await register.claims.claim(due!.bagId, ['approved'], 'test', 60_000))!;
  await register.applyTransitions(
    claim,
    claim.files.map(({ id, state }) => ({
      id,
      event: 'fail',
      from: state,
      to: 'stuck',
      code: 'HASH_DIFFERS',
      reason: 'x',
    })),
    { stage: 'hash', errorLimit: 1000 },
  );

  const { text } = await (await signedIn('dora')).get('/');

  expect(text).toContain('1 request waits for a decision');
  expect(text).toContain(`href="/coldroom/requests/${waiting}"`);
  expect(text).toContain('HASH_DIFFERS');
  expect(text).toMatch(/coldroom files \w+ File:\d+/);
});

test('a researcher sees the own requests, and nothing of causes and switches', async () => {
  const id = await running.newRequest();
  const alice = await (await signedIn('alice')).get('/');
  expect(alice.text).toContain(`href="/coldroom/requests/${id}"`);
  for (const word of ['HASH_DIFFERS', 'Stop everything']) expect(alice.text).not.toContain(word);
  expect((await (await signedIn('olga')).get('/')).text).not.toContain(`/requests/${id}"`);
});

const all = async () => (await running.register.switches.list()).find(({ name }) => name === 'all');

test('an administrator stops everything with a reason, and resumes', async () => {
  const root = await signedIn('root');
  const stop = async (reason: string) => root.post('/stop', { _csrf: await root.csrf('/'), reason });
  expect((await stop(' ')).status).toBe(409);
  expect((await stop('<b>disk</b> full')).status).toBe(303);
  expect(await all()).toMatchObject({ stopped: true, changedBy: 'root' });
  const page = await root.get('/');
  expect(page.text).toContain('Everything is stopped');
  expect(page.text).toContain('&lt;b>disk&lt;/b> full');
  const changedAt = /name="changedAt" value="([^"]+)"/.exec(page.text)?.[1] ?? '';
  await running.register.switches.stop('stage:link', 'smoke', 'dora');
  expect((await root.post('/resume', { _csrf: await root.csrf('/'), changedAt })).status).toBe(303);
  expect(await all()).toMatchObject({ stopped: false });
  expect((await root.get('/')).text).toContain('smoke'); // was stopped after the page was sent
  await running.register.switches.resume(undefined, 'test');
});

test.each<Login>(['dora', 'lea', 'alice', 'ada'])('%s can neither stop nor resume', async (login) => {
  const browser = await signedIn(login);
  const csrf = await browser.csrf('/');
  expect((await browser.get('/')).text).not.toContain('Stop everything');
  expect((await browser.post('/stop', { _csrf: csrf, reason: 'because' })).status).toBe(403);
  const changedAt = new Date().toISOString();
  expect((await browser.post('/resume', { _csrf: csrf, changedAt })).status).toBe(403);
});

test('of many requests the newest are shown, with what all of them are together', async () => {
  for (let more = 0; more < 11; more += 1) await running.newRequest();
  const { requests } = await running.register.requests.totals({ states: ['New'] });
  const { text } = await (await signedIn('dora')).get('/');
  expect(text).toContain(`${requests} requests wait for a decision`);
  expect(text).toContain(`The 10 newest of ${requests} requests`);
  expect(text).toContain('href="/coldroom/requests?state=New"');
  expect(text.match(/href="\/coldroom\/requests\/\d+"/g)?.length).toBeLessThan(requests + 5);
});

test('stores with their state and space, and what is held, are shown to those who may see them', async () => {
  const id = await running.newRequest();
  await brought(running.register, id, () => 'linked');
  const look = { kind: 'file', isDefault: false, groups: [], place: '/archive', price: null, space: null };
  await running.register.storeHealth.record([
    {
      ...look,
      name: 'main',
      isDefault: true,
      groups: [],
      fault: null,
      space: { directory: '/archive', freeBytes: 1n << 40n, totalBytes: 1n << 42n },
    },
    { ...look, name: 'far', fault: { code: 'STORE_UNAVAILABLE', reason: 'not mounted' } },
  ]);
  const dora = (await (await signedIn('dora')).get('/')).text;
  for (const expected of [
    '1.00 TiB of 4.00 TiB',
    'Not available',
    'STORE_UNAVAILABLE',
    'Held originals',
    '2 originals, 2.00 GiB',
  ])
    expect(dora).toContain(expected);
  const alice = (await (await signedIn('alice')).get('/')).text;
  for (const hidden of ['Not available', 'Held originals', '<h2>Stores']) expect(alice).not.toContain(hidden);
});

test('of a store at which no service looks any longer, nothing is said but since when', async () => {
  const space = { directory: '/archive', freeBytes: 1n << 40n, totalBytes: 1n << 42n };
  const look = { kind: 'file', isDefault: true, groups: [], place: '/archive', price: null };
  const fault = { code: 'STORE_UNAVAILABLE', reason: 'not mounted' };
  await running.register.storeHealth.record([
    { ...look, name: 'main', fault: null, space },
    { ...look, name: 'far', isDefault: false, fault, space },
  ]);
  const client = new Client({ connectionString: running.settings.registerUrl });
  await client.connect();
  await client.query(`UPDATE coldroom.store_health SET looked_at = looked_at - interval '11 minutes'`);
  await client.end();
  const dora = await signedIn('dora');
  const { text } = await dora.get('/');
  expect(text.match(/Not known<\/span> <span class="small">since <time [^>]*>11 minutes ago/g)).toHaveLength(2);
  for (const old of ['Available', 'Not available', 'of 4.00 TiB']) expect(text).not.toContain(old);
  const { stores } = JSON.parse((await dora.get('/api/v1/overview')).text) as { stores: unknown };
  expect(stores).toMatchObject([{ isOld: true }, { isOld: true }]);
});
