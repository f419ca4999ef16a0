import { rmSync } from 'node:fs';
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
