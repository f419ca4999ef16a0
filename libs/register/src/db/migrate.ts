import { join } from 'node:path';
import pg from 'pg';
import { startOfSession } from '@coldroom/postgres';
import { hear, schema } from './connection';
import { asRegisterError } from './failures';
import { refuseNewer } from './pending-migrations';

/**
 * Migrates the register to this version's tables, under a lock: any number of callers may do so at once. `Refused`
 * `REGISTER_NEWER` if a newer version has migrated it.
 */
export async function migrate(url: string, log: (line: string) => void = () => undefined): Promise<readonly string[]> {
  const { runner } = await import('node-pg-migrate');
  const client = new pg.Client({ connectionString: url, application_name: 'coldroom-migrate' }).on('error', hear);
  try {
    await client.connect();
    await startOfSession(url, {})(client);
    await refuseNewer(client);
    const done = await runner({
      dbClient: client,
      dir: join(__dirname, '..', '..', 'migrations'),
      direction: 'up',
      migrationsTable: 'migration',
      schema,
      createSchema: true,
      advisoryLockMode: 'wait',
      checkOrder: true,
      logger: { debug: () => undefined, info: () => undefined, warn: log, error: log },
    });
    return done.map((migration) => migration.name);
  } catch (error) {
    throw asRegisterError(error);
  } finally {
    await client.end();
  }
}
