import { readdirSync, writeFileSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { FileListing } from '@coldroom/register';
import { expectOnce } from './crash-points';
import { describeWhere } from './mounted-store';
import { said, type ServiceName } from './services';
import { tamperWith } from './strace';
import { World } from './world';

const filesets = [
  {
    files: [
      { name: 'a.tif', size: 3_000_000 },
      { name: 'b.tif', size: 3_000_000 },
    ],
  },
  { files: [{ name: 'large.tif', size: 9_000_000 }] },
];

interface Outage {
  readonly stage: string;
  readonly state: string;
  readonly code: string;
  readonly spoil: (files: readonly FileListing[]) => Promise<void> | void;
  readonly repair: () => Promise<void> | void;
}

describeWhere('mount', 'a store whose disk', () => {
  let world: World;
  beforeAll(async () => {
    // Attempts for a long outage, at short pauses.
    world = await World.create({
      storeMegabytes: 220,
      env: { COLDROOM_ATTEMPTS: '100', COLDROOM_RETRY_PAUSE: '20ms' },
    });
    await Promise.all(world.services.startAll().map((service) => said(service, '"started"')));
  });
  afterAll(() => world.close());

  /**
   * Archives a request up to a stage, damages the disk, and expects the stage to report failures until the disk is
   * repaired.
   */
  async function outage({ stage, state, code, spoil, repair }: Outage): Promise<void> {
    await world.register.switches.stop(`stage:${stage}`, 'a drill', 'a tester');
    const requestId = await world.archive(filesets);
    try {
      await world.before(stage, requestId, state, async () => spoil(await world.filesOf(requestId)));
      await world.attemptFailed(requestId, code);
      expect(new Set((await world.filesOf(requestId)).map((file) => file.state))).toEqual(new Set([state]));
      if (code !== 'STORE_UNAVAILABLE') await world.check(); // what was archived before cannot be read meanwhile
    } finally {
      await repair();
    }
    await world.check();
    await world.reached(requestId, 'linked');
    await world.checkAtRest();
    await expectOnce(world, requestId, 'hash', 'copy', 'verify', 'seal', 'link');
  }

  test('is full in the middle of a copy: nothing counts, and with room again all work continues', async () => {
    const filler = join(world.store, '.filler');
    await outage({
      stage: 'copy',
      state: 'hashed',
      code: 'STORE_FULL',
      spoil: () => {
        for (let megabytes = 200; megabytes > 4; megabytes -= 4) {
          try {
            writeFileSync(filler, Buffer.alloc(megabytes << 20));
            return;
          } catch {
            /* does not fit: a little less */
          }
        }
      },
      repair: () => rmSync(filler),
    });
  });

  test.each<[string, string, ServiceName]>([
    ['copy', 'hashed', 'transfer'],
    ['seal', 'verified', 'ingest-watcher'],
  ])('turns read-only before %s', async (stage, state) => {
    await outage({
      stage,
      state,
      code: 'STORE_READ_ONLY',
      spoil: () => world.disk.readOnly(true),
      repair: () => world.disk.readOnly(false),
    });
  });

  test.each([
    ['copy', 'hashed'],
    ['verify', 'copied'],
    ['seal', 'verified'],
    ['link', 'sealed'],
  ])('is unmounted before %s: the empty directory is not a store', async (stage, state) => {
    await outage({
      stage,
      state,
      code: 'STORE_UNAVAILABLE',
      spoil: () => world.disk.unmount(),
      repair: () => {
        expect(readdirSync(world.store)).toEqual([]);
        world.disk.mount();
      },
    });
  });

  test('has lost+found: it is no bag, and the audit names it', async () => {
    expect(readdirSync(world.store)).toContain('lost+found');
    const said = await world.coldroom('audit');
    expect(said).toContain("1 entry in the directory of store main is not Coldroom's: lost+found");
    expect(readdirSync(world.store)).toContain('lost+found');
  });

  describeWhere('strace', 'fails only when it is synced', () => {
    const dirsOf = (paths: readonly string[]): readonly string[] => [...new Set(paths.map(dirname))];
    test.each<[string, string, string, (paths: readonly string[]) => readonly string[]]>([
      ['a file', 'ENOSPC', 'STORE_FULL', (paths) => paths.slice(0, 1)],
      ['the large file', 'EIO', 'COPY_NOT_SYNCED', (paths) => paths.slice(2)],
      ['a directory', 'EIO', 'COPY_NOT_SYNCED', dirsOf],
    ])('%s, with %s: the copies are void', async (_what, errno, code, choose) => {
      await world.services.killAll();
      const transfer = world.services.startAll().find(({ name }) => name === 'transfer')!;
      await said(transfer, '"started"');
      let strace: { readonly end: () => Promise<void> } | undefined;
      await outage({
        stage: 'copy',
        state: 'hashed',
        code,
        spoil: async (files) => {
          const copies = files.map((file) => join(world.store, '.open', file.bag ?? '', 'data', file.root, file.path));
          strace = await tamperWith(transfer, `fsync,fdatasync,syncfs:error=${errno}`, choose(copies));
        },
        repair: () => strace?.end(),
      });
    });
  });
});
