import { Client } from 'pg';
import type { StoreLook } from '@coldroom/register';
import { Browser } from '../testing/browser';
import { RunningConsole, type Login } from '../testing/running-console';

let running: RunningConsole;
beforeAll(async () => {
  running = await RunningConsole.start('store_to_use');
});
afterAll(() => running.stop());
beforeEach(() => running.register.storeHealth.record([]));

const GiB = 1n << 30n;
const look = (name: string, change: Partial<StoreLook> = {}): StoreLook => ({
  name,
  kind: 'file',
  isDefault: false,
  groups: [],
  place: `/${name}`,
  price: null,
  fault: null,
  space: { directory: `/${name}`, freeBytes: 500n * GiB, totalBytes: 900n * GiB },
  ...change,
});
const record = (...looks: StoreLook[]): Promise<void> => running.register.storeHealth.record(looks);

async function signedIn(login: Login): Promise<Browser> {
  const browser = new Browser(running);
  await browser.signIn(login);
  return browser;
}
const htmlOf = async (id: bigint, login: Login = 'dora'): Promise<string> =>
  (await (await signedIn(login)).get(`/requests/${id}`)).text;
const wordsOf = async (id: bigint, login?: Login): Promise<string> =>
  (await htmlOf(id, login)).replace(/<[^>]*>/g, ' ').replace(/\s+/g, ' ');

async function approve(id: bigint, store: string) {
  const dora = await signedIn('dora');
  return dora.post(`/requests/${id}/approve`, { _csrf: await dora.csrf(), revision: '1', store });
}

test('as long as no store is known there is nothing to choose, and the settings decide', async () => {
  const id = await running.newRequest();
  expect(await htmlOf(id)).not.toMatch(/name="store"|Copies go to store/);
});

test('of the only store there is its name, free space and cost, and nothing to choose', async () => {
  await record(look('disk', { isDefault: true, price: { perTBYear: 1000, currency: 'EUR' } }));
  const id = await running.newRequest();
  expect(await htmlOf(id)).not.toContain('name="store"');
  expect(await wordsOf(id)).toContain('Copies go to store disk 500 GiB free, EUR 2.15 per year for the whole request');
});

test('among several the default is chosen beforehand, or that of the group', async () => {
  const [disk, tape] = [look('disk', { isDefault: true }), look('tape', { price: { perTBYear: 90, currency: 'EUR' } })];
  await record(disk, tape);
  const id = await running.newRequest();
  const checked = async (): Promise<readonly string[]> =>
    [...(await htmlOf(id)).matchAll(/name="store" value="(\w+)" checked/g)].map((match) => match[1] as string);
  expect(await checked()).toEqual(['disk']);
  expect(await wordsOf(id)).toContain(
    'Store disk 500 GiB free tape 500 GiB free, EUR 0.19 per year for the whole request',
  );
  await record(disk, { ...tape, groups: ['other', 'lab'] });
  expect(await checked()).toEqual(['tape']);
});

test('a store that is too small or not available is marked; of S3 the free space says nothing', async () => {
  await record(
    look('disk', { isDefault: true, space: { directory: '/disk', freeBytes: 2n * GiB - 1n, totalBytes: 900n * GiB } }),
    look('cloud', { kind: 's3', space: { directory: '/recalled', freeBytes: 1n, totalBytes: 2n } }),
    look('tape', { fault: { code: 'STORE_UNAVAILABLE', reason: 'not mounted' }, space: null }),
  );
  const words = await wordsOf(await running.newRequest());
  expect(words).toMatch(
    /disk 2\.00 GiB free ▲ Too small for this request cloud tape ▲ Not available It became unavailable just now \. Archiving waits/,
  );
});

test('of a store at which no service looks any longer, neither space nor availability is shown', async () => {
  await record(
    look('disk', { isDefault: true, space: { directory: '/disk', freeBytes: 1n, totalBytes: 900n * GiB } }),
    look('tape', { fault: { code: 'STORE_UNAVAILABLE', reason: 'not mounted' }, space: null }),
  );
  const client = new Client({ connectionString: running.settings.registerUrl });
  await client.connect();
  await client.query(`UPDATE coldroom.store_health SET looked_at = looked_at - interval '8 days'`);
  await client.end();
  expect(await wordsOf(await running.newRequest())).toMatch(
    /disk ▲ Not known since 8 days ago tape ▲ Not known since 8 days ago (?!.*unavailable)/,
  );
});

test('a leader who approves sees that a store is not available, but neither why nor where it is', async () => {
  const leading = await RunningConsole.start('store_to_use_leader', {
    policy: { leadersDecide: true, fourEyes: false },
  });
  try {
    const fault = { code: 'STORE_UNAVAILABLE', reason: 'nfs7.example.org:/secret is not mounted' };
    await leading.register.storeHealth.record([look('tape', { isDefault: true, fault, space: null })]);
    const lea = new Browser(leading);
    await lea.signIn('lea');
    const { text } = await lea.get(`/api/v1/requests/${await leading.newRequest()}`);
    const { stores } = JSON.parse(text) as { stores: { fault: unknown }[] };
    expect(stores[0]?.fault).toEqual({ code: 'STORE_UNAVAILABLE', since: expect.any(String) });
    expect(text).not.toMatch(/nfs7|\/tape/);
  } finally {
    await leading.stop();
  }
});

test('only who may approve, and only while it is New, sees stores', async () => {
  await record(look('disk', { isDefault: true }), look('tape'));
  const id = await running.newRequest();
  for (const login of ['alice', 'lea', 'root', 'ada'] as const)
    expect([login, (await htmlOf(id, login)).includes('name="store"')]).toEqual([login, false]);
  expect((await approve(id, 'tape')).status).toBe(303);
  expect(await htmlOf(id)).not.toContain('name="store"');
});

test('the approval keeps the store that was chosen, and refuses one that does not exist', async () => {
  await record(look('disk', { isDefault: true }), look('tape'));
  const id = await running.newRequest();
  const refused = await approve(id, 'floppy');
  expect(refused.status).toBe(409);
  expect(refused.text).toContain('There is no store &quot;floppy&quot;; there are disk, tape.');
  expect(await running.register.requests.get(id)).toMatchObject({ state: 'New', revision: 1 });
  const dora = await signedIn('dora');
  const byApi = await dora.send(`/api/v1/requests/${id}/decision`, {
    method: 'POST',
    body: JSON.stringify({ decision: 'approve', store: 'floppy' }),
    headers: { 'content-type': 'application/json', 'if-match': '"1"', 'x-csrf-token': await dora.csrf() },
  });
  expect([byApi.status, JSON.parse(byApi.text)]).toMatchObject([409, { code: 'STORE_UNKNOWN' }]);
  expect((await approve(id, 'tape')).status).toBe(303);
  expect(await running.register.requests.get(id)).toMatchObject({ state: 'Approved', store: 'tape' });
});

const unable = [
  ['STORE_NOT_PROTECTED', 'cannot protect copies'],
  ['STORE_NOT_PROVABLE', 'cannot prove copies'],
  ['FILE_SYSTEM_UNABLE', 'cannot keep copies'],
] as const;

test.each(unable)('no approval goes to a store whose file system was refused: %s', async (code, reason) => {
  await record(
    look('disk', { isDefault: true, fault: { code, reason: 'the store at /smb' }, space: null }),
    look('tape'),
  );
  const id = await running.newRequest();
  for (const store of ['disk', '']) {
    const { status, text } = await approve(id, store);
    expect(status).toBe(409);
    expect(text).toContain(`The store &quot;disk&quot; ${reason}`);
    expect(text).not.toContain('/smb');
  }
  expect(await running.register.requests.get(id)).toMatchObject({ state: 'New', revision: 1 });
  expect((await approve(id, 'tape')).status).toBe(303);
});

test('before any store is reported, one that is named is refused and says what to do', async () => {
  const id = await running.newRequest();
  const { status, text } = await approve(id, 'disk');
  expect(status).toBe(409);
  expect(text).toContain('Approve without naming one, or start it.');
  expect((await approve(id, '')).status).toBe(303);
  expect(await running.register.requests.get(id)).toMatchObject({ state: 'Approved', store: null });
});
