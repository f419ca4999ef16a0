import type pg from 'pg';
import { Requests } from '../requests/requests';
import { freshRegister } from '../testing/fresh-register';
import { Reports } from './reports';

/*
 * What pages ask of a large register reads little more than it shows: PostgreSQL tells which plan it took, and how many
 * rows it looked at.
 */

let place: Awaited<ReturnType<typeof freshRegister>>;
beforeAll(async () => {
  place = await freshRegister();
  await fill(Number(process.env['COLDROOM_TEST_FILES'] ?? 200_000));
}, 600_000);
afterAll(() => place.drop());

/**
 * 2000 requests: the first has half of all files, and these are linked. The second has a quarter, being archived, with a
 * few that are stuck or skipped. The others share the rest.
 */
async function fill(total: number): Promise<void> {
  const { sql } = place;
  await sql.query(
    `INSERT INTO request (state, owner_id, owner, group_id, group_name, requester_id, requester)
     SELECT CASE WHEN nr % 100 = 0 THEN 'New' WHEN nr = 2 THEN 'Error' ELSE 'Finished' END, nr % 500, 'o' || nr % 500, nr % 50, 'g' || nr % 50, nr % 500, 'r' || nr % 500
     FROM generate_series(1, 2000) nr`,
  );
  await sql.query(
    `INSERT INTO request_image (request_id, image_id, name, fileset, marked)
     SELECT CASE WHEN nr % 4 < 2 THEN 1 WHEN nr % 4 = 2 THEN 2 ELSE 3 + nr % 1998 END, nr, 'image ' || nr, 'Fileset:' || nr / 20, nr % 5000 <> 0 FROM generate_series(1, $1::int) nr`,
    [total],
  );
  await sql.query(
    `INSERT INTO bag (request_id, name, store, state, files, bytes)
     SELECT id, 'bag ' || id, 'main', CASE WHEN id = 2 THEN 'approved' ELSE 'done' END, 1, 1 FROM request`,
  );
  await sql.query(
    `INSERT INTO file (request_id, bag_id, fileset, root, path, display, size, identity, state, stuck_from, code, released_at)
     SELECT request_id, request_id, 'Fileset:' || nr / 20, 'ManagedRepository', path::bytea, path, nr, '', state, CASE WHEN state = 'stuck' THEN 'approved' END,
       CASE WHEN state = 'stuck' THEN 'HASH_DIFFERS' WHEN state = 'skipped' THEN CASE WHEN nr % 40000 = 2 THEN 'MISSING' ELSE 'FILESET_INCOMPLETE' END END,
       CASE WHEN state = 'released' THEN now() END
     FROM (SELECT nr, 'user_' || nr % 7 || '/2026-11/' || nr / 1000 || '/' || nr || '.tif' AS path,
         CASE WHEN nr % 4 < 2 THEN 1 WHEN nr % 4 = 2 THEN 2 ELSE 3 + nr % 1998 END AS request_id,
         CASE WHEN nr % 4 < 2 THEN 'linked' WHEN nr % 4 = 2 THEN CASE WHEN nr % 20000 = 6 THEN 'stuck' WHEN nr % 40 = 2 THEN 'skipped' ELSE 'approved' END ELSE 'released' END AS state
       FROM generate_series(1, $1::int) nr) made`,
    [total],
  );
  await sql.query('VACUUM ANALYZE');
}

interface Plan {
  readonly 'Node Type': string;
  readonly 'Relation Name'?: string;
  readonly 'Actual Rows': number;
  readonly 'Actual Loops': number;
  readonly 'Rows Removed by Filter'?: number;
  readonly 'Rows Removed by Index Recheck'?: number;
  readonly Plans?: readonly Plan[];
}

const large = ['file', 'request_image'];

/** Runs what is asked for, and tells what was read of tables that grow with the files. */
async function readBy(
  ask: (reports: Reports, requests: Requests) => Promise<unknown>,
): Promise<{ shown: number; rows: number; scans: string[]; requests: number }> {
  const found = { shown: 0, rows: 0, scans: [] as string[], requests: 0 };
  const pool = {
    query: async (sql: string, values: unknown[]) => {
      const { rows } = await place.sql.query(`EXPLAIN (ANALYZE, FORMAT JSON) ${sql}`, values);
      for (const plan of nodesOf(rows[0]['QUERY PLAN'][0].Plan)) {
        const table = plan['Relation Name'] ?? '';
        const read =
          plan['Actual Loops'] *
          (plan['Actual Rows'] + (plan['Rows Removed by Filter'] ?? 0) + (plan['Rows Removed by Index Recheck'] ?? 0));
        if (large.includes(table)) found.rows += read;
        if (table === 'request') found.requests += read;
        if (large.includes(table) && plan['Node Type'] === 'Seq Scan') found.scans.push(table);
      }
      return place.sql.query(sql, values);
    },
  } as unknown as pg.Pool;
  const answer = await ask(new Reports(pool), new Requests(pool));
  found.shown = Array.isArray(answer) ? answer.length : 1;
  return found;
}

function nodesOf(plan: Plan): readonly Plan[] {
  return [plan, ...(plan.Plans ?? []).flatMap(nodesOf)];
}

const prefix = (text: string) => ({ path: { prefix: Buffer.from(text) } });
const page = 50;
/** Of 200,000. */
const few = 6 * page;
type Ask = Parameters<typeof readBy>[0];

it.each<[string, Ask, { shown: number; rows: number }]>([
  ['the list of requests', (_, requests) => requests.list({}, { limit: page }), { shown: page, rows: 0 }],
  ['a request', (_, requests) => requests.get(1n), { shown: 1, rows: 0 }],
  ['files by state', (reports) => reports.counts(), { shown: 6, rows: 0 }],
  ['files of a request by state', (reports) => reports.counts(2n), { shown: 4, rows: 0 }],
  ['stuck files by code', (reports) => reports.stuck(), { shown: 1, rows: 0 }],
  ['the first stuck files', (reports) => reports.stuckFiles(undefined, 3), { shown: 3, rows: few }],
  ['the first stuck files of a request', (reports) => reports.stuckFiles(2n, 3), { shown: 3, rows: few }],
  ['images that were included', (reports) => reports.images(1n, { marked: false }, 20), { shown: 20, rows: few }],
  ['all files', (reports) => reports.files({ limit: page }), { shown: page, rows: few }],
  ['files of a request', (reports) => reports.files({ requestId: 2n, limit: page }), { shown: page, rows: few }],
  [
    'more files of a request',
    (reports) => reports.files({ requestId: 1n, after: 100_000n, limit: page }),
    { shown: page, rows: few },
  ],
  ['linked files', (reports) => reports.files({ states: ['linked'], limit: page }), { shown: page, rows: few }],
  [
    'released files, further on',
    (reports) => reports.files({ states: ['released'], after: 100_000n, limit: page }),
    { shown: page, rows: few },
  ],
  ['approved files', (reports) => reports.files({ states: ['approved'], limit: page }), { shown: page, rows: few }],
  ['stuck files', (reports) => reports.files({ states: ['stuck'], limit: 5 }), { shown: 5, rows: few }],
  [
    'files in a state that none has',
    (reports) => reports.files({ states: ['copied'], limit: page }),
    { shown: 0, rows: 0 },
  ],
  [
    'files stuck for a reason',
    (reports) => reports.files({ states: ['stuck'], code: 'HASH_DIFFERS', limit: 5 }),
    { shown: 5, rows: few },
  ],
  [
    'files skipped for a rare reason',
    (reports) => reports.files({ requestId: 2n, states: ['skipped'], code: 'MISSING', limit: 3 }),
    { shown: 3, rows: few },
  ],
  ['one fileset', (reports) => reports.files({ fileset: 'Fileset:500' }), { shown: 20, rows: few }],
  ['files by path', (reports) => reports.files({ ...prefix('user_3/'), limit: page }), { shown: page, rows: few }],
  [
    'files by path, further on',
    (reports) => reports.files({ ...prefix('user_3/'), after: 101_003n, limit: page }),
    { shown: page, rows: few },
  ],
])('%s: reads what it shows, and no table as a whole', async (_name, ask, { shown, rows }) => {
  const found = await readBy(ask);
  expect(found).toMatchObject({ shown, scans: [] });
  expect(found.rows).toBeLessThanOrEqual(rows);
});

const own = { personId: 7n, groupIds: [] };
/** Has about 200 files in four requests. */
const owner = { visibleTo: { personId: 8n, groupIds: [] }, limit: page };

it.each<[string, Ask, { shown: number; rows: number }]>([
  ['all', (reports) => reports.files(owner), { shown: page, rows: few }],
  ['those with a path', (reports) => reports.files({ ...owner, ...prefix('user_') }), { shown: page, rows: 20 * few }],
  ['those of a foreign request', (reports) => reports.files({ ...owner, requestId: 1n }), { shown: 0, rows: 0 }],
  ['those of a fileset', (reports) => reports.files({ ...owner, fileset: 'Fileset:500' }), { shown: 0, rows: few }],
  ['those of an image', (reports) => reports.files({ ...owner, imageId: 3n }), { shown: 0, rows: few }],
  ['those in a state', (reports) => reports.files({ ...owner, states: ['released'] }), { shown: page, rows: few }],
  ['the stuck ones', (reports) => reports.files({ ...owner, states: ['stuck'] }), { shown: 0, rows: few }],
  ['those with a code', (reports) => reports.files({ ...owner, code: 'HASH_DIFFERS' }), { shown: 0, rows: few }],
])('files of a researcher, %s: no table as a whole, and not those of all others', async (_name, ask, expected) => {
  const found = await readBy(ask);
  expect(found).toMatchObject({ shown: expected.shown, scans: [] });
  expect(found.rows).toBeLessThanOrEqual(expected.rows);
});

it('files of a researcher are those of requests they may see', async () => {
  const visibleTo = { personId: 8n, groupIds: [10n] };
  const visible = new Set((await place.register.requests.list({ visibleTo })).map(({ id }) => id));
  for (const filter of [prefix('user_1/2026-11/1'), { states: ['stuck', 'skipped'] as const }]) {
    const all = await place.register.reports.files({ ...filter, limit: 100_000 });
    const seen = await place.register.reports.files({ ...filter, visibleTo, limit: 100_000 });
    expect(seen.map(({ id }) => id)).toEqual(all.filter((file) => visible.has(file.requestId)).map(({ id }) => id));
    if ('path' in filter) expect(seen.length).toBeGreaterThan(20);
  }
});

it.each<[string, Ask, number]>([
  ['a researcher', (_, requests) => requests.list({ visibleTo: own }, { limit: page }), 4],
  [
    'a leader of three groups',
    (_, requests) => requests.list({ visibleTo: { personId: 7n, groupIds: [1n, 2n, 3n] } }, { limit: page }),
    page,
  ],
  ['a manager who looks for new ones', (_, requests) => requests.list({ states: ['New'] }, { limit: 10 }), 10],
  ['a manager who looks at one group', (_, requests) => requests.list({ groupId: 8n }, { limit: 10 }), 10],
])('the list of %s does not read all requests', async (_name, ask, shown) => {
  const found = await readBy(ask);
  expect(found.shown).toBe(shown);
  expect(found.requests).toBeLessThanOrEqual(5 * page);
});

it('pages of files show each file once, in order', async () => {
  const { reports } = place.register;
  for (const filter of [
    { states: ['stuck', 'skipped'] as const, requestId: 2n },
    { ...prefix('user_6/2026-11/19') },
    { fileset: 'Fileset:77' },
    { code: 'MISSING' },
  ]) {
    const all = await reports.files({ ...filter, limit: 100_000 });
    expect(all.length).toBeGreaterThan(4);
    const paged = [];
    const limit = Math.ceil(all.length / 7);
    for (let after: bigint | undefined; ;) {
      const some = await reports.files({ ...filter, ...(after !== undefined && { after }), limit });
      paged.push(...some);
      after = some.at(-1)?.id;
      if (some.length < limit) break;
    }
    expect(paged.map((file) => file.id)).toEqual(all.map((file) => file.id));
  }
});
