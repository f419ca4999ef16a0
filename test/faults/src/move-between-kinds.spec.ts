import { existsSync, lstatSync, mkdtempSync, readlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { removeServerData, startS3, type LocalS3 } from '@coldroom/local';
import { Bucket } from './bucket';
import { askedToMove, expectOnce, movedTo, twoFilesets } from './crash-points';
import { describeWhere } from './mounted-store';
import { arkivumStore, type KeptCopies, type StoreName } from './store-kinds';
import type { ServiceName } from './services';
import { digestOf } from './tree';
import { World } from './world';

/** A file that an S3 store takes in several parts. */
const large = { files: [{ name: 'large.tif', size: 16_000_000 }] };
const filesets = [...twoFilesets, large];

/** Moves one request out of each store into the other one, and restores both from where they are then. */
async function exchanged(world: World): Promise<void> {
  const other = world.other!;
  world.services.startAll();
  const [there, back] = [await world.archive(filesets, 'main'), await world.archive(filesets, 'other')];
  for (const requestId of [there, back]) await world.reached(requestId, 'released');
  await world.checkAtRest();
  const before = await images(world);
  await world.coldroom('move', '--from', 'main', '--to', 'other', `Request:${there}`, '--yes');
  await world.coldroom('move', '--from', 'other', '--to', 'main', `Request:${back}`, '--yes');
  await movedTo(world, there, 'other', 'released');
  await movedTo(world, back, 'main', 'released');
  await expectLinksInto(world, there, other);
  await expectLinksInto(world, back, world.copies);
  await world.checkAtRest();
  await world.coldroom('audit');
  expect(await images(world)).toMatchObject(before);

  if (other.recalled) {
    await world.coldroom('recall', `Request:${there}`, '--days', '1', '--yes');
    for (const { at, digest } of await linked(world, there)) expect([at, digestOf(at)]).toEqual([at, digest]);
  }
  for (const requestId of [there, back]) await world.coldroom('restore', `Request:${requestId}`, '--yes');
  for (const requestId of [there, back]) await world.reached(requestId, 'restored');
  await world.services.killAll();
  await world.checkAtRest(); // the same bytes, mode, owner and mtime as at the beginning
  await world.coldroom('audit');
  expect(await images(world)).toMatchObject(before);
}

const images = async ({ copies, other }: World): Promise<Readonly<Record<StoreName, unknown>>> => ({
  main: await copies.image(),
  other: await other!.image(),
});

async function linked(
  world: World,
  requestId: bigint,
): Promise<readonly { readonly at: string; readonly digest: string | undefined }[]> {
  return (await world.filesOf(requestId)).map(({ root, path }) => ({
    at: join(world.data, root, path),
    digest: world.frozen.get(join(root, path))?.digest,
  }));
}

async function expectLinksInto(world: World, requestId: bigint, { links, recalled }: KeptCopies): Promise<void> {
  for (const { at } of await linked(world, requestId)) {
    expect([at, lstatSync(at).isSymbolicLink() && readlinkSync(at).startsWith(`${links}/`), existsSync(at)]).toEqual([
      at,
      true,
      !recalled,
    ]);
  }
}

describe('bags moved between a directory and an Arkivum appliance', () => {
  let world: World;
  beforeAll(async () => {
    world = await World.create({ hold: '0', other: arkivumStore });
  });
  afterAll(() => world.close());

  test('both ways: the links follow, and everything is restored from there', () => exchanged(world));
});

describeWhere('s3', 'bags moved between a directory and a bucket', () => {
  let dir: string;
  let server: LocalS3 | undefined;
  let world: World;
  let bucket: Bucket;
  beforeAll(async () => {
    dir = mkdtempSync(join(tmpdir(), 'coldroom-faults-s3-'));
    server = await startS3({ dir });
  });
  beforeEach(async () => {
    world = await World.create({
      hold: '0',
      env: { COLDROOM_LEASE: '1s' },
      other: async (place, name) => {
        bucket = await Bucket.make(server!, place, name);
        return bucket;
      },
    });
  });
  afterEach(() => world.close());
  afterAll(async () => {
    await server?.stop();
    removeServerData(dir);
  });

  test('both ways: the links follow, unreadable until recalled, and everything is restored', () => exchanged(world));

  // The first block of the only file is fetched, then another thread uploads it in four parts.
  test.each<[ServiceName, string]>([
    ['transfer', 'copy:2-partly-written:2'],
    ['linker', 'move-link:2-swapped'],
  ])('a %s killed at %s on the way into the bucket: the next one finishes it', async (name, crashPoint) => {
    world.services.startAll([name]);
    const requestId = await askedToMove(world, name, 'released', [large]);
    const before = await world.copies.image();
    await expect(world.start(name, { crashAt: crashPoint }).exited).resolves.toMatchObject({ signal: 'SIGKILL' });
    if (name === 'transfer') expect(await bucket.unfinished()).toHaveLength(1);
    await world.check();
    const next = world.start(name);
    await movedTo(world, requestId, 'other', 'released');
    await next.kill();
    await world.checkAtRest(); // no part of an upload is left either
    expect(await world.copies.image()).toEqual(before);
    await expectOnce(world, requestId, 'move', 'moveCopy', 'moveVerify', 'moveSeal', 'moveLink');
  });
});
