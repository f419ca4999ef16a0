import { OneFile } from '../testing/one-file';
import { mkdirSync } from 'node:fs';
import type { ArchiveFile } from '@coldroom/domain';
import { dropStaged, refuseToPlace, restoreOne, type Name } from './restore';

let disk: OneFile;
let staged: Name;
let file: ArchiveFile;
let ourLink: string;

beforeEach(async () => {
  disk = await OneFile.create();
  disk.put('hold/1.fetched', 'fetched');
  staged = disk.name('hold', '1.fetched');
  file = await disk.file('hold/1.fetched');
  ourLink = `-> ${disk.place.target.toString()}`;
});
afterEach(async () => {
  expect(await disk.close()).toEqual([]);
});

const both = (): readonly string[] => ['tree/f', 'hold/1.fetched'].map((path) => disk.found(path));
const broken = (code: string) => (): never => {
  throw Object.assign(new Error(code), { code });
};

describe('restoring one file', () => {
  const restore = (): Promise<void> => restoreOne(disk.place, staged, file, disk.guard);

  test('swaps the names after a check of the claim, and removes the link after another', async () => {
    await restore();
    expect(disk.calls.made).toEqual([
      'claim',
      'exchange hold/1.fetched tree/f',
      'place:1-swapped',
      'claim',
      'unlink hold/1.fetched',
      'place:2-tidied',
    ]);
    expect(both()).toEqual(['fetched', 'ENOENT']);
  });

  test('renames where names cannot be swapped', async () => {
    disk.calls.withoutExchange();
    await restore();
    expect(disk.calls.made).toEqual([
      'claim',
      'exchange hold/1.fetched tree/f: EXCHANGE_NOT_SUPPORTED',
      'rename hold/1.fetched tree/f',
      'place:1-swapped',
      'place:2-tidied',
    ]);
    expect(both()).toEqual(['fetched', 'ENOENT']);
  });

  test('where names cannot be swapped, a file that appears at the path at the last moment stays', async () => {
    disk.calls.withoutExchange();
    disk.calls.before('exchange', () => disk.put('tree/f', 'theirs'));
    await expect(restore()).rejects.toMatchObject({ code: 'PATH_TAKEN' });
    expect(both()).toEqual(['theirs', 'fetched']);
  });

  test('does not rename after any other failure of the swap', async () => {
    disk.calls.before('exchange', broken('EIO'));
    await expect(restore()).rejects.toMatchObject({ code: 'EIO' });
    expect(disk.calls.made).toEqual(['claim', 'exchange hold/1.fetched tree/f: EIO']);
    expect(both()).toEqual([ourLink, 'fetched']);
  });

  test('a file that appears at the path at the last moment is put back there', async () => {
    disk.calls.before('exchange', () => disk.put('tree/f', 'theirs'));
    await expect(restore()).rejects.toMatchObject({ code: 'PATH_TAKEN' });
    expect(both()).toEqual(['theirs', 'fetched']);
  });

  test('a staged file that is replaced at the last moment does not stay at the path', async () => {
    disk.calls.before('exchange', () => disk.put('hold/1.fetched', 'another'));
    await expect(restore()).rejects.toMatchObject({ code: 'PATH_TAKEN' });
    expect(both()).toEqual([ourLink, 'another']);
  });

  test('changes nothing without the claim', async () => {
    disk.loseClaimAt(1);
    await expect(restore()).rejects.toThrow('the claim is lost');
    expect(both()).toEqual([ourLink, 'fetched']);
  });

  test('removes nothing once the claim is lost after the swap', async () => {
    disk.loseClaimAt(2);
    await expect(restore()).rejects.toThrow('the claim is lost');
    expect(both()).toEqual(['fetched', ourLink]);
  });

  test.each<[code: string, spoil: () => void]>([
    ['LINK_GONE', () => disk.remove('tree/f')],
    ['PATH_TAKEN', () => disk.put('tree/f', 'theirs')],
    ['FETCHED_GONE', () => disk.remove('hold/1.fetched')],
    ['FETCHED_CHANGED', () => disk.put('hold/1.fetched', 'another')],
  ])('is refused with %s before anything changes', async (code, spoil) => {
    spoil();
    const before = both();
    await expect(restore()).rejects.toMatchObject({ code });
    expect([disk.calls.made, both()]).toEqual([[], before]);
  });

  /** The state that a crash after the swap leaves. */
  async function swapped(): Promise<void> {
    disk.loseClaimAt(2);
    await expect(restore()).rejects.toThrow('the claim is lost');
    disk.loseClaimAt(Infinity);
    disk.calls.made.length = 0;
  }

  test('removes the link that a crash left after the swap', async () => {
    await swapped();
    await restore();
    expect(disk.calls.made).toEqual(['place:1-swapped', 'claim', 'unlink hold/1.fetched', 'place:2-tidied']);
    expect(both()).toEqual(['fetched', 'ENOENT']);
  });

  test.each<[what: string, lay: () => void, found: string]>([
    ['a link of others', () => disk.putLink('hold/1.fetched', 'elsewhere'), '-> elsewhere'],
    ['another file', () => disk.put('hold/1.fetched', 'another'), 'another'],
  ])('leaves %s in staging once the file is back', async (_, lay, found) => {
    await swapped();
    lay();
    // not a code that has it fetched again, which would remove what is there
    await expect(restore()).rejects.toMatchObject({ code: 'PATH_TAKEN' });
    expect([disk.calls.made, both()]).toEqual([['place:1-swapped'], ['fetched', found]]);
  });

  test('puts the held original back instead, and then removes what was fetched', async () => {
    disk.put('hold/1', 'original');
    file = await disk.file('hold/1.fetched');
    await restore();
    expect(disk.calls.made).toEqual([
      'claim',
      'exchange hold/1 tree/f',
      'undo:1-swapped',
      'unlink hold/1',
      'place:1-swapped',
      'claim',
      'unlink hold/1.fetched',
      'place:2-tidied',
    ]);
    expect(both()).toEqual(['original', 'ENOENT']);
  });
});

describe('asking whether a file may be placed', () => {
  const ask = (): Promise<void> => refuseToPlace(disk.place, staged, file);

  test.each<[code: string, spoil: () => void]>([
    ['LINK_GONE', () => disk.remove('tree/f')],
    ['PATH_TAKEN', () => disk.put('tree/f', 'theirs')],
    ['FETCHED_GONE', () => disk.remove('hold/1.fetched')],
    ['FETCHED_CHANGED', () => disk.put('hold/1.fetched', 'another')],
  ])('is refused with %s', async (code, spoil) => {
    await ask();
    spoil();
    await expect(ask()).rejects.toMatchObject({ code });
  });

  test('is not refused where a restored file is already back', async () => {
    await restoreOne(disk.place, staged, file, disk.guard);
    await ask();
  });

  test('is not refused where the original is held, whatever was fetched', async () => {
    disk.put('hold/1', 'original');
    disk.remove('hold/1.fetched');
    await ask();
  });

  test('is not refused where a recalled file is no longer in staging', async () => {
    file = { ...file, retrieval: 'recall' };
    disk.remove('hold/1.fetched');
    await ask();
  });
});

describe('dropping what a cancelled restore left', () => {
  const drop = (): Promise<void> => dropStaged(disk.place, staged, disk.guard);

  test('removes it after a check of the claim', async () => {
    await drop();
    expect(disk.calls.made).toEqual(['claim', 'unlink hold/1.fetched']);
  });

  test('removes a link of ours', async () => {
    disk.putLink('hold/1.fetched', disk.place.target.toString());
    await drop();
    expect(disk.found('hold/1.fetched')).toBe('ENOENT');
  });

  test('is done where nothing is left', async () => {
    disk.remove('hold/1.fetched');
    await drop();
    expect(disk.calls.made).toEqual([]);
  });

  test('keeps it without the claim', async () => {
    disk.loseClaimAt(1);
    await expect(drop()).rejects.toThrow('the claim is lost');
    expect(disk.found('hold/1.fetched')).toBe('fetched');
  });

  test.each<[what: string, lay: () => void, found: string]>([
    ['a link of others', () => disk.putLink('hold/1.fetched', 'elsewhere'), '-> elsewhere'],
    ['a directory', () => mkdirSync(disk.at('hold/1.fetched')), 'EISDIR'],
  ])('leaves %s there', async (_, lay, found) => {
    disk.remove('hold/1.fetched');
    lay();
    await expect(drop()).rejects.toMatchObject({ code: 'TARGET_EXISTS' });
    expect([disk.calls.made, disk.found('hold/1.fetched')]).toEqual([[], found]);
  });
});
