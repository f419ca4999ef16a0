import { link, mkdtemp, rmdir, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import { codeOf } from '@coldroom/domain';

/**
 * Holds a marker of Coldroom as the linker holds an original: by a hard link from a tree into `hold`, in a new directory
 * that is removed afterwards. Throws the system's error if that cannot be done.
 */
export async function tryLinks(hold: string, marker: string): Promise<void> {
  const directory = await mkdtemp(join(hold, '.check-'));
  const held = join(directory, 'held');
  try {
    await link(marker, held);
  } finally {
    await unlink(held).catch(unlessMissing);
    await rmdir(directory);
  }
}

function unlessMissing(error: unknown): void {
  if (codeOf(error) !== 'ENOENT') throw error;
}
