import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { createDatabase } from '@coldroom/local';
import type { Register } from '@coldroom/register';
import { buildTinyOmero, createOmeroSchema, type TinyOmero } from '@coldroom/sample-omero';
import { coldroom, json } from './testing/command-line';
import { sampleRegister } from './testing/sample-register';
import { until } from './testing/until';

const rules = `
policies:
  old-data:
    title: Data of old projects
    where:
      acquired: { olderThan: 2y }
      filesetSize: { atLeast: 100 B }
      group: microscopy
    except:
      tag: [in use]
    propose: { perDay: 450 B }
  to-tape:
    title: Copies older than 90 days move to tape
    where: { group: lab }
    move: { from: main, to: tape, after: 90d, perDay: 5 TB }
`;

let directory: string;
let env: Record<string, string>;
let register: Register;
let omero: TinyOmero;
let sql: pg.Client;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'coldroom-policies-'));
  const omeroUrl = await createDatabase(process.env['TEST_POSTGRES_URL'] as string, 'cli_policies_omero', {
    existing: 'drop',
  });
  await createOmeroSchema(omeroUrl);
  const file = (name: string, size: number) => ({ files: [{ name, size }] });
  omero = await buildTinyOmero({
    databaseUrl: omeroUrl,
    dataDir: join(directory, 'OMERO'),
    filesets: [file('a.tif', 300), file('b.tif', 200), { ...file('c.lif', 400), images: 2 }, file('small.tif', 10)],
  });
  sql = new pg.Client({ connectionString: omeroUrl });
  await sql.connect();
  await sql.query(`UPDATE image SET acquisitiondate = '2019-05-06', name = 'image ' || id`);
  await sql.query(`UPDATE image SET acquisitiondate = '2126-05-06' WHERE id = $1`, [omero.imageIds[3]]);
  const made = await sampleRegister('policies');
  register = made.register;
  const path = join(directory, 'policies.yaml');
  await writeFile(path, rules);
  env = { REGISTER_DATABASE_URL: made.url, COLDROOM_POLICIES: path, POLICIES_OMERO_DATABASE_URL: omeroUrl };
});
afterAll(async () => {
  await register.close();
  await sql.end();
  await rm(directory, { recursive: true, force: true });
});

const shown = async (...words: readonly string[]): Promise<string> => {
  const { code, stdout, stderr } = await coldroom(['policies', ...words], env);
  expect([code, stderr]).toEqual([0, '']);
  return stdout;
};

test('list shows each rule in words', async () => {
  const text = await shown('list');
  expect(text).toContain('where: acquired more than 730 days ago; fileset of at least 100 B; group microscopy');
  expect(text).toContain('except: tag in use');
  expect(text).toContain('proposes at most 450 B a day; owners can object for 14 days');
  expect(text).toContain('moves bags from main to tape after 90 days, at most 4.55 TiB a day');
  expect(text).toContain('Not evaluated yet.');
});

test('test shows what would be proposed, by owner, and changes nothing', async () => {
  const text = await shown('test');
  expect(text).toContain('2 filesets meet the conditions.');
  expect(text).toMatch(/alice +microscopy +2 +2 +500 B/);
  expect(text).toContain('The limit of a day leaves 50 B of it for later evaluations.');
  expect(text).toContain('0 bags (0 B) would be moved from main to tape.');
  expect(await register.requests.list({ withProposals: true })).toEqual([]);
});

test('test --explain answers each condition for one image', async () => {
  const [first, , third, fourth] = omero.imageIds as [number, number, number, number];
  const fileset = (at: number): string => `Fileset:${omero.filesets[at]?.id}`;
  expect((await shown('test', 'old-data', '--explain', `Image:${first}`)).split('\n')).toEqual([
    `Image:${first} (image ${first}), ${fileset(0)} with 1 image`,
    '  yes  acquired more than 730 days ago: 2019-05-06',
    '  yes  fileset of at least 100 B: 300 B',
    '  yes  group microscopy: microscopy',
    '  yes  not tag in use: OMERO has nothing',
    '  yes  not kept out of archiving by a mark',
    '  yes  in no request, and not proposed or retrieved lately',
    'old-data would propose it.',
    '',
  ]);
  const sibling = await shown('test', 'old-data', '--explain', `Image:${third}`);
  expect(sibling).toContain(
    `no   acquired more than 730 days ago: Image:${fourth} of the same fileset speaks against it`,
  );
  expect(sibling).toContain('old-data does not propose it.');
  const gone = await coldroom(['policies', 'test', '--explain', 'Image:999999'], env);
  expect(gone).toMatchObject({ code: 4, stderr: expect.stringContaining('OMERO has no Image:999999') });
});

test('run asks the scanner and shows what it did; an unknown rule is reported at once', async () => {
  const running = coldroom(['policies', 'run', '--json'], env);
  await until(async () => (await register.policyRuns.begin()) !== undefined);
  const { id } = (await register.policyRuns.begin())!;
  const request = { id: '7', owner: 'alice', group: 'microscopy', images: 1, bytes: '300' };
  await register.policyRuns.finish(id, { rules: [{ policy: 'old-data', requests: [request], candidates: 2 }] }, null);
  expect(json(await running)).toMatchObject({ failed: null, report: { rules: [{ policy: 'old-data' }] } });
  expect(await shown('list')).toContain('Last evaluated: ');
  const unknown = await coldroom(['policies', 'run', 'gone'], env);
  expect(unknown.stderr).toContain('There is no policy gone; the file has old-data, to-tape');
  expect(await register.policyRuns.begin()).toBeUndefined();
});
