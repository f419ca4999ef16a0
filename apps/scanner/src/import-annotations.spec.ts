import pg from 'pg';
import { onCrashPoint } from '@coldroom/domain';
import type { ImportPair } from '@coldroom/register';
import { ImportAnnotations } from './import-annotations';
import { Scene } from './testing/scene';

const namespace = 'openmicroscopy.org/omero/client/mapAnnotation';
const pairs: readonly ImportPair[] = [
  ['Stain', 'DAPI'],
  ['Stain', 'GFP'],
  ['Note', 'a = b'],
];
let scene: Scene;
let register: pg.Pool;
let annotations: ImportAnnotations;
let sets = 0;
const [alice, bob, lab] = [71n, 72n, 31n];

beforeAll(async () => {
  scene = await Scene.create('import_annotations');
  annotations = new ImportAnnotations(scene.omero, scene.register, scene.log);
  register = new pg.Pool({ connectionString: scene.registerUrl, max: 1, options: '-c search_path=coldroom' });
  await scene.sql(
    `INSERT INTO experimentergroup (id, name, permissions, ldap, version) VALUES (${lab}, 'annotated', -120, false, 0)`,
  );
  for (const [id, name] of [
    [alice, 'alice'],
    [bob, 'bob'],
  ])
    await scene.sql(
      `INSERT INTO experimenter (id, permissions, omename, firstname, lastname, ldap, version) VALUES ($1, -40, $2, $2, $2, false, 0)`,
      [id, name],
    );
});
afterAll(async () => {
  await register.end();
  await scene.close();
});
afterEach(() => onCrashPoint(undefined));

/** A proven import of alice: two filesets, of two images and one. */
async function imported(annotated: readonly ImportPair[] | null = pairs, state = 'done') {
  const source = `/buffer/alice/${(sets += 1)}`;
  const { id } = await scene.register.imports.orders.order(
    {
      personId: alice,
      person: 'alice',
      groupId: lab,
      group: 'annotated',
      source: Buffer.from(source),
      display: source,
      target: 'Dataset:5',
      transfer: 'upload',
      options: annotated ? { annotations: annotated } : {},
      origin: 'command',
    },
    'alice',
  );
  const images: bigint[] = [];
  for (const [number, count] of [2, 1].entries()) {
    const fileset = await scene.row('fileset', { templateprefix: '', owner_id: alice, group_id: lab });
    await register.query(
      `INSERT INTO import_fileset (order_id, number, reader, opened, fileset_id, images) VALUES ($1, $2, 'R', 'a', $3, $4)`,
      [id, number + 1, fileset, count],
    );
    for (let nr = 0; nr < count; nr += 1)
      images.push(await scene.row('image', { name: `${nr}`, fileset, series: nr, owner_id: alice, group_id: lab }));
  }
  await register.query('UPDATE import_order SET state = $2, proven_at = now() WHERE id = $1', [id, state]);
  return { id, images };
}
const run = () => annotations.run('scanner', new AbortController().signal);

/** Of each image, its annotations in the namespace of OMERO's clients. */
async function annotationsOf(images: readonly bigint[]) {
  return scene.sql<{ id: bigint; image: bigint; owner: bigint; group: bigint; permissions: bigint; pairs: string[][] }>(
    `SELECT a.id, l.parent AS image, a.owner_id AS owner, a.group_id AS group, a.permissions,
       ARRAY(SELECT ARRAY[v.name, v.value] FROM annotation_mapvalue v WHERE v.annotation_id = a.id ORDER BY v.index) AS pairs
     FROM imageannotationlink l JOIN annotation a ON a.id = l.child AND a.ns = $2 AND l.owner_id = a.owner_id AND l.group_id = a.group_id
     WHERE l.parent = ANY ($1) ORDER BY l.parent, a.id`,
    [images, namespace],
  );
}

it('gives each image of a proven import an annotation of its own, which its person owns, once', async () => {
  const { id, images } = await imported();
  await run();
  const found = await annotationsOf(images);
  expect(found.map(({ image }) => image)).toEqual(images);
  expect(new Set(found.map((each) => each.id)).size).toBe(3);
  for (const each of found) expect(each).toMatchObject({ owner: alice, group: lab, permissions: -120n, pairs });
  expect((await scene.register.imports.reports.events(id))[0]).toMatchObject({
    what: 'annotated',
    actor: 'scanner',
    detail: { images: 3 },
  });
  // What a person removes stays removed.
  await scene.sql('DELETE FROM imageannotationlink WHERE parent = ANY ($1)', [images]);
  await run();
  expect(await annotationsOf(images)).toEqual([]);
});

it('waits for the proof, and leaves orders without pairs alone', async () => {
  const early = await imported(pairs, 'verified');
  const none = await imported(null);
  await run();
  expect(await annotationsOf([...early.images, ...none.images])).toEqual([]);
});

it('writes nothing twice after a crash between OMERO and the register', async () => {
  const { images } = await imported();
  onCrashPoint((name) => {
    if (name === 'import-annotate:1-written') throw new Error('crash');
  });
  await run();
  expect(scene.log.of('images not annotated')).toMatchObject([{ reason: 'crash' }]);
  onCrashPoint(undefined);
  expect(await annotationsOf(images)).not.toEqual([]);
  await run();
  expect(await annotationsOf(images)).toHaveLength(3);
});

it('leaves out images that another person or group has by now, or that are gone', async () => {
  const { images } = await imported();
  const [given, gone, rest] = images as [bigint, bigint, bigint];
  await scene.sql('UPDATE image SET owner_id = $2 WHERE id = $1', [given, bob]);
  await scene.sql('DELETE FROM image WHERE id = $1', [gone]);
  await run();
  expect((await annotationsOf(images)).map(({ image }) => image)).toEqual([rest]);
});
