import { codeOf } from '@coldroom/domain';
import { openPool, transaction } from '../db/connection';
import { freshRegister } from '../testing/fresh-register';
import {
  bagsOf,
  brought,
  claimed,
  forward,
  transitionOf,
  passed,
  running,
  stage,
  statesOf,
} from '../testing/sample-request';

/*
 * What must hold when several processes act at the same time. Each test runs many rounds, because a race may go well by
 * chance.
 */

let place: Awaited<ReturnType<typeof freshRegister>>;
beforeEach(async () => {
  place = await freshRegister({ max: 12 });
});
afterEach(() => place.drop());

const GiB = 1n << 30n;
const rounds = Array.from({ length: 12 }, (_, nr) => nr);

async function bagsOfRequest(id: bigint): Promise<bigint[]> {
  const { rows } = await place.sql.query<{ id: string }>('SELECT id FROM bag WHERE request_id = $1 ORDER BY id', [id]);
  return rows.map((row) => BigInt(row.id));
}

async function expectNoDeadlock(): Promise<void> {
  const { rows } = await place.sql.query('SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()');
  expect(Number(rows[0].deadlocks)).toBe(0);
}

it('two bags that complete a fileset at the same time: one makes all waiting bags due', async () => {
  for (const nr of rounds) {
    const id = await running(place.register, { [`Fileset:${nr}`]: [GiB, GiB, GiB, GiB] });
    const bags = await bagsOfRequest(id);
    const [sleeper, ...others] = bags as [bigint, bigint, bigint, bigint];
    await brought(place.register, sleeper, 'sealed');
    await place.register.claims.postpone(
      await claimed(place.register, sleeper, 'sealed'),
      3_600_000,
      new Error('waits'),
      false,
    );
    for (const bag of others) await brought(place.register, bag, 'verified');
    const dueNow = await Promise.all(others.map((bag) => passed(place.register, bag, 'verified')));
    expect(dueNow.flat().filter((due) => due.bagId === sleeper)).toHaveLength(1);
    expect((await place.register.claims.due(['sealed'])).map((due) => due.bagId)).toEqual(expect.arrayContaining(bags));
    await place.register.operator.undo({ kind: 'Request', ids: [id] }, 'test');
  }
  await expectNoDeadlock();
});

it('a fileset whose last bags are linked at the same time is archived, and its request finished', async () => {
  for (const nr of rounds) {
    const id = await running(place.register, { [`Fileset:${nr}`]: [GiB, GiB, GiB, GiB] });
    const bags = await bagsOfRequest(id);
    for (const bag of bags) await brought(place.register, bag, 'sealed');
    await Promise.all(bags.map((bag) => passed(place.register, bag, 'sealed')));
    const { rows } = await place.sql.query(
      'SELECT r.state, i.mark_wanted FROM request r JOIN request_image i ON i.request_id = r.id WHERE r.id = $1',
      [id],
    );
    expect(rows).toEqual([{ state: 'Finished', mark_wanted: 'archived' }]);
  }
  await expectNoDeadlock();
});

it('a linker that postpones a bag while its fileset becomes complete: the bag is due', async () => {
  for (const nr of rounds) {
    const id = await running(place.register, { [`Fileset:${nr}`]: [GiB, GiB] });
    const [sleeper, last] = (await bagsOfRequest(id)) as [bigint, bigint];
    await brought(place.register, sleeper, 'sealed');
    await brought(place.register, last, 'verified');
    const link = async (): Promise<void> => {
      const claim = await claimed(place.register, sleeper, 'sealed');
      const complete = await place.register.claims.completeFilesets(id, [`Fileset:${nr}`]);
      if (complete.size === 0) await place.register.claims.postpone(claim, 3_600_000, new Error('waits'), false);
      else await place.register.claims.releaseClaim(claim);
    };
    await Promise.all([link(), passed(place.register, last, 'verified')]);
    expect((await place.register.claims.due(['sealed'])).map((due) => due.bagId)).toEqual(
      expect.arrayContaining([sleeper, last]),
    );
    await place.register.operator.undo({ kind: 'Request', ids: [id] }, 'test');
  }
});

it('transitions and an undo at the same time: one of them, whole, and no deadlock', async () => {
  const seen = new Set<string>();
  for (const nr of rounds) {
    const id = await running(place.register, { [`Fileset:${nr}`]: [GiB, GiB, GiB] });
    const bags = await bagsOfRequest(id);
    for (const bag of bags) await brought(place.register, bag, 'sealed');
    const claims = await Promise.all(bags.map((bag) => claimed(place.register, bag, 'sealed')));
    // As if their leases had just run out, immediately before the transitions.
    const outcomes = await Promise.allSettled([
      ...claims.map((claim) =>
        place.register.applyTransitions(
          claim,
          claim.files.map((file) => transitionOf(file, 'link')),
          stage,
        ),
      ),
      place.sql
        .query('UPDATE bag SET lease_until = now() WHERE request_id = $1', [id])
        .then(() => place.register.operator.undo({ kind: 'Fileset', names: [`Fileset:${nr}`] }, 'boss')),
    ]);
    for (const outcome of outcomes)
      if (outcome.status === 'rejected') expect(['CLAIM_LOST', 'BAG_BUSY']).toContain(codeOf(outcome.reason));
    const undone = outcomes.at(-1)?.status === 'fulfilled';
    const states = await statesOf(place.register, id);
    if (undone) expect(states).toEqual(['undoing', 'undoing', 'undoing']);
    seen.add(undone ? 'undone' : 'linked');
  }
  expect(seen).toContain('undone');
  await expectNoDeadlock();
});

it('last transition and last undo of a request in different bags: the later one finishes it', async () => {
  const id = await running(place.register, { 'Fileset:a': [GiB], 'Fileset:b': [GiB] });
  const [, second] = (await bagsOfRequest(id)) as [bigint, bigint];
  const pool = openPool(place.url, { max: 1 });
  let undo: Promise<unknown> | undefined;
  await transaction(pool, async (client) => {
    await client.query('SELECT FROM request WHERE id = $1 FOR NO KEY UPDATE', [id]);
    await client.query(`UPDATE file SET state = 'linked' WHERE bag_id = $1`, [second]);
    await client.query(`UPDATE bag SET state = 'linked' WHERE id = $1`, [second]);
    undo = place.register.operator.undo({ kind: 'Fileset', names: ['Fileset:a'] }, 'boss');
    await new Promise((resolve) => setTimeout(resolve, 100));
  });
  await undo;
  await pool.end();
  expect((await place.register.requests.get(id))?.state).toBe('Finished');
});

it('an undo waits for a transition in progress, and then sees it', async () => {
  const id = await running(place.register, { 'Fileset:1': [1n] });
  const [bag] = (await bagsOf(place.register)) as [bigint];
  await brought(place.register, bag, 'sealed');
  const pool = openPool(place.url, { max: 1 });
  let undo: Promise<unknown> | undefined;
  // What a transition does, with a pause before its commit.
  await transaction(pool, async (client) => {
    await client.query('SELECT FROM request WHERE id = $1 FOR NO KEY UPDATE', [id]);
    await client.query('SELECT FROM bag WHERE id = $1 FOR UPDATE', [bag]);
    await client.query(`UPDATE file SET state = 'linked', linked_at = now() WHERE bag_id = $1`, [bag]);
    undo = place.register.operator.undo({ kind: 'Request', ids: [id] }, 'boss');
    await new Promise((resolve) => setTimeout(resolve, 100));
    await client.query(`UPDATE bag SET state = 'linked' WHERE id = $1`, [bag]);
  });
  expect(await undo).toEqual({ undoing: 1, abandoned: 0, released: 0 });
  await pool.end();
});

it('many workers and impatient people on one request: all ends well', async () => {
  const filesets = Object.fromEntries(Array.from({ length: 6 }, (_, nr) => [`Fileset:${nr}`, [GiB, GiB, GiB]]));
  const id = await running(place.register, filesets);
  let ended = false;
  const states = ['approved', 'hashed', 'copied', 'verified', 'sealed', 'undoing'] as const;
  const unexpected: unknown[] = [];
  const tolerate = async (work: () => Promise<unknown>): Promise<void> => {
    try {
      await work();
    } catch (error) {
      if (!['CLAIM_LOST', 'BAG_BUSY'].includes(codeOf(error))) unexpected.push(error);
    }
  };
  const worker = async (name: string): Promise<void> => {
    while (!ended) {
      const due = await place.register.claims.due(states, 50);
      for (const bag of due.toSorted(() => Math.random() - 0.5).slice(0, 3)) {
        await tolerate(async () => {
          const claim = await place.register.claims.claim(bag.bagId, states, name, 60_000);
          if (!claim) return;
          const complete = await place.register.claims.completeFilesets(id, [
            ...new Set(claim.files.map((file) => file.fileset)),
          ]);
          const ready =
            claim.state === 'sealed' ? claim.files.filter((file) => complete.has(file.fileset)) : claim.files;
          if (ready.length === 0) await place.register.claims.postpone(claim, 3_600_000, new Error('waits'), false);
          else
            await place.register.applyTransitions(
              claim,
              ready.map((file) => transitionOf(file, Math.random() < 0.05 ? 'fail' : forward[claim.state])),
              stage,
            );
        });
      }
      if (due.length === 0) await new Promise((resolve) => setTimeout(resolve, 5));
    }
  };
  const person = async (): Promise<void> => {
    for (let nr = 0; nr < 30; nr += 1) {
      const names = [`Fileset:${nr % 6}`];
      await tolerate(() =>
        place.register.operator.retry({ kind: 'Request', ids: [id] }, (bag) => `again-${nr}-${bag}`, 'boss'),
      );
      if (nr % 6 === 1) await tolerate(() => place.register.operator.undo({ kind: 'Fileset', names }, 'boss'));
      if (nr % 6 === 2) await tolerate(() => place.register.operator.abandon({ kind: 'Fileset', names }, 'boss'));
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
    const settled = async (): Promise<boolean> => {
      await tolerate(() =>
        place.register.operator.retry({ kind: 'Request', ids: [id] }, (bag) => `last-${Math.random()}-${bag}`, 'boss'),
      );
      return (await place.register.requests.get(id))?.state === 'Finished';
    };
    for (let nr = 0; nr < 400 && !(await settled()); nr += 1) await new Promise((resolve) => setTimeout(resolve, 20));
    ended = true;
  };
  await Promise.all([worker('w1'), worker('w2'), worker('w3'), worker('w4'), person()]);
  expect(unexpected).toEqual([]);
  // Each fileset is whole: linked, or back.
  const { rows } = await place.sql.query(
    'SELECT fileset, array_agg(DISTINCT state ORDER BY state) AS states FROM file GROUP BY fileset ORDER BY fileset',
  );
  for (const row of rows) {
    const linked = row.states.every((state: string) => state === 'linked');
    expect([
      row.fileset,
      row.states,
      linked || row.states.every((state: string) => ['undone', 'abandoned'].includes(state)),
    ]).toEqual([row.fileset, row.states, true]);
    const {
      rows: [image],
    } = await place.sql.query('SELECT mark_wanted FROM request_image WHERE fileset = $1', [row.fileset]);
    expect([row.fileset, image.mark_wanted]).toEqual([row.fileset, linked ? 'archived' : 'none']);
  }
  expect(await place.register.requests.get(id)).toMatchObject({ state: 'Finished' });
  await expectNoDeadlock();
});
