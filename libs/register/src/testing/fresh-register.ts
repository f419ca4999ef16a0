import { randomUUID } from 'node:crypto';
import pg from 'pg';
import { migrate } from '../db/migrate';
import type { WrongTotals } from '../queries/totals';
import { Register } from '../register';

/** An empty database on the test server, and a session that sees it as the register does. */
export interface FreshDatabase {
  readonly url: string;
  readonly sql: pg.Pool;
  drop(): Promise<void>;
}

export async function freshDatabase(): Promise<FreshDatabase> {
  const admin = process.env['TEST_POSTGRES_URL'];
  if (!admin) throw new Error('TEST_POSTGRES_URL is not set: jest.config.js starts a server');
  const name = `register_${randomUUID().replaceAll('-', '')}`;
  await once(admin, `CREATE DATABASE ${name} TEMPLATE template0 ENCODING 'UTF8'`);
  const url = new URL(admin);
  url.pathname = `/${name}`;
  const sql = new pg.Pool({ connectionString: url.href, max: 2, options: '-c search_path=coldroom' });
  sql.on('error', () => undefined);
  return {
    url: url.href,
    sql,
    drop: async () => {
      await sql.end();
      await once(admin, `DROP DATABASE ${name} WITH (FORCE)`);
    },
  };
}

/**
 * A register in a database of its own, ready to use. Whatever a test did to its files, `drop` fails if the totals are not
 * what a count gives.
 */
export async function freshRegister(
  options: { max?: number } = {},
): Promise<FreshDatabase & { readonly register: Register }> {
  const database = await freshDatabase();
  await migrate(database.url);
  const register = new Register(database.url, options);
  return {
    ...database,
    register,
    drop: async () => {
      try {
        const wrong = await register.audit.wrongTotals();
        if (wrong.length > 0) throw new Error(`the totals differ from a count: ${describe(wrong)}`);
      } finally {
        await register.close();
        await database.drop();
      }
    },
  };
}

const describe = (wrong: readonly WrongTotals[]): string =>
  wrong.map(({ requestId, expected, found }) => `request ${requestId} has ${expected}, not ${found}`).join('\n');

async function once(url: string, statement: string): Promise<void> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    await client.query(statement);
  } finally {
    await client.end();
  }
}
