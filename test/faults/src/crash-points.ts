import { lstatSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { crashPoints, type CrashPoint } from '@coldroom/domain';
import { markerName } from '@coldroom/files';
import { frozen, wake, type ServiceName } from './services';
import { digestOf, filesBelow, imageOf } from './tree';
import type { TinyPlan } from '@coldroom/sample-omero';
import type { World } from './world';

/** Those of the console, the notifier, the backup, the importer and the command line are tested in their apps. */
type Prefix = Exclude<
  CrashPoint extends `${infer P}:${string}` ? P : never,
  'decide' | 'retrieve' | 'order' | 'mail' | 'backup' | 'adopt' | 'pull' | 'upload' | 'import' | `import-${string}`
>;

/** The crash points of each service: one of a new kind has no service here, and its test fails. */
export const takenBy: Readonly<Record<Prefix, readonly ServiceName[]>> = {
  scan: ['scanner'],
  hash: ['checksum'],
  copy: ['transfer'],
  verify: ['checksum'],
  seal: ['ingest-watcher'],
  link: ['linker'],
  release: ['linker'],
  undo: ['linker'],
  'bring-online': ['ingest-watcher'],
  fetch: ['transfer'],
  'verify-fetched': ['checksum'],
  place: ['linker'],
  expire: ['linker'],
  'move-copy': ['transfer'],
  'move-verify': ['checksum'],
  'move-seal': ['ingest-watcher'],
  'move-link': ['linker'],
  transition: ['checksum', 'transfer', 'ingest-watcher', 'linker'],
};

/**
 * Crash points reached once for a whole bag; every other one is reached once per file, and is tested the second time
 * too.
 */
const onceABag: readonly CrashPoint[] = [
  'hash:1-hashed',
  'copy:4-synced',
  'seal:1-extras-dropped',
  'seal:2-tags-written',
  'seal:3-protected',
  'seal:4-renamed',
  'seal:5-durable',
  'link:2-hold-synced',
  'link:5-synced',
  'release:2-synced',
  'undo:2-synced',
  'transition:1-before-commit',
  'transition:2-after-commit',
  'scan:1-requests-written',
  'scan:4-bags-packed',
  'bring-online:1-requested',
  'fetch:1-fetched',
  'fetch:2-attributes-set',
  'verify-fetched:1-read',
  'place:3-synced',
  'expire:2-synced',
  'move-copy:1-fetched',
  'move-copy:2-put',
  'move-copy:3-staging-cleared',
  'move-verify:1-read',
  'move-seal:1-sealed',
  'move-link:4-synced',
];

/** All crash points at which a service is to be killed, `link:4-swapped` and `link:4-swapped:2`. */
export function crashesOf(service: ServiceName, prefixes: readonly Prefix[]): readonly string[] {
  return crashPoints
    .filter((crashPoint) =>
      prefixes.some((prefix) => crashPoint.startsWith(`${prefix}:`) && takenBy[prefix].includes(service)),
    )
    .flatMap((crashPoint) => (onceABag.includes(crashPoint) ? [crashPoint] : [crashPoint, `${crashPoint}:2`]));
}

/** Two filesets of several files, one of them empty, one in a directory of its own. */
export const twoFilesets: TinyPlan['filesets'] = [
  {
    files: [
      { name: 'a.tif', size: 70_000 },
      { name: 'raw/b.tif', size: 12_345 },
      { name: 'raw/empty.txt', size: 0 },
    ],
    images: 2,
  },
  {
    files: [
      { name: 'c.tif', size: 40_000 },
      { name: 'd.tif', size: 1 },
    ],
  },
];

const takesAll = process.env['COLDROOM_DRILLS'] === 'all';

/** Every second crash point, and the last one; all of them with `npm run test:drills`. */
export function everySecond(points: readonly string[]): readonly string[] {
  return takesAll ? points : points.filter((_point, at) => (points.length - 1 - at) % 2 === 0);
}

/** The crash points at which a worker freezes: as `everySecond`, of a bag's first file. The walks with kills of an archive take all. */
export function freezesOf(...from: Parameters<typeof crashesOf>): readonly string[] {
  const all = crashesOf(...from);
  return takesAll ? all : everySecond(all.filter((crashPoint) => !crashPoint.endsWith(':2')));
}

/** Archives, frees the space, and requests retrieval of all; `name` does its part of that and has ended. */
export async function retrievalMarks(world: World, name: ServiceName): Promise<bigint> {
  const requestId = await world.archive(twoFilesets);
  const first = world.start(name);
  await world.reached(requestId, 'released');
  await first.kill();
  const asked = await world.until('the bag to be free for a person', () =>
    world.register.retrievals.ask({ kind: 'Request', ids: [requestId] }, { way: 'restore', days: 0 }, 'a tester'),
  );
  expect(asked).toEqual({ asked: 5, undoing: 0, prolonged: 0, retrievals: [expect.any(BigInt)] });
  return requestId;
}

/**
 * A service is killed at a crash point, its successor on the same bag at the next one, and so on: each time every file
 * is intact.
 */
export async function killedAtEach(
  world: World,
  name: ServiceName,
  crashPoints: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<void> {
  for (const crashPoint of crashPoints) {
    const exit = await world.start(name, { crashAt: crashPoint, env }).exited;
    expect({ crashPoint, ...exit }).toMatchObject({ crashPoint, signal: 'SIGKILL' });
    await world.check();
  }
}

/** Archives, and requests the move to the other store; `name` does its part of the archiving and has ended. */
export async function askedToMove(
  world: World,
  name: ServiceName,
  state = 'linked',
  filesets = twoFilesets,
): Promise<bigint> {
  const requestId = await world.archive(filesets);
  const first = world.start(name);
  await world.reached(requestId, state);
  await first.kill();
  await askToMove(world, requestId);
  return requestId;
}

export async function askToMove(world: World, requestId: bigint, from = 'main', to = 'other'): Promise<void> {
  const bags = (await world.register.moves.plan(from, { kind: 'Request', ids: [requestId] })).map((bag) => bag.id);
  expect(
    await world.until('the bags to be free for a person', () =>
      world.register.moves.ask(bags, { from, to }, 'a tester'),
    ),
  ).toBe(bags.length);
}

/** Waits until all bags of a request are in a store and none is on its way. */
export async function movedTo(world: World, requestId: bigint, store: string, state = 'linked'): Promise<void> {
  await world.until(`request ${requestId} to be ${state} in store ${store}`, async () =>
    (await world.filesOf(requestId)).every((file) => file.state === state && file.store === store),
  );
}

/** Everything that would show a change of a sealed bag. */
export function sealedBags(world: World): ReturnType<typeof imageOf> {
  return imageOf(
    ...readdirSync(world.store)
      .filter((name) => !name.startsWith('.'))
      .map((name) => join(world.store, name)),
  );
}

/** Each file of the request is as it was, in its place, and each step of its retrieval was recorded once. */
export async function expectBack(
  world: World,
  requestId: bigint,
  storeBefore: ReturnType<typeof imageOf>,
): Promise<void> {
  await world.checkAtRest();
  for (const file of await world.filesOf(requestId)) {
    const path = join(world.data, file.root, file.path);
    const { mode, mtimeNs, uid } = lstatSync(path, { bigint: true });
    expect([path, world.frozen.get(path.slice(world.data.length + 1))]).toEqual([
      path,
      expect.objectContaining({ digest: digestOf(path), mode, mtimeNs, uid }),
    ]);
  }
  expect(filesBelow(world.hold)).toEqual([markerName]);
  expect(sealedBags(world)).toEqual(storeBefore);
  await expectOnce(world, requestId, 'link', 'release', 'restore', 'bringOnline', 'fetch', 'verifyFetched', 'place');
}

/** Each of these happened to each file once: work repeated after a crash had no second effect. */
export async function expectOnce(world: World, requestId: bigint, ...events: readonly string[]): Promise<void> {
  const files = (await world.filesOf(requestId)).length;
  const told = await world.register.reports.events({ requestId }, 10_000);
  const counts = events.map((what) => [
    what,
    told
      .filter((event) => event.what === what && event.to !== 'undoing') // what a person asks for is recorded, too
      .reduce((sum, event) => sum + Number((event.detail as { files?: number } | null)?.files ?? 1), 0),
  ]);
  expect(Object.fromEntries(counts)).toEqual(Object.fromEntries(events.map((what) => [what, files])));
}

interface Takeover {
  readonly service: ServiceName;
  readonly crashPoint: string;
  readonly requestId: bigint;
  /** The state in which the other worker leaves the files, or a wait for the end of its work. */
  readonly end: string | (() => Promise<void>);
  readonly hold?: string;
}

/** A worker freezes at a crash point and its lease runs out; another one does the work; then the frozen one wakes. */
export async function freezeAndTakeOver(
  world: World,
  { service, crashPoint, requestId, end, hold = '7d' }: Takeover,
): Promise<void> {
  const late = world.start(service, { freezeAt: crashPoint, env: { COLDROOM_HOLD: hold } });
  try {
    await frozen(late);
    await world.check();
    const next = world.start(service, { env: { COLDROOM_HOLD: hold } });
    try {
      await (typeof end === 'string' ? world.reached(requestId, end) : end());
      await world.checkAtRest();
      const places = [world.data, world.store, ...(world.other ? [world.other.links] : [])];
      const before = [imageOf(...places), await world.register.reports.events({ requestId }, 10_000)];
      await wake(late);
      expect([imageOf(...places), await world.register.reports.events({ requestId }, 10_000)]).toEqual(before);
    } finally {
      await next.kill();
    }
  } finally {
    // Also after a failure: a worker that is left would do the work of the next test.
    await late.kill();
  }
  await world.checkAtRest();
}
