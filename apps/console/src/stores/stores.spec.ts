import { Client } from 'pg';
import type { StoreLook } from '@coldroom/register';
import { Browser } from '../testing/browser';
import { RunningConsole, type Login } from '../testing/running-console';
import { brought } from '../testing/sample-requests';

let running: RunningConsole;
beforeAll(async () => {
  running = await RunningConsole.start('stores');
});
afterAll(() => running.stop());

async function signedIn(login: Login): Promise<Browser> {
  const browser = new Browser(running);
  await browser.signIn(login);
  return browser;
}

const TiB = 1n << 40n;
const look = (change: Partial<StoreLook> = {}): StoreLook => ({
  name: 'tape',
  kind: 'file',
  isDefault: true,
  groups: [],
  place: '/archive',
  price: { perTBYear: 90, currency: 'EUR' },
  fault: null,
  space: { directory: '/archive', freeBytes: TiB, totalBytes: 4n * TiB },
  ...change,
});
const page = async (): Promise<string> => (await (await signedIn('dora')).get('/stores')).text;

test('without a look, it says which service looks', async () => {
  const text = await page();
  expect(text).toContain('No store has been looked at yet');
  expect(text).toContain('ingest-watcher');
});

test('a store shows its space, what is in it, and what that costs', async () => {
  const id = await running.newRequest('image.tif', 3);
  await brought(running.register, id, () => 'verified');
  await running.register.storeHealth.record([look()]);
  const text = await page();
  expect(text).toContain('All stores are available');
  expect(text).toContain('75 % full: 1.00 TiB free of 4.00 TiB');
  expect(text).toContain('Waiting until the store reports them as durable');
  expect(text).toContain('EUR 90.00 per TB per year: what is archived costs <strong>EUR 0.00</strong> a year');

  const other = await running.newRequest('other.tif', 2);
  await brought(running.register, other, () => 'released');
  expect(await page()).toContain('EUR 0.39</strong> a year'); // 4 files of 1 GiB
  const { data } = JSON.parse((await (await signedIn('dora')).get('/api/v1/stores')).text) as { data: unknown[] };
  expect(data).toMatchObject([
    {
      name: 'tape',
      health: { kind: 'file', isDefault: true, freeBytes: TiB.toString(), price: { perTBYear: 90 }, fault: null },
      isOld: false,
      content: {
        archived: { files: 4, bytes: (4n << 30n).toString() },
        waiting: { files: 6, bytes: (6n << 30n).toString() },
        stuck: { files: 0, bytes: '0' },
      },
    },
  ]);
});

test('a store that cannot be used says why and since when; the others stay', async () => {
  const fault = { code: 'STORE_UNAVAILABLE', reason: '<b>the marker</b> is missing' };
  await running.register.storeHealth.record([
    look({ fault, space: null }),
    look({ name: 'second', isDefault: false, price: null, kind: 'copies', space: null }),
  ]);
  const text = await page();
  expect(text).toContain('1 store is not available');
  expect(text).toContain('&lt;b>the marker&lt;/b> is missing');
  expect(text).toMatch(/became unavailable <time [^>]*>just now/);
  expect(text).toContain('see its member stores');
});

test('a store that is filling up or stopped is marked', async () => {
  const { register } = running;
  await register.storeHealth.record([look()]);
  await register.troubles.found([{ name: 'store filling up:tape', detail: {} }], 'test');
  await register.switches.stop('store:tape', 'a disk <failed>', 'test');
  const text = await page();
  expect(text).toContain('1 store is filling up');
  expect(text).toContain('a disk &lt;failed>');
  expect(text).toContain('coldroom resume store:tape');
  await register.troubles.over(['store filling up:tape'], 'test');
});

test('a store at which no service looks any longer is not shown as available', async () => {
  await running.register.storeHealth.record([look()]);
  const client = new Client({ connectionString: running.settings.registerUrl });
  await client.connect();
  await client.query(`UPDATE coldroom.store_health SET looked_at = looked_at - interval '11 minutes'`);
  await client.end();
  const text = await page();
  expect(text).toContain('The stores have not been checked recently');
  expect(text).toContain('Look whether it runs');
});

test('a store that is no longer configured is shown while it contains files', async () => {
  await running.register.storeHealth.record([look({ name: 'new' })]);
  expect(await page()).toMatch(/tape[^]*No longer configured[^]*still contains files/);
  await running.register.storeHealth.record([look({ name: 'tape' })]);
  expect(await page()).not.toContain('No longer configured');
});

test.each<[Login, number]>([
  ['dora', 200],
  ['root', 200],
  ['ada', 200],
  ['lea', 404],
  ['alice', 404],
])('%s gets %d, and the entry in the navigation accordingly', async (login, status) => {
  const browser = await signedIn(login);
  for (const path of ['/stores', '/api/v1/stores']) expect((await browser.get(path)).status).toBe(status);
  expect((await browser.get('/')).text.includes('href="/coldroom/stores"')).toBe(status === 200);
});
