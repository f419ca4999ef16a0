import { readFile } from 'node:fs/promises';
import { coldroom, json, type Ended } from './testing/command-line';
import { sampleRegister } from './testing/sample-register';
import { olderScene, type OlderScene } from './testing/older-scene';

const drills = process.env['COLDROOM_DRILLS'] === 'all';
let older: OlderScene;
beforeAll(async () => {
  older = await olderScene('adopt', drills ? 2000 : 200);
}, 300_000);
afterAll(() => older.scene.close());

const adopt = (...words: string[]): Promise<Ended> => coldroom(['adopt', ...words], older.scene.env);

interface Document {
  readonly duties: Record<string, number>;
  readonly proofs: Record<string, number>;
  readonly taken: { readonly files: number };
  readonly findings: Record<string, { readonly count: number }>;
}
const countsOf = ({ findings }: Document): Record<string, number> =>
  Object.fromEntries(Object.entries(findings).map(([code, { count }]) => [code, count]));
/** A machine on which tests run may have anything in its cron. */
const withoutCron = ({ CRON_LINE: _, ...rest }: Record<string, number>): Record<string, number> => rest;

async function bytesAtPaths(): Promise<void> {
  for (const [path, content] of older.before) {
    if ([...older.planted.unreadable, ...older.planted.damaged].includes(path)) continue;
    if (!(await readFile(path)).equals(content)) throw new Error(`${path} has other bytes`);
  }
}

it('finds each planted oddity once, and changes nothing', async () => {
  const { planted, scene } = older;
  const shown = await adopt('--json');
  const document = json<Document>(shown);
  expect(withoutCron(countsOf(document))).toEqual(planted.inPlan);
  expect(shown.code).toBe(3);
  expect(await scene.register.requests.list()).toEqual([]);
  await bytesAtPaths();
});

it('takes over what is archived, and leaves the rest to requests', async () => {
  const { planted, scene } = older;
  const done = json<Document>(await adopt('--go', '--in-place', '--yes', '--json'));
  expect(withoutCron(countsOf(done))).toEqual({ ...planted.inPlan, ...planted.byReading });
  expect(done.taken.files).toBe(planted.adopted.length);
  const states = await scene.inRegister('SELECT state, count(*)::int AS files FROM coldroom.file GROUP BY 1');
  expect(states).toEqual([{ state: 'released', files: planted.adopted.length }]);
  const names = await scene.inRegister('SELECT count(*)::int AS files FROM coldroom.adopted_name');
  expect(names).toEqual([{ files: planted.left.length }]);
  await bytesAtPaths();
});

it('does nothing twice', async () => {
  const done = json<Document>(await adopt('--go', '--in-place', '--yes', '--json'));
  expect(done.taken.files).toBe(0);
  expect(done.duties['known']).toBe(older.planted.adopted.length);
});

it('has OMERO show what is true, and an audit finds nothing', async () => {
  const { scene, planted } = older;
  await scene.mirror();
  const rows = await scene.sql(
    `SELECT i.id, i.archived, EXISTS (SELECT FROM imageannotationlink l JOIN annotation a ON a.id = l.child WHERE l.parent = i.id AND a.name = 'ARCHIVED') AS marked FROM image i`,
  );
  const wanted = await scene.inRegister('SELECT image_id, mark_wanted FROM coldroom.request_image');
  for (const { image_id, mark_wanted } of wanted) {
    const image = rows.find(({ id }) => id === image_id)!;
    const isArchived = mark_wanted === 'archived';
    expect([image_id, image['archived'] === true, image['marked']]).toEqual([image_id, isArchived, isArchived]);
  }
  expect(wanted.length).toBeGreaterThan(planted.marked.length / 2);
  expect((await coldroom(['audit'], scene.env)).code).toBe(0); // 3 if it found anything
});

it('reads what was taken over like any other copy', async () => {
  const verified = await coldroom(['verify', '--all', '--json'], older.scene.env);
  expect(json(verified)).toMatchObject({ good: { files: older.planted.adopted.length }, bad: { count: 0 } });
});

it('registers what nothing can prove only if a person accepts it', async () => {
  const done = json<Document>(await adopt('--go', '--in-place', '--accept-unproven', '--yes', '--json'));
  expect([done.taken.files, done.proofs]).toMatchObject([1, { UNPROVEN: 1, DIFFERS: 1 }]);
});

it('refuses to begin while the older tool is at work', async () => {
  await older.tool.pidFile(process.pid);
  const refused = await adopt('--go', '--yes', '--json');
  expect([refused.code, refused.stderr]).toEqual([5, expect.stringContaining('OLDER_TOOL_RUNS')]);
});

it.each([
  ['move', '--from', 'main', '--to', 'older', '--yes'],
  ['rebuild', '--store', 'older', '--dry-run'],
  ['relink', '--store', 'older', '--dry-run'],
  ['store', 'validate', 'older', '--yes'],
])('its archive is only read: %s %s %s %s', async (...words) => {
  const { env } = older.scene;
  const register = words[0] === 'rebuild' ? await sampleRegister('adopt_rebuild') : undefined;
  await register?.register.close(); // only an empty one is rebuilt
  const refused = await coldroom(
    [...words, '--json'],
    register ? { ...env, REGISTER_DATABASE_URL: register.url } : env,
  );
  expect([refused.code, refused.stderr]).toEqual([1, expect.stringContaining('STORE_ONLY_READ')]);
});
