import { reportNames } from '@coldroom/operations';
import { Browser } from '../testing/browser';
import { people, RunningConsole, type Login } from '../testing/running-console';
import { fillWithSample } from '../testing/sample-contents';
import { sampleOmeroUsage } from '../testing/sample-usage';

let running: RunningConsole;
beforeAll(async () => {
  running = await RunningConsole.start('reports', { omeroPrice: { perTBYear: 250, currency: 'EUR' } });
  await fillWithSample(running);
  await running.register.usage.omero.mirror(sampleOmeroUsage, 0);
});
afterAll(() => running.stop());

async function signedIn(login: Login): Promise<Browser> {
  const browser = new Browser(running);
  await browser.signIn(login);
  return browser;
}

type Row = Readonly<Record<string, string | number | null>>;
interface Answer {
  readonly rows: readonly Row[];
  readonly totals: Row;
  readonly count: number;
  readonly notes: readonly string[];
}
const api = async (login: Login, path: string): Promise<Answer> =>
  JSON.parse((await (await signedIn(login)).get(`/api/v1/reports/${path}`)).text) as Answer;

/** By the names in the header; no cell of the sample has a comma. */
function parsed(csv: string): readonly Row[] {
  const [header = '', ...lines] = csv.trimEnd().split('\r\n');
  return lines.map((line) =>
    Object.fromEntries(header.split(',').map((name, at) => [name, line.split(',')[at] ?? ''])),
  );
}

test('the page, the file and the API have the same rows and totals', async () => {
  const browser = await signedIn('dora');
  const { rows, totals } = await api('dora', 'usage?rows=user');
  expect(rows.map(({ owner }) => owner).toSorted()).toEqual(['alice', 'lea', 'olga']);
  const { text, headers } = await browser.get('/reports/usage.csv?rows=user');
  expect(headers.get('content-disposition')).toMatch(/coldroom-usage-by-user-20\d\d-\d\d-\d\d\.csv/);
  expect(parsed(text).map(({ owner, held_bytes }) => [owner, held_bytes])).toEqual(
    rows.map(({ owner, held_bytes }) => [owner, held_bytes]),
  );
  const usage = JSON.parse((await browser.get('/api/v1/usage')).text) as {
    totals: { parts: Record<string, { bytes: string }>; omero: { bytes: string } };
  };
  expect(totals['held_bytes']).toBe(usage.totals.parts['held']!.bytes);
  expect(totals['omero_bytes']).toBe(usage.totals.omero.bytes);
  const page = await browser.get('/reports/usage?rows=user');
  expect(page.text).toContain('href="/coldroom/reports/usage.csv?rows=user"');
  expect(page.text).toContain('alice');
});

test('a limit leaves out rows, and never changes totals', async () => {
  const all = await api('dora', 'archive');
  const some = await api('dora', 'archive?limit=1');
  expect(all.count).toBeGreaterThan(2);
  expect([some.rows.length, some.count, some.totals]).toEqual([1, all.count, all.totals]);
});

test('one sees one’s own, the group that one leads, or all', async () => {
  const owners = async (login: Login, path: string) => [
    ...new Set((await api(login, path)).rows.map(({ owner }) => owner)),
  ];
  const store = (await running.register.usage.ofFiles()).find((row) => row.stored && row.owner === 'olga')?.store;
  expect(store).toBeDefined();
  for (const path of ['usage?rows=user', 'archive', `store?store=${store}`]) {
    expect([path, await owners('olga', path)]).toEqual([path, ['olga']]);
    expect([path, await owners('lea', path)]).toEqual([path, expect.arrayContaining(['alice'])]);
    expect([path, await owners('lea', path)]).toEqual([path, expect.not.arrayContaining(['olga'])]);
  }
  expect((await owners('dora', 'archive')).toSorted()).toEqual(['alice', 'olga']);
  expect(await owners('olga', `archive?owner=${people.alice}`)).toEqual([]);
  expect((await (await signedIn('olga')).get('/reports/usage.csv?rows=user')).text).not.toMatch(/alice/i);
});

test('findings of audits are for who may see audits', async () => {
  const code = 'COPY_BAD';
  await running.register.troubles.found([{ name: `audit finding:${code}`, code, detail: { total: 2 } }], 'audit');
  expect((await api('dora', 'integrity')).rows).toMatchObject([{ code, count: 2 }]);
  expect((await api('alice', 'integrity')).rows).toEqual([]);
});

test('what there is not, and what does not go together, is said', async () => {
  const browser = await signedIn('dora');
  const status = async (path: string): Promise<number> => (await browser.get(path)).status;
  expect(await status('/api/v1/reports/none')).toBe(404);
  expect(await status('/reports/none.csv')).toBe(404);
  expect(await status('/api/v1/reports/store?store=none')).toBe(404);
  expect(await status('/api/v1/reports/store')).toBe(400);
  expect(await status('/api/v1/reports/usage?rows=age')).toBe(400);
  expect(await status('/api/v1/reports/size?object=/etc/passwd')).toBe(400);
  expect(await status('/reports/usage?colour=red')).toBe(400);
});

test('a list has all reports, and Usage leads there', async () => {
  const browser = await signedIn('alice');
  const names = JSON.parse((await browser.get('/api/v1/reports')).text) as { data: { name: string }[] };
  expect(names.data.map(({ name }) => name)).toEqual(reportNames);
  expect((await browser.get('/usage')).text).toContain('href="/coldroom/reports"');
  const { text } = await browser.get('/reports');
  const links = [...text.matchAll(/href="\/coldroom(\/reports\/[^"]+)"/g)].map(([, path]) => path as string);
  expect(links.length).toBeGreaterThan(8);
  for (const path of links) expect([path, (await browser.get(path)).status]).toEqual([path, 200]);
});

test('an image that the scanner does not answer is not said to be missing', async () => {
  const { status, text } = await (await signedIn('dora')).get('/api/v1/reports/image?object=Image:7');
  expect([status, (JSON.parse(text) as { code: string }).code]).toEqual([503, 'IMAGE_NOT_READ']);
}, 20_000);
