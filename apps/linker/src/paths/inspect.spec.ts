import { OneFile } from '../testing/one-file';
import { utimesSync } from 'node:fs';
import type { ArchiveFile } from '@coldroom/domain';
import { identify } from '@coldroom/files';
import { originalPath, expectHeld, expectSame, isOurLink, inspect, inspectArchived } from './inspect';

describe('what an inspection finds', () => {
  let one: OneFile;
  let file: ArchiveFile;

  /** Our link is at the path, and the original is held. */
  beforeEach(async () => {
    one = await OneFile.create();
    one.put('hold/1', 'original');
    file = { identity: await identify(one.at('hold/1')) } as ArchiveFile;
  });
  afterEach(() => one.close());

  test.each([
    ['our-link', 'our link', () => undefined],
    ['link', 'another link', () => one.putLink('tree/f', 'elsewhere')],
    ['missing', 'nothing', () => one.remove('tree/f')],
    ['file', 'a file', () => one.put('tree/f', 'theirs')],
  ])('%s: %s at the path', async (kind, _what, change) => {
    change();
    expect(await inspect(one.place)).toMatchObject({ kind });
    const atPath = kind === 'our-link' || kind === 'missing' ? kind : 'other';
    expect(await inspectArchived(one.place)).toMatchObject({ atPath, held: { ino: file.identity.ino } });
  });

  test('a link that cannot be read is an error, not another link', async () => {
    one.calls.before('readlink', () => {
      throw Object.assign(new Error('EIO'), { code: 'EIO' });
    });
    await expect(isOurLink(originalPath(one.place), one.place)).rejects.toMatchObject({ code: 'EIO' });
  });

  test.each([
    ['a file', () => one.put('tree/f', 'theirs')],
    ['nothing', () => one.remove('tree/f')],
  ])('%s is not our link', async (_what, change) => {
    change();
    expect(await isOurLink(originalPath(one.place), one.place)).toBe(false);
  });

  test.each([
    ['HOLD_MISSING', 'nothing is', () => one.remove('hold/1')],
    ['HELD_CHANGED', 'another file is', () => one.put('hold/1', 'original')],
    ['HELD_CHANGED', 'a file of another time is', () => utimesSync(one.at('hold/1'), 5, 5)],
    ['HELD_CHANGED', 'our link is', () => one.putLink('hold/1', one.at('store/copy'))],
  ])('%s where %s held', async (code, _what, change) => {
    expect(await expectHeld(one.place, file)).toMatchObject({ ino: file.identity.ino });
    change();
    await expect(expectHeld(one.place, file)).rejects.toMatchObject({ code });
  });

  test.each([
    ['nothing', () => one.remove('tree/f')],
    ['another file', () => one.put('tree/f', 'original')],
  ])('ORIGINAL_CHANGED where %s is at the path', async (_what, change) => {
    change();
    const path = Buffer.from(one.at('tree/f'));
    await expect(expectSame(path, file)).rejects.toMatchObject({ code: 'ORIGINAL_CHANGED' });
    await expectSame(Buffer.from(one.at('hold/1')), file);
  });
});
