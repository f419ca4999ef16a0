import { workStates } from '@coldroom/domain';
import { freshRegister } from '../testing/fresh-register';
import { RandomUser, randomBy } from '../testing/random-user';

let place: Awaited<ReturnType<typeof freshRegister>>;
beforeEach(async () => {
  place = await freshRegister({ max: 12 });
});
afterEach(() => place.drop());

/** Counted from the files and images themselves, as before there were totals. */
async function counted(): Promise<unknown> {
  const { rows: states } = await place.sql.query(
    'SELECT state, code, count(*)::int AS files, sum(size)::text AS bytes FROM file GROUP BY state, code ORDER BY state, code',
  );
  const { rows: requests } = await place.sql.query(
    `SELECT r.id::text, i.images, i.marked, i.filesets, f.* FROM request r
     CROSS JOIN LATERAL (SELECT count(*)::int AS images, count(*) FILTER (WHERE marked)::int AS marked, count(DISTINCT fileset)::int AS filesets
       FROM request_image WHERE request_id = r.id) i
     CROSS JOIN LATERAL (SELECT count(*) FILTER (WHERE state <> 'skipped')::int AS files, coalesce(sum(size) FILTER (WHERE state <> 'skipped'), 0)::text AS bytes,
         count(*) FILTER (WHERE state = 'skipped')::int AS skipped, count(*) FILTER (WHERE state = 'stuck')::int AS stuck,
         count(*) FILTER (WHERE phase IN ('linked', 'recalled', 'retrieving', 'fetchVerified', 'moving'))::int AS linked
       FROM file WHERE request_id = r.id) f ORDER BY r.id DESC`,
  );
  return { states, requests };
}

async function kept(): Promise<unknown> {
  const states = (await place.register.reports.counts()).map((row) => ({ ...row, bytes: `${row.bytes}` }));
  const requests = (await place.register.requests.list()).map(
    ({ id, images, markedImages: marked, filesets, files, bytes, skipped: left, stuck, linked }) => ({
      ...{ id: `${id}`, images, marked, filesets, files, bytes: `${bytes}`, skipped: left, stuck, linked },
    }),
  );
  return { states, requests };
}

it('totals are what a count gives after each of a thousand random operations', async () => {
  const user = new RandomUser(place, randomBy(1), 'user');
  const seen = new Set<string>();
  for (let nr = 0; nr < 1000; nr += 1) {
    seen.add(await user.act());
    expect([nr, await place.register.audit.wrongTotals()]).toEqual([nr, []]);
    if (nr % 20 === 0) expect(await kept()).toEqual(await counted());
  }
  expect(await kept()).toEqual(await counted());
  const orders = ['undo', 'abandon', 'retry', 'restore', 'recall', 'cancel', 'move', 'rebuild'];
  const rare = ['fetchVerified', 'recalled']; // other tests have more of these, and compare at their end
  const usual = ['scan', 'decide', 'split', 'start', ...orders, ...workStates].filter((each) => !rare.includes(each));
  expect(usual.filter((each) => !seen.has(each))).toEqual([]);
}, 120_000);

it('totals are what a count gives after many people and workers acted at the same time', async () => {
  const users = [11, 12, 13, 14, 15, 16].map((seed) => new RandomUser(place, randomBy(seed), `user${seed}`));
  await Promise.all(
    users.map(async (user) => {
      for (let nr = 0; nr < 150; nr += 1) await user.act();
    }),
  );
  expect(await place.register.audit.wrongTotals()).toEqual([]);
  expect(await kept()).toEqual(await counted());
  const { rows } = await place.sql.query('SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()');
  expect(Number(rows[0].deadlocks)).toBe(0);
}, 120_000);
