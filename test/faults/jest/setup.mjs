// jest globalSetup: the data of a PostgreSQL, made once. Each world has a server of its own, with a copy of it.
import { chmodSync, mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import local from '@coldroom/local';

export default async function setup() {
  const dir = mkdtempSync(join(tmpdir(), 'coldroom-faults-like-'));
  chmodSync(dir, 0o755);
  const server = await local.startPostgres({ dir });
  await server.stop();
  process.env.TEST_POSTGRES_LIKE = dir;
}
