import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { openPool } from '../db/connection';
import { freshDatabase, type FreshDatabase } from '../testing/fresh-register';
import { migrate } from '../db/migrate';
import { Idempotency } from './idempotency';

let database: FreshDatabase;
let pool: pg.Pool;
beforeAll(async () => {
  database = await freshDatabase();
  await migrate(database.url);
  pool = openPool(database.url);
});
afterAll(async () => {
  await pool.end();
  await database.drop();
});

const request = (key: string, sent = 'a') => ({ actor: 'token:robot', key, fingerprint: Buffer.from(sent) });

test('the work is done once; whoever repeats the request gets the first answer', async () => {
  const idempotency = new Idempotency(pool);
  let done = 0;
  const work = async (): Promise<number> => (done += 1);
  expect(await idempotency.once(request('one'), work)).toEqual({ kind: 'done', answer: 1, isRepeated: false });
  expect(await idempotency.once(request('one'), work)).toEqual({ kind: 'done', answer: 1, isRepeated: true });
  expect(await idempotency.once(request('one', 'b'), work)).toEqual({ kind: 'other' });
  expect(await idempotency.once({ ...request('one'), actor: 'dora' }, work)).toMatchObject({ answer: 2 });
});

test('while it is worked on, even for longer than the lease, a second one does not start', async () => {
  const idempotency = new Idempotency(pool, 300);
  const working = Promise.withResolvers<string>();
  const first = idempotency.once(request('long'), () => working.promise);
  await sleep(700);
  expect(await idempotency.once(request('long'), async () => 'twice')).toEqual({ kind: 'running' });
  working.resolve('once');
  expect(await first).toMatchObject({ answer: 'once' });
});

test('of ten at once, one does the work', async () => {
  let done = 0;
  const work = async (): Promise<number> => {
    await sleep(200);
    return (done += 1);
  };
  const all = await Promise.all(Array.from({ length: 10 }, () => new Idempotency(pool).once(request('ten'), work)));
  expect(all.filter(({ kind }) => kind === 'done')).toHaveLength(1);
  expect(done).toBe(1);
});

test('after a crash the work is done again once the lease has ended', async () => {
  await pool.query(
    `INSERT INTO idempotency (actor, key, fingerprint, running_until) VALUES ('token:robot', 'crash', 'a', now() + interval '1 hour')`,
  );
  const idempotency = new Idempotency(pool);
  expect(await idempotency.once(request('crash'), async () => 1)).toEqual({ kind: 'running' });
  await pool.query(`UPDATE idempotency SET running_until = now() - interval '1 ms' WHERE key = 'crash'`);
  expect(await idempotency.once(request('crash', 'b'), async () => 1)).toEqual({ kind: 'other' });
  expect(await idempotency.once(request('crash'), async () => 2)).toMatchObject({ answer: 2, isRepeated: false });
});

test('a key whose work failed is free again', async () => {
  const idempotency = new Idempotency(pool);
  const fails = idempotency.once(request('fails'), () => Promise.reject(new Error('full')));
  await expect(fails).rejects.toThrow('full');
  expect(await idempotency.once(request('fails', 'b'), async () => 1)).toMatchObject({ answer: 1 });
});

test('a key whose work is done stays taken if the answer cannot be kept', async () => {
  const idempotency = new Idempotency(pool);
  await pool.query(`ALTER TABLE idempotency ADD CONSTRAINT refused CHECK (answer::text <> '"refused"')`);
  await expect(idempotency.once(request('unkept'), async () => 'refused')).rejects.toThrow('constraint');
  await pool.query('ALTER TABLE idempotency DROP CONSTRAINT refused');
  expect(await idempotency.once(request('unkept'), async () => 'twice')).toEqual({ kind: 'running' });
});

test('keys are removed after a day', async () => {
  const idempotency = new Idempotency(pool);
  await idempotency.once(request('old'), async () => 1);
  await pool.query(`UPDATE idempotency SET created_at = now() - interval '25 hours' WHERE key = 'old'`);
  await idempotency.once(request('new'), async () => 1);
  const { rows } = await pool.query(`SELECT key FROM idempotency WHERE key IN ('old', 'new')`);
  expect(rows).toEqual([{ key: 'new' }]);
  expect(await idempotency.once(request('old', 'b'), async () => 2)).toMatchObject({ answer: 2 });
});
