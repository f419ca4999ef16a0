import { OneFile } from '../testing/one-file';
import fs, { appendFileSync } from 'node:fs';
import { onCrashPoint, type ArchiveFile } from '@coldroom/domain';
import { identify } from '@coldroom/files';
import { undoLink, release } from './replace-original';

const { linkSync } = fs; // the unrecorded version: what a test sets up is not recorded
const beside = 'tree/.coldroom-1';
const failure = (code: string): Error => Object.assign(new Error(code), { code });

let one: OneFile;
let file: ArchiveFile;
let ourLink: string;
const undo = (): Promise<void> => undoLink(one.place, file, one.guard);
const there = (): readonly string[] => ['tree/f', 'hold/1', beside].map((path) => one.found(path));

/** A linked file: our link at its path, and the original held. */
beforeEach(async () => {
  one = await OneFile.create();
  ourLink = one.found('tree/f');
  one.put('hold/1', 'original');
  file = { identity: await identify(one.at('hold/1')), linkedAt: new Date(0) } as ArchiveFile;
});
afterEach(() => one.close());

describe('a held original returns to its path', () => {
  test('in one exchange, immediately after a check of the claim', async () => {
    await undo();
    expect(one.calls.made).toEqual(['claim', 'exchange hold/1 tree/f', 'undo:1-swapped', 'unlink hold/1']);
    expect(there()).toEqual(['original', 'ENOENT', 'ENOENT']);
  });

  test('not once the claim is lost', async () => {
    one.loseClaimAt(1);
    await expect(undo()).rejects.toThrow('the claim is lost');
    expect([one.calls.made, there()]).toEqual([[], [ourLink, 'original', 'ENOENT']]);
  });

  test('by a rename where names cannot be exchanged', async () => {
    one.calls.withoutExchange();
    await undo();
    expect(one.calls.made.slice(1)).toEqual([
      'exchange hold/1 tree/f: EXCHANGE_NOT_SUPPORTED',
      'rename hold/1 tree/f',
      'undo:1-swapped',
    ]);
    expect(there()).toEqual(['original', 'ENOENT', 'ENOENT']);
  });

  test('PATH_TAKEN: not over a file that appears in between where names cannot be exchanged', async () => {
    one.calls.withoutExchange();
    one.calls.after('exchange', () => one.put('tree/f', 'theirs'));
    await expect(undo()).rejects.toMatchObject({ code: 'PATH_TAKEN' });
    expect(there()).toEqual(['theirs', 'original', 'ENOENT']);
  });

  test('PATH_TAKEN: not where a file appears at the path at the last moment', async () => {
    one.calls.before('exchange', () => one.put('tree/f', 'theirs'));
    await expect(undo()).rejects.toMatchObject({ code: 'PATH_TAKEN' });
    expect(there()).toEqual(['theirs', 'original', 'ENOENT']);
  });

  test('not where the exchange fails', async () => {
    one.calls.before('exchange', () => {
      throw failure('EACCES');
    });
    await expect(undo()).rejects.toMatchObject({ code: 'EACCES' });
    expect(there()).toEqual([ourLink, 'original', 'ENOENT']);
  });

  test.each([
    ['HELD_CHANGED', 'something else is held', () => one.put('hold/1', 'theirs'), 'theirs'],
    ['HOLD_MISSING', 'nothing is held', () => one.remove('hold/1'), 'ENOENT'],
    ['LINK_GONE', 'the link is gone', () => one.remove('tree/f'), 'original'],
    ['PATH_TAKEN', 'a file is at the path', () => one.put('tree/f', 'theirs'), 'original'],
    ['PATH_TAKEN', 'another link is at the path', () => one.putLink('tree/f', 'elsewhere'), 'original'],
  ])('%s: not where %s', async (code, _what, change, held) => {
    change();
    const before = one.found('tree/f');
    await expect(undo()).rejects.toMatchObject({ code });
    expect([one.calls.made, there()]).toEqual([[], [before, held, 'ENOENT']]);
  });
});

describe('an undo after a crash', () => {
  test('of the link that replaced it: the name beside the link is removed first', async () => {
    linkSync(one.at('hold/1'), one.at(beside));
    await undo();
    expect(one.calls.made[0]).toBe(`unlink ${beside}`);
    expect(there()).toEqual(['original', 'ENOENT', 'ENOENT']);
  });

  test('of an undo: the link in the hold directory is removed', async () => {
    one.remove('tree/f');
    linkSync(one.at('hold/1'), one.at('tree/f'));
    one.putLink('hold/1', one.at('store/copy'));
    await undo();
    expect([one.calls.made, there()]).toEqual([
      ['undo:1-swapped', 'unlink hold/1'],
      ['original', 'ENOENT', 'ENOENT'],
    ]);
  });

  describe('between the hold and the swap', () => {
    beforeEach(() => {
      one.remove('tree/f');
      linkSync(one.at('hold/1'), one.at('tree/f'));
    });

    test('removes the second name and our link beside', async () => {
      one.putLink(beside, one.at('store/copy'));
      await undo();
      expect(there()).toEqual(['original', 'ENOENT', 'ENOENT']);
    });

    test('ORIGINAL_CHANGED: keeps the held original where another file appears at the path', async () => {
      onCrashPoint(() => one.put('tree/f', 'theirs'));
      await expect(undo()).rejects.toMatchObject({ code: 'ORIGINAL_CHANGED' });
      expect(there()).toEqual(['theirs', 'original', 'ENOENT']);
    });

    test('HELD_CHANGED: leaves what is not ours in the hold directory', async () => {
      one.put('hold/1', 'theirs');
      await expect(undo()).rejects.toMatchObject({ code: 'HELD_CHANGED' });
      expect(there()).toEqual(['original', 'theirs', 'ENOENT']);
    });

    test('leaves an original that was written to since in its place, without a second name', async () => {
      appendFileSync(one.at('tree/f'), ', changed');
      one.putLink(beside, one.at('store/copy'));
      await undo();
      expect(one.calls.made).toEqual(['claim', `unlink ${beside}`, 'unlink hold/1']);
      expect(there()).toEqual(['original, changed', 'ENOENT', 'ENOENT']);
    });

    test('removes nothing once the claim is lost', async () => {
      appendFileSync(one.at('tree/f'), ', changed');
      one.loseClaimAt(1);
      await expect(undo()).rejects.toThrow('the claim is lost');
      expect(there()).toEqual(['original, changed', 'original, changed', 'ENOENT']);
    });
  });

  test('before the hold changes nothing, whatever happened to the original', async () => {
    one.remove('hold/1');
    one.put('tree/f', 'theirs');
    file = { ...file, linkedAt: null };
    await undo();
    expect([one.calls.made, there()]).toEqual([[], ['theirs', 'ENOENT', 'ENOENT']]);
  });

  test('HOLD_MISSING: changes nothing where a linked original is nowhere', async () => {
    one.remove('hold/1');
    one.put('tree/f', 'theirs');
    await expect(undo()).rejects.toMatchObject({ code: 'HOLD_MISSING' });
    expect([one.calls.made, there()]).toEqual([[], ['theirs', 'ENOENT', 'ENOENT']]);
  });
});

describe('the release of a held original', () => {
  const free = (): Promise<void> => release(one.place, one.guard);

  test('follows a check of the claim, and may be repeated', async () => {
    await free();
    await free();
    const each = ['claim', 'unlink hold/1', 'release:1-removed'];
    expect(one.calls.made).toEqual([...each, 'claim', 'unlink hold/1: ENOENT', 'release:1-removed']);
  });

  test('does not happen once the claim is lost', async () => {
    one.loseClaimAt(1);
    await expect(free()).rejects.toThrow('the claim is lost');
    expect(there()).toEqual([ourLink, 'original', 'ENOENT']);
  });

  test('fails with the error of the file system', async () => {
    one.calls.before('unlink', () => {
      throw failure('EACCES');
    });
    await expect(free()).rejects.toMatchObject({ code: 'EACCES' });
  });
});
