import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { freshRegister } from '../testing/fresh-register';
import { brought, claimed, passed, running } from '../testing/sample-request';

/*
 * The totals of a request are rows that all its bags change. No one may wait for them who would not wait for the request
 * anyway: one connection keeps its transaction open, the other one works.
 */

let place: Awaited<ReturnType<typeof freshRegister>>;
let open: pg.Client;
beforeEach(async () => {
  place = await freshRegister();
  open = new pg.Client({ connectionString: place.url, options: '-c search_path=coldroom' });
  await open.connect();
  // Whatever has to wait for longer fails.
  await place.sql.query(`ALTER DATABASE ${new URL(place.url).pathname.slice(1)} SET lock_timeout = '5s'`);
});
afterEach(async () => {
  await open.end();
  await place.drop();
});

const large = 1n << 29n;

/** A request with one bag per file. */
async function bagsOfOne(fileset: string): Promise<{ readonly id: bigint; readonly bags: readonly [bigint, bigint] }> {
  const id = await running(place.register, { [fileset]: [large, large] });
  const { rows } = await place.sql.query<{ id: string }>('SELECT id FROM bag WHERE request_id = $1 ORDER BY id', [id]);
  return { id, bags: rows.map((row) => BigInt(row.id)) as [bigint, bigint] };
}

/** What a transition does, without its commit: from here on, this connection has the rows of the totals. */
async function inTransition(id: bigint, bag: bigint): Promise<void> {
  await open.query('BEGIN');
  await open.query('SELECT FROM request WHERE id = $1 FOR NO KEY UPDATE', [id]);
  await open.query(`UPDATE file SET state = 'hashed' WHERE bag_id = $1`, [bag]);
}

/** The statement of the register that waits for a lock. */
async function waitingStatement(): Promise<string> {
  for (let nr = 0; nr < 200; nr += 1) {
    const { rows } = await place.sql.query<{ query: string }>(
      `SELECT query FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'`,
    );
    if (rows[0]) return rows[0].query;
    await sleep(10);
  }
  return 'none';
}

it('a bag does not wait for a transition of a bag of another request', async () => {
  const one = await bagsOfOne('Fileset:1');
  const other = await bagsOfOne('Fileset:2');
  await inTransition(one.id, one.bags[0]);
  await passed(place.register, other.bags[0], 'approved');
  await brought(place.register, other.bags[1], 'released');
  await open.query('COMMIT');
});

it('a bag waits for a transition in its request at the lock of the request, and nowhere else', async () => {
  const { id, bags } = await bagsOfOne('Fileset:1');
  await inTransition(id, bags[0]);
  const claim = await claimed(place.register, bags[1], 'approved'); // all that is done without that lock goes on
  await place.register.claims.renew(claim, 60_000, 0);
  const [file] = claim.files;
  const copy = { id: file!.id, bagId: bags[1], copyVersion: null };
  await place.register.fixity.record([{ copy } as never], 'w1');
  await place.register.claims.releaseClaim(claim);
  const later = passed(place.register, bags[1], 'approved');
  expect(await waitingStatement()).toMatch(/^SELECT FROM request WHERE/);
  await open.query('COMMIT');
  await later;
});
