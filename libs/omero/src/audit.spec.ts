import { OmeroDatabase } from './omero-database';
import { OmeroRows } from './testing/omero-rows';

let rows: OmeroRows;
let omero: OmeroDatabase;
beforeAll(async () => {
  rows = await OmeroRows.create('audit');
  omero = OmeroDatabase.connect(rows.url);
});
afterAll(async () => {
  await omero.close();
  await rows.drop();
});

const requester = { id: 42n, name: 'ada' };
const noted = async (image: bigint): Promise<unknown> =>
  (
    await rows.query(
      `SELECT v.value FROM imageannotationlink l JOIN annotation_mapvalue v ON v.annotation_id = l.child WHERE l.parent = $1 AND v.name = 'Archived before'`,
      [image],
    )
  ).map((row) => row['value']);

it('reports marks and flags of existing images, and nothing for others', async () => {
  const [plain, marked] = [await rows.image({ archived: true }), await rows.image()];
  await rows.link(marked, await rows.annotation('ARCHIVED'));
  await rows.link(plain, await rows.annotation('ARCHIVED', { discriminator: '/basic/text/tag/' }));
  await rows.link(plain, await rows.annotation('ARCHIVED', { ns: 'elsewhere' }));
  expect(await omero.imageFacts([plain, marked, 999_999n])).toEqual(
    new Map([
      [plain, { archived: true, marks: [] }],
      [marked, { archived: null, marks: ['ARCHIVED'] }],
    ]),
  );
});

it('reports the sizes of original files, and which pixels exist', async () => {
  const [sized, unsized] = [await rows.file('a/', 'b', { size: 5 }), await rows.file('a/', 'c', { size: null })];
  const pixels = await rows.pixels(await rows.image());
  expect(await omero.fileFacts([sized, unsized, 999_999n], [pixels, 999_999n])).toEqual({
    originals: new Map([
      [sized, 5n],
      [unsized, null],
    ]),
    pixels: new Set([pixels]),
  });
});

it('restores a lost mark with the earlier flag, a lost flag, and both; once only', async () => {
  const [group, owner] = [await rows.group('lab'), await rows.person('alice')];
  const image = (): Promise<bigint> => rows.image({ owner_id: owner, group_id: group });
  const images = [await image(), await image(), await image()];
  const marks = images.map((imageId) => ({ imageId, groupId: group, requester, archivedBefore: null }));
  await omero.setArchived(marks);
  await rows.query('DELETE FROM imageannotationlink WHERE parent = ANY ($1)', [[images[0], images[2]]]);
  await rows.query('UPDATE image SET archived = false WHERE id = ANY ($1)', [[images[1], images[2]]]);
  await omero.repairArchived(marks);
  const whole = { archived: true, marks: ['ARCHIVED'] };
  expect([...(await omero.imageFacts(images)).values()]).toEqual([whole, whole, whole]);
  expect(await noted(images[0]!)).toEqual(['Unset']); // not True: the value of the flag when the mark was restored
  const events = await rows.count('event');
  await omero.repairArchived(marks);
  expect(await rows.count('event')).toBe(events);
});
