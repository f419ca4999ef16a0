import pg from 'pg';
import { onConnect, startOfSession } from '@coldroom/postgres';
import { asOmeroError } from './database-errors';
import { Session } from './session';

const int8 = 20;
const int8Array = 1016;
const dates = [1082, 1114, 1184];

export interface ConnectionOptions {
  /** Maximum number of connections; a reader that is being iterated holds one. */
  readonly max?: number;
  /** Milliseconds that one statement may take. */
  readonly statementTimeout?: number;
}

/**
 * Ids and sizes are bigint. Timestamps stay text: OMERO stores them without a zone, and pg would shift them by ours.
 * The search path is fixed: a schema of ours in the same database cannot hide OMERO's tables.
 */
export function openPool(url: string, options: ConnectionOptions = {}): pg.Pool {
  const types = new pg.TypeOverrides();
  types.setTypeParser(int8, (text: string) => BigInt(text));
  types.setTypeParser(int8Array, (text: string) => text.slice(1, -1).split(',').filter(Boolean).map(BigInt));
  for (const date of dates) types.setTypeParser(date, (text: string) => text);
  const start = startOfSession(url, {
    search_path: 'public',
    statement_timeout: `${options.statementTimeout ?? 600_000}ms`,
    // A process that hangs must not keep a snapshot or locks in OMERO's database indefinitely.
    idle_in_transaction_session_timeout: '900s',
  });
  const pool = new pg.Pool({
    connectionString: url,
    max: options.max ?? 4,
    types,
    application_name: 'coldroom',
    connectionTimeoutMillis: 10_000,
    keepAlive: true,
    onConnect: onConnect(start),
  });
  // The pool drops an idle connection that breaks (server restart); the next query opens another and reports errors.
  pool.on('error', () => undefined);
  return pool;
}

/**
 * `snapshot`: all statements see the database at one moment. `write`: each sees what is committed; row locks do the
 * rest.
 */
export type TransactionKind = 'read' | 'snapshot' | 'write';

const beginnings: Readonly<Record<TransactionKind, readonly string[]>> = {
  read: ['BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY'],
  // Not read-only: PostgreSQL counts making a temporary table as a write.
  snapshot: ['BEGIN ISOLATION LEVEL REPEATABLE READ'],
  write: ['BEGIN ISOLATION LEVEL READ COMMITTED', "SET LOCAL lock_timeout = '30s'"],
};

/** Runs `work` in one transaction and commits it. */
export async function inTransaction<T>(
  pool: pg.Pool,
  kind: TransactionKind,
  work: (session: Session) => Promise<T>,
): Promise<T> {
  const { session, release } = await begin(pool, kind);
  let done = false;
  try {
    const result = await work(session);
    await session.commit();
    done = true;
    return result;
  } finally {
    release(done);
  }
}

/** A reader that keeps its transaction open until it is read to the end or left. */
export async function* readInTransaction<T>(
  pool: pg.Pool,
  read: (session: Session) => AsyncGenerator<T>,
): AsyncGenerator<T> {
  const { session, release } = await begin(pool, 'read');
  let done = false;
  try {
    yield* read(session);
    await session.commit();
    done = true;
  } finally {
    release(done);
  }
}

/**
 * After a transaction that was not committed, the connection is closed, not reused: that rolls back, and it frees the
 * advisory lock that OMERO's `ome_nextval` keeps when it is cancelled half-way, which would block the server's own
 * writes.
 */
async function begin(
  pool: pg.Pool,
  kind: TransactionKind,
): Promise<{ session: Session; release: (done: boolean) => void }> {
  const client = await pool.connect().catch((error: unknown) => {
    throw asOmeroError(error);
  });
  // A connection may break between two statements; the next statement reports it.
  const broken = (): void => undefined;
  client.on('error', broken);
  const session = new Session(client);
  const release = (done: boolean): void => {
    session.end();
    client.removeListener('error', broken);
    client.release(!done);
  };
  try {
    for (const statement of beginnings[kind]) await session.rows(statement);
  } catch (error) {
    release(false);
    throw error;
  }
  return { session, release };
}
