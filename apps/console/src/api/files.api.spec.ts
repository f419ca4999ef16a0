import { Browser } from '../testing/browser';
import { RunningConsole, type Login } from '../testing/running-console';
import { brought } from '../testing/sample-requests';

let running: RunningConsole;
let id: bigint;
beforeAll(async () => {
  running = await RunningConsole.start('api_files');
  id = await running.newRequest('image.tif', 3);
  await brought(running.register, id, () => 'released');
});
afterAll(() => running.stop());

async function signedIn(login: Login): Promise<Browser> {
  const browser = new Browser(running);
  await browser.signIn(login);
  return browser;
}

interface Page {
  readonly data: { readonly id: string; readonly size: string; readonly state: string }[];
  readonly next: string | null;
}
const page = async (browser: Browser, path: string): Promise<Page> =>
  JSON.parse((await browser.get(`/api/v1/${path}`)).text) as Page;

test('files are read by a cursor, each once, with 64-bit numbers as strings', async () => {
  const alice = await signedIn('alice');
  const seen: string[] = [];
  let cursor: string | null = '';
  while (cursor !== null) {
    const { data, next }: Page = await page(alice, `files?request=${id}&limit=4${cursor && `&cursor=${cursor}`}`);
    seen.push(...data.map((file) => file.id));
    cursor = next;
  }
  expect(new Set(seen).size).toBe(6);
  expect(seen).toHaveLength(6);
  const [first] = (await page(alice, 'files?state=released&state=linked&limit=1')).data;
  expect(first).toMatchObject({ state: 'released', size: (1n << 30n).toString() });
  expect((await page(alice, 'files?state=stuck')).data).toEqual([]);
});

test('one file has its copies and events; hidden and missing ones are the same 404', async () => {
  const [file] = await running.register.reports.files({ requestId: id });
  const [alice, olga] = [await signedIn('alice'), await signedIn('olga')];
  expect(JSON.parse((await alice.get(`/api/v1/files/${file!.id}`)).text)).toMatchObject({
    file: { id: file!.id.toString(), released: true, copies: [{ store: 'tape', read: 'remote' }] },
    help: null,
    events: expect.arrayContaining([expect.objectContaining({ what: 'release' })]),
  });
  const [hidden, missing] = [await olga.get(`/api/v1/files/${file!.id}`), await olga.get('/api/v1/files/999999')];
  expect([hidden.status, hidden.text]).toEqual([404, missing.text]);
  expect((await page(olga, `files?path=${file!.path}`)).data).toEqual([]);
});

test.each([
  'files?state=archived',
  'files?limit=0',
  'files?limit=1001',
  'files?cursor=x',
  'files?cursor=9223372036854775808',
  'files?offset=10',
  'files?visibleTo=1',
  'files?code=%00',
  'retrievals?cursor=-1',
  'retrievals?limit=1e2',
  'retrievals?state=done',
])('GET %s is refused with problem details', async (path) => {
  const { status, text } = await (await signedIn('dora')).get(`/api/v1/${path}`);
  expect([status, JSON.parse(text)]).toMatchObject([400, { status: 400, code: 'BAD_REQUEST' }]);
});
