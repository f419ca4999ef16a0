import { abilities, type FileSystemLook } from '@coldroom/domain';
import { freshRegister } from '../testing/fresh-register';

type Fresh = Awaited<ReturnType<typeof freshRegister>>;
let fresh: Fresh;
beforeAll(async () => {
  fresh = await freshRegister();
});
afterAll(() => fresh.drop());

const look = (change: Partial<FileSystemLook> = {}): FileSystemLook => ({
  directory: '/archive',
  type: 'nfs4',
  at: '2026-01-01T00:00:00.000Z',
  abilities: Object.fromEntries(
    abilities.map((ability) => [ability, { answer: 'unknown', how: 'not looked at before' }]),
  ) as FileSystemLook['abilities'],
  timeUnitNs: 100,
  longestName: 255,
  marker: { id: 'one', name: 'main', ino: '17' },
  ...change,
});
const stable = async (change: Partial<FileSystemLook>): Promise<string> =>
  (await fresh.register.fileSystemLooks.record('store', look(change))).abilities['stable inode numbers'].answer;

test('a later look replaces the earlier one, and tells from its marker whether inode numbers are stable', async () => {
  const { fileSystemLooks } = fresh.register;
  expect(await stable({})).toBe('unknown');
  expect(await stable({ at: '2026-01-02T00:00:00.000Z' })).toBe('yes');
  expect(await stable({ marker: { id: 'one', name: 'main', ino: '18' } })).toBe('no');
  await expect(stable({ marker: { id: 'another disk', name: 'main', ino: '18' } })).rejects.toMatchObject({
    kind: 'refused',
    code: 'ROOT_REPLACED',
    message: expect.stringContaining('the id another disk, not one'),
  });
  expect(await stable({ marker: { id: 'one', name: 'main', ino: '18' } })).toBe('no'); // it was seen to change
  expect(await stable({ marker: { id: 'one', name: 'renamed', ino: '20' } })).toBe('unknown');
  await fileSystemLooks.record('hold', look());
  expect(
    (await fileSystemLooks.list()).map(({ use, look: { directory, marker } }) => [use, directory, marker.id]),
  ).toEqual([
    ['hold', '/archive', 'one'],
    ['store', '/archive', 'one'],
  ]);
});

test('another store may come to a directory, and a store that moves is known at its new directory only', async () => {
  const { fileSystemLooks } = fresh.register;
  await fileSystemLooks.record('store', look({ directory: '/new', marker: { id: 'one', name: 'renamed', ino: '20' } }));
  const other = { id: 'two', name: 'other', ino: '3' };
  await fileSystemLooks.record('store', look({ marker: other }));
  const known = (await fileSystemLooks.list()).map(({ use, look: { directory, marker } }) => [
    use,
    directory,
    marker.id,
  ]);
  expect(known).toEqual([
    ['hold', '/archive', 'one'],
    ['store', '/archive', 'two'],
    ['store', '/new', 'one'],
  ]);
});
