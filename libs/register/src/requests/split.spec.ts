import { freshRegister } from '../testing/fresh-register';
import { closure, draft, newFile, newImage, skipped } from '../testing/sample-request';

let place: Awaited<ReturnType<typeof freshRegister>>;
beforeEach(async () => {
  place = await freshRegister();
});
afterEach(() => place.drop());

/** Three filesets of two files each; the second has an image that is only included. */
async function create(): Promise<bigint> {
  const names = ['Fileset:1', 'Fileset:2', 'Fileset:3'];
  const files = names.flatMap((name) => [newFile(name, `${name}/a`), newFile(name, `${name}/b`)]);
  const images = [...names.map((name, nr) => newImage(BigInt(nr + 1), name)), newImage(9n, 'Fileset:2', false)];
  return place.register.requests.create(draft, closure(images, files), 'scanner');
}

const summary = async (id: bigint) => (await place.register.requests.get(id))!;

test('a part is approved, and the rest waits as a request of its own, with all that belongs to it', async () => {
  const id = await create();
  const before = await summary(id);
  await place.register.requests.approve(id, 'dora', null, { revision: 1, filesets: ['Fileset:1', 'Fileset:3'] });

  const [rest, kept] = await place.register.requests.list();
  expect(kept).toMatchObject({ id, state: 'Approved', filesets: 2, images: 2, files: 4 });
  expect(rest).toMatchObject({ state: 'New', revision: 1, filesets: 1, images: 2, markedImages: 1, files: 2 });
  expect(rest!.createdAt).toEqual(before.createdAt);
  expect(kept!.bytes + rest!.bytes).toBe(before.bytes);
  const events = await place.register.reports.events({ requestId: rest!.id });
  expect(events).toMatchObject([{ what: 'split', actor: 'dora', to: 'New' }]);
  await place.register.requests.start(id, 'main', (nr) => `bag-${nr}`, 'scanner');
  expect((await place.register.reports.files({ states: ['approved'] })).map(({ fileset }) => fileset)).toEqual([
    'Fileset:1',
    'Fileset:1',
    'Fileset:3',
    'Fileset:3',
  ]);
});

test('a fileset of which nothing is taken makes no request of its own', async () => {
  const id = await create();
  const more = closure([newImage(20n, 'Fileset:4')], [newFile('Fileset:4', 'd', skipped('MISSING'))]);
  await place.register.requests.refresh(id, more, 'scanner');
  const filesets = ['Fileset:1', 'Fileset:2', 'Fileset:3'];
  await place.register.requests.approve(id, 'dora', null, { filesets });
  expect(await place.register.requests.list()).toMatchObject([{ id, state: 'Approved', filesets: 4 }]);
});

test('a part is declined: only its marks are removed', async () => {
  const id = await create();
  await place.register.requests.decline(id, 'dora', 'in use', { revision: 1, filesets: ['Fileset:2'] });
  expect(await summary(id)).toMatchObject({ state: 'Declined', filesets: 1 });
  const wanted = await place.register.marks.all();
  expect(wanted.map(({ imageId }) => imageId).sort()).toEqual([1n, 3n]);
});

test('where all filesets are named, no other request is made', async () => {
  const id = await create();
  const filesets = ['Fileset:3', 'Fileset:1', 'Fileset:2', 'Fileset:1'];
  await place.register.requests.approve(id, 'dora', null, { filesets });
  expect(await place.register.requests.list()).toMatchObject([{ id, state: 'Approved', filesets: 3 }]);
});

test.each([[[]], [['Fileset:4']], [['Fileset:1', '%']]])('%j is refused, and nothing changes', async (filesets) => {
  const id = await create();
  await expect(place.register.requests.approve(id, 'dora', null, { filesets })).rejects.toMatchObject({
    kind: 'refused',
    code: 'NO_SUCH_FILESET',
  });
  expect(await place.register.requests.list()).toMatchObject([{ id, state: 'New', revision: 1, filesets: 3 }]);
});

test('a split of what has changed since it was reviewed is refused', async () => {
  const id = await create();
  const more = closure([newImage(20n, 'Fileset:4')], [newFile('Fileset:4', 'd', skipped('MISSING'))]);
  await place.register.requests.refresh(id, more, 'scanner');
  await expect(
    place.register.requests.approve(id, 'dora', null, { revision: 1, filesets: ['Fileset:1'] }),
  ).rejects.toMatchObject({ code: 'REQUEST_CHANGED' });
  expect(await place.register.requests.list()).toHaveLength(1);
});
