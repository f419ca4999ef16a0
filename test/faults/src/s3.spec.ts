import { mkdtempSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { markerName } from '@coldroom/files';
import { removeServerData, startS3, type LocalS3 } from '@coldroom/local';
import { Bucket } from './bucket';
import { crashesOf, everySecond, twoFilesets } from './crash-points';
import { describeWhere } from './mounted-store';
import { connected } from './omero';
import { disaster, recover } from './recovery';
import { said, type ServiceName } from './services';
import { replaceByAnother } from './tampering';
import { digestOf, filesBelow } from './tree';
import { World, type WorldPlan } from './world';

const megabyte = 1024 * 1024;

/**
 * Where services are killed in one recall, one after the other: each begins where the last one was killed, and the last
 * step ends its stage.
 */
const recall: readonly [ServiceName, readonly string[]][] = [
  ['ingest-watcher', crashesOf('ingest-watcher', ['bring-online', 'transition'])],
  [
    'transfer',
    crashesOf('transfer', ['copy', 'fetch', 'transition']).filter(
      (crashPoint) => crashPoint !== 'copy:1-directory-made:2',
    ),
  ], // all are fetched into one directory
  ['checksum', ['verify:1-read', ...crashesOf('checksum', ['verify-fetched', 'transition'])]],
  ['linker', crashesOf('linker', ['place', 'transition']).filter((crashPoint) => !crashPoint.startsWith('place:2'))], // no link is swapped, so none is removed
];

describeWhere('s3', 'copies in a bucket', () => {
  let dir: string;
  let server: LocalS3 | undefined;
  let world: World;
  let bucket: Bucket;
  const inBucket = async (plan: WorldPlan = {}): Promise<void> => {
    world = await World.create({
      ...plan,
      env: { COLDROOM_LEASE: '1s', ...plan.env },
      store: async (place, name) => {
        bucket = await Bucket.make(server!, place, name);
        return bucket;
      },
    });
  };
  beforeAll(async () => {
    dir = mkdtempSync(join(tmpdir(), 'coldroom-faults-s3-'));
    server = await startS3({ dir });
  });
  afterEach(() => world.close());
  afterAll(async () => {
    await server?.stop();
    removeServerData(dir);
  });

  test('register, queues and marks are lost: everything is restored', async () => {
    await inBucket();
    await recover(world, await disaster(world));
  });

  test.each<[ServiceName, readonly string[]]>([
    ['transfer', ['copy:2-partly-written:2', 'copy:3-written:3', 'copy:4-synced']],
    [
      'ingest-watcher',
      crashesOf('ingest-watcher', ['seal']).filter((crashPoint) => !/protected|renamed/.test(crashPoint)),
    ],
  ])('a %s killed while it uploads: the next one finishes it, and no part is left', async (name, crashPoints) => {
    await inBucket({ hold: '0' });
    world.services.startAll([name]);
    for (const crashPoint of crashPoints) {
      const crashed = world.start(name, { crashAt: crashPoint });
      const requestId = await world.archive([
        {
          files: [
            { name: 'large.tif', size: 20 * megabyte + 1 },
            { name: 'raw/small.tif', size: 100 },
            { name: 'empty.txt', size: 0 },
          ],
        },
      ]);
      await expect(crashed.exited).resolves.toMatchObject({ signal: 'SIGKILL' });
      if (crashPoint.startsWith('copy:2')) expect(await bucket.unfinished()).toHaveLength(1);
      await world.check();
      const next = world.start(name);
      await world.reached(requestId, 'released');
      await next.kill();
      await world.checkAtRest();
    }
  });

  test('an upload that cannot be finished, as its original changed, is removed by the seal', async () => {
    await inBucket();
    world.services.startAll(['transfer']);
    const crashed = world.start('transfer', { crashAt: 'copy:2-partly-written:2' });
    const requestId = await world.archive([
      { files: [{ name: 'large.tif', size: 20 * megabyte }] },
      { files: [{ name: 'other.tif', size: 100 }] },
    ]);
    await expect(crashed.exited).resolves.toMatchObject({ signal: 'SIGKILL' });
    const [file] = (await world.filesOf(requestId)).filter(({ path }) => path.endsWith('large.tif'));
    const original = join(world.data, file!.root, file!.path);
    replaceByAnother(original);
    world.refreeze(original);
    expect(await bucket.unfinished()).toHaveLength(1);
    world.start('transfer');
    await world.stuck(requestId, 'SOURCE_CHANGED');
    await world.until('the other file to be linked', async () =>
      (await world.filesOf(requestId)).some(({ state }) => state === 'linked'),
    );
    expect(await bucket.unsealed()).toEqual([]);
    await world.check();
  });

  test('killed at steps of a recall and its end: readable throughout, the bag unchanged', async () => {
    await inBucket({ hold: '0' });
    world.services.startAll();
    const requestId = await world.archive(twoFilesets);
    await world.reached(requestId, 'released');
    await world.services.killAll();
    const bags = await bucket.image();
    const paths = await pathsOf(requestId);
    expect(paths).toHaveLength(5);
    await world.coldroom('recall', `Request:${requestId}`, '--days', '1', '--yes', '--no-wait');
    for (const [name, crashPoints] of recall)
      for (const crashPoint of everySecond(crashPoints)) await killedAt(name, crashPoint);
    await world.reached(requestId, 'recalled');
    await world.checkAtRest();
    for (const path of paths)
      expect([path, digestOf(path), statSync(path).mode & 0o777]).toEqual([path, digestBefore(path), 0o444]);
    await timeIsOver(requestId);
    for (const crashPoint of everySecond(crashesOf('linker', ['expire', 'transition'])))
      await killedAt('linker', crashPoint);
    await world.checkAtRest();
    expect(filesBelow(bucket.links)).toEqual([markerName]);
    for (const path of paths) expect(() => statSync(path)).toThrow('ENOENT');
    expect(await bucket.image()).toEqual(bags);
  });

  test('a recalled copy is removed on restore, or on expiry while the store has what was proven', async () => {
    await inBucket({ hold: '0' });
    const services = world.services.startAll(['linker']);
    const linker = world.start('linker');
    const [requestId, other] = [
      await world.archive(twoFilesets),
      await world.archive([
        {
          files: [
            { name: 'e.tif', size: 3000 },
            { name: 'f.tif', size: 20 },
          ],
        },
      ]),
    ];
    for (const id of [requestId, other]) await world.reached(id, 'released');
    const bags = await bucket.image();
    await world.coldroom('recall', `Request:${requestId}`, `Request:${other}`, '--days', '1', '--yes');
    await linker.kill();
    await world.coldroom('restore', `Request:${requestId}`, '--yes', '--no-wait');
    for (const crashPoint of ['place:2-tidied', 'expire:1-removed', 'expire:1-removed:2', 'transition:2-after-commit'])
      await killedAt('linker', crashPoint);
    await world.reached(requestId, 'restored');
    await world.checkAtRest();
    expect(await bucket.image()).toEqual(bags);

    await Promise.all(services.map((service) => service.kill()));
    await sleep(1100); // S3 reports the time of an object in seconds
    await bucket.overwrite();
    await timeIsOver(other);
    world.start('linker');
    await world.stuck(other, 'COPY_CHANGED');
    for (const path of await pathsOf(other)) expect(digestOf(path)).toBe(digestBefore(path));
  });

  test('the server unavailable for seconds in archive and restore: nothing is lost, both continue', async () => {
    await inBucket({ hold: '0', env: { COLDROOM_ERROR_LIMIT: '1000' } });
    await Promise.all(world.services.startAll().map((service) => said(service, '"started"')));
    const files = Array.from({ length: 60 }, (_, index) => ({ name: `plane-${index}.tif`, size: 200_000 }));
    const requestId = await world.archive([{ files: [...files, { name: 'large.tif', size: 20 * megabyte }] }]);
    await away(
      'the first copies',
      async () =>
        (await bucket.unfinished()).length > 0 ||
        (await world.filesOf(requestId)).some((file) => file.state !== 'approved' && file.state !== 'hashed'),
    );
    await world.reached(requestId, 'released');
    const bags = await bucket.image();
    await world.coldroom('restore', `Request:${requestId}`, '--yes', '--no-wait');
    await away('the first files', async () => filesBelow(world.hold).length > 1);
    await world.reached(requestId, 'restored');
    expect(world.services.lines.filter((line) => /: ended with/.test(line) && !line.startsWith('coldroom'))).toEqual(
      [],
    );
    await world.services.killAll();
    await world.checkAtRest();
    expect(await bucket.image()).toEqual(bags);
  });

  test('a bucket that moves: nothing is written without its marker; with it, all copies are read again', async () => {
    await inBucket({ hold: '0' });
    world.services.startAll();
    const requestId = await world.archive(twoFilesets);
    await world.reached(requestId, 'released');
    await world.services.killAll();
    const before = bucket.name;
    await bucket.replace();
    const storesFile = join(world.dir, 'stores.json');
    writeFileSync(storesFile, readFileSync(storesFile, 'utf8').replace(before, bucket.name));
    for (const name of ['transfer', 'ingest-watcher'] as const) {
      const seen = world.services.lines.length;
      expect((await world.start(name).exited).code).not.toBe(0);
      expect(world.services.lines.slice(seen).join()).toContain('ROOT_REPLACED');
    }
    expect(await bucket.unsealed()).toEqual([]);

    await bucket.copyFrom(before);
    world.services.startAll();
    await world.coldroom('verify', '--all', '--store', 'main', '--accept-changed');
    await world.coldroom('restore', `Request:${requestId}`, '--yes', '--no-wait');
    await world.reached(requestId, 'restored');
    await world.checkAtRest();
  });

  const digestBefore = (path: string): string | undefined => world.frozen.get(relative(world.data, path))?.digest;

  async function pathsOf(requestId: bigint): Promise<readonly string[]> {
    return (await world.filesOf(requestId)).map(({ root, path }) => join(world.data, root, path));
  }

  async function killedAt(name: ServiceName, crashPoint: string): Promise<void> {
    await expect(world.start(name, { crashAt: crashPoint }).exited).resolves.toMatchObject({ signal: 'SIGKILL' });
    await world.check();
  }

  async function timeIsOver(requestId: bigint): Promise<void> {
    await connected(world.registerUrl, async (client) => {
      await client.query(`UPDATE file SET online_until = now() - interval '1 minute' WHERE request_id = $1`, [
        requestId,
      ]);
      await client.query('UPDATE bag SET not_before = now() WHERE request_id = $1', [requestId]);
    });
  }

  async function away(since: string, look: () => Promise<boolean>): Promise<void> {
    await world.until(since, look);
    const before = world.services.lines.length;
    bucket.becomeUnavailable();
    await sleep(3000);
    await world.check();
    expect(world.services.lines.slice(before).join()).toContain('STORE_UNAVAILABLE');
    bucket.comeBack();
  }
});
