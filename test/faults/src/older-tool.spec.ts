import { spawn } from 'node:child_process';
import { lstatSync, readFileSync, readlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Client } from 'pg';
import { writeMarker } from '@coldroom/files';
import { OlderTool, plant, plantedNames, type Planted } from '@coldroom/older-tool';
import { buildTinyOmero } from '@coldroom/sample-omero';
import { World } from './world';

const bin = join(__dirname, '..', '..', '..', 'apps', 'cli', 'bin', 'coldroom.js');
const drills = process.env['COLDROOM_DRILLS'] === 'all';

let world: World;
let tool: OlderTool;
let planted: Planted;
const before = new Map<string, Buffer>();
beforeAll(async () => {
  world = await World.create({ hold: '0' });
  tool = new OlderTool(join(world.data, 'Archive'), join(world.dir, 'older'));
  const some = (count: number): { name: string; size: number }[] =>
    Array.from({ length: count }, (_, nr) => ({ name: `img_${nr}.dv`, size: 40 + nr }));
  const { user, filesets } = await buildTinyOmero({
    databaseUrl: world.omeroUrl,
    dataDir: world.data,
    filesets: [
      ...plantedNames.map((name) => ({ files: [{ name, size: 50 }, ...some(1)] })),
      ...Array.from({ length: drills ? 480 : 35 }, (_, nr) => ({ files: some(nr % 3 === 1 ? 1 : 4) })),
    ],
  });
  for (const path of filesets.flatMap(({ paths }) => paths)) before.set(path, readFileSync(path));
  await tool.create();
  await writeMarker(tool.archiveRoot, 'older');
  planted = await plant(tool, user, filesets);
  const omero = new Client({ connectionString: world.omeroUrl });
  await omero.connect();
  for (const path of planted.withoutHash)
    await omero.query(
      "UPDATE originalfile SET hash = NULL, hasher = NULL WHERE $1 LIKE '%' || path || name AND size > 0",
      [path],
    );
  await omero.end();
  const file = join(world.dir, 'stores.json');
  const settings = JSON.parse(readFileSync(file, 'utf8')) as { stores: Record<string, object> };
  const older = { kind: 'older', directory: tool.archiveRoot, omeroDirectory: world.data, verify: 'cached' };
  writeFileSync(file, JSON.stringify({ ...settings, stores: { ...settings.stores, older } }));
}, 300_000);
afterAll(() => world.close());

/** Ends with the signal that killed it, or its exit code. */
async function adopt(
  crashAt: string | undefined,
  ...words: readonly string[]
): Promise<number | NodeJS.Signals | null> {
  const child = spawn(process.execPath, [bin, 'adopt', '--go', '--yes', ...words], {
    env: {
      PATH: process.env['PATH'],
      ...world.services.settings,
      ...(crashAt === undefined ? {} : { COLDROOM_CRASH_AT: crashAt }),
    },
    stdio: 'ignore',
  });
  return new Promise((resolve) => child.once('close', (code, signal) => resolve(signal ?? code)));
}

const count = async (statement: string): Promise<number> =>
  ((await world.inRegister(`SELECT count(*)::int AS n FROM ${statement}`)) as { n: number }[])[0]!.n;

const spoiled = (path: string): boolean => planted.unreadable.includes(path) || planted.damaged.includes(path);

function bytesAreRight(): void {
  for (const [path, content] of before)
    if (!spoiled(path) && !readFileSync(path).equals(content)) throw new Error(`${path} has other bytes`);
}

test.each(['adopt:1-read', 'adopt:2-written', 'adopt:3-committed', 'adopt:4-settled', 'adopt:2-written:5'])(
  'a take-over that is killed at %s is gone on with, and nothing is taken twice',
  async (step) => {
    const files = await count('coldroom.file');
    expect(await adopt(step, '--in-place')).toBe('SIGKILL');
    expect(await count('coldroom.file')).toBeGreaterThanOrEqual(files);
    bytesAreRight();
  },
);

test('all that was archived is in the register once, and moves to a store that can be called durable', async () => {
  expect(await adopt(undefined)).toBe(3);
  expect(await count('coldroom.file')).toBe(planted.adopted.length);
  world.services.startAll();
  await world.until(
    'all bags to be moved',
    async () => (await count(`coldroom.bag WHERE store = 'older'`)) === 0,
    90_000,
  );
  for (const path of planted.adopted) expect(readlinkSync(path)).toMatch(`${world.store}/`);
  bytesAreRight();
}, 120_000);

test('what was left is archived after the decisions that are still to be made', async () => {
  await world.until('requests to be filled', async () => {
    const states = (await world.register.requests.list({ states: ['New'] })).map(({ files }) => files);
    return states.length > 0 && states.every((files) => files > 0);
  });
  for (const { id } of await world.register.requests.list({ states: ['New'] }))
    await world.register.requests.approve(id, 'boss');
  await world.until(
    'the rest to be released',
    async () =>
      (await count(`coldroom.file WHERE state = 'released'`)) === planted.adopted.length + planted.left.length,
    90_000,
  );
  for (const path of planted.left) expect(lstatSync(path).isSymbolicLink()).toBe(true);
  bytesAreRight();
  await world.until('the marks to be written', async () => (await world.register.marks.pending(1)).length === 0);
  await world.coldroom('audit'); // fails if it finds anything
  expect(await adopt(undefined)).toBe(3);
  expect(await count(`coldroom.bag WHERE store = 'older'`)).toBe(0);
}, 120_000);
