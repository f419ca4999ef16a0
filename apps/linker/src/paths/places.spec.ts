import { RecordedCalls } from '../testing/recorded-calls';
import { mkdirSync, mkdtempSync, renameSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ArchiveFile, RootName, Store } from '@coldroom/domain';
import { markerName, writeMarker } from '@coldroom/files';
import { HoldDirectories, Originals } from '@coldroom/trees';
import { Places } from './places';
import { openBelow } from '../testing/one-file';

describe('the places of a bag', () => {
  let top: string;
  let calls: RecordedCalls;
  let places: Places;
  const store = { linkTarget: (_bag: string, path: Buffer) => path } as Store;
  const file = (path: string, root: RootName = 'ManagedRepository'): ArchiveFile =>
    ({ id: 1n, root, path: Buffer.from(path) }) as ArchiveFile;

  beforeEach(async () => {
    top = mkdtempSync(join(tmpdir(), 'coldroom-places-'));
    for (const name of ['ManagedRepository', 'Files']) {
      mkdirSync(join(top, name, 'set/inner'), { recursive: true });
      await writeMarker(join(top, name), name);
    }
    mkdirSync(join(top, 'hold'));
    await writeMarker(join(top, 'hold'), 'hold');
    calls = await RecordedCalls.start(top);
    places = new Places(new Originals(top), new HoldDirectories([join(top, 'hold')]), store, 'bag');
  });
  afterEach(async () => {
    await places.close();
    calls.end();
    rmSync(top, { recursive: true });
  });

  test('each directory is opened and synced once, and all are closed', async () => {
    await Promise.all(['set/a', 'set/b', 'set/inner/c'].map((path) => places.of(file(path))));
    await places.of(file('set/d'));
    expect([...openBelow(top)].sort()).toEqual(
      ['ManagedRepository', 'ManagedRepository/set', 'ManagedRepository/set/inner', 'hold/bag'].map((path) =>
        join(top, path),
      ),
    );
    calls.made.length = 0;
    await places.syncHolds();
    await places.syncOriginals();
    expect(calls.made).toEqual([
      'sync hold/bag',
      'sync ManagedRepository',
      'sync ManagedRepository/set',
      'sync ManagedRepository/set/inner',
    ]);
    await places.close();
    expect(openBelow(top)).toEqual([]);
  });

  test('a file directly in the root has its place there', async () => {
    const { directory, name } = await places.of(file('12', 'Files'));
    expect([directory.at(name).length > 0, name.toString()]).toEqual([true, '12']);
  });

  test.each(['../a', 'set/../../a', '/a', ''])(
    'a path that may leave its root is refused before anything is opened: "%s"',
    async (path) => {
      await expect(places.of(file(path))).rejects.toMatchObject({ code: 'PATH_NOT_ALLOWED' });
      expect(openBelow(top)).toEqual([]);
    },
  );

  test('an unmounted root is an error that may pass, and what is open can still be synced', async () => {
    await places.of(file('set/a'));
    const marker = join(top, 'Files', markerName);
    renameSync(marker, join(top, 'away'));
    await expect(places.of(file('1', 'Files'))).rejects.toMatchObject({ code: 'ROOT_UNAVAILABLE' });
    await places.syncHolds();
    renameSync(join(top, 'away'), marker);
    await places.of(file('1', 'Files'));
  });

  test('a directory that is gone is refused, and what is open can still be synced', async () => {
    await expect(places.of(file('gone/a'))).rejects.toMatchObject({ code: 'DIRECTORY_GONE' });
    await places.syncOriginals();
    mkdirSync(join(top, 'ManagedRepository/gone'));
    await places.of(file('gone/a'));
  });

  test('a directory that is gone with its whole root is no reason to give up a file', async () => {
    await places.of(file('set/a'));
    renameSync(join(top, 'ManagedRepository', markerName), join(top, 'away'));
    await expect(places.of(file('gone/a'))).rejects.toMatchObject({ code: 'ROOT_UNAVAILABLE' });
  });
});
