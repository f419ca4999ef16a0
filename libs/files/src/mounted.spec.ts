import { linkSync, lstatSync, mkdirSync, mkdtempSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Files } from './files';
import { identify } from './fresh';
import { writeMarker } from './roots';
import { describeOn, mountOn, type MountKind } from './testing/mounted';
import { work } from './testing/scratch';

for (const kind of ['bindfs', 'mergerfs', 'unionfs', 'encfs', 'gocryptfs'] satisfies MountKind[])
  describeOn(kind, `files on ${kind}`, () => {
    let dir: string;
    let unmount: () => void;
    let files: Files;
    beforeAll(async () => {
      dir = mkdtempSync(join(tmpdir(), 'coldroom-on-'));
      unmount = mountOn(kind, join(dir, 'store'));
      mkdirSync(join(dir, 'root'));
      await writeMarker(join(dir, 'root'), 'ManagedRepository');
      await writeMarker(join(dir, 'store'), 'main');
      files = new Files({ threads: 1 });
    });
    afterAll(async () => {
      await files.close();
      unmount();
      rmSync(dir, { recursive: true });
    });

    test('a hard link of ours is seen at once, under both names, with the size of the file', async () => {
      const [path, held] = [join(dir, 'store', 'linked'), join(dir, 'store', 'held')];
      writeFileSync(path, 'content');
      const before = (await identify(path))!;
      linkSync(path, held);
      const atPath = (await identify(path))!;
      expect(atPath).toMatchObject({ ino: before.ino, size: 7n, mtimeNs: before.mtimeNs, links: 2 });
      expect(await identify(held)).toEqual(atPath);
      const places = ['linked', 'held'].map((name) => ({ root: join(dir, 'store'), path: Buffer.from(name) }));
      for (const found of await files.inspect(places)) expect(found).toMatchObject({ identity: atPath });
    });

    test('a copy gets the mtime of its original and keeps its own atime', async () => {
      const original = join(dir, 'root', 'a.tif');
      writeFileSync(original, 'content');
      utimesSync(original, 1_000_000_000, 1_234_567_890.5);
      const source = { root: join(dir, 'root'), path: Buffer.from('a.tif'), copyPath: Buffer.from('a.tif') };
      const identity = (await identify(original))!;
      const target = { root: join(dir, 'store'), prefix: Buffer.from('.open/bag/data') };
      const [outcome] = await files.copy([{ ...source, identity }], target, work());
      expect(outcome).toEqual({ ok: { size: 7n } });
      const copy = join(dir, 'store/.open/bag/data/a.tif');
      expect(lstatSync(copy).mtimeMs).toBe(1_234_567_890_500);
      expect(statSync(copy).atimeMs).toBeGreaterThan(1_700_000_000_000);
    });
  });
