import { createHash, randomBytes } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describeOddFs, OddFs } from '@coldroom/odd-fs';
import { Files } from './files';
import { identify } from './fresh';
import { writeMarker } from './roots';
import { work } from './testing/scratch';

describeOddFs('a file system that takes an open with O_DIRECT and refuses a read', () => {
  let top: string;
  let odd: OddFs;
  let files: Files;
  beforeEach(async () => {
    top = mkdtempSync(join(tmpdir(), 'coldroom-direct-'));
    odd = OddFs.mount(join(top, 'root'));
    await writeMarker(odd.mountPoint, 'main');
    files = new Files({ threads: 1 });
  });
  afterEach(async () => {
    await files.close();
    odd.remove();
    rmSync(top, { recursive: true });
  });

  test('each file is read in another way, and the answer says so', async () => {
    const contents = { first: randomBytes(70_001), second: randomBytes(5) };
    for (const [name, content] of Object.entries(contents)) writeFileSync(join(odd.mountPoint, name), content);
    const hash = async (name: string): Promise<unknown> => {
      const source = { root: odd.mountPoint, path: Buffer.from(name), algorithms: ['SHA-256'] as const };
      return (await files.hash([source], { direct: true }, work()))[0];
    };
    const hashed = (name: keyof typeof contents): object => ({
      ok: {
        digests: { 'SHA-256': createHash('sha256').update(contents[name]).digest('hex') },
        read: expect.stringMatching(/^(dropped|cached)$/),
      },
    });
    odd.set({ faults: [{ call: 'read', error: 'EINVAL', path: 'first', nth: 2, times: 1 }] }); // the first read is a trial
    expect(await hash('first')).toMatchObject(hashed('first'));
    expect(odd.done()).toEqual(['read /first']);
    expect(await hash('second')).toMatchObject(hashed('second'));
  });

  test('a large file is copied in another way, too', async () => {
    const size = 1024 ** 3 + 1; // larger files are read past the page cache for a copy as well
    const [large, target] = [join(odd.mountPoint, 'large'), join(top, 'target')];
    writeFileSync(large, '');
    truncateSync(large, size);
    mkdirSync(target);
    await writeMarker(target, 'main');
    const identity = (await identify(large))!;
    odd.set({ faults: [{ call: 'read', error: 'EINVAL', path: 'large', nth: 2, times: 1 }] });
    const source = { root: odd.mountPoint, path: Buffer.from('large'), copyPath: Buffer.from('copy'), identity };
    const place = { root: target, prefix: Buffer.from('bag') };
    expect(await files.copy([source], place, work())).toMatchObject([{ ok: {} }]);
    expect(odd.done()).toEqual(['read /large']);
    expect(statSync(join(target, 'bag', 'copy')).size).toBe(size);
  });

  test('a file that cannot be read in any way is refused as before', async () => {
    writeFileSync(join(odd.mountPoint, 'bad'), randomBytes(70_001));
    odd.set({ faults: [{ call: 'read', error: 'EINVAL', path: 'bad', nth: 2 }] });
    const source = { root: odd.mountPoint, path: Buffer.from('bad'), algorithms: ['SHA-256'] as const };
    expect(await files.hash([source], { direct: true }, work())).toMatchObject([
      { error: { code: 'READ_FAILED', details: { code: 'EINVAL' } } },
    ]);
  });
});
