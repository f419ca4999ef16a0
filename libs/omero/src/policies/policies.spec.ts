import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { collect, OmeroRows } from '../testing/omero-rows';
import type { Condition, Selection } from './conditions';
import { PolicyDatabase } from './policy-database';

const grants = readFileSync(join(__dirname, '../../../../docs/omero-policies-grants.sql'), 'utf8');
const now = new Date('2026-06-01T00:00:00Z');

let rows: OmeroRows;
let policies: PolicyDatabase;
const ids: Record<string, bigint> = {};
const imagesOf = new Map<string, readonly bigint[]>();

beforeAll(async () => {
  rows = await OmeroRows.create('policies');
  await rows.query('REVOKE ALL ON SCHEMA public FROM PUBLIC');
  await rows.query(grants);
  await rows.query(grants);
  await rows.query("ALTER ROLE coldroom_policies PASSWORD 'of a test'");
  const login = new URL(rows.url);
  login.username = 'coldroom_policies';
  login.password = 'of a test';
  policies = PolicyDatabase.connect(login.href);
  ids['lab'] = await rows.group('lab');
  ids['core'] = await rows.group('core');
  ids['alice'] = await rows.person('alice', [ids['lab']]);
  ids['bob'] = await rows.person('bob', [ids['lab'], ids['core']]);
  await build();
});
afterAll(async () => {
  await policies.close();
  await rows.query('DROP OWNED BY coldroom_policies');
  await rows.drop();
});

interface Made {
  readonly owner?: string;
  readonly group?: string;
  readonly imported: string;
  readonly acquired?: readonly (string | null)[];
  readonly sizes?: readonly number[];
  readonly change?: Readonly<Record<string, unknown>>;
}

/** A fileset with an image for each date of acquisition. */
async function made(name: string, { owner = 'alice', group = 'lab', imported, ...rest }: Made): Promise<void> {
  const of = { owner_id: ids[owner], group_id: ids[group] };
  const event = { time: imported, experimenter: of.owner_id, experimentergroup: of.group_id, session: 0, type: 0 };
  const creation_id = await rows.insert('event', event);
  const fileset = await rows.fileset();
  for (const [at, size] of (rest.sizes ?? [1000]).entries())
    await rows.entry(fileset, await rows.file(`${name}/`, `${at}`, { size }));
  const images: bigint[] = [];
  for (const acquisitiondate of rest.acquired ?? ['2020-01-01']) {
    const times = { acquisitiondate, creation_id, update_id: creation_id };
    images.push(await rows.image({ name, ...of, fileset, ...times, ...rest.change }));
    await rows.pixels(images.at(-1) as bigint, { sizex: 100, sizey: 10 });
  }
  imagesOf.set(name, images);
}

async function build(): Promise<void> {
  await made('old', { imported: '2020-02-01', acquired: ['2020-01-01', '2020-01-02'], sizes: [600, 400] });
  await made('half', { imported: '2020-03-01', acquired: ['2020-01-01', '2026-05-01'] });
  await made('undated', { imported: '2020-04-01', acquired: [null] });
  await made('large', { imported: '2021-01-01', sizes: [5_000_000] });
  await made('of bob', { owner: 'bob', group: 'core', imported: '2021-02-01', sizes: [20_000] });
  await made('new', { imported: '2026-05-20', acquired: ['2026-05-19'] });
  await made('kept', { imported: '2019-01-01', acquired: ['2019-01-01', '2019-01-01'] });
  await made('of two', { imported: '2019-01-01', acquired: ['2019-01-01', '2019-01-01'] });
  const [first, second] = imagesOf.get('of two') as [bigint, bigint];
  await rows.query('UPDATE image SET owner_id = $2 WHERE id = $1', [second, ids['bob']]);
  ids['of two'] = first;
  await rows.link(imagesOf.get('kept')![1]!, await rows.annotation('KEEP'));
  const tag = await rows.annotation('unused', { discriminator: '/basic/text/tag/', ns: null, textvalue: 'done' }, []);
  for (const image of [...imagesOf.get('old')!, imagesOf.get('half')![0]!]) await rows.link(image, tag);
  const pairs = await rows.annotation('x', { ns: 'openmicroscopy.org/omero/client/mapAnnotation' }, [['Stage', 'raw']]);
  await rows.link(imagesOf.get('large')![0]!, pairs);
  ids['dataset'] = await rows.own('dataset', { name: 'Spring' });
  await rows.own('datasetimagelink', { parent: ids['dataset'], child: imagesOf.get('undated')![0]! });
  ids['project'] = await rows.own('project', { name: 'Cells' });
  await rows.own('projectdatasetlink', { parent: ids['project'], child: ids['dataset'] });
  ids['screen'] = await rows.own('screen', { name: 'Genes' });
  const plate = await rows.own('plate', { name: 'p' });
  await rows.own('screenplatelink', { parent: ids['screen'], child: plate });
  const well = await rows.own('well', { plate });
  await rows.own('wellsample', { image: imagesOf.get('of bob')![0]!, well, well_index: 0 });
  const legacy = { owner_id: ids['alice'], group_id: ids['lab'], acquisitiondate: '2010-01-01', format: 0 };
  const [format] = await rows.query<{ id: bigint }>("SELECT id FROM format WHERE value = 'DV'");
  imagesOf.set('of OMERO 4', [await rows.image({ name: 'of OMERO 4', ...legacy, format: format?.id })]);
  await rows.pixels(imagesOf.get('of OMERO 4')![0]!, { sizex: 50, sizey: 2, sha1: 'x' });
}

const nameOf = (images: readonly bigint[]): string =>
  [...imagesOf].find(([, known]) => String(known) === String(images))?.[0] ?? String(images);

async function chosen(where: readonly Condition[], except: readonly Condition[] = []): Promise<readonly string[]> {
  return (await collect(policies.candidates({ where, except }, now))).map(({ imageIds }) => nameOf(imageIds));
}

const all = ['old', 'half', 'undated', 'large', 'of bob', 'new', 'of OMERO 4'];
const without = (...names: readonly string[]): readonly string[] => all.filter((name) => !names.includes(name));

test.each<readonly [string, Condition, readonly string[]]>([
  ['acquired long ago, each image', { kind: 'acquired', olderThanDays: 1000 }, without('half', 'undated', 'new')],
  ['imported long ago', { kind: 'imported', olderThanDays: 2000 }, ['old', 'half', 'undated']],
  ['not changed for long', { kind: 'changed', olderThanDays: 30 }, without('new', 'of OMERO 4')],
  ['large filesets', { kind: 'filesetSize', atLeast: 20_000n }, ['large', 'of bob']],
  ['filesets within limits', { kind: 'filesetSize', atLeast: 1001n, atMost: 20_000n }, ['of bob']],
  ['large images', { kind: 'imageSize', atLeast: 1n, atMost: 100n }, ['of OMERO 4']],
  ['a full group', { kind: 'groupUses', atLeast: 1_000_000n }, without('of bob')],
  ['a full server', { kind: 'serverUses', atLeast: 1_000_000_000n }, []],
  ['a group', { kind: 'group', anyOf: ['core', 'nowhere'] }, ['of bob']],
  ['an owner', { kind: 'owner', anyOf: ['bob'] }, ['of bob']],
  ['a project by its name', { kind: 'project', anyOf: ['Cells'] }, ['undated']],
  ['a dataset by its name', { kind: 'dataset', anyOf: ['Spring'] }, ['undated']],
  ['a screen by its name', { kind: 'screen', anyOf: ['Genes'] }, ['of bob']],
  ['a tag on each image', { kind: 'tag', anyOf: ['done'] }, ['old']],
  ['a format', { kind: 'format', anyOf: ['DV'] }, ['of OMERO 4']],
  ['pixels that are read to the end', { kind: 'pixels', anyOf: ['computed'] }, ['of OMERO 4']],
  ['a key with any value', { kind: 'keyValue', key: 'Stage' }, ['large']],
  ['a key with a value', { kind: 'keyValue', key: 'Stage', value: 'other' }, []],
])('selects %s', async (_name, condition, expected) => {
  expect([...(await chosen([condition]))].sort()).toEqual([...expected].sort());
});

test('a container is also named by its number, whatever it is called', async () => {
  expect(await chosen([{ kind: 'dataset', anyOf: [`Dataset:${ids['dataset']}`] }])).toEqual(['undated']);
  expect(await chosen([{ kind: 'project', anyOf: [`Dataset:${ids['project']}`] }])).toEqual([]);
});

test('those imported first come first, with owner, group and bytes', async () => {
  const found = await collect(policies.candidates({ where: [{ kind: 'tag', anyOf: ['done'] }], except: [] }, now));
  expect(found).toEqual([
    {
      filesetId: expect.any(BigInt),
      owner: { id: ids['alice'], name: 'alice' },
      group: { id: ids['lab'], name: 'lab' },
      imageIds: imagesOf.get('old'),
      bytes: 1000n,
    },
  ]);
  expect((await chosen([{ kind: 'imported', olderThanDays: 1 }])).slice(0, 5)).toEqual(all.slice(0, 5));
});

test('one image that is excepted keeps its fileset, and so does what OMERO does not record', async () => {
  const acquired: Condition = { kind: 'acquired', olderThanDays: 1000 };
  expect(await chosen([], [{ kind: 'tag', anyOf: ['done'] }])).not.toContain('half');
  expect(await chosen([], [acquired])).toEqual(['new']);
});

test('what a person keeps, and what belongs to two, is never selected', async () => {
  const names = await chosen([]);
  expect([...names].sort()).toEqual([...all].sort());
  expect(await policies.keptAmong(imagesOf.get('kept')!)).toEqual(new Set([imagesOf.get('kept')![1]]));
});

test('an image is explained by each condition, with the image that speaks against it', async () => {
  const selection: Selection = {
    where: [
      { kind: 'acquired', olderThanDays: 365 },
      { kind: 'filesetSize', atLeast: 5n },
      { kind: 'groupUses', atLeast: 5n },
    ],
    except: [{ kind: 'tag', anyOf: ['done'] }],
  };
  const [first, second] = imagesOf.get('half') as [bigint, bigint];
  expect(await policies.explain(selection, second, now)).toMatchObject({
    name: 'half',
    images: 2,
    kept: null,
    isOfOne: true,
    answers: [
      { part: 'where', isMet: false, found: '2026-05-01', against: second },
      { part: 'where', isMet: true, found: '1000', against: null },
      { part: 'where', isMet: true, against: null },
      { part: 'except', isMet: false, found: null, against: first },
    ],
  });
  const [, kept] = imagesOf.get('kept') as [bigint, bigint];
  expect(await policies.explain({ where: [], except: [] }, kept, now)).toMatchObject({ kept, answers: [] });
  expect(await policies.explain(selection, ids['of two'] as bigint, now)).toMatchObject({ isOfOne: false });
  expect(await policies.explain(selection, imagesOf.get('of OMERO 4')![0]!, now)).toMatchObject({ filesetId: null });
  expect(await policies.explain(selection, 999_999n, now)).toBeUndefined();
});

test.each([
  ['change an image', 'UPDATE image SET archived = true'],
  ['remove a mark', 'DELETE FROM imageannotationlink'],
  ['read keys of sessions', 'SELECT uuid FROM session'],
  ['read addresses', 'SELECT email FROM experimenter'],
  ['read paths', 'SELECT path FROM originalfile'],
])('the role may not %s', async (_name, statement) => {
  await rows.query('SET ROLE coldroom_policies');
  try {
    await expect(rows.query(statement)).rejects.toMatchObject({ code: '42501' });
  } finally {
    await rows.query('RESET ROLE');
  }
});

test('a right that is missing is named with the file that grants it', async () => {
  await rows.query('REVOKE SELECT (id, time) ON event FROM coldroom_policies');
  try {
    await expect(chosen([])).rejects.toMatchObject({
      code: 'OMERO_POLICY_RIGHTS_MISSING',
      message: expect.stringContaining('docs/omero-policies-grants.sql'),
    });
  } finally {
    await rows.query(grants);
  }
});

test('many images are read in batches, and the first are there before the last is', async () => {
  const many = process.env['COLDROOM_DRILLS'] === 'all' ? 1_000_000 : 20_000;
  await rows.query(`INSERT INTO fileset (id, permissions, version, creation_id, update_id, owner_id, group_id, templateprefix)
    SELECT 10000000 + n, -120, 0, 0, 0, 0, 0, 'x/' FROM generate_series(1, ${many / 4}) n`);
  await rows.query(`INSERT INTO originalfile (id, permissions, version, creation_id, update_id, owner_id, group_id, path, name, size)
    SELECT 10000000 + n, -120, 0, 0, 0, 0, 0, 'x/', n, 5 FROM generate_series(1, ${many / 4}) n`);
  await rows.query(`INSERT INTO filesetentry (id, permissions, version, creation_id, update_id, owner_id, group_id, fileset, originalfile, fileset_index, clientpath)
    SELECT 10000000 + n, -120, 0, 0, 0, 0, 0, 10000000 + n, 10000000 + n, 0, 'x' FROM generate_series(1, ${many / 4}) n`);
  await rows.query(
    `INSERT INTO image (id, permissions, version, creation_id, update_id, owner_id, group_id, name, series, fileset, acquisitiondate)
    SELECT 10000000 + n, -120, 0, 0, 0, 0, 0, 'x', 0, 10000000 + 1 + n / 4, '2020-01-01' FROM generate_series(0, ${many} - 1) n`,
  );
  await rows.query('ANALYZE');
  const where: readonly Condition[] = [
    { kind: 'acquired', olderThanDays: 365 },
    { kind: 'filesetSize', atLeast: 1n },
    { kind: 'groupUses', atLeast: 1n },
  ];
  const start = performance.now();
  const memory = process.memoryUsage().heapUsed;
  let [images, most] = [0, 0];
  for await (const { imageIds } of policies.candidates({ where, except: [{ kind: 'tag', anyOf: ['done'] }] }, now)) {
    images += imageIds.length;
    if (images % 40_000 === 0) most = Math.max(most, process.memoryUsage().heapUsed - memory);
  }
  const seconds = (performance.now() - start) / 1000;
  if (many > 20_000) console.log(`${images} images: ${seconds.toFixed(1)} s, ${(most / 2 ** 20).toFixed(0)} MiB`);
  expect(images).toBeGreaterThanOrEqual(many);
  expect(seconds).toBeLessThan(60);
  expect(most).toBeLessThan(200 * 2 ** 20);
}, 300_000);
