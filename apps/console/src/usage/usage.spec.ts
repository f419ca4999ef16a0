import { Client } from 'pg';
import { usageParts } from '@coldroom/register';
import { Browser } from '../testing/browser';
import { lab, people, RunningConsole, type Login } from '../testing/running-console';
import { fillWithSample } from '../testing/sample-contents';
import { groups } from '../testing/sample-people';
import { sampleOmeroUsage } from '../testing/sample-usage';

let running: RunningConsole;
beforeAll(async () => {
  running = await RunningConsole.start('usage', { omeroPrice: { perTBYear: 250, currency: 'EUR' } });
  await fillWithSample(running);
});
afterAll(() => running.stop());

async function signedIn(login: Login): Promise<Browser> {
  const browser = new Browser(running);
  await browser.signIn(login);
  return browser;
}
const wordsOf = async (login: Login, query = ''): Promise<string> =>
  (await (await signedIn(login)).get(`/usage${query}`)).text.replace(/<[^>]*>/g, ' ').replace(/\s+/g, ' ');

type Parts = Readonly<Record<string, { readonly files: number; readonly bytes: string }>>;
interface Line {
  readonly groupId: string;
  readonly ownerId: string;
  readonly owner: string;
  readonly parts: Parts;
  readonly omero: { readonly bytes: string } | null;
}
interface Answer {
  readonly totals: Line;
  readonly groups: readonly Line[];
  readonly owners: readonly Line[];
  readonly stores: readonly { readonly store: string; readonly bytes: string; readonly cost: unknown }[];
  readonly saved: unknown;
  readonly candidates: readonly { readonly year: number; readonly filesets: string; readonly bytes: string }[] | null;
  readonly projects: readonly { readonly name: string }[];
  readonly omeroRead: { readonly failed: string | null };
}
const api = async (login: Login, query = ''): Promise<Answer> =>
  JSON.parse((await (await signedIn(login)).get(`/api/v1/usage${query}`)).text) as Answer;

/** What the register has, counted over its files. */
async function counted(condition: string): Promise<{ readonly files: number; readonly bytes: bigint }> {
  const client = new Client({ connectionString: running.settings.registerUrl, options: '-c search_path=coldroom' });
  await client.connect();
  try {
    const { rows } = await client.query<{ files: string; bytes: string }>(
      `SELECT count(*) AS files, coalesce(sum(size), 0) AS bytes FROM file f JOIN request r ON r.id = f.request_id WHERE ${condition}`,
    );
    return { files: Number(rows[0]?.files), bytes: BigInt(rows[0]?.bytes ?? 0) };
  } finally {
    await client.end();
  }
}

function sumOf({ parts }: Pick<Line, 'parts'>): { readonly files: number; readonly bytes: bigint } {
  const all = Object.values(parts);
  return {
    files: all.reduce((sum, { files }) => sum + files, 0),
    bytes: all.reduce((sum, { bytes }) => sum + BigInt(bytes), 0n),
  };
}

test('the totals, and those of each group and person, are the register to the byte', async () => {
  const { totals, groups: byGroup, owners } = await api('dora');
  expect(sumOf(totals)).toEqual(await counted('true'));
  expect(sumOf(totals).files).toBeGreaterThan(250);
  for (const line of byGroup) expect(sumOf(line)).toEqual(await counted(`r.group_id = ${line.groupId}`));
  for (const line of owners)
    expect(sumOf(line)).toEqual(await counted(`r.group_id = ${line.groupId} AND r.owner_id = ${line.ownerId}`));
  const { held, freed, stuck } = totals.parts;
  expect(BigInt(held!.bytes)).toBe((await counted(`f.state = 'linked' AND released_at IS NULL`)).bytes);
  expect(BigInt(freed!.bytes)).toBe((await counted(`released_at IS NOT NULL`)).bytes);
  expect(BigInt(stuck!.bytes)).toBe((await counted(`f.state = 'stuck'`)).bytes);
});

test('the CSV file has the same, one row for each person and group', async () => {
  const { headers, text, status } = await (await signedIn('dora')).get('/usage.csv');
  expect([status, headers.get('content-type')]).toEqual([200, 'text/csv; charset=utf-8']);
  expect(headers.get('content-disposition')).toMatch(/^attachment; filename=coldroom-owners-20\d\d-\d\d-\d\d\.csv$/);
  const [header = '', ...lines] = text.trimEnd().split('\r\n');
  const names = header.split(',');
  const rows = lines.map((line) => Object.fromEntries(line.split(',').map((cell, at) => [names[at], cell])));
  const column = (part: string): string => `${part.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)}_bytes`;
  const bytes = rows.reduce(
    (sum, row) => usageParts.reduce((all, part) => all + BigInt(row[column(part)] ?? ''), sum),
    0n,
  );
  expect(bytes).toBe((await counted('true')).bytes);
  expect(rows.map(({ owner }) => owner).toSorted()).toEqual(['alice', 'olga']);
});

test('one sees one’s own, the group that one leads, or all', async () => {
  const owners = async (login: Login): Promise<readonly string[]> =>
    (await api(login)).owners.map(({ owner }) => owner).toSorted();
  expect(await owners('alice')).toEqual(['alice']);
  expect(await owners('olga')).toEqual(['olga']);
  expect(await owners('lea')).toEqual(['alice']);
  for (const login of ['dora', 'root', 'ada'] as const) expect(await owners(login)).toEqual(['alice', 'olga']);
  expect((await api('olga', `?group=${groups.biology}`)).owners).toEqual([]);
  expect((await api('olga', `?owner=${people.alice}`)).owners).toEqual([]);
  expect((await api('dora', `?owner=${people.alice}`)).owners.map(({ owner }) => owner)).toEqual(['alice']);
  for (const table of ['owners', 'projects', 'days'])
    expect((await (await signedIn('olga')).get(`/usage.csv?of=${table}`)).text).not.toMatch(/Alice|alice|Biology/);
  expect(await wordsOf('olga')).not.toMatch(/Alice|Biology/);
});

test('without usage of OMERO the page says so, and whoever could help learns how', async () => {
  const { omero } = running.register.usage;
  expect(await wordsOf('dora')).toContain('What is in OMERO is not known before the next scan.');
  const reason = 'OMERO_USAGE_NOT_READABLE: Run docs/omero-grants.sql there.';
  await omero.mirrorFailed(reason, 0);
  expect(await wordsOf('dora')).toContain(`What is in OMERO could not be read. ${reason}`);
  expect(await wordsOf('alice')).not.toContain('docs/omero-grants.sql');
  expect(await api('dora')).toMatchObject({ candidates: null, totals: { omero: null }, omeroRead: { failed: reason } });
});

test('with it, bytes in OMERO, what is not archived by year and size, and projects', async () => {
  const { omero } = running.register.usage;
  await omero.mirror(sampleOmeroUsage, 0);
  const all = await api('dora');
  const bytes = sampleOmeroUsage.filesets.reduce((sum, row) => sum + row.bytes, 0n);
  expect(all.totals.omero?.bytes).toBe(bytes.toString());
  const left = sampleOmeroUsage.filesets.reduce((sum, row) => sum + row.bytes - row.archivedBytes, 0n);
  expect(all.candidates?.reduce((sum, row) => sum + BigInt(row.bytes), 0n)).toBe(left);
  expect(all.owners.map(({ owner }) => owner).toSorted()).toEqual(['alice', 'lea', 'olga']);
  const words = await wordsOf('dora');
  expect(words).toContain('Filesets not archived, by year of import and size');
  expect(words).toMatch(/2022 824 GiB 2 filesets none none none 824 GiB 2 filesets/);
  expect(words).toMatch(/Embryo series Alice Meyer, Cell Biology 40 1\.21 TiB 412 GiB/);
  expect((await api('olga')).projects).toEqual([]);
  expect(await wordsOf('olga')).toMatch(/In OMERO 1\.34 TiB/);
});

test('a price of the store gives the cost of its copies for a year', async () => {
  const before = await api('dora');
  expect(before.stores).toMatchObject([{ store: 'tape', cost: null }]);
  await running.register.storeHealth.record([
    {
      name: 'tape',
      kind: 'file',
      isDefault: true,
      groups: [],
      place: '/tape',
      price: { perTBYear: 100, currency: 'EUR' },
      fault: null,
      space: null,
    },
  ]);
  const [tape] = (await api('dora')).stores;
  const expected = await counted(`f.bag_id IS NOT NULL AND f.phase NOT IN ('early', 'restored', 'given up')`);
  expect(BigInt(tape!.bytes)).toBe(expected.bytes);
  expect(tape?.cost).toEqual({ amount: (Number(expected.bytes) / 1e12) * 100, currency: 'EUR' });
  expect(await wordsOf('dora')).toMatch(/tape \d+ \d+ GiB EUR \d+\.\d\d/);
});

test('what the freed space saves in a year is shown where a price of OMERO’s storage is set', async () => {
  const freed = await counted(`released_at IS NOT NULL`);
  expect((await api('dora')).saved).toEqual({ amount: (Number(freed.bytes) / 1e12) * 250, currency: 'EUR' });
  expect(await wordsOf('dora')).toContain('Saved per year EUR 0.81');
});

test('over time there is a picture with a description and the same as a table; not of a single person', async () => {
  const { usage } = running.register;
  await usage.recordDay();
  expect(await wordsOf('dora')).not.toContain('Archived over time');
  const client = new Client({ connectionString: running.settings.registerUrl, options: '-c search_path=coldroom' });
  await client.connect();
  await client.query(
    `INSERT INTO usage_day SELECT day - n, group_id, group_name, 0, 0, 1, 1073741824, NULL FROM usage_day CROSS JOIN generate_series(1, 500) n`,
  );
  await client.end();
  const words = await wordsOf('dora');
  expect(words).toMatch(/From 2\.00 GiB on 20\d\d-\d\d-\d\d to \d+ GiB on/);
  const rows = words.match(/20\d\d-\d\d-\d\d 2 2\.00 GiB 2\.00 GiB not known/g) ?? [];
  expect(rows.length).toBeGreaterThan(40);
  expect(rows.length).toBeLessThan(60);
  expect(await wordsOf('dora', `?owner=${people.alice}`)).not.toContain('Archived over time');
  expect(await wordsOf('alice')).not.toContain('Archived over time');
  expect(await wordsOf('lea')).toContain('From 1.00 GiB on');
  const days = async (login: Login, query = ''): Promise<number> =>
    (await (await signedIn(login)).get(`/usage.csv?of=days${query}`)).text.trimEnd().split('\r\n').length - 1;
  expect([await days('dora'), await days('olga'), await days('lea', `&group=${groups.microscopy}`)]).toEqual([
    501, 0, 0,
  ]);
});

test('with nothing archived and nothing in OMERO the page says how to begin', async () => {
  expect(await wordsOf('root', '?group=999')).toContain('Nothing to show');
  const empty = await RunningConsole.start('usage_empty');
  try {
    const browser = new Browser(empty);
    await browser.signIn('alice');
    expect((await browser.get('/usage')).text).toContain('mark images in OMERO');
    await empty.newRequest();
    expect((await browser.get(`/usage?group=${lab}`)).text).toContain('Waiting for a decision');
  } finally {
    await empty.stop();
  }
});

test.each([
  'usage?group=x',
  'usage?groupId=3',
  'usage.csv?of=people',
  'api/v1/usage?owner=9223372036854775808',
  'api/v1/usage/days?since=1',
])('GET %s is refused', async (path) => {
  expect((await (await signedIn('dora')).get(`/${path}`)).status).toBe(400);
});
