import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A directory of our own, that only this user can enter, for as long as it is needed. */
export async function temporaryDirectory(): Promise<{ readonly path: string; remove(): Promise<void> }> {
  const path = await mkdtemp(join(tmpdir(), 'coldroom-'));
  return { path, remove: () => rm(path, { recursive: true, force: true }) };
}
