import { unlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { PolicyDatabase } from '@coldroom/omero';
import type { TinyOmero } from '@coldroom/sample-omero';
import { stringify } from 'yaml';
import { Scene } from '../testing/scene';
import { PolicyRounds } from './policy-rounds';

const single = (name: string, size = 20) => ({ files: [{ name, size }], images: 1 });
const none = new AbortController().signal;

let scene: Scene;
let omero: PolicyDatabase;
let file: string;
let alice: TinyOmero;
let bob: TinyOmero;
let run: number;

beforeEach(async () => {
  scene = await Scene.create(`policies_${++count}`);
  omero = PolicyDatabase.connect(scene.omeroUrl);
  file = join(scene.dataDir, 'policies.yaml');
  alice = await scene.add([single('a.tif', 100), single('b.tif', 200), { ...single('c.lif', 300), images: 2 }], {
    mark: false,
  });
  bob = await scene.add([single('of bob.tif', 50)], { mark: false, omename: 'bob' });
  run = 0;
});
let count = 0;
afterEach(async () => {
  await omero.close();
  await scene.close();
});

const all = { title: 'All', where: { changed: { olderThan: 0 } }, propose: { perDay: '1 TB' } };

async function rules(policies: Readonly<Record<string, object>>): Promise<void> {
  await writeFile(file, stringify({ policies }));
}

const rounds = (stores = scene.stores): PolicyRounds =>
  new PolicyRounds(scene.register, scene.closures, stores, scene.log, file, omero);

/** Runs all rules now, and returns what they did. */
async function evaluated(policy: string | null = null): Promise<Readonly<Record<string, unknown>>> {
  if (run++ > 0 || policy !== null) await scene.register.policyRuns.ask(policy, 'boss');
  await rounds().run('scanner', none);
  const last = await scene.register.policyRuns.last();
  if (last?.failed) throw new Error(last.failed);
  return (last?.report?.['rules'] as Readonly<Record<string, unknown>>[])[0] as Readonly<Record<string, unknown>>;
}

const requests = () => scene.register.requests.list({ withProposals: true }, { order: 'oldest' });
const tag = async (image: number, textvalue: string): Promise<void> => {
  const child = await scene.row('annotation', { discriminator: '/basic/text/tag/', textvalue });
  await scene.row('imageannotationlink', { parent: image, child });
};
const keep = async (image: number): Promise<void> => {
  const child = await scene.row('annotation', { discriminator: '/map/', ns: 'archiving', name: 'KEEP' });
  await scene.row('imageannotationlink', { parent: image, child });
};

test('a rule proposes whole filesets: one request for each owner, asked for by the policy, and decides nothing', async () => {
  await rules({ everything: all });
  expect(await evaluated()).toMatchObject({ policy: 'everything', candidates: 4, notNow: 0, more: false });
  expect(await requests()).toMatchObject([
    { state: 'New', owner: 'alice', requester: 'policy:everything', policyTitle: 'All', images: 4, files: 3 },
    { state: 'New', owner: 'bob', requester: 'policy:everything', images: 1, objectionsUntil: expect.any(Date) },
  ]);
  expect(await evaluated()).toMatchObject({ candidates: 4, notNow: 4, requests: [] });
  await scene.mirror.run();
  expect(await scene.marksOf(alice.imageIds[0]!)).toEqual(['ARCHIVE-PENDING']);
});

test('no more than the limit of a day is proposed, in the order of import', async () => {
  await rules({ everything: { ...all, propose: { perDay: '320 B' } } });
  expect(await evaluated()).toMatchObject({ more: true, requests: [{ owner: 'alice', images: 2, bytes: '300' }] });
  expect(await evaluated()).toMatchObject({ more: true, requests: [] });
});

test('what shares files with an image that is not selected is not proposed', async () => {
  const [, , first, second] = alice.imageIds as [number, number, number, number];
  await tag(first, 'done');
  await rules({ tagged: { ...all, where: { tag: 'done' } } });
  expect(await evaluated()).toMatchObject({ candidates: 0 });
  await tag(second, 'done');
  expect(await evaluated()).toMatchObject({ candidates: 1, requests: [{ images: 2 }] });
});

test('images of OMERO 4 that share files with others are proposed together or not at all', async () => {
  const made = [await scene.row('image', { name: 'x', series: 0 }), await scene.row('image', { name: 'y', series: 0 })];
  const shared = await scene.row('originalfile', { path: '/', name: 'x.dv', size: 5 });
  for (const image of made) {
    const pixels = await scene.row('pixels', {
      ...{ image, image_index: 0, sha1: 'x', dimensionorder: 1, pixelstype: 1 },
      ...{ sizex: 1, sizey: 1, sizez: 1, sizec: 1, sizet: 1 },
    });
    await scene.row('pixelsoriginalfilemap', { parent: shared, child: pixels });
  }
  await tag(Number(made[0]), 'done');
  await rules({ tagged: { ...all, where: { tag: 'done' } } });
  expect(await evaluated()).toMatchObject({
    candidates: 1,
    requests: [],
    leftOut: expect.arrayContaining([expect.objectContaining({ code: 'NOT_SELECTED' })]),
  });
  expect(await requests()).toEqual([]);
});

test('a mark KEEP is an objection, for its whole fileset; the rest waits on', async () => {
  await rules({ everything: all });
  await evaluated();
  await keep(alice.imageIds[3]!);
  await rounds().run('scanner', none);
  const found = await requests();
  expect(found.map(({ state, images, owner }) => `${owner} ${state} ${images}`)).toEqual([
    'alice Declined 2',
    'bob New 1',
    'alice New 2',
  ]);
  expect(found[0]).toMatchObject({ reason: 'kept out of archiving by a mark in OMERO' });
});

test('a mark that is set in the last moment counts, and the rest is then for data managers', async () => {
  await rules({ everything: all });
  await evaluated();
  const { register } = scene;
  await keep(bob.imageIds[0]!);
  const { Pool } = (await import('pg')).default;
  const pool = new Pool({ connectionString: scene.registerUrl, options: '-c search_path=coldroom' });
  await pool.query(`UPDATE request SET objections_until = now() - interval '1 s'`);
  await pool.end();
  await rounds().run('scanner', none);
  expect(await register.requests.list()).toMatchObject([
    { owner: 'bob', state: 'Declined' },
    { owner: 'alice', state: 'New', objectionsUntil: null },
  ]);
  await register.requests.approve((await register.requests.inState('New'))[0]!, 'boss');
});

test('what cannot be archived is withdrawn at once, so that no one has to decide about it', async () => {
  await unlink(bob.filesets[0]!.paths[0]!);
  await rules({ everything: all });
  expect((await evaluated())['requests']).toMatchObject([{ owner: 'alice' }]);
  expect(await requests()).toMatchObject([
    { owner: 'alice', state: 'New' },
    { owner: 'bob', state: 'Declined', files: 0, reason: 'withdrawn by scanner' },
  ]);
  expect(await evaluated()).toMatchObject({ notNow: 4 });
});

test('a rule that is changed or removed leaves alone what it has proposed', async () => {
  await rules({ everything: all });
  await evaluated();
  const before = await requests();
  await rules({ everything: { ...all, title: 'Other', propose: { perDay: '1 B', objections: 0 } } });
  await evaluated();
  expect(await requests()).toEqual(before);
  await rules({});
  await evaluated();
  expect(await requests()).toEqual(before);
});

test('a rule that fails does not stop the others, and an inactive one does nothing', async () => {
  const move = { title: 'Move', move: { from: 'main', to: 'nowhere', after: '1d', perDay: '1 TB' } };
  await rules({ broken: move, off: { ...all, active: false }, everything: all });
  await evaluated();
  const last = await scene.register.policyRuns.last();
  expect(last?.report?.['rules']).toMatchObject([
    { policy: 'broken', failed: expect.stringContaining('STORE_UNKNOWN') },
    { policy: 'everything', requests: [{ owner: 'alice' }, { owner: 'bob' }] },
  ]);
});

test('one rule can be run alone; a name that is not in the file is reported', async () => {
  await rules({ everything: all, other: all });
  await evaluated();
  expect(await evaluated('other')).toMatchObject({ policy: 'other', notNow: 4 });
  await expect(evaluated('gone')).rejects.toThrow('NO_SUCH_POLICY');
});

test('a file that cannot be read stops nothing but policies, and times to object end regardless', async () => {
  await rules({ everything: { ...all, propose: { perDay: '1 TB', objections: '1d' } } });
  await evaluated();
  await writeFile(file, 'policies: 7');
  await expect(rounds().run('scanner', none)).rejects.toMatchObject({ code: 'POLICIES_INVALID' });
  expect(await requests()).toHaveLength(2);
});
