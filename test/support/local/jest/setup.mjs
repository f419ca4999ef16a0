// jest globalSetup: a PostgreSQL and a Redis for one test run: containers where Docker runs, else servers of this machine in a
// directory of their own. Tests read TEST_POSTGRES_URL (a superuser's, database postgres) and TEST_REDIS_URL; where these are
// set already, those servers are used and nothing is started.
import { chmodSync, mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import local from '../dist/index.js';

const UNSAFE_BUT_QUICK = { fsync: 'off', synchronous_commit: 'off', full_page_writes: 'off', shared_buffers: '64MB' };

export default async function setup() {
  const wanted = ['TEST_POSTGRES_URL', 'TEST_REDIS_URL'].filter((key) => !process.env[key]);
  if (wanted.length === 0) return;
  const reason = local.whyNoContainers(local.serverImages);
  const dir = mkdtempSync(join(tmpdir(), 'coldroom-test-'));
  chmodSync(dir, 0o755);
  const start = {
    TEST_POSTGRES_URL: () =>
      reason === undefined
        ? local.startPostgresContainer(UNSAFE_BUT_QUICK)
        : local.startPostgres({ dir, settings: UNSAFE_BUT_QUICK }),
    TEST_REDIS_URL: () => (reason === undefined ? local.startRedisContainer() : local.startRedis({ dir })),
  };
  const stack = { dir, servers: [] };
  globalThis.coldroomTestServers = stack;
  try {
    for (const key of wanted) {
      const server = await start[key]();
      stack.servers.push(server);
      process.env[key] = server.url;
    }
  } catch (error) {
    // jest runs no teardown after a failed setup.
    for (const server of stack.servers) await server.stop();
    local.removeServerData(dir);
    throw error;
  }
  const which = reason === undefined ? 'in containers' : `embedded, as ${reason}`;
  process.stderr.write(`Servers of the tests: ${which}\n`);
}
