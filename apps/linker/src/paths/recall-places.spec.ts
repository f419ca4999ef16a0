import { OneFile } from '../testing/one-file';
import { lstatSync, symlinkSync } from 'node:fs';
import type { ArchiveFile, Store } from '@coldroom/domain';
import { RecallPlaces } from './recall-places';
import { openBelow } from '../testing/one-file';

let disk: OneFile;
let places: RecallPlaces;

beforeEach(async () => {
  disk = await OneFile.create();
  places = new RecallPlaces({ name: 'main', recallRoot: disk.at('recall') } as Store, 'bag');
});
afterEach(async () => {
  await places.close();
  expect(await disk.close()).toEqual([]);
});

const file = (path: string, id = 1n): ArchiveFile =>
  ({ id, root: 'ManagedRepository', path: Buffer.from(path) }) as ArchiveFile;
const openInRecall = (): readonly string[] => openBelow(disk.at('recall')).map((path) => path.slice(disk.top.length));

test('files of one directory share it, even with concurrent calls; it is opened only once', async () => {
  const [one, other] = await Promise.all([places.online(file('set/a')), places.online(file('set/b'))]);
  const third = await places.online(file('set/c'));
  expect([other.directory, third.directory]).toEqual([one.directory, one.directory]);
  expect(openInRecall()).toEqual(['/recall/bag/data/ManagedRepository/set']);
  expect([one.name, third.name].map(String)).toEqual(['a', 'c']);
});

test('directories that links lead into are without write permission; those of staging are not', async () => {
  await places.online(file('set/a'));
  await places.staged(file('set/a'));
  const mode = (path: string): number => lstatSync(disk.at(path)).mode & 0o777;
  expect([mode('recall/bag/data/ManagedRepository/set'), mode('recall/.fetching/bag')]).toEqual([0o555, 0o755]);
});

test('all directories are synced', async () => {
  await places.online(file('set/a'));
  await places.staged(file('set/a'));
  disk.calls.made.length = 0;
  await places.sync();
  expect([...disk.calls.made].sort()).toEqual([
    'sync recall/.fetching/bag',
    'sync recall/bag/data/ManagedRepository/set',
  ]);
});

test('a directory that cannot be opened does not block the others, and can be requested again', async () => {
  await places.online(file('set/a'));
  symlinkSync('elsewhere', disk.at('recall/link'));
  const bent = new RecallPlaces({ name: 'main', recallRoot: disk.at('recall') } as Store, 'link');
  await bent.staged(file('set/a'));
  await expect(bent.online(file('set/a'))).rejects.toMatchObject({ code: 'PARENT_NOT_A_DIRECTORY' });
  disk.calls.made.length = 0;
  await bent.sync();
  expect(disk.calls.made).toEqual(['sync recall/.fetching/link']);
  disk.remove('recall/link');
  await bent.online(file('set/a'));
  await bent.close();
  expect(openInRecall()).toEqual(['/recall/bag/data/ManagedRepository/set']);
});

test('a store whose links lead to the copies has no place to recall to', async () => {
  const none = new RecallPlaces({ name: 'main' } as Store, 'bag');
  await expect(none.online(file('set/a'))).rejects.toMatchObject({ code: 'NOT_RECALLABLE' });
  await none.close();
});
