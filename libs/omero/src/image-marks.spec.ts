import type { ImageMark } from './mark-annotations';
import { OmeroDatabase } from './omero-database';
import { OmeroRows } from './testing/omero-rows';

let rows: OmeroRows;
let omero: OmeroDatabase;
let alice: bigint;
let group: bigint;
beforeAll(async () => {
  rows = await OmeroRows.create('image_marks');
  omero = OmeroDatabase.connect(rows.url, { max: 8 });
  group = await rows.group('lab', -40n);
  alice = await rows.person('alice', [group]);
});
afterAll(async () => {
  await omero.close();
  await rows.drop();
});

const requester = { id: 42n, name: 'ada' };
const unset = { restoreArchived: new Map<bigint, boolean | null>(), dropNote: false };

async function imagesOf(count: number, values = {}): Promise<ImageMark[]> {
  const marks: ImageMark[] = [];
  for (let n = 0; n < count; n++)
    marks.push({
      imageId: await rows.image({ owner_id: alice, group_id: group, ...values }),
      groupId: group,
      requester,
    });
  return marks;
}
async function marksOn({ imageId }: ImageMark): Promise<string[]> {
  const found = await rows.query<{ name: string }>(
    'SELECT a.name FROM imageannotationlink l JOIN annotation a ON a.id = l.child WHERE l.parent = $1 ORDER BY a.name, l.id',
    [imageId],
  );
  return found.map(({ name }) => name);
}
async function archived({ imageId }: ImageMark): Promise<boolean | null | undefined> {
  return (await rows.query<{ archived: boolean | null }>('SELECT archived FROM image WHERE id = $1', [imageId]))[0]
    ?.archived;
}
/** Everything that could change, to prove that nothing did. */
const state = (): Promise<unknown> =>
  rows.query(
    `SELECT (SELECT count(*) FROM event) AS events, (SELECT count(*) FROM eventlog) AS logs, (SELECT count(*) FROM annotation) AS annotations,
          (SELECT count(*) FROM imageannotationlink) AS links, (SELECT sum(version) FROM image) AS versions, (SELECT count(*) FROM _reindexing_required) AS reindex`,
  );

it('marks images as pending, as OMERO would write it', async () => {
  const images = await imagesOf(3);
  const events = await rows.count('event');
  expect(await omero.setPending(images)).toEqual(
    images.map(({ imageId }) => ({ imageId, outcome: 'marked', groupId: group, moved: false, archivedBefore: null })),
  );

  expect(await rows.count('event')).toBe(events + 1);
  const [event] = await rows.query<Record<string, unknown>>('SELECT * FROM event ORDER BY id DESC LIMIT 1');
  expect(event).toMatchObject({
    permissions: -820n,
    experimenter: 0n,
    experimentergroup: group,
    session: 0n,
    status: 'COLDROOM',
  });
  const details = {
    permissions: -40n,
    version: 0,
    creation_id: event?.['id'],
    update_id: event?.['id'],
    owner_id: alice,
    group_id: group,
  };
  const [annotation, ...more] = await rows.query<Record<string, unknown>>(
    'SELECT * FROM annotation WHERE creation_id = $1',
    [event?.['id']],
  );
  expect(more).toEqual([]);
  expect(annotation).toMatchObject({
    ...details,
    discriminator: '/map/',
    ns: 'archiving',
    name: 'ARCHIVE-PENDING',
    description: 'Owner : 42 : ada',
  });
  expect(
    await rows.query('SELECT name, value, index FROM annotation_mapvalue WHERE annotation_id = $1', [
      annotation?.['id'],
    ]),
  ).toEqual([{ name: 'ARCHIVE-PENDING', value: 'True', index: 0 }]);
  const links = await rows.query<Record<string, unknown>>(
    'SELECT * FROM imageannotationlink WHERE child = $1 ORDER BY parent',
    [annotation?.['id']],
  );
  expect(links).toEqual(images.map(({ imageId }) => expect.objectContaining({ ...details, parent: imageId })));
  expect(
    await rows.query(
      'SELECT action, entitytype, count(*) AS n FROM eventlog WHERE event = $1 AND permissions = -35 GROUP BY 1, 2 ORDER BY 3',
      [event?.['id']],
    ),
  ).toEqual([
    { action: 'INSERT', entitytype: 'ome.model.annotations.MapAnnotation', n: 1n },
    { action: 'INSERT', entitytype: 'ome.model.annotations.ImageAnnotationLink', n: 3n },
  ]);
  // The triggers queue the images for the search index under our event.
  expect(
    (
      await rows.query<{ entity_id: bigint }>(
        'SELECT entity_id FROM _reindexing_required WHERE event_id = $1 ORDER BY 1',
        [event?.['id']],
      )
    ).map((row) => row.entity_id),
  ).toEqual(images.map(({ imageId }) => imageId));
  expect(await rows.count("event WHERE status = 'TRIGGERED'")).toBe(0);
});

it('goes from TO-ARCHIVE to pending to archived and back, one event per call, each once only', async () => {
  const images = await imagesOf(3);
  const [first, second, third] = images as [ImageMark, ImageMark, ImageMark];
  await rows.query('UPDATE image SET archived = true WHERE id = $1', [second.imageId]);
  await rows.query('UPDATE image SET archived = false, version = NULL WHERE id = $1', [third.imageId]);
  const wish = await rows.annotation('TO-ARCHIVE', { owner_id: alice, group_id: group });
  const note = await rows.annotation('ARCHIVE NOTE', { owner_id: alice, group_id: group }, [['Expiry', '5']]);
  for (const { imageId } of images)
    for (const child of [wish, note]) await rows.link(imageId, child, { owner_id: alice, group_id: group });

  const twice = async <T>(call: () => Promise<readonly T[]>): Promise<[readonly T[], readonly T[]]> => {
    const events = await rows.count('event');
    const result = await call();
    expect(await rows.count('event')).toBe(events + 1);
    const before = await state();
    const again = await call();
    expect(await state()).toEqual(before);
    return [result, again];
  };
  const outcomes = (results: readonly { outcome: string }[]): string[] => results.map(({ outcome }) => outcome);

  const [pending, stillPending] = await twice(() => omero.setPending(images));
  expect([outcomes(pending), outcomes(stillPending)]).toEqual([
    ['marked', 'marked', 'marked'],
    ['already', 'already', 'already'],
  ]);
  expect(await marksOn(first)).toEqual(['ARCHIVE NOTE', 'ARCHIVE-PENDING']);
  expect(await rows.count('annotation WHERE id = $1', [wish])).toBe(0);

  const [set, stillSet] = await twice(() => omero.setArchived(images));
  expect(set.map(({ archivedBefore }) => archivedBefore)).toEqual([null, true, false]);
  // Also after a crash between our commit and the caller's.
  expect(stillSet.map(({ outcome, archivedBefore }) => [outcome, archivedBefore])).toEqual([
    ['already', null],
    ['already', true],
    ['already', false],
  ]);
  expect(await Promise.all(images.map(archived))).toEqual([true, true, true]);
  expect(await marksOn(third)).toEqual(['ARCHIVE NOTE', 'ARCHIVED']);
  const [event] = await rows.query<{ id: bigint }>('SELECT max(id) AS id FROM event');
  expect(
    await rows.query('SELECT id, version, update_id FROM image WHERE id = ANY ($1) ORDER BY id', [
      images.map(({ imageId }) => imageId),
    ]),
  ).toEqual([
    { id: first.imageId, version: 1, update_id: event?.id },
    { id: second.imageId, version: 0, update_id: 0n },
    { id: third.imageId, version: 1, update_id: event?.id },
  ]);
  expect(outcomes(await omero.setPending(images))).toEqual(['already', 'already', 'already']);

  await rows.link(first.imageId, await rows.annotation('FROM-ARCHIVE'), { owner_id: alice });
  const restoreArchived = new Map(set.map(({ imageId, archivedBefore }) => [imageId, archivedBefore ?? null]));
  const [cleared, stillClear] = await twice(() => omero.clear(images, { restoreArchived, dropNote: false }));
  expect([outcomes(cleared), outcomes(stillClear)]).toEqual([
    ['cleared', 'cleared', 'cleared'],
    ['already', 'already', 'already'],
  ]);
  expect(await Promise.all(images.map(archived))).toEqual([null, true, false]);
  expect(await marksOn(first)).toEqual(['ARCHIVE NOTE']);
  const [noteGone] = await twice(() => omero.clear(images, { ...unset, dropNote: true }));
  expect(outcomes(noteGone)).toEqual(['cleared', 'cleared', 'cleared']);
  expect(
    await rows.count('annotation a JOIN annotation_mapvalue v ON v.annotation_id = a.id WHERE a.id = $1', [note]),
  ).toBe(0);
});

it('leaves archived images unchanged when a request is declined', async () => {
  const [image] = (await imagesOf(1)) as [ImageMark];
  await omero.setArchived([image]);
  const extra = await rows.annotation('TO-ARCHIVE');
  await rows.link(image.imageId, extra);
  await rows.link(image.imageId, await rows.annotation('FROM-ARCHIVE'));
  expect(await omero.clear([image], unset)).toEqual([{ imageId: image.imageId, outcome: 'cleared' }]);
  expect([await marksOn(image), await archived(image)]).toEqual([['ARCHIVED', 'FROM-ARCHIVE'], true]);
  expect(await rows.count('annotation WHERE id = $1', [extra])).toBe(0);
});

it('removes a FROM-ARCHIVE from images that are not archived', async () => {
  const [image] = (await imagesOf(1)) as [ImageMark];
  await rows.link(image.imageId, await rows.annotation('FROM-ARCHIVE'));
  await omero.clear([image], unset);
  expect(await marksOn(image)).toEqual([]);
});

it("resets no flag changed by another user since, nor others' annotations", async () => {
  const [image] = (await imagesOf(1)) as [ImageMark];
  await omero.setArchived([image]);
  await rows.query('UPDATE image SET archived = NULL WHERE id = $1', [image.imageId]);
  const lookalikes = [
    await rows.annotation('ARCHIVED', { discriminator: '/basic/text/tag/' }, []),
    await rows.annotation('ARCHIVED', { ns: 'other' }),
    await rows.annotation('ARCHIVED', { ns: null }),
    await rows.annotation('Archived'),
    await rows.annotation('ARCHIVE-PENDING', { ns: 'Archiving' }),
  ];
  for (const annotation of lookalikes) await rows.link(image.imageId, annotation);
  await omero.clear([image], { restoreArchived: new Map([[image.imageId, false]]), dropNote: true });
  expect(await archived(image)).toBeNull();
  expect(await marksOn(image)).toHaveLength(lookalikes.length);
  expect(await rows.count('annotation WHERE id = ANY ($1)', [lookalikes])).toBe(lookalikes.length);
});

it('keeps an annotation that is linked elsewhere, and deletes the others', async () => {
  const images = await imagesOf(3);
  const [first, second, third] = images as [ImageMark, ImageMark, ImageMark];
  const annotations: bigint[] = [];
  for (const { imageId } of images) {
    annotations.push(await rows.annotation('TO-ARCHIVE'));
    await rows.link(imageId, annotations.at(-1) as bigint);
  }
  const other = await rows.image();
  await rows.link(other, annotations[0] as bigint);
  await rows.own('datasetannotationlink', { parent: await rows.own('dataset', { name: 'd' }), child: annotations[1] });
  const outcomes = await omero.clear([first, second, third], unset);
  expect(outcomes.map(({ outcome }) => outcome)).toEqual(['cleared', 'cleared', 'cleared']);
  expect(await rows.query('SELECT id FROM annotation WHERE id = ANY ($1) ORDER BY id', [annotations])).toEqual([
    { id: annotations[0] },
    { id: annotations[1] },
  ]);
  expect(
    await rows.count(
      "eventlog WHERE action = 'DELETE' AND entitytype = 'ome.model.annotations.MapAnnotation' AND entityid = $1",
      [annotations[2]],
    ),
  ).toBe(1);
});

it('reports images that are gone or have moved, and marks the latter where they are', async () => {
  const [here, gone, moved] = (await imagesOf(3)) as [ImageMark, ImageMark, ImageMark];
  const elsewhere = await rows.group('elsewhere', -120n);
  const bob = await rows.person('bob');
  await rows.query('DELETE FROM image WHERE id = $1', [gone.imageId]);
  await rows.query('UPDATE image SET group_id = $2, owner_id = $3 WHERE id = $1', [moved.imageId, elsewhere, bob]);
  expect(await omero.setArchived([moved, gone, here])).toEqual([
    { imageId: moved.imageId, outcome: 'marked', groupId: elsewhere, moved: true, archivedBefore: null },
    { imageId: gone.imageId, outcome: 'gone', groupId: null, moved: false, archivedBefore: undefined },
    { imageId: here.imageId, outcome: 'marked', groupId: group, moved: false, archivedBefore: null },
  ]);
  expect(
    await rows.query('SELECT owner_id, group_id, permissions FROM imageannotationlink WHERE parent = $1', [
      moved.imageId,
    ]),
  ).toEqual([{ owner_id: bob, group_id: elsewhere, permissions: -120n }]);
  expect(await omero.clear([gone], unset)).toEqual([{ imageId: gone.imageId, outcome: 'gone' }]);
});

it('shares one annotation by owner, group and requester', async () => {
  const images = await imagesOf(4);
  const marks = images.map((image, n) => ({ ...image, requester: n < 2 ? requester : { id: 7n, name: 'seven' } }));
  const before = await rows.count('annotation');
  await omero.setPending(marks);
  expect(await rows.count('annotation')).toBe(before + 2);
});

it('neither duplicates nor deadlocks when called in parallel, in any order', async () => {
  const images = await imagesOf(200);
  const reversed = [...images].reverse();
  await Promise.all([
    omero.setPending(images),
    omero.setPending(reversed),
    omero.setArchived(images),
    omero.setArchived(reversed),
    omero.setPending(images.slice(50)),
    omero.setArchived(reversed.slice(50)),
  ]);
  expect(
    await rows.count(
      `(SELECT l.parent FROM imageannotationlink l JOIN annotation a ON a.id = l.child
    WHERE l.parent = ANY ($1) AND a.name = 'ARCHIVED' GROUP BY l.parent HAVING count(*) = 1) AS once`,
      [images.map(({ imageId }) => imageId)],
    ),
  ).toBe(200);
  expect(new Set((await Promise.all(images.map(marksOn))).flat())).toEqual(new Set(['ARCHIVED']));
}, 30_000);

it('waits for other writers of an image, fails as busy, and lets others link to it meanwhile', async () => {
  const [image] = (await imagesOf(1)) as [ImageMark];
  const quick = OmeroDatabase.connect(rows.url, { statementTimeout: 300 });
  await rows.query('BEGIN');
  await rows.query('UPDATE image SET name = $2 WHERE id = $1', [image.imageId, 'renamed']);
  await expect(quick.setPending([image])).rejects.toMatchObject({ kind: 'transient', code: 'OMERO_DATABASE_BUSY' });
  await rows.query('ROLLBACK');
  expect(await quick.setPending([image])).toMatchObject([{ outcome: 'marked' }]);
  await quick.close();
});

it('refuses more images than the search index can take at once', async () => {
  const many = Array.from({ length: 1001 }, (_, n) => ({ imageId: BigInt(n), groupId: group, requester }));
  await expect(omero.setPending(many)).rejects.toThrow(RangeError);
});

it('marks a thousand images in seconds', async () => {
  const images = await imagesOf(1000);
  const start = performance.now();
  await omero.setPending(images);
  await omero.setArchived(images);
  const took = performance.now() - start;
  console.info(`pending and archived for 1000 images: ${Math.round(took)} ms`);
  expect(took).toBeLessThan(20_000);
});

it('replaces an ARCHIVED of the older tool, and sets the flag that it did not set', async () => {
  const images = [...(await imagesOf(1)), ...(await imagesOf(1, { archived: true }))];
  await omero.setArchived(images);
  // That tool has one annotation for many images, without the earlier flag.
  await rows.query(`DELETE FROM annotation_mapvalue WHERE name = 'Archived before' AND annotation_id IN (
    SELECT child FROM imageannotationlink WHERE parent IN (${images.map(({ imageId }) => imageId).join()}))`);
  await rows.query('UPDATE image SET archived = NULL WHERE id = $1', [images[0]!.imageId]);
  const replaced = await omero.setArchived(images);
  expect(replaced).toMatchObject([
    { outcome: 'marked', archivedBefore: null },
    { outcome: 'marked', archivedBefore: true },
  ]);
  for (const image of images) expect([await marksOn(image), await archived(image)]).toEqual([['ARCHIVED'], true]);
  const before = await state();
  expect(await omero.setArchived(images)).toMatchObject([
    { outcome: 'already', archivedBefore: null },
    { outcome: 'already', archivedBefore: true },
  ]);
  expect(await state()).toEqual(before);
});
