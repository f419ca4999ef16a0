import pg from 'pg';
import { Runner } from './runner';
import { stageNames, type Stage, type StageName } from './stage';
import { stageOf } from './stages';
import { RecordedLog, Workbench } from './testing';

/*
 * The register's view `backlog` repeats in SQL what the runner decides. Here both see the same bags.
 */

let bench: Workbench;
let sql: pg.Client;
let requestId: bigint;
beforeAll(async () => {
  bench = await Workbench.create('backlog');
  sql = new pg.Client({ connectionString: bench.registerUrl, options: '-c search_path=coldroom' });
  await sql.connect();
  requestId = await bench.request({ 'Fileset:1': [{ path: 'a', content: 'x' }] });
});
afterAll(async () => {
  await sql.end();
  await bench.close();
});

/** As the classes in apps say; test/structure compares them with the view. */
const runWhileStopped: readonly StageName[] = ['undo', 'bring-online', 'fetch', 'verify-fetched', 'place'];

interface PlannedBag {
  readonly state?: string;
  readonly store?: string;
  readonly movingTo?: string;
  /** Intervals from now. */
  readonly leaseEnds?: string;
  readonly notBefore?: string;
}

const bags: Readonly<Record<string, PlannedBag>> = {
  due: {},
  'claimed, and its lease runs': { leaseEnds: '1 hour' },
  'claimed by a worker that was lost': { leaseEnds: '-1 hour' },
  'paused after an attempt, or waiting for a store': { notBefore: '1 hour' },
  'in the other store': { store: 'other' },
  'moving to the other store': { movingTo: 'other' },
  'done, as all of its files are stuck': { state: 'done' },
};

/** Each with one file: the runner has nothing to run in a bag without files. */
async function makeBags(takes: string): Promise<readonly bigint[]> {
  await sql.query('UPDATE file SET bag_id = NULL');
  await sql.query(`DELETE FROM file WHERE fileset LIKE 'Bag:%'`);
  await sql.query('DELETE FROM bag');
  const made = Object.entries(bags).map(
    async ([name, { state = takes, store = 'main', movingTo = null, leaseEnds = null, notBefore = '0' }]) => {
      const { rows } = await sql.query<{ id: string }>(
        `INSERT INTO bag (request_id, name, state, store, moving_to, lease_until, not_before, files, bytes)
         VALUES ($1, $2, $3, $4, $5, now() + $6::interval, now() + $7::interval, 1, 1) RETURNING id`,
        [requestId, name, state, store, movingTo, leaseEnds, notBefore],
      );
      const { id } = rows[0] as { id: string };
      if (state !== 'done')
        await sql.query(
          `INSERT INTO file (request_id, bag_id, fileset, root, path, display, size, state, identity)
           VALUES ($1, $2::bigint, 'Bag:' || $2, 'ManagedRepository', convert_to($3, 'UTF8'), $3, 1, $4, '1:1:1:1:1:1:1:1:1')`,
          [requestId, id, name, state],
        );
      return BigInt(id);
    },
  );
  return Promise.all(made);
}

/** How many of these bags the runner really runs. */
async function ran(stage: Omit<Stage, 'run'>, ids: readonly bigint[]): Promise<number> {
  let runs = 0;
  const counting: Stage = {
    ...stage,
    run: async () => {
      runs += 1;
      return { transitions: [] };
    },
  };
  const options = { worker: 'w', leaseMs: 60_000, attempts: 3, retryPauseMs: 1, waitLimitMs: 1000, errorLimit: 1 };
  const runner = new Runner(bench.register, async () => undefined, new RecordedLog(), options);
  for (const id of ids) await runner.run(counting, id);
  return runs;
}

describe.each(['nothing', 'all', 'its stage', 'another stage', 'store:main', 'store:other'])(
  'while %s is stopped',
  (stopped) => {
    afterEach(() => sql.query('DELETE FROM switch'));

    test.each(Object.entries(stageOf))('the backlog in %s is what %s runs', async (takes, name) => {
      const stage = {
        name,
        takes: takes as Stage['takes'],
        ...(runWhileStopped.includes(name) ? { runsWhileStopped: true as const } : {}),
      };
      const named: Readonly<Record<string, string>> = {
        'its stage': `stage:${name}`,
        'another stage': `stage:${stageNames.find((other) => other !== name)}`,
      };
      if (stopped !== 'nothing')
        await sql.query('INSERT INTO switch (name, stopped) VALUES ($1, true)', [named[stopped] ?? stopped]);
      const ids = await makeBags(takes);
      const backlog = await bench.register.claims.backlog();
      expect(backlog.find((each) => each.stage === name)).toMatchObject({ due: await ran(stage, ids), claimed: 1 });
      expect(backlog.filter((each) => each.stage !== name && each.due + each.claimed > 0)).toEqual([]);
    });
  },
);

test('a part that was resumed counts again', async () => {
  await makeBags('hashed');
  await sql.query(`INSERT INTO switch (name, stopped) VALUES ('all', false), ('stage:copy', false)`);
  const copy = (await bench.register.claims.backlog()).find(({ stage }) => stage === 'copy');
  expect(copy).toEqual({ service: 'transfer', stage: 'copy', due: 4, claimed: 1 });
});
