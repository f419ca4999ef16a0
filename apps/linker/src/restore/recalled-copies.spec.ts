import { OneFile } from '../testing/one-file';
import { lstatSync, mkdirSync, renameSync, rmSync, symlinkSync } from 'node:fs';
import type { ArchiveFile } from '@coldroom/domain';
import { dropFetching, dropRecalled, recallOne } from './recalled-copies';

let disk: OneFile;

beforeEach(async () => {
  disk = await OneFile.create();
});
afterEach(async () => {
  expect(await disk.close()).toEqual([]);
});

const broken = (code: string) => (): never => {
  throw Object.assign(new Error(code), { code });
};

describe('recalling one file', () => {
  let file: ArchiveFile;

  beforeEach(async () => {
    disk.put('recall/1.fetched', 'fetched');
    file = await disk.file('recall/1.fetched', { retrieval: 'recall' });
  });

  const recall = (): Promise<void> =>
    recallOne(
      disk.place,
      { staged: disk.name('recall', '1.fetched'), online: disk.name('recall', 'online') },
      file,
      disk.guard,
    );
  const both = (): readonly string[] => ['recall/online', 'recall/1.fetched'].map((path) => disk.found(path));

  test('renames it after a check of the claim', async () => {
    await recall();
    expect(disk.calls.made).toEqual(['claim', 'rename recall/1.fetched recall/online', 'place:1-swapped']);
    expect(both()).toEqual(['fetched', 'ENOENT']);
  });

  test('takes the place of an earlier recalled copy', async () => {
    disk.put('recall/online', 'earlier');
    await recall();
    expect(both()).toEqual(['fetched', 'ENOENT']);
  });

  test('is done where an earlier run placed it', async () => {
    await recall();
    disk.calls.made.length = 0;
    await recall();
    expect(disk.calls.made).toEqual([]);
  });

  test.each<[code: string, spoil: () => void]>([
    ['LINK_GONE', () => disk.remove('tree/f')],
    ['PATH_TAKEN', () => disk.put('tree/f', 'theirs')],
    ['FETCHED_GONE', () => disk.remove('recall/1.fetched')],
    ['FETCHED_CHANGED', () => disk.put('recall/1.fetched', 'another')],
    ['PATH_TAKEN', () => disk.putLink('recall/online', 'elsewhere')],
  ])('is refused with %s before anything changes', async (code, spoil) => {
    spoil();
    const before = both();
    await expect(recall()).rejects.toMatchObject({ code });
    expect([disk.calls.made, both()]).toEqual([[], before]);
  });

  test('changes nothing without the claim', async () => {
    disk.loseClaimAt(1);
    await expect(recall()).rejects.toThrow('the claim is lost');
    expect(both()).toEqual(['ENOENT', 'fetched']);
  });
});

describe('dropping a recalled copy', () => {
  const path = 'bag/data/near';
  const online = `recall/${path}`;
  let file: ArchiveFile;

  beforeEach(async () => {
    mkdirSync(disk.at('recall/bag/data'), { recursive: true });
    disk.put(online, 'fetched');
    file = await disk.file(online, { retrieval: 'recall' });
  });

  const drop = (): Promise<void> => dropRecalled(disk.recallRoot, Buffer.from(path), file, disk.guard);
  const emptied = ['sync recall/bag/data', 'rmdir recall/bag/data', 'rmdir recall/bag'];

  test('removes it after a check of the claim, syncs, then removes its empty directories', async () => {
    await drop();
    expect(disk.calls.made).toEqual(['claim', `unlink ${online}`, 'expire:1-removed', ...emptied]);
    expect(disk.found('recall/bag')).toBe('ENOENT');
  });

  test('still syncs where it is already gone', async () => {
    disk.remove(online);
    await drop();
    expect(disk.calls.made).toEqual(['expire:1-removed', ...emptied]);
  });

  test('does nothing where its directory is gone', async () => {
    disk.remove('recall/bag/data');
    await drop();
    expect(disk.calls.made).toEqual([]);
  });

  test('is refused where its directory cannot be read', async () => {
    disk.remove('recall/bag/data');
    symlinkSync('elsewhere', disk.at('recall/bag/data'));
    await expect(drop()).rejects.toMatchObject({ code: 'PARENT_NOT_A_DIRECTORY' });
  });

  test('fails where the recall directory is not mounted, rather than finding nothing there', async () => {
    renameSync(disk.at('recall'), disk.at('away'));
    await expect(drop()).rejects.toMatchObject({ code: 'ROOT_UNAVAILABLE' });
  });

  test('keeps it without the claim', async () => {
    disk.loseClaimAt(1);
    await expect(drop()).rejects.toThrow('the claim is lost');
    expect(disk.found(online)).toBe('fetched');
  });

  test('leaves another file there', async () => {
    disk.put(online, 'another');
    await expect(drop()).rejects.toMatchObject({ code: 'RECALLED_COPY_CHANGED' });
    expect([disk.calls.made, disk.found(online)]).toEqual([[], 'another']);
  });

  test('goes by the size where a restore was requested since', async () => {
    file = { ...file, retrieval: 'restore', fetched: null };
    disk.put(online, 'not the size');
    await expect(drop()).rejects.toMatchObject({ code: 'RECALLED_COPY_CHANGED' });
    disk.put(online, 'FETCHED');
    await drop();
    expect(disk.found(online)).toBe('ENOENT');
  });

  test('keeps the directories of other recalled copies', async () => {
    disk.put('recall/bag/other', 'near as well');
    await drop();
    expect([disk.found('recall/bag/data'), disk.found('recall/bag/other')]).toEqual(['ENOENT', 'near as well']);
    expect(disk.calls.made.at(-1)).toBe('rmdir recall/bag: ENOTEMPTY');
  });

  test.each<[what: string, path: string]>([
    ['directory', 'recall/bag/data'],
    ['directory above', 'recall/bag'],
  ])('is done where another process removes its %s at the same time', async (_, gone) => {
    disk.calls.after('sync recall/bag/data', () => rmSync(disk.at(gone), { recursive: true }));
    await drop();
    expect(disk.found(online)).toBe('ENOENT');
  });

  test('fails where an empty directory cannot be removed', async () => {
    disk.calls.before('rmdir', broken('EIO'));
    await expect(drop()).rejects.toMatchObject({ code: 'EIO' });
  });

  test('leaves the directories on the path without write permission', async () => {
    disk.put('recall/bag/other', 'near as well');
    mkdirSync(disk.at('recall/bag/data/more'));
    await drop();
    expect(['recall/bag', 'recall/bag/data'].map((name) => lstatSync(disk.at(name)).mode & 0o777)).toEqual([
      0o555, 0o555,
    ]);
  });
});

describe('dropping what was fetched for a recall', () => {
  const path = '.fetching/bag/1';
  const fetched = `recall/${path}`;

  beforeEach(() => {
    mkdirSync(disk.at('recall/.fetching/bag'), { recursive: true });
    disk.put(fetched, 'half');
  });

  const drop = (): Promise<void> => dropFetching(disk.recallRoot, Buffer.from(path), disk.place, disk.guard);

  test('removes it after a check of the claim, syncs, then removes its directories', async () => {
    await drop();
    expect(disk.calls.made).toEqual([
      'claim',
      `unlink ${fetched}`,
      'sync recall/.fetching/bag',
      'rmdir recall/.fetching/bag',
      'rmdir recall/.fetching',
    ]);
  });

  test('leaves there what is not ours', async () => {
    disk.putLink(fetched, 'elsewhere');
    await expect(drop()).rejects.toMatchObject({ code: 'TARGET_EXISTS' });
    expect(disk.found(fetched)).toBe('-> elsewhere');
  });
});
