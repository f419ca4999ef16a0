import { OneFile } from '../testing/one-file';
import fs from 'node:fs';
import type { ArchiveFile } from '@coldroom/domain';
import { identify } from '@coldroom/files';
import { clearTemp, hold, makeLink, replaceOriginal } from './replace-original';

const { linkSync } = fs; // the unrecorded version: what a test sets up is not recorded
const beside = 'tree/.coldroom-1';
const failure = (code: string): Error => Object.assign(new Error(code), { code });

describe("a link takes the original's place", () => {
  let one: OneFile;
  let file: ArchiveFile;
  let ourLink: string;
  const swap = (): Promise<void> => replaceOriginal(one.place, file, one.guard);
  const holdIt = (): void => linkSync(one.at('tree/f'), one.at('hold/1'));

  beforeEach(async () => {
    one = await OneFile.create();
    ourLink = one.found('tree/f');
    one.put('tree/f', 'original');
    file = { identity: await identify(one.at('tree/f')), linkedAt: null } as ArchiveFile;
  });
  afterEach(() => one.close());

  describe('hold', () => {
    test('gives the original a second name immediately after a check of the claim', async () => {
      const held = await hold(one.place, file, one.guard);
      expect(one.calls.made).toEqual(['claim', 'link tree/f hold/1', 'link:1-held']);
      expect([held.ino, held.links]).toEqual([file.identity.ino, 2]);
    });

    test('creates no second name once the claim is lost', async () => {
      one.loseClaimAt(1);
      await expect(hold(one.place, file, one.guard)).rejects.toThrow('the claim is lost');
      expect(one.calls.made).toEqual([]);
    });

    test('accepts the second name that an earlier run created', async () => {
      holdIt();
      expect((await hold(one.place, file, one.guard)).ino).toBe(file.identity.ino);
    });

    test.each([
      ['EXDEV', 'HOLD_ON_OTHER_FILE_SYSTEM'],
      ['EPERM', 'HOLD_NOT_ALLOWED'],
      ['ENOSPC', 'ENOSPC'],
    ])('a link that fails with %s gives %s', async (system, code) => {
      one.calls.before('link', () => {
        throw failure(system);
      });
      await expect(hold(one.place, file, one.guard)).rejects.toMatchObject({ code });
    });
  });

  describe('the link beside the original', () => {
    test('is created immediately after a check of the claim', async () => {
      await makeLink(one.place, one.guard);
      expect(one.calls.made).toEqual(['claim', `symlink ${beside}`]);
      expect(one.found(beside)).toBe(ourLink);
    });

    test('may be the one that an earlier run created', async () => {
      one.putLink(beside, one.at('store/copy'));
      await makeLink(one.place, one.guard);
      expect(one.found(beside)).toBe(ourLink);
    });

    test('is refused where something else has its name; that stays', async () => {
      one.put(beside, 'theirs');
      await expect(makeLink(one.place, one.guard)).rejects.toMatchObject({ code: 'TARGET_EXISTS' });
      expect(one.found(beside)).toBe('theirs');
    });

    test('fails with the error of the file system', async () => {
      one.calls.before('symlink', () => {
        throw failure('EACCES');
      });
      await expect(makeLink(one.place, one.guard)).rejects.toMatchObject({ code: 'EACCES' });
    });

    test('is not treated as ours where it cannot be read', async () => {
      one.putLink(beside, one.at('store/copy'));
      one.calls.before('readlink', () => {
        throw failure('EIO');
      });
      await expect(makeLink(one.place, one.guard)).rejects.toMatchObject({ code: 'EIO' });
    });
  });

  test('in one exchange, with a check of the claim before each call that others can see', async () => {
    holdIt();
    await swap();
    expect(one.calls.made).toEqual([
      'claim',
      `symlink ${beside}`,
      'link:3-link-made',
      'claim',
      `exchange ${beside} tree/f`,
      'link:4-swapped',
      `unlink ${beside}`,
    ]);
    expect([one.found('tree/f'), one.found('hold/1')]).toEqual([ourLink, 'original']);
  });

  test.each([
    ['no link is made', 1, []],
    ['the original stays', 2, ['claim', `symlink ${beside}`, 'link:3-link-made']],
  ])('%s once the claim is lost', async (_what, inspect, made) => {
    holdIt();
    one.loseClaimAt(inspect);
    await expect(swap()).rejects.toThrow('the claim is lost');
    expect([one.calls.made, one.found('tree/f')]).toEqual([made, 'original']);
  });

  test.each([
    ['HELD_CHANGED', 'changes', () => one.put('hold/1', 'theirs')],
    ['HOLD_MISSING', 'goes', () => one.remove('hold/1')],
  ])('%s: nothing is exchanged where the held original %s just before', async (code, _what, change) => {
    holdIt();
    one.calls.after('symlink', change);
    await expect(swap()).rejects.toMatchObject({ code });
    expect(one.calls.made).toEqual(['claim', `symlink ${beside}`, 'link:3-link-made']);
    expect(one.found('tree/f')).toBe('original');
  });

  test('an exchange that fails changes nothing', async () => {
    holdIt();
    one.calls.before('exchange', () => {
      throw failure('EACCES');
    });
    await expect(swap()).rejects.toMatchObject({ code: 'EACCES' });
    expect([one.found('tree/f'), one.found('hold/1')]).toEqual(['original', 'original']);
  });

  test('a file that appears at the path at the last moment is put back', async () => {
    holdIt();
    one.calls.before('exchange', () => one.put('tree/f', 'theirs'));
    await expect(swap()).rejects.toMatchObject({ code: 'ORIGINAL_CHANGED' });
    expect([one.found('tree/f'), one.found('hold/1'), one.found(beside)]).toEqual(['theirs', 'original', 'ENOENT']);
  });

  describe('where names cannot be exchanged', () => {
    beforeEach(() => {
      holdIt();
      one.calls.withoutExchange();
    });

    test('by renaming the link over it', async () => {
      await swap();
      expect(one.calls.made.slice(4)).toEqual([
        `exchange ${beside} tree/f: EXCHANGE_NOT_SUPPORTED`,
        `rename ${beside} tree/f`,
        'link:4-swapped',
      ]);
      expect([one.found('tree/f'), one.found('hold/1'), one.found(beside)]).toEqual([ourLink, 'original', 'ENOENT']);
    });

    test.each([
      ['HELD_CHANGED', 'the held original changes', () => one.put('hold/1', 'other'), 'original'],
      ['HOLD_MISSING', 'the held original goes', () => one.remove('hold/1'), 'original'],
      ['ORIGINAL_CHANGED', 'another file comes to the path', () => one.put('tree/f', 'theirs'), 'theirs'],
      ['ORIGINAL_CHANGED', 'the original goes', () => one.remove('tree/f'), 'ENOENT'],
    ])('%s: not where %s just before', async (code, _what, change, left) => {
      one.calls.after('exchange', change);
      await expect(swap()).rejects.toMatchObject({ code });
      expect([one.calls.made.filter((call) => call.startsWith('rename')), one.found('tree/f')]).toEqual([[], left]);
    });
  });

  describe('what a crash left beside it', () => {
    beforeEach(holdIt);

    test('may be nothing', async () => {
      await clearTemp(one.place, file);
      expect(one.calls.made).toEqual([]);
    });

    test("is removed where it is the held original's other name", async () => {
      linkSync(one.at('tree/f'), one.at(beside));
      one.putLink('tree/f', one.at('store/copy'));
      await clearTemp(one.place, file);
      expect(one.calls.made).toEqual([`unlink ${beside}`]);
    });

    test('is removed where it is our link', async () => {
      one.putLink(beside, one.at('store/copy'));
      one.putLink('tree/f', one.at('store/copy'));
      await clearTemp(one.place, file);
      expect([one.calls.made, one.found('tree/f')]).toEqual([[`unlink ${beside}`], ourLink]);
    });

    test.each([
      ['HOLD_MISSING', 'the original is held nowhere', () => one.remove('hold/1')],
      ['HELD_CHANGED', 'something else is held', () => one.put('hold/1', 'other')],
      ['ORIGINAL_CHANGED', 'it is not the original', () => one.put(beside, 'theirs')],
    ])('%s: returns to the path where %s', async (code, _what, change) => {
      linkSync(one.at('tree/f'), one.at(beside));
      one.putLink('tree/f', one.at('store/copy'));
      change();
      const content = one.found(beside);
      await expect(clearTemp(one.place, file)).rejects.toMatchObject({ code });
      expect(one.calls.made).toEqual([`exchange ${beside} tree/f`, `unlink ${beside}`]);
      expect([one.found('tree/f'), one.found(beside)]).toEqual([content, 'ENOENT']);
    });

    test('stays where the path is taken: nothing is exchanged', async () => {
      one.put(beside, 'first');
      one.put('tree/f', 'second');
      await expect(clearTemp(one.place, file)).rejects.toMatchObject({ code: 'PATH_TAKEN' });
      expect([one.calls.made, one.found('tree/f'), one.found(beside)]).toEqual([[], 'second', 'first']);
    });

    test('stays where a file appears at the path at the last moment: neither is lost', async () => {
      one.put(beside, 'first');
      one.putLink('tree/f', one.at('store/copy'));
      one.calls.before('exchange', () => one.put('tree/f', 'second'));
      await expect(clearTemp(one.place, file)).rejects.toMatchObject({ code: 'PATH_TAKEN' });
      expect([one.found('tree/f'), one.found(beside)]).toEqual(['second', 'first']);
    });
  });
});
