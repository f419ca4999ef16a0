import { mkdirSync } from 'node:fs';
import { createDatabase, startPostgres, startRedis, type LocalServer } from '@coldroom/local';
import { expectEmptyDatabase, expectRedis } from './given-servers';
import type { Layout } from './layout';

export interface Surroundings {
  /** As the owner of OMERO's tables: only the sample and the proof use it. */
  readonly omeroOwnerUrl: string;
  readonly registerUrl: string;
  readonly redisUrl: string;
  stop(): Promise<void>;
}

/**
 * Uses the servers that the environment names, and starts its own for the rest. Prints one line for each with its
 * location.
 */
export async function surroundingsFor(
  layout: Layout,
  env: NodeJS.ProcessEnv,
  say: (line: string) => void,
): Promise<Surroundings> {
  mkdirSync(layout.servers, { recursive: true });
  const own: LocalServer[] = [];
  const start = async (server: Promise<LocalServer>): Promise<LocalServer> => {
    const started = await server;
    own.push(started);
    say(`  ${started.how}`);
    return started;
  };
  const stop = async (): Promise<void> => {
    for (const server of own) await server.stop();
  };
  try {
    let postgres: LocalServer | undefined;
    const database = async (key: string, name: string): Promise<string> => {
      if (env[key]) {
        await expectEmptyDatabase(key, env[key]);
        say(`  ${name}: the database that ${key} names`);
        return env[key];
      }
      postgres ??= await start(startPostgres({ dir: layout.servers }));
      return createDatabase(postgres.url, name, { existing: 'keep' });
    };
    const omeroOwnerUrl = await database('OMERO_DATABASE_URL', 'omero');
    const registerUrl = await database('REGISTER_DATABASE_URL', 'register');
    if (env['REDIS_URL']) await expectRedis(env['REDIS_URL']);
    const redisUrl = env['REDIS_URL'] || (await start(startRedis({ dir: layout.servers }))).url;
    return { omeroOwnerUrl, registerUrl, redisUrl, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}
