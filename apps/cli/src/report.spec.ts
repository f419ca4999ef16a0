import { execFileSync } from 'node:child_process';
import { link, mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { DatasetAmount, Register } from '@coldroom/register';
import { coldroom, json } from './testing/command-line';
import { moveTo, newRequest, sampleRegister, started } from './testing/sample-register';

let register: Register;
let env: Record<string, string>;
let dir: string;
const own = { groupId: 3n, ownerId: 4n };
const amount = { images: 2n, filesets: 1n, files: 3n, bytes: 2n ** 60n, archivedFilesets: 0n, archivedBytes: 0n };

beforeAll(async () => {
  const sample = await sampleRegister('report');
  register = sample.register;
  dir = await mkdtemp(join(tmpdir(), 'coldroom-report-'));
  env = { REGISTER_DATABASE_URL: sample.url, OMERO_DATA_DIR: join(dir, 'OMERO') };
  await moveTo(register, await started(register, [2]), 'linked');
  await newRequest(register, [1]);
  const price = { perTBYear: 90, currency: 'EUR' };
  const look = {
    name: 'main',
    kind: 'file',
    isDefault: true,
    groups: [],
    place: '/main',
    price,
    fault: null,
    space: null,
  };
  await register.storeHealth.record([look]);
  await register.usage.omero.mirror({ filesets: [{ ...own, year: 2019, sizeClass: 3, ...amount }], projects: [] }, 0);
  const datasets: readonly DatasetAmount[] = [
    { datasetId: 7n, name: '=cmd|x!A1', ...own, ...amount },
    { datasetId: 8n, name: 'b', ...own, ...amount, bytes: 5n },
  ];
  const pixels = { pixels: 1n, pixelsBytes: 30_000n, pyramids: 0n, pyramidBytes: 0n };
  const legacy = [{ ...own, images: 1n, originals: 1n, originalBytes: 2000n, ...pixels }];
  const largest = [{ filesetId: 9n, ...own, name: 'big.czi', year: 2019, images: 1n, files: 1n, bytes: 2n ** 60n }];
  const formats = [{ format: 'Zeiss CZI', ...own, ...amount }];
  await register.usage.details.mirror({ datasets, formats, largest, legacy }, 0);
  await register.usage.recordDay();
});
afterAll(async () => {
  await rm(dir, { recursive: true, force: true });
  await register.close();
});

type Document = { table: string; rows: Record<string, string | number | null>[]; totals: object; notes: string[] };
const report = async (...words: string[]): Promise<Document> =>
  json<Document>(await coldroom(['report', ...words, '--json'], env));

const GiB = 1n << 30n;

test('usage has what is in OMERO, OMERO 4 data, the parts of the archive and the cost, for each group', async () => {
  const { rows } = await report('usage');
  expect(rows).toEqual([
    expect.objectContaining({
      group_id: '3',
      omero_bytes: `${2n ** 60n}`,
      omero4_images: 1,
      omero4_files: 2,
      omero4_bytes: '32000',
      archived_files: 2,
      archived_bytes: `${2n * GiB}`,
      held_bytes: `${2n * GiB}`,
      freed_bytes: '0',
      waiting_files: 1,
      cost: 0.19,
      currency: 'EUR',
    }),
  ]);
});

test('a table for people adds up all rows, also those that it does not show', async () => {
  const { stdout } = await coldroom(['report', 'usage', '--rows', 'format', '--limit', '1'], env);
  expect(stdout).toMatch(/^Usage by format\n/);
  expect(stdout).toMatch(/Zeiss CZI .*1\.00 EiB/);
  expect(stdout).toMatch(/^all .*1\.00 EiB/m);
  const archive = await coldroom(['report', 'archive', '--limit', '1'], env);
  expect(archive.stdout).toMatch(/^waits for a decision .*ada .*1 {2}1\.00 GiB/m);
  expect(archive.stdout).toContain('and 2 more');
  expect(archive.stdout).not.toContain('\x1b[2J');
});

test('a file for a spreadsheet has the same rows, and runs no formula', async () => {
  const { stdout } = await coldroom(['report', 'usage', '--rows', 'dataset', '--csv'], env);
  const [header, first, second, end] = stdout.split('\r\n');
  expect(header).toMatch(/^dataset_id,dataset,group_id,group,/);
  expect(first).toMatch(/^7,'=cmd\|x!A1,3,/);
  expect(second).toMatch(/^8,b,3,/);
  expect(end).toBe('');
  expect((await report('usage', '--rows', 'dataset')).rows.map(({ bytes }) => bytes)).toEqual([`${2n ** 60n}`, '5']);
});

test('changes are those since the end of a day, and a group without an earlier day is new', async () => {
  const { rows } = await report('usage', '--since', '2020-01-01');
  expect(rows).toEqual([
    expect.objectContaining({ since: null, archived_files_change: 2, archived_bytes_change: `${2n * GiB}` }),
  ]);
  const today = new Date().toISOString().slice(0, 10);
  expect((await report('usage', '--since', today)).rows).toEqual([
    expect.objectContaining({ since: `${today}T00:00:00.000Z`, archived_bytes_change: '0', omero_bytes_change: '0' }),
  ]);
});

test('candidates and stores', async () => {
  expect((await report('candidates')).rows).toEqual([
    expect.objectContaining({ year: '2019', from_100_gib_filesets: 1, below_1_gib_filesets: 0 }),
  ]);
  expect((await report('candidates', '--rows', 'fileset')).rows).toEqual([
    expect.objectContaining({ fileset_id: '9', name: 'big.czi' }),
  ]);
  expect((await report('store', 'main')).rows).toEqual([
    expect.objectContaining({ files: 2, bytes: `${2n * GiB}`, cost: 0.19 }),
  ]);
  expect((await coldroom(['report', 'store', 'none'], env)).code).toBe(4);
});

test('integrity has what audits found, and each archived image that OMERO no longer has', async () => {
  const code = 'COPY_BAD';
  await register.troubles.found([{ name: `audit finding:${code}`, code, detail: { total: 3, objects: [] } }], 'audit');
  const gone = { name: 'audit finding:IMAGE_DELETED', code: 'IMAGE_DELETED', detail: { total: 1, objects: [] } };
  await register.troubles.found([gone], 'audit');
  const before = await report('integrity');
  expect(before.rows.map((row) => [row['code'], row['count']])).toEqual([
    [code, 3],
    ['IMAGE_DELETED', 1],
  ]);
  expect(before.notes[0]).toBe('Whether OMERO still has all archived images was not read yet.');
  // Of an image that is archived, and of one that is not.
  await register.usage.details.mirrorMissing([100n, 200n], 0);
  const { rows, totals } = await report('integrity');
  expect(rows).toEqual([
    expect.objectContaining({ code, object: null, count: 3, since: expect.any(String) }),
    expect.objectContaining({
      code: 'IMAGE_DELETED',
      object: 'Image:100',
      files: 3,
      owner: 'ada',
      acknowledged_by: null,
    }),
  ]);
  expect(totals).toMatchObject({ count: 4 });
});

test('what does not go together is a usage error', async () => {
  for (const words of [
    ['usage', '--rows', 'colour'],
    ['usage', '--since', '2020-13-01'],
    ['usage', '--since', '2020-01-01', '--rows', 'user'],
    ['usage', '--group', 'lab'],
    ['usage', '--csv', '--json'],
    ['image', 'File:7'],
    ['size', '/no/such/list'],
  ])
    expect([words, (await coldroom(['report', ...words], env)).code]).toEqual([words, 2]);
});

describe('sizes of files', () => {
  const at = (name: string): string => join(dir, 'OMERO', 'ManagedRepository', name);
  beforeAll(async () => {
    await mkdir(at('run/deep'), { recursive: true });
    await writeFile(at('a.tif'), Buffer.alloc(1234));
    await link(at('a.tif'), at('same.tif'));
    await writeFile(join(dir, 'outside.tif'), Buffer.alloc(77));
    await symlink(join(dir, 'outside.tif'), at('in place.tif'));
    await writeFile(at('run/1.tif'), Buffer.alloc(10));
    await writeFile(at('run/deep/2.tif'), Buffer.alloc(20));
    await link(at('a.tif'), at('run/deep/again.tif'));
    const [archived] = await register.reports.files({ states: ['linked'] });
    await mkdir(join(at(archived!.path), '..'), { recursive: true });
    await symlink('/gone/to/a/cold/store', at(archived!.path));
    await symlink('/gone', at('odd'));
  });

  test('the total is what du says, with hard links, links and directories', async () => {
    const names = ['a.tif', 'same.tif', 'in place.tif', 'run', 'a.tif'].map(at);
    await writeFile(join(dir, 'list'), `${names.join('\n')}\n\n${at('none.tif')}\n`);
    const { rows, totals, notes } = await report('size', join(dir, 'list'));
    const files = names.flatMap((name) =>
      execFileSync('find', [name, '!', '-type', 'd', '-print0'], { encoding: 'utf8' }),
    );
    const du = execFileSync('du', ['-Lbc', '--files0-from=-'], { input: files.join(''), encoding: 'utf8' });
    expect(totals).toMatchObject({ counted_bytes: /^(\d+)\ttotal$/m.exec(du)?.[1] });
    expect(rows.map(({ found, bytes, counted_bytes }) => [found, bytes, counted_bytes])).toEqual([
      ['file', '1234', '1234'],
      ['file', '1234', '0'],
      ['link', '77', '77'],
      ['directory', '1264', '30'],
      ['file', '1234', '0'],
      ['missing', '0', '0'],
    ]);
    expect(rows.at(-1)).toMatchObject({ line: '7', object: at('none.tif') });
    expect(notes[0]).toBe('Not found: 1; the rows with "missing" name them.');
  });

  test('an archived file counts as large as its original, where its link leads to nothing here', async () => {
    const [archived] = await register.reports.files({ states: ['linked'] });
    await writeFile(join(dir, 'list'), `${at(archived!.path)}\0${at('odd')}\0`);
    const { rows } = await report('size', join(dir, 'list'), '--zero');
    expect(rows.map(({ found, counted_bytes }) => [found, counted_bytes])).toEqual([
      ['archived', `${GiB}`],
      ['link to nothing', '0'],
    ]);
  });
});

describe('what the scanner answers', () => {
  const image = {
    imageId: '100',
    name: 'marked.dv',
    ownerId: '4',
    owner: 'ada',
    groupId: '3',
    group: 'lab',
    format: 'DeltaVision',
    archived: true,
    acquired: null,
    parents: ['Dataset:7 cells'],
    pixels: [{ pixelsId: '5', sizeX: 3, sizeY: 2, sizeZ: 1, sizeC: 1, sizeT: 1, type: 'uint8' }],
  };
  let answering: NodeJS.Timeout;
  beforeAll(async () => {
    const [known] = await register.reports.files({ imageId: 100n });
    const file = { root: known!.root, path: known!.path, role: 'original', found: 'link', bytes: `${GiB}` };
    const totals = { files: 2, bytes: `${2n * GiB}`, missing: 0 };
    const answer = { image, component: known!.fileset, files: [file], totals };
    answering = setInterval(() => {
      void register.imageQuestions.asked(10).then(async (questions) => {
        for (const question of questions) {
          const found = question.id === 100n || question.id === 101n ? answer : null;
          await register.imageQuestions.answer({ ...question, answer: found, code: null, reason: null });
        }
      });
    }, 50);
  });
  afterAll(() => clearInterval(answering));

  test('an image has its facts and its files, with digests and copies', async () => {
    const { rows } = await report('image', 'Image:100');
    expect(rows).toHaveLength(3);
    expect(rows[0]).toMatchObject({
      image_id: '100',
      parents: 'Dataset:7 cells',
      pixels: 'Pixels:5 3 x 2, 1 z, 1 c, 1 t, uint8',
      omero_archived: 'yes',
      on_disk: 'link',
      state: 'linked',
      sha256: 'cd'.repeat(32),
      store: 'main',
    });
    const { stdout } = await coldroom(['report', 'image', 'Image:100'], env);
    expect(stdout).toMatch(/^Pixels +Pixels:5 3 x 2/m);
    expect((await coldroom(['report', 'image', 'Image:999'], env)).code).toBe(4);
  });

  test('two images of one fileset count once', async () => {
    const { rows, totals } = await report('size', 'Image:100', 'Image:101', 'Image:999');
    expect(rows.map(({ found, counted_bytes }) => [found, counted_bytes])).toEqual([
      [expect.stringMatching(/^Fileset:/), `${2n * GiB}`],
      [expect.stringMatching(/^Fileset:/), '0'],
      ['missing', '0'],
    ]);
    expect(totals).toMatchObject({ files: 2, counted_bytes: `${2n * GiB}` });
  });
});
