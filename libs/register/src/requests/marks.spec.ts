import { freshRegister } from '../testing/fresh-register';
import {
  bagsOf,
  brought,
  closure,
  draft,
  newFile,
  newImage,
  passed,
  running,
  skipped,
} from '../testing/sample-request';

let place: Awaited<ReturnType<typeof freshRegister>>;
beforeEach(async () => {
  place = await freshRegister();
});
afterEach(() => place.drop());

async function writeAll(): Promise<void> {
  const pending = await place.register.marks.pending();
  await place.register.marks.written(
    pending.map(({ requestId, imageId, wanted }) => ({ requestId, imageId, written: wanted })),
  );
}

describe('pending marks', () => {
  it('list new images, with everything needed to mark them, until they are written', async () => {
    const id = await place.register.requests.create(
      draft,
      closure([newImage(2n, 'Fileset:1'), newImage(1n, 'Fileset:1', false)], [newFile('Fileset:1', 'a')]),
      'scanner',
    );
    const pending = await place.register.marks.pending();
    expect(pending).toEqual(
      [1n, 2n].map((imageId) => ({
        requestId: id,
        imageId,
        groupId: draft.groupId,
        wanted: 'pending',
        written: null,
        archivedBefore: null,
        requesterId: 3n,
        requester: 'ada',
        dropNote: false,
      })),
    );
    expect(await place.register.marks.pending(1)).toEqual(pending.slice(0, 1));
    await writeAll();
    expect(await place.register.marks.pending()).toEqual([]);
  });

  it('follow the files to archived, and back after an undo with the note', async () => {
    const id = await running(place.register, { 'Fileset:1': [1n] });
    const [bag] = (await bagsOf(place.register)) as [bigint];
    await writeAll();
    await brought(place.register, bag, 'linked');
    const [archived] = await place.register.marks.pending();
    expect(archived).toMatchObject({ wanted: 'archived', written: 'pending', archivedBefore: null, dropNote: false });
    await place.register.marks.written([
      { requestId: id, imageId: archived!.imageId, written: 'archived', before: true },
    ]);
    await place.register.operator.undo({ kind: 'Request', ids: [id] }, 'boss');
    expect(await place.register.marks.pending()).toEqual([]);
    await passed(place.register, bag, 'undoing');
    expect(await place.register.marks.pending()).toEqual([
      expect.objectContaining({ wanted: 'none', written: 'archived', archivedBefore: true, dropNote: true }),
    ]);
    await writeAll();
    expect(await place.register.marks.pending()).toEqual([]);
  });

  it('drop the note of what was declined, and keep that of what could not be taken', async () => {
    const first = await place.register.requests.create(
      draft,
      closure([newImage(1n, 'Fileset:1')], [newFile('Fileset:1', 'a')]),
      'scanner',
    );
    const second = await place.register.requests.create(
      draft,
      closure([newImage(2n, 'Fileset:2')], [newFile('Fileset:2', 'b', skipped('MISSING'))]),
      'scanner',
    );
    const third = await place.register.requests.create(
      draft,
      closure([newImage(3n, 'Fileset:3')], [newFile('Fileset:3', 'c', skipped('MISSING'))]),
      'scanner',
    );
    await writeAll();
    await place.register.requests.decline(first, 'boss', null);
    await place.register.requests.decline(third, 'boss', null);
    await place.register.requests.approve(second, 'boss');
    await place.register.requests.start(second, 'main', () => 'bag', 'scanner');
    expect((await place.register.marks.pending()).map((mark) => [mark.requestId, mark.wanted, mark.dropNote])).toEqual([
      [first, 'none', true],
      [second, 'none', false],
      [third, 'none', true],
    ]);
  });

  it('do not lose a change that came while the last one was being written', async () => {
    const id = await place.register.requests.create(
      draft,
      closure([newImage(1n, 'Fileset:1')], [newFile('Fileset:1', 'a')]),
      'scanner',
    );
    const pending = await place.register.marks.pending();
    await place.register.requests.decline(id, 'boss', null);
    await place.register.marks.written(
      pending.map(({ requestId, imageId, wanted }) => ({ requestId, imageId, written: wanted })),
    );
    expect(await place.register.marks.pending()).toEqual([
      expect.objectContaining({ wanted: 'none', written: 'pending' }),
    ]);
  });
});

it('remember the old image.archived once, and only where it is given', async () => {
  const id = await place.register.requests.create(
    draft,
    closure([newImage(1n, 'Fileset:1'), newImage(2n, 'Fileset:1')], [newFile('Fileset:1', 'a')]),
    'scanner',
  );
  const before = async (): Promise<unknown[]> =>
    (await place.sql.query('SELECT archived_before FROM request_image ORDER BY image_id')).rows.map(
      (row) => row.archived_before,
    );
  await place.register.marks.written([
    { requestId: id, imageId: 1n, written: 'archived', before: false },
    { requestId: id, imageId: 2n, written: 'archived', before: null },
  ]);
  expect(await before()).toEqual([false, null]);
  await place.register.marks.written([{ requestId: id, imageId: 1n, written: 'archived' }]);
  expect(await before()).toEqual([false, null]);
});
