import { chmodSync, chownSync } from 'node:fs';
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { markerName } from '@coldroom/files';
import type { TinyPlan } from '@coldroom/sample-omero';
import { archivedFlags, archivedMarks, loseMarks } from './omero';
import { filesBelow, freeze } from './tree';
import type { World } from './world';

/** Names, sizes and times that a program in between could lose. */
const odd: TinyPlan['filesets'] = [
  {
    files: [
      { name: 'a.tif', size: 70_000, nanoseconds: '123456789' },
      { name: 'raw/b "c" ünï $(d).tif', size: 12_345 },
      { name: 'raw/empty.txt', size: 0, nanoseconds: '000000001' },
    ],
    images: 2,
  },
  {
    files: [
      { name: '-rf *.tif', size: 300 },
      { name: '100%41.tif', size: 1 },
      { name: 'back\\slash.tif', size: 40_000 },
      { name: '.hidden/two\nlines .txt', size: 17 },
    ],
  },
];
const plain: TinyPlan['filesets'] = [
  {
    files: [
      { name: 'c.tif', size: 3000 },
      { name: 'd.tif', size: 0 },
    ],
  },
];
const modes = [0o600, 0o444, 0o755, 0o664, 0o1640, 0o604, 0o777];
const oddTimes = ['1969-12-31 23:59:58.5', '2106-02-07 06:28:17.999999999'];

/** Imports filesets whose files have various modes, owners and times. */
async function layOddly(world: World, filesets: TinyPlan['filesets']): Promise<readonly number[]> {
  const laid = await world.lay(filesets);
  laid.filesets
    .flatMap(({ paths }) => paths)
    .forEach((path, index) => {
      if (process.getuid?.() === 0) chownSync(path, 1000 + index, 2000 + index);
      chmodSync(path, modes[index % modes.length]!);
      const time = oddTimes[index - 1];
      if (time) execFileSync('touch', ['-m', '-d', `${time} UTC`, '--', path]);
      world.refreeze(path);
    });
  return laid.imageIds;
}

/** What is left of a facility after the disaster, and what must be recovered. */
export interface Left {
  readonly archived: readonly number[];
  readonly inPlace: readonly number[];
  readonly flags: ReadonlyMap<number, boolean | null>;
  readonly bags: Readonly<Record<string, string>>;
}

/**
 * Archives some (their space freed), some more (still held), and restores a third part; then register, queues and marks
 * are lost.
 */
export async function disaster(world: World): Promise<Left> {
  const flags = new Map<number, boolean | null>();
  const archive = async (
    filesets: TinyPlan['filesets'],
    end: string,
  ): Promise<{ readonly requestId: bigint; readonly images: readonly number[] }> => {
    const images = await layOddly(world, filesets);
    for (const [id, archived] of await archivedFlags(world.omeroUrl)) if (!flags.has(id)) flags.set(id, archived);
    const requestId = await world.approve();
    await world.reached(requestId, end);
    return { requestId, images };
  };
  world.services.startAll(['linker']);
  const freeing = world.start('linker', { env: { COLDROOM_HOLD: '0' } });
  const released = await archive(odd, 'released');
  const restored = await archive(plain, 'released');
  await world.coldroom('restore', `Request:${restored.requestId}`, '--yes');
  for (const file of await world.reached(restored.requestId, 'restored'))
    world.refreeze(join(world.data, file.root, file.path));
  await freeing.kill();
  world.start('linker');
  const held = await archive(odd, 'linked');
  await marksAre(world, [...released.images, ...held.images], restored.images);
  await world.services.killAll();
  await world.checkAtRest();
  const bags = await world.copies.image();

  await world.loseRegister();
  await world.servers.flushRedis();
  await loseMarks(world.omeroUrl, flags);
  return { archived: [...released.images, ...held.images], inPlace: restored.images, flags, bags };
}

/** As docs/recovery.md instructs an operator. */
export async function recover(world: World, { archived, inPlace, flags, bags }: Left): Promise<void> {
  await world.coldroom('rebuild', '--store', 'main');
  await world.checkAtRest();
  await world.coldroom('verify', '--all');
  world.services.startAll();
  await marksAre(world, archived, inPlace);
  await world.checkAtRest();
  for (const { id } of await world.register.requests.list({ states: ['Finished', 'Running', 'Approved', 'Error'] }))
    await world.coldroom('restore', `Request:${id}`, '--yes');
  await marksAre(world, [], [...archived, ...inPlace]);
  await world.services.killAll();
  await world.checkAtRest();
  expect(treeOf(world)).toEqual(
    Object.fromEntries([...world.frozen].map(([path, then]) => [path, { ...then, ino: 0n }])),
  );
  expect(filesBelow(world.hold)).toEqual([markerName]);
  expect(await world.copies.image()).toEqual(bags);
  expect(await archivedFlags(world.omeroUrl)).toEqual(flags);
}

/** Waits until OMERO shows the first images, and not the second, as archived. */
async function marksAre(world: World, archived: readonly number[], others: readonly number[]): Promise<void> {
  const wanted = archived
    .toSorted((one, other) => one - other)
    .map((imageId) => ({ imageId, archived: true, marks: ['ARCHIVED'] }));
  await world.until('the marks in OMERO', async () => {
    const found = (await archivedMarks(world.omeroUrl, [...archived, ...others]))
      .map((each) => ({ ...each, marks: each.marks.filter((mark) => mark !== 'ARCHIVE NOTE') }))
      .filter(({ marks }) => marks.length > 0);
    if (!isDeepStrictEqual(found, wanted))
      throw new Error(`OMERO says ${JSON.stringify(found)}, not ${JSON.stringify(wanted)}`);
    return true;
  });
}

/** Every file and link as it is now, except its inode; a link has another mode than any file. */
function treeOf(world: World): Readonly<Record<string, ReturnType<typeof freeze>>> {
  return Object.fromEntries(
    filesBelow(world.data, ['.coldroom']).map((path) => [path, { ...freeze(join(world.data, path)), ino: 0n }]),
  );
}
