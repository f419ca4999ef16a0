import { connect } from 'node:net';
import { Client } from 'pg';
import { codeOf } from '@coldroom/domain';
import { Refusal } from './directory';

const answerMs = 10_000;

/** A database that the environment names must be empty: leftovers of an earlier demo would count as this one's. */
export async function expectEmptyDatabase(key: string, url: string): Promise<void> {
  const client = new Client({ connectionString: url, connectionTimeoutMillis: answerMs });
  client.on('error', () => undefined);
  let tables: number;
  try {
    await client.connect();
    const { rows } = await client.query<{ tables: number }>(
      `SELECT count(*)::int AS tables FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
       WHERE c.relkind IN ('r', 'p') AND n.nspname <> 'information_schema' AND n.nspname NOT LIKE 'pg\\_%'`,
    );
    tables = rows[0]?.tables ?? 0;
  } catch (error) {
    throw new Refusal(
      `The database that ${key} names cannot be used (${codeOf(error)}): start it, or unset ${key} to have a server started here.`,
      { cause: error },
    );
  } finally {
    await client.end().catch(() => undefined);
  }
  if (tables > 0)
    throw new Refusal(
      `The database that ${key} names has tables already, and each demo needs an empty one: name another, or unset ${key} to have a server started here.`,
    );
}

export async function expectRedis(url: string): Promise<void> {
  const { protocol, hostname, port, pathname } = new URL(url);
  const place = protocol === 'unix:' ? { path: pathname } : { host: hostname, port: Number(port || 6379) };
  const code = await new Promise<string | undefined>((resolve) => {
    const socket = connect({ ...place, timeout: answerMs }, () => toTransitions(undefined));
    const toTransitions = (found: string | undefined): void => {
      socket.destroy();
      resolve(found);
    };
    socket.once('error', (error) => toTransitions(codeOf(error)));
    socket.once('timeout', () => toTransitions('ETIMEDOUT'));
  });
  if (code !== undefined)
    throw new Refusal(
      `The Redis that REDIS_URL names does not answer (${code}): start it, or unset REDIS_URL to have one started here.`,
    );
}
