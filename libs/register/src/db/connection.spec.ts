import { setTimeout as pause } from 'node:timers/promises';
import { NotYet, Transient } from '@coldroom/domain';
import { openPool, transaction } from './connection';
import { asRegisterError } from './failures';
import { Register } from '../register';
import { freshRegister } from '../testing/fresh-register';

let place: Awaited<ReturnType<typeof freshRegister>>;
beforeAll(async () => {
  place = await freshRegister();
});
afterAll(() => place.drop());

async function cutAll(): Promise<void> {
  await place.sql.query(
    `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name LIKE 'cut%' AND datname = current_database()`,
  );
  await pause(50); // the server's message must reach a connection that no query reads from
}

describe('transaction', () => {
  it('leaves nothing behind when the work fails, and rethrows the error unchanged', async () => {
    const pool = openPool(place.url, { max: 1 });
    const refusal = new NotYet('BAG_BUSY', 'busy');
    await expect(
      transaction(pool, async (client) => {
        await client.query(`INSERT INTO scan (asked_by) VALUES ('me')`);
        throw refusal;
      }),
    ).rejects.toBe(refusal);
    const { rows } = await pool.query('SELECT FROM scan');
    expect(rows).toHaveLength(0);
    await pool.end();
  });

  it('is a Transient with its cause when an idle connection breaks, and the pool keeps working', async () => {
    const pool = openPool(place.url, { max: 1, applicationName: 'cut-1' });
    const broken = transaction(pool, async (client) => {
      await client.query('SELECT 1');
      await cutAll();
      await client.query('SELECT 1');
    });
    await expect(broken).rejects.toBeInstanceOf(Transient);
    await expect(broken).rejects.toMatchObject({ code: 'REGISTER_UNAVAILABLE', cause: expect.any(Error) });
    await transaction(pool, async (client) => client.query('SELECT 1'));
    await pool.end();
  });

  it('is a Transient where no server listens', async () => {
    const pool = openPool('postgres://x:x@127.0.0.1:1/x');
    await expect(transaction(pool, async () => 1)).rejects.toMatchObject({
      kind: 'transient',
      code: 'REGISTER_UNAVAILABLE',
    });
    await pool.end();
  });
});

it('has our errors for a query outside a transaction, too', async () => {
  const pool = openPool(place.url, { max: 1, applicationName: 'cut-4' });
  const lost = pool.query('SELECT pg_sleep(20)');
  const expected = expect(lost).rejects.toMatchObject({ kind: 'transient', code: 'REGISTER_UNAVAILABLE' });
  await pause(200);
  await cutAll();
  await expected;
  await expect(pool.query('SELECT 1 FROM nowhere')).rejects.toMatchObject({ code: '42P01' });
  await pool.end();
});

it('treats a lost connection, a shutdown and a deadlock as transient, and nothing else', () => {
  for (const code of ['ECONNREFUSED', 'EAI_AGAIN', '08006', '57P01', '40P01', '40001', '53300']) {
    expect(asRegisterError(Object.assign(new Error('x'), { code }))).toBeInstanceOf(Transient);
  }
  expect(asRegisterError(Object.assign(new Error('x'), { code: '53100' }))).toMatchObject({ code: 'REGISTER_FULL' });
  expect(asRegisterError(Object.assign(new Error('x'), { code: '25006' }))).toMatchObject({
    code: 'REGISTER_READ_ONLY',
  });
  for (const code of ['23505', '42P01', '42501', 'ENOENT']) {
    const error = Object.assign(new Error('x'), { code });
    expect(asRegisterError(error)).toBe(error);
  }
});

it('reads 64-bit numbers exactly', async () => {
  const pool = openPool(place.url);
  const { rows } = await pool.query('SELECT 9007199254740993::bigint AS big');
  expect(rows[0].big).toBe(9007199254740993n);
  await pool.end();
});

describe('alone', () => {
  it('admits one process at a time for each task', async () => {
    const other = new Register(place.url);
    let inside = 0;
    const ran = await Promise.all(
      Array.from({ length: 20 }, (_, nr) =>
        (nr % 2 ? other : place.register).alone('scan', async () => {
          inside += 1;
          expect(inside).toBe(1);
          await pause(20);
          inside -= 1;
          return 'ran';
        }),
      ),
    );
    expect(ran).toContain('ran');
    expect(ran).toContain(undefined);
    await place.register.alone('scan', async () => {
      expect(await other.alone('scan', async () => 1)).toBeUndefined();
      expect(await other.alone('marks', async () => 2)).toBe(2);
    });
    expect(await other.alone('scan', async () => 3)).toBe(3);
    await other.close();
  });

  it('shows others that a task is running, whatever its name', async () => {
    const other = new Register(place.url);
    for (const task of ['scanner', 'rebuild', 'a', 'b', 'c', 'd']) {
      // the lock's number may be negative
      await place.register.alone(task, async () => {
        expect([task, await other.isRunning(task), await other.isRunning(`${task}s`)]).toEqual([task, true, false]);
      });
      expect([task, await other.isRunning(task)]).toEqual([task, false]);
    }
    await other.close();
  });

  it('frees the task when the work fails', async () => {
    await expect(
      place.register.alone('scan', async () => {
        throw new Error('broken');
      }),
    ).rejects.toThrow('broken');
    expect(await eventually(() => place.register.alone('scan', async () => 'again'))).toBe('again');
  });

  it('says during the work that the lock was lost', async () => {
    const fragile = new Register(place.url, { applicationName: 'cut-3' });
    let reason: unknown;
    const work = fragile.alone(
      'scan',
      async (lost) => {
        const aborted = new Promise((resolve) => lost.addEventListener('abort', resolve, { once: true }));
        await cutAll();
        await aborted;
        reason = lost.reason;
      },
      10,
    );
    await expect(work).rejects.toMatchObject({ code: 'REGISTER_UNAVAILABLE' });
    expect(reason).toMatchObject({ code: 'REGISTER_UNAVAILABLE' });
    await fragile.close();
  });

  it('reports a lock that was lost during the work, and does not end the process', async () => {
    const fragile = new Register(place.url, { applicationName: 'cut-2' });
    await expect(fragile.alone('scan', cutAll)).rejects.toMatchObject({
      kind: 'transient',
      code: 'REGISTER_UNAVAILABLE',
    });
    expect(await eventually(() => fragile.alone('scan', async () => 'again'))).toBe('again');
    await fragile.close();
  });
});

async function eventually<T>(ask: () => Promise<T | undefined>): Promise<T | undefined> {
  for (let nr = 0; nr < 100; nr += 1) {
    const answer = await ask();
    if (answer !== undefined) return answer;
    await pause(10);
  }
  return undefined;
}
