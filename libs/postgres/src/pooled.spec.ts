import { chmodSync, mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { removeServerData, skippedWithout, startPgBouncer, startPostgres, type LocalServer } from '@coldroom/local';
import { onConnect, startOfSession } from './start-of-session';

const skipped = skippedWithout('databases behind PgBouncer', ['pgbouncer']);
const settings = { search_path: 'a_schema', statement_timeout: '7s' };

let dir: string;
let postgres: LocalServer;
const poolers: LocalServer[] = [];

(skipped ? describe.skip : describe)('a database behind PgBouncer', () => {
  beforeAll(async () => {
    dir = mkdtempSync(join(tmpdir(), 'coldroom-pooled-'));
    chmodSync(dir, 0o755);
    postgres = await startPostgres({ dir, settings: { fsync: 'off' } });
  });
  afterAll(async () => {
    for (const pooler of poolers) await pooler.stop();
    await postgres.stop();
    removeServerData(dir);
  });

  async function pooled(
    poolMode: 'session' | 'transaction' | 'statement',
    more: Readonly<Record<string, string>> = {},
  ): Promise<string> {
    const pooler = await startPgBouncer({ dir, postgresUrl: postgres.url, poolMode, settings: more });
    poolers.push(pooler);
    return pooler.url;
  }

  const poolOf = (url: string): pg.Pool =>
    new pg.Pool({ connectionString: url, max: 3, onConnect: onConnect(startOfSession(url, settings)) });

  it('that pools by session is used like the database itself, with our settings', async () => {
    const pool = poolOf(await pooled('session'));
    const shown = await Promise.all(
      Array.from({ length: 9 }, () =>
        pool.query(`SELECT current_setting('search_path') AS path, current_setting('statement_timeout') AS timeout`),
      ),
    );
    for (const { rows } of shown) expect(rows).toEqual([{ path: 'a_schema', timeout: '7s' }]);
    await pool.end();
  });

  it('that keeps all its sessions busy makes clients wait for some seconds', async () => {
    const url = await pooled('session', { default_pool_size: '2' });
    const held = new pg.Pool({ connectionString: url, max: 2 });
    const clients = [await held.connect(), await held.connect()];
    await Promise.all(clients.map((client) => client.query('SELECT 1')));
    await expect(poolOf(url).query('SELECT 1')).rejects.toMatchObject({ why: 'silent' });
    for (const client of clients) client.release();
    await held.end();
  });

  it('that pools by transaction or statement is refused, and nothing is set', async () => {
    const kinds: readonly (readonly ['transaction' | 'statement', Readonly<Record<string, string>>])[] = [
      ['transaction', {}],
      ['transaction', { server_round_robin: '1' }],
      ['transaction', { default_pool_size: '2' }],
      ['transaction', { server_reset_query_always: '1' }],
      ['statement', {}],
    ];
    await Promise.all(
      kinds.map(async ([mode, more]) => {
        const url = await pooled(mode, more);
        const others = new pg.Pool({ connectionString: url, max: 5 });
        const timeouts = async (): Promise<unknown> =>
          Promise.all(Array.from({ length: 5 }, async () => (await others.query('SHOW statement_timeout')).rows[0]));
        const busy = timeouts();
        await expect(poolOf(url).query('SELECT 1')).rejects.toMatchObject({ why: 'pooled' });
        await busy;
        expect(await timeouts()).toEqual(Array.from({ length: 5 }, () => ({ statement_timeout: '0' })));
        await others.end();
      }),
    );
  });
});
