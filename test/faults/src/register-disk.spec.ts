import { chmodSync, chownSync, mkdirSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expectOnce } from './crash-points';
import { describeWhere, MountedStore } from './mounted-store';
import { said } from './services';
import { World } from './world';

const many = { files: Array.from({ length: 400 }, (_, nr) => ({ name: `${nr}.tif`, size: 10 })) };

describeWhere('mount', "the disk of the register's PostgreSQL", () => {
  let world: World;
  let disk: MountedStore;
  let place: string;
  let directory: string;
  beforeAll(async () => {
    world = await World.create({ env: { COLDROOM_ATTEMPTS: '1' } });
    place = mkdtempSync(join(tmpdir(), 'coldroom-register-disk-'));
    chmodSync(place, 0o755);
    directory = join(place, 'disk');
    disk = MountedStore.make(join(place, 'ext4'), directory, 60);
    const tables = join(directory, 'tables');
    mkdirSync(tables);
    const [data] = await world.inRegister('SHOW data_directory');
    const { uid, gid } = statSync((data as { data_directory: string }).data_directory);
    chownSync(tables, uid, gid);
    for (const statement of [
      `CREATE TABLESPACE small LOCATION '${tables}'`,
      'ALTER TABLE ALL IN TABLESPACE pg_default SET TABLESPACE small',
      'ALTER INDEX ALL IN TABLESPACE pg_default SET TABLESPACE small',
    ])
      await world.inRegister(statement);
  });
  afterAll(async () => {
    await world.close();
    disk.putAway();
    rmSync(place, { recursive: true, force: true });
  });

  test('is full before a stage: the bag waits and says why, and work continues when there is room', async () => {
    await world.register.switches.stop('stage:hash', 'a drill', 'a tester');
    const checksum = world.services.startAll().find(({ name }) => name === 'checksum')!;
    await said(checksum, '"started"');
    const requestId = await world.archive([many]);
    await world.before('hash', requestId, 'approved', () => fill(join(directory, 'filler')));
    await said(checksum, '"REGISTER_FULL"', 60_000);
    await world.check();
    expect(new Set((await world.filesOf(requestId)).map(({ state }) => state))).toEqual(new Set(['approved']));
    rmSync(join(directory, 'filler'));
    await world.reached(requestId, 'linked');
    await world.checkAtRest();
    await expectOnce(world, requestId, 'hash', 'copy', 'verify', 'seal', 'link');
  });
});

/** To the last block. */
function fill(path: string): void {
  for (const bytes of [1 << 20, 1 << 12])
    try {
      for (;;) writeFileSync(path, Buffer.alloc(bytes), { flag: 'a' });
    } catch {
      /* No more fits. */
    }
}
