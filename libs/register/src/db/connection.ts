import pg from 'pg';
import { onConnect, startOfSession } from '@coldroom/postgres';
import { asRegisterError } from './failures';

/** The schema of the register, so that it can be in a database of its own or share one. */
export const schema = 'coldroom';

const int8 = 20;

/**
 * A pool whose sessions use the register's schema, and that fails with our errors; 64-bit integers are returned as
 * bigint, never as number.
 */
export function openPool(url: string, options: { max?: number; applicationName?: string } = {}): pg.Pool {
  const types = new pg.TypeOverrides();
  types.setTypeParser(int8, (text: string) => BigInt(text));
  const start = startOfSession(url, { search_path: schema });
  const pool = new pg.Pool({
    connectionString: url,
    max: options.max ?? 6,
    types,
    application_name: options.applicationName ?? 'coldroom',
    connectionTimeoutMillis: 10_000,
    onConnect: onConnect(start),
  });
  // An idle session that breaks (server restart) is dropped by the pool; the next query opens another one.
  pool.on('error', () => undefined);
  return withOurErrors(pool);
}

/** Its queries fail with our errors, as those in a transaction do. */
function withOurErrors(pool: pg.Pool): pg.Pool {
  const query = pool.query.bind(pool) as (...call: unknown[]) => Promise<unknown>;
  return Object.assign(pool, {
    query: async (...call: unknown[]) => {
      try {
        return await query(...call);
      } catch (error) {
        throw asRegisterError(error);
      }
    },
  });
}

/**
 * Runs `work` in one transaction; rolls back and rethrows on any error. PostgreSQL ends a transaction that is idle for
 * `idleSeconds`: otherwise the locks of a worker that is frozen in the middle would block everyone else from its
 * request.
 */
export async function transaction<T>(
  pool: pg.Pool,
  work: (client: pg.PoolClient) => Promise<T>,
  idleSeconds = 10,
): Promise<T> {
  const client = await connect(pool);
  let broken: Error | undefined;
  try {
    await client.query(`BEGIN; SET LOCAL idle_in_transaction_session_timeout = '${idleSeconds}s'`);
    const result = await work(client);
    await client.query('COMMIT');
    return result;
  } catch (error) {
    await client.query('ROLLBACK').catch((failed: Error) => {
      broken = failed;
    });
    throw asRegisterError(error);
  } finally {
    releaseIdle(client, broken);
  }
}

// A connection that breaks while the code waits for something else fails at its next query; without a listener, the
// event would end the process.
export const hear = (): void => undefined;

export async function connect(pool: pg.Pool): Promise<pg.PoolClient> {
  try {
    return (await pool.connect()).on('error', hear);
  } catch (error) {
    throw asRegisterError(error);
  }
}

/** Returns a connection to the pool; a broken one is closed, which ends its transaction and releases its locks. */
export function releaseIdle(client: pg.PoolClient, broken: Error | undefined): void {
  client.off('error', hear);
  client.release(broken);
}

/**
 * Locks requests until the transaction ends. Any code that changes files or bags of a request beyond its claim must
 * lock in this order: requests by id, bags by id, files. The answer to "is this fileset complete" is then valid until
 * the commit, and there are no deadlocks.
 */
export async function lockRequests(client: pg.ClientBase, ids: readonly bigint[]): Promise<void> {
  await client.query('SELECT FROM request WHERE id = ANY($1) ORDER BY id FOR NO KEY UPDATE', [ids]);
}
