import { execFileSync } from 'node:child_process';
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { markerName, writeMarker } from '@coldroom/files';
import { FileSystems } from './file-systems';
import { RecordedLog, Workbench } from './testing';

let bench: Workbench;
beforeAll(async () => {
  bench = await Workbench.create('file_systems');
});
afterAll(() => bench.close());

const fileSystems = (): FileSystems => new FileSystems(bench.register, bench.holds, new RecordedLog());

test('the register keeps how hold directories and stores were found', async () => {
  for (const store of bench.stores.all) await store.check('write');
  const looked = fileSystems();
  await looked.recordStores(bench.stores);
  await looked.checkHolds();
  const known = (await bench.register.fileSystemLooks.list()).map(({ use, look }) => [use, look.directory]);
  expect(known).toEqual(
    expect.arrayContaining([
      ['hold', bench.holdDir],
      ['store', bench.storeDir],
    ]),
  );
});

test('a service does not start with another disk than the register knows, whatever its name is', async () => {
  await fileSystems().checkHolds();
  rmSync(join(bench.holdDir, markerName));
  await writeMarker(bench.holdDir, 'hold');
  await expect(fileSystems().checkHolds()).rejects.toMatchObject({ kind: 'refused', code: 'ROOT_REPLACED' });
});

const small = (on: string): (() => void) => {
  execFileSync('mkdir', ['-p', on]);
  execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=200k', 'none', on]);
  return () => execFileSync('umount', [on]);
};

(process.geteuid?.() === 0 ? test : test.skip)(
  'on a full disk the linker starts, as it may free space there, and tries the file system later (needs root)',
  async () => {
    const full = await Workbench.create('full_hold', small);
    try {
      const filler = join(full.dataDir, 'filler');
      expect(() => writeFileSync(filler, Buffer.alloc(1_000_000))).toThrow('ENOSPC');
      const log = new RecordedLog();
      const looked = new FileSystems(full.register, full.holds, log);
      await looked.checkHolds();
      expect(log.of('file system not tried')).toEqual([
        expect.objectContaining({ directory: full.holdDir, code: 'ENOSPC' }),
      ]);
      expect(await full.register.fileSystemLooks.list()).toEqual([]);
      rmSync(filler);
      await looked.checkHolds();
      expect((await full.register.fileSystemLooks.list()).map(({ look }) => look.directory)).toEqual([full.holdDir]);
    } finally {
      await full.close();
    }
  },
);
