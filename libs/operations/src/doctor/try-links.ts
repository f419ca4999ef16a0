import { link, mkdtemp, rmdir, symlink, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import { codeOf } from '@coldroom/domain';
import { renameExchange } from '@coldroom/files';

/**
 * Does with a marker of Coldroom what the linker does with an original: holds it by a hard link, makes a symbolic link
 * and swaps the two. All of this is in a new directory below `hold` that is removed afterwards; the marker itself is
 * not touched. Throws the system's error if a link cannot be made.
 */
export async function tryLinks(hold: string, marker: string): Promise<{ readonly exchange: boolean }> {
  const directory = await mkdtemp(join(hold, '.doctor-'));
  const names = [join(directory, 'held'), join(directory, 'link')] as const;
  try {
    await link(marker, names[0]);
    await symlink('nowhere', names[1]);
    return { exchange: await canExchange(names[0], names[1]) };
  } finally {
    for (const name of names) await unlink(name).catch(unlessMissing);
    await rmdir(directory);
  }
}

async function canExchange(one: string, other: string): Promise<boolean> {
  try {
    await renameExchange(Buffer.from(one), Buffer.from(other));
    return true;
  } catch (error) {
    if (codeOf(error) === 'EXCHANGE_NOT_SUPPORTED') return false;
    throw error;
  }
}

function unlessMissing(error: unknown): void {
  if (codeOf(error) !== 'ENOENT') throw error;
}
